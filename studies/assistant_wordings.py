"""Scores of an assistant by task, and by what its network had not seen: wordings, real pictures.

    python -m micrographia benchmarks score-assistant questions.parquet \\
        --answers answers.parquet --facts facts.parquet --out scores.json
    python studies/assistant_wordings.py questions.parquet scores.parquet

The network learns from all wordings of a topic but the last. Of each method and kind of wording:
texts (BLEU-4, ROUGE-L, METEOR), facts stated rightly, inventions in all claims, refusals of what
cannot be answered, and answers given to what can.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from micrographia.io.schemas import ASSISTANT_SCORES, INSTRUCTIONS
from micrographia.io.tables import read_rows
from micrographia.language.instruction.grammar import read_grammar
from micrographia.language.network.samples import held_wording


def main() -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("questions", type=Path, help="table of `language instructions`")
    parser.add_argument("scores", type=Path, help="table of `benchmarks score-assistant`")
    arguments = parser.parse_args()
    grammar, _ = read_grammar()
    questions = {row["question_id"]: row for row in read_rows(arguments.questions, INSTRUCTIONS)}
    rows = pd.DataFrame(read_rows(arguments.scores, ASSISTANT_SCORES))
    asked = [questions[name] for name in rows["question_id"]]
    rows["wording"] = ["new" if held_wording(row, grammar) else "seen" for row in asked]
    rows["picture"] = [
        "drawn" if str(row["group"]).startswith(("drawn", "seed")) else "real" for row in asked
    ]
    for column in ("wording", "picture", "task"):
        table = rows.groupby(["method", column]).apply(_scores, include_groups=False)
        print(table.round(3).to_string(), end="\n\n")
    return 0


def _scores(rows: pd.DataFrame) -> pd.Series:
    """Means over questions; shares over facts, claims, questions."""
    answerable = rows["kind"] == "answerable"
    facts, claims = rows["n_facts"].sum(), rows["n_claims"].sum()
    return pd.Series(
        {
            "questions": len(rows),
            "BLEU-4": rows["bleu4"].mean(),
            "ROUGE-L": rows["rougeL"].mean(),
            "METEOR": rows["meteor"].mean(),
            "facts right": rows["n_right"].sum() / facts if facts else float("nan"),
            "claims": claims,
            "invented": rows["n_invented"].sum() / claims if claims else float("nan"),
            "refused what cannot be told": rows.loc[~answerable, "refused"].mean(),
            "answered what can": 1 - rows.loc[answerable, "refused"].mean(),
        }
    )


if __name__ == "__main__":
    raise SystemExit(main())
