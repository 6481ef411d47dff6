"""Which picture of a group of copies is the original, or the most useful: it stays."""

from __future__ import annotations

import re
from pathlib import PurePath

import numpy as np
import pandas as pd

from micrographia.arrays import IntArray

#: The word that file managers put into the name of a copy, in the languages of many users.
_WORD = r"(?:copy|kopie|copie|copia|cópia|kopia|kopi|kopio|copia|копия|コピー|副本)"
_END = re.compile(rf"(?:^|[\s_.–-]){_WORD}(?:[\s_-]*\(?\d+\)?)?$|\(\d+\)$", re.IGNORECASE)
_START = re.compile(rf"^{_WORD}(?:[\s_]*\(?\d+\)?)?[\s_]+(?:of|von|de|di|av|af)\b", re.IGNORECASE)
#: Formats that lose detail.
_LOSSY = {"JPEG", "WEBP"}


def is_called_copy(path: str) -> bool:
    """Whether a file's name is one that file managers give to copies.

    Examples
    --------
    >>> [is_called_copy(name) for name in ("d/a - Copy (2).tif", "Kopie von a.png", "a(1).tif")]
    [True, True, True]
    >>> [is_called_copy(name) for name in ("copy/a.tif", "photocopy.png", "a_1.tif")]
    [False, False, False]
    """
    stem = PurePath(path).stem.strip()
    return bool(_END.search(stem) or _START.search(stem))


def ranks(part: pd.DataFrame) -> IntArray:
    """Return the rank of every row, 0 for the one that stays before all others.

    Most pixels, a mask, a known size of a pixel, a name that is not a copy's, a format without
    loss, the sharpest, the first by path: the first of these that differs decides.

    Parameters
    ----------
    part
        Rows of `schemas.MICROGRAPHS`, sorted by path.
    """
    keys = pd.DataFrame(
        {
            "area": -(part["width"].astype("int64") * part["height"].astype("int64")),
            "mask": part["mask_path"].isna(),
            "size": part["pixel_size_nm"].isna(),
            "name": part["path"].map(is_called_copy).astype(bool),
            "format": part["format"].isin(_LOSSY),
            "sharpness": -part["sharpness"].astype("float64"),
        }
    ).reset_index(drop=True)
    order = keys.sort_values(list(keys.columns), kind="stable").index
    rank = pd.Series(range(len(order)), index=order, dtype="int64")
    return np.asarray(rank.sort_index(), dtype=np.int64)
