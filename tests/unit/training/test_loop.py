"""The training loop on a small real task: it learns, stops, and resumes to the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from micrographia.config import Training
from micrographia.errors import CheckpointError, MicrographiaError
from micrographia.training.checkpoint import load_checkpoint
from micrographia.training.loop import fit

SETTINGS = Training(
    steps=60, batch=4, learning_rate=0.01, validate_every=20, save_every=7, device="cpu",
    precision="fp32", average=0.9, milestones=(0.5,),
)  # fmt: skip
CARD = {"kind": "test", "architecture": {}}


class Edges:
    """Learn to find the horizontal gradient of random pictures; dropout makes it random too."""

    score = "likeness"

    def __init__(self, pause: float = 0.0) -> None:
        torch.manual_seed(0)
        self.model: nn.Module = nn.Sequential(
            nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8), nn.Dropout(0.1),
            nn.ReLU(), nn.Conv2d(8, 1, 3, padding=1),
        )  # fmt: skip
        self.pause = pause

    def sample(self, number: int) -> dict[str, np.ndarray]:
        time.sleep(self.pause)
        image = np.random.default_rng([5, number]).normal(size=(1, 16, 16)).astype(np.float32)
        return {"image": image, "truth": np.gradient(image, axis=2).astype(np.float32)}

    def loss(self, output, batch):
        return {"loss": (output - batch["truth"]).square().mean()}

    def validate(self, model, device):
        sample = self.sample(10**9)
        found = model(torch.from_numpy(sample["image"])[None].to(device)).detach().float().numpy()
        return {"likeness": float(np.corrcoef(found.ravel(), sample["truth"].ravel())[0, 1])}


def train(folder: Path, settings: Training = SETTINGS, learner=None, card=CARD):
    return fit(
        learner or Edges(), settings, folder / "net.safetensors", folder / "states", seed=3,
        card=card,
    )  # fmt: skip


def test_it_learns_and_says_so(tmp_path):
    progress = train(tmp_path)
    losses = [row["value"] for row in progress.history if row["metric"] == "loss"]
    assert len(losses) == 3 and losses[-1] < 0.5 * losses[0]
    assert progress.best["likeness"] > 0.8
    kept = load_checkpoint(tmp_path / "net.safetensors")
    assert kept.card["metrics"] == {"likeness": progress.best["likeness"]}
    assert kept.card["step"] == progress.best["step"]
    assert kept.card["settings"]["steps"] == 60 and kept.card["seed"] == 3
    model = Edges().model
    model.load_state_dict(kept.tensors)
    again = Edges().validate(model.eval(), torch.device("cpu"))["likeness"]
    assert again == pytest.approx(progress.best["likeness"], abs=1e-3)  # kept as float16


def test_equal_seeds_give_equal_bytes(tmp_path):
    for name in "ab":
        train(tmp_path / name)
    for file in ("net.safetensors", "net.json"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    train(tmp_path / "c", SETTINGS.model_copy(update={"learning_rate": 0.011}))
    other = (tmp_path / "c" / "net.safetensors").read_bytes()
    assert other != (tmp_path / "a" / "net.safetensors").read_bytes()


PROGRAM = """
import sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from test_loop import Edges, train
train(Path({folder!r}), learner=Edges(pause=0.05))
"""


def test_killed_at_any_step_and_resumed_it_ends_up_the_same(tmp_path, caplog):
    train(tmp_path / "whole")
    folder = tmp_path / "killed"
    program = PROGRAM.format(tests=str(Path(__file__).parent), folder=str(folder))
    kills = 0
    for saved in (1, 3):  # once before the first validation, once after it
        process = subprocess.Popen([sys.executable, "-c", program])
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline:
            if step_of(folder / "states") >= 7 * saved:
                process.kill()
                kills += 1
                break
            time.sleep(0.005)
        process.wait()
    assert kills == 2 and 21 <= step_of(folder / "states") < 60
    with caplog.at_level("INFO"):
        train(folder)
    assert "resumed after step" in caplog.text
    for file in ("net.safetensors", "net.json"):
        assert (folder / file).read_bytes() == (tmp_path / "whole" / file).read_bytes()


def step_of(states: Path) -> int:
    """Step of the state on disk, read from its header alone; 0 if there is none."""
    for file in states.glob("net-*.safetensors"):
        with file.open("rb") as stream:
            size = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(size))
        return json.loads(header["__metadata__"]["notes"])["step"]
    return 0


def test_a_state_of_other_settings_is_left_alone(tmp_path):
    train(tmp_path)
    progress = train(tmp_path, SETTINGS.model_copy(update={"steps": 20}))
    assert progress.step == 20
    assert len(list((tmp_path / "states").iterdir())) == 2


def test_a_finished_training_is_not_repeated(tmp_path):
    train(tmp_path)
    before = (tmp_path / "net.safetensors").read_bytes()
    (tmp_path / "net.safetensors").unlink()  # as Snakemake does before it runs a step again

    class Untouchable(Edges):
        def sample(self, number):
            raise AssertionError("a finished training draws no sample")

    train(tmp_path, learner=Untouchable())
    assert (tmp_path / "net.safetensors").read_bytes() == before


def test_it_stops_when_nothing_gets_better(tmp_path):
    class Saturated(Edges):
        def validate(self, model, device):
            return {"likeness": 0.5}

    progress = train(tmp_path, SETTINGS.model_copy(update={"patience": 1}), Saturated())
    assert progress.step == 40 and progress.best["step"] == 20


def test_a_loss_that_is_no_number_ends_the_run(tmp_path):
    class Broken(Edges):
        def loss(self, output, batch):
            return {"loss": output.mean() * float("nan")}

    with pytest.raises(MicrographiaError, match=r"after step 1; .*learning_rate"):
        train(tmp_path, learner=Broken())


def test_a_damaged_state_is_named(tmp_path):
    train(tmp_path)
    state = next((tmp_path / "states").iterdir())
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match=r"cannot be read.*Delete the file"):
        train(tmp_path)


def test_workers_change_nothing(tmp_path):
    train(tmp_path / "a")
    train(tmp_path / "b", SETTINGS.model_copy(update={"workers": 1}))
    weights = [load_checkpoint(tmp_path / name / "net.safetensors").tensors for name in "ab"]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_bf16_learns_too(tmp_path):
    progress = train(tmp_path, SETTINGS.model_copy(update={"precision": "bf16"}))
    assert progress.best["likeness"] > 0.8
