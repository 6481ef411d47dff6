"""`micrographia classification`, verb by verb, on drawn pictures and an untrained transformer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image

from micrographia.classification.encoders import vit
from micrographia.cli import main
from micrographia.io.schemas import CLASSIFIED, EMBEDDINGS, SPLITS
from micrographia.io.tables import read_rows
from micrographia.training.checkpoint import save_checkpoint


@pytest.fixture
def settings(tmp_path: Path) -> str:
    """Settings that name an encoder of random weights."""
    torch.manual_seed(0)
    path = tmp_path / "vit.safetensors"
    save_checkpoint(path, vit.SmallViT().state_dict(), {"kind": vit.KIND, "side": 224}, half=False)
    return json.dumps({"encoder": str(path), "folds": 3, "shots": [2], "draws": 1})


def test_from_a_folder_to_answers(
    make_set: Callable[..., Path],
    settings: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder, table = make_set(7), tmp_path / "embeddings.parquet"
    (folder / "dots" / "bad.png").write_bytes(b"none")
    (folder / "Dots").mkdir()
    Image.open(folder / "dots" / "00.png").rotate(10).save(folder / "Dots" / "a.png")

    def run(*words: str | Path) -> int:
        return main(["classification", *map(str, words), "--settings", settings])

    assert run("embed", folder, "--mirrored", "--jobs", "2", "--out", table) == 0
    said = capsys.readouterr()
    assert "23 pictures of 3 classes, 1 failed" in said.out
    assert "taken for one: 'Dots' and 'dots'" in said.err and "bad.png" in said.err
    assert len(read_rows(table, EMBEDDINGS)) == 23

    split, answers = tmp_path / "split.parquet", tmp_path / "answers.parquet"
    assert run("split", "--embeddings", table, "--how", "grouped", "--out", split) == 0
    assert {row["part"] for row in read_rows(split, SPLITS)} == {
        "train", "validation", "test", None,
    }  # fmt: skip
    assert run("bench", "--embeddings", table, "--split", split, "--out", answers) == 0
    parts = {row["path"]: row["part"] for row in read_rows(split, SPLITS)}
    told = [row for row in read_rows(answers, CLASSIFIED) if row["failure"] is None]
    assert told and all(parts[row["path"]] == "test" for row in told)

    model = tmp_path / "model.safetensors"
    assert run("train", "--embeddings", table, "--out", model) == 0
    capsys.readouterr()
    pictures = folder / "stripes"
    heat = tmp_path / "heat"
    words = ("predict", pictures, tmp_path / "absent.png", "--classifier", model)
    assert run(*words, "--heatmaps", heat, "--out", answers) == 0
    out = capsys.readouterr().out.splitlines()
    assert len(out) == 8 and "absent.png does not exist" in out[-1]
    rows = read_rows(answers, CLASSIFIED)
    assert [row["failure"] is None for row in rows] == [True] * 7 + [False]
    assert len(list(heat.glob("*.png"))) == 7
    assert run("neighbours", pictures / "00.png", "--embeddings", table, "--count", "2") == 0
    found = json.loads(capsys.readouterr().out)[0]
    assert len(found["neighbours"]) == 2


def test_ask_without_an_endpoint_says_what_to_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["ask", "q.parquet", "--embeddings", "e.parquet", "--cache", "c.sqlite"]
    assert main(["classification", *words, "--out", str(tmp_path / "o.parquet")]) == 2
    assert "Set classification.endpoint: base_url" in capsys.readouterr().err


def test_a_command_that_got_no_answer_at_all_fails(
    make_set: Callable[..., Path],
    settings: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    table, model = tmp_path / "embeddings.parquet", tmp_path / "model.safetensors"
    empty, bad = tmp_path / "empty", tmp_path / "bad.png"
    empty.mkdir()
    bad.write_text("no picture", encoding="utf-8")

    def run(*words: str | Path) -> int:
        return main(["classification", *map(str, words), "--settings", settings])

    assert run("embed", make_set(4), "--out", table) == 0
    assert run("train", "--embeddings", table, "--out", model) == 0
    capsys.readouterr()
    assert run("predict", empty, bad, "--classifier", model) == 1
    out = capsys.readouterr().out.splitlines()
    assert "empty holds no pictures" in out[0] and "bad.png is not an image" in out[1]
    assert run("predict", bad, make_set(4) / "dots" / "00.png", "--classifier", model) == 0
    assert run("neighbours", empty, "--embeddings", table) == 1
    lost = tmp_path / "lost.csv"
    lost.write_text("file,label\nabsent.png,a\n", encoding="utf-8")
    assert run("embed", lost, "--out", tmp_path / "lost.parquet") == 1
    assert run("questions", lost, "--out", tmp_path / "lost.parquet") == 1
    capsys.readouterr()
    lost.write_text("file;label\nabsent.png;a\n", encoding="utf-8")
    assert run("embed", lost, "--out", tmp_path / "lost.parquet") == 2
    assert "Save it with commas, not semicolons." in capsys.readouterr().err


def test_a_name_of_no_checkpoint_is_refused_before_the_training(
    make_set: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "encoder.pt"
    for verb in ("finetune", "pretrain"):
        assert main(["classification", verb, str(make_set(2)), "--out", str(out)]) == 2
        assert "cannot be named encoder.pt; allowed: .safetensors" in capsys.readouterr().err
    assert not (tmp_path / "states").exists()


def test_no_output_is_written_over_an_input(
    make_set: Callable[..., Path], settings: str, tmp_path: Path
) -> None:
    table = tmp_path / "embeddings.parquet"

    def run(*words: str | Path) -> int:
        return main(["classification", *map(str, words), "--settings", settings])

    folder = make_set(4)
    assert run("embed", folder, "--out", table) == 0
    before = table.read_bytes()
    picture = folder / "dots" / "00.png"
    seen = picture.read_bytes()
    assert run("split", "--embeddings", table, "--out", table) == 2
    assert run("bench", "--embeddings", table, "--out", table) == 2
    assert run("bench", "--embeddings", folder, "--extra", table, "--out", table) == 2
    assert run("predict", picture, "--out", picture) == 2
    assert run("embed", folder, "--out", folder / "labels.parquet") == 2
    assert table.read_bytes() == before and picture.read_bytes() == seen
    assert not (folder / "labels.parquet").exists()
