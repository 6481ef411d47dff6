"""Where in a picture an answer came from.

Of a convolutional encoder by Grad-CAM (Selvaraju et al., 2017): the last maps, weighed by the
slope of the class's logit. Of a transformer by attention roll-out (Abnar & Zuidema, 2020): what
the class token sees through all layers, whatever the class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from micrographia.arrays import ColourImage, FloatArray, FloatImage
from micrographia.classification.classifier import Classifier
from micrographia.classification.encoders.encoder import Encoder
from micrographia.errors import MicrographiaError
from micrographia.io.atomic import atomic_path
from micrographia.io.images import read_micrograph, to_own_range

#: Longest side of a heat map that is written [px], and how much of it is heat.
_LONGEST, _HEAT = 768, 0.45


def heat_of(encoder: Encoder, pixels: NDArray[Any], slope: FloatArray) -> FloatImage:
    """Return where in a picture a class was seen.

    Parameters
    ----------
    encoder
        The frozen network.
    pixels
        Grey picture, shape (H, W).
    slope
        Slope of the class's logit in the encoder's vector, shape (d,); a transformer does not
        ask for it.

    Returns
    -------
    ndarray
        Shape (H, W), 0 … 1; 0 everywhere where nothing speaks for the class.

    Raises
    ------
    MicrographiaError
        The encoder has neither maps nor attention.
    """
    import cv2

    inputs = torch.from_numpy(encoder.prepare(pixels))[None, None]
    if encoder.maps is not None:
        coarse = _grad_cam(encoder, inputs, slope)
    elif encoder.attention is not None:
        with torch.inference_mode():
            coarse = rolled_out(encoder.attention(inputs))
    else:
        raise MicrographiaError(
            f"The encoder {encoder.name} has no heat maps",
            allowed="the shipped encoder, efficientnet-lite0, or one of `classification finetune` "
            "or `pretrain`",
        )
    height, width = pixels.shape
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_LINEAR)
    most = float(fine.max())
    return np.asarray(fine / most if most > 0 else fine, dtype=np.float32)


def slope_of(model: Classifier, number: int) -> FloatArray:
    """Return the slope of a class's logit in the encoder's vector, shape (d,)."""
    scale = model.space.scale
    return model.weights[number] / scale / np.sqrt(len(scale))


def rolled_out(layers: list[torch.Tensor]) -> FloatImage:
    """Return how much the class token takes from each patch.

    Parameters
    ----------
    layers
        Attention of one picture, shape (1, tokens, tokens), the class token first.

    Returns
    -------
    ndarray
        Shape (rows, columns) of the patches, of sum 1.
    """
    tokens = layers[0].shape[-1]
    total = torch.eye(tokens)
    for weights in layers:
        # Half of each token goes past the attention, by the short cut.
        total = (0.5 * weights[0].float() + 0.5 * torch.eye(tokens)) @ total
    seen = total[0, 1:]
    side = round((tokens - 1) ** 0.5)
    return np.asarray((seen / seen.sum()).reshape(side, side).numpy(), dtype=np.float32)


def draw_heatmaps(
    rows: Iterable[dict[str, Any]], encoder: Encoder, model: Classifier, folder: Path
) -> Iterator[dict[str, Any]]:
    """Write a heat map for each predicted row, as it passes; names are numbered."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, row in enumerate(rows):
        if row["failure"] is None:
            pixels = read_micrograph(row["path"]).pixels
            slope = slope_of(model, model.classes.index(row["predicted"]))
            drawn = overlay(pixels, heat_of(encoder, pixels, slope))
            name = f"{number:05d}-{Path(row['path']).stem}-{row['predicted']}.png"
            with atomic_path(folder / name) as temporary:
                Image.fromarray(drawn).save(temporary, format="PNG")
        yield row


def overlay(pixels: NDArray[Any], heat: FloatImage) -> ColourImage:
    """Return a grey picture with heat laid over it, (H, W, 3); large ones are made smaller."""
    import cv2

    height, width = pixels.shape
    factor = min(1.0, _LONGEST / max(height, width))
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    grey = cv2.resize(to_own_range(pixels), size, interpolation=cv2.INTER_AREA)
    warm = np.clip(cv2.resize(heat, size, interpolation=cv2.INTER_AREA), 0, 1)
    plain = np.repeat(np.rint(np.clip(grey, 0, 1) * 255).astype(np.uint8)[..., None], 3, axis=2)
    colours = cv2.applyColorMap(np.rint(warm * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    mixed = (1 - _HEAT) * plain + _HEAT * colours[..., ::-1]
    return np.asarray(np.rint(mixed), dtype=np.uint8)


def _grad_cam(encoder: Encoder, inputs: torch.Tensor, slope: FloatArray) -> FloatImage:
    assert encoder.maps is not None
    # The weights are frozen: the slope needs an input that is not.
    inputs = inputs.clone().requires_grad_(True)
    maps, vectors = encoder.maps(inputs)
    logit = (vectors[0] * torch.from_numpy(slope).to(vectors.dtype)).sum()
    (slopes,) = torch.autograd.grad(logit, maps)
    weighed = (slopes.mean(dim=(2, 3), keepdim=True) * maps).sum(dim=1)[0]
    return np.asarray(weighed.clamp(min=0).detach().numpy(), dtype=np.float32)
