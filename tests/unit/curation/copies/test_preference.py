"""Of copies the original stays, not the file that a file manager made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from micrographia.cli import main
from micrographia.config import Curation
from micrographia.curation.copies.dedup import mark_duplicates
from micrographia.curation.copies.preference import is_called_copy
from micrographia.io.schemas import MICROGRAPHS
from micrographia.io.tables import read_table

EXACT = Curation(duplicate_radius=0, duplicate_correlation=0)


@pytest.mark.parametrize(
    "name",
    [
        "a - Copy.tif",
        "a – Copy.tif",
        "a - Copy (2).tif",
        "a copy.png",
        "a copy 3.png",
        "a_copy.png",
        "a_copy1.png",
        "a (1).tif",
        "a(12).jpg",
        "Copy of a.tif",
        "Copy (2) of a.tif",
        "Kopie von a.tif",
        "a - Kopie.tif",
        "a - copie.tif",
        "Copie de a.tif",
        "a - copia.tif",
        "a - 副本.tif",
        "set.zip!folder/a - Copy.png",
    ],
)
def test_names_of_copies(name: str) -> None:
    assert is_called_copy(name)


@pytest.mark.parametrize(
    "name",
    ["a.tif", "a_1.tif", "photocopy.png", "copy/a.tif", "microscopy.tif", "copper (II) oxide.tif"],
)
def test_names_of_originals(name: str) -> None:
    assert not is_called_copy(name)


def _marked(*rows: dict[str, object]) -> pd.DataFrame:
    base = dict.fromkeys(MICROGRAPHS.names) | {"status": "kept", "width": 10, "height": 10}
    base |= {"sharpness": 1.0, "image_id": "A", "phash": "0" * 16, "format": "PNG"}
    table = pd.DataFrame([{**base, **row} for row in rows], columns=MICROGRAPHS.names)
    return mark_duplicates(table, EXACT).set_index("path")


@pytest.mark.parametrize(
    ("best", "other"),
    [
        ({"path": "z.tif"}, {"path": "a - Copy.tif"}),
        ({"path": "b.tif"}, {"path": "Copy of b.tif"}),
        ({"path": "z.png"}, {"path": "a.jpg", "image_id": "B", "format": "JPEG"}),
        ({"path": "z.png", "mask_path": "m.png"}, {"path": "a.png"}),
        ({"path": "z.png", "pixel_size_nm": 2.0}, {"path": "a.png"}),
        ({"path": "z (1).png", "image_id": "B", "width": 11}, {"path": "a.png"}),
        ({"path": "z.png", "image_id": "B", "sharpness": 2.0}, {"path": "a.png"}),
        ({"path": "a.png"}, {"path": "z.png"}),
    ],
)
def test_the_better_one_stays(best: dict[str, object], other: dict[str, object]) -> None:
    marked = _marked(other, best)
    assert marked["status"][best["path"]] == "kept"
    assert marked["status"][other["path"]] == "rejected"
    assert marked["duplicate_of"][other["path"]] == best.get("image_id", "A")
    assert str(marked["reason"][other["path"]]).endswith(f" of {best['path']}")


def test_identical_files_of_a_folder_are_two_rows(tmp_path: Path) -> None:
    """Each file is told of; the copy says whose it is, and is in no later table."""
    folder, rng = tmp_path / "in", np.random.default_rng(0)
    folder.mkdir()
    coarse = Image.fromarray(rng.integers(0, 256, (24, 24)).astype(np.uint8))
    coarse.resize((256, 256), Image.Resampling.BICUBIC).save(folder / "film.png")
    (folder / "film - Copy.png").write_bytes((folder / "film.png").read_bytes())
    Image.open(folder / "film.png").save(folder / "Copy of film.tif")  # the same pixels
    words = ["--settings", '{"text": {"detect": false}, "scale": {"read": false}}']
    assert main(["curation", "run", str(folder), "--out", str(tmp_path / "out"), *words]) == 0
    table = read_table(tmp_path / "out" / "micrographs.parquet", MICROGRAPHS)
    table.index = pd.Index([Path(path).name for path in table["path"]])
    assert dict(table["status"]) == {
        "film.png": "kept",
        "film - Copy.png": "rejected",
        "Copy of film.tif": "rejected",
    }
    assert table["image_id"].nunique() == 1
    for name in ("film - Copy.png", "Copy of film.tif"):
        assert table["reason"][name] == f"exact copy of {folder / 'film.png'}"
