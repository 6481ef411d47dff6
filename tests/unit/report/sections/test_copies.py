"""Groups of copies on the page: the kept one first, near copies before exact ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from micrographia.io.schemas import MICROGRAPHS
from micrographia.report.collect import Results
from micrographia.report.page.blocks import pruned
from micrographia.report.sections import copies

PIXELS = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8) * 2


def _results(root: Path) -> Results:
    rows = []
    for name, kept, reason in (
        ("a.png", None, None),
        ("b.png", "A", "exact copy of a.png"),
        ("c.png", None, None),
        ("d.png", "C", "near copy (4 of 64 bits differ) of c.png"),
        ("e.png", None, None),
        ("gone.png", "C", "exact copy of c.png"),
    ):
        if name != "gone.png":
            Image.fromarray(PIXELS).save(root / name)
        rows.append(
            dict.fromkeys(MICROGRAPHS.names)
            | {
                "image_id": kept or name[0].upper(),
                "path": str(root / name),
                "width": 50,
                "height": 40,
                "duplicate_of": kept,
                "status": "rejected" if kept else "kept",
                "reason": reason,
            }
        )
    return Results(root=root, micrographs=pd.DataFrame(rows))


def test_groups_are_shown_with_the_one_kept_first(tmp_path: Path) -> None:
    found = copies.groups(_results(tmp_path), 6)
    assert found is not None
    assert (found["total"], found["copies"]) == (2, 3)
    shown = [[(thumb.name, thumb.lines[0]) for thumb in one["thumbs"]] for one in found["shown"]]
    assert shown[0] == [("c.png", "kept"), ("d.png", "near copy (4 of 64 bits differ)")]
    assert shown[1] == [("a.png", "kept"), ("b.png", "exact copy")]
    assert [one["size"] for one in found["shown"]] == [3, 2]
    assert found["notes"] == [
        f"The file {tmp_path / 'gone.png'}, listed in the table, does not exist."
    ]
    fewer = copies.groups(_results(tmp_path), 1)
    assert fewer is not None and len(fewer["shown"]) == 1 and fewer["total"] == 2


def test_no_copies_no_section(tmp_path: Path) -> None:
    results = _results(tmp_path)
    assert results.micrographs is not None
    kept = results.micrographs[results.micrographs["status"] == "kept"]
    assert copies.groups(Results(root=tmp_path, micrographs=kept), 6) is None
    assert copies.groups(Results(root=tmp_path), 6) is None


def test_the_page_says_how_many_are_copies_in_the_right_number(tmp_path: Path) -> None:
    part = copies.part(_results(tmp_path), 6)
    words, fold = part.blocks
    assert words.text.startswith("3 pictures are copies of another, in 2 groups;")
    assert [block.caption for block in fold.blocks[:2]] == [
        "Group 1: 3 pictures, 2 shown.",
        "Group 2: 2 pictures.",
    ]
    results = _results(tmp_path)
    assert results.micrographs is not None
    one = Results(root=tmp_path, micrographs=results.micrographs.iloc[:2])
    words, fold = copies.part(one, 6).blocks
    assert words.text.startswith("1 picture is a copy of another, in 1 group;")
    assert fold.summary == "Show 1 group, the kept picture first"
    assert pruned((copies.part(Results(root=tmp_path), 6),)) == ()
