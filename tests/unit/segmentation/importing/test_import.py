"""Masks of other programs: to the pixel where the form is exact, with a row for each failure."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image
from roifile import ROI_TYPE, ImagejRoi
from scipy import ndimage
from skimage.draw import disk

from micrographia.cli import main
from micrographia.io.images import read_labels
from micrographia.io.masks.run_lengths import compress
from micrographia.io.schemas import IMPORTED_MASKS, MICROGRAPHS
from micrographia.io.tables import read_rows, read_table
from micrographia.segmentation.importing.coco import expand
from micrographia.segmentation.measuring.coco import Picture, write_coco
from micrographia.segmentation.measuring.rois import write_rois

SHAPE = (60, 80)


def instances() -> np.ndarray:
    """A ring, an instance of two parts, one at the border, and numbers with gaps."""
    labels = np.zeros(SHAPE, np.int32)
    labels[disk((20, 25), 12, shape=SHAPE)] = 3
    labels[disk((20, 25), 5, shape=SHAPE)] = 0
    labels[disk((45, 20), 6, shape=SHAPE)] = labels[disk((45, 60), 6, shape=SHAPE)] = 7
    labels[disk((0, 70), 9, shape=SHAPE)] = 11
    labels[59, 79] = 12
    return labels


@pytest.fixture
def images(tmp_path: Path) -> Path:
    folder = tmp_path / "images"
    folder.mkdir()
    grey = np.random.default_rng(0).integers(0, 256, SHAPE).astype(np.uint8)
    for name in ("a.png", "b.tif"):
        Image.fromarray(grey).save(folder / name)
    return folder


def run(images: Path, *sources: Path, status: int = 0) -> list[dict[str, Any]]:
    out = images.parent / "out"
    words = ["--images", str(images), "--out", str(out)]
    assert main(["segmentation", "import-masks", *map(str, sources), *words]) == status
    return list(read_rows(out / "imported.parquet", IMPORTED_MASKS))


def mask(images: Path, name: str) -> np.ndarray:
    return read_labels(images.parent / "out" / name)


def coco(images: Path, annotations: list[dict[str, Any]], **image: Any) -> Path:
    path = images.parent / "coco.json"
    entry = {"id": 1, "file_name": "a.png", "width": 80, "height": 60} | image
    annotations = [{"id": k, "image_id": 1} | one for k, one in enumerate(annotations)]
    path.write_text(json.dumps({"images": [entry], "annotations": annotations}))
    return path


def test_our_own_coco_comes_back_to_the_pixel(images: Path) -> None:
    path = images.parent / "coco.json"
    empty = np.zeros(SHAPE, np.int32)
    write_coco(path, [Picture("1", "a.png", instances()), Picture("2", "b.tif", empty)], {})
    rows = run(images, path)
    assert np.array_equal(mask(images, "a.png"), instances())
    assert not mask(images, "b.png").any()
    assert [(row["n_objects"], row["n_instances"]) for row in rows] == [(4, 4), (0, 0)]
    assert [row["failure"] for row in rows] == [None, None]
    assert {row["kind"] for row in rows} == {"coco"}


def test_our_own_regions_come_back_to_the_pixel(images: Path) -> None:
    for name, labels in (("a", instances()), ("b", np.flipud(instances()))):
        write_rois(images.parent / "rois" / f"{name}.zip", labels)
    rows = run(images, images.parent / "rois")
    assert np.array_equal(mask(images, "a.png"), instances())
    assert np.array_equal(mask(images, "b.png"), np.flipud(instances()))
    assert [row["n_instances"] for row in rows] == [4, 4]
    assert (images.parent / "out" / "imported.csv").read_text().startswith("path,source,kind,mask")


def test_run_lengths_are_those_of_pycocotools(images: Path) -> None:
    codec = pytest.importorskip("pycocotools.mask")
    shapes = [instances() == label for label in (3, 7, 11, 12)]
    packed = [codec.encode(np.asfortranarray(shape.astype(np.uint8))) for shape in shapes]
    entries = [
        {"segmentation": {"size": list(SHAPE), "counts": one["counts"].decode()}} for one in packed
    ]
    plain = [{"segmentation": {"size": list(SHAPE), "counts": expand(one["counts"].decode())}}
             for one in packed]  # fmt: skip
    for listed in (entries, plain):
        run(images, coco(images, listed))
        expected = sum(number * shape for number, shape in enumerate(shapes, start=1))
        assert np.array_equal(mask(images, "a.png"), expected)


@pytest.mark.parametrize("seed", range(3))
def test_run_lengths_are_expanded_as_they_were_compressed(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = [int(value) for value in rng.integers(0, 10 ** int(rng.integers(1, 8)), 40)]
    assert expand(compress(counts)) == counts


def test_polygons_of_coco_are_those_of_pycocotools_but_for_the_rim(images: Path) -> None:
    """It fills at a fifth of a pixel and rounds: pixels at an edge may differ, no others."""
    codec = pytest.importorskip("pycocotools.mask")
    angles = np.linspace(0, 2 * np.pi, 24)[:-1]
    circle = np.column_stack([30.3 + 14.2 * np.cos(angles), 28.6 + 11.1 * np.sin(angles)])
    second = circle[::-1] * 0.4 + (45, 2)
    parts = [circle.ravel().tolist(), second.ravel().tolist()]
    run(images, coco(images, [{"segmentation": parts}]))
    theirs = codec.decode(codec.merge(codec.frPyObjects(parts, *SHAPE))).astype(bool)
    ours = mask(images, "a.png") == 1
    rim = theirs ^ ours
    core = ndimage.binary_erosion(theirs)
    assert not (rim & core).any()
    assert abs(int(ours.sum()) - int(theirs.sum())) < 0.03 * theirs.sum()


def test_what_cannot_be_drawn_is_counted_and_said(images: Path) -> None:
    square = [10, 10, 20, 10, 20, 20, 10, 20]
    path = coco(
        images,
        [
            {"segmentation": [square]},
            {"segmentation": [[12, 12, 14, 12, 14, 14, 12, 14]]},
            {"segmentation": [], "bbox": [1, 1, 5, 5]},
            {"segmentation": [[1, 2, 3, 4]]},
            {"segmentation": {"size": list(SHAPE), "counts": [1, 2]}},
            {"segmentation": {"size": [1, 1], "counts": [1]}},
            {"segmentation": {"size": list(SHAPE), "counts": "~"}},
            {"segmentation": [square], "iscrowd": 1},
            {"segmentation": [[90, 90, 95, 90, 95, 95]]},
        ],
    )
    [row] = run(images, path)
    assert (row["n_objects"], row["n_instances"], row["n_skipped"]) == (9, 2, 6)
    assert (row["n_outside"], row["n_covered"], row["overlap_px"]) == (1, 0, 4)
    assert "6 left out: 1 x no segmentation, a box at most" in row["note"]
    assert "belong to the smallest" in row["note"]
    assert np.bincount(mask(images, "a.png").ravel()).tolist() == [4700, 96, 4]


def labelme(images: Path, shapes: list[dict[str, Any]], name: str = "a", **more: Any) -> Path:
    path = images.parent / f"{name}.json"
    head = {"version": "5.5.0", "imagePath": "..\\pics\\a.png", "imageData": None}
    size = {"imageHeight": 60, "imageWidth": 80}
    path.write_text(json.dumps(head | size | {"shapes": shapes} | more))
    return path


def png(pixels: np.ndarray) -> str:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


def test_every_shape_of_labelme(images: Path) -> None:
    patch = np.zeros((4, 6), np.uint8)
    patch[1:3, 1:5] = 1
    shapes = [
        {"shape_type": "polygon", "points": [[2, 2], [12, 2], [12, 8], [2, 8]], "label": "p"},
        {"shape_type": "rectangle", "points": [[30, 20], [20, 10]], "label": "r"},
        {"shape_type": "circle", "points": [[50, 30], [55, 30]], "label": "c"},
        {"shape_type": "mask", "points": [[60, 5], [65, 8]], "mask": png(patch), "label": "m"},
        {"shape_type": "rectangle", "points": [[0, 50], [4, 54]], "label": "g", "group_id": 1},
        {"shape_type": "rectangle", "points": [[8, 50], [12, 54]], "label": "g", "group_id": 1},
        {"shape_type": "linestrip", "points": [[0, 0], [5, 5], [9, 0]], "label": "l"},
        {"shape_type": "point", "points": [[5, 5]], "label": "x"},
    ]
    [row] = run(images, labelme(images, shapes))
    labels = mask(images, "a.png")
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = np.zeros(SHAPE, np.int32)
    expected[2:8, 2:12] = 1
    expected[10:20, 20:30] = 2
    expected[np.hypot(rows + 0.5 - 30, columns + 0.5 - 50) <= 5] = 3
    expected[6:8, 61:65] = 4
    expected[50:54, 0:4] = expected[50:54, 8:12] = 5
    assert np.array_equal(labels, expected)
    assert (row["kind"], row["n_instances"], row["n_skipped"]) == ("labelme", 5, 2)
    assert "1 x a linestrip, which has no area" in row["note"]


def test_labelme_of_another_picture_is_a_row(images: Path) -> None:
    square = [{"points": [[2, 2], [9, 2], [9, 5], [2, 5]], "shape_type": "polygon"}]
    paths = [
        labelme(images, square, "size", imageWidth=81),
        labelme(images, square, "gone", imagePath="gone.png"),
        labelme(
            images, [{"shape_type": "line", "points": [[1, 1], [2, 2]]}], "b", imagePath="b.tif"
        ),
        labelme(images, square),
        labelme(images, square, "twice"),
    ]
    rows = run(images, *paths)
    told = ["another size", "no picture called gone", "None of its 1 objects", None, "already"]
    for row, words in zip(rows, told, strict=True):
        assert row["failure"] is None if words is None else words in row["failure"]
    assert [row["mask"] for row in rows] == [None, None, None, "a.png", None]
    assert mask(images, "a.png").sum() == 21


def roi(kind: ROI_TYPE, box: tuple[int, int, int, int], name: str = "") -> ImagejRoi:
    made = ImagejRoi()
    made.roitype, made.name = kind, name
    made.left, made.top, made.right, made.bottom = box
    return made


def test_regions_of_imagej(images: Path) -> None:
    """Areas by the centres of pixels; a composite region by the even-odd rule."""
    path = images.parent / "RoiSet_a.zip"
    corners = np.array([[30, 5], [41, 9], [33, 20]])
    sub = ImagejRoi.frompoints(np.array([[50.5, 5.5], [55.5, 5.5], [55.5, 8.5], [50.5, 8.5]]))
    with zipfile.ZipFile(path, "w") as archive:
        for number, region in enumerate(
            (
                roi(ROI_TYPE.RECT, (2, 3, 8, 7)),
                roi(ROI_TYPE.OVAL, (10, 10, 24, 19)),
                ImagejRoi.frompoints(corners),
                sub,
                roi(ROI_TYPE.LINE, (0, 0, 5, 5)),
            )
        ):
            archive.writestr(f"{number:04d}-0007.roi", region.tobytes())
        archive.writestr("broken.roi", b"Iout" + bytes(60))
        archive.writestr("notes.txt", "nothing")
    [row] = run(images, path)
    rows, columns = np.mgrid[: SHAPE[0], : SHAPE[1]]
    expected = np.zeros(SHAPE, np.int32)
    expected[3:7, 2:8] = 1
    expected[((columns + 0.5 - 17) / 7) ** 2 + ((rows + 0.5 - 14.5) / 4.5) ** 2 <= 1] = 2
    labels = mask(images, "a.png")
    assert np.array_equal(np.where(labels < 3, labels, 0), expected)
    # By skimage, whose points are at whole numbers; no centre lies on an edge of this triangle.
    from skimage.measure import grid_points_in_poly

    assert np.array_equal(labels == 3, grid_points_in_poly(SHAPE, corners[:, ::-1] - 0.5))
    assert np.array_equal(np.argwhere(labels == 4)[[0, -1]], [[5, 50], [7, 54]])
    assert (row["n_instances"], row["n_skipped"]) == (4, 2)
    assert "LINE, which has no area" in row["note"]


def test_one_region_in_a_file_of_its_own(images: Path) -> None:
    (images.parent / "a.roi").write_bytes(roi(ROI_TYPE.RECT, (2, 3, 8, 7)).tobytes())
    [row] = run(images, images.parent / "a.roi")
    assert row["kind"] == "imagej" and mask(images, "a.png").sum() == 24


@pytest.mark.parametrize(
    "dtype", ["uint8", "uint16", "uint32", "int16", "int32", "int64", "uint64"]
)
def test_labels_of_any_whole_numbers(images: Path, dtype: str) -> None:
    labels = instances().astype(dtype)
    np.save(images.parent / "a.npy", labels)
    sources = [images.parent / "a.npy"]
    tifffile.imwrite(images.parent / "b_labels.tif", labels)
    sources.append(images.parent / "b_labels.tif")
    rows = run(images, *sources)
    assert [row["failure"] for row in rows] == [None, None]
    for name in ("a.png", "b.png"):
        assert np.array_equal(mask(images, name), instances())


def test_truth_values_are_separated_and_said(images: Path) -> None:
    np.save(images.parent / "a.npy", (instances() > 0)[None])
    [row] = run(images, images.parent / "a.npy")
    assert row["n_instances"] == 5 and "connected parts were separated" in row["note"]


def test_files_that_are_none_of_these_are_rows(images: Path) -> None:
    source = images.parent / "source"
    source.mkdir()
    (source / "a.json").write_text("{")
    (source / "b.json").write_text('{"type": "FeatureCollection"}')
    (source / "c.zip").write_bytes(b"PK no zip")
    (source / "notes.txt").write_text("passed over")
    np.save(source / "a.npy", np.zeros(SHAPE))
    np.save(source / "b.npy", np.zeros((3, 3), int))
    tifffile.imwrite(source / "d.tif", np.zeros(SHAPE, np.uint8))
    rows = run(images, source, status=1)
    assert [Path(row["source"]).name for row in rows] == [
        "a.json", "a.npy", "b.json", "b.npy", "c.zip", "d.tif"
    ]  # fmt: skip
    words = [
        "no JSON",
        "no label mask",
        "neither COCO nor",
        "another size",
        "no picture",
        "no pict",
    ]
    for row, expected in zip(rows, words, strict=True):
        assert expected in row["failure"] and row["mask"] is None


def test_labels_beside_the_pictures_and_curation(images: Path) -> None:
    """A folder that holds both; then the masks are those of the curated pictures."""
    tifffile.imwrite(images / "a_labels.tif", instances().astype(np.uint32))
    with pytest.raises(SystemExit):
        main(["segmentation", "import-masks", str(images)])
    labels = images.parent / "labels"
    labels.mkdir()
    (images / "a_labels.tif").rename(labels / "a_labels.tif")
    labelme(images, [{"points": [[2, 2], [9, 2], [9, 9]]}], imagePath="b.tif").rename(
        images / "b.json"
    )
    rows = run(images, labels, images)
    assert [row["failure"] for row in rows] == [None, None]
    out = images.parent / "curated"
    words = ["--masks", str(images.parent / "out"), "--out", str(out), "--settings"]
    settings = '{"min_side": 32, "min_sharpness": 0, "text": {"detect": false}, '
    settings += '"duplicate_radius": 0, "scale": {"read": false}}'
    assert main(["curation", "run", str(images), *words, settings]) == 0
    table = read_table(out / "micrographs.parquet", MICROGRAPHS)
    assert {Path(path).name for path in table["mask_path"].dropna()} == {"a.png", "b.png"}


def test_wrong_arguments(images: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["segmentation", "import-masks", "--images"]
    out = ["--out", str(images.parent / "out")]
    assert main([*words, str(images), *out, str(images.parent / "gone.json")]) == 2
    assert "does not exist" in capsys.readouterr().err
    (images.parent / "empty").mkdir()
    assert main([*words, str(images), *out, str(images.parent / "empty")]) == 2
    assert "nothing to import" in capsys.readouterr().err
    source = coco(images, [])
    assert main([*words, str(images.parent / "empty"), *out, str(source)]) == 2
    assert "contains no image" in capsys.readouterr().err
    assert main([*words, str(images), "--out", str(images), str(source)]) == 2
    assert "holds" in capsys.readouterr().err
    assert sorted(path.name for path in images.iterdir()) == ["a.png", "b.tif"]
