"""Read all tables of a run; missing tables are None, and the page says so."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd
import pyarrow as pa

from micrographia.errors import MicrographiaError, TableError
from micrographia.io import archives, schemas
from micrographia.io.tables import read_table

#: What every `results/benchmarks/<name>.json` holds.
BENCHMARK_FIELDS = ("name", "config_digest", "versions", "seed", "n", "n_failed", "metrics")


@dataclass(frozen=True)
class Results:
    """The tables of a run.

    Attributes
    ----------
    root
        The results folder.
    micrographs, scale, predictions, instances, sizes, segmentation_scores, attributes_final
        The micrograph wing; None where that step did not run.
    structures, images, exposures, reconstructions, structure_scores, engines
        The STEM wing; None where that step did not run.
    embeddings, classified, questions
        Pictures with classes, answers to which class they are of, and questions about them; None
        where that step did not run.
    written, written_scores, written_examples
        Crystals that were written as text for pictures, their scores, and some of the pictures;
        None where that step did not run.
    benchmarks
        Contents of the benchmark JSON files, by name.
    problems
        Files that are there but could not be read, each in one sentence.

    Tables that come in shards are joined; their column `folder` says where a row's files lie.
    """

    root: Path
    micrographs: pd.DataFrame | None = None
    scale: pd.DataFrame | None = None
    predictions: pd.DataFrame | None = None
    instances: pd.DataFrame | None = None
    sizes: pd.DataFrame | None = None
    segmentation_scores: pd.DataFrame | None = None
    attributes_final: pd.DataFrame | None = None
    structures: pd.DataFrame | None = None
    images: pd.DataFrame | None = None
    exposures: pd.DataFrame | None = None
    reconstructions: pd.DataFrame | None = None
    structure_scores: pd.DataFrame | None = None
    engines: pd.DataFrame | None = None
    embeddings: pd.DataFrame | None = None
    classified: pd.DataFrame | None = None
    questions: pd.DataFrame | None = None
    written: pd.DataFrame | None = None
    written_scores: pd.DataFrame | None = None
    written_examples: pd.DataFrame | None = None
    benchmarks: dict[str, dict[str, Any]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)


class Source(NamedTuple):
    """Where a table or its shards' tables lie, their columns, and whose shards they are."""

    pattern: str
    schema: pa.Schema
    wing: Literal["micrographs", "structures"] | None = None


#: Sources by attribute of `Results`; a test holds them against the outputs of the rules.
SOURCES: dict[str, Source] = {
    "micrographs": Source("curation/micrographs.parquet", schemas.MICROGRAPHS),
    "scale": Source("curation/scale/*.parquet", schemas.SCALE, "micrographs"),
    "predictions": Source(
        "segmentation/predicted/*/predictions.parquet", schemas.PREDICTIONS, "micrographs"
    ),
    "instances": Source(
        "segmentation/predicted/*/instances.parquet", schemas.INSTANCES, "micrographs"
    ),
    "sizes": Source("segmentation/measurements/sizes.parquet", schemas.SIZES),
    "segmentation_scores": Source("benchmarks/segmentation.parquet", schemas.SEGMENTATION_SCORES),
    "attributes_final": Source("annotation/attributes_final.parquet", schemas.ATTRIBUTES_FINAL),
    "structures": Source("stem/structures.parquet", schemas.STRUCTURES),
    "images": Source("stem/images/*/images.parquet", schemas.STEM_IMAGES, "structures"),
    "exposures": Source("stem/exposures/*/images.parquet", schemas.STEM_IMAGES, "structures"),
    "reconstructions": Source(
        "reconstruction/*/reconstructions.parquet", schemas.RECONSTRUCTIONS, "structures"
    ),
    "structure_scores": Source("benchmarks/structure.parquet", schemas.STRUCTURE_SCORES),
    "engines": Source("stem/engines.parquet", schemas.ENGINES),
    "embeddings": Source("classification/embeddings.parquet", schemas.EMBEDDINGS),
    "classified": Source("classification/held-out.parquet", schemas.CLASSIFIED),
    "questions": Source("classification/questions.parquet", schemas.QUESTIONS),
    "written": Source("language/structures.parquet", schemas.WRITTEN_CRYSTALS),
    "written_scores": Source("benchmarks/structure_text.parquet", schemas.WRITTEN_SCORES),
    "written_examples": Source("language/examples/examples.parquet", schemas.WRITTEN_EXAMPLES),
}


def collect(root: Path, config: Mapping[str, Any] | None = None) -> Results:
    """Read all tables and benchmark files below a results folder.

    Parameters
    ----------
    root
        The results folder.
    config
        The run's configuration. A folder left behind by an earlier one, with more shards say,
        is then no part of the run; without it every folder counts.

    Raises
    ------
    TableError
        The folder does not exist.
    """
    if not root.is_dir():
        raise TableError(
            f"Results folder {root} does not exist",
            remedy="Run the workflow first, or give its folder with --results",
        )
    problems: list[str] = []
    tables = {
        name: _joined(_of_this_run(root, source, config), source.schema, problems)
        for name, source in SOURCES.items()
    }
    return Results(
        root=root,
        benchmarks=_benchmarks(sorted(root.glob("benchmarks/*.json")), problems),
        problems=problems,
        **tables,
    )


def _of_this_run(root: Path, source: Source, config: Mapping[str, Any] | None) -> list[Path]:
    paths = sorted(root.glob(source.pattern))
    shards = (config or {}).get("shards")
    if source.wing is None or not shards:
        return paths
    names = {f"{number:03d}" for number in range(shards[source.wing])}
    stem = (config or {}).get("stem", {})
    # What abTEM simulates of a sample is a shard of its own.
    if source.wing == "structures" and (stem.get("multislice") or stem.get("multislice_sample")):
        names.add("multislice")
    whole = source.pattern.endswith("/*.parquet")  # the shard is the file, not its folder
    return [path for path in paths if (path.stem if whole else path.parent.name) in names]


def locate(name: object, *folders: Path | str) -> Path | None:
    """Find a file that a table names: as it stands, or relative to one of the folders."""
    if not isinstance(name, str) or not name:
        return None
    candidates = [Path(name), *(Path(folder) / name for folder in folders)]
    return next((path for path in candidates if path.is_file() or _in_archive(path)), None)


def _in_archive(path: Path) -> bool:
    parts = archives.split(path)
    return parts is not None and archives.holds(*parts)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows as dictionaries in which a missing value of any kind is None."""
    return [
        {str(key): None if _missing(value) else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


def _missing(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _joined(paths: Iterable[Path], schema: pa.Schema, problems: list[str]) -> pd.DataFrame | None:
    parts = []
    for path in paths:
        try:
            part = read_table(path, schema)
        except MicrographiaError as error:
            problems.append(str(error))
            continue
        parts.append(part.assign(folder=str(path.parent)))
    if not parts:
        return None
    # An empty shard has no types to give; joining it would turn its columns into objects.
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled, ignore_index=True)


def _benchmarks(paths: Iterable[Path], problems: list[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in paths:
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            problems.append(f"{path} is not readable JSON: {error}.")
            continue
        missing = [name for name in BENCHMARK_FIELDS if name not in content]
        if missing:
            problems.append(f"{path} lacks {', '.join(missing)}.")
            continue
        found[str(content["name"])] = content
    return found
