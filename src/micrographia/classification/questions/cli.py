"""`micrographia classification questions`: pictures in, questions with answers out."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    exit_status,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import Classification
from micrographia.method_names import QUESTION_MAKERS


def register(verbs: Subparsers) -> None:
    """Add the verb."""
    questions = verbs.add_parser(
        "questions", help="write questions and answers about pictures, by ten themes"
    )
    questions.add_argument(
        "source", type=Path,
        help="folder that `synthesis kinds` wrote, folder with one folder for each class, or "
        "table of labels",
    )  # fmt: skip
    questions.add_argument(
        "--maker", choices=QUESTION_MAKERS, default="facts",
        help="from what is known of the pictures (default), or by the vision-language model of "
        "classification.endpoint",
    )  # fmt: skip
    questions.add_argument(
        "--per-theme", type=positive, default=1,
        help="questions of each theme about a picture, at most (default: 1)",
    )  # fmt: skip
    questions.add_argument(
        "--seed", type=non_negative, default=0,
        help="random seed of topics and wordings, of the maker facts (default: 0)",
    )  # fmt: skip
    questions.add_argument(
        "--cache", type=Path, metavar="SQLITE", help="file of all calls, of the maker endpoint"
    )
    questions.add_argument(
        "--again", action="store_true", help="ask again where there was no answer"
    )
    questions.add_argument(
        "--out", type=Path, required=True, metavar="TABLE", help="table to write"
    )
    add_settings(questions, Classification)
    questions.set_defaults(run=_questions)


def _questions(arguments: argparse.Namespace) -> int:
    from micrographia.classification.questions.variety import variety
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import QUESTIONS
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [arguments.source])
    make = _from_endpoint if arguments.maker == "endpoint" else _from_facts
    rows = list(make(arguments, settings))
    write_table(rows, arguments.out, QUESTIONS, stamp(settings, arguments.seed))
    print_json({"table": str(arguments.out), **variety(rows)})
    return exit_status(sum(row["failure"] is not None for row in rows), len(rows))


def _from_facts(arguments: argparse.Namespace, _: Classification) -> Iterator[dict[str, Any]]:
    from micrographia.classification.questions.grammar import read_grammar
    from micrographia.classification.questions.make import questions_from_facts
    from micrographia.io.questions.subjects import subjects_of

    grammar, version = read_grammar()
    subjects = subjects_of(arguments.source)
    return questions_from_facts(subjects, grammar, version, arguments.per_theme, arguments.seed)


def _from_endpoint(
    arguments: argparse.Namespace, settings: Classification
) -> Iterator[dict[str, Any]]:
    from micrographia.classification.questions.endpoint import Questioner
    from micrographia.errors import ConfigError
    from micrographia.io.questions.subjects import subjects_of
    from micrographia.io.resources import find_resource

    if settings.endpoint is None:
        raise ConfigError(
            "No endpoint is set",
            remedy="Set classification.endpoint: base_url, model and, if needed, key_env",
        )
    if arguments.cache is None:
        raise ConfigError("--cache is missing", remedy="Name a file for all calls with --cache")
    questioner = Questioner(
        settings.endpoint,
        arguments.cache,
        find_resource(settings.prompts),
        settings.prompt_version,
        arguments.per_theme,
        arguments.again,
    )
    try:
        yield from questioner.questions(subjects_of(arguments.source))
    finally:
        questioner.close()
