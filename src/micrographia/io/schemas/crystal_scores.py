"""Scores of crystals read from pictures that were made elsewhere."""

from __future__ import annotations

import pyarrow as pa

#: Ranked answers against true crystals in three dimensions; nulls of a failure count as failed.
RANKED_SCORES = pa.schema(
    [
        ("picture", pa.string()),
        ("structure_id", pa.string()),
        ("group", pa.string()),
        ("n_answers", pa.int32()),
        ("hit_1", pa.bool_()),
        ("hit_5", pa.bool_()),
        ("match_abs_1", pa.bool_()),
        ("match_abs_5", pa.bool_()),
        ("rms", pa.float64()),  # in units of (V/N)^(1/3), least of five; null: no match
        ("rmsd", pa.float64()),  # angstrom, least of five; null: no match as given
        ("composition_correct", pa.bool_()),
        ("space_group", pa.int32()),
        ("space_group_true", pa.int32()),
        ("space_group_right", pa.bool_()),
        ("b", pa.float64()),
        ("b_true", pa.float64()),
        ("gamma", pa.float64()),
        ("gamma_true", pa.float64()),
        ("confidence", pa.float64()),
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)
