"""What a person says of a sample and its picture, made ready for the solver."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from ase.formula import Formula
from numpy.typing import ArrayLike

from micrographia.arrays import BoolArray
from micrographia.errors import ImageError, SolveError
from micrographia.io.images import read_micrograph


def parse_composition(composition: str | Mapping[str, int]) -> dict[str, int]:
    """Atoms of each element per formula.

    Parameters
    ----------
    composition
        A formula such as "MoS2" or "Mo(SSe)2", or the atoms of each element.

    Raises
    ------
    SolveError
        It is no formula of whole numbers of atoms. Whether its symbols are elements is not
        looked at; see `solve.parse_elements`.

    Examples
    --------
    >>> parse_composition("CaC2O4")
    {'Ca': 1, 'C': 2, 'O': 4}
    """
    counts: dict[str, int] = {}
    if isinstance(composition, str):
        try:
            counts = dict(Formula(composition.strip()).count())
        except ValueError:
            counts = {}
    else:
        counts = dict(composition)
    whole = all(isinstance(count, int | np.integer) and count > 0 for count in counts.values())
    if not counts or not whole:
        raise SolveError(
            "The composition is no chemical formula",
            seen=composition,
            allowed="whole numbers of atoms, such as MoS2 or Cr2Ge2Te6",
            remedy="Multiply fractions out (Mo0.5S as MoS2), or give the elements alone",
        )
    return {symbol: int(count) for symbol, count in counts.items()}


def read_mask(path: str | os.PathLike[str]) -> BoolArray:
    """Mask of a picture from a file: True where its pixels are not black.

    Parameters
    ----------
    path
        A picture of the same size as that which it masks; what is not zero is invalid.

    Raises
    ------
    ImageError
        The file cannot be read, or everything is masked.
    """
    return checked_mask(read_micrograph(path).pixels, Path(path).name)


def checked_mask(mask: ArrayLike, name: str) -> BoolArray:
    """A mask of two dimensions (rows, columns), True where pixels are invalid.

    Raises
    ------
    ImageError
        It has another number of dimensions, or masks everything.
    """
    invalid = np.asarray(mask)
    if invalid.ndim != 2:
        raise ImageError(
            f"{name} is no mask",
            seen=f"{invalid.ndim} dimensions",
            allowed="rows and columns",
            remedy="Give one value for each pixel: zero where it counts",
        )
    invalid = invalid != 0
    if invalid.all():
        raise ImageError(
            f"{name} masks every pixel",
            allowed="pixels of zero where the picture counts",
            remedy="Invert the mask: what is not zero is left out",
        )
    return np.asarray(invalid)
