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

#: Scores of the structures written for a picture: of the first, and hits among the first five.
WRITTEN_SCORES = pa.schema(
    [
        ("image_id", pa.string()),
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("method", pa.string()),
        ("told", pa.string()),
        ("elements", pa.int32()),  # their number, which is the tier of a noiseless picture
        ("sibling", pa.bool_()),  # whether a training crystal is much like it
        ("formula_right", pa.bool_()),
        ("a", pa.float64()),
        ("a_true", pa.float64()),
        ("b", pa.float64()),
        ("b_true", pa.float64()),
        ("gamma", pa.float64()),
        ("gamma_true", pa.float64()),
        ("space_group", pa.int32()),
        ("space_group_true", pa.int32()),
        ("weight", pa.float64()),  # of a cell [atomic mass units]
        ("weight_true", pa.float64()),
        ("rmsd_xy", pa.float64()),
        ("gamma_error", pa.float64()),
        ("area_error", pa.float64()),
        ("composition_correct", pa.bool_()),
        ("rms_sites", pa.float64()),
        ("ss_047", pa.bool_()),
        ("ss_020", pa.bool_()),
        ("ss_010", pa.bool_()),
        ("hit_1", pa.bool_()),
        ("hit_5", pa.bool_()),
        ("match_abs_1", pa.bool_()),
        ("match_abs_5", pa.bool_()),
        ("rmsd", pa.float64()),  # of matched sites of the first, without rescaling
        ("valid", pa.bool_()),  # no two atoms of the first nearer than 0.5 angstrom
        # Training crystal that the first matches, and one that it matches once its elements are
        # renamed; whether there is none, also for the true crystal. Null: nothing was learned.
        ("copy_of", pa.string()),
        ("type_of", pa.string()),
        ("novel", pa.bool_()),
        ("novel_type", pa.bool_()),
        ("novel_type_true", pa.bool_()),
        ("kind", pa.string()),  # right | formula | lattice | group | coordinates | no answer
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: Pictures that were answered, drawn again for the report, from the best answer to the worst.
WRITTEN_EXAMPLES = pa.schema(
    [
        ("image_id", pa.string()),
        ("structure_id", pa.string()),
        ("rank", pa.int32()),  # of the answer among all pictures, from 1 for the best
        ("pictures", pa.int32()),  # how many there are
        ("path", pa.string()),  # beside the table
        ("pixel_size", pa.float64()),  # angstrom
        ("rotation", pa.float64()),  # from the rows to a [degree]
        ("text", pa.string()),  # what the network should have written for this picture
        ("cell", pa.list_(pa.float64())),  # a and b in the picture's frame: x, y, x, y [angstrom]
        ("x", pa.list_(pa.float64())),  # of the true atoms in the picture [angstrom]
        ("y", pa.list_(pa.float64())),
        ("numbers", pa.list_(pa.int32())),  # their atomic numbers
        ("failure", pa.string()),
    ]
)
