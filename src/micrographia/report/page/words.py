"""Figures and counts as a reader wants them."""

from __future__ import annotations

import math


def number(value: object, digits: int = 3) -> str:
    """Write a figure to `digits` significant ones; a dash where there is none.

    Examples
    --------
    >>> number(0.91234), number(1234.5), number(0.000123), number(None), number(7)
    ('0.912', '1234', '0.00012', '–', '7')
    """
    if value is None or isinstance(value, bool):
        return "–" if value is None else ("yes" if value else "no")
    if isinstance(value, int):
        return str(value)
    figure = float(str(value))
    if not math.isfinite(figure):
        return "–"
    if figure and not 1e-6 <= abs(figure) < 1e6:
        return f"{figure:.1e}"
    whole = 1 if figure == 0 else math.floor(math.log10(abs(figure))) + 1
    # Two digits of what is small: the third of an error in fractions of a picometre says nothing.
    return f"{figure:.{max(0, digits - max(whole, 0)) if whole > -1 else 2 - whole}f}"


def count(number_of: int, noun: str, plural: str = "") -> str:
    """Write a count with its noun in the right number.

    Examples
    --------
    >>> count(1, "instance"), count(0, "instance"), count(12345, "copy", "copies")
    ('1 instance', '0 instances', '12,345 copies')
    """
    word = noun if number_of == 1 else plural or f"{noun}s"
    return f"{number_of:,} {word}"


def verb(number_of: int, singular: str, plural: str) -> str:
    """Choose the form of a verb or pronoun that a count asks for.

    Examples
    --------
    >>> verb(1, "was", "were"), verb(2, "was", "were")
    ('was', 'were')
    """
    return singular if number_of == 1 else plural


def length(value_nm: float | None, digits: int = 3) -> str:
    """Write a length that is known in nm in the unit that suits it.

    Examples
    --------
    >>> length(31.42), length(1520.0), length(0.21), length(2.5e6), length(None)
    ('31.4 nm', '1.52 µm', '0.210 nm', '2.50 mm', '–')
    """
    if value_nm is None or not math.isfinite(value_nm):
        return "–"
    for unit, factor in (("mm", 1e6), ("µm", 1e3)):
        if abs(value_nm) >= factor:
            return f"{number(value_nm / factor, digits)} {unit}"
    return f"{number(value_nm, digits)} nm"


def bytes_of(size: int) -> str:
    """Write the size of a file.

    Examples
    --------
    >>> bytes_of(812), bytes_of(12_300), bytes_of(4_560_000)
    ('812 B', '12 kB', '4.6 MB')
    """
    if size < 1000:
        return f"{size} B"
    if size < 1_000_000:
        return f"{size / 1000:.0f} kB"
    return f"{size / 1e6:.1f} MB"
