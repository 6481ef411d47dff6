"""Tables of `micrographia measure` for people: CSV with units in the header."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from micrographia.io.atomic import write_text
from micrographia.segmentation.measuring.export import flattened
from micrographia.segmentation.measuring.sizes import distributions

#: Endings of column names, the longest first, and the unit that stands in their place.
_UNITS = {"_nm2": "nm²", "_nm": "nm", "_px": "px", "_deg": "°"}
#: Columns whose names do not end in their unit.
_OWN = {
    "area_px": "area [px²]",
    **{f"centroid_{axis}": f"centroid_{axis} [px]" for axis in "xy"},
    **{f"bbox_{edge}": f"bbox_{edge} [px]" for edge in ("x0", "y0", "x1", "y1")},
    "width": "width [px]",
    "height": "height [px]",
    "seconds": "time [s]",
}
#: Columns of `schemas.SIZES` that have the unit of the sizes, by the name that the CSV has.
_LENGTHS = {
    "mean": "mean",
    "sd": "sd",
    "median": "median",
    "d10": "d10",
    "d50": "d50",
    "d90": "d90",
    "geometric_mean": "log-normal geometric mean",
    "geometric_mean_low": "log-normal geometric mean, low end of 95 %",
    "geometric_mean_high": "log-normal geometric mean, high end of 95 %",
}
#: Those that have none.
_NUMBERS = {
    "geometric_sd": "log-normal geometric sd",
    "ks": "log-normal KS distance",
    "p_value": "log-normal Anderson-Darling p",
    "normal_ks": "normal KS distance",
    "normal_p_value": "normal Anderson-Darling p",
}


def with_unit(column: str) -> str:
    """Return a column's name with its unit in brackets.

    Examples
    --------
    >>> with_unit("feret_max_nm"), with_unit("area_nm2"), with_unit("aspect")
    ('feret_max [nm]', 'area [nm²]', 'aspect')
    """
    if column in _OWN:
        return _OWN[column]
    for ending, unit in _UNITS.items():
        if column.endswith(ending):
            return f"{column.removesuffix(ending)} [{unit}]"
    return column


def counted(pictures: pd.DataFrame, instances: pd.DataFrame) -> pd.DataFrame:
    """Return the instances of the pictures that count."""
    paths = pictures.loc[pictures["why_not_counted"].isna(), "path"]
    return instances[instances["path"].isin(set(paths))]


def parts(
    pictures: pd.DataFrame, instances: pd.DataFrame
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield "all", "group" or "picture", a name, and the instances: of all, groups, pictures.

    Parameters
    ----------
    pictures
        Columns of `schemas.MEASURED_PICTURES`.
    instances
        Columns of `schemas.INSTANCES`.
    """
    together = counted(pictures, instances)
    yield "all", "all pictures that count", together
    group = dict(zip(pictures["path"], pictures["group"], strict=True))
    for name, part in together.groupby(together["path"].map(group), sort=True):
        yield "group", str(name), part
    by_path = dict(iter(instances.groupby("path", sort=False)))
    for row in pictures[pictures["failure"].isna()].to_dict("records"):
        yield "picture", row["file"], by_path.get(row["path"], instances.iloc[:0])


def size_table(pictures: pd.DataFrame, instances: pd.DataFrame) -> pd.DataFrame:
    """Return one row per distribution of equivalent diameters, first in nm, then in px.

    Parameters
    ----------
    pictures, instances
        As for `parts`.
    """
    rows = []
    for level, name, part in parts(pictures, instances):
        row: dict[str, Any] = {"of": level, "name": name, "pictures": part["path"].nunique()}
        for unit, found in sorted(distributions(part)):  # nm comes before px
            found["d50"] = found["median"]
            row[f"n ({unit})"] = found["n"]
            row[f"cut by the border, left out ({unit})"] = found["n_cut"]
            row |= {f"{label} [{unit}]": found[key] for key, label in _LENGTHS.items()}
            row |= {f"{label} ({unit})": found[key] for key, label in _NUMBERS.items()}
        rows.append(row)
    return pd.DataFrame(rows)


def write_csv(pictures: pd.DataFrame, instances: pd.DataFrame, out: Path) -> None:
    """Write `pictures.csv`, `instances.csv` and `sizes.csv`, each with file names.

    Parameters
    ----------
    pictures, instances
        As for `parts`.
    out
        Folder.
    """
    hidden = ["path", "name", "box", "text_boxes"]
    _write(pictures.drop(columns=hidden), out / "pictures.csv")
    file = dict(zip(pictures["path"], pictures["file"], strict=True))
    group = dict(zip(pictures["path"], pictures["group"], strict=True))
    flat = flattened(instances).drop(columns=["image_id", "path"])
    flat.insert(0, "file", instances["path"].map(file))
    flat.insert(1, "group", instances["path"].map(group))
    _write(flat, out / "instances.csv")
    _write(size_table(pictures, instances), out / "sizes.csv")


def _write(table: pd.DataFrame, path: Path) -> None:
    named = table.rename(columns=with_unit)
    write_text(path, named.to_csv(index=False, lineterminator="\n", float_format="%.7g"))
