"""Score the default segmenter, and BPartIS where it is installed, on every kind of micrograph.

    python studies/every_micrograph.py --part choose

The set in `tests/data/every_micrograph` was drawn and counted by eye; its pictures are in
`../shared/data`. `--part choose` is for choosing among methods. `--part score` is for the last
score only: write into `tests/data/every_micrograph/README.md` that it was taken.

`unet-small` runs as `micrographia segmentation predict` does by default, without a word on the
pixel size. BPartIS (Yildirim & Cole, J. Chem. Inf. Model. 2021) is the network of the package
`imagedataextractor` 2.0.4 with its defaults. Masks that lie in `--out` already are used again. Of
the drawn pictures with the lowest scores two overlays side by side are written, truth (orange;
ignored regions blue) and prediction. Some pictures were drawn twice, as two kinds, by two who did
not see each other's drawing: one drawing scored against the other, both ways, is what a careful
person reaches.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import itertools
import json
import sys
import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from tqdm import tqdm

from micrographia.benchmarks.segmentation.every_micrograph.cases import (
    Case,
    find_picture,
    read_cases,
)
from micrographia.benchmarks.segmentation.every_micrograph.scores import score_drawn
from micrographia.cli import main as micrographia
from micrographia.io.datasets.counted import read_articles
from micrographia.io.datasets.drawn import Drawing
from micrographia.io.datasets.painted import paint
from micrographia.io.images import read_labels, read_micrograph, to_unit, write_labels
from micrographia.io.schemas import EVERY_MICROGRAPH_SCORES
from micrographia.io.tables import read_rows
from micrographia.provenance import machine, versions
from micrographia.segmentation.measuring.overlay import draw_outlines

PEER = "imagedataextractor"


def main() -> int:
    """Predict, score, print the tables, and draw the worst pictures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", choices=("choose", "score"), required=True)
    parser.add_argument("--set", type=Path, default=Path("tests/data/every_micrograph"))
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--out", type=Path, default=Path("results/every_micrograph"))
    parser.add_argument("--worst", type=int, default=10, help="how many pictures to draw")
    arguments = parser.parse_args()
    folders = [arguments.data, arguments.data / "literature" / "images"]
    articles = arguments.data / "literature" / "labels.csv"
    every = read_cases(arguments.set, read_articles(articles))
    cases = [case for case in every if case.part == arguments.part]
    paths = list(dict.fromkeys(find_picture(case.file, folders) for case in cases))
    json.dump({"machine": machine(), "versions": versions()}, sys.stdout, indent=2)
    print()
    print_drawn_twice(cases, folders)
    methods = {"unet-small": predict_by_default}
    if importlib.util.find_spec(PEER):
        methods["BPartIS"] = predict_by_bpartis
    for method, predict in methods.items():
        masks = arguments.out / arguments.part / method
        if not masks.is_dir():
            predict(paths, masks)
        scores = arguments.out / f"{arguments.part}-{method}.json"
        status = micrographia(
            [
                "benchmarks", "every-micrograph", str(arguments.set), "--part", arguments.part,
                "--images", *map(str, folders), "--articles", str(articles),
                "--predictions", str(masks), "--method", method, "--out", str(scores),
            ]
        )  # fmt: skip
        if status:
            return status
        rows = read_rows(scores.with_suffix(".parquet"), EVERY_MICROGRAPH_SCORES)
        worst = arguments.out / f"{arguments.part}-{method}-worst"
        draw_worst(rows, cases, folders, masks, worst, arguments.worst)
    return 0


def print_drawn_twice(cases: Sequence[Case], folders: Sequence[Path]) -> None:
    """Print the scores of one drawing of a picture against another one."""
    drawings: dict[str, list[Drawing]] = {}
    for case in cases:
        if isinstance(case.truth, Drawing):
            drawings.setdefault(case.file, []).append(case.truth)
    print("| drawn twice | drawn | as truth | AP@0.5 | AP@0.5:0.95 |\n|---|---|---|---|---|")
    for file, several in drawings.items():
        height, width = read_micrograph(find_picture(file, folders)).pixels.shape
        for drawn, truth in itertools.permutations(several, 2):
            labels = paint(drawn, (height, width)).labels
            scores = score_drawn(labels, paint(truth, (height, width)))
            values = f"{scores['ap50']:.3f} | {scores['ap50_95']:.3f}"
            print(f"| {file} | {drawn.kind} | {truth.kind} | {values} |")
    print()


def predict_by_default(paths: Sequence[Path], masks: Path) -> None:
    """Segment as the command does by default: text is found, the pixel size is not told."""
    micrographia(
        ["segmentation", "predict", *map(str, paths), "--masks-only", "--out", str(masks)]
    )


def predict_by_bpartis(paths: Sequence[Path], masks: Path) -> None:
    """Segment with BPartIS: 30 samples of its Bayesian network, uncertain particles left out."""
    spec = importlib.util.find_spec(PEER)
    assert spec is not None
    # Its face imports a parser of articles and a reader of text, which segmenting does not need
    # and `pip install --no-deps` does not bring.
    face: Any = types.ModuleType(PEER)
    face.__path__ = spec.submodule_search_locations
    sys.modules[PEER] = face
    segmenter = importlib.import_module(f"{PEER}.segment").ParticleSegmenter(device="cpu")
    masks.mkdir(parents=True)
    for path in tqdm(paths, disable=None):
        colours = np.asarray(Image.open(path).convert("RGB"))
        labels = np.asarray(segmenter.segment(colours)[0]).astype(np.int32)
        write_labels(masks / f"{path.stem}.png", labels)


def draw_worst(
    rows: Sequence[dict[str, Any]],
    cases: Sequence[Case],
    folders: Sequence[Path],
    masks: Path,
    out: Path,
    number: int,
) -> None:
    """Draw truth and prediction side by side for the drawn pictures that score lowest."""
    truths = {(case.file, case.kind): case.truth for case in cases}
    drawn = [row for row in rows if row["ap50"] is not None]
    drawn.sort(key=lambda row: (row["ap50"], row["recall50"], row["file"]))
    out.mkdir(parents=True, exist_ok=True)
    for rank, row in enumerate(drawn[:number], 1):
        truth = truths[row["file"], row["kind"]]
        mask = masks / f"{Path(row['file']).stem}.png"
        if not isinstance(truth, Drawing) or not mask.is_file():
            continue
        image = to_unit(read_micrograph(find_picture(truth.file, folders)).pixels)
        height, width = image.shape
        painted = paint(truth, (height, width))
        gap = np.full((height, 4, 3), 255, np.uint8)
        ignored = painted.ignored.astype(np.int32)
        sides = (painted.labels, read_labels(mask))
        left, right = (draw_outlines(image, labels, ignored) for labels in sides)
        picture = Image.fromarray(np.concatenate([left, gap, right], axis=1))
        times = max(1, round(700 / width))
        name = f"{rank:02d}-{row['kind']}-{row['ap50']:.2f}-{Path(row['file']).stem}.png"
        picture.resize((picture.width * times, height * times), Image.Resampling.NEAREST).save(
            out / name
        )


if __name__ == "__main__":
    raise SystemExit(main())
