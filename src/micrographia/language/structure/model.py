"""The network: an encoder of pictures and a decoder of words, in transformers' own frame.

`VisionEncoderDecoderModel` joins an encoder written here (a small transformer) and GPT-2's decoder
with attention to the encoder. `generate`, its cache and its samplers are those of transformers.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from transformers import (
    AutoConfig,
    AutoModel,
    GPT2Config,
    GPT2LMHeadModel,
    PretrainedConfig,
    PreTrainedModel,
    VisionEncoderDecoderModel,
)
from transformers.modeling_outputs import BaseModelOutput

from micrographia.config import StructureModel
from micrographia.errors import CheckpointError
from micrographia.language.structure.seen.features import COLUMNS, HINT, PEAKS, ROWS
from micrographia.language.structure.seen.measured import Measured
from micrographia.language.structure.seen.repeats import GRID
from micrographia.language.structure.tokens import (
    BEGIN,
    END,
    LONGEST,
    PAD,
    RANGES,
    VOCABULARY,
)
from micrographia.training.checkpoint import Checkpoint, load_checkpoint

#: `kind` in the card of a checkpoint.
KIND = "structure text"
_PATCH = 8  # pixels of the mean cell along a side that make one state
_KINDS = [1, PEAKS, COLUMNS]


class PictureConfig(PretrainedConfig):  # type: ignore[misc]
    """Sizes of the encoder; see `StructureModel`."""

    model_type = "micrographia-picture"

    def __init__(
        self, hidden_size: int = 256, layers: int = 3, heads: int = 8, **more: Any
    ) -> None:
        super().__init__(**more)
        self.hidden_size = hidden_size
        self.layers = layers
        self.heads = heads


class PictureEncoder(PreTrainedModel):  # type: ignore[misc]
    """Sheets of `features` (batch, 1, 48, 293) to states (batch, 84, width).

    A state for each hint, and for each patch of 8 × 8 pixels of the mean cell.
    """

    config_class = PictureConfig
    base_model_prefix = "encoder"
    main_input_name = "pixel_values"

    def __init__(self, config: PictureConfig) -> None:
        super().__init__(config)
        width = config.hidden_size
        self.hints = nn.ModuleList([_Mixed(HINT, width) for _ in _KINDS])
        self.patches = _Mixed(_PATCH**2, width)
        # As large as what stands there, so that attention can tell the places from the first step.
        self.places = nn.Parameter(torch.randn(1, ROWS + (GRID // _PATCH) ** 2, width))
        layer = nn.TransformerEncoderLayer(
            width, config.heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(width)
        self.post_init()

    def _init_weights(self, module: nn.Module) -> None:
        """Leave torch's own initial weights."""

    def forward(self, pixel_values: torch.Tensor, **_: Any) -> BaseModelOutput:
        """Return the states of a batch of `features`."""
        hints = torch.split(pixel_values[:, 0, :, GRID : GRID + HINT], _KINDS, dim=1)
        parts = [mixed(rows) for mixed, rows in zip(self.hints, hints, strict=True)]
        cut = functional.unfold(pixel_values[:, :, :, :GRID], _PATCH, stride=_PATCH)
        parts.append(self.patches(cut.transpose(1, 2)))
        states = torch.cat(parts, dim=1) + self.places
        return BaseModelOutput(last_hidden_state=self.norm(self.layers(states)))


class _Mixed(nn.Module):
    """Numbers to a state: what is linear in them, and what is not."""

    def __init__(self, numbers: int, width: int) -> None:
        super().__init__()
        self.straight = nn.Linear(numbers, width)
        self.bent = nn.Sequential(nn.Linear(numbers, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, numbers: torch.Tensor) -> torch.Tensor:
        """Return states (..., width) of numbers (..., n)."""
        states: torch.Tensor = self.straight(numbers) + self.bent(numbers)
        return states


class Writer(nn.Module):
    """The whole network as the training loop calls it.

    Attributes
    ----------
    network
        `VisionEncoderDecoderModel`, for `generate`.
    measured
        What is added to its logits.
    """

    def __init__(self, settings: StructureModel) -> None:
        super().__init__()
        encoder = PictureEncoder(
            PictureConfig(settings.width, settings.encoder_layers, settings.heads)
        )
        decoder = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=VOCABULARY, n_positions=LONGEST, n_embd=settings.width,
                n_layer=settings.decoder_layers, n_head=settings.heads, add_cross_attention=True,
                resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, pad_token_id=PAD,
                bos_token_id=BEGIN, eos_token_id=END,
            )
        )  # fmt: skip
        _order_numbers(decoder.transformer.wte.weight)
        self.network = VisionEncoderDecoderModel(encoder=encoder, decoder=decoder)
        self.measured = Measured()
        self.network.config.pad_token_id = PAD
        self.network.config.decoder_start_token_id = BEGIN

    def forward(self, image: torch.Tensor, text: torch.Tensor) -> torch.Tensor:
        """Return the logits (batch, n - 1, words) of each next word.

        Parameters
        ----------
        image
            `features` (batch, 1, 48, 293).
        text
            Words (batch, LONGEST); columns in which every row has ended are left out, so that n
            is the length of the longest row.
        """
        longest = int((text != PAD).sum(dim=1).max())
        words = text[:, : longest - 1]
        # Of so few words torch's fused attention takes longer, back through it most of all.
        with sdpa_kernel(SDPBackend.MATH):
            logits: torch.Tensor = self.network(
                pixel_values=image,
                decoder_input_ids=words,
                # A word sees those before it alone, so what fills a row up needs no mask.
                decoder_attention_mask=torch.ones_like(words),
                use_cache=False,
            ).logits
        return logits + self.measured(image, words)


@torch.no_grad()
def _order_numbers(weight: torch.Tensor) -> None:
    """Give words of near numbers near vectors (sines of several periods), so that order is known.

    The same vectors are read and written, so a number that is a little off costs little, from
    the first step on.
    """
    half = weight.shape[1] // 4
    for name, words in RANGES.items():
        if name in ("bravais", "element"):
            continue
        values = torch.arange(words.count, dtype=torch.float32)[:, None]
        periods = 4 * (words.count / 2) ** torch.linspace(0, 1, half)[None, :]
        phases = 2 * torch.pi * values / periods
        waves = torch.cat([phases.sin(), phases.cos()], dim=1)
        weight[words.start : words.start + words.count, : 2 * half] += 0.04 * waves


def parameters_of(model: nn.Module) -> int:
    """Number of weights."""
    return sum(weight.numel() for weight in model.parameters())


def load_writer(path: str | Path) -> tuple[Writer, Checkpoint]:
    """Load a network that `language train-structure` wrote.

    Raises
    ------
    CheckpointError
        The file is no such checkpoint.
    """
    checkpoint = load_checkpoint(path)
    if checkpoint.card.get("kind") != KIND:
        raise CheckpointError(
            f"Checkpoint {path} does not write structures", seen=checkpoint.card.get("kind"),
            allowed=KIND, remedy="Give a file written by `micrographia language train-structure`",
        )  # fmt: skip
    try:
        model = Writer(StructureModel(**checkpoint.card["architecture"]))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(
            f"The card of checkpoint {path} does not say what network it is ({error})",
            remedy="Take the card that was written with the weights, or train it again",
        ) from None
    try:
        model.load_state_dict(checkpoint.tensors, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"Checkpoint {path} does not fit the network: {error}") from None
    return model.eval(), checkpoint


AutoConfig.register(PictureConfig.model_type, PictureConfig)
AutoModel.register(PictureConfig, PictureEncoder)
