"""Rounded and repeated sites are one atom; atoms closer than atoms can be are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ase import Atoms
from ase.build import graphene, mx2
from ase.data import covalent_radii
from ase.db import connect
from ase.io import write

import micrographia as mg
from micrographia.errors import StructureError
from micrographia.io.crystal_check import check_crystal
from micrographia.io.crystals.spacing import LEAST_SHARE, NOTE, pairs_within
from micrographia.io.structures import from_cif, read_structure, read_structures, to_cif
from micrographia.stem.crystals.materials_project import entries
from micrographia.stem.crystals.structures import layer_group, standardise

CRYSTALS = Path("/work/shared/data/structures2d/structures2d.parquet")
CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
SITE = ("label", "type_symbol", "fract_x", "fract_y", "fract_z")


def cif(cell, group: str, sites, *items: str) -> str:
    lines = ["data_x", *(f"_cell_{key} {value}" for key, value in zip(CELL, cell, strict=True))]
    lines += [f"_space_group_name_H-M_alt '{group}'", *items]
    lines += ["loop_", *(f"_atom_site_{key}" for key in SITE)]
    lines += [f"{site.split()[0]}{number} {site}" for number, site in enumerate(sites, 1)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path):
    def call(*arguments) -> Atoms:
        path = tmp_path / "layer.cif"
        path.write_text(cif(*arguments))
        return read_structure(path)

    return call


def hexagonal(a: float) -> tuple:
    return (a, a, 20, 90, 90, 120)


# Crystals with atoms on thirds: group, sites with {t} and {u} for 1/3 and 2/3, formula, atoms in
# the cell, layer group.
ON_THIRDS = {
    "MoS2": (hexagonal(3.19), "P -6 m 2", ["Mo {t} {u} 0.5", "S {u} {t} 0.578"], "MoS2", 3, 78),
    "HfSe2": (hexagonal(3.77), "P -3 m 1", ["Hf 0 0 0", "Se {t} {u} 0.079"], "HfSe2", 3, 72),
    "graphene": (hexagonal(2.46), "P 6/m m m", ["C {t} {u} 0"], "C2", 2, 80),
    "silicene": (hexagonal(3.87), "P -3 m 1", ["Si {t} {u} 0.011"], "Si2", 2, 72),
    "h-BN": (hexagonal(2.51), "P -6 m 2", ["B {t} {u} 0", "N {u} {t} 0"], "BN", 2, 78),
    "CrI3": (
        hexagonal(6.87),
        "P -3 1 m",
        ["Cr {t} {u} 0", "I 0.35 0 0.078"],
        "Cr2I6",
        8,
        71,
    ),
}


@pytest.mark.parametrize("digits", [2, 3, 4, 5, 8])
@pytest.mark.parametrize("cut", [False, True], ids=["rounded", "cut"])
@pytest.mark.parametrize("name", ON_THIRDS)
def test_thirds_of_few_digits(read, name, cut, digits):
    cell, group, sites, formula, count, number = ON_THIRDS[name]
    t, u = (
        f"{value:.9f}"[: 2 + digits] if cut else f"{value:.{digits}f}" for value in (1 / 3, 2 / 3)
    )
    atoms = read(cell, group, [site.format(t=t, u=u) for site in sites])
    assert (atoms.get_chemical_formula("metal"), len(atoms)) == (formula, count)
    layer = standardise(atoms)
    assert (len(layer), layer_group(layer)) == (count, number)
    if digits < 4:
        assert "its coordinates are rounded" in atoms.info[NOTE]


@pytest.mark.parametrize("digits", [2, 3, 4])
def test_merged_atoms_stand_where_the_symmetry_wants_them(read, digits):
    cell, group, sites, *_ = ON_THIRDS["MoS2"]
    t, u = f"{1 / 3:.{digits}f}", f"{2 / 3:.{digits}f}"
    found = read(cell, group, [site.format(t=t, u=u) for site in sites]).get_scaled_positions()
    wanted = [[1 / 3, 2 / 3, 0.5], [2 / 3, 1 / 3, 0.578], [2 / 3, 1 / 3, 0.422]]
    assert np.allclose(found, wanted, atol=1e-6)


def test_a_general_site_stays_where_it_is(read):
    # 0.02 from the mirror plane of a cell of 30 Å: 1.2 Å from its image, two atoms.
    atoms = read((30, 30, 20, 90, 90, 90), "P m m m", ["C 0.02 0 0"])
    assert np.allclose(np.sort(atoms.get_scaled_positions()[:, 0]), [0.02, 0.98])


def test_images_that_rounding_does_not_explain_are_refused(read):
    with pytest.raises(
        StructureError, match=r"layer.cif.*closer than atoms can be.*0.133 Å"
    ) as no:
        read(hexagonal(3.19), "P 1", ["Mo 0.3333 0.6667 0.5", "Mo 0.375 0.6667 0.5"])
    assert "write 0.33333" in str(no.value)
    with pytest.raises(StructureError, match="closer than atoms can be"):
        read(hexagonal(3.19), "P -6 m 2", ["Mo 0.3133 0.6467 0.5"])


def test_a_merger_that_the_number_of_atoms_contradicts_is_refused(read):
    cell, group, *_ = ON_THIRDS["MoS2"]
    sites = ["Mo 0.33 0.67 0.5", "S 0.67 0.33 0.578"]
    formula = "_chemical_formula_sum 'Mo S2'"
    assert len(read(cell, group, sites, formula, "_cell_formula_units_Z 1")) == 3
    with pytest.raises(StructureError, match=r"another number of atoms.*saw 3.*9 atoms"):
        read(cell, group, sites, formula, "_cell_formula_units_Z 3")


def test_sites_listed_again_as_images_count_once(read):
    sites = ["Mo 0.3333 0.6667 0.5", "S 0.6667 0.3333 0.578", "S 0.6667 0.3333 0.422"]
    atoms = read(hexagonal(3.19), "P -6 m 2", sites)
    assert atoms.get_chemical_formula("metal") == "MoS2"
    assert "listed again as images" in atoms.info[NOTE]


def test_sites_written_twice_are_refused(read):
    sites = ["Mo 0.3333 0.6667 0.5", "S 0.6667 0.3333 0.578", "S 0.6667 0.3333 0.578"]
    for group in ("P -6 m 2", "P 1"):
        with pytest.raises(StructureError, match=r"two atoms at one place.*sites 2 and 3"):
            read(hexagonal(3.19), group, sites)


def test_two_elements_at_one_place_are_refused(read):
    sites = ["Mo 0.3333 0.6667 0.5", "W 0.3333 0.6667 0.5", "S 0.6667 0.3333 0.578"]
    with pytest.raises(StructureError, match=r"Mo \(atom 1\) and W \(atom 2\): 0.000 Å"):
        read(hexagonal(3.19), "P -6 m 2", sites)


POSCAR = """layer
1.0
3.0 0.0 0.0
0.0 3.0 0.0
0.0 0.0 20.0
{symbols}
{counts}
Direct
{sites}
"""


def poscar(folder: Path, symbols: str, counts: str, *sites: str) -> Path:
    path = folder / "POSCAR"
    path.write_text(POSCAR.format(symbols=symbols, counts=counts, sites="\n".join(sites)))
    return path


def test_an_atom_at_both_borders_is_one(tmp_path, caplog):
    corners = ("0 0 0.5", "1 0 0.5", "0 1 0.5", "1.0 1.0 0.5")
    path = poscar(tmp_path, "C N", "4 1", *corners, "0.5 0.5 0.5")
    ((_, atoms, failure),) = read_structures(path)
    assert (atoms.get_chemical_formula(), failure) == ("CN", "")
    assert "3 of its 5 atoms repeat another one" in atoms.info[NOTE]
    assert len(read_structure(path)) == 2
    assert "3 of its 5 atoms repeat another one" in caplog.text


@pytest.mark.parametrize(
    ("symbols", "counts", "sites", "words"),
    [
        ("C", "2", ("0 0 0.5", "0 0 0.5"), r"C \(atom 1\) and C \(atom 2\): 0.000 Å"),
        ("C N", "1 1", ("0 0 0.5", "1 0 0.5"), "across the border of the cell: 0.000 Å"),
        ("C", "2", ("0 0 0.5", "0.9 0 0.5"), "across the border of the cell: 0.300 Å"),
        ("Mo S", "1 1", ("0 0 0.5", "0 0 0.55"), "1.000 Å'; allowed: at least 1.29 Å"),
    ],
)
def test_poscars_with_atoms_too_close(tmp_path, symbols, counts, sites, words):
    path = poscar(tmp_path, symbols, counts, *sites)
    ((_, atoms, failure),) = read_structures(path)
    assert atoms is None
    with pytest.raises(StructureError, match=words):
        read_structure(path)
    assert "POSCAR" in failure and "closer than atoms can be" in failure


def too_close() -> Atoms:
    atoms = mx2("MoS2", kind="2H", a=3.18, thickness=3.13, vacuum=10.0)
    atoms.positions[1] = atoms.positions[0] + [0.1, 0, 0]
    atoms.pbc = True
    return atoms


def test_every_way_in_is_checked(tmp_path):
    bad, good = too_close(), graphene(vacuum=8)
    arrays = [
        {
            "structure_id": name,
            "numbers": atoms.numbers,
            "cell": atoms.cell[:].ravel(),
            "positions": atoms.positions.ravel(),
        }
        for name, atoms in (("bad", bad), ("good", good))
    ]
    pd.DataFrame(arrays).to_parquet(tmp_path / "arrays.parquet")
    texts = {"structure_id": ["bad", "good"], "cif": [to_cif(bad), to_cif(good)]}
    pd.DataFrame(texts).to_parquet(tmp_path / "cifs.parquet")
    write(tmp_path / "two.xyz", [bad, good], format="extxyz")
    with connect(tmp_path / "some.db") as database:
        database.write(bad, uid="bad")
        database.write(good, uid="good")
    for source in ("arrays.parquet", "cifs.parquet", "two.xyz", "some.db"):
        (_, none, failure), (_, kept, empty) = read_structures(tmp_path / source)
        assert none is None and "closer than atoms can be" in failure
        assert len(kept) == 2 and empty == ""
    with pytest.raises(StructureError, match="The crystal has atoms closer than atoms can be"):
        mg.simulate(bad, field=16)


def test_the_materials_project_is_checked():
    from types import SimpleNamespace

    from pymatgen.io.ase import AseAtomsAdaptor

    documents = [
        SimpleNamespace(material_id=name, structure=AseAtomsAdaptor.get_structure(atoms))
        for name, atoms in (("mp-1", too_close()), ("mp-2", graphene(vacuum=8)))
    ]
    summary = SimpleNamespace(search=lambda **query: documents)
    (_, none, failure), (_, kept, _) = entries(summary, ["C"])
    assert none is None and failure.startswith("mp-1 has atoms closer than atoms can be")
    assert len(kept) == 2


def test_the_api_merges_what_the_lattice_repeats():
    atoms = graphene(vacuum=8)
    drawn = atoms + Atoms("C", positions=[atoms.positions[0] + atoms.cell[0]])
    once = mg.simulate(atoms, field=16).pixels
    assert np.allclose(mg.simulate(drawn, field=16).pixels, once, atol=1e-6)


@pytest.mark.parametrize(
    "atoms",
    [
        Atoms("H2", positions=[[0, 0, 10], [0, 0, 10.741]], cell=[4, 4, 20], pbc=True),
        Atoms("N2", positions=[[0, 0, 10], [0, 0, 11.098]], cell=[4, 4, 20], pbc=True),
        Atoms(
            "OH2",
            positions=[[0, 0, 10], [0.757, 0, 10.586], [-0.757, 0, 10.586]],
            cell=[4, 4, 20],
            pbc=True,
        ),
        Atoms("Cr2", positions=[[0, 0, 10], [0, 0, 11.68]], cell=[5, 5, 20], pbc=True),
        Atoms("Cs", positions=[[0, 0, 10]], cell=[3.9, 3.9, 20], pbc=True),
    ],
    ids=lambda atoms: atoms.get_chemical_formula(),
)
def test_the_shortest_bonds_that_are_known_pass(atoms):
    assert check_crystal(atoms, "x") is atoms


def test_a_cell_in_nanometres_is_refused():
    atoms = mx2("MoS2", kind="2H", a=3.18, thickness=3.13, vacuum=10.0)
    atoms.set_cell(atoms.cell[:] / 10, scale_atoms=True)
    with pytest.raises(StructureError, match=r"unit \(Å\)"):
        check_crystal(atoms, "x")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cell": [[3, 0, 0], [6, 0, 0], [0, 0, 20]]}, "flat cell"),
        ({"cell": [[3, 0, 0], [0, 1e-9, 0], [0, 0, 20]]}, "flat cell"),
        ({"positions": [[0, 0, 1e40]]}, "far from any cell"),
        ({"positions": [[0, 0, np.nan]]}, "not a number"),
        ({"numbers": [119]}, "without an element"),
        ({"numbers": [0]}, "without an element"),
        ({"cell": [[3, 0, 0], [0, 0, 0], [0, 0, 0]]}, "no cell"),
    ],
)
def test_atoms_that_are_no_crystal(change, words):
    plain = {"numbers": [6], "positions": [[0, 0, 1]], "cell": [3, 3, 20], "pbc": True}
    assert len(check_crystal(Atoms(**plain), "x")) == 1
    with pytest.raises(StructureError, match=words):
        check_crystal(Atoms(**(plain | change)), "x")


def test_a_layer_does_not_repeat_across_itself():
    atoms = graphene(vacuum=8)
    atoms.positions[:] = [[0, 0, 0], [0, 0, 16]]
    atoms.pbc = (True, True, False)
    assert len(check_crystal(atoms, "x")) == 2
    atoms.pbc = True
    assert len(check_crystal(atoms, "x")) == 1


def test_answers_of_the_program_are_read_however_close_their_atoms_are():
    assert len(from_cif(to_cif(too_close()))) == 3


@pytest.mark.parametrize("seed", range(20))
def test_pairs_are_those_of_a_plain_search(seed):
    generator = np.random.default_rng(seed)
    cell = generator.normal(0, 2, (3, 3)) + 4 * np.eye(3)
    cell[1] += generator.integers(-2, 3) * cell[0]  # a basis need not be reduced
    positions = generator.uniform(-6, 12, (6, 3))
    periodic = generator.random(3) < 0.7
    radius = 2.5
    span = [range(-24, 25) if one else (0,) for one in periodic]
    shifts = np.stack(np.meshgrid(*span), axis=-1).reshape(-1, 3) @ cell
    wanted = []
    for i in range(6):
        for j in range(i, 6):
            lengths = np.linalg.norm(positions[j] + shifts - positions[i], axis=1)
            near = lengths[lengths < radius]
            # An atom's own images come in pairs, and itself is none.
            wanted += [(i, j, one) for one in near if i < j or one > 0]
    found = pairs_within(positions, cell, periodic, radius)
    assert sorted((i, j, round(one, 6)) for i, j, one in wanted) == sorted(
        (i, j, round(one, 6)) for i, j, one in zip(*found[:3], strict=True)
    )


@pytest.mark.skipif(not CRYSTALS.is_file(), reason="the crystals of 2DMatPedia are not here")
def test_no_crystal_of_2dmatpedia_is_refused_or_changed():
    table = pd.read_parquet(CRYSTALS)
    shortest = np.inf
    for row in table.itertuples():
        cell = np.asarray(row.cell, dtype=float).reshape(3, 3)
        positions = np.asarray(row.positions, dtype=float).reshape(-1, 3)
        atoms = Atoms(numbers=row.numbers, positions=positions, cell=cell, pbc=True)
        assert check_crystal(atoms, row.structure_id) is atoms
        found = pairs_within(positions, cell, np.full(3, True), 2.0)
        radii = covalent_radii[atoms.numbers]
        ratios = found.distances / (radii[found.first] + radii[found.second])
        shortest = min(shortest, ratios.min(initial=np.inf))
    assert LEAST_SHARE < 0.66 < shortest
