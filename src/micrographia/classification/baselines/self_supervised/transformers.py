"""Transformers that learn without labels: DINO, and pictures of which parts are hidden.

Losses, heads and masks are those of `lightly`, the transformer is `timm`'s `vit_tiny`.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from micrographia.classification.baselines.baseline import Run
from micrographia.classification.baselines.pictures.augment import turned, view
from micrographia.classification.baselines.pictures.transformers import patch_of
from micrographia.classification.baselines.self_supervised.siamese import follow
from micrographia.training.devices import autocast

#: Length of the vectors of `vit_tiny`.
SIZE = 192
#: Areas of large and small crops (Caron et al. 2021).
_GLOBAL, _LOCAL = (0.4, 1.0), (0.05, 0.4)
#: Words that DINO sorts views by; few, since the set is small.
_WORDS = 1024
#: Length of the vectors of the masked autoencoder's decoder.
_DECODED = 128


def vit_encoder(side: int) -> Any:
    """Return `vit_tiny` of grey pictures of several sizes, without its last layer."""
    import timm

    return timm.create_model(
        "vit_tiny_patch16_224", pretrained=False, in_chans=1, num_classes=0, img_size=side,
        patch_size=patch_of(side), dynamic_img_size=True,
    )  # fmt: skip


class Unlabelled:
    """What the tasks of this module share."""

    size = SIZE
    model: nn.Module
    encoder: nn.Module

    def __init__(self, run: Run) -> None:
        self.run = run
        self.pictures = torch.from_numpy(run.parts.train.values)[:, None].to(run.device)

    def stepped(self, share: float) -> None:
        """Do nothing; DINO moves its slow copy."""

    def score(self) -> None:
        """Return nothing: labels are not used."""


class DINO(Unlabelled):
    """Caron et al. (2021): small and large crops are sorted as a slow copy sorts the large."""

    def __init__(self, run: Run) -> None:
        from lightly.loss import DINOLoss
        from lightly.models.modules import DINOProjectionHead

        super().__init__(run)

        def network() -> nn.Sequential:
            head = DINOProjectionHead(SIZE, 512, 64, _WORDS, freeze_last_layer=-1)
            return nn.Sequential(vit_encoder(run.side), head).to(run.device)

        with warnings.catch_warnings():
            # `lightly` normalises weights by a function of torch that is to be replaced; networks
            # with it cannot be copied, so that the slow one is built anew.
            warnings.simplefilter("ignore", FutureWarning)
            self.model, self._slow = network(), network()
        self._slow.load_state_dict(self.model.state_dict())
        self._slow.requires_grad_(False)
        self.encoder = self.model[0]
        self._loss = DINOLoss(output_dim=_WORDS).to(run.device)

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the cross-entropy of two large and two small crops."""
        self.model.train()
        pictures = self.pictures[numbers]
        large = [view(pictures, _GLOBAL) for _ in range(2)]
        small = [view(pictures, _LOCAL, self.run.side // 2) for _ in range(2)]
        with autocast(self.run.precision, self.run.device):
            with torch.no_grad():
                sorted_slowly = [self._slow(each).float() for each in large]
            found = [self.model(each).float() for each in (*large, *small)]
        loss: torch.Tensor = self._loss(sorted_slowly, found)
        return loss

    def stepped(self, share: float) -> None:
        """Move the slow copy."""
        follow(self._slow, self.model, share)


class MAE(Unlabelled):
    """He et al. (2021): three quarters of the patches are painted from the rest."""

    hidden = 0.75

    def __init__(self, run: Run) -> None:
        from lightly.models.modules import MaskedVisionTransformerTIMM
        from lightly.models.modules.masked_vision_transformer_decoder_timm import (
            MaskedVisionTransformerDecoderTIMM,
        )

        super().__init__(run)
        self.encoder = vit_encoder(run.side)
        patch = patch_of(run.side)
        self._masked = MaskedVisionTransformerTIMM(vit=self.encoder)
        self._embed = nn.Linear(SIZE, _DECODED)
        self._decoder = MaskedVisionTransformerDecoderTIMM(
            num_patches=(run.side // patch) ** 2, embed_dim=_DECODED, depth=2, num_heads=4
        )
        self._paint = nn.Linear(_DECODED, patch**2)
        parts = [self._masked, self._embed, self._decoder, self._paint]
        self.model = nn.ModuleList(parts).to(run.device)

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the mean squared error of the hidden patches."""
        from lightly.models import utils

        self.model.train()
        pictures = turned(self.pictures[numbers])
        shape = (len(pictures), self._masked.sequence_length)
        seen, hidden = utils.random_token_mask(shape, self.hidden, device=pictures.device)
        with autocast(self.run.precision, self.run.device):
            known = self._embed(self._masked.encode(pictures, idx_keep=seen))
            tokens = utils.repeat_token(self._decoder.mask_token, shape)
            tokens = utils.set_at_index(tokens, seen, known.type_as(tokens))
            decoded = self._decoder.decode(self._decoder.add_pos_embed(tokens))
            painted = self._paint(utils.get_at_index(decoded, hidden)).float()
        patches = utils.patchify(pictures, patch_of(self.run.side))
        # The first token is that of the class, and no patch.
        return functional.mse_loss(painted, utils.get_at_index(patches, hidden - 1))


class SimMIM(Unlabelled):
    """Xie et al. (2021): half of the patches are blanked, and painted by one linear layer."""

    hidden = 0.5

    def __init__(self, run: Run) -> None:
        from lightly.models.modules import MaskedVisionTransformerTIMM

        super().__init__(run)
        self.encoder = vit_encoder(run.side)
        self._masked = MaskedVisionTransformerTIMM(vit=self.encoder)
        self._paint = nn.Linear(SIZE, patch_of(run.side) ** 2)
        self.model = nn.ModuleList([self._masked, self._paint]).to(run.device)

    def loss(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return the mean absolute error of the hidden patches."""
        from lightly.models import utils

        self.model.train()
        pictures = turned(self.pictures[numbers])
        shape = (len(pictures), self._masked.sequence_length)
        _, hidden = utils.random_token_mask(shape, self.hidden, device=pictures.device)
        with autocast(self.run.precision, self.run.device):
            tokens = self._masked.encode(pictures, idx_mask=hidden)
            painted = self._paint(utils.get_at_index(tokens, hidden)).float()
        patches = utils.patchify(pictures, patch_of(self.run.side))
        return functional.l1_loss(painted, utils.get_at_index(patches, hidden - 1))
