"""Text, then physics: the solver alone, the network alone, and the solver with its answers.

    python studies/text_then_physics.py TEXTS --out FOLDER [--checkpoint FILE] [--limit 100]

TEXTS is a table of `language texts`; of its test crystals N are drawn as MicroscopyGPT draws them,
counted electrons added (2000 per Å², Poisson). All three are told the composition and the pixel
size. Prints Hit@1, Match_abs and the rest of STEM2Crystal-Bench's scores for each, and of the
pictures that the solver alone misses the share that is right with proposals. The commands are
`language pictures`, `language ranked`, `reconstruction ranked [--proposals]` and `benchmarks
score-stem2crystal`; what is there already is not made again.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from micrographia.benchmarks.bootstrap import bootstrap_mean
from micrographia.cli import main as run_command
from micrographia.io.schemas import RANKED_SCORES
from micrographia.io.tables import read_rows

METHODS = ("solver", "network", "network-solver")


def main() -> None:
    """Draw, answer three times, score, compare."""
    options = _options()
    out: Path = options.out
    out.mkdir(parents=True, exist_ok=True)
    pictures = out / "pictures"
    if not (pictures / "truth.jsonl").exists():
        draw = ["language", "pictures", str(options.texts), "--out", str(pictures)]
        draw += ["--dose", str(options.dose), "--limit", str(options.limit)]
        _run([*draw, "--seed", str(options.seed)])
    solve = ["reconstruction", "ranked", str(pictures), "--time-limit", str(options.time_limit)]
    written = out / "network.jsonl"
    commands = {
        "network": ["language", "ranked", str(pictures)]
        + (["--checkpoint", str(options.checkpoint)] if options.checkpoint else []),
        "solver": solve,
        "network-solver": [*solve, "--proposals", str(written)],
    }
    for name, command in commands.items():
        answers = out / f"{name}.jsonl"
        if not answers.exists():
            _run([*command, "--out", str(answers)])
        _run(["benchmarks", "score-stem2crystal", str(pictures), "--answers", str(answers),
              "--out", str(out / f"{name}.json")])  # fmt: skip
    _mended(out)


def _mended(out: Path) -> None:
    """Print what the proposals mend of what the solver misses, and what they spoil."""
    right = {
        name: {row["picture"]: bool(row["hit_1"])
               for row in read_rows(out / f"{name}.parquet", RANKED_SCORES)}
        for name in METHODS
    }  # fmt: skip
    alone, both = right["solver"], right["network-solver"]
    mended = [float(both[picture]) for picture, hit in alone.items() if not hit]
    spoilt = [picture for picture, hit in alone.items() if hit and not both[picture]]
    print(f"missed by the solver alone: {len(mended)}; mended: {sum(mended):.0f}; "
          f"spoilt: {len(spoilt)}")  # fmt: skip
    if mended:
        share, low, high = bootstrap_mean(mended, 2000, 0.95, seed=0)
        print(f"share mended: {share:.2f} ({low:.2f} to {high:.2f})")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("texts", type=Path, help="table of crystals as texts")
    parser.add_argument("--checkpoint", type=Path, default=None, help="default: shipped weights")
    parser.add_argument("--dose", type=float, default=2000.0, help="electrons per Å²")
    parser.add_argument("--limit", type=int, default=100, help="pictures")
    parser.add_argument("--seed", type=int, default=1665, help="of choice and noise")
    parser.add_argument("--time-limit", type=float, default=60.0, help="of a picture [s]")
    parser.add_argument("--out", type=Path, required=True, help="folder to write")
    return parser.parse_args()


def _run(command: list[str]) -> None:
    status = run_command(command)
    if status:
        sys.exit(status)


if __name__ == "__main__":
    main()
