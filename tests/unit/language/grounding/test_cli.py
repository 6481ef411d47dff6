"""The command line of the assistant, with the real tools."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from serve_bad_requests import picture

from micrographia.cli import main


@pytest.fixture(scope="module")
def spheres(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A picture of thirty spheres."""
    path = tmp_path_factory.mktemp("cli") / "spheres.png"
    path.write_bytes(picture())
    return path


def test_ask_prints_the_answer_and_its_evidence(
    spheres: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["language", "ask", str(spheres), "How large are the particles?"]
    assert main([*words, "--pixel-size", "2"]) == 0
    plain = capsys.readouterr().out
    assert " nm" in plain and "median diameter" in plain
    assert main([*words, "--pixel-size", "2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["text"] == plain.strip() and "{median_diameter}" in told["template"]
    size = next(row for row in told["evidence"] if row["name"] == "median_diameter")
    assert size["unit"] == "nm" and "whole instances" in size["evidence"]


def test_captions_go_on_where_a_picture_fails(
    spheres: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_text("no picture")
    assert main(["language", "caption", str(broken), str(spheres)]) == 0
    first, second = capsys.readouterr().out.strip().splitlines()
    assert "broken.png" in first and "particles were found" in second
    assert main(["language", "caption", str(broken)]) == 1


def test_a_chat_keeps_what_was_measured(
    spheres: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "How many particles are there?\n\nWhat is it made of?\nexit\nHow large are they?\n"
    monkeypatch.setattr("sys.stdin", io.StringIO(lines))
    assert main(["language", "chat", str(spheres)]) == 0
    first, second = capsys.readouterr().out.strip().splitlines()
    assert "particles were found" in first and second.startswith("I cannot tell")


def test_a_port_that_is_taken_is_an_error(capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["language", "serve", "--port", str(taken.getsockname()[1])]) == 2
    assert "Listening" not in capsys.readouterr().out
