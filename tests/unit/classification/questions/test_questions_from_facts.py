"""Questions from facts: every answer follows from what is known, and says so."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from micrographia.classification.questions.grammar import read_grammar
from micrographia.classification.questions.make import questions_from_facts
from micrographia.classification.questions.slots import slots_of
from micrographia.cli import main
from micrographia.errors import ConfigError
from micrographia.io.questions.subjects import Subject, subjects_of
from micrographia.io.questions.themes import THEMES
from micrographia.io.questions.wording import expand
from micrographia.io.schemas import KIND_PICTURES, QUESTIONS
from micrographia.io.tables import read_rows, write_table

GRAMMAR, VERSION = read_grammar()
#: Words that an answer may hold although the fact is written otherwise.
WORDS = {
    "object": "wires", "shape": "thin and straight", "arrangement": "lying on a wafer",
    "surface": "smooth", "contact": "wires lie apart or cross",
}  # fmt: skip


def picture(folder: Path, seed: int = 0) -> str:
    path = folder / f"{seed}.png"
    pixels = np.random.default_rng(seed).integers(0, 255, (32, 32), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path.name


def drawn(folder: Path, facts: list[dict[str, Any]]) -> Path:
    """Write a set as `synthesis kinds` does, with the facts given."""
    rows = [
        dict.fromkeys(KIND_PICTURES.names)
        | {"file": picture(folder, number), "label": "nanowires", "sub_kind": "lying"}
        | {"modality": "SEM", "seed": 5, "facts": json.dumps(WORDS | each)}
        for number, each in enumerate(facts)
    ]
    write_table(rows, folder / "kinds.parquet", KIND_PICTURES, {"seed": 5})
    return folder


def ask(source: Path, per_theme: int = 99, seed: int = 0) -> list[dict[str, Any]]:
    return list(questions_from_facts(subjects_of(source), GRAMMAR, VERSION, per_theme, seed))


def test_a_size_in_nanometres_is_the_share_times_the_field_of_view(tmp_path: Path) -> None:
    known = {"diameter": 0.05, "field_of_view_nm": 3000.0, "burnt_in": "15.0kV | 500 nm | a"}
    rows = {row["topic"]: row for row in ask(drawn(tmp_path, [known]))}
    assert "150 nm" in rows["diameter"]["answer"] and rows["diameter"]["short"] == "150 nm"
    assert "5 %" in rows["diameter_share"]["answer"]
    assert json.loads(rows["diameter"]["evidence"]) == [
        {"fact": "diameter", "value": 0.05},
        {"fact": "field_of_view_nm", "value": 3000.0},
        {"fact": "bar", "value": "500 nm"},
        {"fact": "object", "value": "wires"},
    ]
    assert rows["scale_bar"]["short"] == "500 nm" and "no_size" not in rows
    # 500 of 3000 nm, and the field of view.
    assert "17 % of the width" in rows["diameter"]["reasoning"]
    assert "3 µm" in rows["diameter"]["reasoning"]


def test_without_a_scale_bar_the_size_cannot_be_answered(tmp_path: Path) -> None:
    rows = {row["topic"]: row for row in ask(drawn(tmp_path, [{"diameter": 0.05}]))}
    assert "diameter" not in rows and "scale_bar" not in rows
    for topic in ("no_size", "no_scale"):
        assert rows[topic]["answerable"] is False and rows[topic]["short"] == "unanswerable"
    assert {"fact": "bar", "value": None} in json.loads(rows["no_size"]["evidence"])
    assert not re.search(r"\d (nm|µm)", " ".join(row["answer"] for row in rows.values()))


@pytest.mark.parametrize(("charging", "begins"), [(True, "yes"), (False, "no")])
def test_yes_and_no_follow_from_the_fact(tmp_path: Path, charging: bool, begins: str) -> None:
    rows = {row["topic"]: row for row in ask(drawn(tmp_path, [{"charging": charging}]))}
    assert rows["charging"]["short"] == begins
    assert json.loads(rows["charging"]["evidence"]) == [{"fact": "charging", "value": charging}]


def test_what_is_not_known_is_not_asked(tmp_path: Path) -> None:
    topics = {row["topic"] for row in ask(drawn(tmp_path, [{}]))}
    unknown = {"charging", "number", "habit", "lattice", "pores", "material", "also_shown"}
    assert not topics & unknown
    assert {"class", "shape", "modality"} <= topics


def test_a_false_premise_never_names_what_the_picture_shows(tmp_path: Path) -> None:
    folder = drawn(tmp_path, [{}] * 40 + [{"also_shown": "powder"}, {"foreign": "spheres"}])
    rows = [row for row in ask(folder) if row["topic"].startswith("false_premise")]
    named = {json.loads(row["evidence"])[0]["value"] for row in rows}
    assert len(named) >= 7 and "nanowires" not in named
    # Where a second kind of matter is in the picture, nothing is surely absent.
    assert len({row["path"] for row in rows}) == 40


def test_a_set_covers_the_themes_and_repeats_whatever_else_is_asked(tmp_path: Path) -> None:
    folder = drawn(tmp_path, [{"dust": False}] * 6)
    rows = ask(folder, per_theme=1)
    assert [row["theme"] for row in rows] == list(THEMES) * 6
    assert ask(folder, per_theme=1) == rows
    subjects = list(subjects_of(folder))[3:4]
    alone = list(questions_from_facts(subjects, GRAMMAR, VERSION, 1, 0))
    assert alone == rows[30:40]
    other = ask(folder, per_theme=1, seed=1)
    assert [row["question"] for row in other] != [row["question"] for row in rows]
    assert len({row["question_id"] for row in rows}) == len(rows)


def test_wordings_are_many_and_of_real_pictures_only_the_table_speaks(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    lines = ["image,doi,material,technique,class,second,sure,modality,clean,countable,caption"]
    for number in range(30):
        name = picture(tmp_path / "images", number)
        sure = number % 2
        second = "" if sure else "powder"
        lines.append(
            f"{name},10.1/{number % 3},gold {number},SEM,particles,{second},{sure},SEM,1,10-99,"
            f"Figure {number}. Gold."
        )
    (tmp_path / "labels.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    rows = ask(tmp_path)
    by_path: dict[str, dict[str, Any]] = {}
    for row in rows:
        by_path.setdefault(Path(row["path"]).stem, {})[row["topic"]] = row
    assert "class_stated" in by_path["1"] and "class_doubtful" not in by_path["1"]
    assert by_path["0"]["class_doubtful"]["short"] == "particles or powder"
    assert "class_stated" not in by_path["0"] and "false_premise_class" not in by_path["0"]
    material = by_path["7"]["material"]
    assert material["short"] == "gold 7" and "gold 7" in material["context"]
    assert material["group"] == "10.1/1"
    # Without the text the material cannot be known, and is not given away.
    assert by_path["7"]["unknown_elements"]["context"] is None
    assert by_path["7"]["number"]["short"] == "10-99"
    for theme in ("basics", "composition", "technique"):
        wordings = {row["question"] for row in rows if row["theme"] == theme}
        assert len(wordings) > 30
    drawn_only = {"shape", "arrangement", "texture", "contact", "dust", "no_scale"}
    assert not drawn_only & {row["topic"] for row in rows}


def facts_behind(place: str) -> set[str]:
    """Return the facts that a place of a text is written from."""
    if place == "bar_share":
        return {"bar", "field_of_view_nm"}
    if place.endswith("_nm") and place != "field_of_view_nm":
        return {place.removesuffix("_nm"), "field_of_view_nm"}
    behind = {"noun": "object", "number": "countable", "spread": "size_spread"}
    behind |= {"field": "field_of_view_nm", "modality_name": "modality"}
    return {behind.get(place, place.removesuffix("_share"))}


def test_every_text_of_the_grammar_can_be_filled() -> None:
    facts: dict[str, Any] = WORDS | {
        "class": "tips", "second": "powder", "other": "fibres", "also_shown": "particles",
        "modality": "SEM", "countable": "1-9", "size_spread": 0.1, "field_of_view_nm": 100.0,
        "diameter": 0.1, "pitch": 0.1, "pore_spacing": 0.1, "material": "m", "technique": "t",
        "bar": "5 nm", "burnt_in": "5 nm", "habit": "cube", "motif": "ring", "skin": "scales",
        "lattice": "square", "foreign": "grains",
    }  # fmt: skip
    slots = slots_of(facts, GRAMMAR)
    rng = np.random.default_rng(0)
    for topic in GRAMMAR.topics:
        allowed = {*topic.needs, *topic.when}
        for case in topic.cases.values():
            for text in (*topic.questions, *case.answers, *case.reasoning, case.short):
                filled = expand(text, GRAMMAR.phrases, slots, rng)
                assert filled and "{" not in filled
                # An answer says nothing but the facts that it names as evidence.
                places = set(re.findall(r"{(\w+)}", text)) & set(slots)
                used = {fact for place in places for fact in facts_behind(place)}
                assert used <= allowed, (topic.topic, text)
        assert topic.answerable or topic.lacks or "other" in topic.needs


def test_an_unreadable_picture_is_a_row_with_its_reason(tmp_path: Path) -> None:
    folder = drawn(tmp_path, [{}, {}])
    (folder / "1.png").write_bytes(b"no picture")
    rows = ask(folder)
    bad = [row for row in rows if row["failure"] is not None]
    assert len(bad) == 1 and bad[0]["path"].endswith("1.png") and bad[0]["question"] is None


def test_the_command_writes_the_table_and_prints_the_variety(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = drawn(tmp_path, [{"dust": True}, {"dust": False}, {"ordered": True}])
    out = tmp_path / "questions.parquet"
    assert main(["classification", "questions", str(folder), "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = read_rows(out, QUESTIONS)
    assert told["questions"] == len(rows) == 30 and told["without_evidence"] == 0
    composition = told["themes"]["composition"]
    assert composition["unanswerable"] == composition["n"] == 3
    own = [row for row in rows if row["theme"] == "composition"]
    assert composition["wordings"] == len({row["wording"] for row in own}) <= 5
    assert composition["questions"] == len({row["question"] for row in own})
    assert {row["maker"] for row in rows} == {"facts"} and {row["version"] for row in rows} == {
        VERSION
    }


def test_faults_are_told_with_their_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"facts-9\.yaml cannot be read"):
        read_grammar(version=9)
    (tmp_path / "facts-1.yaml").write_text("topics: []\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="no grammar of questions"):
        read_grammar(tmp_path)
    with pytest.raises(ConfigError, match=r"no place {colour}"):
        expand("a {colour} wire", {}, {}, np.random.default_rng(0))
    subject = Subject("absent.png", None, None)
    (row,) = questions_from_facts([subject], GRAMMAR, VERSION, 1, 0)
    assert "absent.png" in row["failure"]
