"""Scores of answers: facts within a tenth, inventions, refusals, failures, and figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from micrographia.benchmarks.assistant.facts import count_error, fact_scores, states
from micrographia.benchmarks.assistant.scores import score_answers
from micrographia.benchmarks.assistant.summary import summarise
from micrographia.benchmarks.published import published_rows
from micrographia.cli import main
from micrographia.config import Benchmarks
from micrographia.errors import TableError
from micrographia.io.facts.slots import known
from micrographia.io.schemas import ASSISTANT_ANSWERS, ASSISTANT_SCORES, FACTS, INSTRUCTIONS
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import write_table

texts = pytest.importorskip("micrographia.benchmarks.assistant.texts")


def fact(name: str, value: Any, unit: str | None = None, image: str = "i") -> dict[str, Any]:
    row = blank(FACTS) | {"image_id": image, "name": name, "unit": unit, "source": "test"}
    return row | ({"words": value} if isinstance(value, str) else {"number": value})


TRUE = [fact("median_diameter", 300.0, "nm"), fact("particle_count", 50.0),
        fact("morphology", "spherical"), fact("material", "ZnO")]  # fmt: skip
TRUTH = known(TRUE)


def question(name: str, answer: str, slots: list[str], **more: Any) -> Any:
    row = blank(INSTRUCTIONS) | {
        "question_id": name, "image_id": "i", "task": "question", "theme": "size",
        "form": "long", "kind": "answerable", "answer": answer, "slots": slots, "shown": [],
        "split": "test", "question": "?",
    }  # fmt: skip
    return row | more


def answer(name: str, text: str | None, **more: Any) -> Any:
    row = blank(ASSISTANT_ANSWERS) | {"question_id": name, "image_id": "i", "method": "m",
                                      "text": text, "refused": False}  # fmt: skip
    return row | more


QUESTIONS = [
    question("size", "The median diameter is 300 nm.", ["median_diameter"]),
    question("count", "There are 50 particles.", ["particle_count"]),
    question("gold", "That cannot be told.", [], kind="unanswerable", theme="composition"),
]


@pytest.fixture(scope="module")
def scorer() -> Any:
    return texts.TextScorer()


def test_facts_are_right_within_a_tenth_in_any_wording() -> None:
    asked = ["median_diameter", "particle_count", "morphology", "material"]
    text = "Fifty-two round particles of 0.31 µm, made of zinc oxide."
    found = fact_scores(text, asked, TRUTH, TRUTH)
    assert (found["n_facts"], found["n_right"]) == (4, 4) and found["right"] == asked
    assert found["count_right"] and found["count_error"] == pytest.approx(0.04)
    assert (found["n_claims"], found["n_invented"]) == (4, 0)  # a compound is one name
    wrong = fact_scores("80 rods of 400 nm, made of gold", asked, TRUTH, TRUTH)
    assert wrong["n_right"] == 0 and wrong["n_invented"] == wrong["n_claims"] == 4
    assert wrong["count_error"] == pytest.approx(0.6) and wrong["n_sizes"] == 1
    assert fact_scores("", [], TRUTH, TRUTH)["count_right"] is None


def test_a_fact_is_stated_by_its_own_words_alone() -> None:
    assert states("They are rounded.", TRUTH["morphology"])
    assert not states("They are fibrous.", TRUTH["morphology"])
    assert states("It is ZnO.", TRUTH["material"])
    assert count_error("They are about 55 of 300 nm", 50.0) == pytest.approx(0.1)
    assert count_error("They are 300 nm", 50.0) == 1.0


def test_what_the_assistant_measured_is_wrong_but_not_invented(scorer: Any) -> None:
    said = [answer("size", "The median diameter is 400 nm.")]
    measured = [fact("median_diameter", 400.0, "nm")]
    rows = score_answers(QUESTIONS[:1], said, TRUE, measured, scorer)
    assert rows[0]["n_right"] == 0 and rows[0]["n_invented"] == 0
    rows = score_answers(QUESTIONS[:1], said, TRUE, [], scorer)
    assert rows[0]["n_invented"] == 1


def test_an_answer_equal_to_the_reference_has_full_marks(scorer: Any) -> None:
    said = [answer(row["question_id"], row["answer"]) for row in QUESTIONS]
    for row in score_answers(QUESTIONS, said, TRUE, [], scorer):
        scores = [row[name] for name in ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL")]
        assert scores == pytest.approx([1.0] * 5) and row["failure"] is None
        assert row["refused"] is (row["question_id"] == "gold")


def test_failures_and_missing_answers_count_in_full(scorer: Any) -> None:
    said = [answer("size", None, failure="out of memory"), answer("gold", "It is gold.")]
    rows = {row["question_id"]: row for row in score_answers(QUESTIONS, said, TRUE, [], scorer)}
    assert rows["size"]["failure"] == "out of memory" and rows["size"]["bleu4"] == 0
    assert rows["size"]["n_facts"] == 1 and rows["size"]["n_right"] == 0
    assert rows["count"]["failure"] == "there is no answer" and rows["count"]["count_error"] == 1
    assert not rows["gold"]["refused"] and rows["gold"]["n_invented"] == 1
    frame = pd.DataFrame(list(rows.values()), columns=ASSISTANT_SCORES.names)
    found = {(one["metric"], one["group"]): one for one in summarise(frame, Benchmarks(), 1)}
    assert found["facts right", "all"]["value"] == 0.0
    assert found["refused rightly", "all"]["value"] == 0.0
    assert found["answered rightly", "all"]["value"] == 1.0
    assert found["invented claims", "all"]["value"] == 1.0
    assert found["BLEU-4", "all"]["n_failed"] == 2
    assert ("BLEU-4", "theme: composition") in found and ("BLEU-4", "question") in found


def test_pictures_are_resampled_whole() -> None:
    rows = [
        dict.fromkeys(ASSISTANT_SCORES.names)
        | {"method": "m", "image_id": f"i{n // 5}", "task": "question", "form": "long",
           "theme": "size", "kind": "answerable", "bleu4": float(n // 5 % 2), "refused": False,
           "n_right": n // 5 % 2, "n_facts": 1, "asked": [["morphology"], ["material"]][n % 2],
           "right": [["morphology"], []][n % 2], "n_sizes": 0, "n_sizes_right": 0, "n_claims": 0,
           "n_invented": 0}
        for n in range(40)
    ]  # fmt: skip
    frame = pd.DataFrame(rows, columns=ASSISTANT_SCORES.names)
    found = {one["metric"]: one for one in summarise(frame, Benchmarks(), 1)
             if one["group"] == "all"}  # fmt: skip
    wide = found["facts right"]["high"] - found["facts right"]["low"]
    assert found["facts right"]["value"] == 0.5 and wide > 0.45  # of 8 pictures, not of 40 facts
    assert found["right: morphology"]["value"] == 1.0 and found["right: material"]["n"] == 20
    assert found["right: material"]["value"] == 0.0
    assert found["METEOR"]["value"] is None and found["counts within 10 %"]["n"] == 0


def test_nothing_to_score_or_a_question_answered_twice_is_told(scorer: Any) -> None:
    with pytest.raises(TableError, match="nothing to score"):
        score_answers(QUESTIONS, [], TRUE, [], scorer)
    with pytest.raises(TableError, match="answers a question twice"):
        score_answers(QUESTIONS, [answer("size", "a"), answer("size", "b")], TRUE, [], scorer)


def test_the_command_writes_figures_with_published_ones_beside(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("questions", "answers", "facts")
    tables = {name: tmp_path / f"{name}.parquet" for name in names}
    write_table([*QUESTIONS, question("x", "y", [], split="train")], tables["questions"],
                INSTRUCTIONS)  # fmt: skip
    said = [answer(row["question_id"], row["answer"]) for row in QUESTIONS]
    write_table(said, tables["answers"], ASSISTANT_ANSWERS)
    write_table(TRUE, tables["facts"], FACTS)
    out = tmp_path / "assistant.json"
    command = ["benchmarks", "score-assistant", str(tables["questions"]), "--answers",
               str(tables["answers"]), "--facts", str(tables["facts"]), "--out", str(out),
               "--wordnet", str(tmp_path)]  # fmt: skip
    assert main(command) == 0
    told = json.loads(out.read_text())
    assert told["n"] == 3 and told["n_failed"] == 0
    assert "METEOR is not computed" in capsys.readouterr().out and "not computed" in told["meteor"]
    rows = told["published"]["rows"]
    assert "not measured again here" in told["published"]["note"] and rows
    ours = {(one["group"], one["metric"]) for one in told["metrics"]}
    theirs = {(row["group"], row["metric"]) for row in rows if row["group"] == "question"}
    assert theirs and theirs <= ours


def test_published_figures_are_those_of_the_paper() -> None:
    found = {(row["system"], row["group"], row["metric"]): row["value"]
             for row in published_rows("assistant")}  # fmt: skip
    assert found["MAEMI", "question", "BLEU-4"] == 0.731
    assert found["MAEMI", "caption", "METEOR"] == 0.870
    assert found["MAEMI", "caption", "ROUGE-L"] == 0.845
