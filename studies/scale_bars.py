"""Pixel sizes read from the scale bars of real micrographs, against bars measured by eye.

    python studies/scale_bars.py --emps ../shared/data/emps [--half tune --fit]
    python studies/scale_bars.py --procedural 200 --seed 77 --gold ../shared/data/gold_tem
    python studies/scale_bars.py --emps ../shared/data/emps --readers network tesseract

The truth is `tests/data/emps_scale_bars.csv`: bars of EMPS pictures drawn at random, measured on
zoomed crops, and pictures without a bar that can be read; halves by article. To the tuning half
all other pictures were added whose articles are not in the test half; bars noted "finder's ends"
are as long as the finder says, which the eye checked. "Right" is within 5 %. "Confidently wrong"
counts over all pictures of a half. `--fit` fits the confidence on the tuning half alone and
prints its coefficients; nothing is learned from the test half.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from micrographia.arrays import FloatArray
from micrographia.config import Scale, Synthesis
from micrographia.curation.scale.decide import READERS, decide, features
from micrographia.curation.scale.measure import measure
from micrographia.curation.scale.readers.tools import load_tools
from micrographia.curation.scale.reading import read_places
from micrographia.io.images import read_micrograph, to_own_range
from micrographia.provenance import machine, versions
from micrographia.synthesis.procedural.micrograph import make_micrograph

ROOT = Path(__file__).resolve().parents[1]
#: Largest relative error of a pixel size that counts as right.
RIGHT = 0.05
#: Bars of `gold_tem`: length by the label [nm] and by the eye [px].
GOLD = {
    "AuNP20nm_001.jpg": (100.0, 327.0),
    "AuNP20nm_002.jpg": (200.0, 327.0),
    "AuNP20nm_003.jpg": (200.0, 327.0),
    "AuNP20nm_004.jpg": (100.0, 491.0),
}


def main() -> int:
    """Measure all labelled pictures and print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emps", type=Path, help="folder with images/; default: not scored")
    parser.add_argument(
        "--readers", nargs="+", default=["auto"], help="auto | network rapidocr tesseract"
    )
    parser.add_argument("--half", choices=("tune", "test"), help="one half only")
    parser.add_argument("--cases", type=Path, help="write one row per picture here (CSV)")
    parser.add_argument("--part", default="0/1", help="I/N: every N-th picture from I on")
    parser.add_argument("--procedural", type=int, default=0, help="score so many of ours too")
    parser.add_argument("--seed", type=int, default=1665, help="of the procedural pictures")
    parser.add_argument("--gold", type=Path, help="folder gold_tem, scored too")
    parser.add_argument("--fit", action="store_true", help="fit the confidence on the tuning half")
    arguments = parser.parse_args()
    settings = Scale(readers="auto" if arguments.readers == ["auto"] else arguments.readers)
    tools = load_tools(settings)
    with (ROOT / "tests/data/emps_scale_bars.csv").open(encoding="utf-8") as stream:
        truth = [row for row in csv.DictReader(stream) if arguments.half in (None, row["half"])]
    if arguments.emps is None:
        truth = []
    part, parts = (int(number) for number in arguments.part.split("/"))
    truth = truth[part::parts]
    cases: list[dict[str, Any]] = []
    for row in tqdm([] if arguments.fit else truth, disable=None):
        cases.append(case(row, arguments.emps, tools, settings))
        if arguments.cases:
            write_cases(cases, arguments.cases)
    figures: dict[str, Any] = {
        "machine": machine(),
        "versions": versions(),
        "readers": arguments.readers,
        "min_confidence": settings.min_confidence,
    }
    for half in ("tune", "test"):
        if mine := [one for one in cases if one["half"] == half]:
            figures[half] = summary(mine)
    if arguments.procedural:
        figures["procedural"] = procedural(arguments.procedural, arguments.seed, tools, settings)
    if arguments.gold:
        figures["gold"] = gold(arguments.gold, tools, settings)
    if arguments.fit:
        figures["fit"] = fit(truth, arguments.emps, tools)
    json.dump(figures, sys.stdout, indent=2)
    print()
    return 0


def write_cases(cases: list[dict[str, Any]], path: Path) -> None:
    """Write the rows so far."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, cases[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(cases)


def case(row: dict[str, str], folder: Path, tools: Any, settings: Scale) -> dict[str, Any]:
    """Return what became of one picture."""
    pixels = read_micrograph(folder / "images" / row["image"]).pixels
    begun = time.process_time()
    found = measure(pixels, None, tools, settings)
    seconds = time.process_time() - begun
    true = float(row["pixel_size_nm"]) if row["pixel_size_nm"] else None
    used, read = found["pixel_size_nm"], found["bar_nm"]
    right = used is not None and true is not None and abs(used / true - 1) <= RIGHT
    outcome = "right" if right else "wrong" if used is not None else "none"
    return {
        "image": row["image"],
        "half": row["half"],
        "true_label": row["label"],
        "label": found["label_text"],
        "true_nm": true,
        "read_nm": read,
        "confidence": found["confidence"],
        "evidence": found["evidence"],
        "margin": found["margin"],
        "bar_margin": found["bar_margin"],
        **{name: found[f"{name}_share"] for name in READERS},
        "outcome": outcome,
        "cause": cause(row, found, outcome),
        "seconds": seconds,
        "reason": found["reason"],
    }


def cause(row: dict[str, str], found: dict[str, Any], outcome: str) -> str:
    """Return why a picture has no or a wrong pixel size."""
    if outcome == "right":
        return "right"
    if not row["label"]:
        return "no bar to read: none given" if outcome == "none" else "no bar to read: read one"
    if found["bar_nm"] is None:
        return "no label read"
    length = float(row["x1"]) - float(row["x0"])
    bar_right = abs(found["bar_px"] / length - 1) <= RIGHT
    true_nm = float(row["pixel_size_nm"]) * length
    label_right = abs(found["label_nm"] / true_nm - 1) < 0.02
    if bar_right and label_right:
        return "doubted, though right"
    return "label misread" if bar_right else "other bar" if label_right else "both wrong"


def summary(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Return shares of one half, and the causes of its failures."""
    readable = [one for one in cases if one["true_nm"] is not None]
    right = sum(one["outcome"] == "right" for one in readable)
    wrong = sum(one["outcome"] == "wrong" for one in cases)
    any_right = sum(_is_right(one) for one in readable)
    return {
        "with_readable_bar": len(readable),
        "without": len(cases) - len(readable),
        "right": right,
        "right_share": right / len(readable),
        "right_at_any_confidence": any_right / len(readable),
        "confidently_wrong": wrong,
        "confidently_wrong_share": wrong / len(cases),
        "causes": dict(sorted(Counter(one["cause"] for one in cases).items())),
        "cpu_seconds_per_picture": float(np.mean([one["seconds"] for one in cases])),
    }


def procedural(count: int, seed: int, tools: Any, settings: Scale) -> dict[str, Any]:
    """Return how pixel sizes of annotated procedural pictures are read."""
    synthesis = Synthesis(annotated_share=1.0)
    errors, wrong, none = [], [], Counter[str]()
    begun = time.process_time()
    for index in tqdm(range(count), disable=None):
        pixels, _, truth = make_micrograph(index, seed, synthesis)
        found = measure(pixels, None, tools, settings)
        used, true = found["pixel_size_nm"], truth["pixel_size_nm"]
        if used is None:
            none[found["reason"] or ""] += 1
        elif truth["annotated"] and abs(used / true - 1) <= RIGHT:
            errors.append(abs(used / true - 1))
        else:
            wrong.append({"index": index, "label": found["label_text"], "ratio": used / true})
    return {
        "pictures": count,
        "seed": seed,
        "right": len(errors),
        "right_share": len(errors) / count,
        "confidently_wrong": wrong,
        "by_a_factor_of_ten": sum(not 0.1 < one["ratio"] < 10 for one in wrong),
        "none": dict(none),
        "median_error_of_right": float(np.median(errors)) if errors else None,
        "cpu_seconds_with_rendering": (time.process_time() - begun) / count,
    }


def gold(folder: Path, tools: Any, settings: Scale) -> list[dict[str, Any]]:
    """Return what is read of the gold colloids, whose bars were measured by eye."""
    rows = []
    for name, (length_nm, length_px) in GOLD.items():
        pixels = read_micrograph(folder / name).pixels
        begun = time.process_time()
        found = measure(pixels, None, tools, settings)
        rows.append(
            {
                "image": name,
                "true_nm": length_nm / length_px,
                "used_nm": found["pixel_size_nm"],
                "label": found["label_text"],
                "confidence": found["confidence"],
                **{reader: found[f"{reader}_share"] for reader in READERS},
                "reason": found["reason"],
                "seconds": time.process_time() - begun,
            }
        )
    return rows


def fit(rows: list[dict[str, str]], folder: Path, tools: Any) -> dict[str, Any]:
    """Fit the logistic confidence on the tuning half (ridge penalty, Newton's method).

    Each picture counts as read by all readers, by each pair and by each alone, so that one model
    holds with and without any of them.
    """
    names = [name for name, found in zip(READERS, tools, strict=False) if found]
    sets = [few for size in range(1, len(names) + 1) for few in combinations(names, size)]
    known, target = [], []
    for row in tqdm([row for row in rows if row["half"] == "tune"], disable=None):
        unit = to_own_range(read_micrograph(folder / "images" / row["image"]).pixels)
        places = read_places(unit, tools)
        for few in sets if places else ():
            if answer := decide(places, few):
                margins = answer.margin, answer.bar_margin
                known.append(features(answer.shares, *margins, answer.evidence))
                true = float(row["pixel_size_nm"] or "nan")
                target.append(float(abs(answer.nm / true - 1) <= RIGHT))
    weights = logistic(np.array(known), np.array(target))
    terms = ("intercept", "reading", "margin", "geometry", "bar_margin")
    return {
        "coefficients": dict(zip(terms, weights.round(3).tolist(), strict=True)),
        "readers": sets,
        "answers": len(target),
        "right": int(sum(target)),
    }


def logistic(known: FloatArray, target: FloatArray) -> FloatArray:
    """Return the weights of a logistic model."""
    weights = np.zeros(known.shape[1])
    penalty = np.diag([0.01, 0.1, 0.1, 0.1, 0.1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-known @ weights))
        gradient = known.T @ (target - chance) - penalty @ weights
        curvature = (known * (chance * (1 - chance))[:, None]).T @ known + penalty
        weights += np.linalg.solve(curvature, gradient)
    return weights


def _is_right(one: dict[str, Any]) -> bool:
    """Whether the reading, at any confidence, is within 5 %."""
    known = one["read_nm"] is not None and one["true_nm"] is not None
    return known and abs(one["read_nm"] / one["true_nm"] - 1) <= RIGHT


if __name__ == "__main__":
    sys.exit(main())
