"""Rows that types promise are those that the schemas hold."""

from __future__ import annotations

import inspect
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pyarrow as pa
import pytest

from micrographia.io import schemas
from micrographia.io.schemas import rows

ROWS = {name: kind for name, kind in inspect.getmembers(rows, is_typeddict)}


def schema_of(kind: type) -> pa.Schema:
    """The schema that a row's docstring names."""
    named = [word for word in schemas.__all__ if f"`{word}`" in str(kind.__doc__)]
    assert len(named) == 1, kind.__doc__
    return getattr(schemas, named[0])


def python_type(column: pa.DataType) -> Any:
    if pa.types.is_list(column):
        return list[python_type(column.value_type)]
    tests = {
        str: pa.types.is_string,
        float: pa.types.is_floating,
        int: pa.types.is_integer,
        bool: pa.types.is_boolean,
    }
    return next(kind for kind, holds in tests.items() if holds(column))


@pytest.mark.parametrize("kind", ROWS.values(), ids=ROWS)
def test_a_row_has_the_columns_and_types_of_its_schema(kind: type) -> None:
    expected = {field.name: python_type(field.type) for field in schema_of(kind)}
    found = {}
    for name, hint in get_type_hints(kind).items():
        hint = list[str] if hint == list[str | None] else hint  # a list holds nulls as it is
        union = [part for part in get_args(hint) if part is not NoneType]
        found[name] = hint if get_origin(hint) is list or len(union) != 1 else union[0]
    assert list(found) == list(expected)
    assert found == expected


def test_the_most_travelled_tables_have_rows() -> None:
    named = [schema_of(kind) for kind in ROWS.values()]
    assert len(named) >= 15
    for name in ("MICROGRAPHS", "PREDICTIONS", "STEM_IMAGES", "RECONSTRUCTIONS"):
        assert any(schema is getattr(schemas, name) for schema in named), name


def test_a_blank_row_is_written_as_nulls() -> None:
    assert rows.blank(schemas.TEXT) == dict.fromkeys(schemas.TEXT.names)
