"""Questions from facts: every answer rests on facts, and says no number of its own."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
import yaml

from micrographia.cli import main
from micrographia.config import Instruction
from micrographia.errors import ConfigError
from micrographia.io.facts.claims import claims_in, refuses
from micrographia.io.facts.phrases import PHRASES
from micrographia.io.facts.slots import fill, known, places
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.questions.themes import THEMES
from micrographia.io.schemas import FACTS, INSTRUCTIONS
from micrographia.io.tables import read_rows
from micrographia.io.vocabulary import UNKNOWN, VOCABULARY
from micrographia.language.instruction.grammar import TEMPLATES, Known, read_grammar
from micrographia.language.instruction.make import instructions_from_facts
from micrographia.language.instruction.pictures import Subject, subjects_of
from micrographia.language.instruction.variety import variety, written_numbers

GRAMMAR, VERSION = read_grammar()


def fact(name: str, value: Any, unit: str | None = None) -> dict[str, Any]:
    row = dict.fromkeys(FACTS.names) | {"name": name, "source": "test", "image_id": "i"}
    numeric = not isinstance(value, str)
    return row | {"number": value if numeric else None, "words": None if numeric else value,
                  "unit": unit, "path": "i.png"}  # fmt: skip


def subject(image: str = "i", without: tuple[str, ...] = (), **words: str) -> Subject:
    """A picture of which all is known, but for what is left out."""
    numbers = {"particle_count": 52.0, "area_fraction": 0.25, "diameter_spread": 0.2,
               "aspect_ratio": 1.3, "fullest_quarter": 0.3}  # fmt: skip
    lengths = {name: 300.0 + place for place, name in enumerate(
        ("pixel_size", "field_width", "scale_bar", "median_diameter", "mean_diameter",
         "smallest_diameter", "largest_diameter", "neighbour_distance"))}  # fmt: skip
    categories = {name: next(iter(values)) for name, values in VOCABULARY.items()}
    rows = [fact(name, value) for name, value in numbers.items()]
    rows += [fact(name, value, "nm") for name, value in lengths.items()]
    rows += [fact("number_density", 12.0, "1/µm²"), fact("material", "ZnO")]
    rows += [fact(n, v) for n, v in ({"class_name": "powder"} | categories | words).items()]
    facts = {row["name"]: row for row in rows if row["name"] not in without}
    failures = dict.fromkeys(without, "it was left out")
    return Subject(image, f"{image}.png", "group", "train", Known(facts, failures))


def made(*subjects: Subject, **settings: Any) -> list[Any]:
    chosen = Instruction(**({"per_theme": 50, "unanswerable": 1.0} | settings))
    return list(instructions_from_facts(subjects, GRAMMAR, VERSION, chosen, 1))


@pytest.mark.parametrize("without", [(), ("pixel_size", "field_width", "number_density"),
                                     ("surface_texture", "class_name")])  # fmt: skip
def test_every_answer_rests_on_facts(without: tuple[str, ...]) -> None:
    one = subject(without=without)
    rows = made(one)
    assert {row["theme"] for row in rows} == set(THEMES)
    for row in rows:
        assert row["slots"] == places(row["template"]) and not written_numbers(row["template"])
        assert row["answer"] == fill(row["template"], one.known.facts)
        assert "{" not in row["question"] + row["answer"]
        told = json.loads(row["evidence"])
        assert told and all(entry["source"] for entry in told)
        values = [entry["value"] for entry in told if entry["fact"] in row["slots"]]
        assert None not in values and len(values) == len(row["slots"])
        if row["kind"] == "unanswerable":
            assert refuses(row["answer"]), row["answer"]
            assert any(entry["value"] is None for entry in told)
        else:
            assert row["slots"], row["template"]
        claims = claims_in(row["answer"], one.known.facts)
        assert all(claim.supported for claim in claims), (row["answer"], claims)


def test_all_words_of_all_attributes_give_answers_without_inventions() -> None:
    for name, words in [*VOCABULARY.items(), ("class_name", PHRASES["class_name"])]:
        for value in words:
            if value == UNKNOWN:
                continue
            one = subject(**{name: value})
            for row in made(one):
                claims = claims_in(row["answer"], one.known.facts)
                assert all(claim.supported for claim in claims), (row["answer"], claims)


def test_what_cannot_be_known_is_not_answered() -> None:
    scaleless = subject(without=("pixel_size", "field_width", "number_density"))
    row = {**scaleless.known.facts["median_diameter"], "unit": "px", "number": 20.0}
    scaleless.known.facts["median_diameter"] = row  # type: ignore[index]
    rows = made(scaleless)
    asked = {row["wording"].partition("/")[0]: row for row in rows if row["form"] == "long"}
    assert asked["no_size"]["kind"] == "unanswerable" and "median" not in asked
    assert "20 px" in asked["no_size"]["answer"]
    assert (
        "cannot be told in nanometres" in asked["no_size"]["answer"]
        or "real units" in (asked["no_size"]["answer"])
    )
    (evidence,) = [one for one in json.loads(asked["no_size"]["evidence"]) if not one["value"]]
    assert evidence == {"fact": "pixel_size", "value": None, "source": "it was left out"}
    assert asked["no_scale"]["kind"] == "unanswerable" and "field_width" not in asked
    assert asked["elements"]["kind"] == "unanswerable"
    # A fact that nobody tried to measure is no reason to refuse.
    unmeasured = Subject("i", "i.png", "g", "train", Known({}))
    assert not {"no_size", "no_scale"} & {
        row["wording"].partition("/")[0] for row in made(unmeasured)
    }


def test_a_material_is_told_from_the_text_alone() -> None:
    rows = [row for row in made(subject()) if "material" in row["slots"]]
    assert rows and all(row["context"] == "The author states the material: ZnO." for row in rows)
    plain = [row for row in made(subject()) if "material" not in row["slots"]]
    assert all(row["context"] is None for row in plain)
    assert not any("ZnO" in row["question"] for row in plain + rows)


def test_the_wording_of_an_answer_follows_from_that_of_the_question() -> None:
    rows = made(*(subject(str(number)) for number in range(40)))
    answers = defaultdict(set)
    for row in rows:
        answers[row["question"], row["form"]].add(row["template"])
    shared = [templates for templates in answers.values()]
    assert max(Counter(row["question"] for row in rows).values()) > 4
    assert all(len(templates) == 1 for templates in shared)


def test_both_forms_are_made_and_names_are_unique() -> None:
    rows = made(subject("a"), subject("b"))
    assert len({row["question_id"] for row in rows}) == len(rows)
    forms = Counter(row["form"] for row in rows)
    assert forms["short"] == forms["long"] == len(rows) / 2
    assert sum(row["task"] == "caption" for row in rows) == 4
    assert made(subject("b")) == [row for row in rows if row["image_id"] == "b"]


def test_few_questions_are_without_an_answer_where_others_can_be_asked() -> None:
    rows = made(*(subject(str(number)) for number in range(30)), per_theme=1, unanswerable=0.0)
    refused = {row["theme"] for row in rows if row["kind"] == "unanswerable"}
    assert refused == set()
    rows = made(*(subject(str(n), without=("material",)) for n in range(30)), per_theme=2,
                unanswerable=0.3)  # fmt: skip
    by_theme = Counter(row["theme"] for row in rows if row["task"] == "question")
    assert by_theme["context"] == 60  # one question in two forms: it offers none with an answer
    assert by_theme["size"] == 120


def test_groups_are_never_on_two_sides_and_tables_are_joined() -> None:
    rows = [
        fact("class_name", "powder") | {"image_id": f"p{n}", "group": f"g{n // 3}"}
        for n in range(60)
    ]
    more = [fact("particle_count", 3.0) | {"image_id": "p0", "group": None}]
    failed = [fact("class_name", "x") | {"image_id": None, "path": "gone", "failure": "damaged"}]
    found = subjects_of([*rows, *more, *failed], Instruction(test=0.3, validation=0.1), 5)
    assert len(found) == 61 and set(found[0].known.facts) == {"class_name", "particle_count"}
    sides = defaultdict(set)
    for one in found:
        sides[one.group].add(one.split)
    assert all(len(side) == 1 for side in sides.values())
    assert Counter(one.split for one in found)["test"] >= 18
    assert found[-1].failure == "damaged"
    assert {one.split for one in subjects_of(rows, Instruction(), 5, "test")} == {"test"}


def test_a_fact_that_one_table_knows_is_known() -> None:
    failed = fact("particle_count", 1.0) | {"number": None, "failure": "no mask"}
    (one,) = subjects_of([failed, fact("particle_count", 3.0)], Instruction(), 1)
    assert one.known.facts["particle_count"]["number"] == 3.0 and not one.known.failures


def test_a_grammar_with_unknown_facts_or_missing_themes_is_refused(tmp_path: Path) -> None:
    text = (TEMPLATES / "facts-1.yaml").read_text(encoding="utf-8")
    grammar = yaml.safe_load(text)
    grammar["topics"][1]["needs"] = ["colour_of_the_sky"]
    (tmp_path / "facts-2.yaml").write_text(yaml.safe_dump(grammar))
    with pytest.raises(ConfigError, match="names what is no fact; saw 'colour_of_the_sky'"):
        read_grammar(tmp_path, 2)
    grammar["topics"] = [one for one in grammar["topics"] if one["theme"] != "size"]
    (tmp_path / "facts-3.yaml").write_text(yaml.safe_dump(grammar))
    with pytest.raises(ConfigError, match="no topic of size"):
        read_grammar(tmp_path, 3)
    with pytest.raises(ConfigError, match="cannot be read"):
        read_grammar(tmp_path, 4)


def test_the_command_writes_questions_on_drawn_pictures(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "instructions.parquet"
    facts = str(drawn / "facts.parquet")
    capsys.readouterr()
    assert main(["language", "instructions", facts, "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    rows = read_rows(out, INSTRUCTIONS)
    assert told["questions"] == len(rows) > 200
    assert told["without_evidence"] == told["written_numbers"] == told["failed"] == 0
    assert all(told["themes"][theme]["n"] > 0 for theme in THEMES)
    of_picture = defaultdict(list)
    for row in read_rows(facts, FACTS):
        of_picture[row["image_id"]].append(row)
    for row in rows:
        claims = claims_in(row["answer"], known(of_picture[row["image_id"]]))
        assert all(claim.supported for claim in claims), (row["answer"], claims)
    assert main(["language", "instructions", facts, "--out", facts]) == 2
    assert set(name for row in rows for name in row["slots"]) <= set(FACT_KINDS)


def test_variety_counts_what_is_wrong() -> None:
    rows = made(subject())
    assert variety(rows)["written_numbers"] == 0
    changed = [{**rows[0], "template": "There are 3.", "evidence": "[]"}]
    told = variety(changed)
    assert told["written_numbers"] == 1 and told["without_evidence"] == 1
