"""What was stated of the microscope behind a picture, and what that says of the optics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import ValidationError

from micrographia.config import Reconstruction
from micrographia.errors import SolveError
from micrographia.physics.conditions import Detector, ImagingConditions
from micrographia.physics.imaging import information_limit
from micrographia.reconstruction.unstated.optics import SPREAD, Mode, Optics

_MODES: dict[Detector, Mode] = {
    "icom": "phase",
    "segments": "phase",
    "haadf": "dark",
    "abf": "bright",
}
# By what a stated semi-angle is off, and by what a defocus that a microscope displays.
_ANGLE_ERROR, _DEFOCUS_ERROR = 0.03, 30.0  # relative; [Å]
_LIMIT, _DEFOCUS = 0, 1  # places among the optics' parameters


@dataclass(frozen=True)
class Stated:
    """What is known of the microscope; None stands for what is not.

    Attributes
    ----------
    detector
        Signal: icom, segments, haadf or abf.
    energy_keV, semiangle_mrad, defocus
        Of the probe [keV, mrad, Å].
    conditions
        All of it, where the picture's own metadata or the caller state all.
    length_error
        Relative error of the pixel size, and so of frequencies.
    """

    detector: Detector | None = None
    energy_keV: float | None = None
    semiangle_mrad: float | None = None
    defocus: float | None = None
    conditions: ImagingConditions | None = None
    length_error: float = 0.0

    @classmethod
    def of(
        cls,
        metadata: Mapping[str, Any],
        settings: Reconstruction,
        conditions: ImagingConditions | None = None,
    ) -> Stated:
        """What a picture's metadata state, and settings; these win.

        Parameters
        ----------
        metadata
            Of the picture.
        settings
            What is stated in `microscope`, and the error of the pixel size.
        conditions
            The microscope where the metadata state none; None if nobody knows.

        Raises
        ------
        SolveError
            What the settings state cannot be with the rest of the conditions.
        """
        named = settings.microscope.model_dump(exclude_none=True)
        known = metadata.get("conditions")
        whole = ImagingConditions(**known) if known else conditions
        if whole is not None:
            try:
                whole = ImagingConditions(**(whole.model_dump() | named))
            except ValidationError as error:
                raise SolveError(
                    "What is stated of the microscope does not go with the picture's metadata",
                    seen=", ".join(f"{name} {value}" for name, value in named.items()),
                    allowed="; ".join(fault["msg"] for fault in error.errors()),
                    remedy="Leave out what the picture states itself",
                ) from None
            named = {name: getattr(whole, name) for name in type(settings.microscope).model_fields}
        # Whoever states the conditions with the picture measured its pixels, too.
        length_error = 0.0 if known else settings.pixel_size_error
        return cls(**named, conditions=whole, length_error=length_error)

    @property
    def mode(self) -> Mode | None:
        """What the detector's signal is; None if it is not known."""
        return None if self.detector is None else _MODES[self.detector]

    def assumed(self) -> ImagingConditions:
        """Conditions with what is stated and usual values for the rest."""
        if self.conditions is not None:
            return self.conditions
        names = ("detector", "energy_keV", "semiangle_mrad", "defocus")
        known = {name: getattr(self, name) for name in names if getattr(self, name) is not None}
        return ImagingConditions(**known)

    def optics(self, mode: Mode) -> Optics:
        """Optics of a mode to begin a fit with, and what of them is known.

        Voltage and semi-angle together give the information limit; with the defocus they give
        its phase on the rim of the pupil.
        """
        if self.energy_keV is None or self.semiangle_mrad is None:
            return Optics(mode)
        limit = information_limit(self.assumed())
        spread = float(np.hypot(_ANGLE_ERROR, self.length_error))
        told = [(_LIMIT, float(np.log(limit)), min(spread, float(SPREAD[_LIMIT])))]
        start = Optics(mode, limit=limit)
        if self.defocus is not None:
            per_angstrom = np.pi / 2 * limit * self.semiangle_mrad * 1e-3
            # Where the signal is even in the defocus, as here, its sign does not matter.
            rim = float(np.clip(abs(self.defocus) * per_angstrom, 0, 12))
            told.append((_DEFOCUS, rim, float(SPREAD[_DEFOCUS]) + _DEFOCUS_ERROR * per_angstrom))
            first = max(rim, start.aberrations[0])
            start = Optics(mode, limit=limit, aberrations=(first, *start.aberrations[1:]))
        return start.told_that(tuple(told))

    def sentences(self) -> list[str]:
        """What was taken as known, for a person."""
        known = [] if self.detector is None else [f"detector {self.detector}"]
        known += [] if self.energy_keV is None else [f"{self.energy_keV:g} kV"]
        known += [] if self.semiangle_mrad is None else [f"{self.semiangle_mrad:g} mrad"]
        known += [] if self.defocus is None else [f"defocus {self.defocus:g} Å"]
        sentences = [f"Stated of the microscope: {', '.join(known) or 'nothing'}."]
        angles = (self.energy_keV, self.semiangle_mrad)
        if None in angles and (angles != (None, None) or self.defocus is not None):
            sentences.append(
                "Voltage, semi-angle and defocus say something of the probe only together: of "
                "one without the others nothing was used."
            )
        if self.length_error:
            sentences.append(
                f"Lengths are as right as the pixel size, within {100 * self.length_error:g} % "
                "if that is off by no more."
            )
        return sentences
