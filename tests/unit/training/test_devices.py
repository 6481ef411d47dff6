"""Device and precision by name."""

from __future__ import annotations

import pytest
import torch
from needed import is_here

from micrographia.errors import ConfigError
from micrographia.training.devices import autocast, choose_device, choose_precision


def test_devices():
    assert choose_device("cpu").type == "cpu"
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(is_here("GPU"), reason="a GPU is here")
def test_an_absent_gpu_is_said():
    with pytest.raises(ConfigError, match="no GPU"):
        choose_device("cuda")


def test_precision():
    cpu = torch.device("cpu")
    assert choose_precision("fp32", cpu) == "fp32"
    assert choose_precision("auto", cpu) in ("bf16", "fp32")
    layer, x = torch.nn.Linear(4, 4), torch.ones(1, 4)
    with autocast("bf16", cpu):
        assert layer(x).dtype == torch.bfloat16
    with autocast("fp32", cpu):
        assert layer(x).dtype == torch.float32
