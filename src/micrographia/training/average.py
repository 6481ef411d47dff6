"""Moving average of a network's weights, which is validated and saved."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Exponential average of weights and buffers; whole numbers are copied.

    Attributes
    ----------
    model
        The network with averaged weights.
    """

    def __init__(self, model: nn.Module, memory: float, device: torch.device) -> None:
        self.model = copy.deepcopy(model).to(device)
        self.model.requires_grad_(False)
        self.memory = memory

    @torch.no_grad()
    def update(self, model: nn.Module, step: int) -> None:
        """Take in the weights after update `step`, counted from 0.

        Early on the memory is shorter, else the first weights, which know nothing, would stay.
        """
        memory = min(self.memory, (1 + step) / (10 + step))
        ours, theirs = self.model.state_dict(), model.state_dict()
        real = [name for name, value in ours.items() if value.is_floating_point()]
        torch._foreach_lerp_(
            [ours[name] for name in real], [theirs[name] for name in real], 1 - memory
        )
        for name in ours.keys() - set(real):
            ours[name].copy_(theirs[name])
