"""Score segmenters on the real pictures (whole articles) that were held out from training.

    python studies/segmentation_networks.py --pictures results/network/segmentation/network/\
network-pictures.parquet [--checkpoint NAME=FILE ...]

`--pictures` is the table that `segmentation train` left beside its checkpoint; its split says
which articles training never saw. Watershed is scored, the network in `resources/models` where
there is one, and any other checkpoint that is named. During training some of these pictures chose
among the weights; the others, which no choice was ever made on, are also scored apart
("untouched").
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.segmentation.scores import score_image
from micrographia.config import Network, Watershed
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.io.resources import find_resource
from micrographia.io.schemas import TRAINING_PICTURES
from micrographia.io.tables import read_table
from micrographia.provenance import machine, versions
from micrographia.segmentation import network_segmenter
from micrographia.segmentation.watershed.segment import segment

METRICS = {"AP@0.5": "ap50", "AP@0.5:0.95": "ap50_95", "PQ@0.5": "pq50"}


def main() -> int:
    """Score every method on every picture and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True, help="network-pictures.parquet")
    parser.add_argument("--checkpoint", nargs="*", default=[], metavar="NAME=FILE")
    parser.add_argument("--without-watershed", action="store_true")
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--settings", type=json.loads, default={}, help="of the network, JSON")
    arguments = parser.parse_args()
    table = read_table(arguments.pictures, TRAINING_PICTURES)
    kept = table[(table["split"] == "validation") & (table["source"] == "real")]
    if kept.empty:
        parser.error(f"{arguments.pictures} keeps no real picture from training")
    card = json.loads((arguments.pictures.parent / "network.json").read_text())
    most = card["segmentation"]["validation_pictures"]
    chosen = np.linspace(0, len(kept) - 1, min(len(kept), most)).round().astype(int)
    untouched = ~np.isin(np.arange(len(kept)), chosen)
    methods: dict[str, Any] = {}
    if not arguments.without_watershed:
        methods["watershed"] = lambda image: segment(image, Watershed())
    named = dict(item.split("=", 1) for item in arguments.checkpoint)
    shipped = Network().checkpoint
    if find_resource(shipped).is_file():
        named = {"unet-small (shipped)": shipped, **named}
    for name, file in named.items():
        settings = Network(**{"checkpoint": file, **arguments.settings})
        methods[name] = lambda image, settings=settings: network_segmenter.segment(image, settings)
    figures = {
        "machine": machine(),
        "versions": versions(),
        "articles": int(kept["group"].nunique()),
        "methods": {
            name: score(run, kept.to_dict("records"), untouched, arguments.seed)
            for name, run in methods.items()
        },
    }
    json.dump(figures, sys.stdout, indent=2)
    print()
    return 0


def score(run: Any, rows: list[dict[str, Any]], untouched: np.ndarray, seed: int) -> dict:
    """Mean scores with intervals by group of pictures, and seconds per picture."""
    found, seconds = [], []
    for row in tqdm(rows, disable=None):
        image = to_unit(read_micrograph(row["path"]).pixels)
        truth = read_labels(row["mask_path"])
        start = time.process_time()
        labels = run(image)
        seconds.append(time.process_time() - start)
        found.append(score_image(labels, truth))
    dense = np.array([item["density"] == "dense" for item in found])
    groups = {"all": np.ones(len(rows), bool), "untouched": untouched}
    groups |= {"sparse": ~dense, "dense": dense}
    figures: dict[str, Any] = {"processor seconds, median": round(float(np.median(seconds)), 3)}
    for group, inside in groups.items():
        figures[group] = {"n": int(inside.sum())}
        for metric, column in METRICS.items():
            values = np.array([item[column] for item in found])[inside]
            mean, low, high = bootstrap_mean(values, 2000, 0.95, seed)
            figures[group][metric] = [round(value, 4) for value in (mean, low, high)]
    return figures


if __name__ == "__main__":
    raise SystemExit(main())
