"""The text detector: a real, tiny training; checkpoints; the shipped detector."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from needed import EMPS, needs

from micrographia.config import Synthesis, Text, TextTraining
from micrographia.curation.text.network import build, distinct, load_detector, save_detector
from micrographia.curation.text.regions import CLASSES, decide, particle_loss
from micrographia.curation.text.score import pairs
from micrographia.curation.text.training import digest_of, train
from micrographia.errors import MicrographiaError
from micrographia.io.resources import find_resource
from micrographia.synthesis.procedural.micrograph import make_micrograph
from micrographia.synthesis.text.banners import find_fonts
from micrographia.synthesis.text.dataset import make_set
from micrographia.synthesis.text.pictures import annotate

pytestmark = needs("ultralytics")

ROOT = Path(__file__).parents[4]
SHIPPED = find_resource(Text().weights)
TINY = TextTraining(
    closeups=8, closeup_side=64, closeup_epochs=1, pictures=5, side=96, epochs=1, threads=1
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, dict[str, Any]]:
    """A detector that went through both stages of a tiny training, and its checkpoint."""
    folder = tmp_path_factory.mktemp("text")
    rows = make_set(folder, TINY, 1)
    model, described = train(folder, rows, TINY, 1)
    path = folder / "detector.safetensors"
    save_detector(path, model, described)
    assert described["data"] == digest_of(folder, rows)
    # A training can begin with what another one left.
    later = TINY.model_copy(update={"start": str(path), "closeup_epochs": 1})
    assert train(folder, rows[8:], later, 1)[1]["curves"].keys() == {"train"}
    return path, model, described


@pytest.mark.slow
def test_a_training_changes_weights_and_is_described(trained: tuple) -> None:
    path, _, _ = trained
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert sidecar["classes"] == list(CLASSES) and len(sidecar["sha256"]) == 64
    assert sidecar["pictures"] == {"closeup": 8, "train": 4, "validation": 1}
    assert {stage: len(epochs) for stage, epochs in sidecar["curves"].items()} == {
        "closeup": 1,
        "train": 1,
    }
    assert sidecar["curves"]["train"][0]["class_loss"] > 0
    assert len(sidecar["choice"]["weights"]) == 24
    assert str(path.parent) not in path.with_suffix(".json").read_text()
    assert path.stat().st_size < 6_000_000


@pytest.mark.slow
def test_a_checkpoint_gives_the_same_answers_again(trained: tuple, tmp_path: Path) -> None:
    path, _, described = trained
    settings = Text(min_score=0.001, side=96)
    pixels = np.random.default_rng(0).integers(0, 120, (96, 128)).astype(np.uint8)
    pixels[70:76, 20:80] = 255
    detector = load_detector(path, settings)
    first = detector(pixels)
    assert first and first == detector(pixels) == load_detector(path, settings)(pixels)
    # A larger picture is searched at another scale, and its boxes are those of the whole.
    larger = detector(np.kron(pixels, np.ones((12, 12), np.uint8)))
    assert larger and max(region.box[2] for region in larger) > 128
    for x0, y0, x1, y1 in (region.box for region in first):
        assert 0 <= x0 < x1 <= 128 and 0 <= y0 < y1 <= 96
    # What was read, written again, has the same bytes.
    again = tmp_path / "again.safetensors"
    save_detector(again, detector._model, described)
    assert again.read_bytes() == path.read_bytes()


def test_faults_of_checkpoints_are_told(tmp_path: Path) -> None:
    absent = tmp_path / "absent.safetensors"
    with pytest.raises(MicrographiaError, match=r"text detector .* does not exist"):
        load_detector(absent, Text())
    absent.write_bytes(b"12345678")
    with pytest.raises(MicrographiaError, match="damaged"):
        load_detector(absent, Text())
    save_detector(absent, build(list(CLASSES)), {"classes": ["one", "two"]})
    with pytest.raises(MicrographiaError, match="damaged"):
        load_detector(absent, Text())
    other = tmp_path / "weights.onnx"
    other.touch()
    with pytest.raises(MicrographiaError, match=r"saw: \.onnx|\.pt"):
        load_detector(other, Text())
    pickle = tmp_path / "weights.pt"
    pickle.write_bytes(b"no pickle")
    with pytest.raises(MicrographiaError, match="not a detection model"):
        load_detector(pickle, Text())


def test_weights_of_ultralytics_are_taken(tmp_path: Path) -> None:
    from ultralytics import YOLO

    network = YOLO("yolo11n.yaml", task="detect", verbose=False)
    network.save(tmp_path / "mine.pt")
    detector = load_detector(tmp_path / "mine.pt", Text(min_score=0.9))
    assert detector(np.zeros((64, 64), np.uint8)) == []


def test_ultralytics_leaves_the_home_alone_and_says_nothing(tmp_path: Path) -> None:
    code = "from micrographia.curation.text.network import build; build(['text'])"
    kept = {"YOLO_CONFIG_DIR", "YOLO_OFFLINE", "XDG_CONFIG_HOME"}
    clean = {key: value for key, value in os.environ.items() if key not in kept}
    answer = subprocess.run(
        [sys.executable, "-c", code],
        env={**clean, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == ""
    assert not [path for path in tmp_path.rglob("*") if "ltralytics" in path.name]


def test_of_boxes_on_top_of_each_other_the_best_stays() -> None:
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [2, 2, 5, 5], [30, 0, 40, 10.0]])
    assert distinct(boxes, np.array([0.5, 0.9, 0.8, 0.3])) == [1, 3]
    assert distinct(np.empty((0, 4)), np.empty(0)) == []


def test_the_shipped_detector_finds_what_is_rendered() -> None:
    detector = load_detector(SHIPPED, Text())
    fonts: list[str | None] = [None, *find_fonts(TINY.fonts)]
    hits = found = true = 0
    for index in (1, 2, 3, 4, 6, 7, 8, 9, 10, 12, 13, 14):
        ground = make_micrograph(index, 99, Synthesis(size=320, annotated_share=0))[0]
        pixels, boxes, _ = annotate(ground, fonts, np.random.default_rng([99, index]))
        regions = detector(pixels)
        hits += len(pairs([region.box for region in regions], boxes, 0.3))
        found, true = found + len(regions), true + len(boxes)
    assert true >= 12
    assert hits >= 0.5 * true and hits >= 0.7 * found


@needs("EMPS")
def test_real_pictures_without_text_are_left_whole() -> None:
    import csv

    from micrographia.io.images import read_labels, read_micrograph

    with (ROOT / "tests" / "data" / "emps_text_boxes.csv").open(encoding="utf-8") as stream:
        names = [row["image"] for row in csv.DictReader(stream) if row["half"] == "free"]
    settings = Text(policy="crop")
    detector = load_detector(SHIPPED, settings)
    losses = []
    for name in names:
        pixels = read_micrograph(EMPS / "images" / f"{name}.png").pixels
        height, width = pixels.shape
        _, crop, _ = decide(detector(pixels), width, height, settings)
        losses.append(particle_loss(read_labels(EMPS / "segmaps" / f"{name}.png"), crop))
    assert len(losses) == 12 and np.mean(losses) <= 0.03


def test_numbers_are_printed_as_before() -> None:
    """ultralytics sets numpy's print options for the whole process; see `training.yolo.quiet`."""
    program = (
        "import numpy as np; before = np.get_printoptions(); "
        "from micrographia.curation.text.network import build; build(['text']); "
        "assert np.get_printoptions() == before, np.get_printoptions()"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
