"""The file of calls: what is answered stays, what may have been charged counts."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from pathlib import Path

import pytest

from micrographia.errors import EndpointError
from micrographia.io.endpoint.ledger import Call, Ledger, LimitError, Limits, Reply

PRICES = {"price_in": 1.0, "price_out": 10.0}


def call(key: str = "k", name: str = "a") -> Call:
    return Call(key, name, "m", "attributes", "image", 1000, 500)


def states(ledger: Ledger) -> dict[str, int]:
    found: Counter[str] = Counter()
    for row in ledger.bill():
        found[row["state"]] += row["calls"]
    return dict(found)


def test_an_answer_is_found_again_and_billed_by_what_the_server_says(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "sub" / "calls.sqlite")
    limits = Limits(**PRICES)
    assert ledger.find("k") is None
    ledger.answer(ledger.begin(call(), limits), call(), Reply("{}", "stop", 800, 90), limits)
    ledger.answer(ledger.begin(call("l"), limits), call("l"), Reply("[]", "length"), limits)
    ledger.close()
    again = Ledger(tmp_path / "sub" / "calls.sqlite")
    assert again.find("k") == Reply("{}", "stop", 800, 90)
    found = again.find("l")
    assert found is not None and found.tokens_out == 500  # no bill: the estimate stays
    (row,) = again.bill()
    assert row["cost"] == pytest.approx((1800 * 1.0 + 590 * 10.0) / 1e6)


def test_what_was_not_settled_counts_and_what_was_refused_does_not(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "calls.sqlite")
    limits = Limits(calls=3)
    ledger.begin(call("killed"), limits)  # its process died
    ledger.drop(ledger.begin(call("reset"), limits), charged=True)
    ledger.drop(ledger.begin(call("429"), limits), charged=False)
    ledger.begin(call("last"), limits)
    with pytest.raises(LimitError, match="has used 3 of max_calls 3"):
        ledger.begin(call("more"), limits)
    ledger.begin(call("more", "another annotator"), limits)
    assert states(ledger) == {"open": 3, "lost": 1, "refused": 1}


@pytest.mark.parametrize(
    ("limits", "allowed"),
    [(Limits(tokens=4000), 2), (Limits(cost=0.0130, **PRICES), 2), (Limits(calls=0), 0)],
)
def test_no_limit_is_passed(tmp_path: Path, limits: Limits, allowed: int) -> None:
    ledger = Ledger(tmp_path / "calls.sqlite")
    for number in range(allowed):
        ledger.begin(call(str(number)), limits)
    with pytest.raises(LimitError):
        ledger.begin(call("more"), limits)


def _ask(path: Path, name: str) -> None:
    ledger = Ledger(path)
    for number in range(40):
        try:
            ledger.begin(call(f"{name}{number}"), Limits(calls=50))
        except LimitError:
            return


def test_processes_share_a_limit(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    Ledger(path).close()
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_ask, args=(path, name)) for name in "xyz"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert states(Ledger(path)) == {"open": 50}


def test_the_same_question_at_the_same_time_is_paid_twice_and_kept_once(tmp_path: Path) -> None:
    one, two = Ledger(tmp_path / "calls.sqlite"), Ledger(tmp_path / "calls.sqlite")
    first, second = one.begin(call(), Limits()), two.begin(call(), Limits())
    one.answer(first, call(), Reply("one", "stop"), Limits())
    two.answer(second, call(), Reply("two", "stop"), Limits())
    found = two.find("k")
    assert found is not None and found.content == "one"
    assert states(one) == {"answered": 1, "lost": 1}


def test_a_file_that_is_no_ledger_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "calls.sqlite"
    path.write_text("this is no database, and long enough to be seen as one " * 20)
    with pytest.raises(EndpointError, match="the setting cache"):
        Ledger(path)
