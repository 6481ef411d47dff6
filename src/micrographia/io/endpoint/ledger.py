"""Ledger of all calls to endpoints in one SQLite file: no answer is paid for twice.

A call is entered with an estimate before it is made and settled when it ends. What the process
did not live to settle (`kill -9`) keeps its estimate, since the server may have charged for it:
limits hold over all runs and all processes that share the file. It is kept in write-ahead mode,
so readers and one writer do not wait for one another, and an answer that was entered stays.
"""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from micrographia.errors import EndpointError, UnansweredError

_TABLE = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    annotator TEXT NOT NULL,
    model TEXT NOT NULL,
    purpose TEXT NOT NULL,
    image_id TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'lost', 'refused')),
    content TEXT,
    finish TEXT,
    tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL,
    cost REAL NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS answered_once ON calls (key) WHERE state = 'answered';
CREATE INDEX IF NOT EXISTS bills ON calls (annotator, state, tokens_in, tokens_out, cost);
"""
#: Calls that may have been charged: limits count them.
_COUNTED = "state IN ('open', 'answered', 'lost')"


@dataclass(frozen=True)
class Reply:
    """What a server answered.

    Attributes
    ----------
    content
        The model's words.
    finish
        Why it stopped: "stop", "length", ...
    tokens_in, tokens_out
        The bill; None where the server states none.
    """

    content: str
    finish: str
    tokens_in: int | None = None
    tokens_out: int | None = None


@dataclass(frozen=True)
class Call:
    """What a call is for, and what it may use.

    Attributes
    ----------
    key
        Digest of all that decides the answer.
    annotator, model, purpose, image_id
        For the bill.
    tokens_in, tokens_out
        Estimates, on the high side.
    """

    key: str
    annotator: str
    model: str
    purpose: str
    image_id: str
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Limits:
    """Total limits of one annotator; None is no limit. Prices are per million tokens."""

    calls: int | None = None
    tokens: int | None = None
    cost: float | None = None
    price_in: float = 0.0
    price_out: float = 0.0

    def any(self) -> bool:
        """Whether there is a limit."""
        return not (self.calls is None and self.tokens is None and self.cost is None)

    def price(self, tokens_in: int, tokens_out: int) -> float:
        """Return what so many tokens cost."""
        return (tokens_in * self.price_in + tokens_out * self.price_out) / 1e6


class LimitError(UnansweredError):
    """A limit of calls, tokens or cost is reached: nothing more is asked."""


class Ledger:
    """The SQLite file; may be used by several threads and processes at once."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.Lock()
        try:
            self._base = sqlite3.connect(
                path, timeout=60, isolation_level=None, check_same_thread=False
            )
            self._base.execute("PRAGMA journal_mode=WAL")
            # An answer is on the disk before it is used: not even a power cut loses it.
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(_TABLE)
        except sqlite3.Error as error:
            raise EndpointError(
                f"The cache of calls {path} cannot be used: {error}",
                remedy="Put the setting cache on a local disk, or name another file",
            ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    def find(self, key: str) -> Reply | None:
        """Return the answer to a call that was made before."""
        rows = self._ask(
            "SELECT content, finish, tokens_in, tokens_out FROM calls"
            " WHERE key = ? AND state = 'answered'",
            (key,),
        )
        return Reply(*rows[0]) if rows else None

    def begin(self, call: Call, limits: Limits) -> int:
        """Enter a call that is about to be made; return its number.

        Raises
        ------
        LimitError
            With its estimate a limit would be passed.
        """
        cost = limits.price(call.tokens_in, call.tokens_out)
        with self._lock:
            # Immediate: between reading the sum and entering the call nobody else enters one.
            self._base.execute("BEGIN IMMEDIATE")
            try:
                if limits.any():
                    _check(call, self._used(call.annotator), cost, limits)
                cursor = self._base.execute(
                    "INSERT INTO calls (key, annotator, model, purpose, image_id, state,"
                    " tokens_in, tokens_out, cost) VALUES (?, ?, ?, ?, ?, 'open', ?, ?, ?)",
                    (
                        call.key,
                        call.annotator,
                        call.model,
                        call.purpose,
                        call.image_id,
                        call.tokens_in,
                        call.tokens_out,
                        cost,
                    ),
                )
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")
        return int(cursor.lastrowid or 0)

    def answer(self, number: int, call: Call, reply: Reply, limits: Limits) -> None:
        """Settle a call with its answer; where the server states no bill the estimate stays."""
        tokens_in = call.tokens_in if reply.tokens_in is None else reply.tokens_in
        tokens_out = call.tokens_out if reply.tokens_out is None else reply.tokens_out
        bill = (tokens_in, tokens_out, limits.price(tokens_in, tokens_out), number)
        try:
            self._ask(
                "UPDATE calls SET state = 'answered', content = ?, finish = ?, tokens_in = ?,"
                " tokens_out = ?, cost = ? WHERE id = ?",
                (reply.content, reply.finish, *bill),
            )
        except sqlite3.IntegrityError:
            # Another process asked the same at the same time: its answer stays, both are paid.
            self._ask(
                "UPDATE calls SET state = 'lost', tokens_in = ?, tokens_out = ?, cost = ?"
                " WHERE id = ?",
                bill,
            )

    def drop(self, number: int, *, charged: bool) -> None:
        """Settle a call that brought no answer: it may have been charged, or certainly was not."""
        state = "lost" if charged else "refused"
        self._ask("UPDATE calls SET state = ? WHERE id = ?", (state, number))

    def forget(self, annotator: str, keys: list[str]) -> None:
        """Allow answers to be requested again; their cost stays on the bill."""
        for key in keys:
            self._ask(
                "UPDATE calls SET state = 'lost' WHERE key = ? AND annotator = ?"
                " AND state = 'answered'",
                (key, annotator),
            )

    def bill(self) -> list[dict[str, Any]]:
        """Return calls by annotator, model, purpose and state, with tokens and cost."""
        names = ("annotator", "model", "purpose", "state", "calls", "tokens_in", "tokens_out")
        rows = self._ask(
            "SELECT annotator, model, purpose, state, COUNT(*), SUM(tokens_in), SUM(tokens_out),"
            " SUM(cost) FROM calls GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
            (),
        )
        return [dict(zip((*names, "cost"), row, strict=True)) for row in rows]

    def _used(self, annotator: str) -> tuple[int, int, float]:
        row = self._base.execute(
            "SELECT COUNT(*), COALESCE(SUM(tokens_in + tokens_out), 0), COALESCE(SUM(cost), 0)"
            f" FROM calls WHERE annotator = ? AND {_COUNTED}",
            (annotator,),
        ).fetchone()
        return int(row[0]), int(row[1]), float(row[2])

    def _ask(self, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        with self._lock:
            return list(self._base.execute(query, values).fetchall())


def _check(call: Call, used: tuple[int, int, float], cost: float, limits: Limits) -> None:
    """Refuse a call that would pass a limit."""
    wanted = (used[0] + 1, used[1] + call.tokens_in + call.tokens_out, used[2] + cost)
    allowed = (limits.calls, limits.tokens, limits.cost)
    names = ("max_calls", "max_tokens", "max_cost")
    for name, have, want, most in zip(names, used, wanted, allowed, strict=True):
        if most is not None and want > most:
            raise LimitError(
                f"Not asked: annotator '{call.annotator}' has used {have:g} of {name} {most:g}, "
                f"and the next call could pass it",
                remedy=f"Raise endpoint.{name} of this annotator and run again; "
                "what was answered is kept",
            )
