"""A baseline learns, repeats itself, and answers in the table that scores read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.classification.baselines.budget import Budget
from micrographia.classification.baselines.parts import Parts
from micrographia.classification.baselines.run import train_baseline
from micrographia.cli import main
from micrographia.config import Classification
from micrographia.io.datasets.labelled import read_labelled
from micrographia.io.schemas import BASELINE_SCORES, CLASSIFIED, SPLITS
from micrographia.io.tables import read_rows, write_table

PLAIN = Classification.model_validate({"baselines": {"precision": "fp32"}})


@pytest.mark.parametrize("name", ["squeezenet", "moco", "supergat", "graph-unet", "grace"])
def test_the_same_seed_and_steps_give_the_same_rows(name: str, parts: Parts) -> None:
    first, second, other = (
        train_baseline(name, parts, Budget(steps=3), PLAIN, seed) for seed in (1, 1, 2)
    )
    assert first.rows == second.rows != other.rows


@pytest.mark.parametrize(("name", "steps"), [("graphconv", 60), ("infograph", 20)])
def test_stripes_dots_and_clouds_are_told_apart(name: str, steps: int, parts: Parts) -> None:
    found = train_baseline(name, parts, Budget(steps=steps), PLAIN, seed=0)
    right = np.mean([row["predicted"] == row["label"] for row in found.rows])
    assert right >= 0.75  # by chance a third


def test_the_test_part_is_not_learned_from(parts: Parts) -> None:
    """Other test pictures, the same answers on those that stay."""
    less = replace(
        parts.test,
        rows=parts.test.rows[:5],
        values=parts.test.values[:5],
        labels=parts.test.labels[:5],
    )
    whole = train_baseline("gcn", parts, Budget(steps=3), PLAIN, 0)
    part = train_baseline("gcn", replace(parts, test=less), Budget(steps=3), PLAIN, 0)
    for one, other in zip(whole.rows, part.rows, strict=False):
        assert one["path"] == other["path"]
        assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)


@pytest.fixture
def split(make_set: Callable[..., Path], tmp_path: Path) -> tuple[Path, Path]:
    """A folder of pictures and the table of its split; one test picture is damaged."""
    folder = make_set(12)
    (folder / "dots" / "11.png").write_bytes(b"no picture")
    rows: list[dict[str, Any]] = []
    for row in read_labelled(folder).rows:
        number = int(Path(row["path"]).stem)
        part = "train" if number < 6 else "validation" if number < 8 else "test"
        known = {"path": row["path"], "label": row["label"], "part": part}
        rows.append(dict.fromkeys(SPLITS.names) | known)
    write_table(rows, tmp_path / "split.parquet", SPLITS)
    return folder, tmp_path / "split.parquet"


def test_the_commands_train_score_and_compare(
    split: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, table = split
    answers, scores, out = (tmp_path / name for name in ("a.parquet", "s.json", "c.json"))
    command = ["classification", "baseline", "gcn", "cheb", str(folder), "--split", str(table)]
    assert main([*command, "--steps", "30", "--out", str(answers)]) == 0
    rows = read_rows(answers, CLASSIFIED)
    assert [row["method"] for row in rows] == ["gcn"] * 12 + ["cheb"] * 12
    assert sum(row["failure"] is not None for row in rows) == 2
    before = answers.read_bytes()
    assert main([*command, "--steps", "30", "--out", str(answers)]) == 0
    assert answers.read_bytes() == before
    score = ["benchmarks", "score-classification", str(answers), "--out", str(scores)]
    assert main(score) == 0
    cards = str(answers.with_suffix(".json"))
    compare = ["benchmarks", "compare-classifiers", str(scores), "--cards", cards]
    capsys.readouterr()
    assert main([*compare, "--out", str(out)]) == 0
    assert "Graph networks, gcn: top-1 0." in capsys.readouterr().out
    compared = read_rows(out.with_suffix(".parquet"), BASELINE_SCORES)
    assert [row["name"] for row in compared] == ["gcn", "cheb"]
    for row in compared:
        own = [each for each in rows if each["method"] == row["name"]]
        right = np.mean([each["predicted"] == each["label"] for each in own])
        assert row["top1"] == pytest.approx(right) and row["n"] == 12 and row["n_failed"] == 1
        assert row["steps"] == 30
    assert out.with_suffix(".png").stat().st_size > 1000


def test_options_outweigh_settings_and_mistakes_are_told(
    split: tuple[Path, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, table = split
    rest = [str(folder), "--split", str(table), "--out", str(tmp_path / "a.parquet")]
    epochs = ["--settings", '{"baselines": {"epochs": 2}}']
    assert main(["classification", "baseline", "gcn", *rest, *epochs]) == 0
    # 18 pictures are less than a batch of 32: a pass is one step.
    assert '"steps": 2' in capsys.readouterr().out
    assert main(["classification", "baseline", "gnc", *rest, "--steps", "1"]) == 2
    assert "saw 'gnc'; allowed: alexnet" in capsys.readouterr().err
    assert main(["classification", "baseline", "gcn", *rest, "--minutes", "-1"]) == 2
    assert "one of the two, above 0" in capsys.readouterr().err


def test_the_list_names_all(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classification", "baselines"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 48 and lines[0].split()[:2] == ["alexnet", "ConvNets"]
