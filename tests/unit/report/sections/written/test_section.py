"""The section on crystals written as text: tables, examples, and what it says of failures."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.report.checking import Page, faults

from micrographia.benchmarks.published import STRUCTURE_TEXT_NOTE, published_rows
from micrographia.config import Report
from micrographia.io import schemas
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.schemas.rows import blank
from micrographia.io.stem_images import StemImage, write_stem_image
from micrographia.io.tables import write_table
from micrographia.provenance import stamp
from micrographia.report.build import build
from micrographia.report.collect import collect
from micrographia.report.page.beside import Beside
from micrographia.report.sections.written.section import section

CIF = """data_C2
_cell_length_a 2.46
_cell_length_b 2.46
_cell_length_c 20
_cell_angle_alpha 90
_cell_angle_beta 90
_cell_angle_gamma 120
_symmetry_space_group_name_H-M 'P 1'
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
C1 C 0 0 0.5
C2 C 0.333333 0.666667 0.5
"""
WRITTEN = "2.46 2.46 120.0\nC2\nC .00 .00 0.0\nC .33 .67 0.0\n"
TRUE = WRITTEN.replace("2.46 2.46", "2.46 2.47")


def write_run(root: Path) -> Path:
    """Write three pictures: one right, one wrong, one without an answer; and the scores."""
    folder, benchmarks = root / "language", root / "benchmarks"
    answers, scores, examples = [], [], []
    cell = [2.46, 0.0, -1.23, 2.13]
    for rank, (name, hit, cif) in enumerate(
        (("right", True, CIF), ("wrong", False, CIF), ("none", False, None)), 1
    ):
        same = {"image_id": f"{name}-1", "structure_id": name}
        failure = None if cif else "no weights"
        answer = blank(schemas.WRITTEN_CRYSTALS) | same | {"told": "formula", "cif": cif}
        text = WRITTEN if cif else None
        answers.append(answer | {"rank": 1 if cif else None, "text": text, "failure": failure})
        row: dict[str, Any] = blank(schemas.WRITTEN_SCORES) | same | {"formula": "C2"}
        row |= {"told": "formula", "hit_1": hit, "match_abs_1": hit, "hit_5": cif is not None}
        row |= {"kind": "right" if hit else "group", "composition_correct": hit}
        row |= {"rmsd_xy": 0.0123 * rank, "gamma_error": 1e-14, "rms_sites": None}
        scores.append(row | {"space_group": 191, "space_group_true": 191 if hit else 187})
        example = blank(schemas.WRITTEN_EXAMPLES) | same | {"rank": rank, "pictures": 3}
        example |= {"path": f"{rank}.tif", "pixel_size": 0.1, "rotation": 0.0, "text": TRUE}
        example |= {"cell": cell, "x": [1.0, 1.0], "y": [1.0, 2.42], "numbers": [6, 6]}
        examples.append(example)
        pixels = np.random.default_rng(rank).normal(size=(256, 256)).astype(np.float32)
        write_stem_image(folder / "examples" / f"{rank}.tif", StemImage(pixels, 0.1))
    write_table(answers, folder / "structures.parquet", schemas.WRITTEN_CRYSTALS)
    write_table(examples, folder / "examples" / "examples.parquet", schemas.WRITTEN_EXAMPLES)
    write_table(scores, benchmarks / "structure_text.parquet", schemas.WRITTEN_SCORES)
    for name, method, value in (
        ("structure_text", "structure text", 0.625),
        ("structure_text_nearest", "nearest", 0.375),
        ("structure_text_gain_nearest", "structure text less nearest", 0.25),
    ):
        ends = {"low": value - 0.125, "high": value + 0.125, "n": 3, "n_failed": 1}
        metrics = [
            metric_row("Hit@1", group=group, method=method, value=value, **ends)
            for group in ("all", "without a sibling")
        ]
        published = {"note": STRUCTURE_TEXT_NOTE, "rows": published_rows("structure_text")}
        write_result(
            benchmarks / f"{name}.json", name, metrics, stamp({}, 1), n=3, n_failed=1,
            published=published,
        )  # fmt: skip
    return root


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("written") / "results")


@pytest.fixture(scope="module")
def page(run: Path) -> str:
    out = run.parent / "index.html"
    build(run, Report(), None, out)
    text = out.read_text(encoding="utf-8")
    assert faults(text, out.parent) == []
    return text


def test_ours_stand_before_the_published_ones_which_are_marked(page: str) -> None:
    text = Page(page).text
    ours = text.index("structure text of this run 0.625 (0.500 to 0.750)")
    assert ours < text.index("nearest of this run 0.375") < text.index("MicroscopyGPT (published)")
    for told in (
        "MicroscopyGPT (published) STEM2Crystal-Bench 0.137",
        "MatterGen (published) STEM2Crystal-Bench 0.00",
        "DiffCSP, no picture (published) STEM2Crystal-Bench 0.543",
        "SCCD (published) STEM2Crystal-Bench 0.587",
        "MicroscopyGPT (published) JARVIS-DFT-2D 1.67 0.910 0.540",
        "not measured again here",
        "structure text less nearest 0.250 (0.125 to 0.375)",
        "without a sibling 3 0.625",
    ):
        assert told in text, told
    assert "It was told the formula." in text
    assert "less nearest" not in text[: text.index("What the picture adds")]


def test_a_case_has_its_pictures_texts_and_scores(page: str) -> None:
    body = page[page.index('id="written-cases"') : page.index('id="scores"')]
    text = Page(f"<main>{body[body.index('>') + 1 : body.rindex('<section')]}").text
    for told in (
        "C2: best, rank 1 of 3", "C2: median, rank 2 of 3", "C2: worst, rank 3 of 3",
        "Hit@1: right; Match_abs: right; composition right (C.C.); error of a and b 0.012",
        "of γ 0°", "Hit@1: wrong (group)", "space group 191 instead of 187",
        "one of the first five matches (Hit@5)", "No answer: no weights",
    ):  # fmt: skip
        assert told.replace(" ", "") in text.replace("\u00a0", "").replace(" ", ""), told
    # Three panels where there is an answer, two where there is none.
    assert body.count("data:image/webp") == 3 + 3 + 2
    assert "2.46 2.46 120.0        ≠ 2.46 2.47 120.0\nC2                       C2" in body
    assert body.count("crystal written, CIF") == 2


def test_a_picture_that_is_gone_is_told(run: Path, tmp_path: Path) -> None:
    root = shutil.copytree(run, tmp_path / "results")
    (root / "language" / "examples" / "2.tif").unlink()
    found = str(section(collect(root), Beside(None)))
    assert "C2: The picture listed in the tables does not exist" in found


def test_without_scores_there_is_no_section(run: Path, tmp_path: Path) -> None:
    root = shutil.copytree(run, tmp_path / "results")
    path = root / "benchmarks" / "structure_text.json"
    content = json.loads(path.read_text())
    path.unlink()
    assert section(collect(root), Beside(None)).blocks == ()
    for entry in content["metrics"]:
        entry.update(value=None, low=None, high=None)
    path.write_text(json.dumps(content))
    assert section(collect(root), Beside(None)).blocks == ()
    shutil.rmtree(root / "language")
    path.write_bytes((run / "benchmarks" / "structure_text.json").read_bytes())
    found = section(collect(root), Beside(None))
    assert found.blocks and "Gallery" not in str(found)
