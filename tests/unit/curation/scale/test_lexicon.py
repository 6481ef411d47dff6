"""The forward recursion against torch's, and the choice among usual labels."""

from __future__ import annotations

import numpy as np
import pytest

from micrographia.curation.scale.readers.lexicon import likelihoods, posterior
from micrographia.curation.scale.readers.network import ALPHABET


def spelled(text: str) -> list[int]:
    return [ALPHABET.index(char) + 1 for char in text]


def test_likelihoods_are_those_of_torch() -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(4)
    raw = rng.normal(size=(20, len(ALPHABET) + 1))
    scores = raw - np.log(np.exp(raw).sum(axis=1, keepdims=True))
    texts = ["100nm", "5µm", "22nm", "1.00µm"]
    lengths = np.array([len(text) for text in texts])
    targets = np.zeros((4, 6), np.int64)
    for row, text in zip(targets, texts, strict=True):
        row[: len(text)] = spelled(text)
    lost = torch.nn.functional.ctc_loss(
        torch.from_numpy(scores)[:, None].expand(20, 4, -1),
        torch.from_numpy(targets),
        torch.full((4,), 20),
        torch.from_numpy(lengths),
        reduction="none",
    )
    assert likelihoods(scores, targets, lengths) == pytest.approx(-lost.numpy(), rel=1e-9)


def path(*chances: dict[str, float]) -> np.ndarray:
    """Log-probabilities of steps; a blank between characters, and little for all others."""
    rows = []
    for chance in chances:
        for step in (chance, {"": 1.0}):
            row = np.full(len(ALPHABET) + 1, 1e-6)
            for char, value in step.items():
                row[0 if char == "" else ALPHABET.index(char) + 1] = value
            rows.append(np.log(row / row.sum()))
    return np.array(rows)


def test_a_doubtful_digit_is_settled_by_custom() -> None:
    sure = {char: {char: 1.0} for char in "0nm"}
    votes = posterior(path({"5": 0.5, "3": 0.5}, sure["0"], sure["0"], sure["n"], sure["m"]))
    shares = {str(label): share for label, share in votes.items()}
    assert shares["500 nm"] > 2 * shares["300 nm"] > 0.4


def test_what_is_no_label_has_none() -> None:
    words = path(*({char: 1.0} for char in "?1?m"))
    assert posterior(words) == {}
