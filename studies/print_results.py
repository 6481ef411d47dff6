"""Print the values of finished benchmarks as a Markdown table, with the machine.

    python studies/print_results.py results/benchmarks/*.json

Every value in README and docs is a line of this command's output, or of another script here.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from micrographia.provenance import machine


def main() -> None:
    """Read result files, print one table each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", nargs="+", type=Path, help="results/benchmarks/<name>.json")
    arguments = parser.parse_args()
    here = machine()
    print(f"{here['processor']}, {here['cores']} cores, {here['system']}")
    for path in arguments.results:
        result = json.loads(path.read_text())
        counts = f"n = {result['n']}, failed {result['n_failed']}, seed {result['seed']}"
        print(f"\n{path} · {counts}\n")
        print("| metric | group | method | value | interval | n |")
        print("|---|---|---|---|---|---|")
        for row in result["metrics"]:
            print(
                f"| {row['metric']} | {row['group']} | {row['method']} | {_text(row['value'])} "
                f"| {_interval(row)} | {row['n']} |"
            )
        _print_outcomes(result)


def _print_outcomes(result: dict[str, Any]) -> None:
    """Print what became of the images, and the figures of others, where a result holds them."""
    rows = result.get("outcomes", {"rows": []})["rows"]
    for row in rows:
        if row["group"] == "all":
            counts = ", ".join(f"{name} {n}" for name, n in row["counts"].items())
            print(f"\nOutcomes of {row['method']}: {counts}")
    for row in result.get("refusals", []):
        print(f"- refused {row['n']}×, {row['method']}: {row['reason']}")
    published = result.get("published")
    if published:
        print(f"\n{published['note']}\n")
        print("| system | group | metric | value | source |")
        print("|---|---|---|---|---|")
        for row in published["rows"]:
            print(
                f"| {row['system']} | {row['group']} | {row['metric']} | {_text(row['value'])} "
                f"| {row['source']} |"
            )


def _text(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _interval(row: dict[str, float | None]) -> str:
    return "" if row["low"] is None else f"{_text(row['low'])} to {_text(row['high'])}"


if __name__ == "__main__":
    main()
