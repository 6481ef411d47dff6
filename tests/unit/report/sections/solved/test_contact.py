"""Contact sheets: every tier, evenly chosen, labelled, and what cannot be shown is said."""

from __future__ import annotations

import base64
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.config import Report
from micrographia.io import schemas
from micrographia.io.tables import read_table, write_table
from micrographia.report.build import build
from micrographia.report.collect import collect
from micrographia.report.page.blocks import Fold, pruned
from micrographia.report.sections.solved import contact


@pytest.fixture
def run_with_tiers(finished_run, tmp_path):
    """Nine pictures of two crystals at different doses in two tiers."""
    root = tmp_path / "results"
    shutil.copytree(finished_run, root)
    path = root / "stem" / "exposures" / "000" / "images.parquet"
    rows = read_table(path, schemas.STEM_IMAGES).to_dict("records")
    copies = []
    for number in range(9):
        row = dict(rows[number % 2])
        row |= {"image_id": f"{number}", "dose": 1000.0 * (number + 1)}
        row["tier"] = 1 if number % 2 == 0 else 3
        copies.append(row)
    write_table(copies, path, schemas.STEM_IMAGES)
    return root


def sheets(root: Path, examples: int) -> list[Fold]:
    return list(contact.part(collect(root), examples).blocks)


def test_each_tier_has_its_pictures_evenly_chosen(run_with_tiers):
    first, third = sheets(run_with_tiers, examples=2)
    assert first.summary == "Tier 1: 4 of 5 pictures"
    assert third.summary == "Tier 3: 4 of 4 pictures"
    gallery = first.blocks[0]
    assert {thumb.name for thumb in gallery.pictures} == {"C2"}
    doses = [thumb.lines[0] for thumb in gallery.pictures]
    assert (doses[0], doses[-1]) == ("1,000 e/Å²", "9,000 e/Å²")
    assert len(sheets(run_with_tiers, examples=1)[0].blocks[0].pictures) == 1
    pixels = base64.b64decode(gallery.pictures[0].image.split(",", 1)[1])
    assert np.array(Image.open(io.BytesIO(pixels))).shape[:2] == (104, 104)


def test_a_picture_that_cannot_be_shown_is_named(run_with_tiers):
    folder = run_with_tiers / "stem" / "exposures" / "000"
    (folder / "graphene.tif").write_bytes(b"torn")
    (folder / "MoS2-1H.tif").unlink()
    for sheet, name in zip(
        sheets(run_with_tiers, 1), ("graphene.tif", "MoS2-1H.tif"), strict=True
    ):
        (kept,) = pruned(sheet.blocks)
        assert name in kept.text


def test_the_page_carries_the_sheets(run_with_tiers, tmp_path):
    build(run_with_tiers, Report(), None, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Tier 1: 5 of 5 pictures" in text
    assert text.count('alt="thumbnail of MoS2"') == 4
    assert "8,000" in text


def test_without_exposures_there_is_no_sheet(micrographs_only):
    assert sheets(micrographs_only, examples=3) == []
