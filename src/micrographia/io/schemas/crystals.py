"""Tables of crystals: structures, their images, reconstructions, energies, scores."""

from __future__ import annotations

import pyarrow as pa

_BOX = pa.list_(pa.int32())
_FLOATS = pa.list_(pa.float64())
_STRINGS = pa.list_(pa.string())

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
        ("note", pa.string()),  # what was assumed or merged in reading; null: nothing
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
        ("sure", pa.bool_()),  # whether the confidence reaches reconstruction.min_confidence
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
