"""From picture to crystal, on pictures whose crystal is known to the test alone."""

import numpy as np
import pytest
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.io.stem_images import StemImage
from micrographia.io.structures import from_cif
from micrographia.physics.conditions import ImagingConditions
from micrographia.physics.lattice import niggli_parameters
from micrographia.reconstruction.cif import CONFIDENCE
from micrographia.reconstruction.crystal import to_cif_text
from micrographia.reconstruction.heights import nominal_heights
from micrographia.reconstruction.solve import Solution, parse_elements, solve
from micrographia.stem.simulate import draw_view, simulate

SETTINGS = Reconstruction()


def _janus() -> Atoms:
    layer = mx2("MoS2", vacuum=5)
    layer.symbols[2] = "Se"
    return layer


def _oblique() -> Atoms:
    cell = [[4.1, 0, 0], [1.2, 5.3, 0], [0, 0, 15]]
    return Atoms("WSeO", positions=[[0, 0, 7], [2.1, 1.4, 7], [1.0, 3.6, 7]], cell=cell, pbc=True)


def _picture(layer: Atoms, dose: float, seed: int = 0, field: float = 41.3) -> StemImage:
    view = draw_view(0.1, field, None, [seed, 11])
    return simulate(layer, ImagingConditions(), view, dose=dose, seed=seed)


def _solve(image: StemImage, elements: str) -> Solution:
    return solve(image, elements.split(","), SETTINGS)


@pytest.mark.parametrize(
    ("layer", "elements", "formula"),
    [
        (graphene(vacuum=5), "C", "C2"),
        (graphene("BN", a=2.504, vacuum=5), "B,N", "BN"),
        (mx2("MoS2", vacuum=5), "Mo,S", "MoS2"),
        (mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=5), "S,Ti", "TiS2"),
        (_janus(), "Mo,S,Se", "MoSSe"),
        (_oblique(), "O,Se,W", "WOSe"),
    ],
    ids=["graphene", "h-BN", "MoS2-1H", "TiS2-1T", "MoSSe", "oblique"],
)
def test_known_crystals(layer: Atoms, elements: str, formula: str) -> None:
    solution = _solve(_picture(layer, 3e4), elements)
    assert solution.atoms.get_chemical_formula("metal") == Atoms(formula).get_chemical_formula(
        "metal"
    )
    found = niggli_parameters(np.asarray(solution.atoms.cell[:2, :2]))
    truth = niggli_parameters(np.asarray(layer.cell[:2, :2]))
    np.testing.assert_allclose(found[:2], truth[:2], atol=0.01)
    assert found[2] == pytest.approx(truth[2], abs=0.2)
    assert solution.confidence > 0.8


def test_weak_superlattice_is_seen() -> None:
    # One S of every four replaced by Se doubles the cell along both vectors.
    layer = mx2("MoS2", vacuum=5).repeat((2, 2, 1))
    sulphur = [atom.index for atom in layer if atom.symbol == "S"]
    layer.symbols[sulphur[:2]] = "Se"
    solution = _solve(_picture(layer, 3e4), "Mo,S,Se")
    assert len(solution.atoms) == 12
    assert abs(np.linalg.det(solution.atoms.cell[:2, :2])) == pytest.approx(
        abs(np.linalg.det(layer.cell[:2, :2])), rel=0.01
    )


def test_supercell_of_the_truth_gives_the_primitive_cell() -> None:
    solution = _solve(_picture(graphene(vacuum=5).repeat((3, 2, 1)), 3e4), "C")
    assert len(solution.atoms) == 2


def test_gain_unknown_to_the_file_is_found() -> None:
    image = _picture(mx2("MoS2", vacuum=5), 6e4)
    bare = StemImage(
        (image.pixels * 417 + 9).astype(np.float32),
        image.pixel_size,
        {"conditions": image.metadata["conditions"]},
    )
    assert _solve(bare, "Mo,S").atoms.get_chemical_formula("metal") == "MoS2"


@pytest.mark.parametrize("seed", range(4))
def test_noise_alone_is_no_crystal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = StemImage(rng.normal(size=(400, 400)).astype(np.float32), 0.1)
    with pytest.raises(SolveError, match="No lattice stands out"):
        _solve(image, "C")


def test_too_low_a_dose_is_said() -> None:
    with pytest.raises(SolveError):
        _solve(_picture(graphene(vacuum=5), 20.0), "C")


def test_blank_and_tiny_pictures_are_refused() -> None:
    with pytest.raises(SolveError, match="blank"):
        _solve(StemImage(np.full((200, 200), 0.3, np.float32), 0.1), "C")
    with pytest.raises(SolveError, match="too small"):
        _solve(StemImage(np.zeros((1, 1), np.float32), 0.1), "C")


def test_elements_are_checked() -> None:
    assert parse_elements(["S", "Mo", "S"]) == [16, 42]
    with pytest.raises(SolveError, match=r"Unknown element.*Xx.*--elements"):
        parse_elements(["Mo", "Xx"])
    with pytest.raises(SolveError, match="No elements are given"):
        parse_elements([])


@pytest.mark.parametrize("elements", ["C", "Mo", "W,Se", "H", "Bi"])
def test_wrong_elements_are_no_confident_crystal(elements: str) -> None:
    image = _picture(mx2("MoS2", vacuum=5), 3e4)
    try:
        solution = _solve(image, elements)
    except SolveError:
        return
    assert solution.confidence < 0.5
    assert len(solution.atoms) <= SETTINGS.max_atoms + 1


def test_answers_repeat() -> None:
    image = _picture(mx2("MoS2", vacuum=5), 1e4)
    first, second = _solve(image, "Mo,S"), _solve(image, "Mo,S")
    assert np.array_equal(first.atoms.positions, second.atoms.positions)
    assert first.confidence == second.confidence


def test_nominal_heights_keep_bonds_apart() -> None:
    cell = np.array([[3.18, 0], [-1.59, 2.754]])
    xy = np.array([[0, 0], [1.59, 0.918], [1.59, 0.918]])
    heights = nominal_heights(cell, xy, np.array([42, 16, 16]))
    assert abs(heights[1] - heights[2]) > 1.8
    assert min(heights[1:]) < heights[0] < max(heights[1:])


def test_every_site_states_how_sure_its_species_is() -> None:
    solution = _solve(_picture(_janus(), 3e4), "Mo,S,Se")
    text = to_cif_text(solution, "janus", SETTINGS)
    start = text.index(CONFIDENCE)
    sites = [line.split() for line in text[start:].splitlines()[1:] if line]
    assert {site[1] for site in sites} == {"Mo", "S", "Se"}
    assert all(0.5 < float(site[-1]) <= 1 for site in sites)
    assert from_cif(text).get_chemical_formula("metal") == "MoSSe"


def test_sites_of_a_confusable_pair_are_less_sure() -> None:
    # Chromium for manganese changes the contrast by a fiftieth: that is not seen at 10³ e/Å².
    layer = mx2("MnO2", "1T", a=2.9, thickness=1.9, vacuum=5)
    solution = solve(_picture(layer, 1e3), ["Mn", "Cr", "O"], SETTINGS)
    assert solution.site_confidence is not None
    metals = solution.atoms.numbers > 8
    assert solution.site_confidence[metals].min() < solution.site_confidence[~metals].min() + 1e-9
    assert solution.confidence < 0.6
