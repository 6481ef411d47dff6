"""Values published by others, not measured again here."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

_TABLES = {
    "structure": "published.csv",
    "segmentation": "published_segmentation.csv",
    "segmentation_scaling": "published_segmentation_scaling.csv",
    "classification": "published_classification.csv",
    "assistant": "published_assistant.csv",
}

#: What must be said wherever these figures stand beside ours.
NOTE = (
    "Published by their authors and not measured again here: on pictures of their own, with the "
    "elements, the pixel size and an unrotated cell known, and with a laxer S.S., whose released "
    "code ignores γ, has no periodic boundaries and cannot fail by distance."
)
#: The same beside our figures of segmentation.
SEGMENTATION_NOTE = (
    "Published by their authors and not measured again here: on the 963 test pictures of "
    "UniEM-3M, which are not public, by networks of 54 to 304 million weights that began with "
    "weights learned from other pictures and were trained on 4,128 of them on several GPUs. They "
    "are no figures of the pictures scored here."
)
#: The same beside our learning curve.
SCALING_NOTE = (
    "Published by their authors and not measured again here: UniEM-Net, 93 million weights that "
    "began with weights learned from other pictures, on the 963 test pictures of UniEM-3M, which "
    "are not public; generated pictures are those of a diffusion model trained on UniEM-3M. They "
    "are no figures of the pictures scored here."
)
#: The same beside our baselines of classification.
CLASSIFICATION_NOTE = (
    "Published by the authors of GDL-NMID and not measured again here: on the tenth of "
    "NFFA-EUROPE (21,283 SEM pictures of ten classes, at 224 x 224 px) that they found hardest, "
    "after trainings of up to 50 epochs on two GPUs. They are no figures of the pictures scored "
    "here."
)

#: The same beside our scores of an assistant.
ASSISTANT_NOTE = (
    "Published by the authors of MAEMI and not measured again here: on questions and captions "
    "that GPT-4 Turbo with vision wrote about pictures of NFFA-EUROPE, and answers of assistants "
    "tuned on such texts. They are no figures of the pictures and questions scored here, and none "
    "of them says whether a number is right."
)


def published_rows(benchmark: str = "structure") -> list[dict[str, Any]]:
    """Return the published figures.

    Parameters
    ----------
    benchmark
        "structure" (STEM2Mat-Bench), "segmentation" or "segmentation_scaling" (UniEM-3M),
        "classification" (GDL-NMID), or "assistant" (MAEMI).

    Returns
    -------
    Rows of `system`, `baseline` (of classification: our baseline that stands for it, or empty),
    `group` (a tier; sparse or dense; the training pictures, then also as `n_real` and
    `n_generated`), `metric` (named as ours), `value`, `low` and `high` (value less and plus the
    stated spread; None where none is stated) and `source`.
    Shares are 0..1, lengths in Å, energies in meV per atom.
    """
    numbers = ("value", "low", "high", "n_real", "n_generated")
    table = Path(__file__).with_name(_TABLES[benchmark])
    with table.open(encoding="utf-8", newline="") as stream:
        return [
            {
                key: (float(text) if text else None) if key in numbers else text
                for key, text in row.items()
            }
            for row in csv.DictReader(stream)
        ]
