"""Answers of a vision-language model, with or without adapters, to questions about pictures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from micrographia.errors import ImageError
from micrographia.language.tuning.conversations import Conversation, encode


def answers(
    model: Any, processor: Any, asked: Sequence[Conversation], longest: int, batch: int = 1
) -> Iterator[tuple[str | None, str | None]]:
    """Yield the answer to each question, or None and why there is none.

    Parameters
    ----------
    model, processor
        Of `transformers`; the model may carry adapters of `peft`.
    asked
        The questions; their answers are not looked at.
    longest
        Most tokens of an answer.
    batch
        Questions at once.
    """
    model.eval()
    for start in range(0, len(asked), batch):
        part = asked[start : start + batch]
        try:
            yield from ((text, None) for text in _told(model, processor, part, longest))
        except ImageError:
            # One picture of the batch cannot be read: each on its own.
            for each in part:
                try:
                    yield _told(model, processor, [each], longest)[0], None
                except ImageError as error:
                    yield None, str(error)


def _told(model: Any, processor: Any, part: Sequence[Conversation], longest: int) -> list[str]:
    inputs = encode(processor, part, answered=False)
    # Pictures in the type of the weights; numbers of tokens stay whole.
    inputs = {
        name: value.to(model.device, model.dtype if value.is_floating_point() else value.dtype)
        for name, value in inputs.items()
    }
    with torch.inference_mode():
        # The most likely words, so that the same question has the same answer.
        whole = model.generate(**inputs, max_new_tokens=longest, do_sample=False)
    new = whole[:, inputs["input_ids"].shape[1] :]
    texts = processor.tokenizer.batch_decode(new, skip_special_tokens=True)
    return [text.strip() for text in texts]
