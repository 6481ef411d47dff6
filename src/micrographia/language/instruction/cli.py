"""`micrographia language facts | instructions`: pictures in, questions to learn from out."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from micrographia.commandline import (
    Subparsers,
    add_settings,
    exit_status,
    non_negative,
    print_json,
    settings_of,
)
from micrographia.config import Instruction
from micrographia.method_names import QUESTION_MAKERS


def register(verbs: Subparsers) -> None:
    """Add the verbs."""
    facts = verbs.add_parser("facts", help="write what is known of pictures as a table of facts")
    facts.add_argument(
        "source", type=Path,
        help="folder of `synthesis micrographs`, `synthesis kinds` or `measure`, folder with one "
        "folder for each class, or table of labels",
    )  # fmt: skip
    for name, what in (
        ("instances", "of drawn micrographs: table of `segmentation measure-masks`"),
        ("attributes", "of measured pictures: table of attributes of the annotation room"),
        ("classes", "of measured pictures: table of `classification predict`"),
    ):
        facts.add_argument(f"--{name}", type=Path, metavar="TABLE", help=what)
    facts.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    facts.set_defaults(run=_facts)
    _register_instructions(verbs)


def _register_instructions(verbs: Subparsers) -> None:
    made = verbs.add_parser(
        "instructions", help="write questions with answers that rest on facts, to learn from"
    )
    made.add_argument(
        "facts", type=Path, nargs="+", metavar="TABLE",
        help="tables of `language facts`; rows of one picture are joined",
    )  # fmt: skip
    made.add_argument(
        "--maker", choices=QUESTION_MAKERS, default="facts",
        help="by the grammar (default), or by the vision-language model of "
        "language.instruction.endpoint",
    )  # fmt: skip
    made.add_argument(
        "--part", choices=("train", "validation", "test"), default=None,
        help="part of all pictures; default: split by article, or by drawn picture",
    )  # fmt: skip
    made.add_argument(
        "--embeddings", type=Path, metavar="TABLE",
        help="table of `classification embed`: also ask with other pictures beside",
    )  # fmt: skip
    made.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of split, topics and wordings"
    )
    made.add_argument(
        "--cache", type=Path, metavar="SQLITE", help="file of all calls, of the maker endpoint"
    )
    made.add_argument("--again", action="store_true", help="ask again where there was no answer")
    made.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    add_settings(made, Instruction)
    made.set_defaults(run=_instructions)
    baseline = verbs.add_parser(
        "baseline-answers",
        help="answer questions without looking, or as for the most alike picture",
    )
    baseline.add_argument("questions", type=Path, help="table of `language instructions`")
    baseline.add_argument(
        "--method", choices=("majority", "nearest"), default="majority",
        help="the most frequent answer of the training (default), or that of the nearest picture",
    )  # fmt: skip
    baseline.add_argument(
        "--embeddings", type=Path, metavar="TABLE",
        help="table of `classification embed`, of the method nearest",
    )  # fmt: skip
    baseline.add_argument(
        "--part", choices=("train", "validation", "test"), default="test", help="which to answer"
    )
    baseline.add_argument(
        "--out", type=Path, required=True, metavar="TABLE", help="table to write"
    )
    baseline.set_defaults(run=_baseline)


def _facts(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import FACTS
    from micrographia.io.tables import write_table
    from micrographia.language.instruction.facts import facts_of
    from micrographia.provenance import stamp

    tables = [arguments.instances, arguments.attributes, arguments.classes]
    refuse_inputs([arguments.out], [arguments.source, *filter(None, tables)])
    rows = list(facts_of(arguments.source, *tables))
    write_table(rows, arguments.out, FACTS, stamp())
    unread = {row["path"] for row in rows if row["image_id"] is None}
    pictures = {row["path"] for row in rows}
    known = sum(row["failure"] is None for row in rows)
    print(f"{arguments.out}: {known} facts of {len(pictures) - len(unread)} pictures")
    return exit_status(len(unread), len(pictures))


def _instructions(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import FACTS, INSTRUCTIONS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.instruction.pictures import subjects_of
    from micrographia.language.instruction.variety import variety
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [*arguments.facts, *filter(None, [arguments.embeddings])])
    facts = [row for table in arguments.facts for row in read_rows(table, FACTS)]
    subjects = subjects_of(facts, settings, arguments.seed, arguments.part)
    make = _from_endpoint if arguments.maker == "endpoint" else _from_facts
    rows = list(make(arguments, settings, subjects))
    write_table(rows, arguments.out, INSTRUCTIONS, stamp(settings, arguments.seed))
    print_json({"table": str(arguments.out), **variety(rows)})
    return exit_status(sum(row["failure"] is not None for row in rows), len(rows))


def _from_facts(
    arguments: argparse.Namespace, settings: Instruction, subjects: list[Any]
) -> Iterator[Any]:
    from micrographia.io.schemas import EMBEDDINGS
    from micrographia.io.tables import read_rows
    from micrographia.language.instruction.grammar import read_grammar
    from micrographia.language.instruction.make import instructions_from_facts
    from micrographia.language.instruction.sampling import Gallery

    grammar, version = read_grammar()
    gallery = None
    if arguments.embeddings is not None:
        rows = read_rows(arguments.embeddings, EMBEDDINGS)
        trained = [one.image_id for one in subjects if one.split == "train"]
        groups = {one.image_id: one.group for one in subjects}
        gallery = Gallery(rows, trained, groups)
    return instructions_from_facts(subjects, grammar, version, settings, arguments.seed, gallery)


def _from_endpoint(
    arguments: argparse.Namespace, settings: Instruction, subjects: Iterable[Any]
) -> Iterator[Any]:
    from micrographia.errors import ConfigError
    from micrographia.io.resources import find_resource
    from micrographia.language.instruction.endpoint import Instructor

    if settings.endpoint is None:
        raise ConfigError(
            "No endpoint is set",
            remedy="Set language.instruction.endpoint: base_url, model and, if needed, key_env",
        )
    if arguments.cache is None:
        raise ConfigError("--cache is missing", remedy="Name a file for all calls with --cache")
    instructor = Instructor(
        settings, settings.endpoint, arguments.cache, find_resource(settings.prompts),
        arguments.again,
    )  # fmt: skip
    try:
        yield from instructor.instructions(subjects)
    finally:
        instructor.close()


def _baseline(arguments: argparse.Namespace) -> int:
    from micrographia.errors import ConfigError
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import ASSISTANT_ANSWERS, EMBEDDINGS, INSTRUCTIONS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.instruction.baselines import majority_answers, nearest_answers
    from micrographia.provenance import stamp

    tables = [arguments.questions, *filter(None, [arguments.embeddings])]
    refuse_inputs([arguments.out], tables)
    questions = read_rows(arguments.questions, INSTRUCTIONS)
    if arguments.method == "majority":
        rows = list(majority_answers(questions, arguments.part))
    elif arguments.embeddings is None:
        raise ConfigError(
            "The method 'nearest' needs vectors of the pictures",
            remedy="Name a table of `classification embed` with --embeddings",
        )
    else:
        vectors = read_rows(arguments.embeddings, EMBEDDINGS)
        rows = list(nearest_answers(questions, vectors, arguments.part))
    write_table(rows, arguments.out, ASSISTANT_ANSWERS, stamp())
    print(f"{arguments.out}: {len(rows)} answers")
    return 0
