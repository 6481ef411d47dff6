"""Training crops and validation pictures, the same for every segmenter."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

import cv2
import numpy as np
import pandas as pd
import torch
from torch import nn

from micrographia.arrays import FloatImage, LabelMask
from micrographia.config import Network, SegmentationTraining
from micrographia.segmentation.samples.agreement import agreement
from micrographia.segmentation.samples.augment import Crop, draw_crop
from micrographia.segmentation.samples.pictures import Shelf, weights_of

#: Crops that show less foreground than this are drawn again, twice at most.
_LEAST_FOREGROUND = 0.01


class CropLearner(ABC):
    """Crops by number, and scores on whole pictures; what is learned of them is a subclass's.

    Parameters
    ----------
    model
        What is trained.
    rows
        Rows of `schemas.TRAINING_PICTURES`.
    settings
        Crops, shares, number of validation pictures.
    network
        How the model's answers become instances while validating.
    seed
        Seed of all samples.
    """

    #: It moves with every outline, where AP only counts matches.
    score = "PQ@0.5"

    def __init__(
        self,
        model: nn.Module,
        rows: Sequence[Mapping[str, Any]],
        settings: SegmentationTraining,
        network: Network,
        seed: int,
    ) -> None:
        self.model, self.settings, self.network, self.seed = model, settings, network, seed
        table = pd.DataFrame(list(rows))
        self.pictures = table[table["split"] == "train"].reset_index(drop=True)
        weights = weights_of(self.pictures, settings.procedural_share, settings.pseudo_share)
        self.cumulated = np.cumsum(weights)
        judged = table[table["split"] == "validation"]
        # Real pictures are what matters, where there are any.
        if (judged["source"] == "real").any():
            judged = judged[judged["source"] == "real"]
        places = np.linspace(0, len(judged) - 1, min(len(judged), settings.validation_pictures))
        self.judged = judged.iloc[places.round().astype(int)]
        self.shelf = Shelf()
        cv2.setNumThreads(1)

    def crop(self, number: int) -> Crop:
        """Return crop `number` of the series; it is the same for every model."""
        rng = np.random.default_rng([self.seed, number])
        place = min(int(np.searchsorted(self.cumulated, rng.random())), len(self.pictures) - 1)
        row = self.pictures.iloc[place]
        image, labels = self.shelf.read(
            row["path"], row["mask_path"], partly=row["source"] == "pseudo"
        )
        for _ in range(3):
            crop = draw_crop(image, labels, float(row["diameter_px"]), self.settings, rng)
            if np.count_nonzero(crop.labels) > _LEAST_FOREGROUND * crop.labels.size:
                break
        return crop

    @abstractmethod
    def find(self, model: nn.Module, image: FloatImage) -> LabelMask:
        """Return the label mask that the model finds in a normalised picture."""

    def validate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Return the mean AP@0.5 and PQ@0.5 over the held-out pictures."""
        del device  # the model is on it, and takes its pictures there
        found = []
        for row in self.judged.to_dict("records"):
            image, labels = self.shelf.read(row["path"], row["mask_path"])
            found.append(agreement(labels, self.find(model, image)))
        ap50, pq50 = np.mean(found, axis=0)
        return {"AP@0.5": float(ap50), "PQ@0.5": float(pq50)}
