"""Score the embedded annotators on procedural micrographs that were not used for training.

    python studies/annotation_measured.py [--pictures 240] [--size 384] [--seed 101]

Makes the pictures, segments them, and asks `measured` twice, with the segmentation's masks and
with the true ones, and `texture` once. Prints accuracy with intervals and Cohen's kappa for every
attribute, the wrong answers, and the agreement of the two. Copies and blurred pictures are left
out, as curation would. --made and --segmented take folders that `synthesis micrographs` and
`segmentation predict` wrote instead of making them anew. With --emps FOLDER it writes a contact
sheet of real pictures with both answers: there is no truth for these.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from micrographia.annotation.annotator import Case
from micrographia.annotation.embedded.annotators import MeasuredAnnotator, TextureAnnotator
from micrographia.annotation.review.agreement import agreement
from micrographia.benchmarks.annotation.scores import score, summarise
from micrographia.config import Benchmarks, Network, Segmentation, Synthesis
from micrographia.io.images import read_labels, read_micrograph, to_unit
from micrographia.io.schemas import SYNTHETIC
from micrographia.io.tables import read_rows
from micrographia.io.vocabulary import ATTRIBUTE_NAMES
from micrographia.provenance import machine, versions
from micrographia.segmentation import network_segmenter
from micrographia.segmentation.watershed import segment as watershed
from micrographia.synthesis.procedural.micrograph import make_micrograph, role_of

#: Seeds of the pictures that the shipped weights were learned from.
LEARNED = (102, 103, 202)
#: The attributes that the bar of issue 5 names.
BAR = (
    "particle_density",
    "distribution",
    "morphology",
    "pixel_size_profile",
    "layering",
    "colour_profile",
)


def main() -> int:
    """Make, segment, ask, score, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=int, default=240)
    parser.add_argument("--size", type=int, default=384, help="side [px]")
    parser.add_argument("--seed", type=int, default=101)
    parser.add_argument("--method", choices=("unet-small", "watershed"), default="unet-small")
    parser.add_argument("--made", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--segmented", type=Path, nargs="+", default=[], metavar="DIR")
    parser.add_argument("--measured", type=Path, help="weights; those shipped by default")
    parser.add_argument("--texture", type=Path, help="weights; those shipped by default")
    parser.add_argument("--emps", type=Path, help="folder of real pictures: images/*.png")
    parser.add_argument("--sheet", type=Path, default=Path("annotation_emps.png"))
    arguments = parser.parse_args()
    if arguments.seed in LEARNED:
        parser.error(f"seed {arguments.seed} was learned from; take another")
    cv2.setNumThreads(1)
    measured = MeasuredAnnotator("measured", arguments.measured)
    texture = TextureAnnotator("texture", arguments.texture)
    if arguments.emps:
        contact_sheet(arguments.emps, measured, texture, arguments.sheet)
        return 0
    truths, answers = ask(arguments, measured, texture)
    micrographs = [
        {"image_id": row["name"], "path": f"{row['name']}.png", "status": "kept"} for row in truths
    ]
    rows = score(micrographs, truths, answers)
    json.dump(
        {
            "machine": machine(),
            "versions": versions(),
            "pictures": len(truths),
            "models": [measured.model, texture.model],
            "metrics": summarise(rows, Benchmarks(), arguments.seed),
            "confusion": confusion(rows, "measured"),
            "agreement": [
                row
                for row in agreement(answers, [], seed=arguments.seed)["pairs"]
                if row["annotators"] == ["measured", "texture"]
            ],
        },
        sys.stdout,
        indent=2,
    )
    print()
    table(rows)
    return 0


def ask(
    arguments: argparse.Namespace, measured: MeasuredAnnotator, texture: TextureAnnotator
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return truth rows and rows of answers."""
    truths, answers = [], []
    for image, labels, found, truth in cases(arguments):
        truths.append(truth)
        for name, annotator, mask in (
            ("measured", measured, found),
            ("measured, true masks", measured, labels),
            ("texture", texture, None),
        ):
            given = annotator.annotate(Case.of_arrays({"image_id": truth["name"]}, image, mask))
            answers.append(
                {"image_id": truth["name"], "annotator": name, "model": annotator.model}
                | {"failure": None}
                | given.to_row()
            )
    return truths, answers


def segment(image: Any, method: str) -> Any:
    """Segment as the workflow does."""
    if method == "watershed":
        return watershed.segment(image, Segmentation().watershed)
    return network_segmenter.segment(image, Network(), method)


def cases(arguments: argparse.Namespace) -> Iterator[tuple[Any, Any, Any, dict[str, Any]]]:
    """Yield picture, true mask, mask found and truth row of every original that is sharp."""
    if not arguments.made:
        settings = Synthesis(count=arguments.pictures, size=arguments.size)
        for index in tqdm(range(arguments.pictures), disable=None):
            role = role_of(index)
            if role.copy_of is None and role.defect != "blurred":
                pixels, labels, truth = make_micrograph(index, arguments.seed, settings)
                image = to_unit(pixels)
                yield image, labels, segment(image, arguments.method), truth
        return
    for made, segmented in zip(arguments.made, arguments.segmented, strict=True):
        for truth in tqdm(read_rows(made / "truth.parquet", SYNTHETIC), disable=None):
            if truth["duplicate_of_name"] is None and truth["defect"] != "blurred":
                name = f"{truth['name']}.png"
                image = to_unit(read_micrograph(made / "images" / name).pixels)
                labels = read_labels(made / "masks" / name)
                if (segmented / name).is_file():
                    yield image, labels, read_labels(segmented / name), truth


def confusion(rows: list[dict[str, Any]], annotator: str) -> dict[str, dict[str, int]]:
    """Return attribute to "truth > answer" to count, of the wrong answers."""
    found: dict[str, dict[str, int]] = {}
    for attribute in ATTRIBUTE_NAMES:
        wrong = Counter(
            f"{row['truth']} > {row['answer']}"
            for row in rows
            if (row["annotator"], row["attribute"]) == (annotator, attribute)
            and not row["correct"]
        )
        found[attribute] = dict(wrong.most_common(8))
    return found


def table(rows: list[dict[str, Any]]) -> None:
    """Print accuracy per attribute and annotator."""
    metrics = summarise(rows, Benchmarks(), 0)
    annotators = list(dict.fromkeys(row["method"] for row in metrics))
    print(f"{'attribute':22s}" + "".join(f"{name:>26s}" for name in annotators))
    for attribute in ATTRIBUTE_NAMES:
        line = f"{attribute + ('*' if attribute in BAR else ''):22s}"
        for annotator in annotators:
            found = {
                row["metric"]: row
                for row in metrics
                if (row["group"], row["method"]) == (attribute, annotator)
            }
            text = "-"
            if found:
                text = f"{found['accuracy']['value']:.3f} (k {found['kappa']['value'] or 0:.2f})"
            line += f"{text:>26s}"
        print(line)


def contact_sheet(
    folder: Path, measured: MeasuredAnnotator, texture: TextureAnnotator, out: Path
) -> None:
    """Write real pictures with both answers beneath: "measured | texture", confidences in %."""
    paths = sorted((folder / "images").glob("*.png"))
    chosen = [paths[k] for k in np.linspace(0, len(paths) - 1, 24).astype(int)]
    side, tall = 270, 270 + 9 * 11 + 6
    sheet = Image.new("RGB", (6 * side, 4 * tall), "white")
    canvas = ImageDraw.Draw(sheet)
    for place, path in enumerate(tqdm(chosen, disable=None)):
        image = to_unit(read_micrograph(path).pixels)
        labels = segment(image, Segmentation().watershed)
        case = Case.of_arrays({"image_id": path.stem}, image, labels)
        both = [one.annotate(case).readings() for one in (measured, texture)]
        x, y = place % 6 * side, place // 6 * tall
        thumbnail = Image.fromarray(np.rint(image * 255).astype(np.uint8)).convert("RGB")
        thumbnail.thumbnail((side - 6, side - 6))
        sheet.paste(thumbnail, (x, y))
        for line, name in enumerate(ATTRIBUTE_NAMES[1:]):
            words = [f"{one[name].value} {100 * one[name].confidence:.0f}" for one in both]
            canvas.text((x + 2, y + side + 11 * line), " | ".join(words), fill="black")
    sheet.save(out)


if __name__ == "__main__":
    raise SystemExit(main())
