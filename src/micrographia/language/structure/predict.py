"""Write the structures that pictures show: several for each, ranked by their likelihood."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from ase.formula import Formula
from scipy.ndimage import gaussian_filter, map_coordinates
from transformers import LogitsProcessor, LogitsProcessorList

from micrographia.arrays import FloatImage
from micrographia.config import StructureText
from micrographia.errors import ImageError, MicrographiaError, StructureError
from micrographia.io.resources import find_resource
from micrographia.io.schemas import WRITTEN_CRYSTALS
from micrographia.io.schemas.rows import blank
from micrographia.io.stem_images import StemImage
from micrographia.io.structures import to_cif
from micrographia.language.structure.canonical import Written
from micrographia.language.structure.grammar import CrystalGrammar, automaton_of
from micrographia.language.structure.model import Writer, load_writer
from micrographia.language.structure.pictures import PIXEL, SIDE
from micrographia.language.structure.samples import crystals_of, prompt_of, show
from micrographia.language.structure.seen.features import features
from micrographia.language.structure.tokens import END, LONGEST, PAD, PROMPT, decode, encode
from micrographia.training.devices import choose_device

#: Weights that are used where none are named.
SHIPPED = "language/structure/weights/structure.safetensors"
#: Pictures that are answered at once.
_BATCH = 16


@dataclass(frozen=True)
class Answer:
    """One structure for a picture.

    Attributes
    ----------
    crystal
        What was written.
    log_likelihood
        Natural logarithm of its probability among all that the grammar allows.
    """

    crystal: Written
    log_likelihood: float

    @property
    def per_word(self) -> float:
        """Mean over the words: the sum alone would prefer small cells, which take fewer words."""
        return self.log_likelihood / len(encode(self.crystal))


@dataclass(frozen=True)
class Asked:
    """How a table of crystals is asked for.

    Attributes
    ----------
    told
        One of `samples.TOLD`.
    samples
        Structures for a picture.
    seed
        Of pictures and samples.
    blind
        Whether an empty picture stands for each, so that the text alone speaks.
    """

    told: str = "formula"
    samples: int = 5
    seed: int = 1665
    blind: bool = False


def open_writer(checkpoint: str | Path | None, settings: StructureText) -> Writer:
    """Load the network: the named weights, those of the settings, or the shipped ones.

    Raises
    ------
    CheckpointError
        As `load_writer`.
    """
    path = checkpoint or settings.checkpoint or find_resource(SHIPPED)
    return load_writer(path)[0].to(choose_device(settings.device))


def parse_formula(text: str) -> dict[int, int]:
    """Return the amounts of a formula by atomic number, in smallest whole numbers.

    Raises
    ------
    StructureError
        It is no formula.

    Examples
    --------
    >>> parse_formula("Mo2S4")
    {42: 1, 16: 2}
    """
    from ase.data import atomic_numbers

    try:
        counts = Formula(text).reduce()[0].count()
        if not counts:
            raise ValueError("it is empty")
        return {atomic_numbers[symbol]: int(count) for symbol, count in counts.items()}
    except (ValueError, KeyError) as error:
        raise StructureError(
            f"'{text}' is no chemical formula ({str(error) or 'it cannot be read'})",
            allowed="such as MoS2 or Ti3C2O2",
        ) from None


def resample(image: StemImage) -> FloatImage:
    """Cut the middle of a picture and bring it to the pixels that the network knows.

    Returns
    -------
    (256, 256) with pixels of 0.1 Å.

    Raises
    ------
    ImageError
        The picture shows less than 25.6 Å, or nothing.
    """
    pixels = np.asarray(image.pixels, dtype=np.float64)
    if np.ptp(pixels) == 0:
        raise ImageError("The picture shows nothing: all of it has one grey level")
    side, field = SIDE * PIXEL, min(pixels.shape) * image.pixel_size
    if field < side - image.pixel_size:
        raise ImageError(
            "The picture is too small for the network", seen=f"{field:.1f} Å",
            allowed=f"at least {side:g} Å along both sides",
            remedy="Take a larger picture, or check the pixel size",
        )  # fmt: skip
    step = PIXEL / image.pixel_size
    if step > 1:
        # What is finer than the new pixels must not fold back.
        pixels = gaussian_filter(pixels, 0.35 * np.sqrt(step**2 - 1))
    offset = (np.arange(SIDE) - (SIDE - 1) / 2) * step
    rows, columns = ((length - 1) / 2 + offset for length in pixels.shape)
    grid = np.meshgrid(rows, columns, indexing="ij")
    return np.asarray(map_coordinates(pixels, grid, order=3, mode="nearest"), dtype=np.float32)


def write_structures(
    writer: Writer,
    pictures: Sequence[FloatImage],
    prompts: Sequence[Sequence[int]],
    samples: int,
    temperature: float,
    seed: int,
) -> list[list[Answer]]:
    """Write structures for a batch of pictures.

    Parameters
    ----------
    writer
        The network.
    pictures
        (256, 256) each, pixels of 0.1 Å.
    prompts
        Of `tokens.prompt`, one for each picture.
    samples
        Structures for a picture: the most likely word each time, and random ones.
    temperature
        Of the random ones.
    seed
        Of the random ones.

    Returns
    -------
    For each picture its different structures, the most likely first, by the mean over their words.
    All obey the grammar; the same structure twice is given once, so there can be fewer than
    `samples`.
    """
    device = next(writer.parameters()).device
    image = torch.from_numpy(np.stack([features(picture) for picture in pictures])).to(device)
    start = torch.tensor(np.array(prompts), device=device)
    torch.manual_seed(seed)
    with torch.inference_mode():
        states = writer.network.encoder(pixel_values=image)
        found = _generate(writer, image, states, start, samples, temperature)
    ranked = []
    for number in range(len(pictures)):
        different: dict[Written, Answer] = {}
        for answer in found[number]:
            different.setdefault(answer.crystal, answer)
        ranked.append(sorted(different.values(), key=lambda answer: -answer.per_word))
    return ranked


def _generate(
    writer: Writer,
    image: torch.Tensor,
    states: Any,
    start: torch.Tensor,
    count: int,
    temperature: float,
) -> list[list[Answer]]:
    """Write `count` structures for each picture; the first takes the most likely words."""
    repeated = type(states)(last_hidden_state=states[0].repeat_interleave(count, dim=0))
    prompts = start.repeat_interleave(count, dim=0)
    grammar = CrystalGrammar(
        [automaton_of(words) for words in prompts.tolist()],
        [number % count == 0 for number in range(len(prompts))],
    )
    measured = _Measuring(writer, image.repeat_interleave(count, dim=0))
    words = writer.network.generate(
        encoder_outputs=repeated,
        decoder_input_ids=prompts,
        decoder_attention_mask=torch.ones_like(prompts),
        max_length=LONGEST,
        do_sample=True,
        temperature=temperature,
        top_k=0,
        top_p=1.0,
        logits_processor=LogitsProcessorList([measured, grammar]),
        pad_token_id=PAD,
        eos_token_id=END,
    )
    likelihoods = grammar.log_likelihoods.tolist()
    answers = [
        Answer(decode(row), likelihood)
        for row, likelihood in zip(words[:, PROMPT:].tolist(), likelihoods, strict=True)
    ]
    return [answers[k : k + count] for k in range(0, len(answers), count)]


class _Measuring(LogitsProcessor):  # type: ignore[misc]
    """What was measured, for `generate` of transformers."""

    def __init__(self, writer: Writer, image: torch.Tensor) -> None:
        self.writer, self.image = writer, image

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.Tensor:
        return scores + self.writer.measured(self.image, input_ids, last=True)[:, -1]


def answer_rows(
    writer: Writer, rows: Sequence[Mapping[str, Any]], settings: StructureText, asked: Asked
) -> list[dict[str, Any]]:
    """Draw a picture of each crystal, write structures for it, and say what was written.

    Parameters
    ----------
    writer
        The network.
    rows
        Rows of CRYSTAL_TEXTS.
    settings
        What spoils the pictures; temperature.
    asked
        What is told, how many structures.

    Returns
    -------
    Rows of schema WRITTEN_CRYSTALS, ranked, picture by picture; a failure is a row. `seconds` is
    the mean of a batch.
    """
    found = []
    for first in range(0, len(rows), _BATCH):
        here = rows[first : first + _BATCH]
        began = time.perf_counter()
        try:
            answers = _answers(writer, here, first, settings, asked)
        except MicrographiaError as error:
            found += [_row(row, asked) | {"failure": str(error)} for row in here]
            continue
        seconds = (time.perf_counter() - began) / len(here)
        for row, ranked in zip(here, answers, strict=True):
            for rank, answer in enumerate(ranked, 1):
                crystal = answer.crystal
                found.append(
                    _row(row, asked)
                    | {
                        "rank": rank,
                        "log_likelihood": answer.log_likelihood,
                        "text": crystal.text(),
                        "cif": to_cif(crystal.atoms(), (), str(row["structure_id"])),
                        "seconds": seconds,
                    }
                )
    return found


def _answers(
    writer: Writer,
    rows: Sequence[Mapping[str, Any]],
    first: int,
    settings: StructureText,
    asked: Asked,
) -> list[list[Answer]]:
    pictures, prompts = [], []
    for number, crystal in enumerate(crystals_of(rows), first):
        generator = np.random.default_rng([asked.seed, number])
        shown = show(crystal, settings.pictures, generator)
        pictures.append(np.zeros_like(shown.picture) if asked.blind else shown.picture)
        prompts.append(prompt_of(shown.truth, asked.told))
    return write_structures(
        writer, pictures, prompts, asked.samples, settings.temperature, asked.seed + first
    )


def _row(row: Mapping[str, Any], asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = blank(WRITTEN_CRYSTALS)
    return found | {
        "image_id": f"{row['structure_id']}-{asked.seed}",
        "structure_id": row["structure_id"],
        "told": asked.told,
    }
