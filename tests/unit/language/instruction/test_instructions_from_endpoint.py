"""Questions by a model: a real server on loopback, whose own numbers are sent back to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from chat_model import serving
from PIL import Image

from micrographia.cli import main
from micrographia.config import Endpoint, Instruction
from micrographia.io.endpoint.ledger import Reply
from micrographia.io.endpoint.replies import FormError
from micrographia.io.images import image_id, read_micrograph
from micrographia.io.questions.themes import THEMES
from micrographia.io.resources import PACKAGE
from micrographia.io.schemas import FACTS, INSTRUCTIONS
from micrographia.io.schemas.rows import blank
from micrographia.io.tables import read_rows, write_table
from micrographia.language.instruction.endpoint import Instructor, parse_instructions
from micrographia.language.instruction.grammar import Known
from micrographia.language.instruction.pictures import subjects_of

PROMPTS = PACKAGE / "language" / "instruction" / "templates"


def questions(themes: list[str], **changed: Any) -> dict[str, Any]:
    """A question on each theme; on size it can be answered."""
    made = []
    for theme in themes:
        answerable = theme == "size"
        made.append(
            {
                "theme": theme,
                "form": "long" if answerable else "short",
                "question": f"What does the {theme} tell?",
                "template": "A particle is {median_diameter} across, at the median."
                if answerable
                else "That cannot be told from the picture.",
                "answerable": answerable,
                "reason": "the fact says so" if answerable else "nothing shows it",
            }
            | (changed if answerable else {})
        )
    return {"questions": made}


class Model:
    """Answers in the form asked for; at first it may write a number of its own."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self.invents = 0

    def answer(self, request: dict[str, Any]) -> str:
        self.requests.append(request)
        changed = {"template": "A particle is 30 nm across."} if self.invents else {}
        self.invents = max(0, self.invents - 1)
        return json.dumps(questions(list(THEMES), **changed))


@pytest.fixture
def model() -> Iterator[tuple[Model, str]]:
    one = Model()

    with serving(one.answer) as url:
        yield one, url


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    """Facts of one picture, one of them not known, and of a file that is no picture."""
    path = tmp_path / "a.png"
    Image.new("L", (64, 64), 90).save(path)
    name = image_id(read_micrograph(path).pixels)
    known = {"image_id": name, "path": str(path), "source": "test", "evidence": ""}
    rows = [
        blank(FACTS) | known | {"name": "median_diameter", "number": 30.0, "unit": "nm"},
        blank(FACTS) | known | {"name": "morphology", "words": "spherical"},
        blank(FACTS) | known | {"name": "particle_count", "failure": "no mask"},
        blank(FACTS) | {"name": "pixel_size", "path": "gone.png", "failure": "it is gone"},
    ]
    write_table(rows, tmp_path / "facts.parquet", FACTS)
    return tmp_path / "facts.parquet"


def ask(facts: Path, url: str) -> list[Any]:
    settings = Instruction(per_theme=1)
    endpoint = Endpoint(base_url=url, model="eyes", max_side=64, concurrency=1)
    subjects = subjects_of(read_rows(facts, FACTS), settings, 1)
    instructor = Instructor(settings, endpoint, facts.parent / "calls.sqlite", PROMPTS)
    try:
        return list(instructor.instructions(subjects))
    finally:
        instructor.close()


def test_answers_are_filled_from_facts(model: tuple[Model, str], facts: Path) -> None:
    rows = ask(facts, model[1])
    by_theme = {row["theme"]: row for row in rows}
    assert [row["theme"] for row in rows] == [*THEMES, None]
    size = by_theme["size"]
    assert size["answer"] == "A particle is 30 nm across, at the median."
    assert size["slots"] == ["median_diameter"] and size["maker"] == "eyes"
    assert json.loads(size["evidence"]) == [
        {"fact": "median_diameter", "value": 30.0, "source": "test"}
    ]
    refused = by_theme["composition"]
    assert refused["kind"] == "unanswerable" and refused["version"].startswith("v1-")
    assert {"fact": "particle_count", "value": None, "source": "no mask"} in json.loads(
        refused["evidence"]
    )
    assert rows[-1]["failure"] == "it is gone"
    text = model[0].requests[0]["messages"][0]["content"][0]["text"]
    assert "`{median_diameter}`: median diameter of the particles (30 nm)" in text
    assert "number of particles: not known, because no mask" in text
    assert "$" not in text and all(f"`{theme}`" in text for theme in THEMES)


def test_a_number_of_its_own_is_sent_back_and_none_is_paid_for_twice(
    model: tuple[Model, str], facts: Path
) -> None:
    model[0].invents = 1
    rows = ask(facts, model[1])
    assert len(model[0].requests) == 2
    told = model[0].requests[1]["messages"][-1]["content"]
    assert "write a place instead of '30 nm'" in told
    assert ask(facts, model[1]) == rows and len(model[0].requests) == 2


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"template": "It is {mean_diameter} wide."}, "no fact fills {mean_diameter}"),
        ({"template": "There are twelve of {median_diameter}."}, "instead of 'twelve'"),
        ({"template": "Gold of {median_diameter}."}, "no fact says 'Gold'"),
        ({"template": "Rods of {median_diameter}."}, "no fact says 'Rods'"),
        ({"theme": "poetry"}, "unknown theme 'poetry'"),
        ({"form": "endless"}, "form"),
    ],
)
def test_inventions_are_faults(change: dict[str, Any], fault: str, facts: Path) -> None:
    (subject, _) = subjects_of(read_rows(facts, FACTS), Instruction(), 1)
    reply = Reply(json.dumps(questions(list(THEMES), **change)), "stop", 1, 1)
    with pytest.raises(FormError) as caught:
        parse_instructions(reply, 1, subject.known)
    assert fault in str(caught.value)
    good = Reply(json.dumps(questions(list(THEMES), template="Spherical.")), "stop", 1, 1)
    assert parse_instructions(good, 1, subject.known).questions
    with pytest.raises(FormError, match="no fact says 'Spherical'"):
        parse_instructions(good, 1, Known({}))


def test_the_command_asks_the_endpoint_of_the_settings(
    model: tuple[Model, str], facts: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = facts.parent / "out.parquet"
    command = ["language", "instructions", str(facts), "--maker", "endpoint", "--out", str(out)]
    assert main(command) == 2 and "No endpoint is set" in capsys.readouterr().err
    endpoint = {"base_url": model[1], "model": "eyes", "concurrency": 1}
    given = ["--settings", json.dumps({"per_theme": 1, "endpoint": endpoint})]
    assert main([*command, *given]) == 2 and "--cache is missing" in capsys.readouterr().err
    cache = ["--cache", str(facts.parent / "calls.sqlite")]
    assert main([*command, *given, *cache]) == 0
    assert len(read_rows(out, INSTRUCTIONS)) == len(THEMES) + 1
