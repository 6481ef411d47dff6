"""`micrographia curation text`, `finish`, `train-text`, `choose-text`: text and its detector."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import (
    Subparsers,
    add_settings,
    add_shard,
    non_negative,
    settings_of,
)
from micrographia.config import Text, TextTraining


def register(verbs: Subparsers) -> None:
    """Add the verbs `text`, `finish`, `train-text` and `choose-text`."""
    text = verbs.add_parser("text", help="find the text regions in the kept micrographs")
    text.add_argument("--micrographs", type=Path, required=True, help="table written by `merge`")
    text.add_argument(
        "--weights", type=Path, help="detector to use instead of the one in the settings"
    )
    add_shard(text)
    text.add_argument("--out", type=Path, required=True, help="table to write")
    add_settings(text, Text)
    text.set_defaults(run=_text)

    _register_finish(verbs)
    _register_training(verbs)


def _register_finish(verbs: Subparsers) -> None:
    finish = verbs.add_parser("finish", help="join the tables of all steps of curation")
    finish.add_argument("--micrographs", type=Path, required=True, help="table written by `merge`")
    finish.add_argument(
        "--text",
        type=Path,
        nargs="*",
        default=[],
        metavar="TABLE",
        help="tables written by `text`",
    )
    finish.add_argument(
        "--scale",
        type=Path,
        nargs="*",
        default=[],
        metavar="TABLE",
        help="tables written by `scale`",
    )
    finish.add_argument(
        "--legible",
        type=Path,
        nargs="*",
        default=[],
        metavar="TABLE",
        help="tables written by `annotation legible`; pictures with illegible text are rejected",
    )
    finish.add_argument(
        "--out", type=Path, required=True, help="table to write, micrographs.parquet"
    )
    finish.set_defaults(run=_finish)


def _register_training(verbs: Subparsers) -> None:
    train = verbs.add_parser("train-text", help="train the detector of text regions")
    train.add_argument(
        "--pictures", type=Path, required=True, help="folder written by `synthesis text-pictures`"
    )
    train.add_argument(
        "--out",
        type=Path,
        required=True,
        help="detector.safetensors to write; its .json card is written beside it",
    )
    train.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the training"
    )
    add_settings(train, TextTraining)
    train.set_defaults(run=_train)

    choose = verbs.add_parser(
        "choose-text",
        help="fit on labelled real pictures which proposals of a detector to accept",
        description="Fit only the last step of a trained detector, on the pictures of "
        "settings.labelled; some tens of pictures are enough. `train-text` does the same "
        "at its end.",
    )
    choose.add_argument("--weights", type=Path, required=True, help="trained detector.safetensors")
    choose.add_argument(
        "--out",
        type=Path,
        required=True,
        help="detector.safetensors to write; its .json card is written beside it",
    )
    add_settings(choose, TextTraining)
    choose.set_defaults(run=_choose)


def _text(arguments: argparse.Namespace) -> int:
    import cv2
    import torch

    from micrographia.curation.text.network import load_detector
    from micrographia.curation.text.regions import search
    from micrographia.errors import ConfigError
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import MICROGRAPHS, TEXT
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    if arguments.shard >= arguments.shards:
        raise ConfigError(
            "There is no such shard",
            seen=f"--shard {arguments.shard} --shards {arguments.shards}",
            allowed="0 <= shard < shards",
        )
    refuse_inputs([arguments.out], [arguments.micrographs])
    table = read_rows(arguments.micrographs, MICROGRAPHS)
    kept = [row for row in table if row["status"] == "kept"][arguments.shard :: arguments.shards]
    # One job is one core.
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    detector = load_detector(arguments.weights or settings.weights, settings)
    write_table(list(search(kept, detector, settings)), arguments.out, TEXT, stamp(settings))
    return 0


def _finish(arguments: argparse.Namespace) -> int:
    from micrographia.curation.finish import add_scale, add_text, reject_illegible
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import LEGIBILITY, MICROGRAPHS, SCALE, TEXT
    from micrographia.io.tables import read_provenance, read_rows, write_table

    inputs = [arguments.micrographs, *arguments.text, *arguments.scale, *arguments.legible]
    refuse_inputs([arguments.out], inputs)
    rows = read_rows(arguments.micrographs, MICROGRAPHS)
    provenance = {"curation": read_provenance(arguments.micrographs)}
    if arguments.text:
        rows = add_text(rows, [row for path in arguments.text for row in read_rows(path, TEXT)])
        provenance["text"] = read_provenance(arguments.text[0])
    scales = None
    if arguments.scale:
        scales = [row for path in arguments.scale for row in read_rows(path, SCALE)]
        provenance["scale"] = read_provenance(arguments.scale[0])
    rows = add_scale(rows, scales)
    if arguments.legible:
        told = [row for path in arguments.legible for row in read_rows(path, LEGIBILITY)]
        rows = reject_illegible(rows, told)
        provenance["legibility"] = read_provenance(arguments.legible[0])
    write_table(rows, arguments.out, MICROGRAPHS, provenance)
    return 0


def _train(arguments: argparse.Namespace) -> int:
    from micrographia.curation.text.network import save_detector
    from micrographia.curation.text.training import train
    from micrographia.io.schemas import TEXT_PICTURES
    from micrographia.io.tables import read_rows

    _check_out(arguments.out)
    rows = read_rows(arguments.pictures / "regions.parquet", TEXT_PICTURES)
    model, described = train(arguments.pictures, rows, settings_of(arguments), arguments.seed)
    save_detector(arguments.out, model, described)
    return 0


def _choose(arguments: argparse.Namespace) -> int:
    from dataclasses import asdict

    from micrographia.curation.text.labels import labelled_pictures
    from micrographia.curation.text.network import Detector, read_model, save_detector
    from micrographia.curation.text.training import learn_choice
    from micrographia.errors import ConfigError

    _check_out(arguments.out)
    settings = settings_of(arguments)
    if settings.labelled is None:
        raise ConfigError(
            "There are no labelled pictures to train on",
            remedy="Set them in --settings: labelled.images and labelled.boxes",
        )
    model, described = read_model(arguments.weights)
    detector = Detector(model, dict(enumerate(described["classes"])), Text())
    choice = learn_choice(detector, labelled_pictures(settings.labelled))
    labelled = settings.labelled.model_dump(mode="json")
    described["settings"] = described["settings"] | {"labelled": labelled}
    save_detector(arguments.out, model, described | {"choice": asdict(choice)})
    return 0


def _check_out(out: Path) -> None:
    from micrographia.errors import ConfigError

    if out.suffix != ".safetensors":
        raise ConfigError(
            "The detector cannot be written to this file", seen=out.name, allowed="*.safetensors"
        )
