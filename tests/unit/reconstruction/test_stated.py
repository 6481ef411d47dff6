"""What a person states of microscope, sample and picture, and what the solver makes of it."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ase.build import graphene, mx2
from PIL import Image

from micrographia.cli import main
from micrographia.config import Reconstruction
from micrographia.errors import ConfigError, ImageError, SolveError
from micrographia.io.stem_images import StemImage, write_stem_image
from micrographia.io.structures import orient_layer
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.imaging import transfer
from micrographia.reconstruction.crystal import read_crystal
from micrographia.reconstruction.solve import elements_of, solve
from micrographia.reconstruction.templates.consult import can_be_laid_on, solve_with_templates
from micrographia.reconstruction.templates.library import Library, Template, library_row
from micrographia.reconstruction.unstated.optics import SPREAD, USUAL, Optics
from micrographia.reconstruction.unstated.sample import checked_mask, parse_composition, read_mask
from micrographia.reconstruction.unstated.stated import Stated
from micrographia.stem.simulate import View, simulate

KNOWN = {"detector": "icom", "energy_keV": 80.0, "semiangle_mrad": 30.0, "defocus": -40.0}


def stated(metadata=None, **microscope):
    return Stated.of(metadata or {}, Reconstruction(microscope=microscope))


@pytest.fixture(scope="module")
def picture():
    """MoS2 in greys of no unit, with a label burnt in, and where that is."""
    image = simulate(mx2("MoS2", vacuum=5), ImagingConditions(), View(0.15, 26, 20), dose=1e5)
    pixels = image.pixels * 417 + 9
    mask = np.zeros(pixels.shape, dtype=bool)
    mask[8:30, 5:90] = True
    return np.where(mask, 3 * pixels.max(), pixels).astype(np.float32), mask


def test_nothing_is_known_where_nothing_is_stated():
    nothing = stated()
    assert (nothing.detector, nothing.mode, nothing.conditions) == (None, None, None)
    assert (nothing.energy_keV, nothing.semiangle_mrad, nothing.defocus) == (None, None, None)
    assert nothing.optics("phase") == Optics("phase")


@pytest.mark.parametrize(
    ("detector", "mode"),
    [("icom", "phase"), ("segments", "phase"), ("haadf", "dark"), ("abf", "bright")],
)
def test_a_detector_says_the_signal_and_nothing_else(detector, mode):
    one = stated(detector=detector)
    assert one.mode == mode and one.conditions is None
    assert one.optics(mode) == Optics(mode)
    assert one.assumed() == ImagingConditions(detector=detector)


def test_a_picture_states_its_microscope_and_settings_win():
    whole = ImagingConditions(energy_keV=60, semiangle_mrad=33, Cs=1e4)
    metadata = {"conditions": whole.model_dump(mode="json")}
    assert stated(metadata).conditions == whole
    assert stated(metadata).semiangle_mrad == 33 and stated(metadata).length_error == 0
    other = stated(metadata, semiangle_mrad=21.0)
    assert other.conditions == whole.model_copy(update={"semiangle_mrad": 21.0})
    assert other.semiangle_mrad == 21


def test_what_cannot_be_together_is_refused():
    soft = ImagingConditions(semiangle_mrad=30, roll_off_mrad=20).model_dump(mode="json")
    with pytest.raises(SolveError, match=r"semiangle_mrad 10.*roll_off.*Leave out"):
        stated({"conditions": soft}, semiangle_mrad=10.0)


def test_voltage_and_semiangle_give_the_information_limit():
    # λ(80 kV) = 0.041757 Å; 2 · 0.03 / λ.
    optics = stated(energy_keV=80.0, semiangle_mrad=30.0).optics("dark")
    assert optics.limit == pytest.approx(1.4369, abs=2e-4)
    assert optics.usual[0] == pytest.approx(np.log(1.4369), abs=2e-4)
    assert optics.spread[0] == pytest.approx(0.0424, abs=1e-4)  # 3 % of angle and of pixels
    np.testing.assert_array_equal(optics.usual[1:], USUAL[1:])
    np.testing.assert_array_equal(optics.spread[1:], SPREAD[1:])
    # A tenth away is 2.2 deviations for who knows it, and next to nothing for who does not.
    tenth = optics.moved(optics.parameters() + np.eye(len(USUAL))[0] / 10)
    assert tenth.unusual() - optics.unusual() == pytest.approx(0.5 * (0.1 / 0.0424) ** 2, rel=0.01)


def test_the_error_of_the_pixel_size_widens_the_limit():
    settings = Reconstruction(microscope=KNOWN, pixel_size_error=0.1)
    assert Stated.of({}, settings).optics("phase").spread[0] == pytest.approx(0.1044, abs=1e-4)


@pytest.mark.parametrize("defocus", [-60.0, 0.0, 40.0])
def test_a_stated_probe_is_that_of_the_imaging_model(defocus):
    optics = stated(**KNOWN | {"defocus": defocus}).optics("phase")
    rim = (optics.usual[1], *optics.aberrations[1:])
    g = np.array([[0.2, 0.0], [0.3, 0.4], [0.0, 0.9], [-0.8, 0.8]])
    there = transfer(g, ImagingConditions(**KNOWN | {"defocus": defocus}))
    here = Optics("phase", limit=optics.limit, aberrations=rim).probe(g)
    np.testing.assert_allclose(np.abs(here), np.abs(there), atol=0.01)


def test_what_says_nothing_alone_is_said():
    alone = " ".join(stated(energy_keV=80.0).sentences())
    assert "80 kV" in alone and "only together" in alone
    assert "nothing" in stated().sentences()[0]
    whole = stated(**KNOWN).sentences()
    assert "icom, 80 kV, 30 mrad, defocus -40" in whole[0] and "only together" not in str(whole)


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("MoS2", {"Mo": 1, "S": 2}),
        (" Cr2Ge2Te6 ", {"Cr": 2, "Ge": 2, "Te": 6}),
        ("Mo(SSe)2", {"Mo": 1, "S": 2, "Se": 2}),
        ({"B": 1, "N": np.int64(1)}, {"B": 1, "N": 1}),
    ],
)
def test_compositions(text, counts):
    assert parse_composition(text) == counts


@pytest.mark.parametrize("text", ["", "mos2", "Mo0.5S", "Mo,S", {"Mo": 0.5}, {"Mo": 0}, {}])
def test_what_is_no_composition(text):
    with pytest.raises(SolveError, match=r"no chemical formula.*MoS2"):
        parse_composition(text)


def test_a_composition_says_the_elements():
    assert elements_of(None, None) is None
    assert elements_of(["Mo"], None) == ["Mo"]
    assert sorted(elements_of(None, {"Mo": 1, "S": 2})) == ["Mo", "S"]
    assert sorted(elements_of(["S", "Mo"], {"Mo": 1, "S": 2})) == ["Mo", "S"]
    with pytest.raises(SolveError, match=r"Mo, W.*Mo, S.*Leave the elements out"):
        elements_of(["Mo", "W"], {"Mo": 1, "S": 2})


def test_masks(tmp_path):
    values = np.zeros((4, 6), dtype=np.uint8)
    values[1, 2:4] = [1, 255]
    Image.fromarray(values).save(tmp_path / "mask.png")
    np.testing.assert_array_equal(read_mask(tmp_path / "mask.png"), values > 0)
    with pytest.raises(ImageError, match="every pixel"):
        checked_mask(np.ones((3, 3)), "The mask")
    with pytest.raises(ImageError, match=r"3 dimensions.*rows and columns"):
        checked_mask(np.zeros((3, 3, 3)), "The mask")


def test_a_mask_must_fit(picture):
    image = StemImage(picture[0], 0.15)
    with pytest.raises(SolveError, match=r"10×12 px.*173×173 px"):
        solve(image, ["Mo", "S"], Reconstruction(), mask=np.zeros((12, 10), dtype=bool))
    with pytest.raises(SolveError, match="--elements"):
        solve(image, None, Reconstruction(), mask=picture[1])


def test_what_is_masked_does_not_count_and_notes_reach_the_cif(picture, tmp_path, capsys):
    pixels, mask = picture
    settings = Reconstruction(microscope={"detector": "segments"}, max_atoms=4)
    other = StemImage(np.where(mask, np.float32(-1e4), pixels), 0.15)
    first = read_crystal(other, None, settings, "picture", {"Mo": 1, "S": 2}, mask)
    write_stem_image(tmp_path / "picture.tif", StemImage(pixels, 0.15))
    Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / "mask.png")
    words = [str(tmp_path / "picture.tif"), "--out", str(tmp_path / "found.cif")]
    words += ["--composition", "MoS2", "--detector", "segments"]
    words += ["--settings", '{"max_atoms": 4}']
    assert main(["reconstruction", "solve", *words, "--mask", str(tmp_path / "mask.png")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["formula"] == first.formula == "MoS2"
    assert first.candidates[0].get_chemical_formula("metal") == "MoS2"
    assert told["a"] == pytest.approx(3.18, abs=0.02)
    assert told["notes"] == list(first.notes)
    assert told["notes"][0] == "Stated of the microscope: detector segments."
    assert any("read as phase contrast" in note for note in told["notes"])
    cif = (tmp_path / "found.cif").read_text(encoding="utf-8")
    assert cif == first.cif
    assert cif.isascii() and "# Note: Stated of the microscope: detector segments." in cif
    assert " deg, about" in cif


def test_the_command_line_keeps_to_the_bounds(picture, tmp_path, capsys):
    write_stem_image(tmp_path / "picture.tif", StemImage(picture[0], 0.15))
    words = ["reconstruction", "solve", str(tmp_path / "picture.tif"), "--elements", "Mo,S"]
    words += ["--out", str(tmp_path / "found.cif")]
    for option, value, name in (
        ("--semiangle", "0", "microscope.semiangle_mrad"),
        ("--voltage", "8", "microscope.energy_keV"),
        ("--defocus", "nan", "microscope.defocus"),
        ("--pixel-size-error", "3", "pixel_size_error"),
    ):
        assert main([*words, option, value]) == 2
        assert name in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*words, "--detector", "eels"])
    assert "haadf" in capsys.readouterr().err
    assert not (tmp_path / "found.cif").exists()


def test_settings_name_detectors():
    with pytest.raises((ConfigError, ValueError), match="haadf"):
        Reconstruction(microscope={"detector": "bf"})


def test_a_dark_field_without_an_answer_has_no_matches():
    # Known crystals would be laid on it by the transfer of a phase.
    noise = np.random.default_rng(3).normal(size=(160, 160)).astype(np.float32)
    dark = Reconstruction(microscope={"detector": "haadf"})
    assert not can_be_laid_on(StemImage(noise, 0.1), dark)
    assert can_be_laid_on(StemImage(noise, 0.1), Reconstruction())
    library = Library.of([library_row(Template.of("graphene", orient_layer(graphene(vacuum=8))))])
    with pytest.raises(SolveError, match="No lattice"):
        solve_with_templates(StemImage(noise, 0.1), ["C"], dark, library)
