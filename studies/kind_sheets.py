"""Draw contact sheets of the ten classes of nanomaterials, procedural pictures above real ones.

    python studies/kind_sheets.py --out sheets [--literature ../shared/data/literature]
    python studies/kind_sheets.py --out sheets --sub-kinds --classes tips powder

Without `--sub-kinds` a sheet shows a class as `micrographia synthesis kinds` draws it, and below a
white line real pictures of it (labels.csv of `--literature`; at most four of an article, sure and
clean ones first). With it, a sheet has one row for each sub-kind.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from micrographia.io.images import read_micrograph, to_unit
from micrographia.synthesis.kinds.picture import CLASSES, KindSettings, make_picture

COLUMNS, SIDE = 8, 192


def main() -> int:
    """Write one PNG for each class."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder for <class>.png")
    parser.add_argument("--literature", type=Path, help="folder with images/ and labels.csv")
    parser.add_argument("--sub-kinds", action="store_true", help="one row for each sub-kind")
    parser.add_argument("--classes", nargs="+", default=list(CLASSES), choices=list(CLASSES))
    parser.add_argument("--rows", type=int, default=4, help="rows of procedural pictures")
    parser.add_argument("--variety", type=float, default=1.0)
    parser.add_argument("--likeness", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=1665)
    arguments = parser.parse_args()
    settings = KindSettings(variety=arguments.variety, likeness=arguments.likeness)
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.classes:
        made: list[tuple[str, Image.Image]] = []
        if arguments.sub_kinds:
            kinds = [*CLASSES[name].scanning, *CLASSES[name].transmitted]
            for kind in kinds:
                for index in range(COLUMNS):
                    pixels, *_ = make_picture(name, index, arguments.seed, settings, sub_kind=kind)
                    made.append((kind if index == 0 else "", Image.fromarray(pixels)))
        else:
            for index in range(arguments.rows * COLUMNS):
                pixels, kind, _ = make_picture(name, index, arguments.seed, settings)
                made.append((kind, Image.fromarray(pixels)))
        real = real_pictures(arguments.literature, name) if arguments.literature else []
        sheet(made, real).save(arguments.out / f"{name}.png")
        print(f"{name}: {len(made)} drawn, {len(real)} real")
    return 0


def real_pictures(folder: Path, name: str) -> list[tuple[str, Image.Image]]:
    """Return up to two rows of real pictures of a class, cut to squares, with notes."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["class"] == name]
    rows.sort(key=lambda row: (-int(row["clean"]) - int(row["sure"]), row["doi"]))
    of_article: Counter[str] = Counter()
    found = []
    for row in rows:
        of_article[row["doi"]] += 1
        if of_article[row["doi"]] > 4 or len(found) == 2 * COLUMNS:
            continue
        unit = to_unit(read_micrograph(folder / "images" / row["image"]).pixels)
        grey = np.asarray(np.rint(unit * 255), dtype=np.uint8)
        side = min(grey.shape)
        top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
        note = f"{row['modality']}{'' if row['sure'] == '1' else ', not sure'}"
        found.append((note, Image.fromarray(grey[top : top + side, left : left + side])))
    return found


def sheet(made: list[tuple[str, Image.Image]], real: list[tuple[str, Image.Image]]) -> Image.Image:
    """Put pictures in rows, the real ones below a white line."""
    rows = -(-len(made) // COLUMNS)
    gap = 8 if real else 0
    height = (rows + -(-len(real) // COLUMNS)) * SIDE + gap
    page = Image.new("L", (COLUMNS * SIDE, height), 255)
    ink = ImageDraw.Draw(page)
    for start, pictures in ((0, made), (rows * SIDE + gap, real)):
        for index, (note, picture) in enumerate(pictures):
            x, y = index % COLUMNS * SIDE, start + index // COLUMNS * SIDE
            page.paste(picture.resize((SIDE, SIDE), Image.Resampling.LANCZOS), (x, y))
            if note:
                ink.rectangle((x, y, x + 6 * len(note) + 4, y + 11), fill=0)
                ink.text((x + 2, y), note, fill=255)
    return page


if __name__ == "__main__":
    raise SystemExit(main())
