"""Count instances that lie on burnt-in text, and what avoiding text does to the score on EMPS.

    micrographia segmentation pictures --out pictures.parquet --settings '{"training": {"real": [
        {"images": "../shared/data/emps/images", "masks": "../shared/data/emps/segmaps",
         "articles": "../shared/data/emps/sources.csv"}]}}'
    python studies/text_and_instances.py --pictures pictures.parquet [--split train]

The table divides EMPS as the training of the shipped network did. Of the held-out pictures, or of
those of `--split train` whose text is marked, the shipped network's instances are scored as they
are, with text painted over first, and without those of which a share lies in text; text is
what the shipped detector is sure of, or what is marked by hand ("marked"). An instance is spurious
on text if less than a tenth of it lies in any true instance and half of it or more in a marked
region of tests/data/emps_text_boxes.csv.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.benchmarks.segmentation.scores import score_image
from micrographia.config import Segmentation, Text
from micrographia.curation.text.finder import text_finder
from micrographia.curation.text.labels import read_text_labels
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.io.schemas import TRAINING_PICTURES
from micrographia.io.tables import read_table
from micrographia.io.working_picture import without_text
from micrographia.provenance import machine
from micrographia.segmentation import burnt_in
from micrographia.segmentation.predict import segmenter

ROOT = Path(__file__).resolve().parents[1]
SHARES = (0.5, 0.7, 0.9)


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, required=True)
    parser.add_argument("--split", choices=("train", "validation"), default="validation")
    parser.add_argument("--labels", type=Path, default=ROOT / "tests/data/emps_text_boxes.csv")
    arguments = parser.parse_args()
    find, reason = text_finder(Text())
    if find is None:
        parser.error(str(reason))
    labels = read_text_labels(arguments.labels)
    table = read_table(arguments.pictures, TRAINING_PICTURES)
    chosen = table[(table["split"] == arguments.split) & (table["source"] == "real")]
    run, settings = segmenter("unet-small"), Segmentation()
    scores: dict[str, list[float]] = defaultdict(list)
    spurious: dict[str, dict[str, int]] = defaultdict(dict)
    seconds = []
    for row in chosen.to_dict("records"):
        name = Path(row["path"]).stem
        if name not in labels or (arguments.split == "train" and not labels[name].boxes):
            continue
        pixels, truth = read_micrograph(row["path"]).pixels, read_labels(row["mask_path"])
        marked = labels[name].boxes
        start = time.process_time()
        text = find(pixels)
        seconds.append(time.process_time() - start)
        named = list(ways(pixels, text, marked, lambda part: run(to_unit(part), settings)))
        shipped = burnt_in.beside_text(named[0][1], text, pixels, find)
        for way, found in [*named, ("as shipped", shipped)]:
            scores[way].append(score_image(found, truth)["ap50"])
            if count := on_text(found, truth, marked):
                spurious[way][name] = count
    figures = {
        "machine": machine(),
        "pictures": len(seconds),
        "processor seconds of finding text, median": round(float(np.median(seconds)), 3),
        "ways": {
            way: {
                "AP@0.5": [round(value, 4) for value in bootstrap_mean(values, 2000, 0.95, 1665)],
                "spurious on text": sum(spurious[way].values()),
                "where": spurious[way],
            }
            for way, values in scores.items()
        },
    }
    json.dump(figures, sys.stdout, indent=2)
    print()
    return 0


def ways(pixels: Any, text: Any, marked: Any, run: Any) -> Any:
    """Yield the name and the label mask of each way to treat text."""
    plain = run(pixels)
    painted = run(without_text(pixels, text, "inpaint")) if text else plain
    yield "as it is", plain
    yield "inpainted", painted
    shipped = burnt_in.MOST_INSIDE
    yield f"inpainted, without {shipped} in text", burnt_in.drop_on_text(painted, text)
    for share in SHARES:
        yield f"without {share} in text", burnt_in.drop_on_text(plain, text, share)
    yield f"without {shipped} in marked text", burnt_in.drop_on_text(plain, marked)


def on_text(labels: np.ndarray, truth: np.ndarray, marked: Any) -> int:
    """Count the spurious instances that lie on marked text."""
    inside = np.zeros(labels.shape, bool)
    for x0, y0, x1, y1 in marked:
        inside[y0:y1, x0:x1] = True
    count = 0
    for label in np.unique(labels[inside & (labels > 0)]):
        own = labels == label
        shares = np.bincount(truth[own]) / own.sum()
        count += bool(inside[own].mean() >= 0.5 and shares[1:].max(initial=0.0) < 0.1)
    return count


if __name__ == "__main__":
    raise SystemExit(main())
