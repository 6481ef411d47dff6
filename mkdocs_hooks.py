"""Pages of the documentation that are generated when the site is built, and thus never stale.

`mkdocs.yml` names this file under `hooks`. The command line is read from the argparse parsers, the
settings from the JSON schema of the pydantic models, public data from its catalogue, and notebooks
are shown with their committed outputs. Nothing of it is committed: an edit of a help text or of a
setting's description changes one file, and no test must compare the two. A page that would fetch
anything from the network when it is viewed ends the build.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from micrographia.cli import ROOMS, build_parser
from micrographia.config import WorkflowConfig
from micrographia.data.page import render_page
from micrographia.io.public.catalogue import read_catalogue

Schema = dict[str, Any]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages to the site's files; mkdocs calls this."""
    for path, render in GENERATED.items():
        files.append(File.generated(config, path, content=render()))
    for notebook in sorted(Path(config.docs_dir).rglob("*.ipynb")):
        name = notebook.relative_to(config.docs_dir).with_suffix("").as_posix()
        for path, content in render_notebook(name, notebook.read_text(encoding="utf-8")).items():
            files.append(File.generated(config, path, content=content))
    return files


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    """Refuse a page that loads something from elsewhere; mkdocs calls this."""
    if fetched := fetched_from_elsewhere(output):
        raise PluginError(
            f"{page.file.src_uri} would fetch {', '.join(fetched)} when it is viewed"
        )
    return output


def fetched_from_elsewhere(html: str) -> list[str]:
    """Addresses that a browser loads by itself when it shows a page; links are none."""
    tags = re.findall(r"<(?:link|script|img|iframe|source)\b[^>]*>", html)
    tags = [tag for tag in tags if 'rel="canonical"' not in tag]
    return [
        url for tag in tags for url in re.findall(r'(?:src|href)="?((?:https?:)?//[^"\s>]+)', tag)
    ]


def render_notebook(name: str, text: str) -> dict[str, str | bytes]:
    """Return the page and the pictures of a notebook, as it was executed.

    Parameters
    ----------
    name
        Path of the notebook below `docs`, without suffix.
    text
        The notebook, as JSON.

    Returns
    -------
    dict
        Path of each file to its content: `<name>.md` and a picture for each figure.
    """
    files: dict[str, str | bytes] = {}
    short = name.rsplit("/", 1)[-1]
    parts = []
    for cell in json.loads(text)["cells"]:
        source = "".join(cell["source"])
        parts.append(source if cell["cell_type"] == "markdown" else _fenced("python", source))
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            kind = next((kind for kind in ("png", "jpeg") if f"image/{kind}" in data), None)
            if kind:
                file = f"-{len(files) + 1}.{kind}"
                files[name + file] = base64.b64decode(data[f"image/{kind}"])
                parts.append(f"![What the code above draws]({short}{file})")
            elif shown := "".join(output.get("text", data.get("text/plain", ""))).rstrip():
                parts.append(_fenced("text", shown))
    title, *rest = parts[0].split("\n", 1)
    download = f"[Download this notebook]({short}.ipynb)"
    files[f"{name}.md"] = "\n\n".join([title, download, *rest, *parts[1:]]) + "\n"
    return files


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```"


def render_command_line() -> str:
    """Return `reference/command-line.md`: every room and verb with its arguments."""
    lines = [
        "# Command line",
        "",
        "`micrographia ROOM VERB ...` runs one step. This page is generated from the parsers, so",
        "it says what `micrographia ROOM VERB --help` says. Put options of all verbs before the",
        "room:",
        "",
        *_arguments(build_parser(None)),
        "",
        "An input is never overwritten. Exit status 2 means that the input is at fault; the last",
        "line on standard error says what to do.",
    ]
    for room, summary in ROOMS.items():
        lines += ["", f"## {room}", "", _plain(_sentence(summary)), ""]
        for command, parser, about in commands_of(room):
            if command != room:
                lines += [f"### {command}", "", _plain(_sentence(about)), ""]
            lines += ["```text", _usage(parser), "```", "", *_arguments(parser), ""]
    return "\n".join(lines).rstrip() + "\n"


def commands_of(room: str) -> list[tuple[str, argparse.ArgumentParser, str]]:
    """Commands of a room, their parsers and what they do; `measure` is one without verbs."""
    parser = _subparsers(build_parser(room)).choices[room]
    if not any(isinstance(action, argparse._SubParsersAction) for action in parser._actions):
        return [(room, parser, parser.description or "")]
    verbs = _subparsers(parser)
    helps = {choice.dest: choice.help or "" for choice in verbs._choices_actions}
    return [
        (f"{room} {verb}", verb_parser, verb_parser.description or helps.get(verb, ""))
        for verb, verb_parser in verbs.choices.items()
    ]


def _subparsers(parser: argparse.ArgumentParser) -> Any:
    """The action that holds a parser's sub-parsers; argparse keeps its type private."""
    return next(a for a in parser._actions if isinstance(a, argparse._SubParsersAction))


def _usage(parser: argparse.ArgumentParser) -> str:
    """Usage in lines of 76 characters, whatever the terminal of the build."""
    parser.formatter_class = _Formatter
    return parser.format_usage().removeprefix("usage: ").replace("\n       ", "\n").rstrip()


class _Formatter(argparse.HelpFormatter):
    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=76)


def _arguments(parser: argparse.ArgumentParser) -> list[str]:
    """A table row per argument: how it is written, what it means, its default."""
    rows = [
        (_written(action), _meaning(action), _default(action))
        for action in parser._actions
        if not isinstance(action, argparse._HelpAction | argparse._SubParsersAction)
    ]
    return _table(("argument", "meaning", "default"), rows)


def _written(action: argparse.Action) -> str:
    value = "" if action.nargs == 0 else str(action.metavar or action.dest.upper())
    if not action.option_strings:
        return f"`{value}{'...' if action.nargs in ('*', '+') else ''}`"
    if action.choices is not None:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if action.nargs in ("*", "+"):
        value += "..."
    return ", ".join(f"`{flag} {value}`".replace(" `", "`") for flag in action.option_strings)


def _meaning(action: argparse.Action) -> str:
    text = (action.help or "").replace("%(default)s", str(action.default))
    return _plain(_sentence(text)) if text else ""


def _default(action: argparse.Action) -> str:
    if not action.option_strings and action.nargs in ("?", "*"):
        return ""
    if action.required:
        return "required"
    empty = (None, False, argparse.SUPPRESS, "{}")
    return "" if action.default in empty or action.default == [] else f"`{action.default}`"


def render_settings() -> str:
    """Return `reference/settings.md`: every setting with type, default, bounds and meaning."""
    schema = WorkflowConfig.model_json_schema()
    lines = [
        "# Settings",
        "",
        "Every setting of the workflow. This page is generated from the models in",
        "`src/micrographia/config/`; `workflow_config.yaml` holds the same defaults as one file.",
        "An overlay needs only the lines that differ:",
        "",
        "```sh",
        "micrographia config check my.yaml",
        "snakemake --cores all --configfile my.yaml",
        "```",
        "",
        "A step that is run by hand takes its section as `--settings`, as JSON or as a YAML file.",
        "",
        "## Top level",
        "",
    ]
    own, sections = _split(schema, schema)
    lines += _settings_table(own)
    for name, section, note in sections:
        lines += _section(name, section, note, schema, depth=2)
    return "\n".join(lines).rstrip() + "\n"


def render_public_data() -> str:
    """Return `reference/public-data.md`: every public data set of the catalogue."""
    return render_page(read_catalogue())


def _section(name: str, section: Schema, note: str, schema: Schema, depth: int) -> Iterator[str]:
    own, sections = _split(section, schema)
    yield from ("", f"{'#' * min(depth, 3)} {name}", "", _plain(_sentence(note)), "")
    if own:
        yield from _settings_table(own)
    for child, body, child_note in sections:
        yield from _section(f"{name}.{child}", body, child_note, schema, depth + 1)


def _split(
    section: Schema, schema: Schema
) -> tuple[dict[str, Schema], list[tuple[str, Schema, str]]]:
    """Settings of a section that are values, and those that are sections or lists of them."""
    own: dict[str, Schema] = {}
    sections = []
    for name, field in section["properties"].items():
        target = _reference(field)
        if target is None:
            own[name] = field
            continue
        many = "[]" if field.get("type") == "array" else ""
        sections.append((name + many, schema["$defs"][target], field.get("description", "")))
        if many:  # its default is a value that a table can show
            own[name] = field
    return own, sections


def _reference(field: Schema) -> str | None:
    """Name of the model that a field holds, itself, in a list or as an alternative to null."""
    for one in (field, field.get("items", {}), *field.get("anyOf", [])):
        if "$ref" in one:
            return str(one["$ref"]).rsplit("/", 1)[-1]
    return None


def _settings_table(settings: dict[str, Schema]) -> list[str]:
    rows = []
    for name, field in settings.items():
        shown = "required"
        if "default" in field:
            shown = f"`{json.dumps(field['default'], ensure_ascii=False)}`"
        rows.append((f"`{name}`", _plain(field.get("description", "")), shown, _allowed(field)))
    return _table(("setting", "meaning", "default", "allowed"), rows)


def _allowed(field: Schema) -> str:
    """Type and bounds of a value in words."""
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_allowed(one) for one in field["anyOf"]))
    if "$ref" in field:
        return "a section"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if field.get("type") == "array":
        return f"list of {_allowed(field.get('items', {}))}"
    symbols = {"minimum": "≥", "exclusiveMinimum": ">", "maximum": "≤", "exclusiveMaximum": "<"}
    bounds = [f"{sign}\u00a0{field[key]:.10g}" for key, sign in symbols.items() if key in field]
    words = {
        "boolean": "true, false",
        "integer": "whole number",
        "null": "null",
        "number": "number",
        "object": "mapping",
        "string": "text",
    }
    return " ".join([words.get(field.get("type", ""), "any value"), ", ".join(bounds)]).strip()


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    if not rows:
        return []
    lines = [" | ".join(head), " | ".join("---" for _ in head)]
    lines += [" | ".join(row) for row in rows]
    return [f"| {line} |" for line in lines]


def _sentence(text: str) -> str:
    """Start with a capital, unless with a file's name; end with a full stop."""
    text = text.strip()
    if text and not re.match(r"[\w-]+[._]\w", text):
        text = text[0].upper() + text[1:]
    return text + ("" if text.endswith((".", "?")) else ".")


def _plain(text: str) -> str:
    """Keep Markdown from reading signs of a help text as its own; code in backticks stays."""
    parts = re.split(r"(`[^`]+`)", text)
    for index in range(0, len(parts), 2):
        parts[index] = re.sub(r"([\\`*_\[\]|])", r"\\\1", parts[index]).replace("<", "&lt;")
    return "".join(parts)


#: Path of a generated page to the function that writes it.
GENERATED: dict[str, Callable[[], str]] = {
    "reference/command-line.md": render_command_line,
    "reference/settings.md": render_settings,
    "reference/public-data.md": render_public_data,
}
