"""What answers without a network: the training crystal whose picture is most like, or the mean.

Both obey the formula as the network has to: the sites are those of a training crystal with the
same amounts, and its elements are renamed.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from micrographia.arrays import Float32Array, FloatImage
from micrographia.config import StructureText
from micrographia.io.schemas import WRITTEN_CRYSTALS
from micrographia.io.schemas.rows import blank
from micrographia.io.structures import to_cif
from micrographia.language.structure.canonical import Written
from micrographia.language.structure.samples import crystals_of, formula_of, show
from micrographia.language.structure.seen.repeats import autocorrelation, flatten

#: The known crystals are drawn by the same engine, and nothing spoils them.
_STILL = {"rotation": 0.0, "blur": 0.0, "noise": 0.0, "drift": 0.0}


def baseline_rows(
    name: str,
    rows: Sequence[Mapping[str, Any]],
    chosen: Sequence[Mapping[str, Any]],
    settings: StructureText,
    seed: int,
) -> list[dict[str, Any]]:
    """Answer pictures of crystals, formula told, without a network.

    Parameters
    ----------
    name
        `nearest`: the training crystal with the same amounts of elements whose autocorrelation
        is most like that of the picture. `mean`: without the picture; of these crystals the one
        whose cell is nearest to the mean cell.
    rows
        Rows of CRYSTAL_TEXTS, of which those of the split `train` are known.
    chosen
        Those to answer.
    settings, seed
        Of the pictures, the same as for the network.

    Returns
    -------
    Rows of WRITTEN_CRYSTALS, one for each; without a crystal of these amounts it is a failure.
    """
    known = _Known(rows, settings, seed)
    found = []
    for number, (row, crystal) in enumerate(zip(chosen, crystals_of(chosen), strict=True)):
        began = time.perf_counter()
        shown = show(crystal, settings.pictures, np.random.default_rng([seed, number]))
        seen = _embed(shown.picture) if name == "nearest" else None
        answer = known.answer(formula_of(shown.truth), seen)
        line: dict[str, Any] = blank(WRITTEN_CRYSTALS)
        line |= {"structure_id": row["structure_id"], "told": "formula"}
        line |= {"image_id": f"{row['structure_id']}-{seed}"}
        line |= {"seconds": time.perf_counter() - began}
        if answer is None:
            line |= {"failure": "no training crystal has these amounts of elements"}
        else:
            line |= {"rank": 1, "text": answer.text(), "cif": to_cif(answer.atoms())}
        found.append(line)
    return found


def _embed(picture: FloatImage) -> Float32Array:
    """Autocorrelation without its mean, of length 1."""
    flat = autocorrelation(flatten(picture)).ravel()
    flat = flat - flat.mean()
    return np.asarray(flat / max(float(np.linalg.norm(flat)), 1e-9), dtype=np.float32)


class _Known:
    """The training crystals, by the amounts of their elements."""

    def __init__(
        self, rows: Sequence[Mapping[str, Any]], settings: StructureText, seed: int
    ) -> None:
        still = settings.pictures.model_copy(update=_STILL)
        trained = [row for row in rows if row["split"] == "train"]
        texts: dict[tuple[int, ...], list[Written]] = defaultdict(list)
        vectors: dict[tuple[int, ...], list[Float32Array]] = defaultdict(list)
        for number, crystal in enumerate(crystals_of(trained)):
            shown = show(crystal, still, np.random.default_rng([seed, number, 3]))
            amounts = _amounts(formula_of(shown.truth))
            texts[amounts].append(shown.truth)
            vectors[amounts].append(_embed(shown.picture))
        self.texts = texts
        self.vectors = {amounts: np.stack(found) for amounts, found in vectors.items()}

    def answer(self, formula: Mapping[int, int], seen: Float32Array | None) -> Written | None:
        """The crystal most like what was seen, or the most ordinary one; renamed."""
        amounts = _amounts(formula)
        texts = self.texts.get(amounts)
        if not texts:
            return None
        if seen is not None:
            return renamed(texts[int((self.vectors[amounts] @ seen).argmax())], formula)
        cells = np.array([(text.a, text.b, text.gamma) for text in texts], dtype=np.float64)
        away = np.square((cells - cells.mean(axis=0)) / (cells.std(axis=0) + 1e-9)).sum(axis=1)
        return renamed(texts[int(away.argmin())], formula)


def _amounts(formula: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(sorted(formula.values()))


def renamed(crystal: Written, formula: Mapping[int, int]) -> Written:
    """Give the sites of a crystal the elements of a formula with the same amounts.

    Of elements with equal amounts the heavier one takes the place of the heavier one.
    """
    own = sorted(formula_of(crystal).items(), key=lambda item: (item[1], item[0]))
    wanted = sorted(formula.items(), key=lambda item: (item[1], item[0]))
    names = {number: other for (number, _), (other, _) in zip(own, wanted, strict=True)}
    counts = {names[number]: count for number, count in crystal.contents}
    order = sorted(counts, reverse=True)
    sites = sorted(
        (order.index(names[crystal.contents[kind][0]]), x, y, z) for kind, x, y, z in crystal.sites
    )
    contents = tuple((number, counts[number]) for number in order)
    return Written(crystal.a, crystal.b, crystal.gamma, contents, tuple(sites))
