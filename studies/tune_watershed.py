"""Tune the classical segmenter on one half of EMPS and report on the other half.

    python studies/tune_watershed.py --emps ../shared/data/emps [--trials 40]

The halves are divided by article, so no publication is in both. The search draws settings at
random around the defaults: all are scored on a quarter of the tuning half, the better ones on
the whole of it. The report half is scored once, with the defaults and with the winner. With
`--trials 0` only the defaults are scored, on both halves.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.segmentation.matching import (
    COCO_THRESHOLDS,
    average_precision,
    count,
    panoptic_quality,
    precision_curve,
)
from micrographia.config import Watershed
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.io.label_masks import overlaps
from micrographia.provenance import machine, versions
from micrographia.segmentation.watershed.segment import segment

Pair = tuple[np.ndarray, np.ndarray]


def main() -> int:
    """Run the search and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emps", type=Path, required=True, help="folder with images/, segmaps/")
    parser.add_argument("--trials", type=int, default=40, help="random settings to try")
    parser.add_argument("--seed", type=int, default=1665)
    arguments = parser.parse_args()
    if not (arguments.emps / "sources.csv").is_file():
        parser.error(f"{arguments.emps} holds no sources.csv; give the folder of EMPS")
    tuning, report = load_halves(arguments.emps)
    best = search(tuning, arguments.trials, arguments.seed)
    figures: dict[str, Any] = {
        "machine": machine(),
        "versions": versions(),
        "images": {"tuning": len(tuning), "report": len(report)},
        "defaults": evaluate(Watershed(), tuning, report, arguments.seed),
    }
    if best != Watershed():
        figures["winner"] = evaluate(best, tuning, report, arguments.seed)
    json.dump(figures, sys.stdout, indent=2)
    print()
    return 0


def load_halves(folder: Path) -> tuple[list[Pair], list[Pair]]:
    """Return (image, labels) pairs of the tuning half and of the report half."""
    halves: tuple[list[Pair], list[Pair]] = ([], [])
    with (folder / "sources.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            half = hashlib.sha256(row["doi"].encode()).digest()[-1] % 2
            image = to_unit(read_micrograph(folder / "images" / row["filename"]).pixels)
            halves[half].append((image, read_labels(folder / "segmaps" / row["filename"])))
    return halves


def search(pairs: list[Pair], trials: int, seed: int) -> Watershed:
    """Return the best settings: defaults against random ones, the field narrowed once."""
    generator = np.random.default_rng(seed)
    field = [Watershed(), *(draw(generator) for _ in range(trials))]
    for subset, survivors in ((pairs[::4], 4), (pairs, 1)):
        if len(field) == 1:
            break
        scores = [ap50(settings, subset) for settings in tqdm(field, disable=None)]
        order = np.argsort(scores)[::-1][:survivors]
        for index in order:
            print(f"{scores[index]:.4f} {field[index].model_dump()}", file=sys.stderr)
        field = [field[index] for index in order]
    return field[0]


def draw(generator: np.random.Generator) -> Watershed:
    """Draw settings around the defaults."""
    scales = ((0.0, 0.04, 0.1, 0.25), (0.0, 0.06, 0.25), (0.0, 0.1, 0.25), (0.0, 0.05, 0.1, 0.2))
    return Watershed(
        smoothing=round(float(generator.uniform(0.5, 3)), 2),
        backgrounds=scales[generator.integers(len(scales))],
        opening=int(generator.integers(0, 4)),
        max_hole=round(float(10 ** generator.uniform(-1.5, -0.5)), 3),
        hole_solidity=round(float(generator.uniform(0.7, 0.9)), 2),
        seed_distance=round(float(generator.uniform(0.08, 0.4)), 3),
        seed_smoothing=round(float(generator.uniform(0, 2.5)), 2),
        min_area=int(generator.integers(15, 80)),
        min_relative_area=round(float(generator.uniform(0.05, 0.3)), 3),
        border_weight=round(float(generator.uniform(0.1, 0.5)), 3),
    )


def ap50(settings: Watershed, pairs: list[Pair]) -> float:
    """Mean AP@0.5 of the settings over the pairs."""
    found = [overlaps(truth, segment(image, settings)) for image, truth in pairs]
    return float(np.mean([average_precision(count(item, 0.5)) for item in found]))


def evaluate(
    settings: Watershed, tuning: list[Pair], report: list[Pair], seed: int
) -> dict[str, Any]:
    """Score settings on both halves: means with intervals, processor time per 512² pixels."""
    figures: dict[str, Any] = {"settings": settings.model_dump(mode="json")}
    for name, pairs in (("tuning", tuning), ("report", report)):
        scores: dict[str, list[float]] = {"AP@0.5": [], "AP@0.5:0.95": [], "PQ@0.5": []}
        seconds, area = 0.0, 0
        for image, truth in tqdm(pairs, disable=None):
            start = time.process_time()
            labels = segment(image, settings)
            seconds += time.process_time() - start
            area += image.size
            found = overlaps(truth, labels)
            scores["AP@0.5"].append(average_precision(count(found, 0.5)))
            scores["AP@0.5:0.95"].append(float(precision_curve(found, COCO_THRESHOLDS).mean()))
            scores["PQ@0.5"].append(panoptic_quality(count(found, 0.5)))
        figures[name] = {
            key: [round(x, 4) for x in bootstrap_mean(values, 2000, 0.95, seed)]
            for key, values in scores.items()
        }
        figures[name]["processor seconds per 512x512 px"] = round(seconds / area * 512**2, 3)
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
