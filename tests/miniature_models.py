"""Vision-language models of the real architectures, of few and random weights.

Written with `transformers` alone, as a model hub would hold them: configuration, weights,
tokenizer (one token for each byte), processor, chat template.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    MllamaConfig,
    MllamaForConditionalGeneration,
    MllamaImageProcessor,
    MllamaProcessor,
    PreTrainedTokenizerFast,
    Qwen2_5_VLConfig,
    Qwen2_5_VLForConditionalGeneration,
    Qwen2_5_VLProcessor,
    Qwen2VLImageProcessor,
    Qwen2VLVideoProcessor,
    SmolVLMConfig,
    SmolVLMForConditionalGeneration,
    SmolVLMImageProcessor,
    SmolVLMProcessor,
    SmolVLMVideoProcessor,
)

TEMPLATE = (
    "{% for m in messages %}<|begin|>{{ m['role'] }}:{% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}IMAGE{% else %}{{ c['text'] }}{% endif %}{% endfor %}<|end|>"
    "{% endfor %}{% if add_generation_prompt %}<|begin|>assistant:{% endif %}"
)


def tokenizer(special: list[str]) -> PreTrainedTokenizerFast:
    """One token for each byte, the beginning and end of a message, padding, and some more."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    plain = Tokenizer(models.BPE(vocab={each: i for i, each in enumerate(alphabet)}, merges=[]))
    plain.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    plain.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=plain,
        bos_token="<|begin|>",
        eos_token="<|end|>",
        pad_token="<|pad|>",
        additional_special_tokens=special,
    )


def _text(words: PreTrainedTokenizerFast, size: int) -> dict[str, Any]:
    return {
        "vocab_size": size,
        "hidden_size": 32,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "intermediate_size": 64,
        "pad_token_id": words.pad_token_id,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        "max_position_embeddings": 1024,
    }


def write_mllama(folder: Path) -> None:
    """Llama-3.2-Vision: cross-attention layers between those of the text."""
    words = tokenizer(["<|image|>"])
    image = words.convert_tokens_to_ids("<|image|>")
    pictures = MllamaImageProcessor(size={"height": 28, "width": 28}, max_image_tiles=1)
    vision = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_global_layers": 1,
        "attention_heads": 2,
        "intermediate_size": 64,
        "vision_output_dim": 64,
        "image_size": 28,
        "patch_size": 14,
        "max_num_tiles": 1,
        "intermediate_layers_indices": [0],
        "supported_aspect_ratios": [[1, 1]],
    }
    # As in the release, the picture's token has no output: its number is the vocabulary's size.
    text = _text(words, image) | {"num_hidden_layers": 4, "cross_attention_layers": [1, 3]}
    config = MllamaConfig(vision_config=vision, text_config=text, image_token_index=image)
    model = MllamaForConditionalGeneration(config)
    # The gates of cross-attention begin at zero, where no picture would be seen.
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith(("attn_gate", "mlp_gate")):
                weight.fill_(1.0)
    template = TEMPLATE.replace("IMAGE", "<|image|>")
    processor = MllamaProcessor(pictures, words, chat_template=template)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


def write_qwen(folder: Path) -> None:
    """Qwen2.5-VL: a picture's patches are tokens among those of the text."""
    special = ["<|vision_start|>", "<|image_pad|>", "<|video_pad|>", "<|vision_end|>"]
    words = tokenizer(special)
    number = dict(zip(special, words.convert_tokens_to_ids(special), strict=True))
    text = _text(words, len(words)) | {
        "num_hidden_layers": 2,
        "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2]},
    }
    vision = {
        "depth": 2,
        "hidden_size": 32,
        "num_heads": 2,
        "intermediate_size": 64,
        "out_hidden_size": 32,
        "patch_size": 14,
        "fullatt_block_indexes": [1],
    }
    config = Qwen2_5_VLConfig(
        vision_config=vision,
        text_config=text,
        image_token_id=number["<|image_pad|>"],
        video_token_id=number["<|video_pad|>"],
        vision_start_token_id=number["<|vision_start|>"],
        vision_end_token_id=number["<|vision_end|>"],
    )
    pictures = Qwen2VLImageProcessor(min_pixels=56 * 56, max_pixels=56 * 56)
    template = TEMPLATE.replace("IMAGE", "<|vision_start|><|image_pad|><|vision_end|>")
    processor = Qwen2_5_VLProcessor(
        pictures, words, Qwen2VLVideoProcessor(), chat_template=template
    )
    Qwen2_5_VLForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)


def write_smolvlm(folder: Path) -> None:
    """SmolVLM: a picture is one tile here, of four tokens."""
    special = ["<image>", "<fake_token_around_image>", "<global-img>", "<end_of_utterance>"]
    words = tokenizer(special)
    image = words.convert_tokens_to_ids("<image>")
    vision = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "image_size": 56,
        "patch_size": 14,
    }
    text = _text(words, len(words)) | {"model_type": "llama", "num_hidden_layers": 2}
    config = SmolVLMConfig(
        vision_config=vision, text_config=text, image_token_id=image, scale_factor=2
    )
    pictures = SmolVLMImageProcessor(
        size={"longest_edge": 56}, max_image_size={"longest_edge": 56}, do_image_splitting=False
    )
    template = TEMPLATE.replace("IMAGE", "<image>")
    processor = SmolVLMProcessor(
        pictures, words, SmolVLMVideoProcessor(), image_seq_len=4, chat_template=template
    )
    SmolVLMForConditionalGeneration(config).save_pretrained(folder)
    processor.save_pretrained(folder)


WRITERS = {"mllama": write_mllama, "qwen": write_qwen, "smolvlm": write_smolvlm}
