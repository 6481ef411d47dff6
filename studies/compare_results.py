"""Compare two results folders file by file and print the differences by kind.

    python studies/compare_results.py /path/to/before/results results

Tables (parquet) are compared by their columns, types and values, without the metadata that says
who made them; JSON by its values without provenance (versions, digests of settings); masks, TIFF,
CIF, CSV and other artifacts by their bytes, without the version of Micrographia that TIFF and CIF
name. Logs and run times are left out: they differ between two runs of one version. Exit
status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

#: Folders of a results folder that say how a run went, not what it found.
RUN = {"logs", "times"}
#: Entries of JSON files that say who made them.
PROVENANCE = {"versions", "config_digest", "settings_digest", "code", "machine"}
#: Columns and metrics that are wall-clock times.
TIMES = ("seconds", "seconds_phase_object", "seconds_multislice", "time_ratio")
#: The version of Micrographia in the text of a CIF and in the description of a TIFF.
VERSION = re.compile(rb"((?:M|m)icrographia\"?:? \"?)\d+\.\d+\.\d+")
#: The same in the description of an ImageJ TIFF, which is UTF-16.
VERSION_TIFF = re.compile('"version": "'.encode("utf-16-le") + rb"(?:[\d.]\x00)+")
#: Most differences of one kind that are printed without --all.
SHOWN = 12


def main() -> int:
    """Print how many files of each kind are equal, and which are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
    parser.add_argument("--all", action="store_true", help="print every difference")
    arguments = parser.parse_args()
    names = sorted(set(files(arguments.before)) | set(files(arguments.after)))
    equal: dict[str, int] = defaultdict(int)
    different: dict[str, list[str]] = defaultdict(list)
    for name in names:
        kind = Path(name).suffix.removeprefix(".") or "other"
        fault = difference(arguments.before / name, arguments.after / name)
        if fault is None:
            equal[kind] += 1
        else:
            different[kind].append(f"{name}: {fault}")
    for kind in sorted(equal.keys() | different.keys()):
        print(f"{kind:8} {equal[kind]:5} equal, {len(different[kind])} different")
        shown = len(different[kind]) if arguments.all else SHOWN
        for line in different[kind][:shown]:
            print(f"    {line}")
        if left_out := len(different[kind][shown:]):
            print(f"    and {left_out} more (--all)")
    return 1 if different else 0


def files(root: Path) -> Iterator[str]:
    """Names of a folder's artifacts, relative to it."""
    for path in root.rglob("*"):
        name = path.relative_to(root)
        if path.is_file() and name.parts[0] not in RUN and not path.name.startswith("."):
            yield str(name)


def difference(before: Path, after: Path) -> str | None:
    """Say how two files differ; None where they do not."""
    for path, word in ((before, "new"), (after, "gone")):
        if not path.is_file():
            return word
    if before.suffix == ".parquet":
        return _of_tables(before, after)
    if before.suffix == ".json":
        first, second = (json.loads(path.read_text(encoding="utf-8")) for path in (before, after))
        return next(_of_values(_stripped(first), _stripped(second)), None)
    first, second = (_without_version(path) for path in (before, after))
    return None if first == second else "other bytes"


def _without_version(path: Path) -> bytes:
    found = VERSION.sub(rb"\1", path.read_bytes())
    return VERSION_TIFF.sub(b"", found) if path.suffix == ".tif" else found


def _of_tables(before: Path, after: Path) -> str | None:
    first, second = pq.read_table(before), pq.read_table(after)
    if not first.schema.equals(second.schema, check_metadata=False):
        return f"columns {first.schema.names} became {second.schema.names}"
    if first.num_rows != second.num_rows:
        return f"{first.num_rows} rows became {second.num_rows}"
    # NaN equals NaN here: two missing numbers are no difference.
    changed = [
        name
        for name in first.schema.names
        if name not in TIMES and _plain(first[name]) != _plain(second[name])
    ]
    return f"values of {', '.join(changed)}" if changed else None


def _plain(column: pa.ChunkedArray) -> bytes:
    return VERSION.sub(rb"\1", repr(column.to_pylist()).encode())


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _stripped(item) for key, item in value.items() if key not in PROVENANCE}
        return {key: item for key, item in kept.items() if key not in TIMES}
    if isinstance(value, list):
        return [_stripped(item) for item in value if not _is_time(item)]
    return value


def _is_time(entry: Any) -> bool:
    """Whether an entry of a benchmark's `metrics` is a run time."""
    metric = entry.get("metric", "") if isinstance(entry, dict) else ""
    return metric.startswith(("seconds", "time ratio"))


def _of_values(first: Any, second: Any, where: str = "") -> Iterator[str]:
    if isinstance(first, dict) and isinstance(second, dict):
        for key in sorted(first.keys() | second.keys()):
            yield from _of_values(first.get(key), second.get(key), f"{where}.{key}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from _of_values(one, other, f"{where}[{number}]")
    elif repr(first) != repr(second):
        yield f"{where.removeprefix('.')} was {first!r}, is {second!r}"


if __name__ == "__main__":
    sys.exit(main())
