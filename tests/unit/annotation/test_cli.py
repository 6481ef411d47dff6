"""The room's verbs one after another, as the workflow calls them, with two models."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from loopback_chat import ChatServer, as_json, settings_for

from micrographia.cli import main
from micrographia.io.schemas import ATTRIBUTES_FINAL, CROSSCHECK, LEGIBILITY, REVIEW_QUEUE
from micrographia.io.tables import read_provenance, read_rows


def two_models(server: ChatServer) -> str:
    """Settings of two annotators behind one server."""
    room = settings_for(server).model_dump(mode="json")
    (one,) = room["annotators"]
    other = {**one, "name": "other", "endpoint": {**one["endpoint"], "model": "larger-vision"}}
    return json.dumps({**room, "annotators": [one, other]})


def test_from_pictures_to_agreement(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer(rate=0.2, faults=["429", "500", "wrong enum"], verdict="no") as server:
        settings = ["--settings", two_models(server), "--micrographs", str(table)]
        common = [*settings, "--cache", str(tmp_path / "calls.sqlite")]
        answers = [str(tmp_path / f"{name}.parquet") for name in ("model", "other")]
        for name, path in zip(("model", "other"), answers, strict=True):
            assert (
                main(["annotation", "annotate", "--annotator", name, *common, "--out", path]) == 0
            )
        verdicts = str(tmp_path / "verdicts.parquet")
        judge = ["annotation", "judge", "--judge", "model", "other", "--answers", *answers]
        assert main([*judge, *common, "--out", verdicts]) == 0
        legible = str(tmp_path / "legible.parquet")
        ask = ["annotation", "legible", "--annotator", "other", *common, "--out", legible]
        assert main(ask) == 0
        assert server.n_served >= 12 * 5
    found = read_rows(verdicts, CROSSCHECK)
    assert len(found) == 2 * 12 * 9
    assert {(row["judge"], row["annotator"]) for row in found} == {
        ("model", "other"),
        ("other", "model"),
    }
    assert {row["model"] for row in found if row["judge"] == "other"} == {"larger-vision"}
    rows = read_rows(legible, LEGIBILITY)
    assert all(row["has_text"] and row["failure"] is None for row in rows)

    out = tmp_path / "out"
    tables = ["--answers", *answers, "--verdicts", verdicts]
    assert main(["annotation", "review", *settings, *tables, "--out", str(out)]) == 0
    final = read_rows(out / "attributes_final.parquet", ATTRIBUTES_FINAL)
    assert {row["morphology_source"] for row in final} == {"disputed"}
    assert {row["pixel_size_profile_source"] for row in final} == {"none"}
    assert len(read_rows(out / "review_queue.parquet", REVIEW_QUEUE)) == 12 * 8
    assert "settings_digest" in read_provenance(out / "attributes_final.parquet")

    capsys.readouterr()
    agreement = tmp_path / "agreement.json"
    assert main(["annotation", "agree", *tables, "--out", str(agreement)]) == 0
    assert "colour_profile       model and other: kappa 1.00" in capsys.readouterr().out
    assert {entry["accepted"] for entry in json.loads(agreement.read_text())["crosscheck"]} == {
        0.0,
        None,
    }
    assert main(["annotation", "bill", str(tmp_path / "calls.sqlite")]) == 0
    bill = json.loads(capsys.readouterr().out)
    assert {row["purpose"] for row in bill} == {"attributes", "judge", "legible"}


def test_what_had_no_answer_is_told_to_the_next_round(table: Path, tmp_path: Path) -> None:
    """What a server will not take at all is no reason for another round."""

    def script(body: dict[str, Any], times: int) -> str | None:
        return {1: "403", 2: "400"}.get(len(server.bodies))

    out, state = tmp_path / "model.parquet", tmp_path / "model.json"
    found = []
    with ChatServer(script=script) as server:
        common = ["--settings", as_json(settings_for(server)), "--micrographs", str(table)]
        common += ["--cache", str(tmp_path / "calls.sqlite"), "--out", str(out)]
        for number in ("0", "1"):
            words = ["--annotator", "model", "--round", number, "--state", str(state)]
            assert main(["annotation", "annotate", *words, *common]) == 0
            found.append(json.loads(state.read_text()))
    assert found == [
        {"round": 0, "failed": 2, "unanswered": 1},
        {"round": 1, "failed": 0, "unanswered": 0},
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["annotate", "--annotator", "nobody"], "saw 'nobody'; allowed: model, other"),
        (["annotate", "--annotator", "model", "--shard", "3"], "no such shard; saw 3"),
        (["judge", "--judge", "model", "--answers", "none.parquet"], "does not exist"),
    ],
)
def test_wrong_words_end_in_one_sentence(
    words: list[str], said: str, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ChatServer() as server:
        common = ["--settings", two_models(server), "--micrographs", str(table)]
        common += ["--cache", str(tmp_path / "calls.sqlite"), "--out", str(tmp_path / "x.parquet")]
        assert main(["annotation", *words, *common]) == 2
        assert server.n_served == 0
    assert said in capsys.readouterr().err
    assert not (tmp_path / "x.parquet").exists()
