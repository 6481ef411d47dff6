"""`micrographia annotation`: nine attributes of micrographs, by several annotators."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    schema = verbs.add_parser("schema", help="JSON schema and vocabulary of an answer")
    schema.add_argument("--out", type=Path, required=True, metavar="JSON")
    schema.set_defaults(run=_schema)


def _schema(arguments: argparse.Namespace) -> int:
    import json

    from micrographia.annotation.schema import attributes_json_schema, verdicts_json_schema
    from micrographia.io.atomic import write_text
    from micrographia.io.attributes import QUESTIONS, VOCABULARY

    document = {
        "questions": QUESTIONS,
        "vocabulary": VOCABULARY,
        "attributes": attributes_json_schema(),
        "verdicts": verdicts_json_schema(),
    }
    write_text(arguments.out, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 0
