"""How an answer is handed over: exit status, marks of doubt, and the picture of what was found."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from ase.build import graphene, mx2
from PIL import Image

from micrographia.cli import main
from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.io.schemas import RECONSTRUCTIONS, STEM_IMAGES
from micrographia.io.stem_images import StemImage, write_stem_image
from micrographia.io.structures import from_cif
from micrographia.io.tables import read_rows, write_table
from micrographia.physics.conditions import ImagingConditions
from micrographia.reconstruction.cif import CRYSTAL_CONFIDENCE, LEAST_CONFIDENCE
from micrographia.reconstruction.cli import UNSURE
from micrographia.reconstruction.crystal import Crystal, read_crystal
from micrographia.reconstruction.picture import draw_answer, read_against
from micrographia.reconstruction.solve import solve
from micrographia.stem.simulate import View, simulate

LAYERS = {
    "MoS2": mx2("MoS2", vacuum=5),
    "graphene": graphene(vacuum=5),
    "BN": graphene("BN", a=2.504, vacuum=5),
}


def view(field: float = 36.0) -> View:
    return View(pixel_size=0.1, field=field, rotation=17.0)


def picture(name: str, dose: float | None = 3e4) -> StemImage:
    return simulate(LAYERS[name], ImagingConditions(), view(), dose=dose, seed=2)


@pytest.fixture(scope="module")
def answer() -> tuple[StemImage, Crystal]:
    image = picture("MoS2")
    return image, read_crystal(image, ["Mo", "S"], Reconstruction(), "MoS2")


def item(cif: str, name: str) -> float:
    (line,) = [line for line in cif.splitlines() if line.startswith(name + " ")]
    return float(line.split()[1])


@pytest.mark.parametrize(
    ("name", "elements", "settings", "sure"),
    [
        ("MoS2", "Mo,S", {}, True),
        ("graphene", "C", {}, True),
        ("MoS2", "Mo,S,W", {}, False),
        ("MoS2", "Mo,O,S", {}, False),
        ("MoS2", "Mo,Nb,S", {}, False),
        ("graphene", "C,H", {}, False),
        ("BN", "B,N", {"min_confidence": 1.0}, False),
        ("MoS2", "Mo,S,W", {"min_confidence": 0.0}, True),
    ],
)
def test_doubt_is_in_the_exit_status_the_cif_and_on_stderr(
    tmp_path, capsys, name, elements, settings, sure
):
    path, out = tmp_path / "picture.tif", tmp_path / "found.cif"
    write_stem_image(path, picture(name))
    words = ["reconstruction", "solve", str(path), "--elements", elements, "--out", str(out)]
    assert main([*words, "--settings", json.dumps(settings)]) == (0 if sure else UNSURE) != 2
    said, warned = capsys.readouterr()
    told, cif = json.loads(said), out.read_text(encoding="utf-8")
    least = settings.get("min_confidence", 0.8)
    assert told["sure"] is sure is (told["confidence"] >= least)
    assert item(cif, CRYSTAL_CONFIDENCE) == told["confidence"]
    assert item(cif, LEAST_CONFIDENCE) == least
    for text in (warned, cif.split("data_")[0]):
        assert ("UNSURE" in text) is ("alternatives" in text) is not sure
    assert from_cif(cif).get_chemical_formula("metal") == told["formula"]


def test_a_table_of_pictures_has_the_same_marks_and_goes_on(tmp_path):
    rows = []
    for name, elements in (("graphene", ["C"]), ("MoS2", ["Mo", "S", "W"]), ("noise", ["C"])):
        image = picture(name) if name in LAYERS else noise()
        write_stem_image(tmp_path / "pictures" / f"{name}.tif", image)
        row = dict.fromkeys(STEM_IMAGES.names)
        rows.append(row | {"image_id": name, "elements": elements, "path": f"{name}.tif"})
    write_table(rows, tmp_path / "pictures" / "images.parquet", STEM_IMAGES)
    words = ["reconstruction", "batch", str(tmp_path / "pictures"), "--out", str(tmp_path / "out")]
    assert main(words) == 0
    found = read_rows(tmp_path / "out" / "reconstructions.parquet", RECONSTRUCTIONS)
    assert [row["sure"] for row in found] == [True, False, None]
    assert "UNSURE" in found[1]["cif"] and "UNSURE" not in found[0]["cif"]
    assert "No lattice" in found[2]["failure"]
    with np.load(tmp_path / "out" / "cells" / "graphene.npz") as arrays:
        # The model explains the averaged cell.
        one, other = arrays["average"], arrays["model"]
        assert one.shape == other.shape
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.98
    assert main([*words, "--time-limit", "0.001"]) == 0
    stopped = read_rows(tmp_path / "out" / "reconstructions.parquet", RECONSTRUCTIONS)
    assert all("within the time limit" in row["failure"] for row in stopped)


def noise() -> StemImage:
    pixels = np.random.default_rng(5).normal(size=(300, 300)).astype(np.float32)
    return StemImage(pixels, 0.1)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--elements", "C", "--time-limit", "0.001"], "not finished within the time limit"),
        (["--elements", "C", "--time-limit", "0"], "time_limit"),
        (["--elements", "C", "--time-limit", "nan"], "time_limit"),
        (["--elements", "Qq"], "chemical symbols"),
        (["--elements", "C", "--picture", "found.jpg"], r".png, .svg, .pdf"),
        (["--elements", "C", "--picture", "picture.tif"], r".png, .svg, .pdf"),
        ([], "--elements Mo,S"),
    ],
)
def test_a_refusal_has_its_reason_and_writes_nothing(
    tmp_path, monkeypatch, capsys, options, reason
):
    monkeypatch.chdir(tmp_path)
    image = picture("graphene")
    write_stem_image("picture.tif", StemImage(image.pixels, image.pixel_size, {}))
    assert main(["reconstruction", "solve", "picture.tif", "--out", "found.cif", *options]) == 2
    assert re.search(reason, capsys.readouterr().err)
    assert [path.name for path in tmp_path.iterdir()] == ["picture.tif"]


@pytest.mark.parametrize(
    ("image", "elements", "words"),
    [
        (noise(), ["C"], ["No lattice", "dose", "field", "pixel size"]),
        (StemImage(np.ones((99, 99), np.float32), 0.1), ["C"], ["blank", "Export"]),
        (StemImage(np.ones((40, 40), np.float32), 0.1), ["C"], ["too small", "larger part"]),
        (
            # Contrast upside down, as in a bright-field picture.
            StemImage(-picture("MoS2").pixels, 0.1),
            ["Mo", "S"],
            ["a = 3.1", "negative", "pixel size", "bright atoms", "bright-field"],
        ),
    ],
    ids=["noise", "blank", "small", "inverted"],
)
def test_refusals_say_what_to_do(image, elements, words):
    with pytest.raises(SolveError) as caught:
        solve(image, elements, Reconstruction())
    for word in words:
        assert word in str(caught.value)


def test_a_dark_field_is_read():
    conditions = ImagingConditions(detector="haadf")
    image = simulate(LAYERS["MoS2"], conditions, view(), "incoherent", dose=1e5, seed=2)
    # Which detector it was is all that is stated.
    bare = StemImage(image.pixels, image.pixel_size, {"conditions": {"detector": "haadf"}})
    for shown in (image, bare):
        found = solve(shown, ["Mo", "S"], Reconstruction())
        assert found.atoms.get_chemical_formula("metal") == "MoS2"
        np.testing.assert_allclose(found.atoms.cell.lengths()[:2], 3.18, atol=0.01)
        # By the ring's range of exponents a column of one S is nearly as credible.
        assert found.confidence > 0.5 and "MoS (" in found.alternatives[0]
    told = solve(bare, ["Mo", "S"], Reconstruction(), composition={"Mo": 1, "S": 2})
    assert told.atoms.get_chemical_formula("metal") == "MoS2" and told.confidence > 0.8


def test_the_model_is_the_picture_without_its_noise(answer):
    image, crystal = answer
    clean = simulate(LAYERS["MoS2"], ImagingConditions(), view(), dose=None).pixels
    reading = read_against(crystal, image)
    np.testing.assert_array_equal(reading.residual, reading.measured - reading.model)
    truth = clean - clean.mean()
    modelled = reading.model - reading.model.mean()
    assert np.sqrt(np.square(modelled - truth).mean()) < 0.05 * truth.std()
    # What is left is the noise.
    left = np.square(reading.residual - reading.residual.mean()).mean()
    assert left == pytest.approx(np.square(image.pixels - clean).mean(), rel=0.1)
    assert reading.misfit == pytest.approx(np.sqrt(left) / image.pixels.std(), rel=0.05)
    # Atoms of the file's crystal lie on the columns, which lie where the picture is bright.
    bright = np.quantile(clean, 0.8)
    positions, numbers = reading.crystal.moved(-reading.centre).tiled(10.0, margin=0.0)
    assert sorted(set(numbers)) == [16, 42]
    for x, y in (positions + reading.centre) / image.pixel_size:
        assert clean[round(y), round(x)] > bright


def test_the_figure_shows_four_panels_of_one_part(answer):
    image, crystal = answer
    figure = draw_answer(crystal, image, "MoS2.tif")
    panels = figure.axes[:4]
    measured, model, residual = (np.asarray(axes.images[0].get_array()) for axes in panels[:3])
    count = measured.shape[0]
    corner = (image.pixels.shape[0] - count) // 2
    part = image.pixels[corner : corner + count, corner : corner + count]
    np.testing.assert_allclose(measured, part, rtol=1e-6)
    np.testing.assert_allclose(residual, measured - model, atol=1e-6)
    assert panels[0].images[0].get_clim() == panels[1].images[0].get_clim()
    low, high = panels[2].images[0].get_clim()
    assert low == -high and 2 * high == pytest.approx(np.ptp(panels[0].images[0].get_clim()))
    assert {axes.get_xlim() for axes in panels} == {(-count * 0.05, count * 0.05)}
    assert {axes.get_ylim() for axes in panels} == {(count * 0.05, -count * 0.05)}
    written = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert "2 Å (a to d)" in written
    labels = [text.get_text() for text in figure.axes[7].get_legend().get_texts()]
    assert labels == ["S", "Mo", "cell"]
    assert "phase [rad]" in figure.axes[5].get_xlabel()
    assert not any("UNSURE" in text.get_text() for text in figure.texts)


@pytest.mark.parametrize("ending", [".png", ".svg", ".pdf"])
def test_the_command_draws_the_same_bytes_again(tmp_path, ending):
    path, out = tmp_path / "graphene.tif", tmp_path / "found.cif"
    write_stem_image(path, picture("graphene"))
    words = ["reconstruction", "solve", str(path), "--elements", "C,H", "--out", str(out)]
    drawn = [tmp_path / f"{number}{ending}" for number in (1, 2)]
    for picture_path in drawn:
        assert main([*words, "--picture", str(picture_path)]) == UNSURE
    assert drawn[0].read_bytes() == drawn[1].read_bytes()
    if ending == ".png":
        with Image.open(drawn[0]) as pixels:
            assert pixels.width >= 2000
            colours = np.asarray(pixels.convert("RGB")).reshape(-1, 3)
        assert len(np.unique(colours, axis=0)) > 1000
    if ending == ".svg":
        text = drawn[0].read_text(encoding="utf-8")
        assert "UNSURE: confidence below 0.8" in text and "graphene.tif" in text
