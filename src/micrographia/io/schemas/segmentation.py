"""Tables of the segmentation room and of its scores; part of `micrographia.io.schemas`."""

from __future__ import annotations

import pyarrow as pa

_BOX = pa.list_(pa.int32())
_FLOATS = pa.list_(pa.float64())

#: One row per image that was segmented; a failure is a row.
PREDICTIONS = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("mask", pa.string()),  # file name beside the table
        ("method", pa.string()),
        ("n_instances", pa.int32()),
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: One row per instance; lengths in px and, when the pixel size is known, in nm.
INSTANCES = pa.schema(
    [
        ("image_id", pa.string()),
        ("label", pa.int32()),
        ("area_px", pa.float64()),
        ("centroid", _FLOATS),  # x, y
        ("bbox", _BOX),
        ("equivalent_diameter_px", pa.float64()),
        ("feret_max_px", pa.float64()),
        ("feret_min_px", pa.float64()),
        ("major_axis_px", pa.float64()),
        ("minor_axis_px", pa.float64()),
        ("aspect", pa.float64()),
        ("orientation_deg", pa.float64()),
        ("circularity", pa.float64()),
        ("solidity", pa.float64()),
        ("neighbour_px", pa.float64()),  # to the nearest centroid; null: it is alone
        ("cut", pa.bool_()),  # by the border, or under text: its true size is unknown
        ("area_nm2", pa.float64()),
        ("equivalent_diameter_nm", pa.float64()),
        ("feret_max_nm", pa.float64()),
        ("feret_min_nm", pa.float64()),
        ("neighbour_nm", pa.float64()),
    ]
)

#: Distributions of equivalent diameters: of each picture, and of all of them together.
SIZES = pa.schema(
    [
        ("image_id", pa.string()),  # null: all pictures
        ("unit", pa.string()),  # px | nm
        ("n", pa.int32()),
        ("n_cut", pa.int32()),  # left out
        ("mean", pa.float64()),
        ("sd", pa.float64()),
        ("median", pa.float64()),
        ("d10", pa.float64()),
        ("d90", pa.float64()),
        ("geometric_mean", pa.float64()),
        ("geometric_mean_low", pa.float64()),
        ("geometric_mean_high", pa.float64()),
        ("geometric_sd", pa.float64()),  # a factor, from 1
        ("ks", pa.float64()),  # largest distance from the fitted log-normal, 0..1
        ("p_value", pa.float64()),  # Anderson-Darling; null: below eight instances, or all equal
    ]
)

#: Training and validation pictures of a segmenter.
TRAINING_PICTURES = pa.schema(
    [
        ("path", pa.string()),
        ("mask_path", pa.string()),
        ("source", pa.string()),  # real | procedural | pseudo | corrected
        ("licence", pa.string()),
        ("group", pa.string()),  # article; a group is never on two sides
        ("split", pa.string()),  # train | validation
        ("n_instances", pa.int32()),
        ("diameter_px", pa.float64()),  # median equivalent diameter
    ]
)

#: Pictures that a network labelled; a picture that is rejected for training is a row, too.
PSEUDO_LABELS = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("licence", pa.string()),
        ("mask", pa.string()),  # file name in masks/; null: rejected
        ("origin", pa.string()),  # network | corrected
        ("n_found", pa.int32()),
        ("n_kept", pa.int32()),
        ("share", pa.float64()),  # of the area that was found
        ("probability", pa.float64()),
        ("flow_error", pa.float64()),
        ("status", pa.string()),  # kept | rejected
        ("reason", pa.string()),
    ]
)

#: Learning curve over rounds of pseudo-labels.
ROUNDS = pa.schema(
    [
        ("round", pa.int32()),  # 0: without pseudo-labels
        ("n_real", pa.int32()),
        ("n_procedural", pa.int32()),
        ("n_pseudo", pa.int32()),
        ("n_corrected", pa.int32()),
        ("n_pseudo_instances", pa.int32()),
        ("metric", pa.string()),
        ("value", pa.float64()),
        ("step", pa.int32()),  # of the weights that were kept
    ]
)

#: Learning curve: scores on the same pictures against the number of training pictures.
SCALING = pa.schema(
    [
        ("method", pa.string()),
        ("n_real", pa.int32()),
        ("n_procedural", pa.int32()),
        ("n_articles", pa.int32()),  # of the real ones
        ("n_instances", pa.int32()),  # in all training pictures
        ("metric", pa.string()),
        ("group", pa.string()),  # of the pictures it is judged on: all | sparse | dense
        ("value", pa.float64()),
        ("low", pa.float64()),  # ends of the interval; null where undefined
        ("high", pa.float64()),
        ("n", pa.int32()),
        ("n_failed", pa.int32()),
    ]
)

#: Losses and scores of a training run.
TRAINING_HISTORY = pa.schema(
    [
        ("step", pa.int32()),
        ("split", pa.string()),  # train | validation
        ("metric", pa.string()),
        ("value", pa.float64()),
    ]
)

#: Per-image segmentation scores. Nulls where an image has no truth or no prediction.
SEGMENTATION_SCORES = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("method", pa.string()),
        ("n_true", pa.int32()),
        ("n_predicted", pa.int32()),
        ("ap50", pa.float64()),
        ("ap50_95", pa.float64()),
        ("pq50", pa.float64()),
        ("boundary_f", pa.float64()),
        ("ap50_small", pa.float64()),  # null: no instance of this size on either side
        ("ap50_medium", pa.float64()),
        ("ap50_large", pa.float64()),
        ("density", pa.string()),  # sparse | dense
        ("failure", pa.string()),
    ]
)
