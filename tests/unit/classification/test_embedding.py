"""Pictures to vectors: scaled alike whatever their type, failures as rows, in order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from micrographia.classification.embedding import embed, matrix
from micrographia.classification.encoders.encoder import Encoder, z_scored
from micrographia.errors import MicrographiaError
from micrographia.io.datasets.labelled import read_labelled
from micrographia.io.schemas import EMBEDDINGS
from micrographia.io.tables import read_rows, write_table


def test_z_scores_have_mean_0_and_deviation_1_and_an_even_picture_is_0() -> None:
    generator = np.random.default_rng(0)
    picture = z_scored(generator.integers(0, 200, (50, 70)).astype(np.uint8), 32)
    assert picture.shape == (32, 32)
    assert picture.mean() == pytest.approx(0, abs=1e-5)
    assert picture.std() == pytest.approx(1, abs=1e-5)
    assert not z_scored(np.full((40, 40), 7, np.uint8), 32).any()


def test_a_picture_has_one_vector_whatever_the_type_of_its_file(
    tmp_path: Path, encoder: Encoder
) -> None:
    grey = np.random.default_rng(1).integers(0, 256, (64, 64)).astype(np.uint8)
    (tmp_path / "a").mkdir()
    Image.fromarray(grey).save(tmp_path / "a" / "0.png")
    tifffile.imwrite(tmp_path / "a" / "1.tif", grey.astype(np.uint16) * 257)
    rows = list(embed(read_labelled(tmp_path).rows, encoder))
    assert np.allclose(rows[0]["vector"], rows[1]["vector"], atol=1e-4)


def test_a_long_picture_is_the_mean_of_its_squares_and_a_near_square_one_is_whole(
    tmp_path: Path, encoder: Encoder
) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (64, 160)).astype(np.uint8)
    (tmp_path / "a").mkdir()
    Image.fromarray(grey).save(tmp_path / "a" / "0.png")
    Image.fromarray(grey.T).save(tmp_path / "a" / "1.png")
    Image.fromarray(grey[:, :96]).save(tmp_path / "a" / "2.png")
    long, tall, near = embed(read_labelled(tmp_path).rows, encoder)

    def alone(parts: list[np.ndarray]) -> np.ndarray:
        return encoder.encode(np.stack([z_scored(part, encoder.side) for part in parts])).mean(0)

    # 160 px are 2.5 squares of 64: three of them, from end to end.
    parts = [grey[:, start : start + 64] for start in (0, 48, 96)]
    assert np.allclose(long["vector"], alone(parts), atol=1e-4)
    assert np.allclose(tall["vector"], alone([part.T for part in parts]), atol=1e-4)
    assert np.allclose(near["vector"], alone([grey[:, :96]]), atol=1e-4)


def test_failures_are_rows_and_the_order_stays(
    make_set: Callable[..., Path], encoder: Encoder, tmp_path: Path
) -> None:
    folder = make_set(9)
    (folder / "dots" / "03.png").write_bytes(b"no picture")
    listed = read_labelled(folder).rows
    rows = list(embed(listed, encoder, jobs=3))
    assert [row["path"] for row in rows] == [row["path"] for row in listed]
    failed = [row for row in rows if row["failure"] is not None]
    assert [Path(row["path"]).name for row in failed] == ["03.png"]
    assert "03.png is not an image" in failed[0]["failure"] and failed[0]["vector"] is None
    write_table(rows, tmp_path / "out.parquet", EMBEDDINGS)
    again = read_rows(tmp_path / "out.parquet", EMBEDDINGS)
    alone = list(embed(listed, encoder))
    for one, other in zip(again, alone, strict=True):
        assert one["failure"] == other["failure"]
        assert one["vector"] is None or np.allclose(one["vector"], other["vector"], atol=1e-5)


def test_what_shows_nothing_is_a_failure_and_no_vector(tmp_path: Path, encoder: Encoder) -> None:
    """An encoder answers black pictures and single pixels too, and surely."""
    generator = np.random.default_rng(3)
    (tmp_path / "a").mkdir()
    shapes = {"0.png": (64, 64), "1.png": (15, 600), "2.png": (1, 1), "3.png": (16, 16)}
    for name, shape in shapes.items():
        grey = generator.integers(0, 256, shape).astype(np.uint8)
        Image.fromarray(grey if name != "0.png" else np.full(shape, 9, np.uint8)).save(
            tmp_path / "a" / name
        )
    black, strip, dot, small = embed(read_labelled(tmp_path).rows, encoder)
    assert "one grey level" in black["failure"] and black["vector"] is None
    assert "saw '600×15 px'" in strip["failure"] and "too small" in dot["failure"]
    assert small["failure"] is None and small["vector"] is not None


def test_the_mirrored_vector_is_that_of_the_mirrored_picture(
    tmp_path: Path, encoder: Encoder
) -> None:
    grey = np.random.default_rng(2).integers(0, 256, (32, 32)).astype(np.uint8)
    for number, picture in enumerate((grey, grey[:, ::-1])):
        (tmp_path / "a").mkdir(exist_ok=True)
        Image.fromarray(np.ascontiguousarray(picture)).save(tmp_path / "a" / f"{number}.png")
    one, other = embed(read_labelled(tmp_path).rows, encoder, mirrored=True)
    assert np.allclose(one["mirrored"], other["vector"], atol=1e-4)
    assert not np.allclose(one["mirrored"], one["vector"], atol=1e-2)


def test_vectors_of_two_encoders_are_not_mixed() -> None:
    rows = [{"encoder": name, "vector": [1.0]} for name in ("a@1", "b@2")]
    with pytest.raises(MicrographiaError, match="several encoders; saw 'a@1, b@2'"):
        matrix(rows)
