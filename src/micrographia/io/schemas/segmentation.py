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
        ("mask_digest", pa.string()),  # of the labels as they were found; another: corrected
        ("pixel_size_nm", pa.float64()),  # null: unknown
        ("box", _BOX),  # part of the picture that was worked on: x0, y0, x1, y1 [px]
        ("method", pa.string()),
        ("seen", pa.string()),  # by its network: train | validation; null: not known to be
        ("n_instances", pa.int32()),
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: Label masks made of what other programs drew; one row a picture and file, also where it failed.
IMPORTED_MASKS = pa.schema(
    [
        ("path", pa.string()),  # picture; null: none of this name
        ("source", pa.string()),  # file that was imported
        ("kind", pa.string()),  # coco | labelme | imagej | labels; null: unknown
        ("mask", pa.string()),  # file name beside the table; null: failed
        ("n_objects", pa.int32()),  # in the source
        ("n_instances", pa.int32()),  # in the mask
        ("n_skipped", pa.int32()),  # without an area, or damaged
        ("n_outside", pa.int32()),  # without a pixel in the picture
        ("n_covered", pa.int32()),  # of which smaller ones left no pixel
        ("overlap_px", pa.int64()),  # in several objects: given to the smallest
        ("note", pa.string()),
        ("failure", pa.string()),
    ]
)

#: One row per instance; lengths in px and, when the pixel size is known, in nm.
INSTANCES = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),  # of the picture; null: it came from no file
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
        ("orientation_deg", pa.float64()),  # null: round
        ("circularity", pa.float64()),  # null: one pixel, or a line of pixels
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

#: Instances that lie on one another, each whole; the label mask beside it shows the upper ones.
LAYERS = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),  # of the picture
        ("label", pa.int32()),
        ("depth", pa.int32()),  # 0: nothing lies on it
        ("height", pa.int32()),  # of the picture
        ("width", pa.int32()),
        ("runs", pa.string()),  # compressed run lengths of COCO, hidden pixels included
        ("area_px", pa.int64()),
        ("hidden_px", pa.int64()),  # of these, under others
    ]
)

#: One row per fibre that was traced; lengths in px and, when the pixel size is known, in nm.
FIBRES = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),  # of the picture
        ("label", pa.int32()),
        ("x", _FLOATS),  # centre line, point by point [px]
        ("y", _FLOATS),
        ("width_along", _FLOATS),  # at each point [px]; under crossings interpolated
        ("measured", pa.float64()),  # share of the line at which the width is measured
        ("length_px", pa.float64()),
        ("width_px", pa.float64()),  # median
        ("width_spread_px", pa.float64()),  # half of the range that holds the middle 68 %
        ("end_to_end_px", pa.float64()),
        ("curvature_mean_px", pa.float64()),  # 1/px
        ("curvature_max_px", pa.float64()),  # 1/px
        ("persistence_px", pa.float64()),  # null: it looks straight, or is too short
        ("orientation_deg", pa.float64()),
        ("cut", pa.bool_()),  # by the border: its true length is unknown
        ("equivalent_diameter_px", pa.float64()),  # always null
        ("why_no_diameter", pa.string()),
        ("length_nm", pa.float64()),
        ("width_nm", pa.float64()),
        ("width_spread_nm", pa.float64()),
        ("end_to_end_nm", pa.float64()),
        ("curvature_mean_nm", pa.float64()),  # 1/nm
        ("curvature_max_nm", pa.float64()),  # 1/nm
        ("persistence_nm", pa.float64()),
    ]
)

#: One row per picture in which fibres were traced; a failure is a row.
FIBRE_PICTURES = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("mask", pa.string()),  # file name beside the table
        ("foreground", pa.string()),  # network | mask
        ("pixel_size_nm", pa.float64()),  # null: unknown
        ("n_fibres", pa.int32()),
        ("s2", pa.float64()),  # order parameter; null: no fibre
        ("direction_deg", pa.float64()),
        ("length_px", pa.float64()),  # of all fibres
        ("width_px", pa.float64()),  # median of the fibres'
        ("persistence_px", pa.float64()),  # of all fibres together
        ("length_nm", pa.float64()),
        ("width_nm", pa.float64()),
        ("persistence_nm", pa.float64()),
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: Distributions of equivalent diameters: of each picture, and of all of them together.
SIZES = pa.schema(
    [
        ("image_id", pa.string()),  # null: all pictures
        ("path", pa.string()),  # of the picture; null: all pictures, or it came from no file
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
        ("normal_ks", pa.float64()),  # the same two of a normal distribution with mean and sd
        ("normal_p_value", pa.float64()),
    ]
)

#: One row per picture of `micrographia measure`; one that cannot be measured is a row, too.
MEASURED_PICTURES = pa.schema(
    [
        ("file", pa.string()),  # path below the folder that holds all pictures
        ("group", pa.string()),  # null: no groups
        ("name", pa.string()),  # of its outputs: masks/<name>.png; null: it cannot be read
        ("path", pa.string()),
        ("image_id", pa.string()),  # null: it cannot be read
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("pixel_size_nm", pa.float64()),  # null: unknown
        ("pixel_size_source", pa.string()),  # given | csv | header | bar | banner
        ("why_no_pixel_size", pa.string()),
        ("mask_source", pa.string()),  # given | corrected | the method that found it
        ("box", _BOX),  # part that was worked on: x0, y0, x1, y1 [px]; null: all of it
        ("text_boxes", pa.list_(_BOX)),  # null: not looked for
        ("n_instances", pa.int32()),
        ("seconds", pa.float64()),
        ("note", pa.string()),
        ("failure", pa.string()),
        ("why_not_counted", pa.string()),  # null: it counts in the distributions
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

#: Scores of pictures that were drawn or counted by eye, or that show no object.
EVERY_MICROGRAPH_SCORES = pa.schema(
    [
        ("file", pa.string()),
        ("kind", pa.string()),  # fibre | rod | agglomerate | sparse | giant | counted | empty
        ("objects", pa.string()),  # what was counted; null: not a counted picture
        ("part", pa.string()),  # choose | score
        ("article", pa.string()),  # or what else its pictures share
        ("method", pa.string()),
        ("n_true", pa.int32()),  # null: the picture cannot be read
        ("low", pa.int32()),  # range of the count; null: not a counted picture
        ("high", pa.int32()),
        ("n_predicted", pa.int32()),  # without those left out; null: failed
        ("n_ignored", pa.int32()),  # predictions left out; null: not drawn, or failed
        ("n_found", pa.int32()),  # objects with a partner; null: not drawn
        ("n_merged", pa.int32()),  # objects lost in a neighbour's prediction; null: not drawn
        ("ap50", pa.float64()),  # these three: null where not drawn
        ("ap50_95", pa.float64()),
        ("recall50", pa.float64()),
        ("right", pa.bool_()),  # the number of instances; null: drawn
        ("failure", pa.string()),
    ]
)
