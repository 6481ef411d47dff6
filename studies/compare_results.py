"""Compare two results folders file by file and print the differences by kind.

    python studies/compare_results.py /path/to/before/results results

Tables (parquet) are compared by their columns, types and values, without the metadata that says
who made them; masks, TIFF, CIF and other artifacts by their bytes; JSON by its values without
provenance (versions, digests of settings); CSV by its bytes. Logs and run times are left out:
they differ between two runs of one version. Columns of seconds are counted apart for the same
reason. Exit status 1 if anything differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

#: Folders of a results folder that say how a run went, not what it found.
RUN = {"logs", "times"}
#: Entries of JSON files that say who made them.
PROVENANCE = {"versions", "config_digest", "settings_digest", "code", "machine"}
#: Columns and metrics that are wall-clock times.
TIMES = ("seconds",)


def main() -> int:
    """Print how many files of each kind are equal, and which are not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=Path)
    parser.add_argument("after", type=Path)
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
        for line in different[kind]:
            print(f"    {line}")
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
    return None if before.read_bytes() == after.read_bytes() else "other bytes"


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
        if name not in TIMES and repr(first[name].to_pylist()) != repr(second[name].to_pylist())
    ]
    return f"values of {', '.join(changed)}" if changed else None


def _stripped(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: _stripped(item) for key, item in value.items() if key not in PROVENANCE}
        return {key: item for key, item in kept.items() if key not in TIMES}
    return [_stripped(item) for item in value] if isinstance(value, list) else value


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
