"""The endpoint annotator against a real server on loopback that misbehaves."""

from __future__ import annotations

import base64
import io
import itertools
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from loopback_chat import FAULTS, KEY, KEY_ENV, ChatServer, annotate, look, settings_for
from PIL import Image

from micrographia.annotation.batch import annotate_cases, judge_cases, read_cases
from micrographia.annotation.endpoint.annotator import EndpointAnnotator
from micrographia.annotation.registry import make_annotator
from micrographia.annotation.schema import Attributes
from micrographia.errors import EndpointDownError, EndpointError
from micrographia.io.endpoint.ledger import Ledger
from micrographia.io.endpoint.transport import _count


def bill(table: Path) -> dict[str, int]:
    """Calls by state."""
    ledger = Ledger(table.parent / "calls.sqlite")
    found: dict[str, int] = {}
    for row in ledger.bill():
        found[row["state"]] = found.get(row["state"], 0) + row["calls"]
    ledger.close()
    return found


def test_answers_are_those_of_the_pictures(table: Path) -> None:
    with ChatServer() as server:
        rows = annotate(server, table)
        assert server.n_served == len(rows) == 12
        forms = {body["response_format"]["json_schema"]["name"] for body in server.bodies}
        pictures = [sent(body) for body in server.bodies]
    assert forms == {"attributes"}
    assert all(row["failure"] is None and row["annotator"] == "model" for row in rows)
    assert len({row["image_id"] for row in rows}) == 12
    expected = sorted(look(picture)["colour_profile"] for picture in pictures)
    assert sorted(row["colour_profile"] for row in rows) == expected
    assert len(set(expected)) == 2  # the pictures are told apart, so the check can fail
    assert rows[0]["prompt_sha"].startswith("v1-")


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_is_overcome(fault: str, table: Path) -> None:
    once = {"script": lambda body, times: fault if times == 0 else None}
    if fault in (
        "cut content",
        "half a character",
        "wrong enum",
    ):  # the model itself errs: not again on correction
        once = {"script": lambda body, times: fault if len(body["messages"]) == 1 else None}
    with ChatServer(delay=(0.0, 1.4), **once) as server:
        patience = {"timeout": 1.0} if fault == "late" else {}
        rows = annotate(server, table, concurrency=6, **patience)
        assert server.met[fault] >= 12
    assert [row["failure"] for row in rows] == [None] * 12
    assert {row["morphology"] for row in rows} == {"spherical"}
    if fault == "wrong enum":
        corrections = [body["messages"] for body in server.bodies if len(body["messages"]) == 3]
        assert len(corrections) == 12
        assert "purple" in corrections[0][1]["content"]
        assert "allowed: metal, ceramic" in corrections[0][2]["content"]


def test_a_second_run_asks_nothing(table: Path) -> None:
    with ChatServer(rate=0.3, faults=["wrong enum", "500", "cut content"]) as server:
        first = annotate(server, table)
        asked = len(server.bodies)
        second = annotate(server, table)
        assert len(server.bodies) == asked
    assert first == second
    # Without any server: what was answered is enough.
    assert annotate(server.url, table) == first


@pytest.mark.parametrize(
    "change", [{"model": "other"}, {"max_side": 64}, {"response_format": "none"}]
)
def test_another_question_is_asked(table: Path, change: dict[str, Any]) -> None:
    with ChatServer() as server:
        annotate(server, table)
        annotate(server, table, **change)
        assert server.n_served == 24
        annotate(server, table, concurrency=2, timeout=3, max_calls=99)
        assert server.n_served == 24  # patience and limits are no part of the question


def test_a_wait_that_the_server_asks_for_is_kept_by_all(table: Path) -> None:
    times: list[float] = []

    def script(body: dict[str, Any], count: int) -> str | None:
        times.append(time.monotonic())
        return "429 seconds" if len(times) == 1 else None

    with ChatServer(script=script) as server:
        rows = annotate(server, table, concurrency=1)
    assert all(row["failure"] is None for row in rows)
    assert times[1] - times[0] >= 1.0


def test_too_long_a_wait_is_a_failure_that_says_so(table: Path) -> None:
    with ChatServer(script=lambda body, times: "long wait") as server:
        with pytest.raises(EndpointDownError, match="86400 s"):
            annotate(server, table, concurrency=2)
        assert 8 <= len(server.bodies) <= 12


def test_wrong_answers_end_in_a_row_and_again_asks_again(table: Path) -> None:
    stubborn = {"on": True}

    def script(body: dict[str, Any], times: int) -> str | None:
        return "wrong enum" if stubborn["on"] else None

    with ChatServer(script=script) as server:
        rows = annotate(server, table, corrections=1)
        assert len(server.bodies) == 24
        assert all("2 answers of the wrong form" in row["failure"] for row in rows)
        assert all("'purple'" in row["failure"] and row["subject"] is None for row in rows)
        stubborn["on"] = False
        assert annotate(server, table, corrections=1) == rows  # kept: a rerun costs nothing
        assert len(server.bodies) == 24
        assert all(row["failure"] is None for row in annotate(server, table, True, corrections=1))
        assert len(server.bodies) == 36
    assert bill(table) == {"answered": 12, "lost": 24}


def test_concurrency_is_limited_and_used(table: Path) -> None:
    with ChatServer(delay=(0.25, 0)) as server:
        annotate(server, table, concurrency=3)
        assert 2 <= server.most_at_once <= 3  # on a busy machine threads may come late


@pytest.mark.parametrize(
    ("limit", "served"),
    [
        ({"max_calls": 5}, 5),
        ({"max_tokens": 4 * 1200 + 6000}, range(4, 9)),
        ({"max_cost": 9.0, "price_in": 500.0, "price_out": 2000.0}, range(2, 10)),
    ],
)
def test_limits_end_a_run_with_rows_that_say_so(
    table: Path, limit: dict[str, Any], served: Any
) -> None:
    with ChatServer(delay=(0.02, 0)) as server:
        rows = annotate(server, table, concurrency=4, **limit)
        answered = [row for row in rows if row["failure"] is None]
        assert len(rows) == 12
        assert len(answered) == server.n_served
        assert server.n_served in (served if isinstance(served, range) else [served])
        refused = [row["failure"] for row in rows if row["failure"] is not None]
        assert all(next(iter(limit)) in words and "Raise" in words for words in refused)
        # The limit is of all runs, not of one.
        annotate(server, table, concurrency=4, **limit)
        assert server.n_served == len(answered)
        assert all(row["failure"] is None for row in annotate(server, table))
        assert server.n_served == 12


def test_cost_never_passes_its_limit(table: Path) -> None:
    with ChatServer() as server:
        prices = {"price_in": 500.0, "price_out": 2000.0}
        annotate(server, table, max_cost=6.0, concurrency=6, **prices)
        spent = server.n_served * (1000 * 500 + 200 * 2000) / 1e6
        ledger = Ledger(table.parent / "calls.sqlite")
        assert sum(row["cost"] for row in ledger.bill()) == pytest.approx(spent)
        assert 0 < spent <= 6.0


@pytest.mark.parametrize("status", ["401", "404", "quota"])
def test_what_no_retry_can_cure_stops_the_run_at_once(table: Path, status: str) -> None:
    with ChatServer(script=lambda body, times: status) as server:
        with pytest.raises(EndpointDownError, match="refuses all calls") as caught:
            annotate(server, table, concurrency=3)
        assert len(server.bodies) <= 6
    assert KEY not in str(caught.value)
    assert KEY_ENV not in str(caught.value)


def test_a_picture_that_the_server_rejects_is_a_row(table: Path) -> None:
    def script(body: dict[str, Any], times: int) -> str | None:
        return "400" if len(server.bodies) % 3 == 0 else None

    with ChatServer(script=script) as server:
        rows = annotate(server, table, concurrency=1)
    assert sum(row["failure"] is not None for row in rows) == 4
    assert "HTTP 400: " in next(row["failure"] for row in rows if row["failure"])


@pytest.mark.parametrize(
    ("status", "unanswered"), [("403", 4), ("403 content_policy_violation", 0)]
)
def test_a_picture_that_is_forbidden_is_a_row(table: Path, status: str, unanswered: int) -> None:
    """A policy on pictures forbids one of them; a later run asks again unless it says so."""

    def script(body: dict[str, Any], times: int) -> str | None:
        return status if len(server.bodies) % 3 == 0 else None

    with ChatServer(script=script) as server:
        room = settings_for(server, concurrency=1)
        annotator = make_annotator("model", room, table.parent / "calls.sqlite")
        assert isinstance(annotator, EndpointAnnotator)
        rows = list(annotate_cases(annotator, read_cases(table, None)))
        annotator.close()
    assert [row["failure"] is None for row in rows] == [True, True, False] * 4
    assert all("HTTP 403" in row["failure"] for row in rows if row["failure"])
    assert annotator.unanswered == unanswered


def test_a_key_that_may_do_nothing_stops_the_run(table: Path) -> None:
    with ChatServer(script=lambda body, times: "403") as server:
        with pytest.raises(EndpointDownError, match=r"in a row without an answer.*HTTP 403"):
            annotate(server, table, concurrency=2)
        assert 8 <= len(server.bodies) <= 12


def test_all_who_wait_end_with_the_reason_of_the_one_who_found_it(table: Path) -> None:
    """Some wait for another try when one learns that the key is wrong."""

    def script(body: dict[str, Any], times: int) -> str | None:
        return "429 seconds" if len(server.bodies) <= 3 else "401"

    with ChatServer(script=script) as server:
        began = time.monotonic()
        with pytest.raises(EndpointDownError, match="refuses all calls"):
            annotate(server, table, concurrency=4, max_retry_after=900)
        assert time.monotonic() - began < 60


def test_no_server_stops_the_run(table: Path) -> None:
    with ChatServer() as server:
        url = server.url
    with pytest.raises(EndpointDownError, match="pictures in a row without an answer"):
        annotate(url, table, retries=1)
    assert set(bill(table)) == {"refused"}  # a call that met nobody costs nothing


def test_a_picture_that_cannot_be_read_is_a_row_and_no_call(table: Path, tmp_path: Path) -> None:
    (tmp_path / "pictures" / "0003.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    (tmp_path / "pictures" / "0004.png").unlink()
    with ChatServer() as server:
        rows = annotate(server, table)
        assert server.n_served == 10
    assert "0003.png" in rows[3]["failure"]
    assert "does not exist" in rows[4]["failure"]


def test_the_key_is_nowhere(
    table: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logging.getLogger("micrographia"), "propagate", True)
    caplog.set_level(logging.DEBUG)
    turns = itertools.cycle(["500", "no envelope", None, "400", None, "wrong enum", None])
    with ChatServer(script=lambda body, times: next(turns)) as server:
        rows = annotate(server, table, retries=3)
    assert {"500", "no envelope", "400", "wrong enum"} <= set(server.met)
    assert any("[key]" in (row["failure"] or "") for row in rows)
    texts = [caplog.text, repr(rows)]
    texts += [path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*.sqlite*")]
    assert "[key]" in caplog.text  # the server did tell it
    for spelling in (KEY, base64.b64encode(KEY.encode()).decode().rstrip("="), KEY[3:20]):
        assert not any(spelling in text for text in texts)


@pytest.mark.parametrize("value", ["", "short", "sk-with space in it", "sk-ünicode-key-1"])
def test_what_is_no_key_is_refused_without_being_shown(
    table: Path, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_ENV, value)
    with pytest.raises(EndpointError, match=KEY_ENV) as caught:
        annotate("http://127.0.0.1:9/v1", table)
    assert not value or value not in str(caught.value)


def test_text_is_sent_only_where_the_settings_say_so(table: Path, tmp_path: Path) -> None:
    case = read_cases(table, None)[0]
    row = {**case.row, "text_policy": "crop", "crop_box": [0, 0, 96, 60]}
    cropped = type(case)(row, None)
    with ChatServer() as server:
        for full in (False, True):
            room = settings_for(server, full_picture=full)
            annotator = make_annotator("model", room, tmp_path / "calls.sqlite")
            list(annotate_cases(annotator, [cropped]))
            annotator.close()
        sizes = [sent(body).size for body in server.bodies]
    assert sizes == [(96, 60), (96, 96)]


def test_colours_are_sent_as_they_are(tmp_path: Path, table: Path) -> None:
    path = tmp_path / "pictures" / "0000.png"
    rgb = np.zeros((96, 96, 3), np.uint8)
    rgb[..., 0], rgb[30:60, 30:60, 2] = 200, 255
    Image.fromarray(rgb).save(path)
    with ChatServer() as server:
        annotate(server, table, concurrency=1)
        first, second = (sent(body) for body in server.bodies[:2])
    assert first.mode == "RGB" and np.asarray(first)[5, 5, 0] > 180
    assert second.mode == "L"


def test_a_faint_16_bit_picture_is_not_sent_black(tmp_path: Path, table: Path) -> None:
    path = tmp_path / "pictures" / "0000.png"
    faint = np.tile(np.linspace(100, 1500, 96), (96, 1)).astype(np.uint16)
    Image.fromarray(faint).save(path)
    with ChatServer() as server:
        annotate(server, table, concurrency=1)
        grey = np.asarray(sent(server.bodies[0]))
    assert grey.min() < 10 and grey.max() > 245


def sent(body: dict[str, Any]) -> Image.Image:
    """The picture in a request."""
    url = body["messages"][0]["content"][1]["image_url"]["url"]
    return Image.open(io.BytesIO(base64.b64decode(url.split(",")[1])))


def test_judging_skips_own_answers_and_unknowns(table: Path, tmp_path: Path) -> None:
    cases = read_cases(table, None)
    told = Attributes.from_values(morphology="spherical", layering="tiled").to_row()
    rows = [
        {"image_id": case.image_id, "annotator": name, "failure": None, **told}
        for case in cases[:3]
        for name in ("model", "other")
    ]
    with ChatServer(verdict="no") as server:
        judge = make_annotator("model", settings_for(server), tmp_path / "calls.sqlite")
        found = list(judge_cases(judge, cases, rows))
        judge.close()
        assert server.n_served == 3
        asked = server.bodies[0]["messages"][0]["content"][0]["text"]
    assert '"morphology": {\n  "value": "spherical"' in asked
    assert len(found) == 27
    assert {row["attribute"] for row in found if row["verdict"] == "no"} == {
        "morphology",
        "layering",
    }
    assert all(row["annotator"] == "other" and row["judge"] == "model" for row in found)


def test_legibility_sends_the_whole_picture(table: Path, tmp_path: Path) -> None:
    with ChatServer(rate=0.3, faults=["wrong enum", "cut content"]) as server:
        room = settings_for(server)
        annotator = make_annotator("model", room, tmp_path / "calls.sqlite")
        assert isinstance(annotator, EndpointAnnotator)
        found = annotator.legible(read_cases(table, None)[0])
        annotator.close()
    assert found.has_text and found.illegible


@pytest.mark.parametrize(
    ("stated", "counted"),
    [(7, 7), (7.0, 7), (float("inf"), None), (float("nan"), None), (-1, None), ("7", None)],
)
def test_a_bill_that_is_no_count_is_unknown(stated, counted):
    assert _count(stated) == counted
