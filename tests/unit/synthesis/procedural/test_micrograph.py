"""The generator: the same picture from the same seed, and masks that are exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from micrographia.cli import main
from micrographia.config import Synthesis
from micrographia.io.images import read_labels, read_micrograph
from micrographia.io.schemas import SYNTHETIC
from micrographia.io.tables import read_table
from micrographia.synthesis.procedural import annotation_bar, micrograph
from micrographia.synthesis.procedural.micrograph import make_micrograph, name_of, role_of
from micrographia.synthesis.procedural.placement import MIN_VISIBLE, Scene
from micrographia.synthesis.procedural.shapes import blob

SETTINGS = Synthesis(count=48, size=160, annotated_share=0.5)


@pytest.mark.parametrize("index", range(48))
def test_mask_is_consistent(index: int) -> None:
    pixels, labels, truth = make_micrograph(index, 3, SETTINGS)
    assert pixels.shape == labels.shape == (truth["height"], truth["width"])
    assert pixels.dtype == np.uint8
    found, areas = np.unique(labels[labels > 0], return_counts=True)
    np.testing.assert_array_equal(found, np.arange(1, truth["n_instances"] + 1))
    assert truth["n_instances"] >= 1
    assert areas.min() >= MIN_VISIBLE
    assert set(truth) == set(SYNTHETIC.names)
    assert len(np.unique(pixels)) > 20
    for x0, y0, x1, y1 in truth["text_boxes"]:
        assert 0 <= x0 < x1 <= truth["width"]
        assert 0 <= y0 < y1 <= truth["height"]


def test_particles_stand_out_of_the_ground_in_the_mask() -> None:
    """Were mask and picture shifted by some pixels, the contrast across outlines would fade."""
    for index in (0, 2, 6, 8, 12):
        pixels, labels, truth = make_micrograph(index, 1, Synthesis(size=160, annotated_share=0))
        inside = labels > 0
        step = np.median(pixels[inside]) - np.median(pixels[~inside])
        assert step > 12 if truth["colour_profile"] == "bright_on_dark" else step < -12
        split = (pixels > (np.median(pixels[inside]) + np.median(pixels[~inside])) / 2) == inside
        agreement = max(split.mean(), 1 - split.mean())
        moved = np.roll(inside, 5, axis=1)
        worse = (pixels > np.median(pixels)) == moved
        assert agreement > max(worse.mean(), 1 - worse.mean())


def test_mask_is_the_visible_part_of_exact_discs() -> None:
    scene = Scene(100, np.zeros((100, 100), bool))
    below, above = blob((50, 40), 20, 100), blob((50, 60), 15, 100)
    assert scene.add(below, 0.5)
    assert scene.add(above, 0.5)
    y, x = np.mgrid[:100, :100]
    expected = np.where(np.hypot(y - 50, x - 40) <= 20, 1, 0)
    expected[np.hypot(y - 50, x - 60) <= 15] = 2
    np.testing.assert_array_equal(scene.labels, expected)


def test_a_particle_that_would_hide_another_is_refused() -> None:
    scene = Scene(100, np.zeros((100, 100), bool))
    assert scene.add(blob((50, 50), 5, 100), 0.9)
    assert not scene.add(blob((50, 50), 20, 100), 0.9)
    assert not scene.add(blob((50, 58), 5, 100), 0.0)
    assert not scene.add(None, 0.9)
    assert len(scene.patches) == 1


def test_same_seed_same_picture_and_other_seed_another() -> None:
    one, again, other = (make_micrograph(4, seed, SETTINGS) for seed in (8, 8, 9))
    np.testing.assert_array_equal(one[0], again[0])
    np.testing.assert_array_equal(one[1], again[1])
    assert one[2] == again[2]
    assert not np.array_equal(one[0], other[0])


def test_annotation_stays_in_its_boxes_and_panels_hide_the_specimen() -> None:
    rng = np.random.default_rng(0)
    grey = np.full((300, 300), 128, np.uint8)
    for _ in range(60):
        contrast = str(rng.choice(["sem", "tem"]))
        plan = annotation_bar.plan(300, float(rng.uniform(0.01, 30)), contrast, rng)
        changed = annotation_bar.draw(grey, plan) != grey
        boxed = np.zeros_like(changed)
        for x0, y0, x1, y1 in plan.boxes:
            boxed[y0:y1, x0:x1] = True
            assert changed[y0:y1, x0:x1].any()
        assert not (changed & ~boxed).any()
        assert not (annotation_bar.blocked(plan, 300) & ~boxed).any()
    annotated = Synthesis(size=160, annotated_share=1.0)
    for index in range(6):
        assert make_micrograph(index, 0, annotated)[2]["text_boxes"]
    assert not make_micrograph(0, 0, Synthesis(size=160, annotated_share=0))[2]["text_boxes"]


@pytest.mark.parametrize("pixel_size", [0.013, 0.5, 3.0, 17.0])
def test_scale_bar_tells_the_pixel_size(pixel_size: float) -> None:
    length, text = annotation_bar.scale_bar(400, pixel_size, np.random.default_rng(1))
    number = text.rstrip("num ")
    nanometres = float(number) * (1000 if text.endswith("um") else 1)
    assert nanometres / length == pytest.approx(pixel_size, rel=0.02)
    assert float(f"{nanometres:.0e}"[0]) in (1, 2, 5)


def test_roles_give_curation_something_to_find() -> None:
    roles = [role_of(index) for index in range(48)]
    defects = [role.defect for role in roles if role.defect]
    assert sorted(defects) == sorted(["exact copy", "re-encoded copy"] * 2 + ["blurred", "small"])
    assert {role.kind for role in roles} == {*micrograph.KINDS, micrograph.DENSE}
    for index, role in enumerate(roles):
        if role.copy_of is not None:
            assert role.copy_of < index
            assert roles[role.copy_of].copy_of is None
            assert roles[role.copy_of].defect is None


def test_copies() -> None:
    original, exact = make_micrograph(8, 2, SETTINGS), make_micrograph(17, 2, SETTINGS)
    np.testing.assert_array_equal(original[0], exact[0])
    assert exact[2]["duplicate_of_name"] == name_of(8)
    assert exact[2]["name"] == name_of(17)
    original, close = make_micrograph(4, 2, SETTINGS), make_micrograph(11, 2, SETTINGS)
    assert not np.array_equal(original[0], close[0])
    assert np.corrcoef(original[0].ravel(), close[0].ravel())[0, 1] > 0.9
    np.testing.assert_array_equal(original[1], close[1])


def test_dense_pictures_have_a_hundred_instances() -> None:
    for index in (5, 29):
        assert make_micrograph(index, 1665, Synthesis())[2]["n_instances"] >= 100


def test_shards_make_the_same_files_as_one_run(tmp_path: Path) -> None:
    given = ["--seed", "5", "--settings", '{"count": 6, "size": 96}']
    verb = ["synthesis", "micrographs"]
    assert main([*verb, "--out", str(tmp_path / "all"), *given]) == 0
    for shard in range(2):
        part = ["--out", str(tmp_path / f"{shard}"), "--shard", f"{shard}", "--shards", "2"]
        assert main([*verb, *part, *given]) == 0
    for index in range(6):
        for kind in ("images", "masks"):
            name = f"{kind}/{name_of(index)}.png"
            whole = (tmp_path / "all" / name).read_bytes()
            assert whole == (tmp_path / f"{index % 2}" / name).read_bytes()
    truth = read_table(tmp_path / "all" / "truth.parquet", SYNTHETIC)
    assert list(truth["name"]) == [name_of(index) for index in range(6)]
    for row in truth.itertuples():
        pixels = read_micrograph(tmp_path / "all" / "images" / f"{row.name}.png").pixels
        labels = read_labels(tmp_path / "all" / "masks" / f"{row.name}.png")
        assert pixels.shape == labels.shape == (row.height, row.width)
        assert labels.max() == row.n_instances
    assert pq.read_schema(tmp_path / "all" / "truth.parquet").metadata


def test_wrong_shard_is_refused(tmp_path: Path) -> None:
    words = ["--out", str(tmp_path / "o"), "--shard", "2", "--shards", "2"]
    assert main(["synthesis", "micrographs", *words]) == 2
    assert not (tmp_path / "o").exists()
