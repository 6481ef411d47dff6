"""The files that are generated from the settings: commented YAML and JSON schema."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from micrographia.config import WorkflowConfig


def render_yaml() -> str:
    """Return the commented `workflow_config.yaml` that holds every default."""
    head = [
        (
            "# Settings of Micrographia and their defaults. Generated from "
            "src/micrographia/config by"
        ),
        (
            "# `make config`; change defaults there. Put the settings of your own run into "
            "another file"
        ),
        "# (`snakemake --configfile my.yaml`), which needs only the settings that differ.",
        "",
    ]
    return "\n".join(head + _render(WorkflowConfig(), 0)) + "\n"


def _render(section: BaseModel, depth: int) -> list[str]:
    indent = "  " * depth
    lines: list[str] = []
    for name, field in type(section).model_fields.items():
        value = getattr(section, name)
        lines.append(f"{indent}# {field.description}{_bounds(field)}")
        if isinstance(value, BaseModel):
            lines.append(f"{indent}{name}:")
            lines.extend(_render(value, depth + 1))
        else:
            plain = [_plain(item) for item in value] if isinstance(value, tuple) else value
            lines.append(f"{indent}{name}: {json.dumps(plain, ensure_ascii=False)}")
        if depth == 0:
            lines.append("")
    return lines


def _plain(item: Any) -> Any:
    """A section in a list stands on one line, with what it sets."""
    return (
        item.model_dump(mode="json", exclude_unset=True) if isinstance(item, BaseModel) else item
    )


def _bounds(field: Any) -> str:
    symbols = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [
        f"{symbols[key]} {getattr(item, key):g}"
        for item in field.metadata
        for key in symbols
        if getattr(item, key, None) is not None
    ]
    return f" ({', '.join(found)})" if found else ""


def render_schema() -> str:
    """Return the JSON schema of `workflow_config.yaml`."""
    schema = WorkflowConfig.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    return json.dumps(schema, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
