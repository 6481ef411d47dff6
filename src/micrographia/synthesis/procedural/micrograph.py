"""Procedural micrographs, generated from a random seed, with exact masks.

Every picture follows from (seed, index) alone, so it does not matter how the work is divided.
Some indices are there to be caught by curation: copies, a blurred picture, a small one.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image
from scipy import ndimage

from micrographia.arrays import GreyImage, LabelMask
from micrographia.config import Synthesis
from micrographia.synthesis.procedural import annotation_bar as annotation
from micrographia.synthesis.procedural.attributes import attributes_of
from micrographia.synthesis.procedural.habits import maker
from micrographia.synthesis.procedural.placement import Scene, arrange
from micrographia.synthesis.procedural.recipe import DENSE, KINDS, Recipe, draw_radii, draw_recipe
from micrographia.synthesis.procedural.rendering import (
    charging,
    record,
    secondary_electrons,
    shading,
    transmission,
)

Made = tuple[GreyImage, LabelMask, dict[str, Any]]


@dataclass(frozen=True)
class Role:
    """What an index is for.

    Attributes
    ----------
    kind
        One of `KINDS`, or `DENSE`.
    contrast
        "sem" or "tem".
    copy_of
        Index of the picture that this one repeats; None for an original.
    defect
        "exact copy", "re-encoded copy", "blurred", "small", or None.
    """

    kind: str
    contrast: str
    copy_of: int | None = None
    defect: str | None = None


def name_of(index: int) -> str:
    """File name, without suffix, of picture `index`."""
    return f"synthetic_{index:06d}"


def role_of(index: int) -> Role:
    """Return what picture `index` is: every 24 hold two copies and a dense one."""
    place, long_place = index % 24, index % 48
    if place == 11:
        original = role_of(index - 7)
        return Role(original.kind, original.contrast, index - 7, "re-encoded copy")
    if place == 17:
        original = role_of(index - 9)
        return Role(original.kind, original.contrast, index - 9, "exact copy")
    turn = index // len(KINDS)
    contrast = ("sem", "tem")[index % 2]
    # Shifted every turn: the copies and the dense picture take the place of all kinds alike.
    kind = DENSE if place == 5 else KINDS[(index + turn) % len(KINDS)]
    defect = {31: "blurred", 43: "small"}.get(long_place)
    return Role(kind, contrast, None, defect)


def make_micrograph(index: int, seed: int, settings: Synthesis) -> Made:
    """Make one micrograph with its instance mask.

    Parameters
    ----------
    index
        Number of the picture; see `role_of`.
    seed
        Seed of the whole set.
    settings
        Size and share of annotated pictures.

    Returns
    -------
    pixels
        Grey picture, uint8.
    labels
        The instance that each pixel shows, 1…n by depth, lowest first; 0 for background and for
        what an opaque panel hides. Thin text and bars lie over instances without ending them.
    truth
        One row of `schemas.SYNTHETIC`.
    """
    role = role_of(index)
    if role.copy_of is not None:
        return _copy(make_micrograph(role.copy_of, seed, settings), name_of(index), role.defect)
    rng = np.random.default_rng([seed, index])
    size = max(64, settings.size // 3) if role.defect == "small" else settings.size
    recipe = draw_recipe(role.kind, role.contrast, rng)
    radii = draw_radii(recipe, size, rng)
    pixel_size_nm = _pixel_size(recipe.mode, float(np.median(radii)), rng)
    annotated = bool(rng.random() < settings.annotated_share)
    plan = annotation.Overlay()
    if annotated:
        plan = annotation.plan(size, pixel_size_nm, recipe.mode, rng)
    scene = Scene(size, annotation.blocked(plan, size))
    make = maker(recipe.habit, size, rng, shells=recipe.mode == "tem")
    arrange(scene, make, recipe, radii, rng)
    bare = _picture(scene, recipe, role.defect == "blurred", rng)
    truth = {
        "name": name_of(index),
        "kind": role.kind,
        "contrast": recipe.mode,
        "width": size,
        "height": size,
        "n_instances": len(scene.patches),
        "pixel_size_nm": pixel_size_nm,
        "annotated": annotated,
        "text_boxes": [list(box) for box in plan.boxes],
        "duplicate_of_name": None,
        "defect": role.defect,
        **attributes_of(recipe, scene, bare),
    }
    return annotation.draw(bare, plan), scene.labels, truth


def _copy(original: Made, name: str, defect: str | None) -> Made:
    pixels, labels, truth = original
    if defect == "re-encoded copy":
        pixels = _reencode(pixels)
    changed = {"name": name, "duplicate_of_name": truth["name"], "defect": defect}
    return pixels, labels, truth | changed


def _pixel_size(mode: str, radius: float, rng: np.random.Generator) -> float:
    """Side of a pixel [nm], so that particles are as large as such pictures show them."""
    low, high = (5.0, 250.0) if mode != "sem" else (40.0, 4000.0)
    diameter = float(np.exp(rng.uniform(np.log(low), np.log(high))))
    return float(f"{diameter / (2 * radius):.4g}")


def _picture(scene: Scene, recipe: Recipe, blurred: bool, rng: np.random.Generator) -> GreyImage:
    size = scene.labels.shape[0]
    blur = 10.0 if blurred else float(rng.uniform(0.4, 1.1))
    # Pores and grain drown in the noise of few electrons.
    least = 3.0 if recipe.surface in ("rough", "porous", "striped") else 1.0
    if recipe.mode == "sem":
        ideal = secondary_electrons(
            scene.patches, size, rng, tone=recipe.tone, surface=recipe.surface
        )
        if rng.random() < 0.25:
            ideal = charging(ideal, rng)
        electrons = float(np.exp(rng.uniform(np.log(60 * least), np.log(900))))
    else:
        ideal = transmission(
            scene.patches, size, rng, dark_field=recipe.mode == "stem", surface=recipe.surface
        )
        electrons = float(np.exp(rng.uniform(np.log(150 * least), np.log(2500))))
    gain = float(rng.uniform(0.004, 0.02))
    if blurred:  # out of focus, but well exposed: contrast set as the operator would, by eye
        ideal = ndimage.gaussian_filter(ideal, blur)
        ideal = 0.1 + 0.8 * (ideal - ideal.min()) / max(float(np.ptp(ideal)), 1e-6)
        electrons, gain, blur = 50_000.0, 0.001, 1.0
    return record(shading(ideal, rng), rng, blur=blur, electrons=electrons, gain=gain)


def _reencode(pixels: GreyImage) -> GreyImage:
    """What another web site makes of a picture: a little brighter, and through JPEG."""
    brighter = np.clip(np.rint(pixels * 0.93 + 14), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(brighter).save(stream, format="JPEG", quality=80)
    return np.asarray(Image.open(stream))
