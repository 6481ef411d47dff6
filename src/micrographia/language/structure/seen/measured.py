"""What was measured, as a preference among the next words of an answer.

A network would need long to learn to read digits off a picture. So the words for lengths, angle
and places are weighed by what was measured: the logarithm of the probability of each rises by a
learned number where the word agrees with the cell, or with one of the columns. What the network
itself says is added, and can say no: where the cell is a pseudo-cell, where a column is noise,
where an atom is hidden below another.
"""

from __future__ import annotations

import torch
from torch import nn

from micrographia.language.structure.seen.features import HINT, PEAKS
from micrographia.language.structure.seen.repeats import GRID
from micrographia.language.structure.tokens import PROMPT, RANGES, SITES, VOCABULARY, Words

#: How far a word may be from what was measured: lengths [0.01 Å], angle [0.1 degree], and
#: fractions; those that are a little further off get a part.
_STEPS, _FRACTION = 1.5, 0.012
_FAR = 6.0


class Measured(nn.Module):
    """Preferences among next words; two learned strengths, of the cell and of the places."""

    def __init__(self) -> None:
        super().__init__()
        self.strength = nn.Parameter(torch.tensor([6.5, 5.0]))

    def forward(
        self, image: torch.Tensor, words: torch.Tensor, last: bool = False
    ) -> torch.Tensor:
        """Return what is added to the logits (batch, n, words) of the words after each.

        Parameters
        ----------
        image
            `features` (batch, 1, 48, 293).
        words
            (batch, n), the prompt and the beginning of an answer.
        last
            Whether only the words after the last two are asked for: (batch, 2, words).
        """
        numbers = image[:, 0, :, GRID + HINT :]
        begun = max(words.shape[1] - 2, 0) if last else 0
        words = words[:, begun:]
        agreed = [image.new_zeros(*words.shape, VOCABULARY) for _ in range(2)]
        # Only the strengths are learned: how well words agree has no gradient.
        with torch.no_grad():
            _say_cell(agreed[0], numbers[:, 0], words, begun)
            _say_places(agreed[1], numbers[:, 1 + PEAKS :], words)
        cell, places = agreed
        return self.strength[0] * cell + self.strength[1] * places


def _agree(distance: torch.Tensor, width: float) -> torch.Tensor:
    """1 where there is no distance, with a faint tail."""
    near = torch.exp(-0.5 * (distance / width) ** 2)
    return 0.75 * near + 0.25 * torch.exp(-distance.abs() / (_FAR * width))


def _say_cell(agreed: torch.Tensor, cell: torch.Tensor, words: torch.Tensor, begun: int) -> None:
    """Say how well words of the cell agree with `cell` (batch, 5), all 0 where there is none.

    `begun` words are before those that are given.
    """
    known = (cell[:, :1] > 0).to(agreed.dtype)
    scales = ((100, "angstrom", "decimals"),) * 2 + ((10, "degree", "tenth"),)
    for number, (scale, whole, part) in enumerate(scales):
        place = PROMPT - 1 + 2 * number - begun
        wanted = torch.round(cell[:, number : number + 1] * scale)
        if 0 <= place < words.shape[1]:
            agreed[:, place, _span(whole)] += known * (
                _values(whole, agreed) == torch.floor(wanted / scale)
            )
        if 0 <= place + 1 < words.shape[1]:
            said = words[:, place + 1 : place + 2] - RANGES[whole].start + RANGES[whole].first
            away = scale * said + _values(part, agreed) - cell[:, number : number + 1] * scale
            agreed[:, place + 1, _span(part)] += known * _agree(away, _STEPS)


def _say_places(agreed: torch.Tensor, columns: torch.Tensor, words: torch.Tensor) -> None:
    """Say how well words of places agree with `columns` (batch, 24, 5), 0 where there is none."""
    fraction, height = RANGES["fraction"], RANGES["height"]
    known = (columns[:, :, 2] > 0).to(agreed.dtype)[:, None, :, None]
    values = _values("fraction", agreed) / fraction.count
    x, y = (_agree(_apart(values - columns[:, :, k : k + 1]), _FRACTION)[:, None] * known
            for k in (0, 1))  # fmt: skip
    begins = (words == SITES) | _within(words, height)
    second = torch.zeros_like(begins)
    second[:, 1:] = _within(words[:, 1:], fraction) & begins[:, :-1]
    said = (words - fraction.start).clamp(0, fraction.count - 1) / fraction.count
    # How well the x that was said fits each column (batch, n, 24, 1).
    fits = _agree(_apart(said[:, :, None] - columns[:, None, :, 0]), _FRACTION)[..., None]
    span = _span("fraction")
    agreed[:, :, span] += begins[..., None] * x.amax(dim=2)
    # One word after the other, else the table of all columns and words would be large.
    for row in torch.nonzero(second.any(dim=0))[:, 0].tolist():
        preferred = (fits[:, row : row + 1] * y).amax(dim=2)[:, 0]
        agreed[:, row, span] += second[:, row, None] * preferred


def _span(name: str) -> slice:
    words = RANGES[name]
    return slice(words.start, words.start + words.count)


def _values(name: str, like: torch.Tensor) -> torch.Tensor:
    words = RANGES[name]
    return torch.arange(words.count, device=like.device, dtype=like.dtype) + words.first


def _within(words: torch.Tensor, span: Words) -> torch.Tensor:
    return (words >= span.start) & (words < span.start + span.count)


def _apart(distance: torch.Tensor) -> torch.Tensor:
    """Distances of fractions, around the cell."""
    return distance - torch.round(distance)
