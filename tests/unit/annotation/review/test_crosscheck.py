"""From answers and verdicts to one word, or to a question for a person."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from loopback_chat import write_pictures

from micrographia.annotation.annotator import AnnotationError
from micrographia.annotation.embedded.judge import judge_by_reading
from micrographia.annotation.review.crosscheck import Evidence, conclude, decide, gather
from micrographia.annotation.review.form import read_decisions, render_form
from micrographia.annotation.schema import Attributes, Reading
from micrographia.cli import main
from micrographia.io.schemas import ATTRIBUTES, ATTRIBUTES_FINAL, CROSSCHECK, MICROGRAPHS
from micrographia.io.tables import read_rows, write_table

ORDER = ["a", "b", "c"]


def evidence(
    answers: dict[str, str], verdicts: dict[tuple[str, str], str] | None = None
) -> Evidence:
    """What was said of one attribute."""
    readings = {
        name: Reading(value=word, text=f"{name}: {word}") for name, word in answers.items()
    }
    given = {pair: (word, "because") for pair, word in (verdicts or {}).items()}
    return Evidence(readings, given)


@pytest.mark.parametrize(
    ("answers", "verdicts", "value", "source"),
    [
        ({}, {}, "unknown", "none"),
        ({"a": "tiled"}, {}, "tiled", "single"),
        ({"a": "tiled"}, {("b", "a"): "abstain"}, "tiled", "single"),
        ({"a": "tiled"}, {("b", "a"): "yes"}, "tiled", "agreed"),
        ({"a": "tiled"}, {("b", "a"): "no"}, "tiled", "disputed"),
        ({"a": "tiled", "b": "tiled"}, {}, "tiled", "agreed"),
        ({"a": "tiled", "b": "tiled"}, {("b", "a"): "no"}, "tiled", "disputed"),
        ({"b": "multilayer", "a": "tiled"}, {}, "tiled", "disputed"),
        # Who differ, but accept one another, agree; one of them alone is not enough.
        (
            {"a": "tiled", "b": "multilayer"},
            {("a", "b"): "yes", ("b", "a"): "yes"},
            "tiled",
            "agreed",
        ),
        ({"a": "tiled", "b": "multilayer"}, {("a", "b"): "yes"}, "multilayer", "disputed"),
        # Support outweighs rank.
        ({"a": "tiled", "b": "multilayer", "c": "multilayer"}, {}, "multilayer", "disputed"),
        ({"a": "tiled", "b": "multilayer"}, {("c", "a"): "no"}, "multilayer", "disputed"),
    ],
)
def test_decisions(
    answers: dict[str, str], verdicts: dict[tuple[str, str], str], value: str, source: str
) -> None:
    found = decide(evidence(answers, verdicts), ORDER)
    assert (found.value, found.source) == (value, source)
    if answers:
        assert found.text.endswith(value)


def test_judging_by_ones_own_reading() -> None:
    def one(own: Reading, word: str) -> str:
        mine = Attributes.from_values(particle_density=own)
        theirs = Attributes.from_values(particle_density=word)
        return judge_by_reading(mine, theirs)["particle_density"].verdict

    sure, unsure = (Reading(value="sparse", confidence=value) for value in (0.7, 0.3))
    assert one(sure, "sparse") == "yes"
    assert one(sure, "high") == "no"
    assert one(unsure, "high") == "abstain"
    assert one(sure, "medium") == "abstain"  # a neighbour: their border is a matter of degree
    assert one(Reading(value="sparse", confidence=0.9), "medium") == "no"
    assert one(sure, "unknown") == one(Reading(value="unknown"), "sparse") == "abstain"


def pictures() -> list[dict[str, Any]]:
    return [{"image_id": name, "path": f"folder/{name}.png"} for name in ("p", "q")]


def answers() -> list[dict[str, Any]]:
    words = {"a": ("tiled", "sparse"), "b": ("multilayer", "sparse")}
    return [
        {"image_id": "p", "annotator": name, "failure": None}
        | {"model": name, "prompt_sha": None}
        | Attributes.from_values(
            layering=Reading(value=layering, text="=SUM(1)"), particle_density=density
        ).to_row()
        for name, (layering, density) in words.items()
    ]


def test_what_is_disputed_waits_and_what_was_decided_wins() -> None:
    found = gather(answers(), [])
    final, queue = conclude(pictures(), found, ORDER, {})
    assert [(row["image_id"], row["attribute"]) for row in queue] == [("p", "layering")]
    assert (queue[0]["values"], queue[0]["proposal"]) == (["tiled", "multilayer"], "tiled")
    assert (final[0]["layering"], final[0]["layering_source"]) == ("tiled", "disputed")
    assert (final[0]["particle_density_source"], final[0]["n_disputed"]) == ("agreed", 1)
    assert final[1]["layering_source"] == "none"

    reviewed = {("p", "layering"): ("multilayer", "two sheets"), ("q", "subject"): ("metal", "")}
    final, queue = conclude(pictures(), found, ORDER, reviewed)
    assert queue == []
    assert (final[0]["layering"], final[0]["layering_source"]) == ("multilayer", "reviewed")
    assert (final[1]["subject"], final[1]["subject_text"]) == ("metal", "")


def filled(tmp_path: Path, **cells: str) -> Path:
    """The form of the queue with cells of its only row changed."""
    _, queue = conclude(pictures(), gather(answers(), []), ORDER, {})
    (row,) = csv.DictReader(io.StringIO(render_form(queue)))
    row |= cells
    path = tmp_path / "decided.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.DictWriter(stream, list(row), delimiter=";")
        writer.writeheader()
        writer.writerow(row)
    return path


def test_the_form_comes_back_from_a_spreadsheet(tmp_path: Path) -> None:
    decided = {("p", "layering"): ("multilayer", "stacked; two sheets")}
    path = filled(tmp_path, value="multilayer", text="stacked; two sheets")
    assert read_decisions(path, pictures()) == decided
    assert read_decisions(filled(tmp_path, value=""), pictures()) == {}
    # A spreadsheet that made a number of the identifier left the path alone.
    path = filled(tmp_path, value="multilayer", text="stacked; two sheets", image_id="1.2E+15")
    assert read_decisions(path, pictures()) == decided


def test_no_cell_of_the_form_is_a_formula() -> None:
    _, queue = conclude(pictures(), gather(answers(), []), ORDER, {})
    queue[0]["path"] = "=HYPERLINK(1)"
    (row,) = csv.DictReader(io.StringIO(render_form(queue)))
    assert row["path"] == "'=HYPERLINK(1)"
    assert not any(cell.startswith(("=", "+", "-", "@")) for cell in row.values())


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"value": "both"}, "saw layering 'both'; allowed: tiled, multilayer"),
        ({"value": "tiled", "attribute": "layers"}, "saw attribute 'layers'"),
    ],
)
def test_faults_of_a_file_of_decisions_are_named(
    tmp_path: Path, cells: dict[str, str], words: str
) -> None:
    with pytest.raises(AnnotationError, match="line 2") as caught:
        read_decisions(filled(tmp_path, **cells), pictures())
    assert words in str(caught.value)


def test_contradictions_and_missing_columns_are_faults(tmp_path: Path) -> None:
    path = tmp_path / "decided.csv"
    path.write_text("image_id,attribute,value\np,layering,tiled\np,layering,multilayer\n")
    with pytest.raises(AnnotationError, match="is 'tiled' above, and 'multilayer' here"):
        read_decisions(path, pictures())
    path.write_text("image,attribute\np,layering\n")
    with pytest.raises(AnnotationError, match="lacks the columns image_id, value"):
        read_decisions(path, pictures())
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(AnnotationError, match="UTF-8"):
        read_decisions(path, pictures())


def test_the_command_writes_all_tables_and_a_decision_wins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = write_pictures(tmp_path / "pictures", 2)
    write_table(rows, tmp_path / "micrographs.parquet", MICROGRAPHS)
    given = [{**row, "image_id": rows[0]["image_id"]} for row in answers()]
    write_table(given, tmp_path / "answers.parquet", ATTRIBUTES)
    verdict = dict.fromkeys(CROSSCHECK.names) | {"image_id": rows[0]["image_id"]}
    verdict |= {"annotator": "a", "judge": "b", "attribute": "particle_density"}
    verdict |= {"verdict": "no", "comment": "more than that"}
    write_table([verdict], tmp_path / "verdicts.parquet", CROSSCHECK)
    words = ["annotation", "review", "--micrographs", str(tmp_path / "micrographs.parquet")]
    words += ["--answers", str(tmp_path / "answers.parquet")]
    words += ["--verdicts", str(tmp_path / "verdicts.parquet"), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    assert "2 attributes of 1 pictures need the decision of a person" in capsys.readouterr().out

    form = list(csv.DictReader((tmp_path / "out" / "review_queue.csv").open()))
    assert [row["attribute"] for row in form] == ["particle_density", "layering"]
    assert form[0]["objections"] == "b on a: more than that"
    decided = tmp_path / "decided.csv"
    decided.write_text(f"image_id,attribute,value\n{form[1]['image_id']},layering,tiled\n")
    assert main([*words, "--settings", f'{{"resolved": "{decided}"}}']) == 0
    (first, second) = read_rows(tmp_path / "out" / "attributes_final.parquet", ATTRIBUTES_FINAL)
    assert (first["layering"], first["layering_source"]) == ("tiled", "reviewed")
    assert (first["n_disputed"], second["n_disputed"]) == (1, 0)
    assert main(["annotation", "agree", "--answers", str(tmp_path / "out" / "attributes.parquet"),
                 "--out", str(tmp_path / "agreement.json")]) == 0  # fmt: skip
