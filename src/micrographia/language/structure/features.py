"""What the network sees of a picture: the picture at half resolution, and its autocorrelation.

Lengths and angle of a cell are what an autocorrelation shows: it does not depend on where the cell
begins, and peaks at every lattice vector. It is that of the picture without periodic boundaries,
divided by the overlap, for shifts up to half the field. Since it is symmetric about its middle,
half of it says all.
"""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft2, rfft2

from micrographia.arrays import FloatImage
from micrographia.language.structure.pictures import SIDE

#: Pixels of the picture and of the autocorrelation along a row.
WIDTH = SIDE // 2
#: Rows of the picture, and of the half of the autocorrelation below it.
PICTURE_ROWS, CORRELATION_ROWS = WIDTH, WIDTH // 2

_OVERLAP = np.outer(*2 * [WIDTH - np.abs(np.arange(-WIDTH // 2, WIDTH // 2))]).astype(np.float32)


def features(picture: FloatImage) -> FloatImage:
    """Return what the network sees.

    Parameters
    ----------
    picture
        (256, 256), any unit.

    Returns
    -------
    (1, 192, 128) of mean 0 and standard deviation 1: the picture averaged over 2 × 2 pixels, and
    below it the autocorrelation for shifts (y, x) from (0, -12.8 Å) on, 1 at no shift, five times.
    """
    small = picture.reshape(WIDTH, 2, WIDTH, 2).mean(axis=(1, 3))
    small = small - small.mean()
    small /= max(float(small.std()), 1e-6)
    power = np.abs(rfft2(small, s=(2 * WIDTH, 2 * WIDTH))) ** 2
    circle = np.roll(irfft2(power, s=(2 * WIDTH, 2 * WIDTH)), WIDTH // 2, axis=1)
    rows, half = np.arange(CORRELATION_ROWS), WIDTH // 2
    correlation = circle[rows, :WIDTH] / _OVERLAP[half + rows]
    whole = np.concatenate([small, 3 * correlation])
    return np.asarray(whole[None], dtype=np.float32)
