"""`micrographia language`: structure as text, models of others, questions about pictures."""

from __future__ import annotations

import argparse
import logging
from pathlib import Path
from typing import Any

from micrographia.commandline import (
    Subparsers,
    above_zero,
    add_settings,
    exit_status,
    non_negative,
    positive,
    print_json,
    settings_of,
)
from micrographia.config import PictureDials, StructureText
from micrographia.language.grounding import cli as grounding
from micrographia.language.instruction import cli as instruction
from micrographia.language.network import cli as network
from micrographia.language.structure.views import cli as views
from micrographia.language.tuning import cli as tuning
from micrographia.method_names import PICTURE_ENGINES

logger = logging.getLogger(__name__)


def register(verbs: Subparsers) -> None:
    """Add the room's verbs."""
    texts = verbs.add_parser("texts", help="write crystals as text and hold some of them out")
    texts.add_argument("structures", type=Path, help="structures.parquet of `stem structures`")
    _add_seed(texts, "of the split")
    texts.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    add_settings(texts, StructureText)
    texts.set_defaults(run=_texts)
    train = verbs.add_parser(
        "train-structure",
        help="train the network that writes structures; an interrupted training resumes from its "
        "last saved state",
    )
    train.add_argument("texts", type=Path, help="table of `language texts`")
    _add_seed(train, "of the weights and the samples")
    train.add_argument(
        "--threads", type=non_negative, default=0, help="threads of torch; 0: its default"
    )
    train.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="weights to write (.safetensors)"
    )
    add_settings(train, StructureText)
    train.set_defaults(run=_train)
    _register_answers(verbs)
    _register_datasets(verbs)
    views.register(verbs)
    tuning.register(verbs)
    grounding.register(verbs)
    instruction.register(verbs)
    network.register(verbs)


def _register_answers(verbs: Subparsers) -> None:
    """Add the verbs that write structures."""
    one = verbs.add_parser(
        "structure",
        help="write the crystal that one STEM image shows",
        description="Write the crystal that one STEM image shows. Prints the ranked structures as "
        "JSON.",
    )
    one.add_argument("image", type=Path, metavar="IMG", help="TIFF or other image file")
    one.add_argument("--formula", default=None, help="chemical formula, such as MoS2")
    one.add_argument("--bravais", default=None, help="plane lattice, such as hexagonal")
    one.add_argument("--pixel-size", type=float, default=None, help="pixel size [Å]")
    one.add_argument("--out", type=Path, required=True, metavar="CIF", help="CIF to write")
    _add_answering(one)
    one.set_defaults(run=_structure)
    many = verbs.add_parser(
        "structures", help="draw pictures of held-out crystals and write the structures they show"
    )
    many.add_argument("texts", type=Path, help="table of `language texts`")
    many.add_argument(
        "--split", default="test", choices=("train", "validation", "test"), help="which crystals"
    )
    many.add_argument(
        "--told", default="formula", choices=("formula", "lattice", "nothing"),
        help="what the network is told: the formula, also the Bravais lattice, or nothing",
    )  # fmt: skip
    many.add_argument("--limit", type=positive, default=None, help="only the first N crystals")
    many.add_argument(
        "--no-picture", action="store_true", help="answer from the text alone, without the picture"
    )
    many.add_argument(
        "--baseline", choices=("nearest", "mean"), default=None,
        help="answer without a network: the training crystal whose picture is most like, or the "
        "most ordinary one",
    )  # fmt: skip
    many.add_argument("--out", type=Path, required=True, metavar="TABLE", help="table to write")
    _add_answering(many)
    many.set_defaults(run=_structures)


def _register_datasets(verbs: Subparsers) -> None:
    """Add the verbs of data sets with ranked answers."""
    ranked = verbs.add_parser(
        "ranked", help="answer a data set of pictures with ranked crystals; writes JSON lines"
    )
    ranked.add_argument(
        "dataset", type=Path, metavar="DATASET", help="table of pictures, or the folder with it"
    )
    ranked.add_argument("--out", type=Path, required=True, metavar="JSONL", help="file to write")
    _add_answering(ranked)
    ranked.set_defaults(run=_ranked)
    draw = verbs.add_parser(
        "pictures", help="draw pictures of crystals as a data set with ranked answers"
    )
    draw.add_argument("texts", type=Path, help="table of `language texts`")
    draw.add_argument(
        "--split", default="test", choices=("train", "validation", "test"), help="which crystals"
    )
    draw.add_argument(
        "--engine", choices=PICTURE_ENGINES, default=None,
        help="image model: Gaussians of weight Z^1.7 as in MicroscopyGPT (convolution), dark "
        "field (incoherent) or iDPC (phase-object); default: that of --settings, or convolution",
    )  # fmt: skip
    draw.add_argument(
        "--dose", type=above_zero, default=None, metavar="ELECTRONS",
        help="electrons per Å² that are counted (Poisson noise); default: no noise",
    )  # fmt: skip
    draw.add_argument("--limit", type=positive, default=None, help="only N crystals, at random")
    _add_seed(draw, "of the pictures")
    draw.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="folder to write")
    # Dials that are not named spoil nothing.
    add_settings(draw, PictureDials)
    draw.set_defaults(run=_pictures)


def _add_answering(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint", type=Path, default=None, metavar="FILE",
        help="weights of `train-structure`; default: those of the settings, or the shipped ones",
    )  # fmt: skip
    parser.add_argument(
        "--samples", type=positive, default=None,
        help="number of structures for a picture; default: that in the settings",
    )  # fmt: skip
    _add_seed(parser, "of the structures that are drawn")
    add_settings(parser, StructureText)


def _add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--seed", type=non_negative, default=1665, help=f"random seed {what} (default: 1665)"
    )


def _texts(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import CRYSTAL_TEXTS, STRUCTURES
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.structure.dataset import crystal_texts
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [arguments.structures])
    structures = read_rows(arguments.structures, STRUCTURES)
    rows = crystal_texts(structures, settings, arguments.seed)
    write_table(rows, arguments.out, CRYSTAL_TEXTS, stamp(settings, arguments.seed))
    told = [
        f"{sum(row['split'] == split for row in rows)} {split}"
        for split in ("train", "validation", "test")
    ]
    failed = sum(row["failure"] is not None for row in rows)
    print(f"{arguments.out}: {', '.join(told)}; {failed} failed")
    return 0


def _train(arguments: argparse.Namespace) -> int:
    import torch

    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import CRYSTAL_TEXTS, TRAINING_HISTORY
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.structure.train import train
    from micrographia.provenance import stamp
    from micrographia.training.history import draw_history

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    settings, seed, out = settings_of(arguments), arguments.seed, arguments.out
    # The card beside the weights must not replace the settings, which would forbid to resume.
    refuse_inputs([out, out.with_suffix(".json")], [arguments.texts, arguments.settings])
    rows = read_rows(arguments.texts, CRYSTAL_TEXTS)
    progress = train(rows, settings, out, seed)
    beside = out.parent / out.stem
    provenance = stamp(settings, seed)
    write_table(progress.history, f"{beside}-history.parquet", TRAINING_HISTORY, provenance)
    draw_history(progress.history, "structure as text", f"{beside}-curves.png")
    logger.info("best scores of %s: %s", out, progress.best)
    return 0


def _structure(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs, write_text
    from micrographia.io.stem_images import read_stem_image
    from micrographia.io.structures import to_cif
    from micrographia.language.structure.predict import (
        open_writer,
        parse_formula,
        resample,
        write_structures,
    )
    from micrographia.language.structure.tokens import prompt

    settings = settings_of(arguments)
    given = [arguments.image, *([arguments.checkpoint] if arguments.checkpoint else [])]
    refuse_inputs([arguments.out], given)
    formula = None if arguments.formula is None else parse_formula(arguments.formula)
    words = prompt(formula, arguments.bravais)
    writer = open_writer(arguments.checkpoint, settings)
    image = read_stem_image(arguments.image, arguments.pixel_size)
    answers = write_structures(
        writer, [resample(image)], [words], arguments.samples or settings.samples,
        settings.temperature, arguments.seed, settings.again,
    )[0]  # fmt: skip
    best = answers[0].crystal
    write_text(arguments.out, to_cif(best.atoms(), best.text().splitlines(), arguments.image.stem))
    print_json(
        {
            "cif": str(arguments.out),
            "structures": [
                {
                    "text": one.crystal.text(),
                    "log_likelihood": round(one.log_likelihood, 3),
                    "explained": None if one.explained is None else round(one.explained, 3),
                }
                for one in answers
            ],
        }
    )
    return 0


def _of_split(rows: list[dict[str, Any]], arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """Return the crystals of the part that was asked for."""
    from micrographia.errors import TableError

    found = [row for row in rows if row["split"] == arguments.split]
    if not found:
        raise TableError(
            f"{arguments.texts} has no crystals of the part '{arguments.split}'",
            remedy="Choose another --split, or hold some out: `language texts` with more crystals",
        )
    return found


def _structures(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.schemas import CRYSTAL_TEXTS, WRITTEN_CRYSTALS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.language.structure.baselines import baseline_rows
    from micrographia.language.structure.predict import Asked, answer_rows, open_writer
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [arguments.texts])
    rows = read_rows(arguments.texts, CRYSTAL_TEXTS)
    chosen = _of_split(rows, arguments)[: arguments.limit]
    asked = Asked(
        told=arguments.told,
        samples=arguments.samples or settings.samples,
        seed=arguments.seed,
        blind=arguments.no_picture,
    )
    if arguments.baseline is not None:
        answers = baseline_rows(arguments.baseline, rows, chosen, settings, arguments.seed)
    else:
        writer = open_writer(arguments.checkpoint, settings)
        answers = answer_rows(writer, chosen, settings, asked)
    write_table(answers, arguments.out, WRITTEN_CRYSTALS, stamp(settings, arguments.seed))
    failed = sum(row["failure"] is not None for row in answers)
    print(f"{arguments.out}: {len(chosen)} pictures, {len(answers)} rows, {failed} failed")
    return exit_status(failed, len(answers))


def _ranked(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.datasets.answers import write_answers
    from micrographia.io.datasets.ranked import find_table, read_dataset
    from micrographia.language.structure.predict import open_writer
    from micrographia.language.structure.ranked import answer_items

    settings = settings_of(arguments)
    refuse_inputs([arguments.out], [find_table(arguments.dataset)])
    items = read_dataset(arguments.dataset)
    writer = open_writer(arguments.checkpoint, settings)
    samples = arguments.samples or settings.samples
    rows = list(answer_items(writer, items, samples, settings, arguments.seed))
    write_answers(arguments.out, rows)
    failed = sum("failure" in row for row in rows)
    print(f"{arguments.out}: {len(rows) - failed} answers, {failed} refusals")
    return exit_status(failed, len(rows))


def _pictures(arguments: argparse.Namespace) -> int:
    from micrographia.io.atomic import atomic_directory
    from micrographia.io.schemas import CRYSTAL_TEXTS
    from micrographia.io.tables import read_rows
    from micrographia.language.structure.views.dataset import dials_given, draw_dataset

    dials = dials_given(settings_of(arguments), arguments.engine)
    rows = read_rows(arguments.texts, CRYSTAL_TEXTS)
    chosen = _of_split(rows, arguments)
    with atomic_directory(arguments.out, [arguments.texts]) as folder:
        count = draw_dataset(
            chosen, folder, dials, arguments.dose, arguments.seed, arguments.limit
        )
    print(f"{arguments.out}: {count} pictures")
    return 0
