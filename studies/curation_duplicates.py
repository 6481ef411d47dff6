"""Measure how many planted duplicates of real micrographs are found, and false duplicates.

    python studies/curation_duplicates.py ../shared/data/emps/images --out sheet.png

Of every picture five copies are made: resized by 0.5 to 1.5, JPEG of quality 40, 10 % brighter or
darker, 3 % of width and height cropped (at random sides), and all four at once; apart from these,
as a harder case, a copy with 3 % cut off each of the four sides and all the rest. A pair is true
when both are of one picture, found when both are in one group. Two different pictures in one group
make all pairs between their copies false; they are named, and drawn with `--out`.

With `--bars` every picture is given little contrast (a tenth of its own, noise of 4 grey levels)
and the same data bar, logo or inset, and two copies are made: resized as JPEG of quality 40, and
with the bar cut off as JPEG of quality 80.
"""

from __future__ import annotations

import argparse
import io
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from micrographia.arrays import GreyImage
from micrographia.config import Curation
from micrographia.curation.copies.dedup import mark_duplicates
from micrographia.io.copies.fingerprint import perceptual_hash, thumbnail, thumbnail_inside
from micrographia.io.copies.neighbours import groups
from micrographia.io.images import read_micrograph
from micrographia.io.schemas import MICROGRAPHS

KINDS = ("resized", "JPEG 40", "brightness", "crop", "all")
HARD = "all, cropped on every side"


def copy_of(pixels: GreyImage, kind: str, rng: np.random.Generator) -> GreyImage:
    """Make one copy of a picture."""
    picture = Image.fromarray(pixels)
    cut = [round(0.03 * side) for side in picture.size]
    if kind in ("crop", "all"):
        left, top = (int(rng.integers(0, length + 1)) for length in cut)
        right, below = cut[0] - left, cut[1] - top
        picture = picture.crop((left, top, picture.width - right, picture.height - below))
    if kind == HARD:
        picture = picture.crop((*cut, picture.width - cut[0], picture.height - cut[1]))
    if kind in ("resized", "all", HARD):
        factor = rng.uniform(0.5, 1.5)
        size = (round(picture.width * factor), round(picture.height * factor))
        picture = picture.resize(size, Image.Resampling.BICUBIC)
    if kind in ("brightness", "all", HARD):
        gain = rng.choice([0.9, 1.1])
        picture = Image.fromarray(np.clip(np.asarray(picture) * gain, 0, 255).astype(np.uint8))
    if kind in ("JPEG 40", "all", HARD):
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=40)
        picture = Image.open(buffer)
    return np.asarray(picture)


#: What is laid over all pictures: where, how deep [share of the side], ground and ink.
BARS = (
    *(
        (side, depth, 0, 255)
        for side in ("bottom", "top", "right")
        for depth in (0.05, 0.12, 0.25)
    ),
    ("bottom", 0.1, 255, 0),
    ("left", 0.1, 255, 0),
    ("logo", 0.15, 255, 0),
    ("inset", 0.3, 0, 255),
)


def overlaid(
    pixels: GreyImage, bar: tuple[str, float, int, int], number: int, rng: np.random.Generator
) -> tuple[GreyImage, GreyImage]:
    """Return a weak version of a picture with a bar, and the part of it beside the bar."""
    where, depth, ground, ink = bar
    weak = 128 + 0.1 * (pixels - float(pixels.mean())) + rng.normal(0, 4, pixels.shape)
    picture = Image.fromarray(weak.clip(0, 255).astype(np.uint8))
    width, height = picture.size
    across, down = round(depth * width), round(depth * height)
    box, rest = {
        "bottom": ((0, height - down, width, height), (0, 0, width, height - down)),
        "top": ((0, 0, width, down), (0, down, width, height)),
        "right": ((width - across, 0, width, height), (0, 0, width - across, height)),
        "left": ((0, 0, across, height), (across, 0, width, height)),
        "logo": ((width - 2 * across, 0, width, down), (0, down, width, height)),
        "inset": ((across, down, 2 * across, 2 * down), (0, 2 * down, width, height)),
    }[where]
    draw = ImageDraw.Draw(picture)
    draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=ground)
    draw.text((box[0] + 4, box[1] + 4), f"HV 5 kV  no. {number}", fill=ink)
    middle = (box[1] + box[3]) // 2
    draw.rectangle((box[0] + 8, middle, box[0] + 8 + (box[2] - box[0]) // 4, middle + 4), fill=ink)
    return np.asarray(picture), np.asarray(picture.crop(rest))


def as_jpeg(pixels: GreyImage, quality: int, factor: float = 1.0) -> GreyImage:
    """Resize a picture and compress it."""
    picture = Image.fromarray(pixels)
    size = (round(picture.width * factor), round(picture.height * factor))
    buffer = io.BytesIO()
    picture.resize(size, Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))


def curated(pictures: list[GreyImage]) -> NDArray[np.int64]:
    """Return the group of every picture, as curation finds it."""
    rows = []
    for number, pixels in enumerate(pictures):
        small, part = thumbnail(pixels), thumbnail_inside(pixels)
        rows.append(
            dict.fromkeys(MICROGRAPHS.names)
            | {
                "path": f"{number:06d}",
                "image_id": f"{number:06d}",
                "status": "kept",
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "sharpness": 1.0,
                "phash": perceptual_hash(small),
                "thumbnail": small.tobytes(),
                "thumbnail_inside": None if part is None else part.tobytes(),
            }
        )
    marked = mark_duplicates(pd.DataFrame(rows), Curation())
    return marked["duplicate_of"].fillna(marked["image_id"]).astype("int64").to_numpy()


def report_bars(pictures: list[GreyImage], rng: np.random.Generator) -> None:
    """Score the search among pictures that all have the same bar."""
    print("\n| bar | depth | recall, bar kept | recall, bar cut off | precision |")
    print("|---|---:|---:|---:|---:|")
    for bar in BARS:
        shown, truth = [], []
        for number, pixels in enumerate(pictures):
            whole, rest = overlaid(pixels, bar, number, rng)
            copy = as_jpeg(whole, 40, rng.uniform(0.7, 1.3))
            shown += [whole, copy, as_jpeg(rest, 80)]
            truth += [number] * 3
        found = curated(shown).reshape(-1, 3)
        kept, cut = (float(np.mean(found[:, k] == found[:, 0])) for k in (1, 2))
        precision = score(found.ravel(), np.array(truth))[1]
        # Beside a logo and an inset no cut leaves the whole sample.
        off = f"{cut:.4f}" if bar[0] not in ("logo", "inset") else "-"
        colour = "black" if bar[2] == 0 else "white"
        scores = f"{kept:.4f} | {off} | {precision:.4f}"
        print(f"| {colour}, {bar[0]} | {bar[1]} | {scores} |", flush=True)


def score(found: NDArray[np.int64], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Pairwise recall and precision of a grouping."""

    def pairs(numbers: NDArray[np.int64]) -> float:
        counts = np.unique(numbers, return_counts=True)[1]
        return float((counts * (counts - 1) / 2).sum())

    both = pairs(np.unique(np.column_stack([found, truth]), axis=0, return_inverse=True)[1])
    return both / pairs(truth), both / max(pairs(found), 1)


def draw(pictures: list[GreyImage], confused: list[tuple[int, int]], out: Path) -> None:
    """Draw each pair of pictures that share a group side by side."""
    side = 300
    sheet = Image.new("L", (2 * side, max(1, len(confused)) * side), 128)
    for row, pair in enumerate(confused):
        for column, number in enumerate(pair):
            small = Image.fromarray(pictures[number])
            small.thumbnail((side, side))
            sheet.paste(small, (column * side, row * side))
    sheet.save(out)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, help="PNG of the pictures that share a group")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--bars", action="store_true", help="pictures that share a data bar")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    files = sorted(arguments.folder.glob("*.png"))
    pictures = [read_micrograph(file).pixels for file in files]
    if arguments.bars:
        report_bars(pictures, rng)
        return
    smalls, hashes, truth, kinds = [], [], [], []
    made_of_all = []
    for number, pixels in enumerate(pictures):
        for kind in ("original", *KINDS, HARD):
            made = pixels if kind == "original" else copy_of(pixels, kind, rng)
            made_of_all.append(made)
            smalls.append(thumbnail(made))
            hashes.append(int(perceptual_hash(smalls[-1]), 16))
            truth.append(number)
            kinds.append(kind)
    report(files, pictures, np.array(smalls), np.array(hashes, np.uint64), truth, kinds, arguments)
    numbers, named = np.array(truth), np.array(kinds)
    for name, chosen in (("as above", named != HARD), ("harder", ~np.isin(named, KINDS))):
        found = curated([made_of_all[k] for k in np.flatnonzero(chosen)])
        recall, precision = score(found, numbers[chosen])
        print(f"as curation does it, {name}: recall {recall:.4f}, precision {precision:.4f}")


def report(
    files: list[Path],
    pictures: list[GreyImage],
    smalls: NDArray[np.uint8],
    hashes: NDArray[np.uint64],
    truth: list[int],
    kinds: list[str],
    arguments: argparse.Namespace,
) -> None:
    """Score several ways to search, over the copies of the bar and over the harder ones."""
    numbers, named, settings = np.array(truth), np.array(kinds), Curation()
    radius, least = settings.duplicate_radius, settings.duplicate_correlation
    print(f"{len(files)} pictures; copies: {', '.join(KINDS)}")
    print("| search | copies | recall | precision |\n|---|---|---:|---:|")
    ways = [(2, None), (radius, None), *((radius, level) for level in (0.95, least, 0.98, 0.99))]
    for bits, level in ways:
        for name, chosen in (("as above", named != HARD), ("harder", ~np.isin(named, KINDS))):
            thumbs = smalls[chosen] if level else None
            found = groups(hashes[chosen], bits, thumbs, level or 0.0)
            recall, precision = score(found, numbers[chosen])
            how = f"{bits} bits" + (f", correlation {level}" if level else "")
            print(f"| {how} | {name} | {recall:.4f} | {precision:.4f} |")
    chosen = named != HARD
    found = groups(hashes[chosen], radius, smalls[chosen], least)
    by_kind = {
        kind: np.mean(found[named[chosen] == kind] == found[named[chosen] == "original"])
        for kind in KINDS
    }
    print("found with its original:", {kind: round(float(v), 4) for kind, v in by_kind.items()})
    originals = found[named[chosen] == "original"]
    confused = [
        (one, other)
        for one, other in combinations(range(len(files)), 2)
        if originals[one] == originals[other]
    ]
    for one, other in confused:
        print("in one group:", files[one].name, files[other].name)
    if arguments.out:
        draw(pictures, confused, arguments.out)


if __name__ == "__main__":
    main()
