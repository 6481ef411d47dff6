"""The pixel size of a micrograph: header, banner and scale bar, checked against each other."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from micrographia.arrays import FloatImage
from micrographia.config import Scale
from micrographia.curation.scale.banner import Banner, contradicts
from micrographia.curation.scale.banner_text import read_banner
from micrographia.curation.scale.decide import Answer
from micrographia.curation.scale.readers.tools import Tools
from micrographia.curation.scale.reading import read_scale
from micrographia.errors import MicrographiaError
from micrographia.io.images import read_micrograph, to_own_range
from micrographia.io.schemas import SCALE
from micrographia.io.schemas.rows import (
    ScaleRow,
    TextRow,
    blank,
)
from micrographia.io.working_picture import most_pixels

LOG = logging.getLogger(__name__)

#: Longest side at which a bar is searched; larger pictures are averaged down [px].
_LONGEST = 2048
#: Classes of a text detector that can hold a bar's label.
_HINTS = ("text", "scale_bar")


class Judgement(TypedDict):
    """The pixel size that is used, where it is from, whether sources agree, and why if not."""

    pixel_size_nm: float | None
    pixel_size_source: str | None
    agreement: str
    reason: str | None


class BarReading(TypedDict):
    """Columns of schema SCALE that a scale bar fills."""

    bar_nm: float
    bar_box: list[int]
    bar_px: float
    bar_kind: str
    label_text: str
    label_nm: float
    evidence: float
    margin: float
    bar_margin: float
    network_share: float
    rapidocr_share: float
    tesseract_share: float
    confidence: float


def search(
    micrographs: Iterable[Mapping[str, Any]],
    texts: Mapping[str, TextRow],
    tools: Tools,
    settings: Scale,
) -> Iterator[ScaleRow]:
    """Yield one row of `schemas.SCALE` per micrograph; one that cannot be read says so.

    Parameters
    ----------
    micrographs
        Rows of `schemas.MICROGRAPHS`.
    texts
        Rows of `schemas.TEXT` by `image_id`, where a detector looked.
    tools
        What `readers.tools.load_tools` returns.
    settings
        Thresholds.
    """
    for entry in micrographs:
        header = entry.get("pixel_size_nm")
        by_user = entry.get("pixel_size_source") == "csv"
        try:
            picture = read_micrograph(entry["path"], most_pixels(entry))
        except MicrographiaError as error:
            LOG.warning("%s", error)
            # What its header said when it was ingested still holds.
            known = judge(header, None, None, settings, by_user=by_user)
            failed: ScaleRow = blank(SCALE)
            failed = {**failed, **known, "header_nm": header, "reason": str(error)}
            yield _named(failed, entry)
            continue
        header = header or picture.pixel_size_nm
        hints = _hints(texts.get(entry["image_id"]))
        found = measure(picture.pixels, header, tools, settings, hints, by_user=by_user)
        yield _named(found, entry)


def _named(row: ScaleRow, entry: Mapping[str, Any]) -> ScaleRow:
    return {**row, "image_id": entry["image_id"], "path": entry["path"]}


def measure(
    pixels: NDArray[Any],
    header_nm: float | None,
    tools: Tools,
    settings: Scale,
    hints: Sequence[Sequence[int]] = (),
    *,
    by_user: bool = False,
) -> ScaleRow:
    """Return what is known of a picture's pixel size; its names are left blank.

    Parameters
    ----------
    pixels
        Grey picture.
    header_nm
        Pixel size that the file's header gives [nm].
    tools
        What `readers.tools.load_tools` returns.
    settings
        Thresholds.
    hints
        Boxes of text that a detector found [px].
    by_user
        Whether `header_nm` is not the file's, but from the user's CSV.
    """
    factor = max(1, -(-max(pixels.shape) // _LONGEST))
    unit = _reduced(to_own_range(pixels), factor)
    small = [[value // factor for value in box] for box in hints]
    answer = read_scale(unit, tools, small)
    banner = read_banner(unit, tools, factor)
    row: ScaleRow = blank(SCALE)
    row |= {"header_nm": header_nm, "note": tools.note}
    if banner is not None and banner.nm is not None:
        row["banner_nm"] = banner.nm
    if answer is not None:
        row = {**row, **_of_answer(answer, factor)}
    fault = _fault(answer, banner, unit.shape[1], factor, settings)
    if answer is not None and _witnessed(answer.nm / factor, row, settings):
        fault = None
    bar_nm = row["bar_nm"] if fault is None else None
    judged = judge(header_nm, row["banner_nm"], bar_nm, settings, by_user=by_user)
    row = {**row, **judged}
    row["reason"] = "; ".join(filter(None, (row["reason"], fault))) or None
    return row


def judge(
    header_nm: float | None,
    banner_nm: float | None,
    bar_nm: float | None,
    settings: Scale,
    *,
    by_user: bool = False,
) -> Judgement:
    """Return the pixel size to use, its source, whether the sources agree, and why if not.

    The header is the most exact and is taken first; a bar confidently read that contradicts it
    leaves no pixel size: the file may have been resized, or the header be of another picture.
    A banner's field of view is that of the uncropped picture and decides alone only. What the
    user's CSV says (`by_user`: in place of the header) is used in any case; `agreement` and
    `reason` tell what speaks against it.
    """
    stated = "csv" if by_user else "header"
    sources = {stated: header_nm, "bar": bar_nm, "banner": banner_nm}
    known = {name: value for name, value in sources.items() if value is not None}
    answer: Judgement = {
        "pixel_size_nm": None,
        "pixel_size_source": None,
        "agreement": "none" if not known else "single" if len(known) == 1 else "agree",
        "reason": None,
    }
    if not known:
        return answer
    first, *others = known
    if first == "csv":
        answer |= {"pixel_size_nm": header_nm, "pixel_size_source": "csv"}
    for other in others:
        allowed = settings.banner_tolerance if other == "banner" else settings.tolerance
        if abs(known[other] / known[first] - 1) > allowed:
            answer["agreement"] = "disagree"
            answer["reason"] = (
                f"{first} says {known[first]:.4g} nm, {other} {known[other]:.4g} nm a pixel"
            )
            return answer
    low, high = settings.min_nm, settings.max_nm
    if first != "csv" and not low <= known[first] <= high:
        answer["reason"] = (
            f"{first} says {known[first]:.4g} nm a pixel, which no micrograph has "
            f"(believed: {low:g} to {high:g} nm)"
        )
        return answer
    return answer | {"pixel_size_nm": known[first], "pixel_size_source": first}


def _of_answer(answer: Answer, factor: int) -> BarReading:
    bar = answer.bar
    box = [int(bar.x0), bar.y0, int(np.ceil(bar.x1)), bar.y1]
    return {
        "bar_nm": answer.nm / factor,
        "bar_box": [value * factor for value in box],
        "bar_px": bar.length * factor,
        "bar_kind": bar.kind,
        "label_text": answer.text,
        "label_nm": answer.label.nm,
        "evidence": answer.evidence,
        "margin": answer.margin,
        "bar_margin": answer.bar_margin,
        "network_share": answer.shares["network"],
        "rapidocr_share": answer.shares["rapidocr"],
        "tesseract_share": answer.shares["tesseract"],
        "confidence": answer.confidence,
    }


def _fault(
    answer: Answer | None, banner: Banner | None, width: int, factor: int, settings: Scale
) -> str | None:
    """Return why the bar's reading is not used, or None."""
    if answer is None:
        return "no scale bar with a label that can be read"
    if answer.doubt is not None:
        return f"bar read as {answer.text!r}, but {answer.doubt}"
    if not answer.agreed and settings.min_confidence_alone >= 1:
        return f"bar read as {answer.text!r}, but {_disagreement(answer)}"
    needed = settings.min_confidence if answer.agreed else settings.min_confidence_alone
    if answer.confidence < needed:
        sure = f"{answer.confidence:.2f} < {needed:g}"
        return f"bar read as {answer.text!r} with confidence {sure}; {_disagreement(answer)}"
    if not settings.min_nm <= answer.nm / factor <= settings.max_nm:
        return f"bar read as {answer.text!r}: {answer.nm / factor:.4g} nm a pixel is implausible"
    if contradicts(banner, answer.nm, width):
        assert banner is not None
        return f"bar read as {answer.text!r} does not fit magnification {banner.magnification:g}"
    return None


def _disagreement(answer: Answer) -> str:
    """Say who reads what."""
    said = {reader: str(label) for reader, label in answer.said.items()}
    if len(set(said.values())) > 1:
        return "; ".join(f"{reader} reads {label!r}" for reader, label in said.items())
    return f"only {next(iter(said))} reads it" if len(said) == 1 else "no two readers are sure"


def _witnessed(nm: float, row: ScaleRow, settings: Scale) -> bool:
    """Whether header or banner say the same as a bar that no two readers agree on."""
    said = ((row["header_nm"], settings.tolerance), (row["banner_nm"], settings.banner_tolerance))
    return any(other and abs(nm / other - 1) <= allowed for other, allowed in said)


def _hints(found: Mapping[str, Any] | None) -> list[list[int]]:
    if found is None or found["boxes"] is None:
        return []
    pairs = zip(found["boxes"], found["classes"], strict=True)
    return [list(box) for box, kind in pairs if kind in _HINTS]


def _reduced(unit: FloatImage, factor: int) -> FloatImage:
    """Return a picture averaged over squares of `factor` pixels."""
    if factor == 1:
        return unit
    height, width = (side // factor * factor for side in unit.shape)
    blocks = unit[:height, :width].reshape(height // factor, factor, width // factor, factor)
    return np.asarray(blocks.mean(axis=(1, 3)), np.float32)
