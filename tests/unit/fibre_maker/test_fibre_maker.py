"""The maker of crossing fibres draws what it says, and shares nothing with the package."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
from fibre_maker import draw
from fibre_maker.curves import Curve, order

MAKER = Path(__file__).parents[2] / "fibre_maker"


def test_it_imports_nothing_of_the_package() -> None:
    for path in MAKER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [str(node.module)] if isinstance(node, ast.ImportFrom) else []
            assert not any(name.startswith("micrographia") for name in names), path


def test_the_same_seed_gives_the_same_picture() -> None:
    one, other = draw(5, side=160), draw(5, side=160)
    assert np.array_equal(one.grey, other.grey)
    assert not np.array_equal(one.grey, draw(6, side=160).grey)


def test_areas_are_length_times_width() -> None:
    drawn = draw(5, side=256)
    for curve, mask in zip(drawn.curves, drawn.masks, strict=True):
        # Bends do not change it; a rim cut obliquely does, by less than a width on either side.
        slack = curve.width**2 if curve.cut else 0.03 * curve.width * curve.length
        assert mask.sum() == pytest.approx(curve.width * curve.length, abs=slack)
    assert np.array_equal(drawn.labels > 0, drawn.foreground)


def test_order_of_two_lines() -> None:
    line = np.column_stack([np.arange(50.0), np.zeros(50)])
    along, across = Curve(line, 5, False), Curve(line[:, ::-1], 5, False)
    assert order([along]) == pytest.approx((1.0, 0.0))
    assert order([along, across])[0] == pytest.approx(0.0, abs=1e-12)
    rising = Curve(np.column_stack([np.arange(50.0), -np.arange(50.0)]), 5, False)
    assert order([rising])[1] == pytest.approx(45.0)
