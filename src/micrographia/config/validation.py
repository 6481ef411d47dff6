"""Validation of settings against their models, with every fault listed; canonical JSON."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml
from pydantic import BaseModel, ValidationError

from micrographia.config.base import Section
from micrographia.config.workflow import WorkflowConfig
from micrographia.errors import ConfigError


def validate(raw: Mapping[str, Any], model: type[BaseModel] = WorkflowConfig) -> Any:
    """Validate a mapping against `model`.

    Raises
    ------
    ConfigError
        Lists every fault: field path, value seen, what is allowed.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        # pydantic counts only the valid items of a sequence; with a faulty one that misleads.
        faults = [
            item
            for item in error.errors()
            if not (item["type"] == "too_short" and len(item.get("input", ())) > 0)
        ]
        lines = [_fault(item, model) for item in faults]
        count = f"{len(lines)} fault" + ("s" if len(lines) > 1 else "")
        raise ConfigError(f"The configuration has {count}:\n  " + "\n  ".join(lines)) from None


def parse_section(text: str, model: type[BaseModel]) -> Any:
    """Read a section given as a JSON string or as the path of a YAML/JSON file."""
    source = text
    if not text.lstrip().startswith("{"):
        path = Path(text)
        if not path.is_file():
            raise ConfigError(
                f"Settings file {text} does not exist",
                remedy="Give a YAML file, or the settings as a JSON object",
            )
        source = path.read_text(encoding="utf-8")
    try:
        raw = yaml.safe_load(source)
    except yaml.YAMLError as error:
        raise ConfigError(f"The settings are not valid YAML or JSON: {error}") from error
    return validate(raw or {}, model)


def dump_section(section: Section) -> str:
    """Return a section as canonical JSON: the same values give the same text."""
    return json.dumps(section.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))


def _fault(item: Mapping[str, Any], model: type[BaseModel]) -> str:
    location = tuple(item["loc"])
    path = ".".join(str(part) for part in location) or "(whole file)"
    if item["type"] == "extra_forbidden":
        owner = _model_at(model, location[:-1])
        names = list(owner.model_fields) if owner else []
        close = difflib.get_close_matches(str(location[-1]), names, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else "."
        return f"{path}: unknown setting{hint} Allowed here: {', '.join(names)}."
    message = item["msg"].removeprefix("Value error, ")
    if not location:
        return f"{path}: {message}."
    seen = _shown(item.get("input"), model, location)
    return f"{path}: saw {seen}; {message[0].lower()}{message[1:]}."


def _shown(value: Any, model: type[BaseModel], location: tuple[Any, ...]) -> str:
    """A faulty value as it may be printed: a key that was put in a wrong place must not be."""
    owner = _model_at(model, location[:-1])
    field = owner.model_fields.get(str(location[-1])) if owner else None
    extra = field.json_schema_extra if field else None
    if isinstance(extra, dict) and extra.get("private"):
        return "a value that is hidden"
    if isinstance(value, Mapping):
        return f"a section with {', '.join(map(str, value)) or 'nothing'}"
    if isinstance(value, list | tuple) and any(isinstance(item, Mapping) for item in value):
        return f"a list of {len(value)}"
    return repr(value)


def _model_at(model: type[BaseModel], location: tuple[Any, ...]) -> type[BaseModel] | None:
    for name in location:
        if isinstance(name, int):  # a place in a list of sections
            continue
        field = model.model_fields.get(str(name))
        found = (
            [
                kind
                for kind in (field.annotation, *get_args(field.annotation))
                if isinstance(kind, type) and issubclass(kind, BaseModel)
            ]
            if field
            else []
        )
        if not found:
            return None
        model = found[0]
    return model
