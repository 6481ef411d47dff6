"""The writer with a network: it sees the picture and the question, and writes places for facts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np

from micrographia.io.facts.claims import refuses
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.language.grounding.checker import check
from micrographia.language.grounding.embedded import EmbeddedWriter
from micrographia.language.grounding.recogniser import Recogniser, clauses
from micrographia.language.grounding.writer import Asked, Draft
from micrographia.language.instruction.grammar import Grammar, Topic, read_grammar
from micrographia.language.network.answer import write
from micrographia.language.network.build import load_network
from micrographia.language.network.samples import picture_of, touched
from micrographia.language.network.states import codes_of
from micrographia.training.checkpoint import sha256_of

#: The network that comes with the package, by the name that asks for it.
SHIPPED = {"shipped": Path(__file__).with_name("weights") / "assistant.safetensors"}
#: What is asked for a caption.
_CAPTION = "Write a caption for this picture."
#: Likeness to a topic's wordings, below the best's, at which its facts are measured too.
_NEAR = 0.05
#: Most tokens of an answer.
_LONGEST = 96


class NetworkWriter:
    """Writes answers by a network that `language train-assistant` trained.

    Parameters
    ----------
    weights
        Its checkpoint, or one of `SHIPPED`.
    alike
        Lowest likeness to a known wording, as of `EmbeddedWriter`.
    trusted
        Lowest probability of a word; an answer with a less likely one is left to
        `EmbeddedWriter`.
    tolerance
        As of `checker.check`: so is an answer that claims what no fact supports.

    Raises
    ------
    CheckpointError
        There is no such checkpoint.
    """

    def __init__(self, weights: str, alike: float, trusted: float, tolerance: float) -> None:
        path = SHIPPED.get(weights, Path(weights))
        self._model, self._words, card = load_network(path)
        self._alike, self._trusted, self._tolerance = alike, trusted, tolerance
        self._plain = EmbeddedWriter(alike)
        told = {*touched(self._topics["caption"]), *EmbeddedWriter.captions}
        self.captions = tuple(name for name in FACT_KINDS if name in told)
        self.name = f"network-{card['architecture']['base']}-{sha256_of(path)[:12]}"

    @cached_property
    def _topics(self) -> dict[str, Topic]:
        return {topic.topic: topic for topic in self._grammar.topics}

    @cached_property
    def _grammar(self) -> Grammar:
        return read_grammar()[0]

    @cached_property
    def _recogniser(self) -> Recogniser:
        """Knows the wordings that the network learned from: which facts a question touches."""
        first = {name: texts[0] for name, texts in self._grammar.phrases.items()}
        bare = _Bare(first)
        return Recogniser(
            {
                name: [text.format_map(bare) for text in topic.questions]
                for name, topic in self._topics.items()
            }
        )

    def _likely(self, question: str) -> list[str]:
        ranked = self._recogniser.rank(question)
        best = ranked[0].score
        if best < self._alike:
            return []
        return [one.topic for one in ranked if one.score >= best - _NEAR]

    def needs(self, question: str) -> tuple[str, ...]:
        """Return the facts that decide how such questions are answered, by either writer."""
        told = {
            name
            for part in self._parts(question)
            for topic in self._likely(part)
            for name in touched(self._topics[topic])
        }
        told.update(self._plain.needs(question))
        return tuple(name for name in FACT_KINDS if name in told)

    def _parts(self, question: str) -> list[str]:
        """Return what is asked, one by one: the network learned from single questions."""
        parts = clauses(question)
        return parts if len(parts) > 1 and all(map(self._likely, parts)) else [question]

    def write(self, asked: Asked) -> Draft:
        """Let the network write; what it is not sure of, the writer without a network says."""
        drafts = [self._draft(asked, part) for part in self._parts(asked.question)]
        sure = [draft for draft in drafts if draft is not None]
        if not sure or len(sure) < len(drafts):
            return self._plain.write(asked)
        text = " ".join(dict.fromkeys(draft.template for draft in sure))
        return Draft(text, refused=all(draft.refused for draft in sure))

    def caption(self, asked: Asked) -> Draft:
        """Let the network describe the picture."""
        return self._draft(asked, _CAPTION) or self._plain.caption(asked)

    def _draft(self, asked: Asked, question: str) -> Draft | None:
        if not self._likely(question):
            return None
        codes = codes_of(asked.known, asked.unknown)
        image = np.ascontiguousarray(picture_of(str(asked.path)))
        said = write(
            self._model, self._words, image, codes, question, asked.form, asked.known, _LONGEST
        )
        if said.least < self._trusted or not said.template:
            return None
        if check(said.template, asked.known, self._tolerance).dropped:
            return None
        return Draft(said.template, refused=refuses(said.template))


class _Bare(dict[str, str]):
    """Fills a wording's places: phrases by the first of them, others by nothing."""

    def __missing__(self, name: str) -> str:
        return ""
