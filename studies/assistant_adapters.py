"""Adapters of the assistant's network compared: full, LoRA, frozen A, drawn ranks, both.

    python studies/assistant_adapters.py questions.parquet --facts facts.parquet ... \\
        --steps 300 --above 24 --out adapters.json

The same network, samples, seed and number of updates; of SmolLM2 the layers from `--above` on are
fitted. Printed for each: weights that are trained, the optimizer's moments of the adapters [MB],
seconds an update, the process's largest memory [MB], loss (mean over held-out words, in nats) and
share of whole answers. Of drawn ranks the loss at each rank, beside LoRA trained at that rank
alone. Weights of eight bits (the Q of DyQLoRA-FA) need CUDA and are not among them.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from micrographia.config.language.adapters import Adapters
from micrographia.config.language.network import AssistantNetwork

#: Variants by name; None: all weights of the fitted layers.
VARIANTS: dict[str, dict[str, Any] | None] = {
    "full": None,
    "LoRA 16": {"rank": 16},
    "LoRA 8": {"rank": 8},
    "LoRA 4": {"rank": 4},
    "LoRA-FA 16": {"rank": 16, "frozen": True},
    "DyLoRA 4-16": {"rank": 16, "least_rank": 4},
    "DyLoRA-FA 4-16": {"rank": 16, "least_rank": 4, "frozen": True},
}


def run(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Train one variant in a process of its own, and judge it."""
    import torch

    from micrographia.io.schemas import FACTS, INSTRUCTIONS
    from micrographia.io.tables import read_rows
    from micrographia.language.instruction.grammar import read_grammar
    from micrographia.language.network.build import build
    from micrographia.language.network.samples import (
        Samples,
        facts_by_picture,
        held_wording,
        usable,
    )
    from micrographia.language.network.train import AnswerLearner
    from micrographia.training.loop import fit

    torch.set_num_threads(arguments.threads)
    told = VARIANTS[name]
    adapters = None if told is None else Adapters(alpha=1, dropout=0.05, **told)
    loop = {
        "steps": arguments.steps, "batch": arguments.batch, "learning_rate": 1e-3, "average": 0.0,
        "validate_every": arguments.steps, "save_every": arguments.steps, "warmup": 0.05,
        "precision": "bf16",
    }  # fmt: skip
    settings = AssistantNetwork.model_validate(
        {"base": "smollm2", "above": arguments.above, "every": 2, "longest": 96,
         "adapters": adapters, "judged": arguments.judged, "loop": loop}
    )  # fmt: skip
    grammar, _ = read_grammar()
    facts = facts_by_picture(row for table in arguments.facts for row in read_rows(table, FACTS))
    questions = read_rows(arguments.questions, INSTRUCTIONS)
    trained = [row for row in usable(questions, facts, "train") if not held_wording(row, grammar)]
    held = usable(questions, facts, "validation")
    torch.manual_seed(arguments.seed)
    model, words, card = build(
        settings, None, sorted({row["template"] for row in trained}), dtype=torch.bfloat16
    )
    if told is None:
        # Trained and kept as a language model of our own is.
        model.base.from_scratch = True
        for layer in model.base.model.layers[settings.above :]:
            layer.requires_grad_(True)
    fitted = sum(
        weight.numel()
        for weight_name, weight in model.named_parameters()
        if weight_name.startswith("base.") and weight.requires_grad
    )
    series = [
        Samples(rows, facts, words, card["said"], grammar, settings.longest)
        for rows in (trained, held)
    ]
    learner = AnswerLearner(model, series[0], series[1], settings, arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "weights.safetensors"
        start = time.perf_counter()
        fit(learner, settings.loop, out, Path(folder) / "states", seed=arguments.seed, card=card)
        seconds = time.perf_counter() - start
    found: dict[str, Any] = {
        "variant": name,
        "weights of the language model": fitted,
        "moments [MB]": round(8 * fitted / 1e6, 2),
        "seconds an update": round(seconds / arguments.steps, 3),
        "memory [MB]": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3),
    }
    ranks = [None] if model.ranks is None else [4, 8, 16]
    for rank in ranks:
        if rank is not None:
            model.rank = rank
        with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
            scores = learner.validate(model.eval(), torch.device("cpu"))
        suffix = "" if rank is None else f" at {rank}"
        found[f"loss{suffix}"] = round(-math.log(scores[learner.score]), 4)
        found[f"whole answers{suffix}"] = round(scores["whole answers"], 3)
    return found


def main() -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("questions", type=Path, help="table of `language instructions`")
    parser.add_argument("--facts", type=Path, nargs="+", required=True)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--above", type=int, default=24)
    parser.add_argument("--judged", type=int, default=256)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1665)
    parser.add_argument("--only", nargs="+", default=list(VARIANTS), choices=list(VARIANTS))
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.only:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            rows.append(pool.submit(run, name, arguments).result())
        print(json.dumps(rows[-1]), flush=True)
        arguments.out.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
