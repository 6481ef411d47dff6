"""The tables of the annotation room; `io.schemas` hands them on with all others."""

from __future__ import annotations

import pyarrow as pa

from micrographia.io.vocabulary import ATTRIBUTE_NAMES

_STRINGS = pa.list_(pa.string())

#: One annotator's nine attributes of one picture; a failure is a row.
ATTRIBUTES = pa.schema(
    [
        ("image_id", pa.string()),
        ("annotator", pa.string()),
        ("model", pa.string()),
        ("prompt_sha", pa.string()),  # null: no prompt
        *(
            column
            for name in ATTRIBUTE_NAMES
            for column in (
                (name, pa.string()),  # a word of io.attributes.VOCABULARY; unknown: abstains
                (f"{name}_text", pa.string()),
                (f"{name}_confidence", pa.float64()),  # 0..1
            )
        ),
        ("failure", pa.string()),
    ]
)

#: Verdict of a judge on one attribute of another annotator's answer; a failure is nine rows.
CROSSCHECK = pa.schema(
    [
        ("image_id", pa.string()),
        ("annotator", pa.string()),
        ("judge", pa.string()),
        ("model", pa.string()),  # the judge's
        ("prompt_sha", pa.string()),  # the judge's; null: no prompt
        ("attribute", pa.string()),
        ("value", pa.string()),  # what is judged
        ("verdict", pa.string()),  # yes | no | abstain; null: the judge failed
        ("comment", pa.string()),
        ("failure", pa.string()),
    ]
)

#: Attributes on which annotators differ, or that a judge rejects: a person decides.
REVIEW_QUEUE = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("attribute", pa.string()),
        ("annotators", _STRINGS),
        ("values", _STRINGS),  # in the order of the annotators
        ("texts", _STRINGS),  # in the order of the annotators
        ("objections", _STRINGS),  # judge, annotator judged, comment
        ("proposal", pa.string()),  # what stands until someone decides
    ]
)

#: The attributes that later rooms use: one row per kept picture.
ATTRIBUTES_FINAL = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        *(
            column
            for name in ATTRIBUTE_NAMES
            for column in (
                (name, pa.string()),  # unknown: nobody can tell
                (f"{name}_text", pa.string()),
                (f"{name}_source", pa.string()),  # reviewed | agreed | single | disputed | none
            )
        ),
        ("n_disputed", pa.int32()),  # attributes that wait for a person
    ]
)

#: Legibility of the text burnt into a picture, according to a vision-language model.
LEGIBILITY = pa.schema(
    [
        ("image_id", pa.string()),
        ("annotator", pa.string()),
        ("model", pa.string()),
        ("prompt_sha", pa.string()),
        ("has_text", pa.bool_()),
        ("illegible", pa.bool_()),
        ("comment", pa.string()),
        ("failure", pa.string()),
    ]
)

#: An annotator's word beside the true one, per picture and attribute whose truth is known.
ANNOTATION_SCORES = pa.schema(
    [
        ("image_id", pa.string()),
        ("name", pa.string()),  # of the procedural picture
        ("annotator", pa.string()),
        ("attribute", pa.string()),
        ("truth", pa.string()),
        ("answer", pa.string()),  # unknown: no answer; null: the annotator failed
        ("confidence", pa.float64()),
        ("correct", pa.bool_()),
        ("failure", pa.string()),
    ]
)
