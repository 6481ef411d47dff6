"""Conversations about pictures: one question, one answer, in the chat template of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from PIL import Image

from micrographia.errors import CheckpointError, ImageError, MicrographiaError, TableError
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
        A row lacks a column, its question is empty, or something else than text stands there.
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
        told = Conversation(row["path"], row["question"], row.get("answer") or "")
        for column, value in vars(told).items():
            if not isinstance(value, str):
                raise TableError(
                    f"Row {number} of the conversations has no text in '{column}'",
                    seen=value,
                    remedy="Write the columns path, question and answer as text",
                )
        found.append(told)
    return found


def refuse_unanswered(items: Sequence[Conversation]) -> None:
    """Refuse conversations without an answer to learn from.

    Raises
    ------
    MicrographiaError
        There are some.
    """
    empty = [each for each in items if not each.answer]
    if empty:
        raise MicrographiaError(
            f"A conversation on {empty[0].path} has no answer to learn from",
            seen=f"{len(empty)} of {len(items)} without",
            remedy="Fill the column 'answer', or put the row into another part",
        )


def readable(
    processor: Any, items: Sequence[Conversation]
) -> tuple[list[Conversation], list[str]]:
    """Try each picture once; return the conversations about those that the model can see.

    Returns
    -------
    conversations, reasons
        In their order; a reason for each picture that cannot be read, or that the model's
        processor does not take.
    """
    reasons: dict[str, str] = {}
    for path in dict.fromkeys(each.path for each in items):
        try:
            encode(processor, [Conversation(path, "")], answered=False)
        except ImageError as error:
            reasons[path] = str(error)
    return [each for each in items if each.path not in reasons], list(reasons.values())


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
    ImageError
        A picture cannot be read, or the model does not take it.
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
    try:
        found = processor(
            text=texts,
            images=pictures,
            padding=True,
            add_special_tokens=False,
            return_tensors="pt",
        )
    except ValueError as error:
        # Such as of a strip: Qwen-VL takes no sides of more than 200 to 1.
        names = ", ".join(dict.fromkeys(each.path for each in batch))
        raise ImageError(
            f"The model takes no such picture as {names} ({error})", remedy="Cut the picture"
        ) from None
    return dict(found)


def training_batch(processor: Any, batch: Sequence[Conversation]) -> Batch:
    """Return inputs with `labels`: the tokens of the answers, `UNSEEN` everywhere else.

    Raises
    ------
    MicrographiaError
        An answer is empty, or the chat template writes a question with its answer in other words
        than the question alone: where the answer begins cannot be told then.
    """
    refuse_unanswered(batch)
    whole = encode(processor, batch, answered=True)
    labels = torch.full_like(whole["input_ids"], UNSEEN)
    for number, each in enumerate(batch):
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
