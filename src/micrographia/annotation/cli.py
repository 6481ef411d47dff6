"""`micrographia annotation`: nine attributes of micrographs, by several annotators."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrographia.annotation.embedded import cli as embedded
from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import Annotation

if TYPE_CHECKING:
    from micrographia.annotation.annotator import Annotator


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    annotate = verbs.add_parser("annotate", help="describe the kept pictures with one annotator")
    annotate.add_argument(
        "--annotator", required=True, metavar="NAME", help="name of an annotator of the settings"
    )
    _add_pictures(annotate)
    annotate.set_defaults(run=_annotate)
    judge = verbs.add_parser("judge", help="let annotators check the answers of the others")
    judge.add_argument(
        "--judge", required=True, nargs="+", metavar="NAME", dest="annotator",
        help="annotators that judge, by name",
    )  # fmt: skip
    judge.add_argument(
        "--answers",
        type=Path,
        nargs="+",
        required=True,
        metavar="TABLE",
        help="tables written by `annotate`",
    )
    _add_pictures(judge)
    judge.set_defaults(run=_judge)
    legible = verbs.add_parser(
        "legible", help="ask an endpoint whether the text burnt into a picture is legible"
    )
    legible.add_argument(
        "--annotator", required=True, metavar="NAME", help="annotator of kind 'endpoint' to ask"
    )
    _add_pictures(legible)
    legible.set_defaults(run=_legible)
    embedded.register(verbs)
    _register_tables(verbs)


def _register_tables(verbs: Subparsers) -> None:
    """Add the verbs that read tables only."""
    review = verbs.add_parser(
        "review", help="write the final attributes and a list of the cases a person must decide"
    )
    review.add_argument(
        "--micrographs", type=Path, required=True, metavar="TABLE", help="table of micrographs"
    )
    _add_tables(review)
    add_settings(review, Annotation)
    review.add_argument("--out", type=Path, required=True, metavar="DIR", help="folder to write")
    review.set_defaults(run=_review)
    agree = verbs.add_parser(
        "agree", help="measure the agreement between annotators, corrected for chance"
    )
    _add_tables(agree)
    agree.add_argument(
        "--resamples", type=positive, default=2000, help="number of bootstrap resamples"
    )
    agree.add_argument(
        "--confidence", type=float, default=0.95, help="level of the confidence intervals"
    )
    agree.add_argument("--seed", type=non_negative, default=0, help="random seed of the bootstrap")
    agree.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    agree.set_defaults(run=_agree)
    bill = verbs.add_parser("bill", help="print calls, tokens and cost of all runs so far")
    bill.add_argument("cache", type=Path, help="SQLite file that stores the calls")
    bill.set_defaults(run=_bill)
    schema = verbs.add_parser(
        "schema", help="write the JSON schema and the vocabulary of an answer"
    )
    schema.add_argument(
        "--out", type=Path, required=True, metavar="JSON", help="JSON file to write"
    )
    schema.set_defaults(run=_schema)


def _add_pictures(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--micrographs", type=Path, required=True, metavar="TABLE", help="table of micrographs"
    )
    parser.add_argument(
        "--segmentation",
        type=Path,
        metavar="DIR",
        help="output folder of `segmentation predict` for the same shard",
    )
    add_shard(parser)
    add_settings(parser, Annotation)
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="FILE",
        help="SQLite file that stores the calls to endpoints, if the settings name none",
    )
    parser.add_argument(
        "--again",
        action="store_true",
        help="repeat the requests whose stored answers have the wrong form",
    )
    parser.add_argument(
        "--round",
        type=non_negative,
        default=0,
        help="number of earlier attempts at this table; each attempt repeats the requests that "
        "got no answer",
    )
    parser.add_argument(
        "--state",
        type=Path,
        metavar="JSON",
        help="file to write the number of this attempt and the requests without an answer to",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")


def _add_tables(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--answers", type=Path, nargs="+", required=True, metavar="TABLE",
        help="tables written by `annotate`",
    )  # fmt: skip
    parser.add_argument(
        "--verdicts", type=Path, nargs="*", default=[], metavar="TABLE",
        help="tables written by `judge`",
    )  # fmt: skip


@contextmanager
def _annotator(name: str, arguments: argparse.Namespace) -> Iterator[Annotator]:
    """The annotator that is asked for; its connections are closed afterwards."""
    from micrographia.annotation.registry import make_annotator

    annotator = make_annotator(name, settings_of(arguments), arguments.cache, arguments.again)
    try:
        yield annotator
    finally:
        close = getattr(annotator, "close", None)
        if close is not None:
            close()


def _cases(arguments: argparse.Namespace) -> list[Any]:
    from micrographia.annotation.batch import read_cases

    return read_cases(
        arguments.micrographs, arguments.segmentation, arguments.shard, arguments.shards
    )


def _progress(rows: Any, total: int | None) -> list[dict[str, Any]]:
    from tqdm import tqdm

    return list(tqdm(rows, total=total, disable=None))


def _annotate(arguments: argparse.Namespace) -> int:
    from micrographia.annotation.batch import annotate_cases
    from micrographia.io.schemas import ATTRIBUTES

    cases = _cases(arguments)
    with _annotator(arguments.annotator, arguments) as annotator:
        rows = _progress(annotate_cases(annotator, cases), len(cases))
    return _write(rows, arguments, ATTRIBUTES, [annotator])


def _judge(arguments: argparse.Namespace) -> int:
    from micrographia.annotation.batch import judge_cases
    from micrographia.io.schemas import ATTRIBUTES, CROSSCHECK
    from micrographia.io.tables import read_rows

    answers = [row for table in arguments.answers for row in read_rows(table, ATTRIBUTES)]
    cases = _cases(arguments)
    rows: list[dict[str, Any]] = []
    judges = []
    for name in arguments.annotator:
        with _annotator(name, arguments) as judge:
            rows += _progress(judge_cases(judge, cases, answers), None)
            judges.append(judge)
    return _write(rows, arguments, CROSSCHECK, judges)


def _legible(arguments: argparse.Namespace) -> int:
    from micrographia.annotation.batch import legibility_of_cases
    from micrographia.annotation.endpoint.annotator import EndpointAnnotator
    from micrographia.errors import MicrographiaError
    from micrographia.io.schemas import LEGIBILITY

    cases = _cases(arguments)
    with _annotator(arguments.annotator, arguments) as annotator:
        if not isinstance(annotator, EndpointAnnotator):
            raise MicrographiaError(
                f"Annotator '{annotator.name}' does not read text",
                allowed="annotators of kind 'endpoint'",
                remedy="Choose an annotator of this kind from annotation.annotators",
            )
        rows = _progress(legibility_of_cases(annotator, cases), len(cases))
    return _write(rows, arguments, LEGIBILITY, [annotator])


def _write(
    rows: list[dict[str, Any]],
    arguments: argparse.Namespace,
    schema: Any,
    annotators: Sequence[Annotator],
) -> int:
    import json
    import logging

    from micrographia.io.atomic import write_text
    from micrographia.io.tables import write_table
    from micrographia.provenance import stamp

    write_table(rows, arguments.out, schema, stamp(settings_of(arguments)))
    failed = sum(row["failure"] is not None for row in rows)
    if arguments.state is not None:
        # Only what another run could mend: a wrong answer that is kept comes back as it was.
        open_ = sum(getattr(annotator, "unanswered", 0) for annotator in annotators)
        state = {"round": arguments.round, "failed": failed, "unanswered": open_}
        write_text(arguments.state, json.dumps(state, indent=2, sort_keys=True) + "\n")
    log = logging.getLogger(__name__)
    log.info("%s: %d rows, %d failed", arguments.out, len(rows), failed)
    return 0


def _review(arguments: argparse.Namespace) -> int:
    from micrographia.annotation.review.crosscheck import conclude, gather
    from micrographia.annotation.review.form import read_decisions, render_form
    from micrographia.io import schemas
    from micrographia.io.atomic import write_text
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    answers, verdicts = _tables(arguments)
    pictures = [
        row
        for row in read_rows(arguments.micrographs, schemas.MICROGRAPHS)
        if row["status"] == "kept"
    ]
    reviewed = read_decisions(Path(settings.resolved), pictures) if settings.resolved else {}
    order = [annotator.name for annotator in settings.annotators]
    final, queue = conclude(pictures, gather(answers, verdicts), order, reviewed)
    made = stamp(settings)
    out = arguments.out
    write_table(answers, out / "attributes.parquet", schemas.ATTRIBUTES, made)
    write_table(verdicts, out / "crosscheck.parquet", schemas.CROSSCHECK, made)
    write_table(queue, out / "review_queue.parquet", schemas.REVIEW_QUEUE, made)
    write_text(out / "review_queue.csv", render_form(queue))
    write_table(final, out / "attributes_final.parquet", schemas.ATTRIBUTES_FINAL, made)
    disputed = sum(row["n_disputed"] > 0 for row in final)
    print(
        f"{out}: {len(final)} pictures, {len(queue)} attributes of {disputed} pictures need the "
        f"decision of a person, {len(reviewed)} have one"
    )
    return 0


def _agree(arguments: argparse.Namespace) -> int:
    import json

    from micrographia.annotation.review.agreement import agreement
    from micrographia.io.atomic import write_text

    answers, verdicts = _tables(arguments)
    found = agreement(
        answers,
        verdicts,
        resamples=arguments.resamples,
        confidence=arguments.confidence,
        seed=arguments.seed,
    )
    write_text(arguments.out, json.dumps(found, indent=2, sort_keys=True) + "\n")
    for entry in found["pairs"]:
        if entry["kappa"] is not None:
            names = " and ".join(entry["annotators"])
            print(
                f"{entry['attribute']:20} {names}: kappa {entry['kappa']:.2f} "
                f"[{entry['low']:.2f}, {entry['high']:.2f}], n = {entry['n']}"
            )
    return 0


def _tables(arguments: argparse.Namespace) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    from micrographia.io.schemas import ATTRIBUTES, CROSSCHECK
    from micrographia.io.tables import read_rows

    answers = [row for table in arguments.answers for row in read_rows(table, ATTRIBUTES)]
    verdicts = [row for table in arguments.verdicts for row in read_rows(table, CROSSCHECK)]
    return answers, verdicts


def _bill(arguments: argparse.Namespace) -> int:
    from micrographia.errors import MicrographiaError
    from micrographia.io.endpoint.ledger import Ledger

    if not arguments.cache.is_file():
        raise MicrographiaError(
            f"The file of calls {arguments.cache} does not exist",
            remedy="The first call to an endpoint creates it",
        )
    print_json(Ledger(arguments.cache).bill())
    return 0


def _schema(arguments: argparse.Namespace) -> int:
    import json

    from micrographia.annotation.schema import attributes_json_schema, verdicts_json_schema
    from micrographia.io.atomic import write_text
    from micrographia.io.vocabulary import QUESTIONS, VOCABULARY

    document = {
        "questions": QUESTIONS,
        "vocabulary": VOCABULARY,
        "attributes": attributes_json_schema(),
        "verdicts": verdicts_json_schema(),
    }
    write_text(arguments.out, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    return 0
