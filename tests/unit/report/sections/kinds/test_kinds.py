"""The section on kinds of pictures: its numbers, and what it shows of which run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from unit.report.checking import Page, faults

from micrographia.config import Report
from micrographia.io import schemas
from micrographia.io.benchmark_results import metric_row, write_result
from micrographia.io.copies.fingerprint import thumbnail
from micrographia.io.tables import write_table
from micrographia.provenance import stamp
from micrographia.report.build import build
from micrographia.report.collect import collect
from micrographia.report.page.beside import Beside
from micrographia.report.sections.kinds.answers import (
    answers_of,
    confusion,
    hardest,
    risk_coverage,
)
from micrographia.report.sections.kinds.section import section

CLASSES = ("dots", "stripes", "waves")
#: True class, predicted class, probability, known, second class; one fails, one is of no class.
ANSWERS = [
    ("dots", "dots", 0.9, 0.9, None),
    ("dots", "stripes", 0.8, 0.7, None),
    ("dots", "waves", 0.6, 0.6, "waves"),
    ("stripes", "stripes", 0.7, 0.5, None),
    ("stripes", "dots", 0.95, 0.4, None),
    ("waves", "waves", 0.5, 0.3, None),
    ("waves", None, None, None, None),
    ("other", "dots", 0.4, 0.1, None),
]


def write_run(root: Path) -> Path:
    """Write pictures, their vectors, answers of two methods, and scores."""
    folder = root / "classification"
    random = np.random.default_rng(0)
    embedded, answered = [], []
    for number, (label, predicted, probability, known, second) in enumerate(ANSWERS):
        pixels = random.integers(0, 255, (40, 60), dtype=np.uint8)
        path = root / "pictures" / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
        same: dict[str, Any] = {"path": str(path), "label": label, "second": second}
        failure = "cannot be read" if predicted is None else None
        vector = np.eye(4)[[*CLASSES, "other"].index(label)] + random.normal(0, 0.1, 4)
        embedded.append(
            dict.fromkeys(schemas.EMBEDDINGS.names)
            | same
            | {"vector": vector.tolist(), "thumbnail": thumbnail(pixels).tobytes()}
            | {"failure": failure, "encoder": "e@1"}
        )
        ranked = None if predicted is None else [predicted, *(set(CLASSES) - {predicted})]
        row = dict.fromkeys(schemas.CLASSIFIED.names) | same | {"group": f"cluster {number}"}
        row |= {"predicted": predicted, "probability": probability, "known": known}
        row |= {"sure": (known or 0) > 0.2, "ranked": ranked, "failure": failure}
        answered += [row | {"method": name} for name in ("probe/likeness/3", "probe/all")]
    (root / "pictures" / "5.png").unlink()  # of it only the thumbnail is left
    write_table(embedded, folder / "embeddings.parquet", schemas.EMBEDDINGS, {"seed": 0})
    write_table(answered, folder / "held-out.parquet", schemas.CLASSIFIED, {"seed": 0})
    _scores(
        root, "classification", [("probe/all", "all", 0.571), ("probe/likeness/3", "all", 0.3)]
    )
    asked = dict.fromkeys(schemas.QUESTIONS.names) | {
        "path": embedded[0]["path"], "label": "dots", "theme": "size", "topic": "number",
        "question": "How many dots are there?", "answer": "There are 7.", "short": "7",
        "evidence": '[{"fact":"count","value":7}]', "answerable": True,
    }  # fmt: skip
    unknown = asked | {"theme": "context", "question": "What for?", "answerable": False}
    unknown |= {"answer": "It is not told.", "evidence": '[{"fact":"use","value":null}]'}
    table = folder / "questions.parquet"
    write_table([asked, unknown], table, schemas.QUESTIONS, {"seed": 0})
    splits = [("probe/all", "stratified", 0.9), ("probe/all", "grouped", 0.6)]
    _scores(root, "classification_splits", [*splits, ("probe/all", "hard", 0.4)])
    published = [{"system": "AlexNet", "metric": "top-1", "value": 0.528, "group": "all"}]
    note = {"note": "Published by others.", "rows": published}
    _scores(root, "classification_baselines", [("resnet", "all", 0.41)], published=note)
    return root


def _scores(root: Path, name: str, values: list[tuple[str, str, float]], **extra: Any) -> None:
    metrics = [
        metric_row("top-1", group=group, method=method, value=value, low=value - 0.1,
                   high=value + 0.1, n=7, n_failed=1)
        for method, group, value in values
    ]  # fmt: skip
    file = root / "benchmarks" / f"{name}.json"
    write_result(file, name, metrics, stamp({}, 0), n=7, n_failed=1, **extra)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("kinds") / "results")


def test_the_numbers_are_those_counted_by_hand(run: Path) -> None:
    found = answers_of(collect(run), None)
    assert found is not None and found.method == "probe/all"
    assert len(found.rows) == 7 and len(found.strangers) == 1
    counts, columns = confusion(found)
    assert columns == ("dots", "stripes", "waves", "failed")
    # The third answer names the second class, which is right too; the last of waves failed.
    assert counts.tolist() == [[2, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]]
    coverage, risk = risk_coverage(found)
    assert coverage[-1] == 1 and risk[-1] == pytest.approx(3 / 7)
    assert risk[:2].tolist() == [0, 0.5]  # the surest is right, the next is wrong
    assert [row["predicted"] for row in hardest(found, 9)] == ["dots", "stripes"]


def test_quality_and_label_of_no_class_follow_the_configuration(run: Path) -> None:
    settings = {"classification": {"none_of_these": None}}
    found = answers_of(collect(run), settings)
    assert found is not None and len(found.rows) == 8 and "other" in found.classes
    wanted = {"benchmarks": {"classification_quality": ["clean"]}}
    assert answers_of(collect(run), wanted) is None


def test_the_page_shows_the_section(run: Path, tmp_path: Path) -> None:
    out = tmp_path / "index.html"
    build(run, Report(examples=2), None, out)
    text = out.read_text(encoding="utf-8")
    assert faults(text, tmp_path) == []
    page = Page(text)
    for said in (
        "What was found in 8 pictures with a class.",
        "7 pictures of 3 classes, of 7 groups (articles or near-copies)",
        "4 answers of probe/all are right, 57%",
        "Pictures that belong to no class: 1, of which 1 was declined.",
        "true: stripes", "predicted: dots (0.95)",
        "0.571 (0.471 to 0.671)",
        "What stratified has above grouped is flattery",
        "2 questions on 1 picture, 1 of which", "There are 7. (count: 7)", "(use: not known)",
        "AlexNet (published)", "Published by others.", "resnet",
    ):  # fmt: skip
        assert said in page.text, said
    rows = re.findall(r"(dots|stripes|waves) (\d) (\S+) (\S+) (\S+)", page.text)
    assert ("waves", "2", "1.00", "0.500", "0.667") in rows
    assert ("dots", "3", "0.667", "0.667", "0.667") in rows
    assert {"Confusion", "Map of the pictures", "Nearest neighbours"} <= {
        title for _, title in page.headings
    }
    assert (tmp_path / "files" / "figures" / "kinds-confusion.svg").is_file()


def test_the_same_run_makes_the_same_page(run: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        build(run, Report(), None, tmp_path / name / "index.html")
    first, second = (tmp_path / name / "index.html" for name in ("a", "b"))
    assert first.read_bytes() == second.read_bytes()


def test_without_classification_there_is_no_section(tmp_path: Path) -> None:
    empty = collect(tmp_path)
    assert section(empty, 4, None, Beside(None)).id == "kinds"
    build(tmp_path, Report(), None, tmp_path / "page" / "index.html")
    text = (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    assert "Kinds of pictures" not in text


def test_answers_alone_are_enough(run: Path, tmp_path: Path) -> None:
    """Without vectors and scores there is no map and no table, and the rest is there."""
    (tmp_path / "classification").mkdir()
    table = tmp_path / "classification" / "held-out.parquet"
    table.write_bytes((run / "classification" / "held-out.parquet").read_bytes())
    build(tmp_path, Report(), None, tmp_path / "index.html")
    titles = {title for _, title in Page((tmp_path / "index.html").read_text()).headings}
    assert "Confusion" in titles and not {"Map of the pictures", "Top-k"} & titles
