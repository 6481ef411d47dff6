"""Tokens of questions and answers: those of a language model, and one for each fact's place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from micrographia.io.facts.phrases import PHRASES
from micrographia.language.network.states import NAMES

_PLACE = re.compile(r"\{(" + "|".join(sorted(NAMES, key=len, reverse=True)) + r")\}")
#: Tokens of a tokenizer that is made for the questions at hand.
OWN_TOKENS = 1500
_END = "<end>"


class Words:
    """Text with places to tokens and back.

    Parameters
    ----------
    tokenizer
        Of `transformers`.
    vocabulary
        Rows of the language model's table of vectors; the places follow.
    """

    def __init__(self, tokenizer: Any, vocabulary: int) -> None:
        self.tokenizer = tokenizer
        self.vocabulary = vocabulary
        self.end = int(tokenizer.eos_token_id)

    def prompt(self, question: str) -> list[int]:
        """Return the tokens up to where the answer begins.

        No chat template: its 20 tokens say what the memory says in one, and cost a third of the
        time of a training on a processor.
        """
        return [*self._plain(question), self.end]

    def answer(self, template: str) -> list[int]:
        """Return the tokens of an answer with places, its end included."""
        tokens: list[int] = []
        for number, part in enumerate(_PLACE.split(template)):
            if number % 2:
                tokens.append(self.vocabulary + NAMES.index(part))
            elif part:
                tokens += self._plain(part)
        return [*tokens, self.end]

    def text(self, tokens: Iterable[int]) -> str:
        """Return the answer that tokens say, up to its end."""
        parts: list[str] = []
        plain: list[int] = []
        for token in [*tokens, self.end]:
            if token < self.vocabulary and token != self.end:
                plain.append(token)
                continue
            parts.append(self.tokenizer.decode(plain, clean_up_tokenization_spaces=False))
            plain = []
            if token == self.end:
                break
            parts.append(f"{{{NAMES[token - self.vocabulary]}}}")
        return "".join(parts)

    def said(self, templates: Iterable[str]) -> list[int]:
        """Return the tokens that answers are written with, in order, none with a digit."""
        found = {self.end}
        phrases = [f" {text}" for words in PHRASES.values() for text in words.values()]
        for template in [*templates, *phrases, *(text[1:] for text in phrases)]:
            found.update(token for token in self.answer(template) if token < self.vocabulary)
        digits = re.compile(r"\d")
        return sorted(
            token
            for token in found
            if token == self.end or not digits.search(self.tokenizer.decode([token]))
        )

    def _plain(self, text: str) -> list[int]:
        return list(self.tokenizer(text, add_special_tokens=False)["input_ids"])


def own_tokenizer(texts: Sequence[str]) -> str:
    """Return a tokenizer (byte-pair encoding) of some texts, as the JSON of `tokenizers`."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=OWN_TOKENS, special_tokens=[_END], show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    made.train_from_iterator([_PLACE.sub("", text) for text in texts], trainer)
    return str(made.to_str())


def opened(json: str) -> Any:
    """Return a tokenizer of `transformers` from what `own_tokenizer` returned."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=Tokenizer.from_str(json), eos_token=_END)
