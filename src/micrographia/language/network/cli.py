"""`micrographia language train-assistant | export-adapters`: the assistant's network."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config.language.network import AssistantNetwork


def register(verbs: Subparsers) -> None:
    """Add the verb."""
    train = verbs.add_parser(
        "train-assistant",
        help="train the assistant's network; an interrupted training resumes from its last saved "
        "state",
    )
    train.add_argument("questions", type=Path, help="table of `language instructions`")
    train.add_argument(
        "--facts", type=Path, nargs="+", required=True, metavar="TABLE",
        help="tables of `language facts` that the questions were made from",
    )  # fmt: skip
    train.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of weights and samples"
    )
    train.add_argument(
        "--threads", type=non_negative, default=0, help="threads of torch; 0: its default"
    )
    train.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="weights to write (.safetensors)"
    )
    add_settings(train, AssistantNetwork)
    train.set_defaults(run=_train)
    export = verbs.add_parser(
        "export-adapters",
        help="write the adapters of the assistant's network as a folder that peft loads",
    )
    export.add_argument("weights", type=Path, help="file of `train-assistant`")
    export.add_argument(
        "--rank", type=positive, default=None, help="rank to cut them to; default: the highest"
    )
    export.add_argument("--out", type=Path, required=True, help="folder to write")
    export.set_defaults(run=_export)


def _train(arguments: argparse.Namespace) -> int:
    import torch

    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import FACTS, INSTRUCTIONS, TRAINING_HISTORY
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.network.train import train
    from micrographia.provenance import stamp
    from micrographia.training.history import draw_history

    out = arguments.out
    read = [arguments.questions, *arguments.facts, arguments.settings]
    refuse_inputs([out, out.with_suffix(".json")], read)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    settings, seed = settings_of(arguments), arguments.seed
    questions = read_rows(arguments.questions, INSTRUCTIONS)
    facts = [row for table in arguments.facts for row in read_rows(table, FACTS)]
    progress = train(questions, facts, settings, out, seed)
    beside = out.parent / out.stem
    provenance = stamp(settings, seed)
    write_table(progress.history, f"{beside}-history.parquet", TRAINING_HISTORY, provenance)
    draw_history(progress.history, "the assistant's network", f"{beside}-curves.png")
    print_json({"weights": str(out), **progress.best})
    return 0


def _export(arguments: argparse.Namespace) -> int:
    from micrographia.language.network.adapters import export_adapters

    rank = export_adapters(arguments.weights, arguments.out, arguments.rank)
    print_json({"adapters": str(arguments.out), "rank": rank})
    return 0
