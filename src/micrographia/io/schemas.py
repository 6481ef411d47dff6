"""The doors between rooms: the columns of every table, their types and units."""

from __future__ import annotations

import pyarrow as pa

from micrographia.io.attributes import ATTRIBUTE_NAMES
from micrographia.io.schemas_annotation import ANNOTATION_SCORES as ANNOTATION_SCORES
from micrographia.io.schemas_annotation import ATTRIBUTES as ATTRIBUTES
from micrographia.io.schemas_annotation import ATTRIBUTES_FINAL as ATTRIBUTES_FINAL
from micrographia.io.schemas_annotation import CROSSCHECK as CROSSCHECK
from micrographia.io.schemas_annotation import LEGIBILITY as LEGIBILITY
from micrographia.io.schemas_annotation import REVIEW_QUEUE as REVIEW_QUEUE
from micrographia.io.schemas_segmentation import INSTANCES as INSTANCES
from micrographia.io.schemas_segmentation import PREDICTIONS as PREDICTIONS
from micrographia.io.schemas_segmentation import PSEUDO_LABELS as PSEUDO_LABELS
from micrographia.io.schemas_segmentation import ROUNDS as ROUNDS
from micrographia.io.schemas_segmentation import SCALING as SCALING
from micrographia.io.schemas_segmentation import SEGMENTATION_SCORES as SEGMENTATION_SCORES
from micrographia.io.schemas_segmentation import SIZES as SIZES
from micrographia.io.schemas_segmentation import TRAINING_HISTORY as TRAINING_HISTORY
from micrographia.io.schemas_segmentation import TRAINING_PICTURES as TRAINING_PICTURES

_BOX = pa.list_(pa.int32())
_FLOATS = pa.list_(pa.float64())
_STRINGS = pa.list_(pa.string())

#: What there is to ingest: one row per file found; `shard` divides the work.
MANIFEST = pa.schema(
    [
        ("path", pa.string()),
        ("mask_path", pa.string()),  # null: no truth known
        ("source", pa.string()),
        ("licence", pa.string()),
        ("pixel_size_nm", pa.float64()),  # null: not given in a CSV
        ("microscopy", pa.string()),  # null: not given in a CSV
        ("metadata", pa.string()),  # JSON: further columns of a CSV
        ("fault", pa.string()),  # why it cannot be read; null: read it
        ("shard", pa.int32()),
    ]
)

#: Micrographs after curation. `image_id` hashes the pixels; boxes are x0, y0, x1, y1 in px.
MICROGRAPHS = pa.schema(
    [
        ("image_id", pa.string()),  # null: unreadable
        ("path", pa.string()),
        ("mask_path", pa.string()),
        ("source", pa.string()),
        ("licence", pa.string()),
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("pixel_size_nm", pa.float64()),  # null: unknown
        ("pixel_size_source", pa.string()),  # csv | header | bar | banner; null: unknown
        ("microscopy", pa.string()),  # null: unknown
        ("instrument", pa.string()),  # maker and model; null: unknown
        ("voltage_kV", pa.float64()),  # null: unknown
        ("format", pa.string()),  # of the file
        ("metadata", pa.string()),  # JSON: further columns of the user's CSV
        ("phash", pa.string()),  # 16 hexadecimal digits
        ("duplicate_of", pa.string()),  # image_id of the one kept
        ("sharpness", pa.float64()),  # share of contrast in fine detail
        ("contrast", pa.float64()),  # 1st to 99th percentile, 0..1 of full range
        ("clipping", pa.float64()),  # share of pixels at either end of the picture's range
        ("blockiness", pa.float64()),  # steps on an 8 x 8 grid over those beside it, minus 1
        ("emptiness", pa.float64()),  # share of tiles without structure
        ("text_boxes", pa.list_(_BOX)),  # null: not looked for
        ("text_policy", pa.string()),  # crop | inpaint | mask | none; null: not looked for
        ("crop_box", _BOX),  # where text_policy is crop
        ("status", pa.string()),  # kept | rejected
        ("reason", pa.string()),
        ("note", pa.string()),  # what was done on reading; null: nothing
    ]
)

#: Pictures with rendered annotation, for the text detector; `<name>.png` lies beside the table.
TEXT_PICTURES = pa.schema(
    [
        ("name", pa.string()),
        ("part", pa.string()),  # train | validation
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("boxes", pa.list_(_BOX)),
        ("classes", _STRINGS),
    ]
)

#: Text regions of kept micrographs; a picture that cannot be searched is a row with a failure.
TEXT = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("boxes", pa.list_(_BOX)),  # x0, y0, x1, y1, ends exclusive [px]
        ("classes", _STRINGS),  # text | scale_bar | banner | panel_letter | arrow | logo
        ("scores", _FLOATS),  # 0..1
        ("policy", pa.string()),  # crop | inpaint | mask | none
        ("crop_box", _BOX),  # where policy is crop
        ("kept_share", pa.float64()),  # of the area, by policy crop
        ("failure", pa.string()),
    ]
)

#: Pixel sizes of kept micrographs by each source, and the one that is used.
SCALE = pa.schema(
    [
        ("image_id", pa.string()),
        ("path", pa.string()),
        ("header_nm", pa.float64()),  # null: the file does not tell
        ("banner_nm", pa.float64()),  # null: none was read
        ("bar_nm", pa.float64()),  # null: none was read
        ("bar_box", _BOX),
        ("bar_px", pa.float64()),  # length, to a fraction of a pixel
        ("bar_kind", pa.string()),  # solid | capped | split | ticks
        ("label_text", pa.string()),
        ("label_nm", pa.float64()),
        ("evidence", pa.float64()),  # what speaks for bar_nm, without a unit
        ("margin", pa.float64()),  # how much more than for the next pixel size
        ("network_share", pa.float64()),  # of the label's crops, by probability
        ("tesseract_share", pa.float64()),  # of the label's crops
        ("confidence", pa.float64()),  # that bar_nm is within 5 % of the truth
        ("agreement", pa.string()),  # agree | disagree | single | none
        ("reason", pa.string()),  # why there is no pixel size, or the bar's is not used
        ("note", pa.string()),  # what was missing on reading; null: nothing
        ("pixel_size_nm", pa.float64()),
        ("pixel_size_source", pa.string()),  # csv | header | bar | banner
    ]
)

#: What is known of the procedural micrographs; files are images/<name>.png, masks/<name>.png.
SYNTHETIC = pa.schema(
    [
        ("name", pa.string()),
        ("kind", pa.string()),  # spheres | rods | polyhedra | fibres | clusters | mixed | dense
        ("contrast", pa.string()),  # sem | tem | stem
        ("width", pa.int32()),
        ("height", pa.int32()),
        ("n_instances", pa.int32()),
        ("pixel_size_nm", pa.float64()),
        ("annotated", pa.bool_()),
        ("text_boxes", pa.list_(_BOX)),
        ("duplicate_of_name", pa.string()),  # null: an original
        ("defect", pa.string()),  # exact copy | re-encoded copy | blurred | small | null
        *((name, pa.string()) for name in ATTRIBUTE_NAMES),  # io/attributes.py; null: no word
    ]
)

#: Two-dimensional crystals. Cell in the 2D Niggli (Gauss) basis, a <= b; lengths in angstrom.
STRUCTURES = pa.schema(
    [
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("elements", _STRINGS),
        ("natoms", pa.int32()),
        ("a", pa.float64()),
        ("b", pa.float64()),
        ("gamma", pa.float64()),  # degree
        ("layer_group", pa.int32()),
        ("prototype", pa.string()),  # anonymous formula, layer group, Wyckoff letters
        ("thickness", pa.float64()),
        ("overlap_ratio", pa.float64()),  # share of atoms whose 1 angstrom grid cell is shared
        ("family", pa.string()),
        ("source", pa.string()),
        ("split", pa.string()),  # train | validation | test | all; null: rejected
        ("cif", pa.string()),
        ("duplicate_of", pa.string()),  # structure_id of the one kept
        ("status", pa.string()),  # kept | rejected
        ("reason", pa.string()),
    ]
)

#: STEM images. Lengths in angstrom, dose in electrons per square angstrom (null: noiseless).
STEM_IMAGES = pa.schema(
    [
        ("image_id", pa.string()),
        ("structure_id", pa.string()),
        ("elements", _STRINGS),  # what the operator knows of the sample
        ("engine", pa.string()),
        ("energy_keV", pa.float64()),
        ("semiangle_mrad", pa.float64()),
        ("defocus", pa.float64()),
        ("aberrations", pa.string()),  # JSON
        ("detector", pa.string()),
        ("dose", pa.float64()),
        ("pixel_size", pa.float64()),
        ("field", pa.float64()),
        ("rotation", pa.float64()),  # degree
        ("seed", pa.int64()),
        ("tier", pa.int32()),
        ("path", pa.string()),  # relative to the table
        ("failure", pa.string()),
    ]
)

#: Answers of a structure solver; a failure is a row.
RECONSTRUCTIONS = pa.schema(
    [
        ("image_id", pa.string()),
        ("method", pa.string()),
        ("track", pa.string()),  # given | blind: whether the solver was told the elements
        ("template", pa.string()),  # in-library:NAME | held-out:NAME; null: none was used
        ("cif", pa.string()),
        ("a", pa.float64()),
        ("b", pa.float64()),
        ("gamma", pa.float64()),
        ("confidence", pa.float64()),
        ("alternatives", _STRINGS),
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: Known crystals for the solver. Flat lists [angstrom]: cell 4, positions 3 an atom, xy 2 a site.
LIBRARY = pa.schema(
    [
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("elements", _STRINGS),
        ("numbers", pa.list_(pa.int32())),
        ("cell", _FLOATS),
        ("positions", _FLOATS),
        ("projected_numbers", pa.list_(pa.int32())),
        ("projected_cell", _FLOATS),
        ("projected_xy", _FLOATS),
        ("wallpaper", pa.string()),
        ("descriptor", _FLOATS),  # 32 radial bins, unit norm
        ("shape", _FLOATS),  # the same without the scale of length
    ]
)

#: Layers with the heights of known crystals on measured planes, where relaxations can start.
HEIGHTS = pa.schema(
    [
        ("image_id", pa.string()),
        ("rank", pa.int32()),
        ("template", pa.string()),  # in-library:NAME | held-out:NAME
        ("renamed", pa.bool_()),  # whether the template has other species
        ("displacement", pa.float64()),  # rms, in the plane
        ("deficit", pa.float64()),  # evidence of the answer less that of the template
        ("cif", pa.string()),
    ]
)

#: Relaxed crystals and their energies; a failure is a row. Energies in eV, lengths in angstrom.
ENERGIES = pa.schema(
    [
        ("case_id", pa.string()),  # image_id of an answer, structure_id of a true crystal
        ("origin", pa.string()),  # read from a picture | true heights | heights forgotten
        ("formula", pa.string()),
        ("calculator", pa.string()),  # name and version
        ("n_starts", pa.int32()),
        ("start", pa.string()),
        ("energy_per_atom", pa.float64()),  # corrections undone
        ("correction_per_atom", pa.float64()),  # what was undone
        ("formation_energy_per_atom", pa.float64()),
        ("lateral_shift", pa.float64()),
        ("strain", pa.float64()),
        ("stayed", pa.bool_()),  # both within their limits
        ("converged", pa.bool_()),
        ("steps", pa.int32()),
        ("seconds", pa.float64()),
        ("alternatives", _STRINGS),
        ("cif", pa.string()),
        ("failure", pa.string()),
    ]
)

#: The phase-object engine beside abTEM's multislice for the same scan points.
ENGINES = pa.schema(
    [
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("detector", pa.string()),
        ("correlation", pa.float64()),
        ("seconds_phase_object", pa.float64()),
        ("seconds_multislice", pa.float64()),
        ("time_ratio", pa.float64()),
        ("scan_points", pa.int32()),
        ("failure", pa.string()),
    ]
)

#: Per-image structure scores; metrics of a failure are null and count as failed.
STRUCTURE_SCORES = pa.schema(
    [
        ("image_id", pa.string()),
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("method", pa.string()),
        ("track", pa.string()),  # given | blind
        ("template", pa.string()),  # null: none was used
        ("engine", pa.string()),
        ("tier", pa.int32()),
        ("dose", pa.float64()),
        ("rmsd_xy", pa.float64()),
        ("gamma_error", pa.float64()),
        ("area_error", pa.float64()),
        ("composition_correct", pa.bool_()),
        ("rms_sites", pa.float64()),
        ("ss_047", pa.bool_()),
        ("ss_020", pa.bool_()),
        ("ss_010", pa.bool_()),
        ("composition_in_top_3", pa.bool_()),
        ("outcome", pa.string()),  # one of benchmarks.structure_outcome.OUTCOMES
        ("refusal", pa.string()),  # kind of reason where the solver refused
        ("confidence", pa.float64()),
        ("seconds", pa.float64()),
        ("failure", pa.string()),
    ]
)

#: Energies of answers beside those of the true crystals; errors are absolute [meV/atom].
ENERGY_SCORES = pa.schema(
    [
        ("image_id", pa.string()),
        ("structure_id", pa.string()),
        ("formula", pa.string()),
        ("method", pa.string()),
        ("track", pa.string()),
        ("template", pa.string()),
        ("engine", pa.string()),
        ("tier", pa.int32()),
        ("dose", pa.float64()),
        ("solved", pa.bool_()),  # sites within 0.47 angstrom
        ("energy", pa.float64()),  # eV/atom, relaxed from the picture
        ("energy_true", pa.float64()),  # eV/atom, relaxed from the true crystal
        ("energy_dft", pa.float64()),  # eV/atom; null: not given
        ("error", pa.float64()),
        ("error_dft", pa.float64()),
        ("error_dft_true", pa.float64()),
        ("failure", pa.string()),
    ]
)
