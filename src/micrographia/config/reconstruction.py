"""Settings of the reconstruction room's parts: symmetry and templates."""

from __future__ import annotations

from pydantic import Field

from micrographia.config.base import Section
from micrographia.physics.conditions import Detector


class Symmetry(Section):
    """Tolerances within which a reconstructed crystal is made symmetric."""

    tolerance: float = Field(
        0.03,
        gt=0,
        le=1,
        description="Maximum in-plane distance between a column and its symmetric image [Å].",
    )
    height_tolerance: float = Field(
        0.5, gt=0, le=3, description="The same along z, where heights are only estimates [Å]."
    )
    cell_tolerance: float = Field(
        0.005,
        gt=0,
        le=0.5,
        description="Maximum difference between lattice vectors that are made "
        "equal by symmetry [Å].",
    )


class Templates(Section):
    """Known crystals: heights, alternatives, and a result where the analysis finds none."""

    library: str | None = Field(
        None,
        description="Template library written by `reconstruction library`; null: no templates.",
    )
    leave_one_out: bool = Field(
        False,
        description="Hold out the imaged crystal and its duplicates from the library.",
    )
    count: int = Field(
        10, ge=1, le=200, description="Number of templates that are fitted to the image."
    )
    strain: float = Field(
        0.05,
        gt=0,
        le=0.2,
        description="Maximum strain of the lattice vectors of a template, as a fraction.",
    )
    same_crystal: float = Field(
        0.3,
        gt=0,
        le=1,
        description="Two projections with a smaller rms distance count as the same crystal [Å].",
    )
    odds: float = Field(
        6.0,
        ge=0,
        le=1000,
        description="A template replaces the result of the analysis if its log-likelihood is "
        "higher by at least this value.",
    )


class Microscope(Section):
    """What is known of the microscope behind pictures that do not say it themselves."""

    detector: Detector | None = Field(
        None,
        description="Signal: icom or segments (phase contrast), haadf (dark field) or abf "
        "(annular bright field); null: what the picture states, or else what its noise says.",
    )
    energy_keV: float | None = Field(
        None, ge=20, le=1000, description="Beam energy [keV]; null: not known."
    )
    semiangle_mrad: float | None = Field(
        None,
        gt=1,
        le=100,
        description="Convergence semi-angle of the probe [mrad]; null: not known. With the "
        "energy it gives the information limit.",
    )
    defocus: float | None = Field(
        None, ge=-1000, le=1000, description="Defocus [Å]; null: not known."
    )


class Reconstruction(Section):
    """Reconstruction of a crystal from a STEM image."""

    max_cell_area: float = Field(
        250.0, gt=5, le=5000, description="Maximum area of the primitive cell [Å²]."
    )
    min_lattice_length: float = Field(
        2.0, gt=0.5, le=20, description="Minimum length of a lattice vector [Å]."
    )
    max_atoms: int = Field(
        24, ge=1, le=200, description="Maximum number of atoms in the projected cell."
    )
    vacuum: float = Field(
        20.0, ge=15, le=100, description="Thickness of the vacuum along c in the CIF [Å]."
    )
    time_limit: float = Field(
        60.0,
        gt=0,
        le=86400,
        description="Maximum time for one image [s]; a search that is not finished by then is "
        "refused with its reason.",
    )
    # Two readings that explain a picture equally well get 0.5 each, so wrong answers pile up just
    # above it; between 0.6 and 0.99 there were none in 150 (docs: Methods, least confidence).
    min_confidence: float = Field(
        0.8,
        ge=0,
        le=1,
        description="Results of a lower confidence are marked as unsure: in the CIF, in the "
        "table and by the exit status of `reconstruction solve`.",
    )
    blind: bool = Field(
        False,
        description="Also reconstruct every image without knowledge of its elements "
        "(blind track).",
    )
    microscope: Microscope = Field(
        default_factory=Microscope,
        description="What is known of the microscope; wins over what a picture states.",
    )
    pixel_size_error: float = Field(
        0.03,
        ge=0,
        le=0.2,
        description="Relative error of the pixel size of pictures whose metadata state no "
        "imaging conditions.",
    )
    symmetry: Symmetry = Field(
        default_factory=Symmetry, description="Tolerances for the symmetry of the result."
    )
    templates: Templates = Field(
        default_factory=Templates, description="Template library of known crystals."
    )
