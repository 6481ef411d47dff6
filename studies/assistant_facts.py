"""Ask the assistant about pictures whose masks are known, and compare its numbers.

    python -m micrographia synthesis micrographs --out drawn --seed 77123 --settings \\
        '{"count": 20, "size": 512, "annotated_share": 0.5}'
    python studies/assistant_facts.py --drawn drawn --out facts.json
    micrographia segmentation pictures --out pictures.parquet --settings '{"training": {"real": [
        {"images": "../shared/data/emps/images", "masks": "../shared/data/emps/segmaps",
         "articles": "../shared/data/emps/sources.csv"}]}}'
    python studies/assistant_facts.py --pictures pictures.parquet --out facts.json

Drawn: half of the pictures have a scale bar, which must be read; of the others the pixel size is
given. Real: the held-out articles of EMPS, masks by its authors; nothing is told. Where our own
table of bars (tests/data/emps_scale_bars.csv) has the picture, its pixel size is the truth;
elsewhere a length in nm is compared in pixels by the pixel size that the answer rests on.

Truth is measured on the masks by the same definitions. Of each number: answers given, those within
10 % of the truth, and refusals; refusals of unanswerable questions.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micrographia.config import WorkflowConfig
from micrographia.io.facts.numbers import numbers_in
from micrographia.io.facts.particles import particle_facts
from micrographia.io.images import read_labels
from micrographia.io.schemas import SYNTHETIC, TRAINING_PICTURES
from micrographia.io.tables import read_rows
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.grounding.writer import Answer
from micrographia.language.grounding.writers import make_writer
from micrographia.measurement.facts.picture import picture_tools
from micrographia.segmentation.measuring.shapes import measure

ROOT = Path(__file__).resolve().parents[1]
BARS = ROOT / "tests/data/emps_scale_bars.csv"
#: Questions, and the fact that the first number of the answer is.
ASKED = {
    "How many particles are there?": "particle_count",
    "What is the median diameter of the particles?": "median_diameter",
    "What is the mean diameter?": "mean_diameter",
    "What fraction of the area do particles cover?": "area_fraction",
    "What is the aspect ratio?": "aspect_ratio",
    "What is the pixel size?": "pixel_size",
}
LENGTHS = ("median_diameter", "mean_diameter")
REFUSED = ("What are they made of?", "What was the accelerating voltage?", "Who took the picture?")


@dataclass(frozen=True)
class Case:
    """A picture, its mask, its true pixel size, and whether that is told."""

    name: str
    kind: str
    picture: Path
    mask: Path
    pixel_size: float | None
    told: bool


def drawn(folder: Path) -> Iterator[Case]:
    """Yield the pictures that `synthesis micrographs` drew."""
    for row in read_rows(folder / "truth.parquet", SYNTHETIC):
        if row["defect"] is None:
            image, mask = (folder / part / f"{row['name']}.png" for part in ("images", "masks"))
            size, told = row["pixel_size_nm"], not row["annotated"]
            yield Case(row["name"], row["kind"], image, mask, size, told)


def held_out(table: Path) -> Iterator[Case]:
    """Yield the real pictures of the articles that the segmenter did not learn from."""
    with BARS.open(newline="", encoding="utf-8") as stream:
        bars = {
            row["image"]: float(row["pixel_size_nm"])
            for row in csv.DictReader(stream)
            if row["pixel_size_nm"]
        }
    for row in read_rows(table, TRAINING_PICTURES):
        if row["source"] == "real" and row["split"] == "validation":
            path = Path(row["path"])
            size = bars.get(path.name)
            yield Case(path.stem, "real", path, Path(row["mask_path"]), size, False)


def truth_of(case: Case) -> dict[str, float]:
    """Facts of a picture by its mask; lengths in px."""
    labels = read_labels(case.mask)
    instances: list[Any] = measure(labels, case.name, None).to_dict("records")
    height, width = labels.shape
    values = particle_facts(instances, width, height, None)
    found = {one.name: one.number for one in values if one.number is not None}
    return found if case.pixel_size is None else found | {"pixel_size": case.pixel_size}


def compared(case: Case, answer: Answer, name: str, truth: float) -> float | None:
    """Return by how much the first number of an answer is off, relative; None: no number."""
    numbers = numbers_in(answer.text)
    if answer.refused or not numbers:
        return None
    said = numbers[0].low
    if name in LENGTHS and "px" not in answer.text:
        by = {row["name"]: row for row in answer.evidence}
        stated = by.get("pixel_size", {}).get("number")
        size = case.pixel_size or stated
        said = said / size if size else float("nan")
    return float(said / truth - 1)


def main() -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--drawn", type=Path, help="written by `synthesis micrographs`")
    source.add_argument("--pictures", type=Path, help="written by `segmentation pictures`")
    parser.add_argument("--writer", default="embedded", choices=("embedded", "network"))
    parser.add_argument("--weights", default="scratch", help="of the network")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    settings = WorkflowConfig()
    tools = picture_tools(settings)
    chosen = settings.language.assistant.model_copy(
        update={"writer": arguments.writer, "weights": arguments.weights}
    )
    assistant = Assistant(make_writer(chosen, Path("calls.sqlite")), chosen.tolerance)
    counts: Counter[str] = Counter()
    wrong = []
    start = time.perf_counter()
    cases = list(drawn(arguments.drawn) if arguments.drawn else held_out(arguments.pictures))
    for case in cases:
        picture = tools(case.picture, case.pixel_size if case.told else None)
        truth = truth_of(case)
        for question, name in ASKED.items():
            if name not in truth:
                continue
            off = compared(case, assistant.ask(picture, case.picture, question), name, truth[name])
            if off is None:
                counts[f"{name} refused"] += 1
                continue
            counts[f"{name} answered"] += 1
            counts[f"{name} right"] += abs(off) <= 0.1
            if not abs(off) <= 0.1:
                wrong.append((case.name, case.kind, name, round(off, 3)))
        for question in REFUSED:
            counts["unanswerable"] += 1
            refused = assistant.ask(picture, case.picture, question).refused
            counts["unanswerable refused"] += refused
    found = {
        "pictures": len(cases),
        "counts": dict(sorted(counts.items())),
        "off by more than 10 %": wrong,
        "seconds": round(time.perf_counter() - start, 1),
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
