"""CIFs with symmetry: three readers agree with each other and with what was written."""

import io
import warnings

import ase.io
import numpy as np
import pytest
import spglib
from ase import Atoms
from ase.build import graphene, mx2

from micrographia.io.structures import from_cif, orient_layer
from micrographia.reconstruction.cif import CONFIDENCE, operation_text, symmetric_cif
from micrographia.reconstruction.confidence import site_confidence
from micrographia.reconstruction.heights import build_layer
from micrographia.reconstruction.symmetry.averaging import Operations
from micrographia.reconstruction.symmetry.layer import symmetrise_layer

from .test_wallpaper import NAMES, build

pymatgen = pytest.importorskip("pymatgen.core")


def _layers() -> dict[str, Atoms]:
    janus = mx2("MoS2", vacuum=5)
    janus.symbols[2] = "Se"
    made = {
        "graphene": graphene(vacuum=5),
        "h-BN": graphene("BN", a=2.504, vacuum=5),
        "MoS2-1H": mx2("MoS2", vacuum=5),
        "TiS2-1T": mx2("TiS2", "1T", a=3.41, thickness=2.85, vacuum=5),
        "MoSSe": janus,
    }
    layers = {name: orient_layer(layer) for name, layer in made.items()}
    # Up and down by turns: the projection's cell is half of the layer's, and the halves'
    # inversion centres lie off the rotation axes.
    rows = [[0.5, 0.75, 0], [0.5, 0.25, 0], [0, 0.5, -0.3], [0, 0, 0.3]]
    rows += [[0, 0.19, -1.7], [0, 0.81, -1.7], [0, 0.31, 1.7], [0, 0.69, 1.7]]
    fractions, rises = np.array(rows)[:, :2], np.array(rows)[:, 2]
    plane = np.diag([3.4, 8.4])
    layers["alternating"] = Atoms(
        "As2F6",
        np.column_stack([fractions @ plane, 10 + rises]),
        cell=[3.4, 8.4, 20],
        pbc=True,
    )
    for name in NAMES:
        cell, xy, labels = build(name, 0)
        layers[name] = build_layer(cell, xy, labels, 20.0)
    return layers


LAYERS = _layers()
NUMBERS = {
    "graphene": 191,
    "h-BN": 187,
    "MoS2-1H": 187,
    "TiS2-1T": 164,
    "MoSSe": 156,
    "alternating": 51,
}


def _match(first: Atoms, second: Atoms) -> float:
    """Worst distance from an atom to the nearest one of its kind in the other crystal [Å]."""
    worst = 0.0
    for atom in first:
        mates = second.positions[second.numbers == atom.number] - atom.position
        fractions = mates @ np.linalg.inv(np.array(second.cell[:]))
        gaps = (fractions - np.rint(fractions)) @ np.array(second.cell[:])
        worst = max(worst, float(np.linalg.norm(gaps, axis=1).min()))
    return worst


@pytest.mark.parametrize("name", LAYERS)
def test_three_readers_agree(name: str) -> None:
    layer = symmetrise_layer(LAYERS[name], 0.02, 0.5)
    confidences = np.linspace(0.5, 1, len(layer.atoms))
    text = symmetric_cif(layer, confidences, ["from a test"], name)
    ours = from_cif(text)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_ase = ase.io.read(io.StringIO(text), format="cif", store_tags=True)
    with warnings.catch_warnings():
        # pymatgen says that it rounds 0.3333; nothing else may be amiss.
        warnings.filterwarnings("ignore", message="Issues encountered|.*rounded")
        structure = pymatgen.Structure.from_str(text, fmt="cif")
    by_pymatgen = Atoms(
        [site.species_string for site in structure],
        positions=structure.cart_coords,
        cell=structure.lattice.matrix,
        pbc=True,
    )
    for read in (ours, by_ase, by_pymatgen):
        assert read.get_chemical_formula() == layer.atoms.get_chemical_formula()
        np.testing.assert_allclose(read.cell.cellpar(), layer.atoms.cell.cellpar(), atol=1e-6)
        # Each reader has its own way to lay the cell in space.
        frame = read.copy()
        frame.set_cell(layer.atoms.cell, scale_atoms=True)
        assert _match(frame, layer.atoms) < 1e-5
        assert _match(layer.atoms, frame) < 1e-5
        cell = (read.cell[:], read.get_scaled_positions(), read.numbers)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            assert spglib.get_symmetry_dataset(cell, symprec=1e-3).number == layer.number
    assert by_ase.info["spacegroup"].no == layer.number
    orbits = [
        confidences[layer.operations.orbits == k] for k in np.unique(layer.operations.orbits)
    ]
    written = [float(min(orbit)) for orbit in orbits]
    np.testing.assert_allclose(by_ase.info[CONFIDENCE], written, atol=1e-4)


@pytest.mark.parametrize("name", NUMBERS)
def test_known_layers_have_their_group(name: str) -> None:
    layer = symmetrise_layer(LAYERS[name], 0.05, 0.5)
    assert layer.number == NUMBERS[name]
    assert layer.height_deviation < 0.1


def test_a_jittered_layer_is_made_exact() -> None:
    jittered = LAYERS["MoS2-1H"].copy()
    jittered.positions += np.random.default_rng(3).normal(0, 0.01, jittered.positions.shape)
    assert symmetrise_layer(jittered, 0.001, 0.001).number < 187
    layer = symmetrise_layer(jittered, 0.1, 0.3)
    assert layer.number == 187
    assert layer.deviation < 0.04
    a, b, _, *angles = layer.atoms.cell.cellpar()
    assert a == pytest.approx(b, abs=1e-9)
    assert angles == pytest.approx([90, 90, 120], abs=1e-9)


def test_a_left_handed_cell_keeps_its_crystal() -> None:
    layer = LAYERS["p3"]
    mirrored = layer.copy()
    mirrored.set_cell(np.array(layer.cell[:])[[1, 0, 2]], scale_atoms=False)
    text = symmetric_cif(symmetrise_layer(mirrored, 0.02, 0.5))
    straight = symmetric_cif(symmetrise_layer(layer, 0.02, 0.5))
    first, second = from_cif(text), from_cif(straight)
    assert sorted(first.get_all_distances(mic=True).ravel().round(4)) == pytest.approx(
        sorted(second.get_all_distances(mic=True).ravel().round(4)), abs=1e-3
    )


def test_a_hexagonal_cell_is_written_with_120_degrees() -> None:
    layer = LAYERS["MoS2-1H"].copy()
    cell = np.array(layer.cell[:])
    cell[1] += cell[0]  # 60° between a and b
    layer.set_cell(cell, scale_atoms=False)
    layer.positions[:, :2] += 0.7
    made = symmetrise_layer(layer, 0.02, 0.5)
    assert made.atoms.cell.cellpar()[5] == pytest.approx(120, abs=1e-9)
    text = symmetric_cif(made)
    assert text.split("_space_group_symop_operation_xyz\n")[1].startswith("'x, y, z'")
    read = from_cif(text)
    assert read.get_distance(0, 1, mic=True) == pytest.approx(
        layer.get_distance(0, 1, mic=True), abs=1e-5
    )


def test_orbits_name_their_first_site() -> None:
    identity = np.eye(2, dtype=np.int64)
    swap = Operations(
        np.array([identity, -identity]), np.zeros((2, 2)), np.array([[0, 1, 2], [1, 0, 2]])
    )
    assert swap.orbits.tolist() == [0, 0, 2]


def test_operations_are_spelt_as_in_the_tables() -> None:
    assert operation_text(np.eye(3, dtype=int), np.zeros(3)) == "x, y, z"
    glide = operation_text(np.diag([-1, 1, -1]), np.array([0.5, 0.5, 1.0]))
    assert glide == "-x+1/2, y+1/2, -z"


def test_site_confidence_is_the_odds_against_the_best_rival() -> None:
    deficits = np.array([[np.inf, 0.0], [np.log(9), np.inf], [np.inf, -30.0], [np.inf, np.inf]])
    np.testing.assert_allclose(site_confidence(deficits), [0.5, 0.9, 0.0, 1.0], atol=1e-9)
