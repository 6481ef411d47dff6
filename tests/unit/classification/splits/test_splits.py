"""Splits: copies and groups stay together, classes keep their shares, hard pictures are hard."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.classification.embedding import embed
from micrographia.classification.encoders.encoder import Encoder
from micrographia.classification.splits.clusters import clusters_of
from micrographia.classification.splits.hard import hardest, hardness
from micrographia.classification.splits.held_out import folds
from micrographia.classification.splits.make import make_split
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.labelled import read_labelled


def test_near_copies_and_groups_are_one_cluster(
    make_set: Callable[..., Path], encoder: Encoder
) -> None:
    folder = make_set(4)
    picture = Image.open(folder / "cloud" / "00.png")
    picture.rotate(90).save(folder / "dots" / "turned.png")
    picture.resize((200, 200)).save(folder / "dots" / "larger.jpg", quality=90)
    rows = list(embed(read_labelled(folder).rows, encoder))
    place = {Path(row["path"]).parent.name + "/" + Path(row["path"]).name: number
             for number, row in enumerate(rows)}  # fmt: skip
    for name in ("stripes/00.png", "stripes/01.png"):
        rows[place[name]]["group"] = "article"
    found = clusters_of(rows)
    copies = [place[name] for name in ("cloud/00.png", "dots/turned.png", "dots/larger.jpg")]
    assert len(set(found[copies])) == 1
    assert found[place["stripes/00.png"]] == found[place["stripes/01.png"]]
    # 14 pictures: three are one cluster, two another, the rest alone.
    assert len(set(found)) == 14 - 2 - 1


def test_folds_keep_clusters_together_and_classes_in_shares() -> None:
    generator = np.random.default_rng(0)
    clusters = np.repeat(np.arange(100), 2)
    labels = [("a", "b", "b", "b")[int(number)] for number in generator.integers(0, 4, 100)]
    labels = [label for label in labels for _ in range(2)]
    found = folds(labels, 5, 0, clusters)
    for number in range(100):
        assert len(set(found[clusters == number])) == 1
    share = np.mean(np.array(labels) == "a")
    for number in range(5):
        assert np.mean(np.array(labels)[found == number] == "a") == pytest.approx(share, abs=0.06)
    assert np.array_equal(found, folds(labels, 5, 0, clusters))


def test_too_few_groups_are_told() -> None:
    with pytest.raises(MicrographiaError, match="be dealt to 3 folds; saw '2 groups"):
        folds(["a"] * 4, 3, 0, np.array([0, 0, 1, 1]))


def test_what_lies_between_two_clusters_is_harder_than_their_middles() -> None:
    """Two tight heaps and three pictures half-way: by construction the hard ones."""
    generator = np.random.default_rng(3)
    ends = generator.normal(size=(2, 16, 16)) * 3
    heaps = np.concatenate([end + generator.normal(0, 0.1, (30, 16, 16)) for end in ends])
    between = ends.mean(axis=0) + generator.normal(0, 0.1, (3, 16, 16))
    pictures = np.concatenate([heaps, between]).astype(np.float32)
    values = hardness(lambda: iter([pictures[:40], pictures[40:]]), seed=0, clusters=2)
    assert set(np.flatnonzero(hardest(values, 3 / 63))) == {60, 61, 62}
    assert values.min() == 0 and values.max() == 1


@pytest.mark.parametrize("how", ["grouped", "stratified", "hard"])
def test_a_split_has_three_parts_and_failures_have_none(
    make_set: Callable[..., Path], encoder: Encoder, how: str
) -> None:
    folder = make_set(10)
    (folder / "dots" / "00.png").write_bytes(b"")
    rows = list(embed(read_labelled(folder).rows, encoder))
    found = make_split(rows, how, 0.2, 0)  # type: ignore[arg-type]
    parts = [row["part"] for row in found if row["failure"] is None]
    assert {name: parts.count(name) for name in parts}.keys() == {"train", "validation", "test"}
    assert 4 <= parts.count("test") <= 8
    assert [row["part"] for row in found if row["failure"] is not None] == [None]
    assert (found[1]["hardness"] is not None) == (how == "hard")


def test_a_share_out_of_range_is_told() -> None:
    with pytest.raises(MicrographiaError, match=r"to hold out.*saw 0.9; allowed: above 0"):
        make_split([], "grouped", 0.9, 0)
