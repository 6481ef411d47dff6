"""`micrographia classification`: pictures in, vectors, classifiers and classes out."""

from __future__ import annotations

import argparse
import logging
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from micrographia.classification.alignment import cli as alignment
from micrographia.classification.baselines import cli as baselines_cli
from micrographia.classification.finetuning import cli as finetuning
from micrographia.classification.questions import cli as questions
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
from micrographia.method_names import CHOICES, SPLITS

LOG = logging.getLogger(__name__)

#: Classifier that comes with the package; see its card, the .json beside it.
SHIPPED = Path("classification/weights/kinds.safetensors")
#: Rows written at once.
_BATCH = 500


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    baselines_cli.register(verbs)
    embed = verbs.add_parser("embed", help="turn the pictures of a set into vectors")
    embed.add_argument(
        "source", type=Path, help="folder with one folder for each class, or table of labels"
    )
    embed.add_argument(
        "--mirrored", action="store_true", help="encode each picture mirrored too, for `train`"
    )
    _add_jobs(embed)
    _add_out(embed)
    embed.set_defaults(run=_embed)
    neighbours = verbs.add_parser(
        "neighbours", help="list the most similar pictures of a table of embeddings"
    )
    neighbours.add_argument("queries", type=Path, nargs="+", help="pictures")
    _add_embeddings(neighbours)
    neighbours.add_argument(
        "--count", type=positive, default=5, help="number of neighbours (default: 5)"
    )
    add_settings(neighbours, Classification)
    neighbours.set_defaults(run=_neighbours)
    pretrain = verbs.add_parser("pretrain", help="train an encoder on pictures without labels")
    pretrain.add_argument(
        "pictures", type=Path, nargs="+", help="pictures, or folders of pictures"
    )
    _add_seed(pretrain)
    pretrain.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="encoder to write, .safetensors"
    )
    add_settings(pretrain, Classification)
    pretrain.set_defaults(run=_pretrain)
    finetuning.register(verbs)
    _register_learning(verbs)
    _register_answers(verbs)
    alignment.register(verbs)
    questions.register(verbs)


def _register_learning(verbs: Subparsers) -> None:
    """Add the verbs that hold out and train."""
    split = verbs.add_parser("split", help="hold pictures out for a test")
    _add_embeddings(split)
    split.add_argument(
        "--how", choices=SPLITS, default="grouped",
        help="keep near-copies and groups together (default), deal single pictures, or hold the "
        "hardest ones out",
    )  # fmt: skip
    split.add_argument(
        "--share", type=float, default=0.2, help="fraction to hold out (default: 0.2)"
    )
    _add_seed(split)
    _add_out(split)
    split.set_defaults(run=_split)
    train = verbs.add_parser("train", help="train a classifier on embeddings")
    _add_embeddings(train, many=True)
    train.add_argument(
        "--calibrate-on", type=Path, nargs="+", default=[], metavar="TABLE",
        help="embeddings to train on as well; confidences are then fitted to these alone, such "
        "as to real pictures beside drawn ones",
    )  # fmt: skip
    _add_seed(train)
    train.add_argument(
        "--licences", nargs="+", default=[], metavar="NAME", help="of the pictures, for the card"
    )
    train.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="classifier to write, .safetensors"
    )
    add_settings(train, Classification)
    train.set_defaults(run=_train)


def _register_answers(verbs: Subparsers) -> None:
    """Add the verbs that say what pictures show."""
    predict = verbs.add_parser("predict", help="say what kinds of nanomaterials pictures show")
    predict.add_argument(
        "pictures", type=Path, nargs="+", help="pictures, folders of pictures, tables of labels"
    )
    predict.add_argument(
        "--classifier",
        type=Path,
        default=SHIPPED,
        metavar="FILE",
        help="written by `train` (default: the shipped one, of ten classes of nanomaterials)",
    )
    predict.add_argument(
        "--heatmaps", type=Path, metavar="DIR", help="folder for pictures of what decided"
    )
    _add_jobs(predict)
    _add_out(predict, required=False)
    predict.set_defaults(run=_predict)
    ask = verbs.add_parser(
        "ask", help="let a vision-language model identify pictures, with examples of each class"
    )
    ask.add_argument("queries", type=Path, help="embeddings of the pictures to identify")
    _add_embeddings(ask)
    ask.add_argument(
        "--shots", type=non_negative, default=3, help="examples of each class (default: 3)"
    )
    ask.add_argument(
        "--choice", choices=CHOICES, default="likeness", help="how examples are chosen"
    )
    ask.add_argument(
        "--cache", type=Path, required=True, metavar="SQLITE", help="file of all calls"
    )
    ask.add_argument("--again", action="store_true", help="ask again where there was no answer")
    _add_seed(ask)
    _add_out(ask)
    ask.set_defaults(run=_ask)
    bench = verbs.add_parser(
        "bench", help="identify held-out pictures from few and from all examples"
    )
    _add_embeddings(bench)
    bench.add_argument(
        "--extra", type=Path, metavar="TABLE", help="embeddings to learn from, never tested on"
    )
    bench.add_argument(
        "--split", type=Path, metavar="TABLE", help="written by `split`; else cross-validation"
    )
    _add_seed(bench)
    _add_out(bench)
    bench.set_defaults(run=_bench)


def _add_embeddings(parser: argparse.ArgumentParser, many: bool = False) -> None:
    parser.add_argument(
        "--embeddings", type=Path, required=True, metavar="TABLE", nargs="+" if many else None,
        help="written by `embed`",
    )  # fmt: skip


def _add_seed(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=non_negative, default=0, help="random seed (default: 0)")


def _add_jobs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--jobs", type=positive, default=os.cpu_count() or 1, help="threads (default: all cores)"
    )


def _add_out(parser: argparse.ArgumentParser, required: bool = True) -> None:
    parser.add_argument(
        "--out", type=Path, required=required, metavar="TABLE", help="table to write"
    )
    add_settings(parser, Classification)


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    iterator = iter(rows)
    while part := list(islice(iterator, _BATCH)):
        yield part


def _embed(arguments: argparse.Namespace) -> int:
    from micrographia.classification.embedding import embed
    from micrographia.classification.encoders.registry import load_encoder
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.datasets.labelled import TABLE_NAMES, read_labelled
    from micrographia.io.schemas import EMBEDDINGS
    from micrographia.io.tables import write_batches
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    source = arguments.source
    refuse_inputs([arguments.out], [source, *(source / name for name in TABLE_NAMES)])
    found = read_labelled(source)
    for note in found.notes:
        LOG.warning("%s", note)
    counts = {"pictures": 0, "failed": 0}
    encoder = load_encoder(settings.encoder)
    rows = embed(found.rows, encoder, arguments.jobs, arguments.mirrored)
    write_batches(_batches(_counted(rows, counts)), arguments.out, EMBEDDINGS, stamp(settings))
    print(
        f"{arguments.out}: {counts['pictures']} pictures of {len(found.classes)} classes, "
        f"{counts['failed']} failed"
    )
    return exit_status(counts["failed"], counts["pictures"])


def _counted(rows: Iterable[dict[str, Any]], counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Count rows and failures as they pass, and say each failure once."""
    for row in rows:
        counts["pictures"] += 1
        if row["failure"] is not None:
            counts["failed"] += 1
            LOG.warning("%s", row["failure"])
        yield row


def _neighbours(arguments: argparse.Namespace) -> int:
    from micrographia.classification.embedding import embed
    from micrographia.classification.encoders.registry import load_encoder
    from micrographia.classification.nearest import nearest
    from micrographia.io.datasets.labelled import pictures_of
    from micrographia.io.schemas import EMBEDDINGS
    from micrographia.io.tables import read_rows

    pool = read_rows(arguments.embeddings, EMBEDDINGS)
    encoder = load_encoder(settings_of(arguments).encoder)
    asked = embed(pictures_of(arguments.queries), encoder)
    print_json(found := [nearest(query, pool, arguments.count) for query in asked])
    return exit_status(sum(one.get("failure") is not None for one in found), len(found))


def _pretrain(arguments: argparse.Namespace) -> int:
    from micrographia.classification.pretrain import pretrain
    from micrographia.io.datasets.labelled import pictures_of

    settings = settings_of(arguments).pretraining
    paths = [row["path"] for row in pictures_of(arguments.pictures)]
    progress, failures = pretrain(paths, settings, arguments.out, arguments.seed)
    for failure in failures:
        LOG.warning("%s", failure)
    print_json({"encoder": str(arguments.out), "failed": len(failures), **progress.best})
    return 0


def _split(arguments: argparse.Namespace) -> int:
    from collections import Counter

    from micrographia.classification.splits.make import make_split
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import EMBEDDINGS
    from micrographia.io.schemas import SPLITS as SPLIT_TABLE
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    refuse_inputs([arguments.out], [arguments.embeddings])
    rows = read_rows(arguments.embeddings, EMBEDDINGS)
    found = make_split(rows, arguments.how, arguments.share, arguments.seed)
    provenance = stamp(settings_of(arguments), arguments.seed)
    write_table(found, arguments.out, SPLIT_TABLE, provenance)
    counts = Counter(row["part"] for row in found if row["part"])
    print(f"{arguments.out}: " + ", ".join(f"{counts[part]} {part}" for part in sorted(counts)))
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from collections import Counter

    from micrographia.classification.classifier import save_classifier
    from micrographia.classification.learn import train
    from micrographia.io.schemas import EMBEDDINGS
    from micrographia.io.tables import read_rows
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    sets, judged = (
        [read_rows(table, EMBEDDINGS) for table in tables]
        for tables in (arguments.embeddings, arguments.calibrate_on)
    )
    model, metrics = train(sets, settings, arguments.seed, judged)
    counts = Counter(row["label"] for rows in sets + judged for row in rows if row["label"])
    data = {"pictures": dict(sorted(counts.items())), "licences": arguments.licences}
    card = stamp(settings) | {"metrics": metrics, "seed": arguments.seed, "data": data}
    save_classifier(arguments.out, model, card)
    print_json({"classifier": str(arguments.out), "classes": model.classes, **metrics})
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    from micrographia.classification.classifier import load_classifier
    from micrographia.classification.embedding import embed
    from micrographia.classification.encoders.registry import load_encoder
    from micrographia.classification.predict import predict
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.datasets.labelled import pictures_of
    from micrographia.io.resources import find_resource
    from micrographia.io.schemas import CLASSIFIED
    from micrographia.io.tables import write_batches
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    if arguments.out is not None:
        refuse_inputs([arguments.out], [*arguments.pictures, arguments.classifier])
    model, _ = load_classifier(find_resource(arguments.classifier))
    encoder = load_encoder(settings.encoder)
    asked = pictures_of(arguments.pictures)
    rows = predict(embed(asked, encoder, arguments.jobs), model, arguments.classifier.stem)
    if arguments.heatmaps is not None:
        from micrographia.classification.heatmap import draw_heatmaps

        rows = draw_heatmaps(rows, encoder, model, arguments.heatmaps)
    counts = {"pictures": 0, "failed": 0}
    told = _told(rows, counts)
    if arguments.out is None:
        for _ in told:
            pass
    else:
        write_batches(_batches(told), arguments.out, CLASSIFIED, stamp(settings))
    return exit_status(counts["failed"], counts["pictures"])


def _told(rows: Iterable[dict[str, Any]], counts: dict[str, int]) -> Iterator[dict[str, Any]]:
    """Print a line for each picture as it passes, and count: answer, or why there is none."""
    for row in rows:
        counts["pictures"] += 1
        if row["failure"] is not None:
            counts["failed"] += 1
            print(f"{row['path']}: {row['failure']}")
        else:
            ranked = zip(row["ranked"], row["probabilities"], strict=True)
            best = ", ".join(f"{name} {share:.2f}" for name, share in islice(ranked, 3))
            print(f"{row['path']}: {'' if row['sure'] else 'unsure: '}{best}")
        yield row


def _ask(arguments: argparse.Namespace) -> int:
    from micrographia.classification.asked.identify import Identifier, identify
    from micrographia.errors import ConfigError
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.resources import find_resource
    from micrographia.io.schemas import CLASSIFIED, EMBEDDINGS
    from micrographia.io.tables import read_rows, write_batches
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    if settings.endpoint is None:
        raise ConfigError(
            "No endpoint is set",
            remedy="Set classification.endpoint: base_url, model and, if needed, key_env",
        )
    refuse_inputs([arguments.out], [arguments.queries, arguments.embeddings])
    queries = read_rows(arguments.queries, EMBEDDINGS)
    pool = read_rows(arguments.embeddings, EMBEDDINGS)
    prompts = find_resource(settings.prompts)
    identifier = Identifier(
        settings.endpoint, arguments.cache, prompts, settings.prompt_version, arguments.again
    )
    counts = {"pictures": 0, "failed": 0}
    try:
        found = identify(
            queries, pool, identifier, arguments.shots, arguments.choice, arguments.seed,
            settings.none_of_these,
        )  # fmt: skip
        write_batches(_batches(_told(found, counts)), arguments.out, CLASSIFIED, stamp(settings))
    finally:
        identifier.close()
    return exit_status(counts["failed"], counts["pictures"])


def _bench(arguments: argparse.Namespace) -> int:
    from micrographia.classification.bench import bench
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import CLASSIFIED, EMBEDDINGS
    from micrographia.io.schemas import SPLITS as SPLIT_TABLE
    from micrographia.io.tables import read_rows, write_batches
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    inputs = (arguments.embeddings, arguments.split, arguments.extra)
    refuse_inputs([arguments.out], [each for each in inputs if each is not None])
    rows = read_rows(arguments.embeddings, EMBEDDINGS)
    parts = None
    if arguments.split is not None:
        parts = {row["path"]: row["part"] for row in read_rows(arguments.split, SPLIT_TABLE)}
    extra = [] if arguments.extra is None else read_rows(arguments.extra, EMBEDDINGS)
    counts: dict[str, int] = {"pictures": 0, "failed": 0}
    found = _counted(bench(rows, settings, arguments.seed, extra, parts), counts)
    write_batches(_batches(found), arguments.out, CLASSIFIED, stamp(settings))
    print(f"{arguments.out}: {counts['pictures']} answers, {counts['failed']} failed")
    return 0
