"""CIFs whose text or symbols mislead: read right, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from micrographia.errors import StructureError
from micrographia.io.structures import read_structures

CIF = """data_layer
{comment}
_chemical_formula_sum '{formula}'
_cell_length_a 3.16
_cell_length_b 3.16
_cell_length_c 18.0
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_space_group_name_H-M_alt 'P 1'
loop_
_atom_site_type_symbol
_atom_site_label
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
{first} M1 0.3333333 0.6666667 0.5 {share}
{second} X1 0.6666667 0.3333333 0.587 1
{second} X2 0.6666667 0.3333333 0.413 1
"""
PLAIN = {"comment": "", "formula": "Mo1 S2", "first": "Mo", "second": "S", "share": "1"}


def read(path: Path) -> tuple[str, str]:
    """Formula and reason of the only crystal."""
    (_, atoms, reason) = next(iter(read_structures(str(path))))
    return (atoms.get_chemical_formula("metal") if atoms is not None else ""), reason


def write(path: Path, encoding: str = "utf-8", **changes: str) -> Path:
    path.write_bytes(CIF.format(**{**PLAIN, **changes}).encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_any_encoding_of_the_same_crystal(tmp_path: Path, encoding: str) -> None:
    path = write(tmp_path / "a.cif", encoding, comment="# by Müller, Å")
    assert read(path) == ("MoS2", "")


def test_lines_may_end_as_they_do_elsewhere(tmp_path: Path) -> None:
    path = write(tmp_path / "a.cif")
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path) == ("MoS2", "")


@pytest.mark.parametrize("share", [".", "?", "1.0", "1"])
def test_an_occupancy_that_is_not_given_is_one(tmp_path: Path, share: str) -> None:
    assert read(write(tmp_path / "a.cif", share=share)) == ("MoS2", "")


@pytest.mark.parametrize(
    ("first", "second", "formula"),
    [
        ("N", "I", "I2 Ni"),
        ("Mo", "S", "Mo1 Se2"),
        ("Mo", "S", "Mo0.5 W0.5 S2"),
        ("Mo", "S", "Mo S3"),
    ],
)
def test_a_composition_that_the_formula_contradicts(
    tmp_path: Path, first: str, second: str, formula: str
) -> None:
    path = write(tmp_path / "a.cif", first=first, second=second, formula=formula)
    with_reason = read(path)
    assert with_reason[0] == "" and "another composition" in with_reason[1]


@pytest.mark.parametrize(
    ("first", "second", "formula", "found"),
    [
        ("NI", "I", "I2 Ni", "NiI2"),
        ("Mo", "SE", "Mo1 Se2", "MoSe2"),
        ("SN", "S2-", "?", "SnS2"),
        ("Fe2+", "CL", "?", "FeCl2"),
    ],
)
def test_capitals_and_charges_are_no_other_element(
    tmp_path: Path, first: str, second: str, formula: str, found: str
) -> None:
    path = write(tmp_path / "a.cif", first=first, second=second, formula=formula)
    assert read(path) == (found, "")


@pytest.mark.parametrize("first", ["Mo/W", "MoW", "(Mo,W)", "Mo0.5W0.5"])
def test_a_symbol_of_several_elements(tmp_path: Path, first: str) -> None:
    assert "no single element" in read(write(tmp_path / "a.cif", first=first, formula="?"))[1]


@pytest.mark.parametrize("formula", ["S2 Mo", "Mo2 S4", "?", "(Mo S2)n", "Mo1.0 S2.0"])
def test_a_formula_that_agrees_or_says_nothing(tmp_path: Path, formula: str) -> None:
    assert read(write(tmp_path / "a.cif", formula=formula)) == ("MoS2", "")


def test_bytes_of_no_text_are_no_crystal(tmp_path: Path) -> None:
    path = tmp_path / "a.cif"
    path.write_bytes(b"data_\0\1\2\xff")
    try:
        _, reason = read(path)
    except StructureError as error:
        reason = str(error)
    assert "not a text file" in reason


def test_linked_folders_of_crystals_are_read_once(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "folder", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    write(folder / "a.cif")
    write(elsewhere / "b.cif")
    for name in ("one", "two"):
        (folder / name).symlink_to(elsewhere, target_is_directory=True)
    (elsewhere / "back").symlink_to(folder, target_is_directory=True)
    assert len(list(read_structures(str(folder)))) == 2
