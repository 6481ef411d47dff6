"""Parquet tables: written atomically, checked against their schema, stamped with provenance."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from micrographia.errors import TableError
from micrographia.io.atomic import atomic_path

_STAMP = b"micrographia"


def write_table(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]],
    path: str | os.PathLike[str],
    schema: pa.Schema,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write `rows` as parquet with exactly the columns of `schema`.

    Parameters
    ----------
    rows
        Data frame or list of mappings; every schema column must be present, none may be extra.
    path
        Where to write; parents are created.
    schema
        One of `micrographia.io.schemas`.
    provenance
        What `micrographia.provenance.stamp` returns; kept in the file's metadata.

    Raises
    ------
    TableError
        A column is missing, unknown or of the wrong type.
    """
    table = _checked(rows, Path(path).name, schema)
    with atomic_path(path) as temporary:
        pq.write_table(table.replace_schema_metadata(_metadata(provenance)), temporary)


def write_batches(
    batches: Iterable[Sequence[Mapping[str, Any]]],
    path: str | os.PathLike[str],
    schema: pa.Schema,
    provenance: Mapping[str, Any] | None = None,
) -> None:
    """Write a table batch by batch, as `write_table`; only one batch is held at a time.

    Raises
    ------
    TableError
        As `write_table`.
    """
    with (
        atomic_path(path) as temporary,
        pq.ParquetWriter(temporary, schema.with_metadata(_metadata(provenance))) as writer,
    ):
        for rows in batches:
            table = _checked(rows, Path(path).name, schema)
            writer.write_table(table.replace_schema_metadata(_metadata(provenance)))


def _metadata(provenance: Mapping[str, Any] | None) -> dict[bytes, bytes]:
    return {_STAMP: json.dumps(dict(provenance or {}), sort_keys=True).encode()}


def _checked(
    rows: pd.DataFrame | Sequence[Mapping[str, Any]], name: str, schema: pa.Schema
) -> pa.Table:
    """Bring rows into the columns of `schema`."""
    if isinstance(rows, pd.DataFrame):
        records = rows.to_dict(orient="list")
        seen = [str(column) for column in rows.columns]
        columns = {str(key): [_null(v) for v in values] for key, values in records.items()}
    else:
        seen = sorted({key for row in rows for key in row}) if rows else list(schema.names)
        columns = {key: [_null(row.get(key)) for row in rows] for key in schema.names}
    missing = [column for column in schema.names if column not in seen]
    extra = [column for column in seen if column not in schema.names]
    if missing or extra:
        raise TableError(
            f"Table {name} has the wrong columns: missing {missing}, unknown {extra}",
            allowed=", ".join(schema.names),
        )
    try:
        arrays = [pa.array(columns[field.name], type=field.type) for field in schema]
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        raise TableError(f"Table {name} has a value of the wrong type: {error}") from error
    return pa.Table.from_arrays(arrays, schema=schema)


def read_table(path: str | os.PathLike[str], schema: pa.Schema | None = None) -> pd.DataFrame:
    """Read a parquet table as a data frame; with `schema`, check that its columns are all there.

    pandas shows a null string as NaN: ask with `pandas.isna`, or use `read_rows`.

    Raises
    ------
    TableError
        The file is absent, no parquet, or lacks a column of `schema`.
    """
    return _read(path, schema).to_pandas()


def read_tables(paths: Iterable[str | os.PathLike[str]], schema: pa.Schema) -> pd.DataFrame:
    """Read the shards of a table as one data frame with the columns of `schema`, and no more.

    Raises
    ------
    TableError
        As `read_table`.
    """
    parts = [_read(path, schema).select(schema.names).cast(schema) for path in paths]
    return pa.concat_tables(parts).to_pandas()


def read_rows(path: str | os.PathLike[str], schema: pa.Schema | None = None) -> list[Any]:
    """Read a parquet table as plain Python rows, in which a null is None.

    Say which rows they are where they are taken: `rows: list[TextRow] = read_rows(path, TEXT)`,
    of `micrographia.io.schemas.rows`.

    Raises
    ------
    TableError
        As `read_table`.
    """
    return list(_read(path, schema).to_pylist())


def _read(path: str | os.PathLike[str], schema: pa.Schema | None) -> pa.Table:
    target = Path(path)
    if not target.exists():
        raise TableError(f"Table {target} does not exist", remedy="Run the step that writes it")
    try:
        table = pq.read_table(target)
    except (pa.ArrowInvalid, OSError) as error:
        raise TableError(f"{target} is not a readable parquet table: {error}") from error
    if schema is not None:
        missing = [name for name in schema.names if name not in table.schema.names]
        if missing:
            raise TableError(
                f"Table {target} lacks the columns {missing}",
                seen=table.schema.names,
                remedy="Run the step that writes it again with this version of Micrographia",
            )
    return table


def read_provenance(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the provenance stamp kept in a table's metadata (empty if there is none)."""
    metadata = pq.read_schema(Path(path)).metadata or {}
    return json.loads(metadata.get(_STAMP, b"{}"))


def _null(value: Any) -> Any:
    """Turn pandas' NaN/NaT for 'no value' into None, so that parquet stores a null."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):
        return None
    return value
