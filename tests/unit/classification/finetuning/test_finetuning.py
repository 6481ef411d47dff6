"""Further training: views, lessons, the loss of classes, and the encoder that is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from needed import needs

from micrographia.classification.encoders.registry import load_encoder
from micrographia.classification.finetuning.train import lessons_of, sub_kinds_of
from micrographia.classification.finetuning.views import view
from micrographia.cli import main
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.labelled import read_labelled


def test_views_are_inputs_that_differ_and_follow_from_their_seed() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (200, 260), dtype=np.uint8)
    for seed in range(40):
        seen = view(pixels, 64, 0.2, np.random.default_rng(seed))
        assert seen.shape == (64, 64) and seen.dtype == np.float32
        assert abs(seen.mean()) < 1e-4 and seen.std() == pytest.approx(1, abs=1e-3)
        assert np.array_equal(seen, view(pixels, 64, 0.2, np.random.default_rng(seed)))
        assert not np.allclose(seen, view(pixels, 64, 0.2, np.random.default_rng(seed + 100)))


def test_an_even_picture_has_views_too() -> None:
    even = np.full((32, 32), 7, dtype=np.uint8)
    assert all(
        np.isfinite(view(even, 48, 0.5, np.random.default_rng(seed))).all() for seed in range(20)
    )


def test_lessons_know_sub_kinds_and_leave_out_what_cannot_be_read(
    make_set: Callable[..., Path],
) -> None:
    folder = make_set(3)
    (folder / "dots" / "bad.png").write_bytes(b"none")
    rows = read_labelled(folder).rows
    broad = {row["path"]: "broad" for row in rows if row["path"].endswith("01.png")}
    lessons, classes, failures = lessons_of(rows, broad)
    assert classes == ["cloud", "dots", "stripes"] and len(lessons.paths) == 9
    assert len(failures) == 1 and "bad.png" in failures[0]
    assert lessons.parents.tolist() == [0, 0, 1, 1, 2, 2]
    for path, kind in zip(lessons.paths, lessons.kinds, strict=True):
        assert Path(path).parent.name == classes[lessons.parents[kind]]
        assert bool(kind % 2) == path.endswith("01.png")
    with pytest.raises(MicrographiaError, match="at least two classes; saw 'dots'"):
        lessons_of([row for row in rows if row["label"] == "dots"], {})


def test_sub_kinds_are_those_of_the_table_that_draws_kinds(tmp_path: Path) -> None:
    words = ["--classes", "tips", "other", "--per-class", "2", "--size", "48", "--seed", "1"]
    assert main(["synthesis", "kinds", "--out", str(tmp_path / "set"), *words]) == 0
    found = sub_kinds_of(tmp_path / "set")
    assert set(found) == {row["path"] for row in read_labelled(tmp_path / "set").rows}
    assert sub_kinds_of(tmp_path) == {}


@needs("EfficientNet-Lite0")
def test_a_class_is_as_likely_as_its_sub_kinds_together(make_set: Callable[..., Path]) -> None:
    from micrographia.classification.encoders.efficientnet import imagenet_network
    from micrographia.classification.finetuning.learner import KindLearner
    from micrographia.config import FineTuning

    rows = read_labelled(make_set(4)).rows
    kinds = {row["path"]: row["path"][-5] for row in rows if "dots" in row["path"]}
    lessons, _, _ = lessons_of(rows, kinds)
    learner = KindLearner(imagenet_network(), lessons, lessons, FineTuning(sub_kinds=0), 0)
    output = torch.randn(5, len(lessons.parents), generator=torch.Generator().manual_seed(0))
    chances = output.softmax(dim=1).numpy()
    members = lessons.parents == 1
    own = np.flatnonzero(members)[0]
    found = learner.loss(output, {"kind": torch.full((5,), int(own))})
    together = chances[:, members].sum(axis=1)
    assert float(found["loss"]) == pytest.approx(-np.log(together).mean(), abs=1e-5)


@needs("EfficientNet-Lite0")
def test_the_encoder_that_is_written_lies_between_imagenet_and_the_trained_one(
    make_set: Callable[..., Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, out = make_set(6), tmp_path / "encoder.safetensors"

    def finetune(blend: float) -> np.ndarray:
        loop = {"steps": 3, "batch": 4, "validate_every": 3, "precision": "fp32", "average": 0}
        settings = {"finetuning": {"loop": loop, "blend": blend, "held_out": 0.3, "side": 64}}
        words = ["finetune", str(folder), "--out", str(out), "--settings", json.dumps(settings)]
        assert main(["classification", *words]) == 0
        return load_encoder(str(out)).encode(batch)

    batch = np.random.default_rng(0).normal(size=(2, 224, 224)).astype(np.float32)
    start = load_encoder("efficientnet-lite0").encode(batch)
    # Half precision is all that differs.
    assert np.abs(finetune(0.0) - start).mean() < 0.01 * start.std()
    capsys.readouterr()
    end = finetune(1.0)
    assert "resumed after step 3 of 3" in capsys.readouterr().err
    between = finetune(0.5)
    moved = np.abs(end - start).mean()
    assert moved > 0.02 * start.std()
    assert np.abs(between - start).mean() < moved and np.abs(between - end).mean() < moved
    card = json.loads(out.with_suffix(".json").read_text())
    assert card["classes"] == ["cloud", "dots", "stripes"] and card["blend"] == 0.5
    assert out.stat().st_size < 8e6
