"""Column masks lie where the picture has its columns, and name the right species."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile
from ase import Atoms
from ase.build import graphene, mx2
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from scipy.spatial import cKDTree

from micrographia.cli import main
from micrographia.io.schemas import STEM_IMAGES
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_rows
from micrographia.physics.conditions import ImagingConditions
from micrographia.stem.crystals.structures import standardise
from micrographia.stem.masks import column_mask, write_column_masks
from micrographia.stem.simulate import View, render


def maxima(pixels: np.ndarray, least: float) -> np.ndarray:
    """Local maxima above a level as (row, column)."""
    return np.argwhere((pixels == ndimage.maximum_filter(pixels, 7)) & (pixels > least))


def farthest(points: np.ndarray, others: np.ndarray, side: int) -> float:
    """Largest distance [px] of a point away from the border to the nearest of the others."""
    inner = points[((points >= 6) & (points < side - 6)).all(axis=1)]
    return float(cKDTree(others).query(inner, p=np.inf)[0].max())


def monolayer(kind: str) -> Atoms:
    if kind == "graphene":
        return graphene(vacuum=8)
    return mx2(kind, kind="2H", a=3.3, thickness=3.3, vacuum=9)


@given(
    st.sampled_from(["graphene", "MoS2", "WSe2"]),
    st.floats(-180, 180),
    st.tuples(st.floats(0, 24), st.floats(0, 24)),
    st.tuples(st.floats(-4, 4), st.floats(-4, 4)),
)
@settings(deadline=None, max_examples=12)
def test_columns_lie_on_the_maxima_of_the_picture(kind, rotation, origin, drift):
    atoms = monolayer(kind)
    view = View(pixel_size=0.1, field=24.0, rotation=rotation, origin=origin, drift=drift)
    picture = render(atoms, ImagingConditions(), view, "phase-object").pixels
    heat, species = column_mask(atoms, view, picture.shape)
    columns = maxima(heat, 0.9)
    bright = maxima(picture, float(picture.mean()))
    assert len(columns) > 50
    # Each column has its maximum within a pixel, and no maximum lies elsewhere.
    assert farthest(columns, bright, len(picture)) <= 1
    assert farthest(bright, columns, len(picture)) <= 1
    assert set(np.unique(species)) == {0, *atoms.numbers.tolist()}
    assert set(species[tuple(columns.T)]) == set(atoms.numbers.tolist())


def test_masks_follow_unsteady_lines():
    atoms = monolayer("WSe2")
    shaken = View(field=24.0, rotation=12.0, drift=(2.0, -1.0), jitter=0.2, jitter_seed=(4,))
    steady = View(field=24.0, rotation=12.0)
    picture = render(atoms, ImagingConditions(), shaken, "phase-object").pixels
    agreement = [
        np.corrcoef(picture.ravel(), column_mask(atoms, view, picture.shape)[0].ravel())[0, 1]
        for view in (shaken, steady)
    ]
    assert agreement[0] > 0.7
    assert agreement[1] < 0.3


def test_the_heavier_column_is_the_brighter_one():
    atoms = monolayer("WSe2")
    view = View(field=24.0, rotation=12.0, origin=(3.0, 4.0))
    picture = render(atoms, ImagingConditions(), view, "phase-object").pixels
    heat, species = column_mask(atoms, view, picture.shape)
    metal = picture[(species == 74) & (heat > 0.95)]
    chalcogen = picture[(species == 34) & (heat > 0.95)]
    assert abs(metal.mean() - chalcogen.mean()) > 3 * (metal.std() + chalcogen.std())


def test_a_mask_is_a_gaussian_with_its_species_around_it():
    atoms = Atoms("C", positions=[[0, 0, 5]], cell=[40, 40, 10], pbc=True)
    view = View(pixel_size=0.1, field=10.0, origin=(4.0, 6.0))
    heat, species = column_mask(atoms, view, (100, 100), sigma=0.4, radius=0.75)
    row, column = np.mgrid[:100, :100]
    distance = np.hypot(column * 0.1 - 4.0, row * 0.1 - 6.0)
    expected = np.where(distance <= 1.6, np.exp(-0.5 * (distance / 0.4) ** 2), 0)
    assert heat == pytest.approx(expected, abs=1e-3)
    assert heat[60, 40] == pytest.approx(1.0)
    assert np.array_equal(species == 6, distance <= 0.75)
    assert heat.dtype == np.float32
    assert species.dtype == np.uint8


def test_stacked_atoms_are_one_column_of_the_heaviest():
    atoms = Atoms(
        "CPtO", positions=[[2, 2, 4], [2.05, 2, 6], [2, 2.4, 8]], cell=[5, 5, 20], pbc=True
    )
    _, species = column_mask(atoms, View(field=5.0), (50, 50), radius=0.1)
    assert set(np.unique(species)) == {0, 8, 78}
    assert species[20, 20] == 78
    assert species[24, 20] == 8


def test_columns_just_outside_reach_into_the_picture():
    atoms = Atoms("C", positions=[[0, 0, 5]], cell=[40, 40, 10], pbc=True)
    heat, _ = column_mask(atoms, View(field=5.0, origin=(-0.2, 2.0)), (50, 50), sigma=0.3)
    assert heat[20, 0] == pytest.approx(np.exp(-0.5 * (0.2 / 0.3) ** 2), rel=1e-3)


def test_the_file_opens_with_scale_and_channels(tmp_path):
    path = tmp_path / "x.mask.tif"
    atoms = monolayer("MoS2")
    view = View(field=12.0, rotation=30.0)
    write_column_masks(atoms, view, path, 0.3, 0.5)
    heat, species = column_mask(atoms, view, (120, 120), 0.3, 0.5)
    stored = tifffile.imread(path)
    assert np.array_equal(stored[0], heat)
    assert np.array_equal(stored[1], species)
    with tifffile.TiffFile(path) as file:
        assert file.is_imagej
        assert file.imagej_metadata["channels"] == 2
        across = file.pages[0].tags["XResolution"].value
        assert across[0] / across[1] == pytest.approx(10)
    first = path.read_bytes()
    write_column_masks(atoms, view, path, 0.3, 0.5)
    assert path.read_bytes() == first


@pytest.mark.parametrize("wanted", [True, False])
def test_the_setting_puts_masks_beside_the_pictures(tmp_path, wanted):
    crystal = tmp_path / "s.parquet"
    (tmp_path / "crystals").mkdir()
    (tmp_path / "crystals" / "mos2.cif").write_text(
        to_cif(standardise(monolayer("MoS2"))), encoding="utf-8"
    )
    assert main(["stem", "structures", str(tmp_path / "crystals"), "--out", str(crystal)]) == 0
    folder = tmp_path / "images"
    chosen = json.dumps({"masks": wanted, "field": 20.0})
    command = ["stem", "images", "--structures", str(crystal), "--out", str(folder)]
    assert main([*command, "--settings", chosen]) == 0
    (row,) = read_rows(folder / "images.parquet", STEM_IMAGES)
    mask = folder / f"{row['image_id']}.mask.tif"
    assert mask.exists() is wanted
    if wanted:
        picture = tifffile.imread(folder / row["path"])
        heat, species = tifffile.imread(mask)
        assert heat.shape == picture.shape
        columns, bright = maxima(heat, 0.9), maxima(picture, float(picture.mean()))
        assert farthest(columns, bright, len(picture)) <= 1
        assert set(np.unique(species)) == {0, 16, 42}
