"""Template library: known layers and the descriptors to search them by."""

from __future__ import annotations

import itertools
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from ase import Atoms

from micrographia.arrays import FloatArray, IntArray
from micrographia.errors import MicrographiaError, TableError
from micrographia.io.schemas import LIBRARY
from micrographia.io.structures import from_cif
from micrographia.io.tables import read_rows
from micrographia.physics.lattice import primitive_projection
from micrographia.physics.matching import Projection, site_distance
from micrographia.reconstruction.symmetry.wallpaper import find_wallpaper
from micrographia.reconstruction.templates.descriptor import (
    BINS,
    composition_similarity,
    radial_descriptor,
    shape_descriptor,
)
from micrographia.reconstruction.templates.kinship import radii_ratio, strangeness

#: Most species of a prototype whose names are exchanged in every way.
_MOST_SPECIES = 4
#: Prototypes of similar shape among which chemistry chooses, over those that are wanted.
_CHOICE = 4


@dataclass(frozen=True)
class Template:
    """A known layer.

    Attributes
    ----------
    name
        Its structure_id.
    cell, positions, numbers
        The layer: in-plane cell (2, 2), positions (n, 3) [Å], atomic numbers (n,).
    projection
        Primitive cell of its projection, which can be smaller than the layer's.
    """

    name: str
    cell: FloatArray
    positions: FloatArray
    numbers: IntArray
    projection: Projection

    @property
    def formula(self) -> str:
        """Reduced formula, metals first."""
        return str(Atoms(numbers=self.numbers).symbols.formula.reduce()[0].format("metal"))

    @classmethod
    def of(cls, name: str, atoms: Atoms) -> Template:
        """A layer with c along z as a template."""
        cell = np.array(atoms.cell[:2, :2])
        projection = Projection(*primitive_projection(atoms.positions[:, :2], atoms.numbers, cell))
        numbers = np.asarray(atoms.numbers, dtype=np.int64)
        return cls(name, cell, atoms.positions.copy(), numbers, projection)

    def renamed(self, species: Mapping[int, int], growth: float) -> Template:
        """The same structure type with other species.

        Parameters
        ----------
        species
            New atomic number for each of its own.
        growth
            By which lengths in the plane are multiplied. Heights grow by the geometric mean of
            this and of the ratio of the covalent radii, which is nearer to the truth than either.
        """
        numbers = np.array([species[number] for number in self.numbers.tolist()], dtype=np.int64)
        rise = np.sqrt(growth * radii_ratio(self.numbers.tolist(), numbers.tolist()))
        flat = self.projection
        names = np.array([species[number] for number in flat.numbers.tolist()], dtype=np.int64)
        return Template(
            self.name,
            self.cell * growth,
            self.positions * np.array([growth, growth, rise]),
            numbers,
            Projection(flat.cell * growth, flat.xy * growth, names),
        )


@dataclass(frozen=True)
class Library:
    """Rows of schema LIBRARY with their descriptors as arrays (n, 32)."""

    rows: Sequence[Mapping[str, Any]]
    descriptors: FloatArray
    shapes: FloatArray

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]]) -> Library:
        """Make a library of rows."""
        descriptors, shapes = (
            np.array([row[name] for row in rows], dtype=np.float64).reshape(len(rows), BINS)
            for name in ("descriptor", "shape")
        )
        return cls(rows, descriptors, shapes)

    def template(self, place: int) -> Template:
        """The template in a row."""
        row = self.rows[place]
        return Template(
            name=row["structure_id"],
            cell=np.reshape(row["cell"], (2, 2)),
            positions=np.reshape(row["positions"], (-1, 3)),
            numbers=np.array(row["numbers"], dtype=np.int64),
            projection=_projection(row),
        )

    def without(self, name: str, same: float) -> Library:
        """Return the library without one crystal and all crystals with the same projection.

        Parameters
        ----------
        name
            structure_id of the crystal.
        same
            Projections of the same species whose sites have at most this rms distance [Å] are
            the same crystal.
        """
        own = [_projection(row) for row in self.rows if row["structure_id"] == name]
        kept = [
            place
            for place, row in enumerate(self.rows)
            if row["structure_id"] != name and not any(_same(row, one, same) for one in own)
        ]
        return Library(
            [self.rows[place] for place in kept], self.descriptors[kept], self.shapes[kept]
        )


def _projection(row: Mapping[str, Any]) -> Projection:
    return Projection(
        np.reshape(row["projected_cell"], (2, 2)),
        np.reshape(row["projected_xy"], (-1, 2)),
        np.array(row["projected_numbers"], dtype=np.int64),
    )


def _same(row: Mapping[str, Any], other: Projection, most: float) -> bool:
    if sorted(row["projected_numbers"]) != sorted(other.numbers.tolist()):
        return False
    distance = site_distance(_projection(row), other)
    return distance is not None and distance <= most


def library_rows(
    structures: Iterable[Mapping[str, Any]], tolerance: float = 0.05
) -> Iterator[dict[str, Any]]:
    """Describe each crystal of a structures table for the library.

    Parameters
    ----------
    structures
        Rows with `structure_id` and `cif`; rejected ones and those without a readable layer are
        left out.
    tolerance
        Of the wallpaper group [Å].

    Yields
    ------
    Rows of schema LIBRARY.
    """
    for row in structures:
        if row.get("status", "kept") != "kept" or not row["cif"]:
            continue
        try:
            template = Template.of(str(row["structure_id"]), from_cif(row["cif"]))
        except MicrographiaError:
            continue
        yield library_row(template, tolerance)


def library_row(template: Template, tolerance: float = 0.05) -> dict[str, Any]:
    """A template as a row of schema LIBRARY."""
    projection = template.projection
    cell, xy = projection.cell, projection.xy
    return {
        "structure_id": template.name,
        "formula": template.formula,
        "elements": sorted(set(Atoms(numbers=template.numbers).get_chemical_symbols())),
        "numbers": template.numbers.tolist(),
        "cell": template.cell.ravel().tolist(),
        "positions": template.positions.ravel().tolist(),
        "projected_numbers": projection.numbers.tolist(),
        "projected_cell": cell.ravel().tolist(),
        "projected_xy": xy.ravel().tolist(),
        "wallpaper": find_wallpaper(cell, xy, projection.numbers, tolerance).name,
        "descriptor": radial_descriptor(cell, xy).tolist(),
        "shape": shape_descriptor(cell, xy).tolist(),
    }


def read_library(path: str | os.PathLike[str]) -> Library:
    """Read a library.

    Raises
    ------
    TableError
        The file is absent, no library or empty.
    """
    rows = read_rows(path, LIBRARY)
    if not rows:
        raise TableError(
            f"The template library {path} is empty",
            remedy="Build it from a table of crystals with `micrographia reconstruction library`",
        )
    return Library.of(rows)


def retrieve(
    library: Library, query: Projection, numbers: Sequence[int], count: int
) -> list[tuple[float, Template]]:
    """Templates of the given elements that are most like a projected crystal.

    Parameters
    ----------
    library
        Known crystals.
    query
        What was measured.
    numbers
        Atomic numbers of the elements that the sample may hold.
    count
        Most templates.

    Returns
    -------
    Pairs of similarity and template, the most similar first; the similarity is the product of
    the cosines of the radial descriptors and of the compositions.
    """
    own = Counter(query.numbers.tolist())
    descriptor = radial_descriptor(query.cell, query.xy)
    allowed = set(numbers)
    found = []
    for place, row in enumerate(library.rows):
        counts = Counter(row["projected_numbers"])
        if counts.keys() <= allowed:
            likeness = composition_similarity(own, counts)
            found.append((float(library.descriptors[place] @ descriptor) * likeness, place))
    found.sort(key=lambda item: (-item[0], item[1]))
    return [(similarity, library.template(place)) for similarity, place in found[:count]]


def retrieve_by_lattice(
    library: Library, cell: FloatArray, numbers: Sequence[int], count: int
) -> list[tuple[float, Template]]:
    """Templates of the given elements whose cells are nearest in area, for want of columns."""
    area = abs(float(np.linalg.det(cell)))
    allowed = set(numbers)
    found = []
    for place, row in enumerate(library.rows):
        if allowed.issuperset(row["projected_numbers"]):
            a, b, c, d = row["projected_cell"]
            own = abs(a * d - b * c)
            found.append((min(own, area) / max(own, area), place))
    found.sort(key=lambda item: (-item[0], item[1]))
    return [(similarity, library.template(place)) for similarity, place in found[:count]]


def retrieve_prototypes(
    library: Library, query: Projection, wallpaper: str, count: int
) -> list[tuple[float, Template]]:
    """Structure types that fit a projected crystal, with its species in their places.

    Crystals of the same wallpaper group and the same numbers of atoms of each species, whatever
    the species and the lattice constant, with names exchanged in every way and stretched to the
    area of the cell. Of those with the most similar shapes the nearest in chemistry are taken.

    Returns
    -------
    Pairs of exp(-strangeness) and template, the nearest first.
    """
    own = Counter(query.numbers.tolist())
    shape = shape_descriptor(query.cell, query.xy)
    amounts = sorted(own.values())
    found: list[tuple[float, int]] = []
    for place, row in enumerate(library.rows):
        if row["wallpaper"] == wallpaper and len(row["projected_numbers"]) == len(query.numbers):
            counts = Counter(row["projected_numbers"])
            if sorted(counts.values()) == amounts and counts.keys() != own.keys():
                found.append((float(library.shapes[place] @ shape), place))
    found.sort(key=lambda item: (-item[0], item[1]))
    area = abs(float(np.linalg.det(query.cell)))
    templates = []
    for _, place in found[: _CHOICE * count]:
        template = library.template(place)
        growth = float(np.sqrt(area / abs(np.linalg.det(template.projection.cell))))
        for names in _names(template, own):
            kin = float(np.exp(-strangeness(names, template.numbers.tolist(), growth)))
            templates.append((kin, template.renamed(names, growth)))
    templates.sort(key=lambda item: (-item[0], item[1].name))
    return templates[:count]


def _names(template: Template, own: Mapping[int, int]) -> Iterator[dict[int, int]]:
    """Every way to give a template's species the names of others that are as many."""
    counts = Counter(template.projection.numbers.tolist())
    species = sorted(counts)
    if len(species) > _MOST_SPECIES:
        return
    for order in itertools.permutations(sorted(own)):
        if all(counts[old] == own[new] for old, new in zip(species, order, strict=True)):
            yield dict(zip(species, order, strict=True))
