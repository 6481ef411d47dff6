"""What the tools need for any number of pictures, each part loaded when it is first used."""

from __future__ import annotations

import threading
from functools import cached_property

from micrographia.annotation.annotator import Annotator
from micrographia.annotation.registry import make_annotator
from micrographia.classification.classifier import Classifier, load_classifier
from micrographia.classification.encoders.encoder import Encoder
from micrographia.classification.encoders.registry import load_encoder
from micrographia.config import WorkflowConfig
from micrographia.curation.burnt_in import Readers, load_readers
from micrographia.curation.text.finder import TextFinder
from micrographia.io.resources import find_resource
from micrographia.segmentation.predict import Segmenter, segmenter

#: Classifier of the ten classes of nanomaterials that is shipped.
CLASSIFIER = "classification/weights/kinds.safetensors"
#: Annotators that work without a server; an attribute is known where both read the same word.
ANNOTATORS = ("measured", "texture")


class Models:
    """Models of all tools.

    Parameters
    ----------
    settings
        Those of curation, segmentation, annotation and classification count.

    Attributes
    ----------
    turn
        Held by who works with the models: one picture at a time, whatever threads ask.
    """

    def __init__(self, settings: WorkflowConfig) -> None:
        self.settings = settings
        self.turn = threading.RLock()

    @cached_property
    def readers(self) -> Readers:
        """Detector of burnt-in text and readers of scale bars, as far as they are installed."""
        return load_readers(self.settings.curation)

    @cached_property
    def letters(self) -> TextFinder | None:
        """What keeps instances off burnt-in text; None where text cannot be found."""
        find = self.readers.find_text
        return None if find is None else TextFinder(find)

    @cached_property
    def segment(self) -> Segmenter:
        """Method of segmentation."""
        return segmenter(self.settings.segmentation.method)

    @cached_property
    def encoder(self) -> Encoder:
        """What turns a picture into a vector, for the classifier."""
        return load_encoder(self.settings.classification.encoder)

    @cached_property
    def classifier(self) -> Classifier:
        """Classifier of nanomaterials."""
        return load_classifier(find_resource(CLASSIFIER))[0]

    @cached_property
    def annotators(self) -> tuple[Annotator, ...]:
        """The embedded annotators."""
        return tuple(make_annotator(name, self.settings.annotation) for name in ANNOTATORS)
