"""Space groups of CIFs by name: symbol, number, setting and origin."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from ase import Atoms
from ase.cell import Cell

from micrographia.errors import StructureError
from micrographia.io.crystals.operations import misfit, read_operations
from micrographia.io.crystals.settings import COUNT, Stated, candidates, settings
from micrographia.io.crystals.spacing import NOTE
from micrographia.io.structures import read_structure
from micrographia.stem.crystals.structures import layer_group, standardise

ITEMS = {
    "name": "_symmetry_space_group_name_H-M '{}'",
    "number": "_symmetry_Int_Tables_number {}",
    "hall": "_space_group_name_Hall '{}'",
    "code": "_space_group_IT_coordinate_system_code {}",
    "formula": "_chemical_formula_sum '{}'",
    "units": "_cell_formula_units_Z {}",
}
CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
SITE = ("label", "type_symbol", "fract_x", "fract_y", "fract_z")

# FeSe, one layer, in origin choice 2 of P 4/n m m (129): Fe on 2a, Se on 2c.
FESE = ((3.77, 3.77, 20, 90, 90, 90), ("Fe 0.75 0.25 0", "Se 0.25 0.25 0.073"))
# Phosphorene in P m a n, a setting of P m n a (53): zigzag along a, normal along c.
PHOSPHORENE = ((3.30, 4.60, 20, 90, 90, 90), ("P 0 0.085 0.0525",))
# A layer like SnSe in P 1 1 21/m: the axis along c, the normal along a.
SNSE = ((20, 4.3, 4.0, 90, 90, 90), ("Sn 0.07 0.12 0.25", "Se 0.06 0.6 0.75"))
# A layer in the a-b plane, unique axis b.
OBLIQUE = ((6.3, 3.6, 20, 90, 95, 90), ("Sn 0 0 0", "S 0.3 0 0.07"))


def cif(crystal, operations=(), **items) -> str:
    cell, sites = crystal
    lines = ["data_x", *(f"_cell_{key} {value}" for key, value in zip(CELL, cell, strict=True))]
    lines += [ITEMS[key].format(value) for key, value in items.items()]
    if operations:
        lines += ["loop_", "_symmetry_equiv_pos_as_xyz", *(f"'{one}'" for one in operations)]
    lines += ["loop_", *(f"_atom_site_{key}" for key in SITE)]
    lines += [f"{site.split()[0]}{number} {site}" for number, site in enumerate(sites, 1)]
    return "\n".join(lines) + "\n"


@pytest.fixture
def read(tmp_path):
    def call(*arguments, **items) -> Atoms:
        path = tmp_path / "layer.cif"
        path.write_text(cif(*arguments, **items))
        return read_structure(path)

    return call


def facts(atoms: Atoms) -> tuple:
    """Atoms of the primitive layer, a, thickness, layer group."""
    layer = standardise(atoms)
    thickness = float(np.ptp(layer.positions[:, 2]))
    return (
        layer.get_chemical_formula(),
        round(float(layer.cell.lengths()[0]), 2),
        round(thickness, 2),
        layer_group(layer),
    )


@pytest.mark.parametrize(
    "group",
    [
        {"name": "P 4/n m m :2", "number": 129},
        {"name": "P4/nmm:2"},
        {"name": "P 4/n m m Z"},
        {"name": "P 4/n 21/m 2/m (origin choice 2)"},
        {"name": "P 4/n m m", "code": 2},
        {"number": 129, "code": 2},
        {"hall": "-P 4a 2a"},
        {"name": "P 4/n m m", "hall": "-P 4a 2a", "number": 129},
        {"name": "P 4/n m m", "formula": "Fe Se", "units": 2},
        {"number": 129, "formula": "Fe2 Se2"},
    ],
    ids=str,
)
def test_the_origin_of_fese(read, group):
    assert facts(read(FESE, **group)) == ("Fe2Se2", 3.77, 2.92, 64)


def test_fese_moved_to_origin_1(read):
    # International Tables: 2a is 0 0 0, 2c is 0 1/2 z in origin choice 1.
    moved = (FESE[0], ("Fe 0 0 0", "Se 0 0.5 0.073"))
    assert facts(read(moved, name="P 4/n m m :1")) == ("Fe2Se2", 3.77, 2.92, 64)
    assert facts(read(moved, name="P 4/n m m S")) == ("Fe2Se2", 3.77, 2.92, 64)


def test_an_origin_that_nothing_tells_is_refused(read):
    with pytest.raises(StructureError, match=r"layer.cif does not tell.*origin.*:1 or .*:2"):
        read(FESE, name="P 4/n m m", number=129)
    with pytest.raises(StructureError, match="write the operations"):
        read(FESE, number=129)


def test_an_origin_that_the_formula_tells_is_noted(read):
    atoms = read(FESE, name="P 4/n m m", formula="Fe Se", units=2)
    assert atoms.info[NOTE] == "space group read as P 4/n m m :2"
    assert NOTE not in read(FESE, name="P 4/n m m :2").info


def test_a_formula_that_no_origin_gives_is_refused(read):
    with pytest.raises(StructureError, match="states another composition"):
        read(FESE, name="P 4/n m m", formula="Fe3 Se", units=2)


@pytest.mark.parametrize("group", [{"name": "P m a n", "number": 53}, {"hall": "-P 2ab 2"}])
def test_permuted_axes_of_phosphorene(read, group):
    assert facts(read(PHOSPHORENE, **group)) == ("P4", 3.3, 2.1, 42)


def test_a_code_of_axes_beside_the_standard_symbol(read):
    atoms = read(PHOSPHORENE, name="P m n a", number=53, code="a-cb")
    assert facts(atoms) == ("P4", 3.3, 2.1, 42)


@pytest.mark.parametrize(
    "group", [{"name": "P 1 1 21/m", "number": 11}, {"name": "P 1 1 2_1/m"}, {"hall": "-P 2c"}]
)
def test_unique_axis_c(read, group):
    assert facts(read(SNSE, **group)) == ("Se2Sn2", 4.0, 2.8, 15)


def test_the_cell_tells_the_unique_axis(read):
    tilted = ((20, 4.3, 4.0, 90, 90, 97), SNSE[1])
    listed = ("x,y,z", "-x,-y,z+1/2", "-x,-y,-z", "x,y,-z+1/2")
    wanted = facts(read(tilted, listed))
    assert wanted[0] == "Se2Sn2"
    assert facts(read(tilted, name="P 21/m", number=11)) == wanted
    assert NOTE not in read(tilted, name="P 21/m", number=11).info


def test_a_short_symbol_means_unique_axis_b_and_that_is_said(read):
    upright = ((4.0, 4.3, 20, 90, 90, 90), ("Sn 0.12 0.25 0.07", "Se 0.6 0.75 0.06"))
    atoms = read(upright, name="P 21/m")
    assert facts(atoms) == ("Se2Sn2", 4.0, 2.8, 15)
    assert "P 1 2_1/m 1 :b" in atoms.info[NOTE]


def test_full_and_short_names_are_one_group(read):
    listed = ("x,y,z", "-x,y,-z", "-x,-y,-z", "x,-y,z")
    centred = tuple(f"{x}+1/2,{y}+1/2,{z}" for x, y, z in (one.split(",") for one in listed))
    wanted = read(OBLIQUE, listed + centred)
    for group in ({"name": "C 1 2/m 1"}, {"name": "C 2/m"}, {"name": "C12/m1"}, {"number": 12}):
        assert facts(read(OBLIQUE, **group)) == facts(wanted) == ("S2Sn", 3.6, 2.79, 18)


@pytest.mark.parametrize("name", ["P 1 21/n 1", "P 21/n", "P 2_1/n", "P121/n1", "P 2(1)/n"])
def test_p21n_by_its_own_operations(read, name):
    listed = ("x,y,z", "1/2-x,1/2+y,1/2-z", "-x,-y,-z", "1/2+x,1/2-y,1/2+z")
    wanted, found = read(OBLIQUE, listed), read(OBLIQUE, name=name)
    assert len(found) == 6
    assert np.allclose(
        sorted(wanted.get_all_distances(mic=True).ravel()),
        sorted(found.get_all_distances(mic=True).ravel()),
    )


def test_the_cell_tells_hexagonal_from_rhombohedral_axes(read):
    a, c, z = 4.14, 28.64, 0.4
    hexagonal = read(((a, a, c, 90, 90, 120), (f"Bi 0 0 {z}",)), name="R -3 m")
    side = float(np.sqrt(a**2 / 3 + (c / 3) ** 2))
    angle = float(np.degrees(2 * np.arcsin(a / 2 / side)))
    cell = (side, side, side, angle, angle, angle)
    rhombohedral = read((cell, (f"Bi {z} {z} {z}",)), name="R -3 m", number=166)
    assert (len(hexagonal), len(rhombohedral)) == (6, 2)
    for name in ("R -3 m :R", "R -3 m R", "R-3mR"):
        assert len(read((cell, (f"Bi {z} {z} {z}",)), name=name)) == 2
    assert np.isclose(hexagonal.get_volume(), 3 * rhombohedral.get_volume())
    assert len(read((cell, (f"Bi {z} {z} {z}",)), name="R -3 m", code=2)) == 2


def test_a_first_setting_is_the_only_one_of_most_groups(read):
    assert len(read(OBLIQUE, name="C 2/m", code=1)) == len(read(OBLIQUE, name="C 2/m")) == 6
    with pytest.raises(StructureError, match="names a setting or origin"):
        read(OBLIQUE, name="C 2/m", code=2)


@pytest.mark.parametrize(
    ("group", "words"),
    [
        ({"name": "P 4/n m m :3"}, r"names a setting or origin.*allowed: 1, 2"),
        ({"name": "P 4/n m m :2", "number": 128}, "states two different space groups"),
        ({"name": "P 4/n m m", "hall": "-P 4 2"}, "states two different space groups"),
        ({"name": "Q 4/n m m"}, r"not in the tables.*Write the operations"),
        ({"hall": "-Q 4a 2a"}, r"Hall symbol that is not in the tables.*Write the operations"),
        ({"number": 231}, r"no known number.*1 to 230"),
        ({"number": "many"}, r"no known number.*1 to 230"),
        ({"name": "P -3 m 1"}, r"its cell does not have.*P -3 m 1"),
    ],
    ids=str,
)
def test_groups_that_are_refused(read, group, words):
    with pytest.raises(StructureError, match=words) as caught:
        read(FESE, **group)
    assert "layer.cif" in str(caught.value)


def test_no_group_at_all_is_the_atoms_as_they_stand(read):
    assert read(FESE).get_chemical_formula() == "FeSe"


def test_the_identity_alone_is_not_the_group_that_is_named(read):
    with pytest.raises(StructureError, match=r"another number of atoms.*saw 2.*8 atoms"):
        read(FESE, ["x,y,z"], name="P 4/n m m", formula="Fe Se", units=4)


@pytest.mark.parametrize("bad", ["x,y", "x,y,z,w", "x+y+,z,q", "2x,y,z", "x,x,z", "", "x;y;z"])
def test_operations_that_are_none(read, bad):
    with pytest.raises(StructureError, match="symmetry operation that cannot be read"):
        read(FESE, ["x,y,z", bad])


def test_operations_that_the_cell_does_not_have(read):
    with pytest.raises(StructureError, match="operations that its cell does not have"):
        read(FESE, ["x,y,z", "-y,x-y,z", "-x+y,-x,z"])


@pytest.mark.parametrize("line", ["S3 S 0.5 0.5 0.2 1 1", "S3 S 0.5 0.5", "S 3 S 0.5 0.5 0.2"])
def test_a_line_of_the_wrong_length_is_not_left_out(tmp_path, line):
    path = tmp_path / "layer.cif"
    path.write_text(cif(FESE) + line + "\nFe4 Fe 0.25 0.75 0\n")
    with pytest.raises(StructureError, match=r"layer.cif"):
        read_structure(path)


@pytest.mark.parametrize(
    ("text", "rotation", "translation"),
    [
        ("x,y,z", np.eye(3), (0, 0, 0)),
        (" -X + Y , -x, z+1/2 ", [[-1, 1, 0], [-1, 0, 0], [0, 0, 1]], (0, 0, 0.5)),
        ("0.333+x,y-0.6667,z", np.eye(3), (1 / 3, 1 / 3, 0)),
        (".5-x,3/4+y,-z-1/4", -np.diag([1, -1, 1]), (0.5, 0.75, 0.75)),
    ],
)
def test_operations_are_read(text, rotation, translation):
    found = read_operations([text], "x")
    assert np.array_equal(found.rotations[0], rotation)
    assert np.allclose(found.translations[0], translation)


def metric_cell(rotations: np.ndarray) -> np.ndarray:
    """Some cell with the symmetry of a group and no more."""
    some = np.array([[9.0, 0.7, 1.1], [0.7, 16.0, 1.9], [1.1, 1.9, 36.0]])
    return np.linalg.cholesky((np.swapaxes(rotations, 1, 2) @ some @ rotations).mean(axis=0))


def test_every_setting_is_found_by_its_own_label_and_hall_symbol():
    assert len(settings()) == COUNT
    halls = Counter(one.hall for one in settings())
    for setting in settings():
        operations = setting.operations
        cell = metric_cell(operations.rotations)
        assert misfit(operations, cell) < 1e-9
        named = candidates(Stated(setting.label, setting.number), cell, "x")
        assert named[0] == [setting]
        if halls[setting.hall] == 1:
            assert candidates(Stated(hall=setting.hall), cell, "x") == [[setting]]


def test_standard_axes_come_first():
    cell = np.diag([5.0, 6.0, 20.0])
    found = candidates(Stated("C m m e"), cell, "x")
    assert [[one.choice for one in rank] for rank in found] == [[""], ["ba-c"]]
    found = candidates(Stated("C c c e", code="2ba-c"), cell, "x")
    assert [[one.choice for one in rank] for rank in found] == [["2ba-c"]]


def test_no_name_stands_for_two_groups():
    numbers: dict[str, set[int]] = {}
    for setting in settings():
        for name in setting.names:
            numbers.setdefault(name, set()).add(setting.number)
    assert [name for name, found in numbers.items() if len(found) > 1] == []


@pytest.mark.parametrize(
    ("name", "hall"),
    [
        ("C m c a", "-C 2ac 2"),
        ("Abm2", "A 2 -2b"),
        ("B m a b", "-B 2ab 2"),
        ("F m 3 m", "-F 4 2 3"),
        ("P a 3", "-P 2ac 2ab 3"),
        ("P63/mmc", "-P 6c 2c"),
        ("p -6 m 2", "P -6 2"),
        ("B 2/b", "-B 2b"),
        ("I 2/a", "-I 2ya"),
        ("P 1 1 21/b", "-P 2bc"),
    ],
)
def test_old_short_and_joined_names(name, hall):
    setting = next(one for one in settings() if one.hall == hall.lower())
    cell = metric_cell(setting.operations.rotations)
    assert candidates(Stated(name), cell, "x")[0][0] == setting


def test_a_cell_of_a_rounded_metric_still_fits(read):
    cell = np.array(Cell.new((3.19, 3.1901, 20, 90, 90, 119.99))[:])
    assert candidates(Stated("P -6 m 2"), cell, "x")[0][0].number == 187
