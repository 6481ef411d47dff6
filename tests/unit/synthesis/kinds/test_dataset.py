"""`micrographia synthesis kinds`: a folder for each class, and a table that tells the truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from micrographia.cli import main
from micrographia.config import Kinds
from micrographia.io.schemas import KIND_PICTURES
from micrographia.io.tables import read_provenance, read_table
from micrographia.synthesis.kinds.picture import CLASSES, KindSettings, make_picture


def run(out: Path, *options: str) -> int:
    return main(["synthesis", "kinds", "--out", str(out), "--size", "48", *options])


def test_the_table_names_every_picture_and_its_class(tmp_path: Path) -> None:
    assert (
        run(
            tmp_path / "set",
            "--per-class",
            "2",
            "--seed",
            "4",
            "--likeness",
            "0.5",
            "--annotated-share",
            "0.9",
        )
        == 0
    )
    table = read_table(tmp_path / "set" / "kinds.parquet", KIND_PICTURES)
    assert sorted(table.file) == sorted(
        str(path.relative_to(tmp_path / "set")) for path in (tmp_path / "set").rglob("*.png")
    )
    assert table.groupby("label").size().to_dict() == dict.fromkeys(CLASSES, 2)
    for row in table.itertuples():
        assert Path(row.file).parent.name == row.label
        kind = CLASSES[row.label]
        known = kind.transmitted if row.modality == "TEM" else kind.scanning
        assert row.sub_kind in known
        pixels = np.asarray(Image.open(tmp_path / "set" / row.file))
        # The row alone is enough to draw the picture again.
        settings = KindSettings(
            row.size, row.variety, row.likeness, row.annotated_share, row.transmitted_share
        )
        assert np.array_equal(pixels, make_picture(row.label, row.index, row.seed, settings)[0])
    assert read_provenance(tmp_path / "set" / "kinds.parquet")["seed"] == 4


def test_shards_together_are_the_whole_and_bytes_repeat(tmp_path: Path) -> None:
    options = ("--per-class", "3", "--classes", "tips", "powder", "--seed", "6")
    assert run(tmp_path / "whole", *options) == 0
    for shard in range(2):
        assert run(tmp_path / str(shard), *options, "--shard", str(shard), "--shards", "2") == 0
    whole = {p.relative_to(tmp_path / "whole"): p for p in (tmp_path / "whole").rglob("*.png")}
    parts = {
        p.relative_to(tmp_path / str(i)): p
        for i in range(2)
        for p in (tmp_path / str(i)).rglob("*.png")
    }
    assert len(whole) == 6 and set(whole) == set(parts)
    assert all(whole[name].read_bytes() == parts[name].read_bytes() for name in whole)


def test_settings_are_taken_and_an_option_outweighs_them(tmp_path: Path) -> None:
    settings = '{"per_class": 2, "classes": ["tips"], "size": 64, "likeness": 0.9}'
    assert run(tmp_path / "set", "--settings", settings) == 0
    table = read_table(tmp_path / "set" / "kinds.parquet", KIND_PICTURES)
    assert table.label.tolist() == ["tips", "tips"] and set(table.likeness) == {0.9}
    assert set(table["size"]) == {48}


def test_the_settings_default_to_what_the_library_draws() -> None:
    settings = Kinds().model_dump(exclude={"per_class", "classes"})
    assert KindSettings(**settings) == KindSettings()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--variety", "2"), ("variety", "0 to 1")),
        (("--classes", "powder", "glass"), ("glass", "porous_sponge")),
        (("--shard", "2", "--shards", "2"), ("shard",)),
        (("--size", "16"), ("size", "32 to 4096")),
    ],
)
def test_bad_options_end_with_a_sentence_and_leave_nothing(
    tmp_path: Path,
    options: tuple[str, ...],
    words: tuple[str, ...],
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(tmp_path / "set", "--per-class", "1", *options) != 0
    said = caplog.text + capsys.readouterr().err
    assert all(word in said for word in words)
    assert not any(tmp_path.iterdir())
