"""Crystals through the Python API: to images and back, as the command line does."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase import Atoms
from ase.build import bulk, graphene

import micrographia as mg
from micrographia.cli import main
from micrographia.config import Reconstruction
from micrographia.errors import ConfigError, ImageError, SolveError, StructureError
from micrographia.io.stem_images import StemImage, read_stem_image, write_stem_image
from micrographia.io.structures import from_cif, to_cif
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.crystals.prototypes import embedded_crystal


@pytest.fixture(scope="module")
def image():
    return mg.simulate("graphene", dose=1e5, rotation=13, seed=3)


@pytest.fixture(scope="module")
def found(image):
    return mg.solve(image, elements=["C"])


@pytest.fixture
def cif(tmp_path):
    path = tmp_path / "graphene.cif"
    path.write_text(to_cif(embedded_crystal("graphene")))
    return path


def written(image, path):
    write_stem_image(path, StemImage(image.pixels, image.pixel_size, image.metadata))
    return path


def test_there_and_back(found):
    assert found.a == pytest.approx(2.46, abs=0.02) and found.b == pytest.approx(2.46, abs=0.02)
    assert found.gamma == pytest.approx(120, abs=0.5)
    assert found.formula == "C2" and found.confidence > 0.9
    assert len(found.atoms) == len(found.site_confidence) == 2


def test_the_elements_need_not_be_known(image):
    found = mg.solve(image)
    assert found.formula == "C2" and found.alternatives
    assert found.a == pytest.approx(2.46, abs=0.02)


def test_columns_lie_where_the_picture_is_bright(image, found):
    clean = mg.simulate("graphene", rotation=13).pixels
    steps = np.stack(np.meshgrid(*[np.arange(-30, 31)] * 2), axis=-1).reshape(-1, 2)
    for column in found.columns:
        at = np.rint((column + steps @ found.cell) / image.pixel_size).astype(int)
        x, y = at[((at >= 0) & (at < clean.shape[0])).all(axis=1)].T
        assert len(x) > 100
        assert clean[y, x].min() > np.quantile(clean, 0.85)
    assert abs(np.linalg.det(found.cell)) == pytest.approx(2.46**2 * np.sqrt(3) / 2, rel=0.01)
    assert found.numbers.tolist() == [6, 6] and found.counts.tolist() == [1, 1]


def test_the_cif_is_the_crystal(found, tmp_path):
    found.write(tmp_path / "found.cif")
    again = from_cif((tmp_path / "found.cif").read_text(encoding="utf-8"))
    np.testing.assert_allclose(again.cell.cellpar(), found.atoms.cell.cellpar(), atol=1e-6)
    assert sorted(again.numbers) == sorted(found.atoms.numbers)
    with pytest.raises(mg.MicrographiaError, match=r"found\.cif"):
        found.write(tmp_path / "found.xyz")
    repeated = mg.simulate(found, field=12)
    assert repeated.pixels.shape == (120, 120)


def test_same_image_as_the_command_line(cif, tmp_path):
    out = tmp_path / "image.tif"
    words = ["--dose", "3000", "--field", "20", "--rotation", "7", "--seed", "5"]
    assert main(["stem", "simulate", str(cif), "--out", str(out), *words]) == 0
    image = mg.simulate(cif, dose=3000, field=20, rotation=7, seed=5)
    ours = read_stem_image(out)
    np.testing.assert_array_equal(image.pixels, ours.pixels)
    again = mg.read(out)
    np.testing.assert_array_equal(again.pixels, image.pixels)
    assert (again.unit, again.pixel_size_source) == ("Å", "file")
    assert again.pixel_size == pytest.approx(0.1, rel=1e-6)
    assert again.conditions == image.conditions == ImagingConditions()
    assert again.metadata == {
        "format": "TIFF",
        "pixel_size_stated_by": "ImageJ",
        **image.metadata,
    }
    assert image.metadata["dose"] == 3000 and image.metadata["unit"] == "rad"


def test_same_crystal_as_the_command_line(image, tmp_path, capsys):
    path, out = written(image, tmp_path / "image.tif"), tmp_path / "out.cif"
    assert main(["reconstruction", "solve", str(path), "--elements", "C", "--out", str(out)]) == 0
    told = json.loads(capsys.readouterr().out)
    found = mg.solve(mg.read(path), "C")
    assert found.cif == out.read_text(encoding="utf-8")
    assert told["a"] == round(found.a, 4) and told["confidence"] == round(found.confidence, 4)
    assert told["formula"] == found.formula and told["template"] is found.template is None


@pytest.mark.parametrize("kind", ["name", "path", "text", "atoms"])
def test_a_crystal_is_given_in_many_ways(kind, cif):
    given = {"name": "graphene", "path": cif, "text": str(cif), "atoms": graphene(vacuum=8)}[kind]
    image = mg.simulate(given, field=10, pixel_size=0.2)
    assert image.pixels.shape == (50, 50) and image.pixels.dtype == np.float32
    assert (image.pixel_size, image.unit, image.pixel_size_source) == (0.2, "Å", "simulation")
    reference = mg.simulate("graphene", field=10, pixel_size=0.2)
    assert np.ptp(image.pixels) == pytest.approx(np.ptp(reference.pixels), rel=0.02)


def test_conditions_and_engine_count():
    dark = ImagingConditions(detector="haadf", energy_keV=80)
    image = mg.simulate("MoS2-1H", field=12, engine="convolution", conditions=dark)
    assert image.conditions == dark and image.metadata["unit"] == "fraction"
    assert image.pixels.min() > -1e-6  # a share of the beam
    assert image.metadata["engine"] == "convolution"


def test_what_is_known_of_a_picture_without_metadata(image):
    bare = mg.Micrograph(image.pixels * 300 + 7, 0.1, "Å")
    mask = np.zeros(bare.pixels.shape)
    mask[:40, :200] = 255
    told = {"detector": "icom", "mask": mask, "settings": Reconstruction(max_atoms=3)}
    found = mg.solve(bare, composition="C", **told)
    assert found.formula == "C2" and found.a == pytest.approx(2.46, abs=0.02)
    assert found.notes[0] == "Stated of the microscope: detector icom."
    assert found.candidates[0].get_chemical_formula() == "C2"
    # A formula says the elements, and what is masked does not count.
    bare.pixels[mask > 0] = 1e4
    assert mg.solve(bare, "C", composition={"C": 1}, **told).cif == found.cif


def test_columns_of_the_largest_grain_lie_in_the_whole_picture():
    field = {"field": 36, "pixel_size": 0.15, "dose": 1e5}
    left, right = (mg.simulate("MoS2-1H", rotation=turn, **field).pixels for turn in (3, 24))
    pixels = np.where(np.arange(left.shape[1]) < 80, left, right)
    settings = Reconstruction(max_atoms=3)
    found = mg.solve(mg.Micrograph(pixels, 0.15, "Å"), "Mo,S", detector="icom", settings=settings)
    assert any("2 grains" in note for note in found.notes) and found.formula == "MoS2"
    steps = np.stack(np.meshgrid(*[np.arange(-20, 21)] * 2), axis=-1).reshape(-1, 2)
    molybdenum = found.columns[found.numbers.argmax()]
    x, y = np.rint((molybdenum + steps @ found.cell) / 0.15).astype(int).T
    inside = (x > 100) & (x < 230) & (y > 10) & (y < 230)
    assert inside.sum() > 30
    assert right[y[inside], x[inside]].min() > np.quantile(right, 0.9)
    model = found.model(pixels.shape, 0.15)
    assert np.corrcoef(model[:, 100:].ravel(), right[:, 100:].ravel())[0, 1] > 0.9


@pytest.mark.parametrize(
    ("told", "error", "reason"),
    [
        ({"composition": "c2"}, SolveError, "no chemical formula"),
        ({"elements": "B", "composition": "C"}, SolveError, "Leave the elements out"),
        ({"elements": "C", "mask": np.zeros((3, 4))}, SolveError, "4×3 px"),
        ({"elements": "C", "mask": np.zeros(9)}, ImageError, "1 dimensions"),
        ({"elements": "C", "detector": "bf"}, ConfigError, "microscope.detector"),
        ({"detector": "haadf", "conditions": None}, SolveError, "annular"),
    ],
)
def test_what_cannot_be_known_of_a_picture(image, told, error, reason):
    with pytest.raises(error, match=reason):
        mg.solve(image, **told)


def test_conditions_that_are_given_win(image):
    slow = ImagingConditions(energy_keV=60, semiangle_mrad=35)
    assert mg.solve(image, ["C"], conditions=slow).cif != mg.solve(image, ["C"]).cif


@pytest.mark.parametrize(
    ("crystal", "error", "reason"),
    [
        ("graphen", StructureError, "graphene"),
        ("mos2", StructureError, "MoS2-1H"),
        ("absent.cif", StructureError, "does not exist"),
        (Atoms("C"), StructureError, "cell"),
        (bulk("Cu"), StructureError, "bulk"),
        (7, mg.MicrographiaError, "no crystal"),
    ],
)
def test_what_is_no_layer(crystal, error, reason):
    with pytest.raises(error, match=reason):
        mg.simulate(crystal)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"engine": "optics"}, "phase-object"),
        ({"dose": 0}, "doses"),
        ({"field": 1}, "field"),
        ({"pixel_size": 3}, "pixel_size"),
    ],
)
def test_numbers_out_of_bounds(options, reason):
    with pytest.raises(ConfigError, match=reason):
        mg.simulate("graphene", **options)


@pytest.mark.parametrize("size", [None, 5.0])
def test_an_image_without_a_pixel_size_that_resolves_atoms(image, size):
    with pytest.raises(ImageError, match="pixel size") as caught:
        mg.solve(mg.Micrograph(image.pixels, size, "Å"), "C")
    assert "mg.Micrograph(pixels" in str(caught.value)
    with pytest.raises(ImageError, match="pixel size"):
        mg.solve(image.pixels, "C")


def test_noise_holds_no_crystal():
    noise = np.random.default_rng(1).normal(size=(256, 256))
    picture = mg.Micrograph(noise, 0.1, "Å")
    with pytest.raises(SolveError, match="lattice"):
        mg.solve(picture, ["C"])
    with pytest.raises(SolveError, match="elements"):
        mg.solve(picture)


def test_settings_count(image):
    with pytest.raises(SolveError):
        mg.solve(image, "C", settings=Reconstruction(max_cell_area=5.1))


def test_limits_of_time_and_confidence_count(image, found):
    with pytest.raises(SolveError, match="not finished within the time limit"):
        mg.solve(image, "C", settings=Reconstruction(time_limit=1e-3))
    assert found.sure and found.min_confidence == 0.8 and "unsure" not in repr(found)
    strict = mg.solve(image, "C", settings=Reconstruction(min_confidence=1.0))
    assert strict.sure is (strict.confidence == 1.0)
    assert ("unsure" in repr(strict)) is not strict.sure


def test_the_model_is_what_the_image_shows(image, found):
    clean = mg.simulate("graphene", rotation=13).pixels
    model = found.model(image.pixels.shape, image.pixel_size)
    assert model.shape == clean.shape and model.dtype == np.float32
    assert abs(float(model.mean())) < 0.05 * clean.std()
    assert np.sqrt(np.square(model - (clean - clean.mean())).mean()) < 0.1 * clean.std()
