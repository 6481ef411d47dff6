"""What every kind of annotator must do: one that joins the registry is tested here."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback_chat import KEY, KEY_ENV, ChatServer
from PIL import Image

from micrographia.annotation.annotator import AnnotationError, Annotator, Case
from micrographia.annotation.batch import annotate_cases, judge_cases
from micrographia.annotation.registry import KINDS, make_annotator
from micrographia.annotation.schema import Attributes
from micrographia.config import Annotation, Synthesis
from micrographia.io.images import image_id, write_labels
from micrographia.io.schemas import ATTRIBUTES, CROSSCHECK, MICROGRAPHS
from micrographia.io.tables import write_table
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY
from micrographia.method_names import AnnotatorKind
from micrographia.synthesis.procedural.micrograph import make_micrograph


@pytest.fixture(scope="module")
def server() -> Iterator[ChatServer]:
    """A chat server on loopback that looks at the pictures it is sent."""
    with ChatServer() as running:
        yield running


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> list[Case]:
    """Procedural pictures on disk with their true masks."""
    folder = tmp_path_factory.mktemp("pictures")
    found = []
    for index in range(4):
        pixels, labels, _ = make_micrograph(index, 9, Synthesis(size=200, annotated_share=0))
        path, mask = folder / f"{index}.png", folder / f"{index}.mask.png"
        Image.fromarray(pixels).save(path)
        write_labels(mask, labels)
        row: dict[str, Any] = dict.fromkeys(MICROGRAPHS.names)
        row.update(image_id=image_id(pixels), path=str(path), status="kept")
        row.update(width=pixels.shape[1], height=pixels.shape[0], source="test", licence="CC0-1.0")
        found.append(Case(row, mask))
    return found


def settings_of(kind: AnnotatorKind, server: ChatServer) -> Annotation:
    """Settings with one annotator of a kind, named as no kind is."""
    chosen: dict[str, Any] = {"name": "who", "kind": kind}
    if kind == "endpoint":
        chosen["endpoint"] = {"base_url": server.url, "model": "tiny", "key_env": KEY_ENV}
    return Annotation.model_validate({"annotators": [chosen]})


@pytest.fixture
def make(
    request: pytest.FixtureRequest,
    server: ChatServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Any]:
    """Makes the annotator anew, with a ledger of its own."""
    monkeypatch.setenv(KEY_ENV, KEY)
    made: list[Any] = []

    def anew() -> Annotator:
        ledger = tmp_path / f"calls-{len(made)}.sqlite"
        made.append(make_annotator("who", settings_of(request.param, server), ledger))
        return made[-1]

    yield anew
    for annotator in made:
        getattr(annotator, "close", lambda: None)()


every_kind = pytest.mark.parametrize("make", KINDS, indirect=True)


def values(answer: Attributes) -> dict[str, str]:
    return {name: reading.value for name, reading in answer.readings().items()}


@every_kind
def test_it_says_who_answers(make: Any) -> None:
    annotator = make()
    assert annotator.name == "who" and annotator.model
    assert annotator.concurrency >= 1
    for sha in (annotator.prompt_sha, annotator.judge_prompt_sha):
        assert sha is None or sha


@every_kind
def test_nine_attributes_in_words_of_the_vocabulary(make: Any, cases: list[Case]) -> None:
    annotator, said = make(), set()
    for case in cases:
        readings = annotator.annotate(case).readings()
        assert tuple(readings) == ATTRIBUTE_NAMES
        for name, reading in readings.items():
            assert reading.value in VOCABULARY[name]
            assert 0 <= reading.confidence <= 1
            said.add(reading.value)
    assert said != {UNKNOWN}  # an annotator that reads nothing is none


@every_kind
def test_the_same_picture_gets_the_same_answer(make: Any, cases: list[Case]) -> None:
    first, second = make(), make()
    forth = [first.annotate(case) for case in cases]
    back = [second.annotate(case) for case in reversed(cases)]
    assert forth == back[::-1]
    assert (first.model, first.prompt_sha) == (second.model, second.prompt_sha)


@every_kind
def test_verdicts_are_given_in_the_three_words(make: Any, cases: list[Case]) -> None:
    judge, given = make(), set()
    other = Attributes.from_values(
        **{name: next(w for w in words if w != UNKNOWN) for name, words in VOCABULARY.items()}
    )
    for case in cases:
        verdicts = judge.judge(case, other)
        assert set(verdicts) == set(ATTRIBUTE_NAMES)
        given |= {verdict.verdict for verdict in verdicts.values()}
        assert judge.judge(case, other) == verdicts
    assert given <= {"yes", "no", "abstain"} and given != {"abstain"}


@every_kind
def test_its_rows_keep_the_tables_schemas(make: Any, cases: list[Case], tmp_path: Path) -> None:
    annotator = make()
    rows = list(annotate_cases(annotator, cases))
    assert [row["failure"] for row in rows] == [None] * len(cases)
    write_table(rows, tmp_path / "answers.parquet", ATTRIBUTES)
    others = [{**row, "annotator": "another"} for row in rows]
    judged = list(judge_cases(annotator, cases, others))
    assert len(judged) == 9 * len(cases)
    write_table(judged, tmp_path / "verdicts.parquet", CROSSCHECK)


@every_kind
def test_a_picture_that_is_gone_is_a_row_with_the_reason(make: Any, tmp_path: Path) -> None:
    row: dict[str, Any] = dict.fromkeys(MICROGRAPHS.names)
    row.update(image_id="0" * 16, path=str(tmp_path / "gone.png"), status="kept")
    mask = tmp_path / "mask.png"
    write_labels(mask, np.ones((8, 8), np.int32))
    (answer,) = annotate_cases(make(), [Case(row, mask)])
    assert "gone.png" in answer["failure"] and answer["morphology"] is None


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_name_is_told_what_there_is(kind: AnnotatorKind, server: ChatServer) -> None:
    with pytest.raises(AnnotationError, match=r"Unknown annotator; saw 'nobody'; allowed: who"):
        make_annotator("nobody", settings_of(kind, server))
