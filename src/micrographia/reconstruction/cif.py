"""CIF of a layer with its symmetry, where it comes from, and how sure each site is."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from micrographia.arrays import FloatArray, IntArray
from micrographia.reconstruction.symmetry.layer import SymmetricLayer

#: Data name of a site's confidence; a private name, which other readers pass over.
CONFIDENCE = "_atom_site_micrographia_confidence"
#: Data names of the crystal's confidence, and of the least at which it counts as sure.
CRYSTAL_CONFIDENCE = "_micrographia_confidence"
LEAST_CONFIDENCE = "_micrographia_min_confidence"

_CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
_SITE = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")


def symmetric_cif(
    layer: SymmetricLayer,
    confidences: FloatArray | None = None,
    comments: Sequence[str] = (),
    data_name: str = "crystal",
    items: Mapping[str, str] | None = None,
) -> str:
    """Write a symmetric layer as CIF text; the same layer gives the same text.

    The cell is the layer's own, c along the vacuum, and not always the standard setting of its
    group: the operations are listed, and one site of each orbit.

    Parameters
    ----------
    layer
        From `symmetrise_layer`.
    confidences
        0..1 for each atom (n,); an orbit gets that of its least sure atom. None: not known.
    comments
        Lines that go before the data.
    data_name
        Name of the data block.
    items
        Further data items that stand for the whole crystal: names with their underscore, values
        as CIF writes them.
    """
    lines = [f"# {' '.join(comment.split())}" for comment in comments]
    lines.append(f"data_{re.sub(r'[^!-~]+', '_', data_name)}")
    lines += [f"{name} {value}" for name, value in (items or {}).items()]
    parameters = layer.atoms.cell.cellpar()
    lines += [f"_cell_{name} {value:.8f}" for name, value in zip(_CELL, parameters, strict=True)]
    counts = sorted(Counter(layer.atoms.get_chemical_symbols()).items())
    formula = " ".join(f"{symbol}{count}" for symbol, count in counts)
    lines += [
        f"_space_group_IT_number {layer.number}",
        f"_micrographia_space_group_standard_symbol '{layer.symbol}'",
        f"_micrographia_wallpaper_group '{layer.wallpaper}'",
        f"_chemical_formula_sum '{formula}'",
        "loop_",
        "_space_group_symop_operation_xyz",
    ]
    operations = [
        f"'{operation_text(rotation, translation)}'"
        for rotation, translation in zip(
            layer.operations.rotations, layer.operations.translations, strict=True
        )
    ]
    lines += sorted(operations, key=lambda text: text != "'x, y, z'")
    names = [f"_atom_site_{name}" for name in _SITE]
    lines += ["loop_", *names, *([] if confidences is None else [CONFIDENCE])]
    return "\n".join(lines + _sites(layer, confidences)) + "\n"


def _sites(layer: SymmetricLayer, confidences: FloatArray | None) -> list[str]:
    fractions = np.round(layer.atoms.get_scaled_positions(), 8) % 1.0
    symbols = layer.atoms.get_chemical_symbols()
    orbits = layer.operations.orbits
    counts: Counter[str] = Counter()
    lines = []
    for site in np.unique(orbits):
        symbol = symbols[site]
        counts[symbol] += 1
        x, y, z = fractions[site]
        line = f"{symbol}{counts[symbol]} {symbol} {x:.8f} {y:.8f} {z:.8f} 1"
        if confidences is not None:
            line += f" {float(confidences[orbits == site].min()):.4f}"
        lines.append(line)
    return lines


def operation_text(rotation: IntArray, translation: FloatArray) -> str:
    """An operation x → x @ rotation + translation in the notation of CIF.

    Examples
    --------
    >>> operation_text(np.array([[0, 1, 0], [-1, -1, 0], [0, 0, 1]]), np.array([0, 0.5, 0]))
    '-y, x-y+1/2, z'
    """
    parts = []
    for column, shift in zip(rotation.T, translation, strict=True):
        text = ""
        for axis, factor in zip("xyz", column, strict=True):
            if factor:
                sign = "-" if factor < 0 else "+" if text else ""
                text += f"{sign}{axis if abs(factor) == 1 else f'{abs(factor)}{axis}'}"
        part = Fraction(float(shift) % 1.0).limit_denominator(24)
        parts.append(text + (f"+{part}" if part else ""))
    return ", ".join(parts)
