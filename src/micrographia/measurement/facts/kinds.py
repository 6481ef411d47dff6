"""Whether a picture shows separate particles, by its class: else there is nothing to count.

Bounds were chosen on the 366 pictures of EMPS, which all show particles and which the classifier
was not trained on, and on the labelled literature pictures: see `docs/how-to/ask-a-picture.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

#: Classes without separate particles.
_CONTINUOUS = (
    "films_coated_surface", "mems_devices_electrodes", "patterned_surface", "porous_sponge",
)  # fmt: skip
#: Classes of grains, and the share of the picture that these cover at least where heaped.
_GRAINS, _HEAPED = ("particles", "powder"), 0.3
#: Classes of long things: what is whole in the picture can be counted, a mat of them cannot.
_LONG = ("fibres", "nanowires")
#: Classes that round particles are taken for (EMPS: 35, 6 and 2 of 366), so that the classifier
#: alone does not prove them.
_UNPROVEN = ("biological", "mems_devices_electrodes", "tips")
#: Share of the classes without particles from which nothing is counted.
_MOST = 0.7
#: Score of belonging to any class below which what is segmented is not taken for particles.
_KNOWN = 0.5
#: Fewest long things, and their least share that is whole in the picture.
_FEW, _WHOLE = 3, 0.5


def class_told(found: Mapping[str, Any], least: float, covered: float) -> tuple[str | None, str]:
    """Return the class that a picture is said to show, or None; and the evidence or the reason.

    Parameters
    ----------
    found
        Row of `schemas.CLASSIFIED`.
    least
        Lowest probability that is told; of other classes than particles and powder the middle
        between it and 1, since more pictures of particles are taken for these than the other way.
    covered
        Share of the picture that instances cover.
    """
    if found["failure"] is not None:
        return None, str(found["failure"])
    name, share = str(found["predicted"]), float(found["probability"])
    if name in _GRAINS and covered < _HEAPED:
        # Powder is heaped; what lies apart are particles, and of both it is true to say so.
        shares = dict(zip(found["ranked"], found["probabilities"], strict=True))
        name, share = "particles", sum(shares.get(one, 0.0) for one in _GRAINS)
    needed = least if name in _GRAINS else (1 + least) / 2
    if not found["sure"] or share < needed:
        return None, f"the classifier is not sure: {name} {share:.2f}"
    if name in _UNPROVEN:
        return None, f"only the classifier says {name}, and takes particles for it at times"
    return name, f"CLASSIFIED predicted, probability {share:.2f}"


def why_no_particles(found: Mapping[str, Any], count: int, whole: int) -> tuple[str, str] | None:
    """Return why there is nothing to count and size in a picture; None where there may be.

    Parameters
    ----------
    found
        Row of `schemas.CLASSIFIED`.
    count, whole
        Instances that were segmented, and those of them that nothing cuts.

    Returns
    -------
    reason, evidence
        The reason names no class, since none is certain; the evidence does.
    """
    if count and not whole:
        return "nothing that was found lies whole in the picture", f"{count} instances, all cut"
    if found["failure"] is not None:
        return None
    shares = dict(zip(found["ranked"], found["probabilities"], strict=True))
    if found["known"] < _KNOWN:
        return "the picture is unlike all kinds of pictures that are known here", _told(
            {"known": found["known"]}
        )
    if sum(shares.get(name, 0.0) for name in _CONTINUOUS) >= _MOST:
        return "the picture does not seem to show separate particles", _told(shares)
    long = sum(shares.get(name, 0.0) for name in _LONG)
    if long >= _MOST and (count < _FEW or whole < _WHOLE * count):
        return "what is long and crosses or is cut cannot be told apart one by one", _told(shares)
    return None


def _told(shares: Mapping[str, float]) -> str:
    best = sorted(shares.items(), key=lambda item: -item[1])[:2]
    return "CLASSIFIED " + ", ".join(f"{name} {share:.2f}" for name, share in best)
