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

#: Answers to real pictures beside the crystals that they show; lengths in angstrom.
REAL_SCORES = pa.schema(
    [
        ("name", pa.string()),
        ("picture", pa.string()),
        ("elements", pa.list_(pa.string())),
        ("scale", pa.string()),  # stated | field of view | area of the truth
        ("pixel_size", pa.float64()),
        ("formula", pa.string()),
        ("a", pa.float64()),  # of the projected primitive cell, laid on the true one
        ("b", pa.float64()),
        ("gamma", pa.float64()),
        ("a_true", pa.float64()),
        ("b_true", pa.float64()),
        ("gamma_true", pa.float64()),
        ("ratio_error", pa.float64()),  # of b/a, relative
        ("area_error", pa.float64()),  # relative; 0 where the scale is the truth's
        ("composition_correct", pa.bool_()),
        ("rms_sites", pa.float64()),
        ("ss_047", pa.bool_()),
        ("ss_020", pa.bool_()),
        ("ss_010", pa.bool_()),
        ("outcome", pa.string()),
        ("confidence", pa.float64()),
        ("seconds", pa.float64()),
        ("note", pa.string()),
        ("failure", pa.string()),
    ]
)

#: Pictures as the solver took them: their scale, and where its answer is drawn.
REAL_PICTURES = pa.schema(
    [
        ("image_id", pa.string()),
        ("picture", pa.string()),
        ("pixel_size", pa.float64()),
        ("scale", pa.string()),
        ("overlay", pa.string()),  # null: there is no answer
    ]
)
