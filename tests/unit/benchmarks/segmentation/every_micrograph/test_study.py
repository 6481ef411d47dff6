"""The study of every kind of micrograph: a peer is run without its face, the worst are drawn."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from every_micrograph import draw_worst, predict_by_bpartis, print_drawn_twice
from PIL import Image

from micrographia.benchmarks.segmentation.every_micrograph.cases import Case
from micrographia.io.datasets.drawn import Drawing, DrawnObject
from micrographia.io.images import read_labels, write_labels


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.fromarray(np.zeros((6, 8), np.uint8)).save(tmp_path / "a.png")
    return tmp_path / "a.png"


def case(kind: str, width: float) -> Case:
    corners = np.array([[0, 0], [width, 0], [width, 4], [0, 4]], dtype=float)
    whole = Drawing("a.png", kind, "choose", (DrawnObject(1, 0, (corners,)),), ())
    return Case("a.png", kind, "choose", "a.png", whole)


def test_the_peer_needs_nothing_but_its_segmenter(
    picture: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A double of the package, whose face fails as the real one does without its packages."""
    package = tmp_path / "imagedataextractor"
    (package / "segment").mkdir(parents=True)
    (package / "__init__.py").write_text("import chemdataextractor_is_absent\n")
    (package / "segment" / "__init__.py").write_text(
        "import numpy as np\n"
        "class ParticleSegmenter:\n"
        "    def __init__(self, bayesian=True, n_samples=30, tu=0.0125, device='cpu'):\n"
        "        assert bayesian and device == 'cpu'\n"
        "    def segment(self, image):\n"
        "        assert image.shape == (6, 8, 3) and image.dtype == np.uint8\n"
        "        return np.eye(6, 8, dtype=np.float64), None, None\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("imagedataextractor", "imagedataextractor.segment"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    predict_by_bpartis([picture], tmp_path / "masks")
    for name in ("imagedataextractor", "imagedataextractor.segment"):
        monkeypatch.delitem(sys.modules, name)
    assert read_labels(tmp_path / "masks" / "a.png").tolist() == np.eye(6, 8).tolist()


def test_the_worst_pictures_are_drawn_side_by_side(picture: Path, tmp_path: Path) -> None:
    labels = np.zeros((6, 8), np.int32)
    labels[3, 3] = 1
    write_labels(tmp_path / "masks" / "a.png", labels)
    row = {"file": "a.png", "kind": "rod", "ap50": 0.0, "recall50": 0.0}
    counted = {**row, "ap50": None}
    draw_worst(
        [counted, row], [case("rod", 4)], [tmp_path], tmp_path / "masks", tmp_path / "worst", 10
    )
    drawn = list((tmp_path / "worst").iterdir())
    assert [path.name for path in drawn] == ["01-rod-0.00-a.png"]
    with Image.open(drawn[0]) as both:
        assert both.width % (8 + 4 + 8) == 0


def test_two_drawings_of_a_picture_are_scored_against_each_other(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """4 of 5 columns are common: an IoU of 0.8, above six of ten thresholds."""
    print_drawn_twice([case("rod", 4), case("giant", 5)], [tmp_path])
    lines = capsys.readouterr().out.strip().splitlines()[2:]
    assert lines == [
        "| a.png | rod | giant | 1.000 | 0.600 |",
        "| a.png | giant | rod | 1.000 | 0.600 |",
    ]
