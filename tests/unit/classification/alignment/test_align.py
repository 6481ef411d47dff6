"""Generated pictures are kept where they show what was asked for, and dropped with a reason."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.classification.alignment.align import align
from micrographia.classification.embedding import embed
from micrographia.classification.encoders.encoder import Encoder
from micrographia.cli import main
from micrographia.config import Classification
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.labelled import read_labelled
from micrographia.io.schemas import ALIGNED, EMBEDDINGS
from micrographia.io.tables import read_rows, write_table
from micrographia.method_names import Judge

SETTINGS = Classification(folds=3, coverage=1.0)
Make = Callable[..., Path]


@pytest.fixture
def sets(make_set: Make, encoder: Encoder) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Generated pictures, of which every fourth was asked to be of another kind; and real ones."""
    real = list(embed(read_labelled(make_set(9, name="real")).rows, encoder))
    made = list(embed(read_labelled(make_set(14, name="made")).rows, encoder))
    # The first nine of each kind are copies of real ones: only the others are generated.
    made = [row for row in made if int(Path(row["path"]).stem) >= 9]
    for row in made[::4]:
        row["label"] = {"stripes": "dots", "dots": "cloud", "cloud": "stripes"}[row["label"]]
    return made, real


@pytest.mark.parametrize("judge", ["reference", "both"])
def test_wrong_pictures_are_dropped_and_right_ones_kept(
    sets: tuple[list[dict[str, Any]], list[dict[str, Any]]], judge: Judge
) -> None:
    made, real = sets
    rows = align(made, [real], SETTINGS, 0, judge)
    assert [row["path"] for row in rows] == [row["path"] for row in made]
    wrong = np.arange(len(made)) % 4 == 0
    kept = np.array([row["kept"] for row in rows])
    assert not kept[wrong].any() and kept[~wrong].mean() >= 0.7
    first = rows[0]
    assert first["asked"] != first["judged"] and first["place"] > 1
    assert first["reason"].startswith(f"looks like {first['judged']}")
    assert all((row["reason"] is None) == row["kept"] for row in rows)
    # With all classes allowed, only the score of belonging to any class can drop a picture.
    lax = align(made, [real], SETTINGS, 0, judge, among=3)
    assert sum(row["kept"] for row in lax) > sum(kept)


def test_a_judge_does_not_learn_from_what_it_judges(
    sets: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    """One picture asked to be of another kind, in a set of its own: no fit can hide it."""
    made, real = sets
    alone = [row for row in made if row["label"] == Path(row["path"]).parent.name]
    odd = dict(alone[0]) | {"label": "cloud" if alone[0]["label"] != "cloud" else "dots"}
    rows = align([odd, *alone[1:]], [real], SETTINGS, 1, "both")
    assert not rows[0]["kept"] and rows[0]["judged"] == alone[0]["label"]


def test_of_a_class_without_reference_only_both_can_judge(
    sets: tuple[list[dict[str, Any]], list[dict[str, Any]]],
) -> None:
    made, real = sets
    made = [row for row in made if row["label"] == Path(row["path"]).parent.name]
    real = [row for row in real if row["label"] != "dots"]
    rows = align(made, [real], SETTINGS, 0)
    dots = [row for row in rows if row["asked"] == "dots"]
    assert all(row["reason"] == "the judge knows no picture of dots" for row in dots)
    assert all(row["probability"] is None and not row["kept"] for row in dots)
    both = align(made, [real], SETTINGS, 0, "both")
    assert any(row["kept"] for row in both if row["asked"] == "dots")


def test_the_command_writes_verdicts_and_what_is_kept(
    sets: tuple[list[dict[str, Any]], list[dict[str, Any]]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    made, real = sets
    made[1] |= {"failure": "torn", "vector": None}
    for name, rows in (("made", made), ("real", real)):
        write_table(rows, tmp_path / f"{name}.parquet", EMBEDDINGS, {"seed": 0})
    command = ["classification", "align", str(tmp_path / "made.parquet"), "--reference"]
    command += [str(tmp_path / "real.parquet"), "--kept", str(tmp_path / "kept.parquet")]
    command += ["--out", str(tmp_path / "out.parquet"), "--settings", SETTINGS.model_dump_json()]
    assert main(command) == 0
    rows = read_rows(tmp_path / "out.parquet", ALIGNED)
    assert rows[1]["failure"] == rows[1]["reason"] == "torn" and rows[1]["kept"] is False
    kept = read_rows(tmp_path / "kept.parquet", EMBEDDINGS)
    told = json.loads(capsys.readouterr().out)
    assert told["kept"] == len(kept) == sum(row["kept"] for row in rows)
    assert {row["path"] for row in kept} == {row["path"] for row in rows if row["kept"]}


def test_verdicts_and_kept_pictures_are_two_tables(
    sets: tuple[list[dict[str, Any]], list[dict[str, Any]]], tmp_path: Path
) -> None:
    for name, rows in zip(("made", "real"), sets, strict=True):
        write_table(rows, tmp_path / f"{name}.parquet", EMBEDDINGS, {"seed": 0})
    command = ["classification", "align", str(tmp_path / "made.parquet"), "--reference"]
    command += [str(tmp_path / "real.parquet")]
    command += ["--kept", str(tmp_path / "one.parquet"), "--out", str(tmp_path / "one.parquet")]
    assert main([*command, "--settings", SETTINGS.model_dump_json()]) == 2
    assert not (tmp_path / "one.parquet").exists()


def test_faults_are_told(sets: tuple[list[dict[str, Any]], list[dict[str, Any]]]) -> None:
    made, real = sets
    with pytest.raises(MicrographiaError, match="no reference"):
        align(made, [], SETTINGS, 0)
    dots = [row for row in real if row["label"] == "dots"]
    with pytest.raises(MicrographiaError, match="at least two classes; saw 'dots'"):
        align(made, [dots], SETTINGS, 0)
    for row in made:
        row["encoder"] = "another@0"
    with pytest.raises(MicrographiaError, match="several encoders"):
        align(made, [real], SETTINGS, 0)
    assert align([], [real], SETTINGS, 0) == []
