"""Tables of the assistant: facts of pictures, questions to learn from, and what was answered."""

from __future__ import annotations

import pyarrow as pa

#: What is known of pictures, one row a fact; what could not be measured is a row with its reason.
FACTS = pa.schema(
    [
        ("image_id", pa.string()),  # null: the picture cannot be read
        ("path", pa.string()),
        ("group", pa.string()),  # article, or seed of a drawn set: pictures are split by it
        ("name", pa.string()),  # one of io.facts.vocabulary.FACT_KINDS
        ("number", pa.float64()),  # null: a fact in words, or a failure
        ("unit", pa.string()),  # of the number: nm | px | 1/µm² ; null: it has none
        ("words", pa.string()),  # null: a number, or a failure
        ("source", pa.string()),  # table or tool that says it
        ("evidence", pa.string()),  # its row and field, or how it was computed
        ("certain", pa.float64()),  # probability that it is right, 0..1; null: not known
        ("failure", pa.string()),  # why it is not known; null otherwise
    ]
)

#: Questions about pictures with answers that have places for facts, to learn from and to be asked.
INSTRUCTIONS = pa.schema(
    [
        ("question_id", pa.string()),  # digest of picture, question and maker
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("group", pa.string()),
        ("task", pa.string()),  # question | caption | alike | across | within | heterogeneity
        ("shown", pa.list_(pa.string())),  # pictures that go before it: paths; empty: none
        ("theme", pa.string()),  # one of ten
        ("form", pa.string()),  # short | long
        ("kind", pa.string()),  # answerable | unanswerable
        ("wording", pa.string()),  # which wording of which question; null: of an endpoint
        ("context", pa.string()),  # text that goes with the picture, such as its caption; or null
        ("question", pa.string()),
        ("template", pa.string()),  # the answer with places such as {median_diameter}
        ("answer", pa.string()),  # the answer with its places filled
        ("slots", pa.list_(pa.string())),  # facts whose places the template has
        ("evidence", pa.string()),  # JSON list of {fact, value, source}; the value null: not known
        ("maker", pa.string()),  # facts | model of the endpoint
        ("version", pa.string()),  # of grammar or prompt, with its digest
        ("split", pa.string()),  # train | validation | test
        ("failure", pa.string()),  # why there are no questions; null otherwise
    ]
)

#: What an assistant answered to questions of `INSTRUCTIONS`.
ASSISTANT_ANSWERS = pa.schema(
    [
        ("question_id", pa.string()),
        ("image_id", pa.string()),
        ("method", pa.string()),
        ("text", pa.string()),  # as it is shown; null: a failure
        ("template", pa.string()),  # null: the method fills no places
        ("slots", pa.list_(pa.string())),  # facts that were filled in; null as the template
        ("refused", pa.bool_()),  # it says that it cannot tell
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: Answers beside their references; of a failure, texts score 0 and facts are not stated.
ASSISTANT_SCORES = pa.schema(
    [
        ("question_id", pa.string()),
        ("image_id", pa.string()),
        ("group", pa.string()),
        ("task", pa.string()),
        ("theme", pa.string()),
        ("form", pa.string()),
        ("kind", pa.string()),
        ("method", pa.string()),
        ("text", pa.string()),
        ("bleu2", pa.float64()),
        ("bleu4", pa.float64()),
        ("rouge1", pa.float64()),
        ("rouge2", pa.float64()),  # null: the reference has one word
        ("rougeL", pa.float64()),
        ("meteor", pa.float64()),  # null: WordNet is not there
        ("refused", pa.bool_()),
        ("n_facts", pa.int32()),  # that the reference states and that are known
        ("n_right", pa.int32()),
        ("n_sizes", pa.int32()),  # of which diameters
        ("n_sizes_right", pa.int32()),
        ("count_right", pa.bool_()),  # null: no count was asked for
        ("count_error", pa.float64()),  # relative, at most 1; null as before
        ("n_claims", pa.int32()),  # numbers, terms and materials in the text
        ("n_invented", pa.int32()),  # of which no fact says the same
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)
