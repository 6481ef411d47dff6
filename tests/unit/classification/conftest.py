"""Drawn pictures of three plain kinds, and an encoder that needs no weights."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from micrographia.classification.encoders.encoder import Encoder

KINDS = ("stripes", "dots", "cloud")


def draw(kind: str, seed: int, side: int = 96) -> np.ndarray:
    """Return a picture of a kind: stripes, bright dots, or smooth noise; uint8, (side, side)."""
    generator = np.random.default_rng((KINDS.index(kind), seed))
    y, x = np.mgrid[:side, :side]
    if kind == "stripes":
        angle, period = generator.uniform(0, np.pi), generator.uniform(6, 12)
        wave = np.cos(angle) * x + np.sin(angle) * y
        field = np.sin(2 * np.pi * wave / period + generator.uniform(0, 6))
    elif kind == "dots":
        field = np.zeros((side, side))
        for cy, cx in generator.uniform(0, side, (12, 2)):
            field += np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / 18)
    else:
        spectrum = np.fft.fft2(generator.normal(size=(side, side)))
        radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side))
        field = np.fft.ifft2(spectrum * np.exp(-((radius * 30) ** 2))).real
    field = field + generator.normal(0, 0.05 * field.std(), field.shape)
    low, high = field.min(), field.max()
    return np.rint((field - low) / (high - low) * 255).astype(np.uint8)


@pytest.fixture
def make_set(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a folder for each kind, of so many pictures."""

    def write(count: int = 8, kinds: tuple[str, ...] = KINDS, name: str = "set") -> Path:
        for kind in kinds:
            folder = tmp_path / name / kind
            folder.mkdir(parents=True, exist_ok=True)
            for seed in range(count):
                Image.fromarray(draw(kind, seed)).save(folder / f"{seed:02d}.png")
        return tmp_path / name

    return write


@pytest.fixture
def encoder() -> Encoder:
    """An encoder whose vector is the power in rings and wedges of the spectrum: 8 + 4 numbers."""
    side = 32
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)
    radius, angle = np.hypot(fy, fx), np.arctan2(fy, fx) % np.pi
    masks = [(radius >= k / 16) & (radius < (k + 1) / 16) for k in range(8)]
    masks += [(angle >= k * np.pi / 4) & (angle < (k + 1) * np.pi / 4) for k in range(4)]
    stack = torch.from_numpy(np.stack(masks)).float()

    def network(pictures: torch.Tensor) -> torch.Tensor:
        power = torch.fft.fft2(pictures[:, 0]).abs().square()
        return torch.log1p(torch.einsum("nyx,kyx->nk", power, stack))

    digest = hashlib.sha256(b"rings").hexdigest()
    return Encoder("rings", side, len(masks), digest, network)
