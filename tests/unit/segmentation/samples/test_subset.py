"""Fewer pictures to learn from: nested, whole articles, the same ones held out."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.cli import main
from micrographia.config import Segmentation
from micrographia.errors import MicrographiaError
from micrographia.io.schemas import TRAINING_PICTURES
from micrographia.io.tables import read_rows, write_table
from micrographia.segmentation.samples.subset import subset


@pytest.fixture
def rows():
    """Articles of 1 to 12 pictures; a fifth is held out; procedural ones on both sides."""
    sizes = np.random.default_rng(0).geometric(0.5, 60).clip(1, 12)
    sizes[7] = 12
    made = [
        picture(f"{article}-{number}", "real", f"article {article}", article % 5 == 0)
        for article, size in enumerate(sizes)
        for number in range(size)
    ]
    return made + [picture(f"m{n}", "procedural", f"m{n}", n % 4 == 0) for n in range(20)]


def picture(name, source, group, apart):
    return {
        "path": f"{name}.png", "mask_path": f"{name}-mask.png", "source": source,
        "licence": "MIT", "group": group, "split": "validation" if apart else "train",
        "n_instances": 3, "diameter_px": 9.0,
    }  # fmt: skip


def learned(rows, source="real"):
    return {row["path"] for row in rows if row["split"] == "train" and row["source"] == source}


def apart(rows):
    return [row for row in rows if row["split"] == "validation" and row["source"] == "real"]


def test_the_fewer_are_among_the_more_and_articles_are_whole(rows):
    before: set[str] = set()
    for real in (*range(1, len(learned(rows)) + 1), None):
        chosen = subset(rows, real, False, 5)
        now = learned(chosen)
        assert before <= now and apart(chosen) == apart(rows)
        groups = {row["group"] for row in chosen if row["split"] == "train"}
        assert now == {row["path"] for row in rows if row["group"] in groups}
        # The nearest: half an article off at most, and the largest has twelve pictures.
        assert real is None or abs(len(now) - real) <= 6
        assert not learned(chosen, "procedural")
        before = now
    assert before == learned(rows)


def test_the_order_follows_from_seed_and_names_alone(rows):
    first = subset(rows, 30, True, 5)
    assert learned(first, "procedural") == learned(rows, "procedural")
    assert subset(rows, 30, True, 5) == first
    assert learned(subset(rows[::-1], 30, True, 5)) == learned(first)
    assert learned(subset(rows, 30, True, 6)) != learned(first)
    # With procedural ones there need not be any real picture.
    assert learned(subset(rows, 0, True, 5)) == set()


def test_what_cannot_be_is_refused(rows):
    with pytest.raises(MicrographiaError, match="fewer real training pictures"):
        subset(rows, len(learned(rows)) + 1, False, 5)
    with pytest.raises(MicrographiaError, match="no training picture"):
        subset(rows, 0, False, 5)
    # However large the first article, one picture that was asked for is more than none.
    large = [picture(str(n), "real", "only", False) for n in range(9)]
    assert len(subset(large, 1, False, 5)) == 9


def test_the_command_writes_the_table(rows, tmp_path, capsys):
    table, out = tmp_path / "all.parquet", tmp_path / "some.parquet"
    write_table(rows, table, TRAINING_PICTURES, {})
    words = ["segmentation", "subset", "--pictures", str(table), "--seed", "5"]
    assert main([*words, "--real", "30", "--out", str(out)]) == 0
    assert read_rows(out, TRAINING_PICTURES) == subset(rows, 30, False, 5)
    first = out.read_bytes()
    assert main([*words, "--real", "30", "--out", str(out)]) == 0 and out.read_bytes() == first
    assert main([*words, "--procedural", "--out", str(out)]) == 0
    assert read_rows(out, TRAINING_PICTURES) == rows
    assert main([*words, "--out", str(table)]) != 0
    assert "would overwrite" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("scaling", "said"),
    [
        ({"real": [30, None, 30]}, "every value only once"),
        ({"procedural": [True, True]}, "every value only once"),
        ({"real": [0, 30]}, "only if procedural contains true"),
        ({"real": [-1]}, "greater than or equal to 0"),
        ({"procedural": [True]}, "only if training.procedural is above 0"),
    ],
)
def test_settings_that_name_no_curve_are_refused(scaling, said):
    with pytest.raises(ValueError, match=said):
        Segmentation.model_validate({"scaling": scaling, "training": {"procedural": 0}})
    assert Segmentation.model_validate({"scaling": {"real": [0], "procedural": [True]}})
