"""Loading of a vision-language model, whole or in four or eight bits."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch

from micrographia.config import Tuning
from micrographia.errors import CheckpointError, ConfigError, install_hint
from micrographia.provenance import digest
from micrographia.training.checkpoint import sha256_of
from micrographia.training.devices import choose_device, choose_precision


def load_processor(name: str) -> Any:
    """Load what turns pictures and text into the model's input.

    Raises
    ------
    CheckpointError
        There is none by this path or hub name.
    """
    from transformers import AutoProcessor

    try:
        return AutoProcessor.from_pretrained(name)
    except (ImportError, OSError, ValueError) as error:
        raise _absent(name, error) from error


def load_model(name: str, settings: Tuning) -> Any:
    """Load a vision-language model for training or answering.

    Parameters
    ----------
    name
        Folder or hub name of a model that `AutoModelForImageTextToText` of `transformers` takes:
        Mllama (Llama-3.2-11B-Vision), Qwen-VL, SmolVLM.
    settings
        Bits, precision and device.

    Raises
    ------
    CheckpointError
        There is no such model, or its weights are to be quantised and `bitsandbytes` is absent.
    """
    device = choose_device(settings.device)
    return load_on(name, device, bits_of(settings, device), dtype_of(settings, device))


def load_on(name: str, device: torch.device, bits: int | None, dtype: torch.dtype) -> Any:
    """Load a model onto a device, its weights in four or eight bits, or as they are (None).

    Raises
    ------
    CheckpointError
        As `load_model`.
    """
    from transformers import AutoModelForImageTextToText

    told: dict[str, Any] = {"dtype": dtype}
    if bits is not None:
        told |= {"quantization_config": _quantised(bits, dtype), "device_map": device}
    try:
        model = AutoModelForImageTextToText.from_pretrained(name, **told)
    except (ImportError, OSError, ValueError) as error:
        raise _absent(name, error) from error
    return model if bits is not None else model.to(device)


def bits_of(settings: Tuning, device: torch.device) -> int | None:
    """Return in how many bits the frozen weights are held; None: as they are.

    'auto' takes four on a GPU (QLoRA, Dettmers et al. 2023) and none on a processor.

    Raises
    ------
    ConfigError
        Weights are to be quantised on a processor: bitsandbytes 0.50.2 repacks them at the first
        evaluation, after which no gradient flows through them (see `findings/`).
    """
    bits = {"auto": 4 if device.type == "cuda" else None, "4bit": 4, "8bit": 8, "none": None}
    chosen = bits[settings.quantise]
    if chosen is not None and device.type != "cuda":
        raise ConfigError(
            "Weights are quantised on a GPU only",
            seen=f"language.tuning.quantise: {settings.quantise}",
            allowed="auto, none",
            remedy="On a processor take a model that fits into memory as it is",
        )
    return chosen


def dtype_of(settings: Tuning, device: torch.device) -> torch.dtype:
    """Return the type of the weights that are not quantised."""
    precision = choose_precision(settings.precision, device)
    # On a processor adapters of few steps are compared to 1e-5: bfloat16 only where asked for.
    if settings.precision == "auto" and device.type == "cpu":
        precision = "fp32"
    return torch.bfloat16 if precision == "bf16" else torch.float32


def identity(name: str) -> str:
    """Return what tells the weights of a model from others: digests of its files, or its name."""
    folder = Path(name)
    if not folder.is_dir():
        return name
    files = sorted(folder.glob("*.safetensors"))
    return digest({file.name: sha256_of(file) for file in files})


def _quantised(bits: int, dtype: torch.dtype) -> Any:
    if find_spec("bitsandbytes") is None:
        raise CheckpointError(
            f"Weights in {bits} bits need a package that is not installed",
            seen="bitsandbytes",
            remedy=f"{install_hint('language')} Or set quantise: none",
        )
    from transformers import BitsAndBytesConfig

    if bits == 8:
        return BitsAndBytesConfig(load_in_8bit=True)
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def _absent(name: str, error: Exception) -> CheckpointError:
    first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return CheckpointError(
        f"{name} is no vision-language model that transformers can load ({first})",
        remedy="Name a folder that save_pretrained wrote, or download the model first",
    )
