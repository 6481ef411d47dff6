"""CIF blocks to crystals: sites, symmetry operations or the group's name, stated formula."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np
from ase import Atoms
from ase.cell import Cell
from ase.io.cif import CIFBlock, parse_cif

from micrographia.arrays import FloatArray
from micrographia.errors import StructureError
from micrographia.io.crystals import settings
from micrographia.io.crystals.contents import (
    check_formula,
    check_occupancy,
    elements_of,
    miscount,
)
from micrographia.io.crystals.operations import (
    Operations,
    apply,
    misfit,
    read_operations,
)
from micrographia.io.crystals.spacing import (
    LEAST,
    NOTE,
    SAME_PLACE,
    check_spacing,
    noted,
    pairs_within,
)
from micrographia.io.crystals.symbols import element_of_label, element_of_type

_POSITIONS = re.compile(r"(?im)^\s*_atom_site_(fract|cartn)_x")
#: A line of data after the heading of the table of sites.
_SITE = re.compile(r"(?im)^\s*_atom_site_\S+\s*\n(\s*(#.*)?\n)*\s*(?!_|loop_|data_|#)\S")
_OPERATIONS = (
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
)
_NAMES = (
    "_space_group_name_h-m_alt",
    "_space_group.name_h-m_alt",
    "_symmetry_space_group_name_h-m",
    "_space_group_name_h-m_full",
    "_space_group.name_h-m_full",
)
_HALLS = (
    "_space_group_name_hall",
    "_space_group.name_hall",
    "_symmetry_space_group_name_hall",
)
_NUMBERS = ("_space_group_it_number", "_space_group.it_number", "_symmetry_int_tables_number")
_CODES = (
    "_space_group_it_coordinate_system_code",
    "_space_group.it_coordinate_system_code",
    "_symmetry_space_group_setting",
)
#: Decimals that a coordinate has at least: 0 and 0.5 are written short because they are exact.
_DECIMALS = 2
#: Images that were merged are worth a word if they were this far apart [Å].
_WORTH_A_NOTE = 1e-3
#: What ASE warns of when it leaves out a line of a table.
_LOST = re.compile(r"Wrong number \d+ of tokens, expected (\d+)")
#: Kinds of coordinates: shares of the cell, or Å.
_KINDS = ("fract", "cartn")
_NO_VALUE = (None, "", ".", "?")


def read_cif(text: str, name: str) -> list[Atoms | StructureError]:
    """Read the crystals of a CIF.

    Operations that are listed count; where there are none, those of the group that is named, with
    its setting and origin. What was assumed or merged is said in `info[NOTE]`.

    Parameters
    ----------
    text
        The whole file.
    name
        How messages call it.

    Returns
    -------
    For each block with atoms the crystal, or why it is none.

    Raises
    ------
    StructureError
        The text is no CIF, or holds no atoms.
    """
    if not re.search(r"(?im)^\s*data_", text):
        raise StructureError(
            f"{name} is not a CIF: it has no data_ block", remedy="Export it as CIF again"
        )
    if not (_POSITIONS.search(text) and _SITE.search(text)):
        raise StructureError(
            f"{name} holds no atoms: it has no atom positions",
            remedy="Give a CIF with a filled _atom_site loop",
        )
    blocks, lost = _blocks(text, name)
    found: list[Atoms | StructureError] = []
    filled = [one for one in blocks if any(f"_atom_site_{kind}_x" in one for kind in _KINDS)]
    for block in filled:
        try:
            label = name if len(filled) == 1 else f"{name}, data_{block.name}"
            _check_rows(block, lost, label)
            found.append(_crystal(block, label))
        except StructureError as error:
            found.append(error)
    if not found:
        raise StructureError(f"{name} holds no atoms")
    return found


def _blocks(text: str, name: str) -> tuple[list[CIFBlock], set[int]]:
    """Blocks of a file, and how many columns the tables have of which ASE left out a line."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            blocks = list(parse_cif(io.StringIO(text)))
    except Exception as error:  # the parser of foreign text fails in every way there is
        raise StructureError(
            f"{name} cannot be read as cif: {type(error).__name__}: {error}",
            remedy="Check that the file is complete",
        ) from None
    lost = (_LOST.match(str(one.message)) for one in told)
    return blocks, {int(match[1]) for match in lost if match}


def _check_rows(block: CIFBlock, lost: set[int], name: str) -> None:
    """Refuse a table of sites or operations that may lack a line."""
    for prefixes in (("_atom_site_",), ("_space_group_symop", "_symmetry_equiv_pos")):
        columns = [tag for tag in block if tag.startswith(prefixes) and "_aniso_" not in tag]
        if columns and len(columns) in lost:
            raise StructureError(
                f"{name} has a line with more or fewer values than its table has columns",
                seen=f"a table of {len(columns)} columns, such as {columns[0]}",
                remedy="Correct that line; put values with blanks in quotes",
            )


def _crystal(block: CIFBlock, name: str) -> Atoms:
    symbols = _symbols(block, name)
    if not symbols:
        raise StructureError(f"{name} holds no atoms", remedy="Fill its _atom_site loop")
    cell = _cell(block, name)
    fractions, slack = _sites(block, cell, name)
    if len(symbols) != len(fractions):
        raise StructureError(f"{name} cannot be read as cif: columns of unequal length")
    check_occupancy(_column(block, "_atom_site_occupancy"), symbols, fractions, name)
    ranks = _groups(block, cell, name)
    reasons: list[StructureError] = []
    for rank in ranks:
        fitting: list[tuple[str, Atoms]] = []
        for label, operations in rank:
            try:
                atoms = _expand(operations, symbols, fractions, slack, cell, name)
                fitting.append((label, _checked(atoms, block, bool(label), name)))
            except StructureError as error:
                reasons.append(error)
        if len(fitting) > 1 and not all(_alike(fitting[0][1], one) for _, one in fitting[1:]):
            raise StructureError(
                f"{name} does not tell the setting or origin of its space group",
                seen=" or ".join(label for label, _ in fitting),
                remedy="Add it to the symbol (P 4/n m m :2), or write the operations",
            )
        if fitting:
            label, atoms = fitting[0]
            choices = sum(len(one) for one in ranks)
            return noted(atoms, f"space group read as {label}") if choices > 1 else atoms
    raise reasons[0]


def _column(block: CIFBlock, tag: str) -> list[Any] | None:
    values = block.get(tag)
    return values if isinstance(values, list) or values is None else [values]


def _first(block: CIFBlock, tags: Iterable[str]) -> Any:
    """First of several tags with a value."""
    values = (_scalar(block.get(tag)) for tag in tags)
    return next((one for one in values if one not in _NO_VALUE), None)


def _scalar(value: Any) -> Any:
    """A value, or the first of a loop of them."""
    return value[0] if isinstance(value, list) and value else value


def _symbols(block: CIFBlock, name: str) -> list[str]:
    types = _column(block, "_atom_site_type_symbol")
    labels = _column(block, "_atom_site_label")
    if types is not None and not any(one in _NO_VALUE for one in types):
        return [element_of_type(str(one), name) for one in types]
    if labels is None:
        raise StructureError(f"{name} holds no atoms: its sites have neither symbol nor label")
    formula = elements_of(_scalar(block.get("_chemical_formula_sum")))
    return [element_of_label(str(one), formula, name) for one in labels]


def _cell(block: CIFBlock, name: str) -> FloatArray:
    values = [_scalar(block.get(tag)) for tag in CIFBlock.cell_tags]
    if all(one in _NO_VALUE for one in values):
        raise StructureError(
            f"{name} has no cell: it is a molecule, not a crystal",
            remedy="Give the lattice vectors (_cell_length_a and so on)",
        )
    try:
        numbers = np.array([float(one) for one in values])
        with np.errstate(invalid="ignore"):
            cell = np.array(Cell.new(numbers)[:])
    except (TypeError, ValueError, AssertionError, ZeroDivisionError):
        cell = np.full((3, 3), np.nan)
    if not np.isfinite(cell).all() or abs(np.linalg.det(cell)) < 1e-3:
        raise StructureError(
            f"{name} has a cell that is none",
            seen=", ".join(str(one) for one in values),
            allowed="three lengths in Å and three angles in degrees that span a volume",
        )
    return cell


def _sites(block: CIFBlock, cell: FloatArray, name: str) -> tuple[FloatArray, FloatArray]:
    """Fractional coordinates, and one unit of the last digit of each; both (n, 3)."""
    kind = next(one for one in _KINDS if f"_atom_site_{one}_x" in block)
    columns = [_column(block, f"_atom_site_{kind}_{axis}") for axis in "xyz"]
    try:
        values = np.array([[float(one) for one in column or ()] for column in columns]).T
        if values.ndim != 2 or not np.isfinite(values).all():
            raise ValueError("a coordinate is not a number")
    except ValueError as error:
        raise StructureError(
            f"{name} cannot be read as cif: {error}", remedy="Give x, y and z of every site"
        ) from None
    if kind == "cartn":
        return values @ np.linalg.inv(cell), np.full(values.shape, 10.0**-4)
    decimals = [[_decimals(one) for one in row] for row in values]
    return values, 10.0 ** -np.array(decimals, dtype=float)


def _decimals(value: float) -> int:
    digits = np.format_float_positional(value, trim="-").partition(".")[2]
    return max(len(digits), _DECIMALS)


def _groups(block: CIFBlock, cell: FloatArray, name: str) -> list[list[tuple[str, Operations]]]:
    """Operations that the file may mean, in ranks; those that it does not list with a label."""
    columns = (_column(block, tag) for tag in _OPERATIONS)
    texts = next((one for one in columns if one and one[0] not in _NO_VALUE), None)
    stated = _stated(block, name)
    if texts is None:
        ranks = settings.candidates(stated or settings.Stated(name="P 1"), cell, name)
        return [[(one.label, one.operations) for one in rank] for rank in ranks]
    operations = read_operations(texts, name)
    if misfit(operations, cell) > settings.POOR_FIT:
        raise StructureError(
            f"{name} lists symmetry operations that its cell does not have",
            remedy="Check the lattice constants and the operations",
        )
    # The identity alone may be all that a program wrote of the group that it names.
    others = stated and stated.number != 1 and stated.name.replace(" ", "").upper() != "P1"
    doubtful = len(operations.rotations) == 1 and others
    return [[("the identity alone" if doubtful else "", operations)]]


def _stated(block: CIFBlock, name: str) -> settings.Stated | None:
    """What the file says of its group, if anything."""
    number = _first(block, _NUMBERS)
    try:
        number = None if number is None else int(number)
    except ValueError:
        raise StructureError(
            f"{name} states a space group of no known number", seen=number, allowed="1 to 230"
        ) from None
    texts = [str(_first(block, tags) or "") for tags in (_NAMES, _HALLS, _CODES)]
    if number is None and not texts[0] and not texts[1]:
        return None
    return settings.Stated(name=texts[0], number=number, hall=texts[1], code=texts[2])


def _expand(
    operations: Operations,
    symbols: list[str],
    fractions: FloatArray,
    slack: FloatArray,
    cell: FloatArray,
    name: str,
) -> Atoms:
    """All atoms of the cell; sites that are images of one another count once."""
    orbits = apply(operations, fractions, slack, cell)
    numbers = [symbols[site] for site in orbits.sites]
    atoms = Atoms(numbers, scaled_positions=orbits.fractions, cell=cell, pbc=True)
    if orbits.spread > _WORTH_A_NOTE:
        noted(
            atoms,
            f"images of one site up to {orbits.spread:.3f} Å apart are one atom: its coordinates "
            "are rounded",
        )
    found = pairs_within(atoms.positions, cell, np.full(3, True), LEAST)
    gone = set()
    for first, second, distance in zip(*found[:3], strict=True):
        one, other = orbits.sites[first], orbits.sites[second]
        step = orbits.fractions[second] - orbits.fractions[first]
        step -= np.round(step)
        loose = orbits.slack[first] + orbits.slack[second]
        explained = distance < SAME_PLACE or (np.abs(step) <= loose).all()
        if one == other or not explained or symbols[one] != symbols[other]:
            continue
        if np.linalg.norm((fractions[one] - fractions[other]) @ cell) < SAME_PLACE:
            raise StructureError(
                f"{name} lists two atoms at one place",
                seen=f"{symbols[one]}, sites {one + 1} and {other + 1}",
                remedy="Remove one of them, or correct its coordinates",
            )
        gone.add(int(second))
    if not gone:
        return atoms
    kept = atoms[[index for index in range(len(atoms)) if index not in gone]]
    return noted(kept, f"{len(gone)} atoms are listed again as images of others; each counts once")


def _checked(atoms: Atoms, block: CIFBlock, assumed: bool, name: str) -> Atoms:
    """Compare with what the file states of its contents.

    Where the operations were `assumed`, a wrong number of atoms tells that they are others, and
    so do atoms that are too close.
    """
    formula = _scalar(block.get("_chemical_formula_sum"))
    check_formula(atoms, formula, name)
    wrong = miscount(atoms, formula, _scalar(block.get("_cell_formula_units_z")))
    if wrong and (assumed or NOTE in atoms.info):
        raise StructureError(
            f"{name} states another number of atoms than its sites and symmetry give",
            seen=len(atoms),
            allowed=wrong,
            remedy="Check the group's setting and origin, Z, and the digits of the coordinates",
        )
    if wrong:
        noted(atoms, f"holds {len(atoms)} atoms, but its formula and Z say {wrong}")
    return check_spacing(atoms, name) if assumed else atoms


def _alike(one: Atoms, other: Atoms) -> bool:
    """Whether two crystals in one cell have the same distances between the same elements."""
    return _distances(one).shape == _distances(other).shape and np.allclose(
        _distances(one), _distances(other), atol=SAME_PLACE
    )


def _distances(atoms: Atoms) -> FloatArray:
    """Kinds of all pairs and their distances, ordered (n², 2)."""
    numbers = np.sort(np.stack(np.meshgrid(atoms.numbers, atoms.numbers)), axis=0)
    kinds = (numbers[0] * 200 + numbers[1]).ravel()
    lengths = atoms.get_all_distances(mic=True).ravel()
    return np.column_stack([kinds, lengths])[np.lexsort((lengths, kinds))]
