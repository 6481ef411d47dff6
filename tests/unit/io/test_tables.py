"""Tables keep their contract, are stamped, and appear whole or not at all."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

from micrographia.errors import MicrographiaError, TableError
from micrographia.io.atomic import MARKER, atomic_directory, atomic_path
from micrographia.io.tables import read_provenance, read_table, write_table

SCHEMA = pa.schema([("name", pa.string()), ("size", pa.int32()), ("box", pa.list_(pa.int32()))])
ROWS = [
    {"name": "a", "size": 1, "box": [0, 0, 2, 2]},
    {"name": None, "size": None, "box": None},
]


def test_round_trip_with_nulls_and_stamp(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    write_table(ROWS, path, SCHEMA, {"seed": 3})
    table = read_table(path, SCHEMA)
    assert list(table["box"][0]) == [0, 0, 2, 2]
    assert table["name"].isna().tolist() == [False, True]
    assert read_provenance(path) == {"seed": 3}


def test_same_rows_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_table(ROWS, tmp_path / f"{name}.parquet", SCHEMA, {"seed": 3})
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_data_frames_and_lists_give_the_same_table(tmp_path: Path) -> None:
    write_table(pd.DataFrame({"name": ["a"], "size": [1], "box": [[1]]}), tmp_path / "f", SCHEMA)
    write_table([{"name": "a", "size": 1, "box": [1]}], tmp_path / "l", SCHEMA)
    assert (tmp_path / "f").read_bytes() == (tmp_path / "l").read_bytes()


def test_empty_table_keeps_its_columns(tmp_path: Path) -> None:
    write_table([], tmp_path / "t.parquet", SCHEMA)
    assert list(read_table(tmp_path / "t.parquet", SCHEMA).columns) == SCHEMA.names


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "a", "size": 1}, "missing \\['box'\\]"),
        ({"name": "a", "size": 1, "box": None, "colour": 1}, "unknown \\['colour'\\]"),
        ({"name": "a", "size": "wide", "box": None}, "wrong type"),
    ],
)
def test_broken_contracts_are_named_and_nothing_is_written(
    tmp_path: Path, row: dict, message: str
) -> None:
    with pytest.raises(TableError, match=message):
        write_table([row], tmp_path / "t.parquet", SCHEMA)
    assert list(tmp_path.iterdir()) == []


def test_reading_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="does not exist"):
        read_table(tmp_path / "none.parquet")
    (tmp_path / "text.parquet").write_text("no table")
    with pytest.raises(TableError, match="not a readable parquet"):
        read_table(tmp_path / "text.parquet")
    write_table(ROWS, tmp_path / "t.parquet", SCHEMA)
    with pytest.raises(TableError, match="lacks the columns \\['more'\\]"):
        read_table(tmp_path / "t.parquet", SCHEMA.append(pa.field("more", pa.string())))


def test_failed_writes_leave_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "file.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_path(target) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert target.read_text() == "old"
    folder = tmp_path / "folder"
    with atomic_directory(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(RuntimeError), atomic_directory(folder) as temporary:
        raise RuntimeError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.txt", "folder"]
    assert (folder / "a").read_text() == "1"


def test_only_our_own_folders_are_replaced(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    with atomic_directory(home) as temporary:  # an empty folder may be filled
        (temporary / "a").touch()
    with atomic_directory(home) as temporary:
        (temporary / "b").touch()
    assert {path.name for path in home.iterdir()} == {MARKER, "b"}
    link = tmp_path / "link"
    link.symlink_to(home)
    with atomic_directory(link) as temporary:
        (temporary / "c").touch()
    assert link.is_symlink() and {path.name for path in home.iterdir()} == {MARKER, "c"}
    for inputs in ([home / "c"], [link], [link / "c"]):
        with pytest.raises(MicrographiaError, match="is in it"), atomic_directory(home, inputs):
            raise AssertionError("no work is done")
    (home / MARKER).unlink()
    with pytest.raises(MicrographiaError, match="such as c"), atomic_directory(home):
        raise AssertionError("no work is done")
    with pytest.raises(MicrographiaError, match="is a file"), atomic_directory(home / "c"):
        raise AssertionError("no work is done")
    assert [path.name for path in home.iterdir()] == ["c"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "link"]
