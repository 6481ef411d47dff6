"""Drawings are read whole, and painted by hand-computed pixels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from micrographia.errors import TableError
from micrographia.io.datasets.drawn import Drawing, DrawnObject, read_drawings
from micrographia.io.datasets.painted import paint

SET = Path(__file__).parents[3] / "data" / "every_micrograph"
LINE: dict[str, Any] = {
    "file": "a.jpg", "kind": "rod", "part": "choose", "instance": 1, "depth": 0,
    "polygon": [[0, 0], [4, 0], [4, 2]],
}  # fmt: skip


def box(x0: float, y0: float, x1: float, y1: float) -> np.ndarray:
    return np.array([[x0, y0], [x1, y0], [x1, y1], [x0, y1]], dtype=float)


def drawing(*objects: DrawnObject, ignored: tuple[np.ndarray, ...] = ()) -> Drawing:
    return Drawing("a.jpg", "rod", "choose", objects, ignored)


def write(folder: Path, *lines: Any, name: str = "rods.jsonl") -> Path:
    text = "".join((one if isinstance(one, str) else json.dumps(one)) + "\n" for one in lines)
    (folder / name).write_text(text)
    return folder


def test_a_set_is_read(tmp_path: Path) -> None:
    second = {**LINE, "instance": 2, "depth": 1, "polygon": [[1, 1], [2, 1], [2, 2]]}
    part = {**second, "polygon": [[5, 5], [6, 5], [6, 6.5]]}
    ignored = {**LINE, "instance": None, "ignore": True}
    del ignored["depth"]
    write(tmp_path, second, LINE, "", ignored, part, {**LINE, "file": "0.jpg", "kind": "giant"})
    first, whole = read_drawings(tmp_path)
    assert (first.file, first.kind, first.part) == ("0.jpg", "giant", "choose")
    assert [(one.instance, one.depth, len(one.polygons)) for one in whole.objects] == [
        (1, 0, 1), (2, 1, 2),
    ]  # fmt: skip
    assert whole.objects[1].polygons[1].tolist() == [[5, 5], [6, 5], [6, 6.5]]
    assert len(whole.ignored) == 1


def test_a_picture_in_two_files_is_two_drawings(tmp_path: Path) -> None:
    write(tmp_path, LINE)
    write(tmp_path, {**LINE, "kind": "sparse"}, name="compact.jsonl")
    assert [one.kind for one in read_drawings(tmp_path)] == ["sparse", "rod"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kind": "blob"}, "'kind'.*saw 'blob'.*fibre, rod, agglomerate, sparse, giant"),
        ({"part": "test"}, "'part'.*choose, score"),
        ({"file": ""}, "'file'"),
        ({"instance": 0}, "'instance'.*saw 0.*\"ignore\": true"),
        ({"instance": True}, "'instance'.*saw True"),
        ({"depth": -1}, "'depth'.*saw -1"),
        ({"ignore": 1}, "'ignore'.*saw 1"),
        ({"polygon": [[0, 0], [1, 1]]}, "'polygon'.*three corners"),
        ({"polygon": [[0, 0], [1, 1], [float("nan"), 0]]}, "'polygon'.*finite"),
        ({"polygon": [[0, 0], [1, 1], [2]]}, r"'polygon'.*saw \[2\]"),
    ],
)
def test_a_wrong_field_is_named(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    write(tmp_path, LINE, {**LINE, **change})
    with pytest.raises(TableError, match=f"rods.jsonl, line 2.*{words}.*Correct this line"):
        read_drawings(tmp_path)


def test_lines_of_a_picture_agree(tmp_path: Path) -> None:
    write(tmp_path, LINE, {**LINE, "instance": 2, "part": "score"})
    with pytest.raises(TableError, match=r"line 2: the field 'part' differs.*line 1"):
        read_drawings(tmp_path)
    write(tmp_path, LINE, {**LINE, "depth": 1})
    with pytest.raises(TableError, match=r"'depth' differs.*instance 1 of a.jpg"):
        read_drawings(tmp_path)


def test_what_is_no_set_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="contains no drawing"):
        read_drawings(tmp_path)
    with pytest.raises(TableError, match="line 1 is no JSON"):
        read_drawings(write(tmp_path, "{"))
    with pytest.raises(TableError, match="line 1 is no JSON object"):
        read_drawings(write(tmp_path, "[1]"))
    (tmp_path / "rods.jsonl").write_bytes(b"\xff")
    with pytest.raises(TableError, match="cannot be read"):
        read_drawings(tmp_path)


def test_the_centre_of_a_pixel_decides() -> None:
    """Columns 0.6 to 3.4: the centres 1.5 and 2.5 lie inside, 0.5 and 3.5 do not."""
    painted = paint(drawing(DrawnObject(3, 0, (box(0.6, 0, 3.4, 1),))), (2, 5))
    assert painted.labels.tolist() == [[0, 3, 3, 0, 0], [0, 0, 0, 0, 0]]


def test_the_frame_cuts_and_what_is_outside_has_no_pixel() -> None:
    painted = paint(
        drawing(DrawnObject(1, 0, (box(-3, -3, 1, 1),)), DrawnObject(2, 0, (box(9, 9, 12, 12),))),
        (2, 3),
    )
    assert painted.labels.tolist() == [[1, 0, 0], [0, 0, 0]]
    assert {layer.label: int(layer.mask.sum()) for layer in painted.layers} == {1: 1, 2: 0}


def test_upper_objects_cover_lower_ones_which_stay_whole_as_layers() -> None:
    """Whatever the numbers are, depth decides."""
    painted = paint(
        drawing(
            DrawnObject(1, 0, (box(2, 0, 3, 3),)),
            DrawnObject(2, 2, (box(0, 0, 5, 3),)),
            DrawnObject(3, 1, (box(0, 1, 5, 2),)),
        ),
        (3, 5),
    )
    assert painted.labels.tolist() == [[2, 2, 1, 2, 2], [3, 3, 1, 3, 3], [2, 2, 1, 2, 2]]
    assert [(layer.label, int(layer.mask.sum())) for layer in painted.layers] == [
        (2, 15), (3, 5), (1, 3),
    ]  # fmt: skip


def test_of_equal_depth_the_smaller_lies_on_top_and_of_equal_areas_the_first() -> None:
    small, large = DrawnObject(1, 0, (box(1, 0, 2, 1),)), DrawnObject(2, 0, (box(0, 0, 4, 1),))
    assert paint(drawing(small, large), (1, 4)).labels.tolist() == [[2, 1, 2, 2]]
    twins = drawing(DrawnObject(1, 0, (box(0, 0, 2, 1),)), DrawnObject(2, 0, (box(1, 0, 3, 1),)))
    assert paint(twins, (1, 4)).labels.tolist() == [[1, 1, 2, 0]]


def test_an_object_wins_over_an_ignored_region() -> None:
    painted = paint(
        drawing(
            DrawnObject(1, 3, (box(0, 0, 2, 1),)),
            ignored=(box(1, 0, 3, 1), box(2, 0, 4, 1)),
        ),
        (1, 5),
    )
    assert painted.labels.tolist() == [[1, 1, 0, 0, 0]]
    assert painted.ignored.tolist() == [[False, False, True, True, False]]


def test_parts_of_an_object_are_one_layer() -> None:
    painted = paint(drawing(DrawnObject(4, 0, (box(0, 0, 1, 1), box(3, 0, 4, 1)))), (1, 4))
    assert painted.labels.tolist() == [[4, 0, 0, 4]]
    assert len(painted.layers) == 1


def test_the_projects_own_set_is_sound() -> None:
    drawings = read_drawings(SET)
    assert {one.kind for one in drawings} == {"fibre", "rod", "agglomerate", "sparse", "giant"}
    assert all(one.objects for one in drawings)
