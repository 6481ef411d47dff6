"""How much an answer reads like the reference: BLEU, ROUGE, METEOR."""

from __future__ import annotations

import re
from pathlib import Path

from micrographia.benchmarks.assistant.wordnet import FOLDER, find_wordnet
from micrographia.errors import MicrographiaError, install_hint

#: Scores of texts, each 0 to 1.
TEXT_SCORES = ("bleu2", "bleu4", "rouge1", "rouge2", "rougeL", "meteor")
_TOKEN = re.compile(r"\d+(?:[.,]\d+)*|\w+|[^\w\s]")


class TextScorer:
    """Compares answers with references.

    Parameters
    ----------
    wordnet
        Folder of WordNet's files; where they are absent, METEOR is not computed.

    Raises
    ------
    MicrographiaError
        A package that scores is not installed.

    Notes
    -----
    BLEU is sacrebleu's of one sentence: its tokens 13a in small letters, exponential smoothing, no
    longer n-grams than the answer has (`effective_order`). ROUGE is rouge-score's F-measure with
    Porter's stemmer; ROUGE-2 of a reference of one word is not defined. METEOR is nltk's with its
    defaults (α = 0.9, β = 3, γ = 0.5); it stems the words that do not agree before it looks their
    synonyms up, so that a synonym whose stem is no word of WordNet is not found.
    """

    def __init__(self, wordnet: Path = FOLDER) -> None:
        try:
            from nltk.translate.meteor_score import single_meteor_score
            from rouge_score.rouge_scorer import RougeScorer
            from sacrebleu.metrics import BLEU
        except ImportError as error:
            raise MicrographiaError(
                f"Scores of texts need the package {error.name}, which is not installed",
                remedy=install_hint("assistant-scores"),
            ) from None
        self._bleu = {
            order: BLEU(max_ngram_order=order, effective_order=True, lowercase=True)
            for order in (2, 4)
        }
        self._rouge = RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=True)
        self._meteor = single_meteor_score
        self._wordnet = find_wordnet(wordnet)

    @property
    def without_meteor(self) -> str | None:
        """Why METEOR is not computed; None where it is."""
        if self._wordnet is not None:
            return None
        return (
            "METEOR is not computed: WordNet is not there. Install the Debian packages "
            "wordnet-base and wordnet-sense-index, or name a folder of its files with --wordnet."
        )

    def score(self, answer: str, reference: str) -> dict[str, float | None]:
        """Return the scores by name, 0 to 1; None where one is not defined."""
        found: dict[str, float | None] = {
            f"bleu{order}": bleu.sentence_score(answer, [reference]).score / 100
            for order, bleu in self._bleu.items()
        }
        rouge = self._rouge.score(reference, answer)
        found |= {name: float(score.fmeasure) for name, score in rouge.items()}
        if len(tokens(reference)) < 2:
            found["rouge2"] = None
        found["meteor"] = None
        if self._wordnet is not None:
            said, wanted = tokens(answer), tokens(reference)
            found["meteor"] = float(self._meteor(wanted, said, wordnet=self._wordnet))
        return found


def tokens(text: str) -> list[str]:
    """Return the words, numbers and marks of a text, in small letters.

    Examples
    --------
    >>> tokens("About 1,200 discs of 0.3 µm.")
    ['about', '1,200', 'discs', 'of', '0.3', 'µm', '.']
    """
    return _TOKEN.findall(text.lower())
