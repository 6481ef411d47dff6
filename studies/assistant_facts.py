"""Ask the assistant about drawn pictures whose masks are exact, and compare its numbers.

    python -m micrographia synthesis micrographs --out drawn --seed 77123 --settings \\
        '{"count": 20, "size": 512, "annotated_share": 0.5}'
    python studies/assistant_facts.py drawn --out facts.json

Half of the pictures have a scale bar, which must be read; of the others the pixel size is given.
Truth is never told: it is measured on the exact masks by the same definitions. Of each number:
answers given, those within 10 % of the truth, and refusals; refusals of unanswerable questions.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

from micrographia.config import WorkflowConfig
from micrographia.io.facts.numbers import numbers_in
from micrographia.io.facts.particles import particle_facts
from micrographia.io.images import read_labels
from micrographia.io.schemas import SYNTHETIC
from micrographia.io.tables import read_rows
from micrographia.language.grounding.assistant import Assistant
from micrographia.language.grounding.embedded import EmbeddedWriter
from micrographia.measurement.facts.picture import picture_tools
from micrographia.segmentation.measuring.shapes import measure

#: Questions, and the fact that the first number of the answer is.
ASKED = {
    "How many particles are there?": "particle_count",
    "How large are the particles?": "median_diameter",
    "What is the mean diameter?": "mean_diameter",
    "What fraction of the area do particles cover?": "area_fraction",
    "What is the aspect ratio?": "aspect_ratio",
    "What is the pixel size?": "pixel_size",
}
REFUSED = ("What are they made of?", "What was the accelerating voltage?", "Who took the picture?")


def truth_of(folder: Path, row: dict[str, Any]) -> dict[str, float]:
    """Facts of a picture by its exact mask."""
    labels = read_labels(folder / "masks" / f"{row['name']}.png")
    instances: list[Any] = measure(labels, row["name"], None).to_dict("records")
    height, width = labels.shape
    values = particle_facts(instances, width, height, row["pixel_size_nm"])
    return {one.name: one.number for one in values if one.number is not None}


def main() -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="written by `synthesis micrographs`")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    arguments = parser.parse_args()
    settings = WorkflowConfig()
    tools = picture_tools(settings)
    chosen = settings.language.assistant
    assistant = Assistant(EmbeddedWriter(chosen.alike), chosen.tolerance)
    counts: Counter[str] = Counter()
    wrong = []
    start = time.perf_counter()
    rows = [
        row
        for row in read_rows(arguments.folder / "truth.parquet", SYNTHETIC)
        if row["defect"] is None
    ]
    for row in rows:
        path = arguments.folder / "images" / f"{row['name']}.png"
        picture = tools(path, None if row["annotated"] else row["pixel_size_nm"])
        truth = truth_of(arguments.folder, row)
        for question, name in ASKED.items():
            answer = assistant.ask(picture, path, question)
            found = numbers_in(answer.text)
            if answer.refused or not found or name not in truth:
                counts[f"{name} refused"] += 1
                continue
            off = found[0].low / truth[name] - 1
            sized = "px" not in answer.text
            counts[f"{name} answered"] += 1
            counts[f"{name} right"] += abs(off) <= 0.1 and sized
            if not (abs(off) <= 0.1 and sized):
                wrong.append((row["name"], row["kind"], name, round(off, 3), sized))
        for question in REFUSED:
            counts["unanswerable"] += 1
            counts["unanswerable refused"] += assistant.ask(picture, path, question).refused
    found_all = {
        "pictures": len(rows),
        "counts": dict(sorted(counts.items())),
        "off by more than 10 %": wrong,
        "seconds": round(time.perf_counter() - start, 1),
    }
    text = json.dumps(found_all, indent=1, ensure_ascii=False)
    print(text)
    if arguments.out is not None:
        arguments.out.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
