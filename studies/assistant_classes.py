"""Classification in words: what the assistant's network says that a picture shows.

    python studies/assistant_classes.py questions.parquet --facts facts.parquet ... --shots 5

The class is hidden from the network. Zero-shot: it is asked "What kind of nanomaterial does this
picture show?" and its words are read. Few-shot: of some training pictures of each class drawn at
random the class of the most alike mean is said, by the cosine of sight's class tokens; mean over
draws. Classification by tools (`micrographia identify`) is another matter.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from micrographia.io.facts.phrases import PHRASES
from micrographia.io.schemas import FACTS, INSTRUCTIONS
from micrographia.io.tables import read_rows
from micrographia.language.network.answer import write
from micrographia.language.network.build import load_network
from micrographia.language.network.samples import facts_by_picture, picture_of
from micrographia.language.network.states import codes_of
from micrographia.language.network.writer import SHIPPED

QUESTION = "What kind of nanomaterial does this picture show?"
DRAWS = 20


def main() -> int:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("questions", type=Path, help="table of `language instructions`")
    parser.add_argument("--facts", type=Path, nargs="+", required=True)
    parser.add_argument("--weights", default="shipped")
    parser.add_argument("--shots", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1665)
    arguments = parser.parse_args()
    facts = facts_by_picture(row for table in arguments.facts for row in read_rows(table, FACTS))
    model, words, _ = load_network(SHIPPED.get(arguments.weights, Path(arguments.weights)))
    pictures: dict[str, dict[str, Any]] = {
        row["image_id"]: row
        for row in read_rows(arguments.questions, INSTRUCTIONS)
        if row["image_id"] in facts and "class_name" in facts[row["image_id"]].known
    }
    tokens: dict[str, list[Any]] = defaultdict(list)
    found: dict[str, list[tuple[Any, str, bool]]] = defaultdict(list)
    for name, row in pictures.items():
        true = str(facts[name].known["class_name"]["words"])
        image = picture_of(row["path"])
        if row["split"] == "train":
            tokens[true].append(_token(model, image))
        elif row["split"] == "test":
            codes = codes_of({}, ())
            said = write(model, words, image, codes, QUESTION, "short", (), 24).template
            real = "drawn" if str(row["group"]).startswith(("drawn", "seed")) else "real"
            found[real].append((_token(model, image), true, _names(said) == true))
    rng = np.random.default_rng(arguments.seed)
    result = {
        part: {
            "pictures": len(rows),
            "zero-shot": round(float(np.mean([right for _, _, right in rows])), 3),
            f"{arguments.shots}-shot": round(_few(rows, tokens, arguments.shots, rng), 3),
        }
        for part, rows in found.items()
    }
    print(json.dumps(result, indent=1))
    return 0


@torch.no_grad()
def _token(model: Any, image: np.ndarray) -> np.ndarray:
    token = model.sight(torch.from_numpy(np.ascontiguousarray(image))[None, None])[0, 0].numpy()
    return np.asarray(token / np.linalg.norm(token))


def _names(said: str) -> str | None:
    """The class whose phrase an answer has; the longest, since others may hold a shorter one."""
    named = [word for word, phrase in PHRASES["class_name"].items() if phrase in said]
    return max(named, key=lambda word: len(PHRASES["class_name"][word]), default=None)


def _few(
    rows: list[tuple[Any, str, bool]],
    tokens: dict[str, list[Any]],
    shots: int,
    rng: np.random.Generator,
) -> float:
    """Share of pictures whose class has the most alike mean of some training pictures."""
    classes = sorted(tokens)
    right = []
    for _ in range(DRAWS):
        means = np.stack(
            [
                np.mean(
                    [tokens[one][k] for k in rng.permutation(len(tokens[one]))[:shots]], axis=0
                )
                for one in classes
            ]
        )
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        right += [classes[int(np.argmax(means @ token))] == true for token, true, _ in rows]
    return float(np.mean(right))


if __name__ == "__main__":
    raise SystemExit(main())
