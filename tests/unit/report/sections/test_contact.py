"""Contact sheets: every tier, evenly chosen, labelled, and what cannot be shown is said."""

from __future__ import annotations

import base64
import io
import shutil

import numpy as np
import pytest
from PIL import Image

from micrographia.config import Report
from micrographia.io import schemas
from micrographia.io.tables import read_table, write_table
from micrographia.report.build import build
from micrographia.report.collect import collect
from micrographia.report.sections.contact import sheets


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


def test_each_tier_has_its_pictures_evenly_chosen(run_with_tiers):
    first, third = sheets(collect(run_with_tiers), examples=2)
    assert (first["tier"], first["total"]) == (1, 5)
    assert (third["tier"], third["total"]) == (3, 4)
    assert {thumb["formula"] for thumb in first["thumbs"]} == {"C2"}
    doses = [thumb["dose"] for thumb in first["thumbs"]]
    assert len(doses) == 4
    assert (doses[0], doses[-1]) == (1000.0, 9000.0)
    assert len(sheets(collect(run_with_tiers), examples=1)[0]["thumbs"]) == 1
    pixels = base64.b64decode(first["thumbs"][0]["image"].split(",", 1)[1])
    assert np.array(Image.open(io.BytesIO(pixels))).shape == (104, 104)


def test_a_picture_that_cannot_be_shown_is_named(run_with_tiers):
    folder = run_with_tiers / "stem" / "exposures" / "000"
    (folder / "graphene.tif").write_bytes(b"torn")
    (folder / "MoS2-1H.tif").unlink()
    first, third = sheets(collect(run_with_tiers), examples=1)
    assert not first["thumbs"] and "graphene.tif" in first["notes"][0]
    assert not third["thumbs"] and "MoS2-1H.tif" in third["notes"][0]


def test_the_page_carries_the_sheets(run_with_tiers, tmp_path):
    build(run_with_tiers, Report(), None, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert "Tier 1: 5 of 5 pictures" in text
    assert text.count('alt="thumbnail of MoS2"') == 4
    assert "8,000" in text


def test_without_exposures_there_is_no_sheet(micrographs_only):
    assert sheets(collect(micrographs_only), examples=3) == []
