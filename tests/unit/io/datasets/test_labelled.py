"""Sets of labelled pictures: folders of classes, tables, and what is wrong with them."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from needed import SHARED, needs

from micrographia.errors import TableError
from micrographia.io.datasets.labelled import read_labelled


def touch(path: Path) -> Path:
    """Make an empty file: a set is listed without opening its pictures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    return path


def write_csv(path: Path, header: str, *lines: str) -> Path:
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def test_each_folder_is_a_class_and_other_files_are_none(tmp_path: Path) -> None:
    for name in ("fibres/a.png", "fibres/deep/b.tif", "tips/c.jpg", "tips/readme.txt", "d.png"):
        touch(tmp_path / name)
    touch(tmp_path / ".cache" / "e.png")
    found = read_labelled(tmp_path)
    assert [(Path(row["path"]).name, row["label"]) for row in found.rows] == [
        ("a.png", "fibres"),
        ("b.tif", "fibres"),
        ("c.jpg", "tips"),
    ]
    assert found.classes == ("fibres", "tips")
    assert found.notes == [
        "Class 'tips' has one picture: it can be trained on or tested, not both. "
        "Add pictures to it, or remove it."
    ]


def test_classes_of_one_name_are_one_and_said_so(tmp_path: Path) -> None:
    # The second is the same word with a combining accent, as file systems of Macs write it.
    for name in ("Fibres/a.png", "Fibres/b.png", "fibres/c.png", "é/d.png", "e\u0301/e.png"):
        touch(tmp_path / name)
    found = read_labelled(tmp_path)
    assert Counter(row["label"] for row in found.rows)["Fibres"] == 3
    assert len(found.classes) == 2 and len(found.notes) == 2
    assert any("'fibres' and 'Fibres'" in note for note in found.notes)


def test_a_table_has_groups_second_classes_and_quality(tmp_path: Path) -> None:
    touch(tmp_path / "images" / "a.png")
    table = write_csv(
        tmp_path / "labels.csv",
        "image,class,second,doi,clean,sure,caption",
        'a.png,fibres,nanowires,10.1/x,1,0,"a, b"',
        "b.png,Nanowires,,10.1/y,1,1,",
        "b.png,nanowires,,10.1/y,1,1,",
        ",fibres,,,,,",
        "c.png,,,,,,",
    )
    for source in (table, tmp_path):
        first, second, again, nameless, unlabelled = read_labelled(source).rows
        assert first["path"] == str(tmp_path / "images" / "a.png")
        assert (first["second"], first["group"], first["quality"]) == (
            "Nanowires", "10.1/x", "clean",
        )  # fmt: skip
        assert (second["second"], second["quality"]) == (None, "clean sure")
        assert "row 3: b.png is named again; row 2 counts" in again["failure"]
        assert nameless["failure"] == "labels.csv, row 4: no file"
        assert "c.png has no label" in unlabelled["failure"]


def test_parquet_and_csv_are_read_alike(tmp_path: Path) -> None:
    rows = [{"file": f"{name}.png", "label": name, "group": "g"} for name in "aabc"]
    rows[1]["file"] = "a2.png"
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "set.parquet")
    with (tmp_path / "set.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ["file", "label", "group"])
        writer.writeheader()
        writer.writerows(rows)
    one, other = (read_labelled(tmp_path / f"set.{end}") for end in ("parquet", "csv"))
    assert one.rows == other.rows and one.notes == other.notes
    assert one.classes == ("a", "b", "c")


def test_an_unknown_label_is_a_failure_of_its_row_only(tmp_path: Path) -> None:
    table = write_csv(tmp_path / "set.csv", "file,label", "a.png,TIPS", "b.png,tipps")
    good, bad = read_labelled(table, ["fibres", "tips"]).rows
    assert good["label"] == "tips" and good["failure"] is None
    assert bad["failure"] == "b.png has the unknown label 'tipps'; allowed: fibres, tips."


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda folder: folder / "absent", r"absent is no set.*Check the path"),
        (lambda folder: touch(folder / "set.xlsx"), r"saw '.xlsx'.*a folder, .csv or .parquet"),
        (lambda folder: folder, r"neither folders of classes nor labels.csv"),
        (lambda folder: touch(folder / "x" / "a.txt").parents[1], r"holds no pictures"),
        (
            lambda folder: write_csv(folder / "set.csv", "picture,label", "a,b"),
            r"lacks the columns file; saw 'picture, label'; allowed: file: file or path",
        ),
        (lambda folder: write_csv(folder / "set.csv", "file,label"), r"holds no pictures"),
    ],
)
def test_what_is_no_set_is_refused_with_a_remedy(tmp_path: Path, make, says: str) -> None:
    with pytest.raises(TableError, match=says):
        read_labelled(make(tmp_path))


@needs("shared data")
def test_the_three_real_sets_have_the_counts_of_their_readme() -> None:
    steel = read_labelled(SHARED / "neu_surface")
    textures = read_labelled(SHARED / "kth_tips")
    literature = read_labelled(SHARED / "literature")
    assert (len(steel.rows), len(steel.classes)) == (1455, 6)
    assert (len(textures.rows), len(textures.classes)) == (643, 10)
    assert len(literature.rows) == 428
    assert len({row["group"] for row in literature.rows}) == 71
    assert sum(row["label"] == "other" for row in literature.rows) == 116
    assert all(Path(row["path"]).is_file() for row in literature.rows)
