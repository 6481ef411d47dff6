"""One picture to one crystal: the answer as people use it, with its symmetry, and as CIF."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from ase import Atoms
from numpy.typing import NDArray

from micrographia import __version__
from micrographia.arrays import BoolArray
from micrographia.config import Reconstruction, Symmetry
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import write_text
from micrographia.io.stem_images import StemImage
from micrographia.physics.imaging import evaluate_series
from micrographia.reconstruction.answer.solution import Solution
from micrographia.reconstruction.cif import CRYSTAL_CONFIDENCE, LEAST_CONFIDENCE, symmetric_cif
from micrographia.reconstruction.solve import elements_of, solve
from micrographia.reconstruction.symmetry.layer import SymmetricLayer, symmetrise_layer
from micrographia.reconstruction.templates.consult import Consulted, solve_with_templates
from micrographia.reconstruction.templates.library import (
    Library,
    Template,
    library_row,
    read_library,
)

#: Tolerance of heights that are not nominal [Å].
KNOWN_HEIGHTS = 0.1
#: Tolerance in the plane of places that were measured in a picture of unknown optics [Å].
_LOOSE = 0.12
#: How the names of proposals begin.
_PROPOSAL = "proposal "


@dataclass(frozen=True, eq=False, repr=False)
class Crystal:
    """A crystal that was read from a STEM image.

    Attributes
    ----------
    atoms
        The layer, made symmetric: primitive cell with a along x, c along z. In-plane positions
        are measured; heights are nominal unless `template` names where they come from.
    confidence
        How sure the solver is of cell and species, 0 to 1.
    site_confidence
        For each of `atoms` (n,) how sure its species is, 0 to 1; None where a template gave them.
    alternatives
        Formulas of the next best choices of species, each with its log-likelihood deficit.
    cell
        Vectors of the projected cell as rows, in the picture's axes (x to the right, y
        downwards), shape (2, 2) [Å].
    columns
        Positions of the cell's atomic columns in the picture, shape (m, 2) [Å] from the middle of
        its first pixel.
    numbers
        Atomic number of the heaviest atom of each column, shape (m,).
    counts
        How many atoms each column holds, shape (m,).
    template
        A sentence on the known crystal that the answer rests on; None if it rests on none.
    cif
        The layer as CIF text, with its symmetry and the confidence of each site.
    min_confidence
        Confidence from which on an answer counts as sure, from the settings.
    g, coefficients
        Frequencies (k, 2) [1/Å] and Fourier coefficients (k,) of the picture that the columns
        give, in the image's units: what `model` draws.
    candidates
        The answer and the next best ones as layers before symmetry, the best first; empty where
        the search ranks none.
    notes
        What else was found, a sentence each: how the picture was read, how it repeats itself,
        distortions of the scan, grains.
    """

    atoms: Atoms
    confidence: float
    site_confidence: NDArray[np.float64] | None
    alternatives: list[str]
    cell: NDArray[np.float64]
    columns: NDArray[np.float64]
    numbers: NDArray[np.int64]
    counts: NDArray[np.int64]
    template: str | None
    cif: str = field(repr=False)
    min_confidence: float
    g: NDArray[np.float64] = field(repr=False)
    coefficients: NDArray[np.complex128] = field(repr=False)
    candidates: tuple[Atoms, ...] = field(default=(), repr=False)
    notes: tuple[str, ...] = ()

    @property
    def sure(self) -> bool:
        """Whether the confidence reaches the least that the settings ask for."""
        return self.confidence >= self.min_confidence

    @property
    def formula(self) -> str:
        """Chemical formula of the cell, metals first."""
        return str(self.atoms.get_chemical_formula("metal"))

    @property
    def a(self) -> float:
        """Length of the first vector of the layer's cell [Å]."""
        return float(self.atoms.cell.cellpar()[0])

    @property
    def b(self) -> float:
        """Length of the second vector of the layer's cell [Å]."""
        return float(self.atoms.cell.cellpar()[1])

    @property
    def gamma(self) -> float:
        """Angle between the two vectors [degree]."""
        return float(self.atoms.cell.cellpar()[5])

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the CIF, atomically.

        Raises
        ------
        MicrographiaError
            The name does not end in .cif.
        """
        check_cif_name(path)
        write_text(path, self.cif)

    def model(self, shape: tuple[int, int], pixel_size: float) -> NDArray[np.float32]:
        """The picture that the columns give, without noise and of mean zero.

        Parameters
        ----------
        shape, pixel_size
            Rows and columns, and pixel size [Å], of the image that was read.

        Returns
        -------
        Picture (rows, columns) in the image's units.
        """
        return np.asarray(
            evaluate_series(self.g, self.coefficients, shape, pixel_size), dtype=np.float32
        )

    def __repr__(self) -> str:
        return (
            f"Crystal({self.formula}, a={self.a:.3f} Å, b={self.b:.3f} Å, "
            f"gamma={self.gamma:.2f}°, confidence={self.confidence:.3f}"
            f"{'' if self.sure else ', unsure'})"
        )


def read_crystal(
    image: StemImage,
    elements: Sequence[str] | None,
    settings: Reconstruction,
    name: str,
    composition: Mapping[str, int] | None = None,
    mask: BoolArray | None = None,
    proposals: Sequence[Atoms] = (),
) -> Crystal:
    """Read a crystal from one picture, with the template library that the settings name.

    Parameters
    ----------
    image
        The picture with its pixel size; imaging conditions are taken from its metadata.
    elements
        Symbols of the sample's elements; None if they are not known. Templates are then not used.
    settings
        Limits of the search, symmetry, templates.
    name
        Of the picture; names the CIF's data block.
    composition
        Atoms of each element per formula, where it is known; it says the elements, too.
    mask
        True where pixels are no part of the picture (rows, columns), such as burnt-in text.
    proposals
        Crystals that somebody takes this picture for, such as a language model: layers with c
        along z. They are compared with the picture as templates are. One that explains it better
        than the search replaces the answer, one with the answer's columns lends its heights.

    Raises
    ------
    SolveError
        The picture holds no crystal that can be stated with honesty, or the search was stopped
        at the settings' limit of time.
    TableError
        The template library is absent or damaged.
    """
    note = None
    elements = elements_of(elements, composition)
    library = _known(settings, proposals)
    if elements is None or library is None:
        solution = solve(image, elements, settings, composition=composition, mask=mask)
    else:
        found = solve_with_templates(image, elements, settings, library, composition, mask)
        named = (found.template or "").startswith(_PROPOSAL)
        note = describe_template(found, "for this picture" if named else "in-library")
        solution = found.solution
    return Crystal(
        atoms=_layer(solution, settings.symmetry, note).atoms,
        confidence=solution.confidence,
        site_confidence=solution.site_confidence,
        alternatives=solution.alternatives,
        cell=solution.cell,
        columns=solution.xy,
        numbers=solution.numbers,
        counts=solution.counts,
        template=note,
        cif=to_cif_text(solution, name, settings, note),
        min_confidence=settings.min_confidence,
        g=solution.problem.fit.g,
        coefficients=solution.coefficients,
        candidates=solution.candidates,
        notes=solution.notes,
    )


def _known(settings: Reconstruction, proposals: Sequence[Atoms]) -> Library | None:
    """The library of the settings and the proposals; None where there are neither."""
    rows: list[Mapping[str, Any]] = []
    if settings.templates.library is not None:
        rows += read_library(settings.templates.library).rows
    rows += [
        library_row(Template.of(f"{_PROPOSAL}{place}", atoms))
        for place, atoms in enumerate(proposals, 1)
    ]
    return Library.of(rows) if rows else None


def check_cif_name(path: str | os.PathLike[str]) -> None:
    """Refuse names that do not end in .cif.

    Raises
    ------
    MicrographiaError
        This one does not.
    """
    stem, suffix = os.path.splitext(path)
    if suffix.lower() != ".cif":
        raise MicrographiaError(
            f"The crystal cannot be written as {os.fspath(path)}",
            allowed="names that end in .cif",
            remedy=f"Name it {stem}.cif",
        )


def describe_template(found: Consulted, use: str) -> str | None:
    """What a CIF says of the template behind it; None where there is none."""
    if found.template is None:
        return None
    what = {
        "heights": "Heights are those of",
        "rival": "It explains the picture better than the search's own answer: template",
        "answer": "The search found no answer; this is template",
    }[found.role]
    return f"{what} {found.template} ({use})."


def to_cif_text(
    solution: Solution,
    name: str,
    settings: Reconstruction,
    note: str | None = None,
) -> str:
    """CIF of a solution with its symmetry, how sure it is, what is measured and what nominal.

    Parameters
    ----------
    solution
        From `solve`.
    name
        Of the picture; names the data block.
    settings
        When the layer is taken for symmetric, and its confidence for enough.
    note
        On the template whose heights these are; None for nominal heights.
    """
    symmetry, least = settings.symmetry, settings.min_confidence
    layer = _layer(solution, symmetry, note)
    comments = [
        f"Read from a STEM image by Micrographia {__version__}.",
        f"Image {name}.",
        f"Confidence {solution.confidence:.3f}.",
        *(
            []
            if solution.confidence >= least
            else [f"WARNING: {doubt(solution.confidence, least)}"]
        ),
        "Cell and in-plane positions are measured"
        + ("; heights are nominal (one projection)." if note is None else f". {note}"),
        *(f"Alternative: {text}" for text in solution.alternatives),
        f"Symmetrised: the projection is {layer.wallpaper} within "
        f"{_tolerance(solution, symmetry):g} A; atoms moved by at most "
        f"{layer.deviation:.4f} A in the plane.",
        *(f"Note: {_ascii(text)}" for text in solution.notes),
    ]
    items = {
        CRYSTAL_CONFIDENCE: f"{solution.confidence:.4f}",
        LEAST_CONFIDENCE: f"{least:.4f}",
    }
    return symmetric_cif(layer, solution.site_confidence, comments, name, items)


def _ascii(text: str) -> str:
    """A sentence in the characters that CIF allows."""
    for sign, word in (("Å", "A"), ("°", " deg"), ("×", "x"), ("±", "+-")):
        text = text.replace(sign, word)
    return text.encode("ascii", "replace").decode()


def doubt(confidence: float, least: float) -> str:
    """What is said of an answer whose confidence is below the least that counts as sure."""
    return (
        f"UNSURE: the confidence {confidence:.3f} is below {least:g}: this crystal is "
        "more a guess than a result. Check the elements and the pixel size, compare the "
        "alternatives, or take a picture of a higher dose or a larger field."
    )


def _layer(solution: Solution, symmetry: Symmetry, note: str | None) -> SymmetricLayer:
    tolerance = symmetry.height_tolerance if note is None else KNOWN_HEIGHTS
    return symmetric_layer(solution, symmetry, tolerance)


def symmetric_layer(
    solution: Solution, symmetry: Symmetry, height_tolerance: float
) -> SymmetricLayer:
    """Return a solution's layer made symmetric; heights may differ by a tolerance [Å]."""
    return symmetrise_layer(
        solution.atoms, _tolerance(solution, symmetry), height_tolerance, symmetry.cell_tolerance
    )


def _tolerance(solution: Solution, symmetry: Symmetry) -> float:
    """Within which the projection is made symmetric [Å]."""
    return max(symmetry.tolerance, _LOOSE if solution.loose else 0.0)
