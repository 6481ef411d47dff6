"""The bar: the command line against a faulty server, killed half-way, then run again."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from loopback_chat import FAULTS, KEY, ChatServer, as_json, settings_for, write_pictures
from needed import ROOT

from micrographia.io.endpoint.ledger import Ledger
from micrographia.io.schemas import ATTRIBUTES, MICROGRAPHS
from micrographia.io.tables import read_rows, write_table

COUNT, CONCURRENCY = 40, 4


def start(folder: Path, settings: str, name: str) -> subprocess.Popen[bytes]:
    """Start the annotator as the workflow does; its output goes to a file."""
    words = [sys.executable, "-m", "micrographia", "--log-level", "DEBUG", "annotation"]
    words += ["annotate", "--annotator", "model", "--settings", settings]
    words += ["--micrographs", str(folder / "micrographs.parquet")]
    words += ["--cache", str(folder / "calls.sqlite"), "--out", str(folder / "model.parquet")]
    with (folder / f"{name}.log").open("wb") as log:
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        return subprocess.Popen(words, stdout=log, stderr=log, env=environment)


def answered(folder: Path) -> set[str]:
    """Digests of the calls whose answers are kept."""
    ledger = Ledger(folder / "calls.sqlite")
    rows = ledger._base.execute("SELECT key FROM calls WHERE state = 'answered'").fetchall()
    ledger.close()
    return {row[0] for row in rows}


def test_a_killed_run_goes_on_where_it_was(tmp_path: Path) -> None:
    write_table(
        write_pictures(tmp_path / "pictures", COUNT), tmp_path / "micrographs.parquet", MICROGRAPHS
    )
    # Only what is late on purpose is given up: an answer that was paid and not awaited is lost.
    delay = (0.05, 10.0)
    with ChatServer(rate=0.25, faults=FAULTS, delay=delay) as server:
        settings = as_json(settings_for(server, concurrency=CONCURRENCY, timeout=8.0))
        first = start(tmp_path, settings, "first")
        deadline = time.monotonic() + 240
        while server.n_served < COUNT // 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
        assert first.wait() == -signal.SIGKILL
        assert not (tmp_path / "model.parquet").exists()
        server.wait()  # what was on its way arrives nowhere
        kept, served = answered(tmp_path), server.n_served
        assert COUNT // 2 - CONCURRENCY <= len(kept) <= served
        # Only what was in flight when the process died can be lost.
        assert served - len(kept) <= CONCURRENCY

        second = start(tmp_path, settings, "second")
        assert second.wait(timeout=300) == 0, (tmp_path / "second.log").read_text()
        rows = read_rows(tmp_path / "model.parquet", ATTRIBUTES)
        assert len(rows) == COUNT and all(row["failure"] is None for row in rows)
        # No answer that was kept is asked for again: all that was served since is new.
        total = answered(tmp_path)
        assert kept < total
        assert server.n_served - served == len(total) - len(kept)
        assert len(server.met) >= 6, server.met

        bytes_before, asked = (tmp_path / "model.parquet").read_bytes(), len(server.bodies)
        third = start(tmp_path, settings, "third")
        assert third.wait(timeout=240) == 0
        assert len(server.bodies) == asked
        assert (tmp_path / "model.parquet").read_bytes() == bytes_before
    _look_for_the_key(tmp_path)


def _look_for_the_key(folder: Path) -> None:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"first.log", "second.log", "calls.sqlite"} <= {path.name for path in files}
    texts = {path.name: path.read_bytes() for path in files}
    # Parquet is compressed: what its cells say counts too.
    texts["cells"] = repr(read_rows(folder / "model.parquet")).encode()
    for spelling in (KEY.encode(), base64.b64encode(KEY.encode()).rstrip(b"=")):
        assert [name for name, text in texts.items() if spelling in text] == []


def test_a_refused_key_ends_the_command_with_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_table(
        write_pictures(tmp_path / "pictures", 4), tmp_path / "micrographs.parquet", MICROGRAPHS
    )
    wrong = "sk-another/key+that=is-wrong"
    monkeypatch.setenv("MICROGRAPHIA_TEST_KEY", wrong)
    with ChatServer() as server:
        settings = as_json(settings_for(server))
        assert start(tmp_path, settings, "wrong").wait(timeout=240) == 2
    said = (tmp_path / "wrong.log").read_text()
    assert "refuses all calls (HTTP 401" in said
    assert wrong not in said and "Traceback" not in said
    assert not (tmp_path / "model.parquet").exists()
