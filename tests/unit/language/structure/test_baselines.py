"""Answers without a network: the likest training crystal, the most ordinary one, none."""

from __future__ import annotations

from typing import Any

from ase.build import mx2
from tests.unit.language.structure.test_canonical import MOS2, layer, oblique

from micrographia.config import PictureDials, StructureText
from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_CRYSTALS
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import to_cif
from micrographia.language.structure.baselines import baseline_rows, renamed
from micrographia.language.structure.canonical import read

SETTINGS = StructureText(pictures=PictureDials(noise=0.1))


def row(name: str, split: str, atoms: Any) -> dict[str, Any]:
    return blank(CRYSTAL_TEXTS) | {"structure_id": name, "split": split, "cif": to_cif(atoms)}


def known() -> list[dict[str, Any]]:
    return [
        row(name, "train", layer(mx2(name, "2H", a=a, thickness=3.2)))
        for name, a in (("MoS2", 3.18), ("WTe2", 3.55), ("MoSe2", 3.32))
    ]


def test_renamed_sites_keep_their_places() -> None:
    found = renamed(read(MOS2), {6: 2, 82: 1})
    assert found.contents == ((82, 1), (6, 2)) and found.sites == read(MOS2).sites
    # The metal is the lighter one: its site comes last, not first.
    other = renamed(read(MOS2), {82: 2, 6: 1})
    assert other.contents == ((82, 2), (6, 1))
    assert other.sites == ((0, 33, 67, 0), (0, 33, 67, 32), (1, 0, 0, 16))


def test_the_nearest_is_the_one_with_the_same_lengths() -> None:
    asked = row("WSe2", "test", layer(mx2("WSe2", "2H", a=3.33, thickness=3.3)))
    (answer,) = baseline_rows("nearest", known(), [asked], SETTINGS, seed=1)
    assert set(answer) == set(WRITTEN_CRYSTALS.names) and answer["failure"] is None
    assert answer["text"].startswith("3.32 3.32 120.0\nW1 Se2\n")


def test_the_mean_takes_the_most_ordinary_cell_without_looking() -> None:
    asked = row("TaS2", "test", layer(mx2("TaS2", "2H", a=3.9, thickness=3.3)))
    (answer,) = baseline_rows("mean", known(), [asked], SETTINGS, seed=1)
    assert answer["text"].startswith("3.32 3.32 120.0\nTa1 S2\n")


def test_amounts_that_nobody_has_are_a_failure() -> None:
    asked = row("o", "test", layer(oblique()))
    (answer,) = baseline_rows("nearest", known(), [asked], SETTINGS, seed=1)
    assert answer["text"] is None and "no training crystal has these amounts" in answer["failure"]
