"""The tables of the classification room; `io.schemas` hands them on with all others."""

from __future__ import annotations

import pyarrow as pa

#: A picture set with classes; a picture that cannot serve is a row with its failure.
LABELLED = pa.schema(
    [
        ("path", pa.string()),
        ("label", pa.string()),  # null: the picture has no class yet
        ("second", pa.string()),  # another class that is right too; null: none
        ("group", pa.string()),  # pictures of one group never lie on both sides of a split
        ("quality", pa.string()),  # words with blanks between, such as "clean sure"
        ("failure", pa.string()),
    ]
)

#: Feature vectors of pictures by one encoder, in the order of the pictures.
EMBEDDINGS = pa.schema(
    [
        *LABELLED,
        ("image_id", pa.string()),  # null: not readable
        ("phash", pa.string()),  # 64-bit perceptual hash, hexadecimal
        ("thumbnail", pa.binary()),  # 32 x 32 grey levels
        ("encoder", pa.string()),
        ("vector", pa.list_(pa.float32())),  # null: not readable
        ("mirrored", pa.list_(pa.float32())),  # of the picture mirrored left to right; or null
    ]
)

#: Side of a split on which each picture lies.
SPLITS = pa.schema(
    [
        ("path", pa.string()),
        ("label", pa.string()),
        ("cluster", pa.int64()),  # near-copies and pictures of one group have one number
        ("hardness", pa.float64()),  # 0 (easiest) .. 1; null: the split asks for none
        ("part", pa.string()),  # train | validation | test; null: not used
        ("failure", pa.string()),
    ]
)

#: Classes predicted for pictures, the most probable first; a failure is a row.
CLASSIFIED = pa.schema(
    [
        ("path", pa.string()),
        ("label", pa.string()),  # the true class; null: unknown
        ("second", pa.string()),
        ("group", pa.string()),
        ("quality", pa.string()),
        ("method", pa.string()),
        ("predicted", pa.string()),  # the most probable class, also where the answer is unsure
        ("probability", pa.float64()),  # of that class
        ("sure", pa.bool_()),  # false: the classifier declines to answer
        ("known", pa.float64()),  # score that the picture belongs to any of the classes
        ("ranked", pa.list_(pa.string())),
        ("probabilities", pa.list_(pa.float64())),  # in the order of `ranked`
        ("failure", pa.string()),
    ]
)

#: Baselines side by side on the same test pictures, each after the same budget.
BASELINE_SCORES = pa.schema(
    [
        ("name", pa.string()),
        ("family", pa.string()),
        ("library", pa.string()),  # of the network, or of the loss
        ("stands_for", pa.string()),  # method of the article that it stands for
        ("parameters", pa.int64()),  # weights of the network that answers
        ("steps", pa.int64()),  # updates made within the budget
        ("minutes", pa.float64()),  # processor time that the training took [min]
        ("validation", pa.float64()),  # top-1 on the pictures that chose the weights
        ("n", pa.int64()),  # test pictures
        ("n_failed", pa.int64()),
        ("top1", pa.float64()),
        ("top1_low", pa.float64()),
        ("top1_high", pa.float64()),
        ("top2", pa.float64()),
        ("top3", pa.float64()),
        ("top5", pa.float64()),
        ("macro_f1", pa.float64()),
        ("macro_f1_low", pa.float64()),
        ("macro_f1_high", pa.float64()),
        ("calibration_error", pa.float64()),  # expected calibration error
        ("published_top1", pa.float64()),  # of the article, on other pictures; null: none
        ("published_top2", pa.float64()),
        ("published_top3", pa.float64()),
        ("published_top5", pa.float64()),
    ]
)

#: Generated pictures, judged by whether they show the class that was asked for.
ALIGNED = pa.schema(
    [
        ("path", pa.string()),
        ("asked", pa.string()),  # class that the picture was made to show
        ("judged", pa.string()),  # the most probable class; null: not readable
        ("probability", pa.float64()),  # of the class asked for; null: the judge knows it not
        ("place", pa.int32()),  # of the class asked for among all, from 1
        ("known", pa.float64()),  # score that the picture belongs to any of the classes
        ("kept", pa.bool_()),
        ("reason", pa.string()),  # why it is dropped; null: kept
        ("failure", pa.string()),
    ]
)

#: Questions about pictures with answers, and the fact that each answer follows from.
QUESTIONS = pa.schema(
    [
        ("question_id", pa.string()),  # digest of picture, question and maker
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("label", pa.string()),  # class of the picture; null: unknown
        ("group", pa.string()),  # article, or seed of a drawn set: questions are split by it
        ("theme", pa.string()),  # one of ten
        ("topic", pa.string()),  # what of the theme is asked, such as count
        ("wording", pa.string()),  # which wording of the question: some can be held out
        ("context", pa.string()),  # text that goes with the picture, such as its caption; or null
        ("question", pa.string()),
        ("answer", pa.string()),  # a sentence or two
        ("short", pa.string()),  # a word, a number with its unit, yes, no, or unanswerable
        ("reasoning", pa.string()),  # steps from the evidence to the answer
        ("evidence", pa.string()),  # JSON list of {fact, value}; the value null: not known
        ("answerable", pa.bool_()),  # from the picture and its context
        ("maker", pa.string()),  # facts | model of the endpoint
        ("version", pa.string()),  # of grammar or prompt, with its digest
        ("failure", pa.string()),  # why there are no questions; null otherwise
    ]
)
