"""Measure how many planted duplicates of real micrographs are found, and false duplicates.

    python studies/curation_duplicates.py ../shared/data/emps/images --out sheet.png

Of every picture five copies are made: resized by 0.5 to 1.5, JPEG of quality 40, 10 % brighter or
darker, 3 % of width and height cropped (at random sides), and all four at once; apart from these,
as a harder case, a copy with 3 % cut off each of the four sides and all the rest. A pair is true
when both are of one picture, found when both are in one group. Two different pictures in one group
make all pairs between their copies false; they are named, and drawn with `--out`.
"""

from __future__ import annotations

import argparse
import io
from itertools import combinations
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from micrographia.arrays import GreyImage
from micrographia.config import Curation
from micrographia.curation.copies.fingerprint import perceptual_hash, thumbnail
from micrographia.curation.copies.neighbours import groups
from micrographia.io.images import read_micrograph

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
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    files = sorted(arguments.folder.glob("*.png"))
    pictures = [read_micrograph(file).pixels for file in files]
    smalls, hashes, truth, kinds = [], [], [], []
    for number, pixels in enumerate(pictures):
        for kind in ("original", *KINDS, HARD):
            made = pixels if kind == "original" else copy_of(pixels, kind, rng)
            smalls.append(thumbnail(made))
            hashes.append(int(perceptual_hash(smalls[-1]), 16))
            truth.append(number)
            kinds.append(kind)
    report(files, pictures, np.array(smalls), np.array(hashes, np.uint64), truth, kinds, arguments)


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
