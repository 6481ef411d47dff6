"""Scores of written structures: right ones, each kind of wrong one, failures, distances."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from micrographia.benchmarks.language.scores import least_distance, score_written
from micrographia.benchmarks.language.summary import divergence, summarise
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_CRYSTALS, WRITTEN_SCORES
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import to_cif
from micrographia.language.structure.canonical import read

TRUE = "3.18 3.18 120.0\nMo1 S2\nMo .00 .00 1.6\nS .33 .67 0.0\nS .33 .67 3.2\n"


def truth() -> list[dict[str, Any]]:
    row = blank(CRYSTAL_TEXTS)
    return [row | {"structure_id": "m", "formula": "MoS2", "cif": to_cif(read(TRUE).atoms())}]


def answer(text: str | None, rank: int | None = 1, picture: str = "p") -> dict[str, Any]:
    row = blank(WRITTEN_CRYSTALS)
    row |= {"image_id": picture, "structure_id": "m", "told": "formula", "rank": rank}
    cif = None if text is None else to_cif(read(text).atoms())
    return row | {"cif": cif, "failure": None if text else "no weights"}


def score(*texts: str | None) -> dict[str, Any]:
    rows = [answer(text, rank) for rank, text in enumerate(texts, 1)]
    (row,) = score_written(truth(), rows, "m")
    assert set(row) == set(WRITTEN_SCORES.names)
    return row


def test_the_truth_is_right_in_everything() -> None:
    row = score(TRUE)
    for name in (
        "formula_right",
        "composition_correct",
        "ss_010",
        "hit_1",
        "match_abs_1",
        "valid",
    ):
        assert row[name] is True
    # Layer group p-6m2 in a box is the space group 187, P-6m2.
    assert row["space_group"] == row["space_group_true"] == 187 and row["kind"] == "right"
    assert row["weight"] == pytest.approx(95.95 + 2 * 32.06, abs=0.02)
    assert (row["a"], row["b"], row["gamma"]) == pytest.approx((3.18, 3.18, 120.0))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (TRUE.replace("Mo", "W"), "formula"),
        (TRUE.replace("3.18 3.18 120.0", "3.18 7.90 90.0"), "lattice"),
        (TRUE.replace("3.18 3.18", "3.30 3.31"), "right"),
    ],
)
def test_the_first_thing_that_is_wrong_names_the_kind(text: str, kind: str) -> None:
    assert score(text)["kind"] == kind


def test_lengths_are_compared_in_angstrom() -> None:
    row = score(TRUE.replace("3.18 3.18", "3.20 3.22"))
    assert row["rmsd_xy"] == pytest.approx(np.sqrt((0.02**2 + 0.04**2) / 2), abs=1e-3)


def test_hits_among_five_and_failures() -> None:
    wrong = TRUE.replace("Mo", "W")
    row = score(wrong, wrong, TRUE)
    assert (row["hit_1"], row["hit_5"], row["match_abs_5"]) == (False, True, True)
    assert score(*[wrong] * 5, TRUE)["hit_5"] is False
    (failed,) = score_written(truth(), [answer(None, None)], "m")
    assert failed["failure"] == "no weights." and failed["kind"] == "no answer"
    assert failed["hit_1"] is False and failed["a"] is None and failed["a_true"] > 3
    with pytest.raises(TableError, match="not in the table"):
        score_written([], [answer(TRUE)], "m")


def test_the_least_distance_counts_periodic_images() -> None:
    # Across the border: 0.04 of 3.18 Å.
    near = "3.18 3.18 90.0\nC2\nC .00 .00 0.0\nC .96 .00 0.0\n"
    assert least_distance(read(near).atoms()) == pytest.approx(0.04 * 3.18)
    assert least_distance(read(TRUE).atoms()) == pytest.approx(np.hypot(3.18 / 3**0.5, 1.6))


def test_a_divergence_by_hand() -> None:
    """Half and half against a quarter and three: (ln 2 + ln 2/3) / 2, but for the background."""
    true, found = np.array([0.1, 0.1, 1.1, 1.1]), np.array([0.2, 1.2, 1.2, 1.2])
    wanted = 0.5 * np.log(2) + 0.5 * np.log(2 / 3)
    assert divergence(found, true, 1.0) == pytest.approx(wanted, abs=1e-3)
    assert divergence(true[::-1], true, 1.0) == pytest.approx(0, abs=1e-12)


def test_figures_compare_distributions_and_count_failures() -> None:
    rows = [answer(TRUE.replace("3.18 3.18", "3.28 3.28"), picture="p"), answer(None, None, "q")]
    frame = pd.DataFrame(score_written(truth(), rows, "m"), columns=WRITTEN_SCORES.names)
    figures = {
        row["metric"]: row for row in summarise(frame, Benchmarks(bootstrap=100), 1, "m")
        if row["group"] == "all"
    }  # fmt: skip
    assert figures["EMD of a [Å]"]["value"] == pytest.approx(0.1)
    assert figures["EMD of γ [°]"]["value"] == pytest.approx(0.0, abs=1e-6)
    assert figures["formula right"]["value"] == 0.5 and figures["formula right"]["n_failed"] == 1
    assert figures["kind: no answer"]["value"] == 0.5
    assert figures["RMSD of a, b, mean [Å]"]["n"] == 1


def test_novelty_is_a_share_of_all_pictures_where_something_was_learned() -> None:
    """Tungsten sulphide is no copy of molybdenum sulphide, but of its type; a failure is none."""
    learned = truth()[0] | {"structure_id": "t", "split": "train", "a": 3.18, "b": 3.18}
    rows = [answer(TRUE.replace("Mo", "W"), picture="p"), answer(TRUE, picture="q")]
    rows.append(answer(None, None, "r"))
    texts = [*truth(), learned | {"gamma": 120.0}]
    frame = pd.DataFrame(score_written(texts, rows, "m"), columns=WRITTEN_SCORES.names)
    assert frame["copy_of"].dropna().to_dict() == {1: "t"}
    assert frame["type_of"].dropna().to_dict() == {0: "t", 1: "t"}
    figures = {
        row["metric"]: row["value"] for row in summarise(frame, Benchmarks(bootstrap=100), 1, "m")
        if row["group"] == "all"
    }  # fmt: skip
    assert figures["novel"] == pytest.approx(1 / 3)
    assert figures["novel type"] == figures["novel type of the truth"] == 0.0
    assert score(TRUE)["novel"] is None and score(TRUE)["novel_type_true"] is None
    (brief,) = score_written(texts, rows[:1], "m", copies=False)
    assert brief["novel"] is None and brief["type_of"] is None
    assert brief["novel_type_true"] is False
    alone = pd.DataFrame([score(TRUE)], columns=WRITTEN_SCORES.names)
    assert "novel" not in [
        row["metric"] for row in summarise(alone, Benchmarks(bootstrap=100), 1, "m")
    ]


def test_groups_have_their_own_figures_and_intervals() -> None:
    """Half of four pictures are right: those with a sibling, and none of a new type."""
    frame = pd.DataFrame([score(TRUE)] * 4, columns=WRITTEN_SCORES.names).assign(
        formula=list("abcd"), sibling=[True, True, False, False],
        hit_1=[True, True, False, False], novel=False, novel_type=False,
        novel_type_true=[False, False, False, True],
    )  # fmt: skip
    found = {
        row["group"]: row for row in summarise(frame, Benchmarks(bootstrap=1000), 1, "m")
        if row["metric"] == "Hit@1"
    }  # fmt: skip
    assert {name: (row["value"], row["n"]) for name, row in found.items()} == {
        "all": (0.5, 4), "binary": (0.5, 4), "with a sibling": (1.0, 2),
        "without a sibling": (0.0, 2), "of a new type": (0.0, 1),
    }  # fmt: skip
    # Of four draws with a half each, none and all are each one sixteenth: beyond 2.5 %.
    assert (found["all"]["low"], found["all"]["high"]) == (0.0, 1.0)
