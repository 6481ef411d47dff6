"""Tables of micrographs: manifest, curation, text, pixel sizes, procedural truth, classes."""

from __future__ import annotations

import pyarrow as pa

from micrographia.io.vocabulary import ATTRIBUTE_NAMES

_BOX = pa.list_(pa.int32())
_FLOATS = pa.list_(pa.float64())
_STRINGS = pa.list_(pa.string())

#: Manifest of the files to ingest: one row per file; `shard` divides the work.
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
        ("pixel_size_stated_by", pa.string()),  # part of the file; null: none, or not used
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
        ("text_boxes", pa.list_(_BOX)),  # the sure ones; null: not looked for
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
        ("sure", pa.list_(pa.bool_())),  # whether it may be altered
        ("readings", _STRINGS),  # "": nothing was read; null: nothing looked
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
        ("margin", pa.float64()),  # how much more than for the next label
        ("bar_margin", pa.float64()),  # how much more than for the same label beside another bar
        ("network_share", pa.float64()),  # of the label's crops, by probability
        ("rapidocr_share", pa.float64()),  # of the label's crops, by probability
        ("tesseract_share", pa.float64()),  # of the label's crops
        ("confidence", pa.float64()),  # that bar_nm is within 5 % of the truth
        ("agreement", pa.string()),  # agree | disagree | single | none
        ("reason", pa.string()),  # why there is no pixel size, or the bar's is not used
        ("note", pa.string()),  # what was missing on reading; null: nothing
        ("pixel_size_nm", pa.float64()),
        ("pixel_size_source", pa.string()),  # csv | header | bar | banner
    ]
)


#: Ground truth of procedural micrographs; files are images/<name>.png, masks/<name>.png.
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


#: Labels of procedural pictures of the classes of nanomaterials.
KIND_PICTURES = pa.schema(
    [
        ("file", pa.string()),  # relative to the table's folder
        ("label", pa.string()),  # one of synthesis.kinds.picture.CLASSES
        ("sub_kind", pa.string()),
        ("modality", pa.string()),  # SEM | TEM
        ("index", pa.int32()),  # number in its class
        ("seed", pa.int64()),
        ("size", pa.int32()),  # side [px]
        ("variety", pa.float64()),
        ("likeness", pa.float64()),
        ("annotated_share", pa.float64()),  # chance of a scale bar, letter or banner
        ("transmitted_share", pa.float64()),  # chance of a transmission picture
        ("facts", pa.string()),  # JSON object: what is known exactly of the picture
    ]
)
