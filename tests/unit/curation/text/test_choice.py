"""Proposals from strokes, and which regions count."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from needed import EMPS, needs

from micrographia.config import Synthesis
from micrographia.curation.text.choice import Choice, apart, choose, describe, fit
from micrographia.curation.text.proposals import Proposal, propose
from micrographia.curation.text.regions import Region
from micrographia.curation.text.score import overlap
from micrographia.io.images import read_micrograph, to_unit
from micrographia.synthesis.procedural.micrograph import make_micrograph
from micrographia.synthesis.text import banners
from micrographia.synthesis.text.pictures import Sheet, Style

ROOT = Path(__file__).parents[4]
LINE = Proposal((10, 10, 50, 20), "text")
OTHER = Proposal((60, 60, 90, 70), "text")
#: Counts the network's best score there and nothing else: a half where it is a tenth.
BY_SCORE = Choice([0.0] * 24, [1.0] * 24, [2.0, *[0.0] * 23], -2.0 * float(np.log(0.103)))
UNIT = np.full((100, 120), 0.5, np.float32)


def chosen(seen: list[Region], proposals: list[Proposal]) -> list[Region]:
    return choose(UNIT, seen, proposals, BY_SCORE, 0.5)


def test_a_proposal_counts_where_the_network_saw_something() -> None:
    faint = Region((9, 8, 52, 22), "panel_letter", 0.2)
    (region,) = chosen([faint], [LINE, OTHER])
    assert region.box == LINE.box and region.kind == "panel_letter"
    assert chosen([faint._replace(score=0.05)], [LINE, OTHER]) == []
    assert chosen([], [LINE]) == [] and chosen([faint], []) == []


def test_a_strip_is_a_strip_whatever_the_network_calls_it() -> None:
    seen = [Region((0, 80, 100, 90), "text", 0.9)]
    (region,) = chosen(seen, [Proposal((0, 80, 100, 92), "banner")])
    assert region == Region((0, 80, 100, 92), "banner", region.score) and region.score > 0.9


def test_the_better_supported_of_two_proposals_stays() -> None:
    whole, part = Proposal((10, 10, 60, 40), "scale_bar"), Proposal((10, 32, 60, 40), "scale_bar")
    seen = [Region((10, 10, 60, 40), "scale_bar", 0.4)]
    assert [region.box for region in chosen(seen, [part, whole])] == [whole.box]


def test_the_regression_is_that_of_least_loss() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(4000, 3)) * [1.0, 5.0, 0.2] + [0.0, 3.0, -1.0]
    logit = 1.5 * features[:, 0] - 0.4 * (features[:, 1] - 3)
    true = rng.random(4000) < 1 / (1 + np.exp(-logit))
    learnt = fit(features, true)
    # Back in the features' own units these are the weights that the answers were drawn with.
    weights = np.array(learnt.weights) / np.array(learnt.scale)
    assert weights[:2] == pytest.approx([1.5, -0.4], abs=0.15)
    assert abs(weights[2]) < 0.6
    chances = learnt.probability(features)
    assert chances.mean() == pytest.approx(true.mean(), abs=0.01)
    assert learnt == fit(features, true)


def test_features_are_finite_whatever_the_picture() -> None:
    proposals = [LINE, Proposal((0, 0, 120, 100), "banner"), Proposal((0, 99, 3, 100), "text")]
    for seen in ([], [Region((0, 0, 5, 5), "text", 1.0)]):
        features = describe(UNIT, proposals, seen)
        assert features.shape == (3, 24) and np.isfinite(features).all()


def test_regions_do_not_lie_on_one_another() -> None:
    boxes = [(0, 0, 10, 10), (2, 2, 6, 6), (9, 9, 20, 20), (0, 0, 14, 10)]
    assert apart(boxes) == [0, 2]
    assert apart([]) == []


@pytest.mark.parametrize("index", [1, 2, 3, 4, 6, 7])
def test_drawn_annotation_is_among_the_proposals(index: int) -> None:
    ground = make_micrograph(index, 4, Synthesis(size=320, annotated_share=0))[0]
    rng = np.random.default_rng(index)
    sheet = Sheet(ground.astype(np.float32), rng, [None])
    words = banners.text("200 nm", None, 26)
    label = banners.stack([words, banners.bar(90, 5, "line")], 6, down=True)
    strip = np.zeros((26, 320), dtype=np.uint8)
    entries = banners.text("15.0kV x20k", None, 14)
    strip[8 : 8 + entries.shape[0], 10 : 10 + entries.shape[1]] = entries
    assert sheet.draw(strip, 0, 294, "banner", Style(ink=255.0, ground=0.0))
    assert sheet.draw(label, 200, 235, "scale_bar", Style(ink=255.0, ground=0.0, pad=4))
    assert sheet.draw(
        banners.text("(b)", None, 32), 8, 8, "panel_letter", Style(ink=255.0, outline=1)
    )
    unit = (np.clip(sheet.pixels, 0, 255) / 255).astype(np.float32)
    proposals = [item.box for item in propose(unit)]
    assert (overlap(sheet.boxes, proposals).max(axis=1) >= 0.3).all()
    assert len(proposals) < 400


def test_a_flat_picture_has_no_proposal() -> None:
    assert propose(np.full((200, 300), 0.5, np.float32)) == []


@needs("EMPS")
def test_real_annotation_is_among_the_proposals() -> None:
    labels: dict[str, list[list[int]]] = {}
    with (ROOT / "tests" / "data" / "emps_text_boxes.csv").open(encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            if row["half"] == "tune" and row["class"] != "none":
                box = [int(row[edge]) for edge in ("x0", "y0", "x1", "y1")]
                labels.setdefault(row["image"], []).append(box)
    found = total = 0
    for name, boxes in list(labels.items())[:12]:
        unit = to_unit(read_micrograph(EMPS / "images" / f"{name}.png").pixels)
        best = overlap(boxes, [item.box for item in propose(unit)]).max(axis=1)
        found, total = found + int((best >= 0.3).sum()), total + len(boxes)
    assert found >= 0.95 * total
