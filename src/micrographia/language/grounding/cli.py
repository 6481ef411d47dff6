"""`micrographia language ask | caption | chat | serve`: questions about pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrographia.commandline import (
    Subparsers,
    above_zero,
    add_settings,
    exit_status,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import WorkflowConfig
from micrographia.method_names import ASSISTANT_WRITERS

if TYPE_CHECKING:
    from micrographia.language.grounding.assistant import Assistant
    from micrographia.language.grounding.writer import Answer, Measured

_LEAVE = ("exit", "quit", "bye", ":q")


def register(verbs: Subparsers) -> None:
    """Add the verbs of the assistant."""
    ask = verbs.add_parser(
        "ask",
        help="answer a question about a picture, from what is measured on it",
        description="Answer a question about a picture. Only the tools that the question needs "
        "are run; every number of the answer was measured, and what is not known is said.",
    )
    ask.add_argument("image", type=Path, metavar="IMG", help="picture")
    ask.add_argument("question", help='such as "How large are the particles?"')
    _add_common(ask, json=True)
    ask.set_defaults(run=_ask)
    caption = verbs.add_parser("caption", help="describe pictures in one to three sentences")
    caption.add_argument("images", type=Path, nargs="+", metavar="IMG", help="pictures")
    _add_common(caption, json=True)
    caption.set_defaults(run=_caption)
    chat = verbs.add_parser(
        "chat",
        help="answer questions about a picture in the terminal, one after another",
        description="Answer questions about a picture, one a line, until the input ends or a line "
        f"says {_LEAVE[0]}. What was measured once is not measured again.",
    )
    chat.add_argument("image", type=Path, metavar="IMG", help="picture")
    _add_common(chat)
    chat.set_defaults(run=_chat)
    serve = verbs.add_parser(
        "serve",
        help="answer over HTTP, as a server of OpenAI's chat completions",
        description="Answer questions about pictures over HTTP: /v1/chat/completions with "
        "pictures as data URLs, /v1/models and /health. Address, port and limits: "
        "language.assistant.serve in the settings.",
    )
    serve.add_argument("--host", default=None, help="address; default: that in the settings")
    serve.add_argument("--port", type=int, default=None, help="port; 0: any free one")
    _add_common(serve, sized=False)
    serve.set_defaults(run=_serve)
    _register_answers(verbs)


def _register_answers(verbs: Subparsers) -> None:
    """Add the verb that answers a table of questions."""
    answers = verbs.add_parser(
        "answers",
        help="let the assistant answer a table of questions, for `benchmarks score-assistant`",
    )
    answers.add_argument("questions", type=Path, help="table of `language instructions`")
    answers.add_argument(
        "--facts", type=Path, nargs="+", default=[], metavar="TABLE",
        help="tables of `language facts`: what is known of the pictures",
    )  # fmt: skip
    answers.add_argument(
        "--measure", action="store_true",
        help="measure the pictures with the tools instead; of --facts only what an author states",
    )  # fmt: skip
    answers.add_argument(
        "--part", choices=("train", "validation", "test"), default="test", help="which to answer"
    )
    answers.add_argument(
        "--at-most", type=positive, default=None, metavar="N",
        help="answer the first N by their identifiers, which are digests: a random sample",
    )  # fmt: skip
    answers.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    _add_common(answers, sized=False)
    answers.set_defaults(run=_answers)


def _add_common(parser: argparse.ArgumentParser, json: bool = False, sized: bool = True) -> None:
    if sized:
        parser.add_argument(
            "--pixel-size", type=above_zero, default=None, metavar="NM",
            help="side of a pixel [nm]; default: as the file, its banner or its scale bar says",
        )  # fmt: skip
    if json:
        parser.add_argument(
            "--json", action="store_true", help="print answers with their evidence as JSON"
        )
    parser.add_argument(
        "--writer", choices=ASSISTANT_WRITERS, default=None,
        help="who puts answers into words; default: as language.assistant.writer says",
    )  # fmt: skip
    parser.add_argument(
        "--weights", default=None, metavar="FILE",
        help="weights of the writer 'network': shipped, or a file of `train-assistant`; "
        "default: as language.assistant.weights says",
    )  # fmt: skip
    parser.add_argument(
        "--cache", type=Path, default=Path("assistant-calls.sqlite"), metavar="FILE",
        help="file of calls to a server; only for writer 'endpoint'",
    )  # fmt: skip
    add_settings(parser, WorkflowConfig)


def _opened(arguments: argparse.Namespace) -> tuple[Assistant, Any]:
    """Return the assistant, and what opens a picture under the tools."""
    from micrographia.language.grounding.assistant import Assistant
    from micrographia.language.grounding.writers import make_writer

    settings = settings_of(arguments)
    told = {"writer": arguments.writer, "weights": arguments.weights}
    chosen = settings.language.assistant.model_copy(
        update={name: value for name, value in told.items() if value is not None}
    )
    assistant = Assistant(make_writer(chosen, arguments.cache), chosen.tolerance)
    return assistant, arguments.picture_tools(settings)


def _ask(arguments: argparse.Namespace) -> int:
    assistant, tools = _opened(arguments)
    picture: Measured = tools(arguments.image, arguments.pixel_size)
    answer = assistant.ask(picture, arguments.image, arguments.question)
    _show(answer, arguments, arguments.image)
    return 0


def _caption(arguments: argparse.Namespace) -> int:
    from micrographia.errors import MicrographiaError

    assistant, tools = _opened(arguments)
    failed = 0
    for path in arguments.images:
        try:
            answer = assistant.caption(tools(path, arguments.pixel_size), path)
        except MicrographiaError as error:
            failed += 1
            print(f"{path}: {error}")
        else:
            _show(answer, arguments, path, named=len(arguments.images) > 1)
    return exit_status(failed, len(arguments.images))


def _answers(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.questions.sample import sample_of
    from micrographia.io.schemas import ASSISTANT_ANSWERS, FACTS, INSTRUCTIONS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.grounding.tabled import answers_of, measured, tabled
    from micrographia.provenance import stamp

    refuse_inputs([arguments.out], [arguments.questions, *arguments.facts])
    assistant, tools = _opened(arguments)
    questions = [
        row
        for row in read_rows(arguments.questions, INSTRUCTIONS)
        if row["split"] == arguments.part and row["failure"] is None
    ]
    if arguments.at_most is not None:
        questions = sample_of(questions, arguments.at_most)
    facts = [row for table in arguments.facts for row in read_rows(table, FACTS)]
    opened = measured(facts, tools) if arguments.measure else tabled(facts)
    rows = list(answers_of(questions, assistant, opened))
    write_table(rows, arguments.out, ASSISTANT_ANSWERS, stamp(settings_of(arguments)))
    failed = sum(row["failure"] is not None for row in rows)
    print(f"{arguments.out}: {len(rows) - failed} answers, {failed} failures")
    return exit_status(failed, len(rows))


def _show(answer: Answer, arguments: argparse.Namespace, path: Path, named: bool = False) -> None:
    if arguments.json:
        rows = [dict(row) for row in answer.evidence]
        told = {name: value for name, value in vars(answer).items() if name != "evidence"}
        print_json({"path": str(path), **told, "evidence": rows})
    else:
        print(f"{path}: {answer.text}" if named else answer.text)


def _chat(arguments: argparse.Namespace) -> int:
    import sys

    assistant, tools = _opened(arguments)
    picture: Measured = tools(arguments.image, arguments.pixel_size)
    before: tuple[tuple[str, str], ...] = ()
    shown = sys.stdin.isatty()
    while True:
        if shown:
            print("> ", end="", flush=True)
        line = sys.stdin.readline()
        question = line.strip()
        if not line or question.lower() in _LEAVE:
            return 0
        if not question:
            continue
        answer = assistant.ask(picture, arguments.image, question, before)
        before = (*before[-9:], (question, answer.text))
        print(answer.text, flush=True)


def _serve(arguments: argparse.Namespace) -> int:
    from micrographia.language.serving.run import serve

    assistant, tools = _opened(arguments)
    settings = settings_of(arguments).language.assistant.serve
    told = {"host": arguments.host, "port": arguments.port}
    chosen = {name: value for name, value in told.items() if value is not None}
    serve(assistant, tools, type(settings).model_validate({**settings.model_dump(), **chosen}))
    return 0
