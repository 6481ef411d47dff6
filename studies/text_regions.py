"""Score the text detector on hand-labelled EMPS pictures, and the particle area lost by crops.

    python studies/text_regions.py --emps ../shared/data/emps [--weights FILE] [--picture PNG]
    python studies/text_regions.py --free ../shared/data/neu_surface --every 4
    python studies/text_regions.py --procedural 100 [--annotated 0.5] [--seed 1665]

Regions are those of tests/data/emps_text_boxes.csv: a scale bar with its label (and their own
ground) is one; an instrument's strip is one; a panel's letter is one (with its ground); any other
line of text is one. Half "tune" was looked at while thresholds were chosen; "test" shares no
article with it; "free" are further pictures without text. A found region counts if it overlaps
a true one by IoU >= 0.3, one to one, whatever its class. The crop's loss is the share of the
particles' area (EMPS masks) outside the crop by policy "crop", over pictures without text, and
the gain in text hidden is told for those with text. Of the regions found, those that may be
altered are told apart ("altered"). Half "held" are pictures of EMPS that the training of the
shipped segmenter never saw, as far as no other half has them.

`--free` counts the pictures of folders without any text in which a region is found, and those in
which one is altered, with what was read there; `--procedural` does so for rendered pictures, where
a region touches text if it meets a true box.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from micrographia.benchmarks.segmentation.scores import score_image
from micrographia.config import Synthesis, Text, Watershed
from micrographia.curation.text.labels import Labelled, read_text_labels
from micrographia.curation.text.network import load_detector
from micrographia.curation.text.regions import Region, decide, particle_loss
from micrographia.curation.text.score import overlap, pairs
from micrographia.io.images import SUFFIXES, read_labels, read_micrograph, to_unit
from micrographia.io.resources import find_resource
from micrographia.io.working_picture import read_working
from micrographia.provenance import machine
from micrographia.segmentation.watershed.segment import segment
from micrographia.synthesis.procedural.micrograph import make_micrograph

ROOT = Path(__file__).resolve().parents[1]

#: A picture's name, its pixels, and the boxes of its text.
Case = tuple[str, Any, list[Any]]


def main() -> int:
    """Print the figures as JSON; with `--picture`, draw what was found on the tuning half."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--emps", type=Path, help="folder with images/, segmaps/")
    parser.add_argument("--free", type=Path, nargs="*", default=[], help="folders without text")
    parser.add_argument("--every", type=int, default=1, help="take every n-th picture of --free")
    parser.add_argument("--procedural", type=int, default=0, help="how many to render")
    parser.add_argument("--annotated", type=float, default=0.0, help="share of them with text")
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--labels", type=Path, default=ROOT / "tests/data/emps_text_boxes.csv")
    parser.add_argument("--weights", type=Path, default=find_resource(Text().weights))
    parser.add_argument("--halves", nargs="+", default=["tune", "test", "free"])
    parser.add_argument("--settings", default="{}", help="settings of curation.text as JSON")
    parser.add_argument("--picture", type=Path, help="PNG of the regions found")
    parser.add_argument("--watershed", action="store_true", help="score it by policy too")
    arguments = parser.parse_args()
    import torch

    torch.set_num_threads(1)
    settings = Text.model_validate({**json.loads(arguments.settings), "policy": "crop"})
    detector = load_detector(arguments.weights, settings)
    figures: dict[str, Any] = {"machine": machine()}
    labels = read_text_labels(arguments.labels)
    for folder in arguments.free:
        paths = [
            path for path in sorted(folder.rglob("*")) if path.name.lower().endswith(SUFFIXES)
        ]
        cases = ((str(p), read_micrograph(p).pixels, []) for p in paths[:: arguments.every])
        figures[str(folder)] = count_altered(cases, detector)
    if arguments.procedural:
        cases = rendered(arguments.procedural, arguments.annotated, arguments.seed)
        figures["procedural"] = count_altered(cases, detector)
    for half in arguments.halves if arguments.emps else ():
        figures[half] = score_half(labels, half, arguments.emps, detector, settings)
    if arguments.watershed:
        figures["watershed"] = score_policies(labels, arguments.emps, detector, settings)
    if arguments.picture:
        draw(labels, arguments.halves[0], arguments.emps, detector, arguments.picture)
    json.dump(figures, sys.stdout, indent=2)
    print()
    return 0


def rendered(count: int, annotated: float, seed: int) -> Iterator[Case]:
    """Yield procedural pictures without copies, and where they have text."""
    settings = Synthesis(count=count, annotated_share=annotated)
    for index in range(count):
        pixels, _, truth = make_micrograph(index, seed, settings)
        if truth["duplicate_of_name"] is None:
            yield f"{truth['name']} {truth['kind']}", pixels, truth["text_boxes"]


def count_altered(cases: Iterable[Case], detector: Any) -> dict[str, Any]:
    """Regions found and altered, how many of them touch no text, and in how many pictures."""
    numbers: Counter[str] = Counter()
    wrong, seconds = [], []
    for name, pixels, boxes in cases:
        start = time.process_time()
        regions: list[Region] = detector(pixels)
        seconds.append(time.process_time() - start)
        away = [not overlap([region.box], boxes).any() for region in regions]
        sure = [region.sure for region in regions]
        lost = [
            [region.reading, region.box]
            for region, off in zip(regions, away, strict=True)
            if off and region.sure
        ]
        numbers["pictures"] += 1
        numbers["with text"] += bool(boxes)
        numbers["regions"] += len(regions)
        numbers["regions without text"] += sum(away)
        numbers["altered"] += sum(sure)
        numbers["altered without text"] += len(lost)
        numbers["pictures with a region without text"] += any(away)
        numbers["pictures altered where there is no text"] += bool(lost)
        wrong += [[name, *case] for case in lost]
    return {
        **numbers,
        "processor seconds, median": round(float(np.median(seconds)), 3),
        "wrong": wrong,
    }


def score_half(
    labels: dict[str, Labelled], half: str, emps: Path, detector: Any, settings: Text
) -> dict[str, Any]:
    """Recall, precision, crop and time over the pictures of one half."""
    hits = n_true = n_found = sure_hits = n_sure = touched = 0
    classes: dict[str, Counter[str]] = defaultdict(Counter)
    losses: list[float] = []
    shares: list[float] = []
    seconds: list[float] = []
    for name, labelled in labels.items():
        if labelled.half != half:
            continue
        true = labelled.regions
        pixels = read_micrograph(emps / "images" / f"{name}.png").pixels
        start = time.perf_counter()
        found: list[Region] = detector(pixels)
        seconds.append(time.perf_counter() - start)
        matched = pairs([region.box for region in found], [box for _, box in true], 0.3)
        sure = [region.box for region in found if region.sure]
        n_sure, touched = n_sure + len(sure), touched + bool(sure and not true)
        sure_hits += len(pairs(sure, [box for _, box in true], 0.3))
        hits, n_true, n_found = hits + len(matched), n_true + len(true), n_found + len(found)
        for kind, _ in true:
            classes[kind]["n"] += 1
        for i, j in matched:
            classes[true[j][0]]["found"] += 1
            classes[true[j][0]]["with the right class"] += found[i].kind == true[j][0]
        height, width = pixels.shape
        policy, crop, _ = decide(found, width, height, settings)
        if not true:
            mask = read_labels(emps / "segmaps" / f"{name}.png")
            losses.append(particle_loss(mask, crop))
        elif policy == "crop" and crop:
            shares.append((crop[2] - crop[0]) * (crop[3] - crop[1]) / (width * height))
    figures: dict[str, Any] = {
        "pictures": len(seconds),
        "regions": n_true,
        "found": n_found,
        "right": hits,
        "recall": hits / n_true if n_true else None,
        "precision": hits / n_found if n_found else None,
        "altered": n_sure,
        "altered_right": sure_hits,
        "altered_recall": sure_hits / n_true if n_true else None,
        "altered_precision": sure_hits / n_sure if n_sure else None,
        "altered_pictures_without_text": touched,
        "by_class": {kind: dict(counts) for kind, counts in sorted(classes.items())},
        "without_text": len(losses),
        "particle_area_lost_without_text": float(np.mean(losses)) if losses else None,
        "cropped_with_text": len(shares),
        "area_kept_by_crops": float(np.mean(shares)) if shares else None,
        "seconds_per_picture": float(np.median(seconds)),
    }
    return figures


def score_policies(
    labels: dict[str, Labelled], emps: Path, detector: Any, settings: Text
) -> dict[str, dict[str, float]]:
    """Mean AP@0.5 of the watershed on the pictures that have text, by what it is shown."""
    scores: dict[str, list[float]] = defaultdict(list)
    for name, labelled in labels.items():
        true = labelled.regions
        if not true:
            continue
        path = emps / "images" / f"{name}.png"
        pixels = read_micrograph(path).pixels
        height, width = pixels.shape
        regions = detector(pixels)
        boxes = [region.box for region in regions if region.sure]
        truth = read_labels(emps / "segmaps" / f"{name}.png")
        for policy in ("none", "inpaint", "mask", "crop"):
            chosen = settings.model_copy(update={"policy": policy})
            decided, crop, _ = decide(regions, width, height, chosen)
            row = {"path": str(path), "text_boxes": boxes, "text_policy": decided}
            working = read_working(row | {"crop_box": crop})
            labelled = segment(to_unit(working.pixels), Watershed())
            x0, y0, x1, y1 = working.box
            scores[policy].append(score_image(labelled, truth[y0:y1, x0:x1])["ap50"])
    return {policy: {"ap50": float(np.mean(v)), "n": len(v)} for policy, v in scores.items()}


def draw(labels: dict[str, Labelled], half: str, emps: Path, detector: Any, out: Path) -> None:
    """Draw true regions in green and found ones in red, pictures side by side."""
    from PIL import Image, ImageDraw

    names = [name for name, labelled in labels.items() if labelled.half == half]
    side, columns = 270, 4
    sheet = Image.new("RGB", (side * columns, side * -(-len(names) // columns)))
    for number, name in enumerate(names):
        pixels = read_micrograph(emps / "images" / f"{name}.png").pixels
        image = Image.fromarray(pixels).convert("RGB")
        canvas = ImageDraw.Draw(image)
        for box in labels[name].boxes:
            canvas.rectangle(box, outline="lime", width=3)
        for box, kind, score in detector(pixels):
            canvas.rectangle(box, outline="red", width=3)
            canvas.text(
                (box[0], max(box[1] - 22, 0)), f"{kind} {score:.2f}", "yellow", font_size=20
            )
        image.thumbnail((side - 4, side - 4))
        sheet.paste(image, (number % columns * side, number // columns * side))
    sheet.save(out)


if __name__ == "__main__":
    raise SystemExit(main())
