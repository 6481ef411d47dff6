"""Tables of pictures that were counted, of pictures without an object, and of articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from micrographia.errors import TableError
from micrographia.io.datasets.counted import Counted, read_articles, read_counts, read_empty

SET = Path(__file__).parents[3] / "data" / "every_micrograph"
HEAD = "file,class_of_objects,count,low,high,part,remark\n"


def table(folder: Path, text: str) -> Path:
    (folder / "table.csv").write_text(text)
    return folder / "table.csv"


def test_counts_are_read(tmp_path: Path) -> None:
    found = read_counts(table(tmp_path, HEAD + 'a.jpg,rods,8,7,10,choose,"faint, crossing"\n'))
    assert found == [Counted("a.jpg", "rods", "choose", 8, 7, 10)]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("a.jpg,rods,8,9,10,choose,", r"row 1: the field 'count' is wrong.*saw 8.*9 \(low\)"),
        ("a.jpg,rods,many,9,10,choose,", "'count'.*saw 'many'"),
        ("a.jpg,rods,8,,10,choose,", "'low'.*saw ''"),
        ("a.jpg,rods,8,7,10,test,", "'part'.*choose, score"),
        (",rods,8,7,10,choose,", "'file'"),
        ("a.jpg,rods,8,7,9,choose,\na.jpg,rods,8,7,9,choose,", "row 2: the field 'file'"),
    ],
)
def test_a_wrong_count_is_named(tmp_path: Path, row: str, words: str) -> None:
    with pytest.raises(TableError, match=words):
        read_counts(table(tmp_path, HEAD + row + "\n"))


def test_what_is_no_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="cannot be read"):
        read_counts(tmp_path / "absent.csv")
    with pytest.raises(TableError, match=r"lacks the columns \['count', 'high'"):
        read_counts(table(tmp_path, "file,class_of_objects\n"))


def test_articles_by_the_name_of_a_file(tmp_path: Path) -> None:
    """A caption may run over lines."""
    text = 'image,doi,caption\nimages/a.jpg,10.1/x,"one\ntwo"\nb.jpg,,none\n'
    assert read_articles(table(tmp_path, text)) == {"a.jpg": "10.1/x"}


def test_the_projects_own_tables_are_sound() -> None:
    assert len(read_counts(SET / "counts.csv")) >= 90
    assert len(read_empty(SET / "nothing.csv")) >= 40
