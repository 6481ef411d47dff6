"""The second maker of STEM pictures: that it is another one, and that its physics hold."""

from __future__ import annotations

import ast
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase import Atoms
from ase.io import read
from needed import needs
from scipy.ndimage import map_coordinates
from scipy.spatial import cKDTree
from second_maker import canvas, phase_object, pictures, scattering
from second_maker.conditions import Conditions, draw
from second_maker.crystals import Layer, closest_projected_pair, layers, split_of
from second_maker.detector import (
    FORMATS,
    burn_in,
    count_deflection,
    integrate,
    scale_values,
    write_picture,
)
from second_maker.kinds import KINDS, Damage, draw_damage
from second_maker.optics import probe_intensity
from second_maker.scan import Scan, draw_scan
from skimage.io import imread

MAKER = Path(pictures.__file__).parent


def layer(formula: str) -> Layer:
    """A hexagonal layer with an atom at the origin and others at a third and two thirds."""
    sides = {"C2": 2.46, "MoS2": 3.18, "ScO": 3.2}
    cell = np.diag([1.0, 1.0, 20.0])
    cell[1, :2] = -0.5, np.sqrt(3) / 2
    cell[:2] *= sides[formula]
    places = {"C2": [(0, 0, 0.5), (1 / 3, 2 / 3, 0.5)], "ScO": [(0, 0, 0.5), (1 / 3, 2 / 3, 0.5)]}
    places["MoS2"] = [(0, 0, 0.5), (1 / 3, 2 / 3, 0.55), (2 / 3, 1 / 3, 0.45)]
    atoms = Atoms(formula, scaled_positions=places[formula], cell=cell, pbc=True)
    return Layer(formula, formula, "dev", atoms)


def drawn(mode: str, numbers: Any, **changes: Any) -> Conditions:
    return replace(draw(np.random.default_rng(3), mode, np.asarray(numbers), 3e4), **changes)


def still_scan() -> Scan:
    return draw_scan(np.random.default_rng(5), Damage(), np.random.default_rng(6))


def deflection(fields: np.ndarray, c: Conditions) -> np.ndarray:
    """Without noise, in the maker's own units."""
    if c.detector == "com":
        return fields[1:3] / fields[0]
    pp, mp, mm, pm = fields
    return np.stack([pp + pm - mp - mm, pp + mp - mm - pm])


def test_it_imports_nothing_of_the_package() -> None:
    for path in MAKER.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
                assert node.level < 2, f"{path.name} reaches out of its folder"
            first = {name.split(".")[0] for name in names}
            assert not first & {"micrographia", "needed", "unit"}
        assert "import_module" not in path.read_text(encoding="utf-8")


def test_scattering_factors_have_their_known_values() -> None:
    a, _ = scattering.gaussians(1)
    assert a.sum() == pytest.approx(0.529, abs=0.01)  # Bohr radius: hydrogen's f(0) in Born
    assert scattering.wavelength(200) == pytest.approx(0.025079, rel=1e-4)
    for number in (6, 16, 42):
        assert scattering.x_ray_factor(number, np.zeros(1))[0] == pytest.approx(number, rel=2e-3)
        s = np.array([0.5, 0.6])
        a, b = scattering.gaussians(number)
        low = (a * np.exp(-np.outer(s**2, b))).sum(axis=1)
        np.testing.assert_allclose(low, scattering.electron_factor(number, s), rtol=0.02)


@pytest.mark.parametrize(
    ("number", "expected"), [(6, 1.021e-4), (16, 6.81e-4), (42, 3.90e-3), (74, 9.22e-3)]
)
def test_ring_cross_sections_agree_with_abtem(number: int, expected: float) -> None:
    """abTEM 1.0.11, Lobato's potential, one atom in 6 Å, 24² positions: mean times area [Å²]."""
    found = scattering.ring_cross_section(number, 200.0, 25.0, (80.0, 200.0), 0.0, 1.0)
    assert found == pytest.approx(expected, rel=0.04)


def test_centre_of_mass_is_the_gradient_of_the_phase_under_the_probe() -> None:
    """Ehrenfest: with a detector that sees all, the mean of k is |ψ|² ⋆ grad φ / 2π, exactly."""
    found = layer("MoS2")
    numbers = np.asarray(found.atoms.numbers)
    c = drawn("idpc", numbers, detector="com", outer_mrad=110.0, semiangle_mrad=30.0)
    cell, xy = found.cell, found.atoms.positions[:, :2]
    field = phase_object.patterns(cell, xy, numbers, c, source=0.0)
    assert field[0].min() > 0.995
    phase = phase_object.cell_phase(cell, xy, numbers, c)
    step = 0.05
    samples = 320
    probe = probe_intensity(c, samples, step)
    y, x = np.meshgrid(*[np.fft.fftfreq(samples, 1 / samples) * step] * 2, indexing="ij")
    used = probe > probe.max() * 1e-5
    at = np.array([[0.4, 0.7], [1.1, 0.2], [0.1, 1.6]])
    expected = []
    for p in at:
        here = np.stack([x[used], y[used]], axis=1) + p
        slope = []
        for shift in (np.array([0.02, 0]), np.array([0, 0.02])):
            ends = [_at(phase, (here + sign * shift) @ np.linalg.inv(cell)) for sign in (1, -1)]
            slope.append(((ends[0] - ends[1]) / 0.04 * probe[used]).sum() / probe[used].sum())
        expected.append(np.array(slope) / (2 * np.pi))
    fractions = at @ np.linalg.inv(cell)
    seen = np.stack([_at(part / field[0], fractions) for part in field[1:3]], axis=1)
    scale = np.abs(field[1:3]).max()
    np.testing.assert_allclose(seen, expected, atol=0.03 * scale)


def _at(field: np.ndarray, fractions: np.ndarray) -> np.ndarray:
    place = (fractions * np.array(field.shape)).T
    return map_coordinates(field, place, order=3, mode="grid-wrap")


@pytest.mark.parametrize("mode", ["idpc", "haadf"])
@pytest.mark.parametrize("formula", ["MoS2", "ScO"])
def test_columns_are_bright_where_the_atoms_are(mode: str, formula: str) -> None:
    found = layer(formula)
    c = drawn(mode, found.atoms.numbers, coma=0.0, threefold=0.0)
    scan, placed = still_scan(), pictures.place(found, 33.0, np.array([0.2, 0.3]))
    fields = pictures.signals(placed, scan, c, Damage(), np.random.default_rng(0))
    picture = fields[0] if mode == "haadf" else integrate(deflection(fields, c), scan.pixel, 0)
    side = np.array(scan.shape[::-1]) * scan.pixel
    xy, numbers = placed.atoms_in(np.full(2, 8.0), side - 8)
    heavy = xy[numbers == numbers.max()]
    shifts = np.linspace(-0.4, 0.4, 17)
    moved = heavy + np.stack(np.meshgrid(shifts, shifts), axis=-1)[:, :, None]
    mean = _pixels(picture, moved, scan.pixel).mean(axis=-1)
    row, column = np.unravel_index(mean.argmax(), mean.shape)
    assert np.hypot(shifts[row], shifts[column]) <= 0.08
    light = xy[numbers == numbers.min()]
    bright, dim = (_pixels(picture, some, scan.pixel).mean() for some in (heavy, light))
    assert bright > dim > picture.mean()


def _pixels(picture: np.ndarray, xy: np.ndarray, pixel: float) -> np.ndarray:
    return map_coordinates(picture, [xy[..., 1] / pixel, xy[..., 0] / pixel], order=3)


@pytest.mark.parametrize("detector", ["segments", "com"])
def test_a_sum_over_atoms_is_near_the_exact_field(detector: str) -> None:
    found = layer("MoS2")
    c = drawn("idpc", found.atoms.numbers, detector=detector)
    scan, placed = still_scan(), pictures.place(found, 12.0, np.zeros(2))
    sheet = canvas.Canvas.around(scan.points, c)
    high = sheet.origin + sheet.step * np.array(sheet.shape)[::-1]
    xy, numbers = placed.atoms_in(sheet.origin, high)
    responses = canvas.lone_responses(numbers, c, c.source_size, sheet.step)
    total = canvas.render(sheet, xy, numbers, responses, scan.points)
    total += phase_object.vacuum(c)[:, None, None]
    exact = pictures.signals(placed, scan, c, Damage(), np.random.default_rng(0))
    first, second = (deflection(fields, c) for fields in (total, exact))
    assert np.abs(first - second).max() < 0.02 * np.abs(second).max()


def test_noise_of_an_integrated_picture_falls_as_the_square_of_frequency() -> None:
    c = drawn("idpc", [6], detector="segments")
    rng = np.random.default_rng(1)
    empty = np.full((4, 256, 256), 0.25)
    noise = integrate(count_deflection(rng, empty, c, 300.0), 0.1, 0.0)
    power = np.abs(np.fft.fft2(noise)) ** 2
    f = np.fft.fftfreq(256, 0.1)
    g = np.hypot(f[:, None], f)
    levels = [
        (power * g**2)[(g >= a) & (g < b)].mean() for a, b in ((0.2, 0.7), (0.7, 2), (2, 4.5))
    ]
    np.testing.assert_allclose(levels, np.mean(levels), rtol=0.1)


def test_counts_follow_the_dose() -> None:
    c = drawn("idpc", [6], detector="segments")
    spread = [
        count_deflection(np.random.default_rng(2), np.full((4, 99, 99), 0.25), c, n).std()
        for n in (100.0, 10_000.0)
    ]
    assert spread[0] == pytest.approx(0.1, rel=0.03)  # 1/√n
    assert spread[1] == pytest.approx(0.01, rel=0.03)


@pytest.mark.parametrize("mode", ["idpc", "haadf"])
def test_a_seed_decides_everything(mode: str) -> None:
    first, second, other = (
        pictures.make_picture(layer("C2"), mode, "plain", (1, index)) for index in (0, 0, 1)
    )
    np.testing.assert_array_equal(first[0], second[0])
    assert first[1:] == second[1:]
    assert other[1] != first[1]


def test_kinds_share_crystal_and_conditions() -> None:
    plain, other = (
        pictures.make_picture(layer("C2"), "haadf", kind, (1, 0), dose=3e4)[2]
        for kind in ("plain", "pixel")
    )
    assert plain["conditions"] == other["conditions"]
    assert plain["pixel_size"] == plain["real_pixel_size"] == other["real_pixel_size"]
    assert abs(other["pixel_size"] / other["real_pixel_size"] - 1) == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("mode", "kind"),
    [("haadf", kind) for kind in KINDS] + [("idpc", "grains"), ("idpc", "amorphous")],
)
def test_every_kind_makes_a_picture_with_its_truth(mode: str, kind: str) -> None:
    values, pixel, truth = pictures.make_picture(layer("MoS2"), mode, kind, (4, 1))
    assert values.ndim == 2 and values.dtype in (np.uint8, np.uint16, np.float32)
    assert abs(values.mean()) > 0 and np.ptp(values) > 0
    assert 0.07 < pixel < 0.17 and truth["elements"] == ["S", "Mo"]
    assert json.loads(json.dumps(truth))["cif"] == truth["cif"]
    with pytest.raises(ValueError, match="kind"):
        draw_damage(np.random.default_rng(0), "rust", 0)


def test_vacancies_take_whole_atoms_out_of_the_field() -> None:
    found = layer("MoS2")
    c = drawn("idpc", found.atoms.numbers, detector="com")
    scan, placed = still_scan(), pictures.place(found, 12.0, np.zeros(2))
    plain, holes, gone = (
        pictures.signals(placed, scan, c, Damage(vacancies=share), np.random.default_rng(0))
        for share in (0.0, 0.05, 1.0)
    )
    # Far from the holes nothing changes; at each of them one atom's field is missing.
    changed = np.abs(holes - plain)[1:3].max(axis=0) > 0.02 * np.abs(plain[1:3]).max()
    assert 0.02 < changed.mean() < 0.5
    empty = deflection(gone, c)
    assert np.abs(empty).max() < 0.02 * np.abs(deflection(plain, c)).max()


def test_drift_and_rows_move_the_probe() -> None:
    rng = np.random.default_rng(5)
    moved = draw_scan(rng, Damage(drift=np.array([1.0, 0.0])), rng)
    still = still_scan()
    gap = moved.points - still.points
    np.testing.assert_allclose(gap[0, 0], 0, atol=1e-12)
    np.testing.assert_allclose(gap[-1, -1], (1, 0), atol=0.01)
    shaky = draw_scan(np.random.default_rng(5), Damage(jitter=0.1), np.random.default_rng(6))
    rows = (shaky.points - still.points)[:, 0]
    assert rows.std(axis=0) == pytest.approx(0.1, rel=0.2)


def test_grains_are_turned_and_keep_apart() -> None:
    placed = pictures.place(layer("C2"), 0.0, np.zeros(2))
    damage = Damage(grain_angle=15.0)
    corners = np.full(2, -25.0), np.full(2, 25.0)
    xy, _ = pictures.grains(np.random.default_rng(0), placed, damage, *corners)
    whole, _ = placed.atoms_in(*corners)
    nearest = cKDTree(xy).query(xy, k=2)[0][:, 1]
    assert nearest.min() >= 1.2
    unchanged = (cKDTree(whole).query(xy)[0] < 1e-6).mean()
    assert 0.2 < unchanged < 0.8
    assert len(xy) == pytest.approx(len(whole), rel=0.05)


@pytest.mark.parametrize("encoding", FORMATS)
def test_files_say_nothing_but_their_pixels(encoding: str, tmp_path: Path) -> None:
    picture = np.random.default_rng(0).normal(size=(90, 120))
    values = burn_in(scale_values(np.random.default_rng(1), picture, encoding), 0.1)
    path = tmp_path / f"a.{encoding[:3]}"
    write_picture(path, values)
    np.testing.assert_array_equal(imread(path), values)
    assert values.mean() != pytest.approx(0, abs=1e-3)
    content = path.read_bytes()
    assert b"angstrom" not in content and b"shape" not in content


def test_halves_go_by_formula() -> None:
    assert split_of("MoS2") == split_of("Mo2S4") == split_of("S2Mo")
    halves = [split_of(f"{metal}{n}S") for metal in ("Mo", "W", "Ti", "Nb") for n in range(2, 40)]
    assert 0.35 < halves.count("dev") / len(halves) < 0.65


def test_the_closest_pair_is_found_across_the_border() -> None:
    cell = np.array([[3.0, 0], [1.0, 3.0]])
    assert closest_projected_pair(cell, np.array([[0.1, 0.0], [2.9, 0.0]])) == pytest.approx(0.2)


@needs("structures2d")
def test_the_filter_of_stem2mat() -> None:
    kept = layers()
    assert len(kept) == 772
    shares = [sum(one.split == half for one in kept) / len(kept) for half in ("dev", "apart")]
    assert min(shares) > 0.4
    assert not {one.formula for one in kept if one.split == "dev"} & {
        one.formula for one in kept if one.split == "apart"
    }
    names = {one.name for one in kept}
    assert not names & {one.name for one in layers(thick=True)}


@needs("structures2d")
def test_a_folder_of_pictures(tmp_path: Path) -> None:
    rows = list(pictures.write_pictures(tmp_path, mode="haadf", count=3, seed=1))
    told = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert [row["file"] for row in told] == [row["file"] for row in rows]
    for row in told:
        assert (tmp_path / row["file"]).is_file()
        (tmp_path / "x.cif").write_text(row["cif"])
        assert sorted(set(read(tmp_path / "x.cif").symbols)) == sorted(row["elements"])
