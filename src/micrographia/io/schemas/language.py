"""Tables of the language room."""

from __future__ import annotations

import pyarrow as pa

#: Crystals as text; one that cannot be written is a row with its reason. Lengths in angstrom.
CRYSTAL_TEXTS = pa.schema(
    [
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("split", pa.string()),  # train | validation | test; null: a failure
        ("text", pa.string()),
        ("words", pa.int32()),  # length of the answer
        ("natoms", pa.int32()),
        ("a", pa.float64()),
        ("b", pa.float64()),
        ("gamma", pa.float64()),  # degree
        ("bravais", pa.string()),
        ("prototype", pa.string()),
        ("sibling", pa.string()),  # training crystal of the same prototype and nearly its cell
        ("cif", pa.string()),  # the crystal before rounding
        ("failure", pa.string()),
    ]
)

#: Structures that were written for pictures, ranked by likelihood; a failure is a row.
WRITTEN_CRYSTALS = pa.schema(
    [
        ("image_id", pa.string()),
        ("structure_id", pa.string()),
        ("told", pa.string()),  # formula | lattice | nothing
        ("rank", pa.int32()),  # from 1
        ("log_likelihood", pa.float64()),  # of the whole answer
        ("text", pa.string()),
        ("cif", pa.string()),
        ("seconds", pa.float64()),  # of the whole picture
        ("failure", pa.string()),
    ]
)
