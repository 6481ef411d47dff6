"""`micrographia benchmarks score-assistant`: score answers to questions about pictures."""

from __future__ import annotations

import argparse
from pathlib import Path

from micrographia.commandline import Subparsers, add_settings, non_negative, positive, settings_of
from micrographia.config import Benchmarks


def register(verbs: Subparsers) -> None:
    """Add the verb `score-assistant`."""
    score = verbs.add_parser(
        "score-assistant",
        help="score answers to questions about pictures: texts, facts, inventions; writes JSON "
        "and parquet",
    )
    score.add_argument("questions", type=Path, help="table of `language instructions`")
    score.add_argument(
        "--answers", type=Path, nargs="+", required=True, metavar="TABLE",
        help="tables of answers, of one or several methods",
    )  # fmt: skip
    score.add_argument(
        "--facts", type=Path, nargs="+", required=True, metavar="TABLE",
        help="tables of `language facts`: the true facts",
    )  # fmt: skip
    score.add_argument(
        "--measured", type=Path, nargs="*", default=[], metavar="TABLE",
        help="facts as the assistant measured them: what it says from them is not invented",
    )  # fmt: skip
    score.add_argument(
        "--part", choices=("train", "validation", "test"), default="test",
        help="part of the questions (default: test)",
    )  # fmt: skip
    score.add_argument(
        "--at-most", type=positive, default=None, metavar="N",
        help="score the first N questions by their identifiers, as `language answers` drew them; "
        "other answers are not looked at",
    )  # fmt: skip
    score.add_argument(
        "--wordnet", type=Path, default=None, metavar="DIR",
        help="WordNet's files, for METEOR (default: /usr/share/wordnet)",
    )  # fmt: skip
    score.add_argument(
        "--seed", type=non_negative, default=1665, help="random seed of the confidence intervals"
    )
    score.add_argument("--out", type=Path, required=True, metavar="JSON", help="JSON to write")
    add_settings(score, Benchmarks)
    score.set_defaults(run=_score)


def _score(arguments: argparse.Namespace) -> int:
    import pandas as pd

    from micrographia.benchmarks.assistant.scores import score_answers
    from micrographia.benchmarks.assistant.summary import summarise
    from micrographia.benchmarks.assistant.texts import TextScorer
    from micrographia.benchmarks.assistant.wordnet import FOLDER
    from micrographia.benchmarks.published import ASSISTANT_NOTE, published_rows
    from micrographia.io.atomic import refuse_inputs
    from micrographia.io.benchmark_results import write_result
    from micrographia.io.questions.sample import sample_of
    from micrographia.io.schemas import ASSISTANT_ANSWERS, ASSISTANT_SCORES, FACTS, INSTRUCTIONS
    from micrographia.io.tables import read_rows, write_table
    from micrographia.provenance import stamp

    settings = settings_of(arguments)
    table = arguments.out.with_suffix(".parquet")
    read = [arguments.questions, *arguments.answers, *arguments.facts, *arguments.measured]
    refuse_inputs([arguments.out, table], read)
    questions = [
        row for row in read_rows(arguments.questions, INSTRUCTIONS)
        if row["split"] == arguments.part
    ]  # fmt: skip
    if arguments.at_most is not None:
        whole = [row for row in questions if row["failure"] is None]
        questions = sample_of(whole, arguments.at_most)
    answers = [row for path in arguments.answers for row in read_rows(path, ASSISTANT_ANSWERS)]
    facts = [row for path in arguments.facts for row in read_rows(path, FACTS)]
    measured = [row for path in arguments.measured for row in read_rows(path, FACTS)]
    texts = TextScorer(arguments.wordnet or FOLDER)
    rows = score_answers(questions, answers, facts, measured, texts)
    provenance = stamp(settings, arguments.seed)
    write_table(rows, table, ASSISTANT_SCORES, provenance)
    frame = pd.DataFrame(rows, columns=ASSISTANT_SCORES.names)
    metrics = summarise(frame, settings, arguments.seed)
    write_result(
        arguments.out,
        "assistant",
        metrics,
        provenance,
        n=len(rows),
        n_failed=int(frame["failure"].notna().sum()),
        meteor=texts.without_meteor or "nltk; words are stemmed before synonyms are looked up",
        published={"note": ASSISTANT_NOTE, "rows": published_rows("assistant")},
    )
    for entry in metrics:
        if entry["group"] == "all" and entry["value"] is not None:
            print(f"{entry['method']}, {entry['metric']}: {entry['value']:.3f} (n = {entry['n']})")
    if texts.without_meteor:
        print(texts.without_meteor)
    return 0
