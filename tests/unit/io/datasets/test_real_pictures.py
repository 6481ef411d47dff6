"""The table of real pictures: what it may say, and what its mistakes are called."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from ase.build import graphene

from micrographia.errors import TableError
from micrographia.io.datasets.real_pictures import read_real_pictures
from micrographia.io.structures import orient_layer, read_structure, to_cif
from micrographia.physics.lattice import niggli_parameters, primitive_projection

ROOT = Path(__file__).parents[4]
HEAD = "name,picture,pixel_size,field_of_view,elements,truth,note\n"


def _table(folder: Path, line: str, head: str = HEAD) -> Path:
    (folder / "a.png").write_bytes(b"a picture")
    (folder / "c.cif").write_text(to_cif(graphene(vacuum=8)), encoding="utf-8")
    path = folder / "table.csv"
    path.write_text(head + line + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "scale"),
    [
        ("g,a.png,0.1,,C,c.cif,mine", "stated"),
        ("g,a.png,,25,C,,mine", "field of view"),
        ("g,a.png,truth,,C,c.cif,mine", "area of the truth"),
    ],
)
def test_three_kinds_of_scale(tmp_path: Path, line: str, scale: str) -> None:
    (row,) = read_real_pictures(_table(tmp_path, line))
    assert row.scale == scale and row.elements == ("C",) and row.note == "mine"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("g,a.png,,,C,,", "row 1 states no scale and no truth"),
        ("g,a.png,zero,,C,,", "row 1: pixel_size is wrong; saw 'zero'"),
        ("g,b.png,0.1,,C,,", "row 1: the picture does not exist"),
        ("g,a.png,0.1,,C,d.cif,", "row 1: the truth does not exist"),
        ("g,a.png,0.1,,,,", "row 1 names no elements"),
        ("a/b,a.png,0.1,,C,,", "row 1: the name is wrong"),
        ("g,a.png,0.1,,C,,\ng,a.png,0.1,,C,,", "names two pictures alike"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(TableError, match=message):
        read_real_pictures(_table(tmp_path, line))


def test_a_lacking_column_is_named(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"lacks the columns \['elements'\]"):
        read_real_pictures(_table(tmp_path, "g,a.png,1", "name,picture,pixel_size\n"))


@pytest.mark.parametrize(
    ("name", "cell", "count"),
    [
        # A diamond of 5.431 Å by 5.431/√2 Å; two columns, a dumbbell.
        ("si-110", (3.3258, 3.3258, 109.47), 2),
        # ab/√(a²+b²) by c of Pbnm.
        ("dysco3-110", (3.9409, 7.903, 90.0), 4),
    ],
)
def test_the_projections_that_come_with_the_table(
    name: str, cell: tuple[float, float, float], count: int
) -> None:
    layer = orient_layer(read_structure(ROOT / "resources" / "real_stem" / f"{name}.cif"))
    plane, _, numbers = primitive_projection(
        layer.positions[:, :2], layer.numbers, np.array(layer.cell[:2, :2]), 0.1
    )
    assert niggli_parameters(plane) == pytest.approx(cell, abs=0.01)
    assert len(numbers) == count
