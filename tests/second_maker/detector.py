"""From expected signals to a file: electrons counted, deflections integrated, values scaled."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import tifffile
from numpy.random import Generator
from PIL import Image, ImageDraw, ImageFont

from .conditions import Conditions

FORMATS = ("tif8", "tif16", "tif32", "png8", "png16")


def count_deflection(
    rng: Generator, fields: np.ndarray, c: Conditions, electrons: float
) -> np.ndarray:
    """Deflection (2, rows, columns), x and y, as counted at each pixel with so many electrons.

    Quadrants count by Poisson. The pixelated detector's centre of mass is that of a Poisson number
    of electrons, its scatter taken as Gaussian with the pattern's own variance, which is good
    from some ten electrons.
    """
    if c.detector == "segments":
        pp, np_, nn, pn = rng.poisson(electrons * np.clip(fields, 0, None)) / electrons
        return np.stack([pp + pn - np_ - nn, pp + np_ - nn - pn])
    share = np.clip(fields[0], 1e-6, None)
    number = rng.poisson(electrons * share)
    mean = fields[1:3] / share
    variance = np.clip(fields[3:5] / share - mean**2, 0, None)
    scatter = np.sqrt(variance / np.maximum(number, 1))
    seen: np.ndarray = (mean + scatter * rng.normal(size=mean.shape)) * (number > 0)
    return seen


def integrate(deflection: np.ndarray, pixel: float, high_pass: float) -> np.ndarray:
    """The picture whose gradient is nearest to the deflection, by FFT.

    Parameters
    ----------
    deflection
        x and y (2, rows, columns).
    pixel
        [Å].
    high_pass
        Period beyond which it is damped [Å]; 0 for none.

    Notes
    -----
    As microscopes do it: the picture is taken as periodic, which it is not, so that slow waves
    come in from its borders; and white noise of the deflection becomes noise of power 1/g².
    """
    rows, columns = deflection.shape[1:]
    gx, gy = np.fft.rfftfreq(columns, pixel), np.fft.fftfreq(rows, pixel)[:, None]
    squared = gx**2 + gy**2
    squared[0, 0] = 1
    x, y = np.fft.rfft2(deflection)
    spectrum = (gx * x + gy * y) / (2j * np.pi * squared)
    if high_pass:
        spectrum *= 1 - np.exp(-squared * high_pass**2 / 2)
    spectrum[0, 0] = 0
    return np.fft.irfft2(spectrum, s=(rows, columns))


def count_ring(rng: Generator, share: np.ndarray, electrons: float) -> np.ndarray:
    """Electrons on the ring, with the noise of reading them out (0.1 electrons rms)."""
    counts = rng.poisson(electrons * np.clip(share, 0, None))
    return counts + rng.normal(0, 0.1, size=share.shape)


def scale_values(rng: Generator, picture: np.ndarray, encoding: str) -> np.ndarray:
    """The values that a file holds: an arbitrary gain and offset, whole numbers but for tif32."""
    low, high = np.percentile(picture, (0.02, 99.98))
    span = max(high - low, 1e-12)
    unit = (picture - low) / span
    if encoding == "tif32":
        gain, offset = np.exp(rng.uniform(np.log(0.1), np.log(1e4))), rng.uniform(0.3, 3)
        return (gain * (unit + offset)).astype(np.float32)
    top = 255 if encoding.endswith("8") else 65535
    start, end = rng.uniform(0.02, 0.2) * top, rng.uniform(0.75, 0.98) * top
    values = np.clip(np.rint(start + unit * (end - start)), 0, top)
    return values.astype(np.uint8 if top == 255 else np.uint16)


def burn_in(values: np.ndarray, pixel: float) -> np.ndarray:
    """With a scale bar of 1 nm on a black plate, its length in words, and a letter in a corner."""
    rows, columns = values.shape
    low, high = float(values.min()), float(values.max())
    mask = Image.new("L", (columns, rows), 0)
    plate = Image.new("L", (columns, rows), 0)
    draw, under = ImageDraw.Draw(mask), ImageDraw.Draw(plate)
    height = max(14, rows // 16)
    font = ImageFont.load_default(size=height)
    length, bar = round(10 / pixel), max(3, height // 4)
    left, bottom = columns // 30, rows - rows // 30
    under.rectangle(
        (left - 6, bottom - bar - height - 12, left + length + 6, bottom + 5), fill=255
    )
    draw.rectangle((left, bottom - bar, left + length, bottom), fill=255)
    draw.text((left + length // 3, bottom - bar - height - 8), "1 nm", fill=255, font=font)
    draw.text((columns // 40, rows // 60), "(a)", fill=255, font=font)
    burnt = np.where(np.asarray(plate) > 127, low, values)
    ink = np.asarray(mask) / 255
    return (burnt * (1 - ink) + high * ink).astype(values.dtype)


def write_picture(path: Path, values: np.ndarray) -> None:
    """Write a picture that says nothing of how it was taken."""
    if path.suffix == ".png":
        Image.fromarray(values).save(path)
    else:
        tifffile.imwrite(path, values, metadata=None, software=False)
