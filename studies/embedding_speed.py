"""Pictures embedded in a second: by the product, and by a plain loop with torchvision.

    python studies/embedding_speed.py ../shared/data/literature/images [--count 300] [--threads 2]

Both read the same files, scale them to 224 px and run EfficientNet-Lite0, the product with the
shipped weights, in turn, three times each; the best of each is printed, decoding included.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import timm
import torch
from PIL import Image
from torchvision import transforms

from micrographia.classification.embedding import embed
from micrographia.classification.encoders.registry import load_encoder
from micrographia.config import Classification

#: Pictures at once in the plain loop.
BATCH = 16


def main() -> None:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="folder of pictures")
    parser.add_argument("--count", type=int, default=300, help="most pictures")
    parser.add_argument("--threads", type=int, default=2, help="threads of each")
    parser.add_argument("--encoder", default=Classification().encoder, help="as in the settings")
    options = parser.parse_args()
    files = sorted(file for file in options.folder.iterdir() if file.is_file())[: options.count]
    encoder = load_encoder(options.encoder)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False, num_classes=0).eval()
    best = {"product": 0.0, "plain": 0.0}
    for _ in range(3):
        start = time.perf_counter()
        found = list(embed(({"path": str(file), "failure": None} for file in files), encoder,
                           options.threads))  # fmt: skip
        assert all(row["failure"] is None for row in found)
        best["product"] = max(best["product"], len(files) / (time.perf_counter() - start))
        torch.set_num_threads(options.threads)
        start = time.perf_counter()
        _plain(files, network)
        best["plain"] = max(best["plain"], len(files) / (time.perf_counter() - start))
    print(f"{len(files)} pictures, {options.threads} threads: product {best['product']:.0f}/s, "
          f"plain torchvision loop {best['plain']:.0f}/s, "
          f"ratio {best['product'] / best['plain']:.2f}")  # fmt: skip


def _plain(files: list[Path], network: Any) -> None:
    """Read, scale and encode as a tutorial would."""
    prepare = transforms.Compose(
        [
            transforms.Resize((224, 224)),
            transforms.ToTensor(),
            transforms.Normalize([0.5] * 3, [0.5] * 3),
        ]
    )
    with torch.inference_mode():
        for start in range(0, len(files), BATCH):
            part = files[start : start + BATCH]
            network(torch.stack([prepare(Image.open(file).convert("RGB")) for file in part]))


if __name__ == "__main__":
    main()
