"""Names of array types: what the elements are and, where it is settled, what they mean.

They are for annotations. Shapes stand in the docstrings of what takes and returns arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Numbers in double precision: coordinates, cells, features, scores.
FloatArray = NDArray[np.float64]
#: Numbers in double precision, real and imaginary: Fourier coefficients.
ComplexArray = NDArray[np.complex128]
#: Numbers in single precision that are no picture: weights, fields by pixel.
Float32Array = NDArray[np.float32]
#: Numbers in any precision.
RealArray = NDArray[np.floating[Any]]
#: Whole numbers: indices, counts, atomic numbers, integer matrices.
IntArray = NDArray[np.int64]
#: Whole numbers of 32 bits that are no label mask.
Int32Array = NDArray[np.int32]
#: Small whole numbers, 0…255, that are no grey levels.
Uint8Array = NDArray[np.uint8]
#: Which ones: true or false for each pixel, row or atom.
BoolArray = NDArray[np.bool_]

#: Picture, or a quantity for each of its pixels, (H, W) or (channels, H, W).
FloatImage = NDArray[np.float32]
#: Picture in grey levels 0…255, (H, W).
GreyImage = NDArray[np.uint8]
#: How much ink each pixel gets, 0…255, (H, W).
InkMask = NDArray[np.uint8]
#: Picture in red, green and blue, 0…255, (H, W, 3).
ColourImage = NDArray[np.uint8]
#: Instances of a picture, (H, W): 0 is background, 1…n an instance, -1 (rarely) in doubt.
LabelMask = NDArray[np.int32]
#: Perceptual hashes of 64 bits.
Hashes = NDArray[np.uint64]
