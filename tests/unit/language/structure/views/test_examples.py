"""Examples: which answers are shown, and that the pictures are those that were answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ase.build import graphene, mx2

from micrographia.cli import main
from micrographia.config import StructureText
from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_EXAMPLES, WRITTEN_SCORES
from micrographia.io.schemas.rows import blank
from micrographia.io.stem_images import read_stem_image
from micrographia.io.structures import to_cif
from micrographia.io.tables import read_rows, write_table
from micrographia.language.structure import predict
from micrographia.language.structure.canonical import read
from micrographia.language.structure.predict import Asked
from micrographia.language.structure.views.examples import choose, draw_examples

CRYSTALS = {
    "C2": graphene("C2", a=2.46, vacuum=9.0),
    "BN": graphene("BN", a=2.50, vacuum=9.0),
    "MoS2": mx2("MoS2", kind="2H", a=3.18, thickness=3.19, vacuum=9.0),
}


def texts() -> list[dict[str, Any]]:
    rows = []
    for name, atoms in CRYSTALS.items():
        atoms.pbc = True
        row = blank(CRYSTAL_TEXTS) | {"structure_id": name, "formula": name, "split": "test"}
        rows.append(row | {"cif": to_cif(atoms)})
    return rows


def score(name: str, hit: bool, error: float | None, seed: int = 5) -> dict[str, Any]:
    row = blank(WRITTEN_SCORES) | {"image_id": f"{name}-{seed}", "structure_id": name}
    return row | {"hit_1": hit, "rmsd_xy": error}


def test_answers_are_ranked_by_hit_then_error_and_none_comes_last() -> None:
    scores = [score("a", False, None), score("b", True, 0.3), score("c", False, 0.1)]
    scores += [score("d", True, 0.2), score("e", False, 0.9)]
    found = choose(scores, 5)
    assert [row["structure_id"] for _, row in found] == ["d", "b", "c", "e", "a"]
    assert [rank for rank, _ in found] == [1, 2, 3, 4, 5]


def test_best_median_worst_and_misses_are_shown() -> None:
    scores = [score(f"{place:03d}", place < 95, place / 100) for place in range(100)]
    ranks = [rank for rank, _ in choose(scores, 4)]
    # Equal steps 1, 34, 67, 100; the median; the best and the worst of the five misses.
    assert ranks == [1, 34, 50, 67, 96, 100]
    assert choose([], 4) == []


def test_the_pictures_are_those_that_the_network_was_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[np.ndarray] = []

    def answered(writer: object, pictures: list[np.ndarray], *others: object) -> list[list[Any]]:
        shown.extend(pictures)
        return [[] for _ in pictures]

    monkeypatch.setattr(predict, "write_structures", answered)
    predict.answer_rows(None, texts(), StructureText(), Asked(seed=5))  # type: ignore[arg-type]
    scores = [score(name, True, 0.1 * place) for place, name in enumerate(CRYSTALS)]
    rows = draw_examples(texts(), scores, StructureText(), 5, 3, tmp_path)
    assert [row["structure_id"] for row in rows] == list(CRYSTALS)
    for row, picture in zip(rows, shown, strict=True):
        image = read_stem_image(tmp_path / row["path"])
        np.testing.assert_array_equal(image.pixels, picture)
        assert image.pixel_size == pytest.approx(0.1)


def test_the_true_atoms_lie_where_the_picture_is_bright(tmp_path: Path) -> None:
    scores = [score("MoS2", True, 0.1)]
    (row,) = draw_examples(texts(), scores, StructureText(), 5, 1, tmp_path)
    assert (row["rank"], row["pictures"], sorted(row["numbers"])) == (1, 1, [16, 16, 42])
    pixels = read_stem_image(tmp_path / row["path"]).pixels
    cell = np.reshape(row["cell"], (2, 2))
    assert cell[0] == pytest.approx([3.18, 0.0], abs=1e-6)
    place = np.array([row["x"], row["y"]]).T[row["numbers"].index(42)]
    # The molybdenum of the cells in the middle, and the hollow, a third of the way from sulphur.
    there = [place + i * cell[0] + j * cell[1] for i in (2, 3) for j in (2, 3)]
    heavy = [pixels[int(y / 0.1), int(x / 0.1)] for x, y in there]
    assert min(heavy) > np.percentile(pixels, 97)
    written = read(row["text"])
    assert (written.a, written.contents) == (318, ((42, 1), (16, 2)))


def test_the_command_draws_and_refuses_another_seed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table, scores, out = tmp_path / "t.parquet", tmp_path / "s.parquet", tmp_path / "out"
    write_table(texts(), table, CRYSTAL_TEXTS)
    row = score("BN", False, 0.4) | dict.fromkeys(("elements",), 2)
    write_table([row], scores, WRITTEN_SCORES)
    command = ["language", "examples", str(table), "--scores", str(scores), "--out", str(out)]
    assert main([*command, "--seed", "6"]) == 2
    assert "saw 'BN-5'" in capsys.readouterr().err and not out.exists()
    assert main([*command, "--seed", "5"]) == 0
    (line,) = read_rows(out / "examples.parquet", WRITTEN_EXAMPLES)
    assert (line["image_id"], line["failure"]) == ("BN-5", None)
    assert (out / line["path"]).is_file()
