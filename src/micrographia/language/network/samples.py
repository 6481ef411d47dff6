"""Questions and facts as arrays for the network; what is drawn follows from a sample's number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from PIL import Image

from micrographia.arrays import FloatArray, IntArray
from micrographia.errors import MicrographiaError
from micrographia.io.facts.phrases import PHRASES, phrase_of
from micrographia.io.facts.slots import known, places
from micrographia.io.facts.vocabulary import FACT_KINDS
from micrographia.io.images import read_micrograph, to_unit
from micrographia.language.instruction.grammar import Grammar, Known, Topic
from micrographia.language.instruction.make import answer_template
from micrographia.language.network.joined import FORMS, PAD
from micrographia.language.network.sight import SIDE, standard
from micrographia.language.network.states import NAMES, TOLD, codes_of
from micrographia.language.network.words import Words

#: What a target is where the loss does not look (torch.nn.CrossEntropyLoss).
UNSEEN = -100
#: How often facts that a question does not touch are hidden, and each word that an answer says.
_HIDE_OTHERS, _HIDE_WORD = 0.5, 0.25
#: How often all facts of a picture are told, and each group that a tool tells is lost else.
_WHOLE, _LOST = 0.4, 0.3
#: Facts that are known together or not at all: of the scale, of the instances, each word alone.
_TOGETHER: tuple[tuple[str, ...], ...] = (
    ("scale_bar",),
    tuple(name for name, kind in FACT_KINDS.items() if "segmentation" in kind.tools),
    ("smallest_diameter", "largest_diameter", "median_diameter", "mean_diameter"),
    *((name,) for name, kind in FACT_KINDS.items() if kind.quantity == "words"),
)
#: Tasks with one picture.
_TASKS = ("question", "caption", "heterogeneity")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Facts:
    """What is known of a picture: rows of `schemas.FACTS` by name, and what failed."""

    known: Mapping[str, Row]
    failed: frozenset[str]


def facts_by_picture(rows: Iterable[Row]) -> dict[str, Facts]:
    """Return the facts of pictures by `image_id`."""
    of_picture: dict[str, list[Row]] = {}
    for row in rows:
        if row["image_id"] is not None:
            of_picture.setdefault(row["image_id"], []).append(row)
    return {name: _facts(of_one) for name, of_one in of_picture.items()}


def _facts(rows: Sequence[Row]) -> Facts:
    told = known(rows)
    return Facts(told, frozenset(row["name"] for row in rows) - told.keys())


def usable(rows: Iterable[Row], facts: Mapping[str, Facts], split: str) -> list[Row]:
    """Return the questions of a side of the split about one picture each, whose facts are there.

    Raises
    ------
    MicrographiaError
        There is none.
    """
    found = [
        row
        for row in rows
        if row["split"] == split
        and row["failure"] is None
        and row["task"] in _TASKS
        and not row["shown"]
        and row["image_id"] in facts
    ]
    if not found:
        raise MicrographiaError(
            f"There is no question of the part '{split}' whose picture has facts",
            remedy="Give the tables of facts that the questions were made from with --facts",
        )
    return found


def asked(row: Row) -> str:
    """Return what is asked, with the text that goes with the picture before it."""
    return f"{row['context']} {row['question']}" if row["context"] else str(row["question"])


def held_wording(row: Row, grammar: Grammar) -> bool:
    """Whether a question is worded as none to learn from is: by its topic's last wording.

    So the scores tell questions in words that were never seen from the others.
    """
    topic, _, number = row["wording"].partition("/")
    return any(
        one.topic == topic and int(number) == len(one.questions) - 1 for one in grammar.topics
    )


class Samples:
    """Questions with their pictures and facts as arrays.

    Parameters
    ----------
    rows
        Rows of `schemas.INSTRUCTIONS`.
    facts
        Of `facts_by_picture`.
    words
        Tokens.
    said
        Tokens that may be written.
    grammar
        That the questions were made by: which facts a topic touches.
    longest
        Longest question with its answer [tokens].
    """

    def __init__(
        self,
        rows: Sequence[Row],
        facts: Mapping[str, Facts],
        words: Words,
        said: Sequence[int],
        grammar: Grammar,
        longest: int,
    ) -> None:
        self.rows, self.facts, self.words, self.longest = rows, facts, words, longest
        self._target = {token: place for place, token in enumerate(said)}
        self._places = len(said)
        self._grammar = grammar
        self._topics = {topic.topic: topic for topic in grammar.topics}
        self._touched = {name: touched(topic) for name, topic in self._topics.items()}
        # For a training alone: elsewhere another picture may come under the same path.
        self._picture = lru_cache(maxsize=20_000)(_small)

    def drawn(self, row: Row, rng: np.random.Generator) -> dict[str, np.ndarray]:
        """Return a question to learn from: turned picture, some facts hidden."""
        facts, template = self._lessened(row, rng)
        hidden = set()
        told = self._touched.get(row["wording"].partition("/")[0], frozenset(NAMES))
        if rng.random() < _HIDE_OTHERS:
            hidden |= set(NAMES) - told
        for name in places(template):
            # What is not told can be seen: the answer then says it in words.
            if name in PHRASES and rng.random() < _HIDE_WORD:
                hidden.add(name)
                spelt = phrase_of(name, str(facts.known[name]["words"]))
                template = template.replace(f"{{{name}}}", spelt)
        image = _turned(self._seen(row), rng)
        return self.arrays(row, image, template, codes_of(facts.known, facts.failed, hidden))

    def _lessened(self, row: Row, rng: np.random.Generator) -> tuple[Facts, str]:
        """Return less facts than are known, and the answer that then is right.

        Tools fail in all combinations on real pictures, where drawn ones have nearly all facts.
        """
        facts = self.facts[row["image_id"]]
        topic = self._topics.get(row["wording"].partition("/")[0])
        if topic is None or rng.random() < _WHOLE:
            return facts, row["template"]
        lost = {name for tools in _TOGETHER if rng.random() < _LOST for name in tools}
        kept = {name: fact for name, fact in facts.known.items() if name not in lost}
        failed = facts.failed | (facts.known.keys() & lost)
        less = Known(kept, dict.fromkeys(failed, ""))
        if not topic.fits(less, self._grammar.phrases):
            return facts, row["template"]
        template = answer_template(topic, row["form"], row["question"], less, self._grammar)
        return Facts(kept, frozenset(failed)), template

    def judged(self, row: Row) -> dict[str, np.ndarray]:
        """Return a question as it is, all facts told."""
        facts = self.facts[row["image_id"]]
        codes = codes_of(facts.known, facts.failed)
        return self.arrays(row, self._seen(row), row["template"], codes)

    def _seen(self, row: Row) -> FloatArray:
        return standard(self._picture(row["path"]).astype(np.float32) / 255)

    def arrays(
        self, row: Row, image: FloatArray, template: str, codes: IntArray
    ) -> dict[str, np.ndarray]:
        """Return `image` (1, 224, 224), `text` (29 + n,), `target` (n,) and `told` (facts,)."""
        prompt = self.words.prompt(asked(row))
        answer = self.words.answer(template)
        tokens = np.full(self.longest, PAD, dtype=np.int64)
        target = np.full(self.longest, UNSEEN, dtype=np.int64)
        both = [*prompt, *answer][: self.longest]
        tokens[: len(both)] = both
        wanted = [self.target(token) for token in both[len(prompt) :]]
        target[len(prompt) : len(both)] = wanted
        leading = [FORMS.index(row["form"]), *codes]
        return {
            "image": image[None],
            "text": np.concatenate([np.array(leading), tokens]),
            "target": target,
            "told": told_codes(self.facts[row["image_id"]]),
        }

    def target(self, token: int) -> int:
        """Return which of the logits says a token; `UNSEEN`: none does."""
        if token >= self.words.vocabulary:
            return self._places + token - self.words.vocabulary
        return self._target.get(token, UNSEEN)


def touched(topic: Topic) -> frozenset[str]:
    """Return the facts that decide how a topic is answered."""
    found = {*topic.needs, *topic.lacks}
    for part in (topic, *topic.short, *(line for group in topic.long for line in group)):
        for conditions in (part.when, part.unless, part.least, part.most, part.units):
            found |= set(conditions)
    lines = [*topic.short, *(line for group in topic.long for line in group)]
    found |= {name for line in lines for name in places(line.text) if name in FACT_KINDS}
    return frozenset(found)


def told_codes(facts: Facts) -> IntArray:
    """Return the codes of the words that are known, (facts in words,); -1: not known."""
    codes = codes_of(facts.known, ())
    found = [codes[NAMES.index(name)] for name in TOLD]
    return np.array(
        [code if code in words else -1 for code, words in zip(found, TOLD.values(), strict=True)],
        dtype=np.int64,
    )


def picture_of(path: str) -> FloatArray:
    """Return a picture as sight takes it, (224, 224): mean 0, spread 1.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    return standard(_small(path).astype(np.float32) / 255)


def _small(path: str) -> np.ndarray:
    """The whole picture at 224 × 224, eight bits: 50 kB in memory."""
    pixels = to_unit(read_micrograph(path).pixels)
    grey = pixels if pixels.ndim == 2 else pixels.mean(axis=2)
    small = Image.fromarray(grey.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BOX)
    return np.rint(np.clip(np.asarray(small), 0, 1) * 255).astype(np.uint8)


def _turned(image: FloatArray, rng: np.random.Generator) -> FloatArray:
    """A picture turned by quarters or mirrored, and a little brighter or flatter."""
    image = np.rot90(image, int(rng.integers(4)))
    if rng.random() < 0.5:
        image = image[:, ::-1]
    return np.ascontiguousarray(image * rng.uniform(0.8, 1.25) + rng.uniform(-0.2, 0.2)).astype(
        np.float32
    )
