"""Header, banner, bar and the user's own value, weighed against each other."""

from __future__ import annotations

from typing import Any

import pytest

from micrographia.config import Scale
from micrographia.curation.finish import add_scale
from micrographia.curation.scale.measure import judge
from micrographia.errors import TableError
from micrographia.io.schemas import MICROGRAPHS

SETTINGS = Scale()


@pytest.mark.parametrize(
    ("header", "banner", "bar", "agreement", "nm", "source"),
    [
        (2.0, None, None, "single", 2.0, "header"),
        (2.0, None, 2.05, "agree", 2.0, "header"),
        (2.0, None, 4.0, "disagree", None, None),
        (None, None, 4.0, "single", 4.0, "bar"),
        (None, 4.3, 4.0, "agree", 4.0, "bar"),
        (None, 6.0, 4.0, "disagree", None, None),
        (None, 6.0, None, "single", 6.0, "banner"),
        (None, None, None, "none", None, None),
        (None, None, 1e-5, "single", None, None),
    ],
)
def test_sources_are_checked_against_each_other(
    header: float | None,
    banner: float | None,
    bar: float | None,
    agreement: str,
    nm: float | None,
    source: str | None,
) -> None:
    found = judge(header, banner, bar, SETTINGS)
    assert (found["agreement"], found["pixel_size_nm"], found["pixel_size_source"]) == (
        agreement,
        nm,
        source,
    )
    unsettled = nm is None and agreement != "none"
    assert (found["reason"] is not None) == unsettled


@pytest.mark.parametrize(
    ("banner", "bar", "agreement"),
    [
        (None, None, "single"),
        (None, 2.04, "agree"),
        (None, 4.0, "disagree"),
        (9.0, 2.0, "disagree"),
    ],
)
def test_the_users_own_pixel_size_wins_and_what_contradicts_it_is_told(
    banner: float | None, bar: float | None, agreement: str
) -> None:
    found = judge(2.0, banner, bar, SETTINGS, by_user=True)
    assert (found["pixel_size_nm"], found["pixel_size_source"]) == (2.0, "csv")
    assert found["agreement"] == agreement
    assert (found["reason"] is not None) == (agreement == "disagree")


def test_finish_takes_the_pixel_sizes_over() -> None:
    blank: dict[str, Any] = dict.fromkeys(MICROGRAPHS.names)
    header = {"pixel_size_nm": 2.0, "pixel_size_source": "header"}
    header["pixel_size_stated_by"] = "FEI tag"
    unknown = {"pixel_size_nm": None, "pixel_size_source": None}
    rows = [
        blank | {"image_id": "a", "path": "a.png", "status": "kept"} | header,
        blank | {"image_id": "b", "path": "b.png", "status": "kept"},
        blank | {"image_id": "c", "path": "c.png", "status": "rejected"},
    ]
    found = [
        {"image_id": "a", "agreement": "disagree", "reason": "header says 2"} | unknown,
        {"image_id": "b", "agreement": "single", "reason": None}
        | {"pixel_size_nm": 3.0, "pixel_size_source": "bar"},
    ]
    joined = add_scale(rows, found)
    sizes = [(row["pixel_size_nm"], row["pixel_size_source"]) for row in joined]
    assert sizes == [(None, None), (3.0, "bar"), (None, None)]
    assert [row["pixel_size_stated_by"] for row in joined] == [None, None, None]
    agreed = [{"image_id": "a", "agreement": "agree", "reason": None} | header, found[1]]
    assert add_scale(rows, agreed)[0]["pixel_size_stated_by"] == "FEI tag"
    assert [row["note"] for row in joined] == ["header says 2", None, None]
    assert add_scale(rows, None)[0]["pixel_size_source"] == "header"
    with pytest.raises(TableError, match="No scale table has a row of b"):
        add_scale(rows, found[:1])
