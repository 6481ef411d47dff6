"""The figure of the structure benchmark: a row for each run, theirs marked, nothing hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from micrographia.benchmarks.published import published_rows
from micrographia.benchmarks.structure.figure import draw_scores
from micrographia.benchmarks.structure.outcome import OUTCOMES
from micrographia.io.schemas import STRUCTURE_SCORES


def _scores(tracks=("given", "blind"), count=40) -> pd.DataFrame:
    generator = np.random.default_rng(0)
    rows = []
    for track in tracks:
        for place in range(count):
            outcome = OUTCOMES[place % len(OUTCOMES)]
            right = outcome == "right"
            row = dict.fromkeys(STRUCTURE_SCORES.names)
            row |= {"method": "m", "track": track, "engine": "phase-object", "outcome": outcome}
            row |= {"tier": 1 + place % 3, "ss_047": right, "ss_020": right, "ss_010": right}
            row |= {"confidence": generator.random(), "composition_correct": right}
            row |= {"rmsd_xy": 1e-3, "structure_id": str(place), "image_id": f"{track}{place}"}
            rows.append(row)
    return pd.DataFrame(rows)


def _labels(axes) -> list[str]:
    return axes.get_legend_handles_labels()[1]


def test_every_run_has_a_row_and_theirs_are_marked() -> None:
    figure = draw_scores(_scores(), published_rows())
    assert len(figure.axes) == 8
    assert [axes.get_title("left") for axes in figure.axes[::4]] == ["m, given", "m, blind"]
    theirs = [label for label in _labels(figure.axes[1]) if "published" in label]
    assert theirs == ["AutoMat, published (laxer)", "MicroscopyGPT, published (laxer)"]


@pytest.mark.parametrize("tier", [1, 2, 3])
def test_outcomes_add_up_to_all_pictures(tier: int) -> None:
    scores = _scores(("given",))
    axes = draw_scores(scores, []).axes[3]
    heights = [bar[tier - 1].get_height() for bar in axes.containers]
    assert sum(heights) == pytest.approx(1)
    assert set(_labels(axes)) == set(OUTCOMES)
    assert not any("published" in label for label in _labels(draw_scores(scores, []).axes[1]))


def test_multislice_images_are_not_drawn() -> None:
    scores = _scores(("given",))
    scores["engine"] = "multislice"
    figure = draw_scores(scores, [])
    assert all(not axes.patches for axes in figure.axes[1:4:2])


def test_a_table_without_rows_has_a_figure() -> None:
    empty = pd.DataFrame(columns=STRUCTURE_SCORES.names)
    assert len(draw_scores(empty, published_rows()).axes) == 4
