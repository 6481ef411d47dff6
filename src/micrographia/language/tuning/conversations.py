"""Conversations about pictures: one question, one answer, in the chat template of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from micrographia.errors import CheckpointError, MicrographiaError, TableError
from micrographia.io.images import read_micrograph, to_unit

#: What a label is where the loss does not look (torch.nn.CrossEntropyLoss).
UNSEEN = -100

Batch = dict[str, torch.Tensor]


@dataclass(frozen=True)
class Conversation:
    """One question about one picture.

    Attributes
    ----------
    path
        The picture's file.
    question
        What is asked.
    answer
        What is to be answered; empty where nothing is known yet.
    """

    path: str
    question: str
    answer: str = ""


def conversations(
    rows: Iterable[Mapping[str, Any]], part: str | None = None
) -> list[Conversation]:
    """Return the conversations of a table with the columns `path`, `question` and `answer`.

    Parameters
    ----------
    rows
        Rows; one with a `failure` is left out.
    part
        Value of the column `part` to keep, such as 'train'; None: all. Rows without the column
        belong to 'train'.

    Raises
    ------
    TableError
        A row lacks a column, or its question is empty.
    """
    found = []
    for number, row in enumerate(rows):
        if row.get("failure") is not None or part not in (None, row.get("part") or "train"):
            continue
        for column in ("path", "question"):
            if not row.get(column):
                raise TableError(
                    f"Row {number} of the conversations has no '{column}'",
                    remedy="Write a table with the columns path, question and answer",
                )
        found.append(Conversation(row["path"], row["question"], row.get("answer") or ""))
    return found


def messages(conversation: Conversation, answered: bool) -> list[dict[str, Any]]:
    """Return the messages that a chat template of `transformers` takes."""
    asked = [{"type": "image"}, {"type": "text", "text": conversation.question}]
    found: list[dict[str, Any]] = [{"role": "user", "content": asked}]
    if answered:
        told = [{"type": "text", "text": conversation.answer}]
        found.append({"role": "assistant", "content": told})
    return found


def picture_of(path: str) -> Image.Image:
    """Read a micrograph as the eight-bit colour picture that processors take.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    pixels = read_micrograph(path).pixels
    grey = pixels if pixels.dtype == np.uint8 else np.rint(to_unit(pixels) * 255).astype(np.uint8)
    return Image.fromarray(grey).convert("RGB")


def encode(processor: Any, batch: Sequence[Conversation], answered: bool) -> Batch:
    """Return the model's input for some conversations.

    Parameters
    ----------
    processor
        Of `transformers`, with a chat template.
    batch
        The conversations; their pictures are read.
    answered
        With the answers, for training, padded at the end; else up to where the model speaks,
        padded at the start.

    Raises
    ------
    CheckpointError
        The processor has no chat template.
    """
    if getattr(processor, "chat_template", None) is None:
        raise CheckpointError(
            "The model has no chat template, so that it is not known how to ask it",
            remedy="Take its instruction-tuned release, or add chat_template.jinja to its folder",
        )
    texts = [
        processor.apply_chat_template(
            messages(each, answered), tokenize=False, add_generation_prompt=not answered
        )
        for each in batch
    ]
    processor.tokenizer.padding_side = "right" if answered else "left"
    pictures = [[picture_of(each.path)] for each in batch]
    # The template holds the tokens at the beginning already.
    found = processor(
        text=texts,
        images=pictures,
        padding=True,
        add_special_tokens=False,
        return_tensors="pt",
    )
    return dict(found)


def training_batch(processor: Any, batch: Sequence[Conversation]) -> Batch:
    """Return inputs with `labels`: the tokens of the answers, `UNSEEN` everywhere else.

    Raises
    ------
    MicrographiaError
        An answer is empty, or the chat template writes a question with its answer in other words
        than the question alone: where the answer begins cannot be told then.
    """
    whole = encode(processor, batch, answered=True)
    labels = torch.full_like(whole["input_ids"], UNSEEN)
    for number, each in enumerate(batch):
        if not each.answer:
            raise MicrographiaError(
                f"A conversation on {each.path} has no answer to learn from",
                remedy="Fill the column 'answer', or put the row into another part",
            )
        asked = encode(processor, [each], answered=False)["input_ids"][0]
        row, count = whole["input_ids"][number], len(asked)
        if not torch.equal(row[:count], asked):
            raise MicrographiaError(
                "The model's chat template changes the question once an answer follows",
                seen=each.question,
                remedy="Take a template that only adds to what stands before",
            )
        # By the mask and not by the token: many models pad with the token that ends an answer.
        last = int(whole["attention_mask"][number].sum())
        labels[number, count:last] = row[count:last]
    whole["labels"] = labels
    return whole
