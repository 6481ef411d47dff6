"""Measure fibres that cross on drawn pictures, and compare with what was drawn.

    python -m tests.fibre_maker --count 200 --seed 0 --out pictures
    python studies/crossing_fibres.py pictures

`tests/fibre_maker` draws the pictures and shares no code with the package. Fibres are traced
in the true foreground; in the instances that `micrographia segmentation predict` finds with its
defaults; and from the picture alone as `micrographia segmentation fibres` does it. A true and a
traced fibre are one if more than half of their lines coincide, one to one; a fibre without a
partner counts as wrong in every share. Shares are of all fibres that were drawn, with intervals
over pictures.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.spatial import cKDTree

from micrographia.arrays import FloatArray
from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.config import Segmentation
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.provenance import machine
from micrographia.segmentation.fibres.centre_line import Fibre
from micrographia.segmentation.fibres.run import fibres_of
from micrographia.segmentation.fibres.shape import alignment
from micrographia.segmentation.predict import segmenter

#: What fibres are traced in.
SOURCES = ("foreground", "picture", "instances")
#: What is asked for: relative errors of width and length, and the error of S2.
WIDTH, LENGTH, ORDER = 0.05, 0.10, 0.05
#: A fibre of whose line at most this share is within others counts as one that can be followed.
_FREE = 0.25


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pictures", type=Path, help="folder that the maker wrote")
    parser.add_argument("--method", default="unet-small", help="segmenter (default: unet-small)")
    parser.add_argument(
        "--sources", nargs="+", choices=SOURCES, default=SOURCES, help="what to trace in"
    )
    parser.add_argument("--count", type=int, help="take so many pictures (default: all)")
    arguments = parser.parse_args()
    truth = json.loads((arguments.pictures / "truth.json").read_text(encoding="utf-8"))
    run, settings = segmenter(arguments.method), Segmentation()
    folder: Path = arguments.pictures
    pictures = truth["pictures"][: arguments.count]

    def of_foreground(name: str) -> list[Fibre]:
        labels = read_labels(folder / "foreground" / name)
        return fibres_of(np.zeros(labels.shape, np.float32), labels, settings)[0]

    def of_instances(name: str) -> list[Fibre]:
        image = to_unit(read_micrograph(folder / "images" / name).pixels)
        return fibres_of(image, run(image, settings), settings)[0]

    def of_picture(name: str) -> list[Fibre]:
        image = to_unit(read_micrograph(folder / "images" / name).pixels)
        return fibres_of(image, None, settings)[0]

    sources: dict[str, tuple[str, Callable[[str], list[Fibre]]]] = {
        "foreground": ("true foreground", of_foreground),
        "picture": ("the picture alone (segmentation fibres)", of_picture),
        "instances": (f"instances of {arguments.method} (segmentation predict)", of_instances),
    }
    count = sum(len(picture["fibres"]) for picture in pictures)
    print(f"{len(pictures)} pictures, {count} fibres; {machine()}", flush=True)
    for source in arguments.sources:
        title, traced = sources[source]
        rows = []
        start = time.process_time()
        for picture in pictures:
            rows.append(scores(picture, traced(f"{picture['name']}.png")))
        seconds = (time.process_time() - start) / len(rows)
        print(f"\n{title}: {seconds:.2f} processor seconds a picture", flush=True)
        print_table(rows)
    return 0


def scores(picture: dict[str, Any], fibres: list[Fibre]) -> dict[str, list[float]]:
    """Compare the traced fibres of a picture with the true ones, value by value."""
    true = picture["fibres"]
    lines = [np.array(one["centre_line"]) for one in true]
    found: dict[str, list[float]] = defaultdict(list)
    partners = paired(true, lines, fibres)
    for number, one in enumerate(true):
        fibre = partners.get(number)
        width = length = np.inf
        if fibre is not None:
            measured = float(np.median(fibre.widths[fibre.known]))
            width, length = measured / one["width"] - 1, fibre.length / one["length"] - 1
        kinds = ["all"]
        kinds += ["free"] if hidden_share(number, true, lines) <= _FREE else []
        for kind in kinds:
            found[f"{kind} width"].append(width)
            found[f"{kind} length"].append(length)
    found["traced"] = [len(fibres) / len(true)]
    s2, direction = alignment(fibres) if fibres else (np.nan, np.nan)
    found["s2"] = [s2 - picture["s2"] if fibres else np.inf]
    turned = (direction - picture["direction_deg"] + 90) % 180 - 90
    # Where nothing is aligned there is no direction to be wrong about.
    found["direction"] = [turned if fibres else np.inf] if picture["s2"] >= 0.3 else []
    return found


def paired(
    true: list[dict[str, Any]], lines: list[FloatArray], fibres: list[Fibre]
) -> dict[int, Fibre]:
    """One traced fibre at most for each true one, by how much of their lines coincides."""
    shared = np.zeros((len(lines), len(fibres)))
    for i, line in enumerate(lines):
        near = max(2.0, true[i]["width"] / 2)
        for j, fibre in enumerate(fibres):
            there = float((cKDTree(fibre.points).query(line)[0] < near).mean())
            back = float((cKDTree(line).query(fibre.points)[0] < near).mean())
            shared[i, j] = 2 * there * back / max(1e-9, there + back)
    pairs = zip(*linear_sum_assignment(-shared), strict=True)
    return {int(i): fibres[j] for i, j in pairs if shared[i, j] > 0.5}


def hidden_share(number: int, true: list[dict[str, Any]], lines: list[FloatArray]) -> float:
    """Share of a fibre's line that lies within others."""
    inside = np.zeros(len(lines[number]), bool)
    for other, line in enumerate(lines):
        if other != number:
            reach = np.hypot(true[other]["width"] / 2, 1.0)  # lines have a point every 2 px
            inside |= cKDTree(line).query(lines[number])[0] < reach
    return float(inside.mean())


def print_table(rows: list[dict[str, list[float]]]) -> None:
    """Print how many values are within the bars, with medians of the errors."""
    asked = {
        "all width": ("width, all fibres", WIDTH),
        "all length": ("length, all fibres", LENGTH),
        "free width": (f"width, fibres that share at most {_FREE:.0%} of their line", WIDTH),
        "free length": (f"length, fibres that share at most {_FREE:.0%} of their line", LENGTH),
        "s2": ("order parameter S2", ORDER),
        "direction": ("mean direction, S2 from 0.3 [degree]", 5.0),
    }
    print(f"{'':56}   n   within   share [95 % over pictures]   median error")
    for key, (title, bar) in asked.items():
        values = np.array([value for row in rows for value in row[key]])
        shares = [float(np.mean(np.abs(row[key]) <= bar)) for row in rows if row[key]]
        low, high = bootstrap_mean(shares, 2000, 0.95, 1665)[1:]
        known = np.abs(values[np.isfinite(values)])
        median = float(np.median(known)) if len(known) else np.nan
        share = float(np.mean(np.abs(values) <= bar))
        print(
            f"{title:56}{len(values):5}{bar:8}   {share:.3f} [{low:.3f}, {high:.3f}]"
            f"{'':8}{median:.4f}",
            flush=True,
        )
    traced = float(np.mean([row["traced"][0] for row in rows]))
    print(f"fibres traced for each that was drawn, mean over pictures: {traced:.2f}")


if __name__ == "__main__":
    raise SystemExit(main())
