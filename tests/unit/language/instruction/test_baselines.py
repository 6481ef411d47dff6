"""Answers without the picture, and those of the picture most like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from micrographia.cli import main
from micrographia.errors import TableError
from micrographia.io.schemas import ASSISTANT_ANSWERS, EMBEDDINGS, INSTRUCTIONS
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import read_rows, write_table
from micrographia.language.instruction.baselines import majority_answers, nearest_answers


def question(image: str, answer: str, split: str = "train", **more: Any) -> Any:
    row = blank(INSTRUCTIONS) | {
        "question_id": f"{image}/{answer}/{split}", "image_id": image, "theme": "size",
        "task": "question", "form": "short", "question": "How large are the particles?",
        "wording": "median/0", "answer": answer, "split": split, "kind": "answerable",
        "shown": [], "slots": [],
    }  # fmt: skip
    return row | more


QUESTIONS = [
    question("a", "20 nm"), question("b", "20 nm"), question("c", "300 nm"),
    question("c", "cannot be told", question="What is its use?"),
    question("t", "310 nm", "test"),
    question("t", "40 nm", "test", question="How wide is it?"),
]  # fmt: skip


def vector(image: str, *values: float) -> Any:
    known = {"image_id": image, "path": f"{image}.png", "label": "powder"}
    return blank(EMBEDDINGS) | known | {"vector": list(values)}


VECTORS = [vector("a", 1, 0), vector("b", 0.9, 0.1), vector("c", 0, 1), vector("t", 0.1, 1)]


def test_the_majority_knows_the_question_alone() -> None:
    found = list(majority_answers(QUESTIONS))
    assert [row["text"] for row in found] == ["20 nm", "20 nm"]  # the second by its theme
    assert not any(row["refused"] for row in found) and found[0]["method"] == "majority"
    named = question("t", "x", "test", question="How large are the particles in this image?")
    train = question("a", "5", question="How large are the particles in the electron micrograph?")
    (found_one,) = majority_answers([*QUESTIONS[:4], train, named])
    assert found_one["text"] == "5"  # whatever the picture is called


def test_the_nearest_answers_as_its_neighbour_was_answered() -> None:
    found = list(nearest_answers(QUESTIONS, VECTORS))
    assert [row["text"] for row in found] == ["300 nm", "20 nm"]
    without = list(nearest_answers(QUESTIONS, VECTORS[:3]))
    assert [row["text"] for row in without] == ["20 nm", "20 nm"]


def test_nothing_to_learn_from_is_told() -> None:
    with pytest.raises(TableError, match="no questions of the part 'train'"):
        list(majority_answers(QUESTIONS[4:]))
    with pytest.raises(TableError, match="No picture has a vector"):
        list(nearest_answers(QUESTIONS, []))


def test_the_command_writes_answers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, vectors, out = (tmp_path / name for name in ("q.parquet", "v.parquet", "a.parquet"))
    write_table(QUESTIONS, table, INSTRUCTIONS)
    write_table(VECTORS, vectors, EMBEDDINGS)
    command = ["language", "baseline-answers", str(table), "--out", str(out)]
    assert main(command) == 0
    assert [row["text"] for row in read_rows(out, ASSISTANT_ANSWERS)] == ["20 nm", "20 nm"]
    assert main([*command, "--method", "nearest"]) == 2
    assert "needs vectors" in capsys.readouterr().err
    assert main([*command, "--method", "nearest", "--embeddings", str(vectors)]) == 0
    assert read_rows(out, ASSISTANT_ANSWERS)[0]["text"] == "300 nm"
