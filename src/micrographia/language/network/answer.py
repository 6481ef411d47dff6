"""Answers of the network: the likeliest words, with places for known facts alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

import torch

from micrographia.arrays import FloatArray, IntArray
from micrographia.language.network.joined import FORMS, Joined, inner
from micrographia.language.network.states import NAMES
from micrographia.language.network.words import Words


class Written(NamedTuple):
    """An answer of the network.

    Attributes
    ----------
    template
        With places.
    least
        Probability of the least likely of its words, its end included, 0..1.
    """

    template: str
    least: float


@torch.no_grad()
def write(
    model: Joined,
    words: Words,
    image: FloatArray,
    codes: IntArray,
    question: str,
    form: str,
    known: Collection[str],
    longest: int,
) -> Written:
    """Return an answer with places, and how sure the network is of it.

    Parameters
    ----------
    model, words
        Of `build.load_network`.
    image
        Of `samples.picture_of`, (224, 224).
    codes
        Of `states.codes_of`.
    question, form
        What is asked, and 'short' or 'long'.
    known
        Facts whose places may be written.
    longest
        Most tokens that are written.
    """
    leading = torch.tensor([[FORMS.index(form), *codes.tolist()]])
    seen = model.sight(torch.from_numpy(image)[None, None])
    model.look(model.memory(seen, leading))
    open_places = torch.tensor([name in known for name in NAMES])
    closed = ~torch.cat([torch.ones(len(model.said), dtype=torch.bool), open_places])
    tokens = torch.tensor([words.prompt(question)])
    said: list[int] = []
    least = 1.0
    cache: Any = None
    for _ in range(longest):
        output = inner(model.base).model(
            inputs_embeds=model.embed(tokens), past_key_values=cache, use_cache=True
        )
        cache = output.past_key_values
        logits = model.logits(output.last_hidden_state[:, -1]).float()[0]
        best = int(logits.masked_fill(closed, -torch.inf).argmax())
        # Among all places: that the network wanted one without a fact is a reason to doubt it.
        least = min(least, float(logits.softmax(-1)[best]))
        place = best - len(model.said)
        token = model.vocabulary + place if place >= 0 else int(model.said[best])
        if token == words.end:
            break
        said.append(token)
        tokens = torch.tensor([[token]])
    return Written(words.text(said).strip(), least)
