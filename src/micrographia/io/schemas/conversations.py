"""Tables of conversations about pictures; `io.schemas` hands them on with all others."""

from __future__ import annotations

import pyarrow as pa

#: Answers of a vision-language model to questions about pictures; a failure is a row.
ANSWERED = pa.schema(
    [
        ("path", pa.string()),
        ("question", pa.string()),
        ("answer", pa.string()),  # what was to be answered; null: unknown
        ("part", pa.string()),  # train | validation | test; null: unknown
        ("told", pa.string()),  # what the model answered
        ("failure", pa.string()),
    ]
)
