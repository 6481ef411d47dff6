"""The annotators that need no network: statistics, features, classifiers, answers, verdicts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from micrographia.annotation.annotator import AnnotationError, Case
from micrographia.annotation.embedded.annotators import (
    MeasuredAnnotator,
    TextureAnnotator,
    shipped_weights,
)
from micrographia.annotation.embedded.examples import Example, changed
from micrographia.annotation.embedded.heads import Heads, load_heads, save_heads
from micrographia.annotation.embedded.train import learn
from micrographia.annotation.features.all_statistics import statistics
from micrographia.annotation.features.texture import texture_features
from micrographia.annotation.registry import make_annotator
from micrographia.annotation.schema import Attributes, Reading
from micrographia.cli import main
from micrographia.config import Annotation, Synthesis
from micrographia.io.images import to_unit
from micrographia.io.vocabulary import ATTRIBUTE_NAMES, UNKNOWN, VOCABULARY
from micrographia.synthesis.procedural.micrograph import make_micrograph

SIDE = 240


def discs(centres: np.ndarray, radius: float) -> np.ndarray:
    """Label mask of discs at (x, y)."""
    y, x = np.mgrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), dtype=np.int32)
    for number, (cx, cy) in enumerate(centres, start=1):
        labels[np.hypot(x - cx, y - cy) <= radius] = number
    return labels


def figures(labels: np.ndarray, inside: float = 0.8, outside: float = 0.2) -> dict[str, float]:
    image = np.where(labels > 0, inside, outside).astype(np.float32)
    return statistics(image, labels)


def lattice(pitch: float) -> np.ndarray:
    i, j = np.meshgrid(np.arange(-20, 40), np.arange(-20, 40))
    points = np.column_stack([(i + 0.5 * j).ravel() * pitch, j.ravel() * pitch * np.sqrt(3) / 2])
    return points[((points > 4) & (points < SIDE - 4)).all(axis=1)]


def test_a_lattice_of_discs() -> None:
    centres = lattice(20.0)
    found = figures(discs(centres, 7))
    assert found["count"] == len(centres)
    assert found["covered"] == pytest.approx(len(centres) * np.pi * 49 / SIDE**2, rel=0.05)
    assert found["order_six"] > 0.95
    assert found["clark_evans"] > 1.8  # 2.149 on an endless triangular lattice
    assert found["lattice_peak"] > 0.8
    assert found["diameter_cv"] < 0.05
    assert found["aspect_50"] == pytest.approx(1, abs=0.05)
    assert found["circularity_50"] > 0.93
    assert found["touching_share"] == 0
    assert found["tone_step"] == pytest.approx(0.6, abs=0.01)


def test_random_points_have_a_ratio_of_one_and_no_lattice() -> None:
    rng = np.random.default_rng(3)
    found = [figures(discs(rng.uniform(0, SIDE, (120, 2)), 1.0)) for _ in range(2)]
    assert np.mean([one["clark_evans"] for one in found]) == pytest.approx(1, abs=0.1)
    assert np.mean([one["window_variance"] for one in found]) == pytest.approx(1, abs=0.4)
    assert max(one["lattice_peak"] for one in found) < 0.3


def test_contacts_and_sizes() -> None:
    labels = np.zeros((SIDE, SIDE), dtype=np.int32)
    for number, (left, width) in enumerate(((20, 20), (40, 20), (100, 20), (150, 60)), start=1):
        labels[60:80, left : left + width] = number
    found = figures(labels)
    assert found["touching_share"] == 0.5
    assert found["parts_per_instance"] == 0.75
    assert found["elongated_share"] == 0.25
    assert found["extent_50"] > 0.9
    assert found["corners_50"] == 4


def test_few_particles_have_no_arrangement_but_numbers() -> None:
    found = figures(discs(np.array([[120.0, 120.0]]), 30))
    assert found["count"] == 1
    assert np.isnan(found["clark_evans"])
    assert np.isnan(found["diameter_cv"])
    assert figures(discs(lattice(30), 4)).keys() == found.keys()


@pytest.mark.parametrize("shape", [(256, 256), (97, 611), (40, 40)])
def test_texture_features_are_finite_on_any_picture(shape: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for image in (np.full(shape, 0.5), rng.random(shape), np.zeros(shape)):
        found = texture_features(image.astype(np.float32))
        assert all(np.isfinite(value) for value in found.values())
    assert list(found) == list(texture_features(np.zeros((64, 64), np.float32)))


def test_texture_features_do_not_depend_on_exposure() -> None:
    image = to_unit(make_micrograph(0, 1, Synthesis(size=192, annotated_share=0))[0])
    one, other = (texture_features(part) for part in (image, 0.2 + 0.5 * image))
    for name in one:
        if name not in ("mean", "contrast"):
            assert one[name] == pytest.approx(other[name], rel=0.1, abs=0.05), name


def test_changes_keep_range_and_are_seeded() -> None:
    image = to_unit(make_micrograph(2, 1, Synthesis(size=96))[0])
    for seed in range(6):
        one, again = (changed(image, np.random.default_rng(seed)) for _ in range(2))
        np.testing.assert_array_equal(one, again)
        assert one.min() >= 0 and one.max() <= 1
        assert one.dtype == np.float32


def examples(count: int = 400) -> list[Example]:
    """Three shapes and two layerings that two of three features tell apart."""
    rng = np.random.default_rng(1)
    shapes, layers = ("fibrous", "rod_like", "spherical"), ("multilayer", "tiled")
    made = []
    for number in range(count):
        shape, layer = number % 3, number % 2
        values = rng.normal(0, 0.5, 3) + np.array([2.0 * shape, 2.0 * layer, 0.0])
        words = dict.fromkeys(ATTRIBUTE_NAMES, UNKNOWN)
        words |= {"morphology": shapes[shape], "layering": layers[layer]}
        features = dict(zip(("a", "b", "c"), map(float, values), strict=True))
        made.append(Example(f"{number}", "plain", features, words))
    return made


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    card, tensors = learn("texture", examples(), 5, hidden=8)
    path = tmp_path_factory.mktemp("weights") / "texture.safetensors"
    save_heads(path, card, tensors)
    return path


def test_what_can_be_told_is_learned_and_no_more(learned: Path) -> None:
    heads = load_heads(learned, "texture")
    assert set(heads.card["attributes"]) == {"morphology", "layering"}
    for attribute, metrics in heads.card["metrics"].items():
        assert metrics["accuracy"] > 0.9, attribute
        assert metrics["calibration_error"] < 0.1
    found = heads.readings({"a": 4.0, "b": 0.0, "c": 0.0})
    assert (found["morphology"].value, found["layering"].value) == ("spherical", "multilayer")
    assert 0.7 < found["morphology"].confidence <= 1


def test_between_two_words_and_far_from_all_it_is_less_sure(learned: Path) -> None:
    heads = load_heads(learned, "texture")
    sure = heads.readings({"a": 4.0, "b": 2.0, "c": 0.0})["morphology"].confidence
    between = heads.readings({"a": 3.0, "b": 2.0, "c": 0.0})["morphology"]
    assert between.confidence < sure
    far = heads.readings({"a": 4.0, "b": 2.0, "c": 60.0})
    assert far["morphology"].confidence < 0.6 * sure
    strict = Heads(heads.card | {"least_confidence": 0.99999}, heads.tensors, heads.digest)
    assert {one.value for one in strict.readings({"a": 3.0, "b": 1.0, "c": 0.0}).values()} == {
        UNKNOWN
    }


def test_missing_numbers_are_no_numbers(learned: Path) -> None:
    heads = load_heads(learned, "texture")
    nothing = heads.vector({"a": float("nan"), "b": float("inf"), "c": 0.0})
    assert np.isfinite(nothing).all()
    assert nothing[0] == 0


def test_the_same_seed_learns_the_same_bytes(learned: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.safetensors"
    save_heads(again, *learn("texture", examples(), 5, hidden=8))
    for suffix in (".safetensors", ".json"):
        assert again.with_suffix(suffix).read_bytes() == learned.with_suffix(suffix).read_bytes()


def test_weights_that_do_not_fit_are_refused(learned: Path, tmp_path: Path) -> None:
    with pytest.raises(AnnotationError, match="cannot be read"):
        load_heads(tmp_path / "absent.safetensors", "texture")
    with pytest.raises(
        AnnotationError, match=r"another format or kind.*kind texture.*kind measured"
    ):
        load_heads(learned, "measured")
    copy = tmp_path / "copy.safetensors"
    copy.write_bytes(learned.read_bytes())
    card = json.loads(learned.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps(card | {"sha256": "0"}))
    with pytest.raises(AnnotationError, match="not belong to the same training"):
        load_heads(copy, "texture")
    card["attributes"]["layering"] = ["tiled", "heaped"]
    copy.with_suffix(".json").write_text(json.dumps(card))
    with pytest.raises(AnnotationError, match="heaped"):
        load_heads(copy, "texture")


def test_nothing_to_learn_from() -> None:
    with pytest.raises(AnnotationError, match="no pictures"):
        learn("texture", [], 0)
    rare = [replace(one, words=dict.fromkeys(ATTRIBUTE_NAMES, UNKNOWN)) for one in examples(40)]
    assert learn("texture", rare, 0)[0]["attributes"] == {}


@pytest.mark.parametrize("kind", ["measured", "texture"])
def test_the_weights_that_come_along(kind: str) -> None:
    path = shipped_weights(kind)
    assert path.stat().st_size < 1_000_000
    card = load_heads(path, kind).card
    told = {"particle_density", "distribution", "morphology", "pixel_size_profile", "layering"}
    assert told | {"colour_profile"} <= set(card["attributes"])
    assert "subject" not in card["attributes"]
    for attribute, words in card["attributes"].items():
        assert set(words) < set(VOCABULARY[attribute])


def known(index: int, segmented: bool = True) -> tuple[Case, dict[str, str]]:
    pixels, labels, truth = make_micrograph(index, 9, Synthesis(size=256, annotated_share=0))
    row = {"image_id": f"{index}", "path": f"{index}.png"}
    return Case.of_arrays(row, to_unit(pixels), labels if segmented else None), truth


@pytest.mark.parametrize("kind", ["measured", "texture"])
def test_pictures_are_read_as_they_were_drawn(kind: str) -> None:
    """A dozen pictures, true masks: the figures of many are those of the benchmark."""
    annotator = make_annotator(kind, Annotation())
    assert annotator.model.startswith(f"{kind}-")
    right = total = 0
    for index in range(12):
        case, truth = known(index)
        for name, reading in annotator.annotate(case).readings().items():
            assert reading.value in VOCABULARY[name]
            if truth[name] != UNKNOWN and name != "surface_texture":
                right += reading.value == truth[name]
                total += 1
    assert right / total > (0.7 if kind == "measured" else 0.6)


def test_without_a_mask_there_is_nothing_to_measure() -> None:
    case, _ = known(0, segmented=False)
    with pytest.raises(AnnotationError, match="no mask to measure"):
        MeasuredAnnotator("measured").annotate(case)
    assert TextureAnnotator("texture").annotate(case).layering.value in VOCABULARY["layering"]


def test_an_empty_mask_is_a_picture_without_particles() -> None:
    blank = np.zeros((64, 64))
    case = Case.of_arrays({"image_id": "e"}, blank.astype(np.float32), blank.astype(np.int32))
    readings = MeasuredAnnotator("measured").annotate(case).readings()
    assert readings["particle_density"].value == "none"
    assert {one.value for name, one in readings.items() if name != "particle_density"} == {UNKNOWN}


def test_verdicts_compare_with_the_judges_own_reading() -> None:
    judge = MeasuredAnnotator("measured")
    case, _ = known(6)
    own = judge.annotate(case)
    verdicts = judge.judge(case, own)
    for name, reading in own.readings().items():
        assert verdicts[name].verdict == ("abstain" if reading.value == UNKNOWN else "yes")
    sure = [name for name, one in own.readings().items() if one.confidence > 0.9]
    assert sure
    other = {
        name: Reading(value=next(word for word in VOCABULARY[name] if word != one.value))
        for name, one in own.readings().items()
    }
    verdicts = judge.judge(case, Attributes.from_values(**other))
    for name in sure:
        assert verdicts[name].verdict == "no"
        assert verdicts[name].comment


def test_learn_from_folders(tmp_path: Path) -> None:
    made, out = tmp_path / "made", tmp_path / "weights" / "texture.safetensors"
    settings = '{"count": 40, "size": 72, "annotated_share": 0}'
    assert main(["synthesis", "micrographs", "--out", str(made), "--settings", settings]) == 0
    words = ["annotation", "learn", "--kind", "texture", "--pictures", str(made)]
    assert main([*words, "--out", str(out)]) == 0
    card = load_heads(out, "texture").card
    assert "microscopy_type" in card["attributes"]
    assert main([*words, "--segmentations", str(made), str(made), "--out", str(out)]) == 2
