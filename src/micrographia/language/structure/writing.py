"""Answers of the network: rows of a batch, each on one sheet, written under the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from transformers import LogitsProcessor, LogitsProcessorList

from micrographia.arrays import FloatArray
from micrographia.language.structure.canonical import Written
from micrographia.language.structure.grammar import CrystalGrammar, automaton_of
from micrographia.language.structure.model import Writer
from micrographia.language.structure.tokens import END, LONGEST, PAD, PROMPT, decode, encode


@dataclass(frozen=True)
class Answer:
    """One structure for a picture.

    Attributes
    ----------
    crystal
        What was written.
    log_likelihood
        Natural logarithm of its probability among all that was allowed: by the grammar, and by
        the number of formula units where that was asked for. Of a crystal whose atoms were moved
        that of the one that was written.
    explained
        Share of the picture's variance that it explains when it is drawn again; None: it was not.
    """

    crystal: Written
    log_likelihood: float
    explained: float | None = None

    @property
    def per_word(self) -> float:
        """Mean over the words: the sum alone would prefer small cells, which take fewer words."""
        return self.log_likelihood / len(encode(self.crystal))


@dataclass(frozen=True)
class Row:
    """One answer that is asked for.

    Attributes
    ----------
    sheet
        Place of its sheet, and of its prompt.
    certain
        Whether it takes the most likely word each time.
    units
        How often its cell is to hold the formula; None: as the network likes.
    cell
        Words that say its cell; None: as the network likes.
    """

    sheet: int
    certain: bool
    units: int | None = None
    cell: tuple[int, ...] | None = None


def write_rows(
    writer: Writer,
    sheets: torch.Tensor,
    prompts: Sequence[Sequence[int]],
    rows: Sequence[Row],
    temperature: float,
) -> tuple[list[Answer], FloatArray]:
    """Write an answer for each row.

    Parameters
    ----------
    writer
        The network.
    sheets
        Of `features` (n, 1, 48, 293), on the network's device.
    prompts
        Of `tokens.prompt`, one for each sheet.
    rows
        What is asked for.
    temperature
        Of rows that are not certain; torch's random numbers are used.

    Returns
    -------
    answers, amounts
        The answers, and of each row the natural logarithms (rows, words) of the probabilities of
        the word that says how many atoms of the first element there are.
    """
    device = sheets.device
    place = torch.tensor([row.sheet for row in rows], device=device)
    start = torch.tensor(np.array(prompts), device=device)[place]
    grammar = CrystalGrammar(
        [
            automaton_of(words, row.units, row.cell)
            for words, row in zip(start.tolist(), rows, strict=True)
        ],
        [row.certain for row in rows],
    )
    with torch.inference_mode():
        states = writer.network.encoder(pixel_values=sheets)
        words = writer.network.generate(
            encoder_outputs=type(states)(last_hidden_state=states[0][place]),
            decoder_input_ids=start,
            decoder_attention_mask=torch.ones_like(start),
            max_length=LONGEST,
            do_sample=True,
            temperature=temperature,
            top_k=0,
            top_p=1.0,
            logits_processor=LogitsProcessorList([_Measuring(writer, sheets[place]), grammar]),
            pad_token_id=PAD,
            eos_token_id=END,
        )
    likelihoods = grammar.log_likelihoods.tolist()
    answers = [
        Answer(decode(row), likelihood)
        for row, likelihood in zip(words[:, PROMPT:].tolist(), likelihoods, strict=True)
    ]
    assert grammar.amounts is not None  # every answer has an element
    return answers, np.asarray(grammar.amounts.numpy(), dtype=np.float64)


class _Measuring(LogitsProcessor):  # type: ignore[misc]
    """What was measured, for `generate` of transformers."""

    def __init__(self, writer: Writer, image: torch.Tensor) -> None:
        self.writer, self.image = writer, image

    def __call__(self, input_ids: torch.LongTensor, scores: torch.Tensor) -> torch.Tensor:
        return scores + self.writer.measured(self.image, input_ids, last=True)[:, -1]
