"""Device, precision and random seed of a network."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import cache
from pathlib import Path

import torch

from micrographia.errors import ConfigError


def choose_device(name: str = "auto") -> torch.device:
    """Return the device by the name 'auto', 'cpu' or 'cuda'.

    Raises
    ------
    ConfigError
        'cuda' was asked for and there is no GPU.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cuda" and not torch.cuda.is_available():
        raise ConfigError(
            "torch finds no GPU",
            seen="device: cuda",
            allowed="auto, cpu",
            remedy="Install torch for the driver of your GPU, or set device: auto",
        )
    return torch.device(name)


def choose_precision(name: str, device: torch.device) -> str:
    """Return 'bf16' or 'fp32'; 'auto' takes bf16 where the hardware multiplies in it."""
    if name != "auto":
        return name
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported() else "fp32"
    return "bf16" if _cpu_has_bf16() else "fp32"


@cache
def _cpu_has_bf16() -> bool:
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text(encoding="utf-8").split() if cpuinfo.exists() else []
    return "avx512_bf16" in flags or "amx_bf16" in flags


def autocast(precision: str, device: torch.device) -> AbstractContextManager[object]:
    """Context in which a network computes with `precision`."""
    if precision == "fp32":
        return nullcontext()
    return torch.autocast(device.type, dtype=torch.bfloat16)


def seed_everything(seed: int, device: torch.device) -> None:
    """Seed torch, and ask the GPU's library for the algorithms that repeat themselves."""
    torch.manual_seed(seed)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = False
        torch.backends.cudnn.deterministic = True
