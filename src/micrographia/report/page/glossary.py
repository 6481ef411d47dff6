"""The terms of the field in one sentence each; a page explains those that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: (pattern of the term in a text, the term as the glossary shows it, one sentence).
TERMS: tuple[tuple[str, str, str], ...] = (
    (
        r"\bIoU\b",
        "IoU",
        "Intersection over union: the pixels that two outlines share, divided by those that "
        "either has; 1 is the same outline.",
    ),
    (
        r"\bAP(?:@0\.50?|50)(?![:\d])",
        "AP50",
        "Of all instances that are in the truth or were found, the fraction that is in both with "
        "an IoU above 0.5, averaged over the pictures; 1 is perfect.",
    ),
    (
        r"\b(?:mAP|AP(?:@0\.50?:0\.95|50:95))",
        "AP50:95",
        "The same average over ten IoU thresholds from 0.5 to 0.95: it also asks how exact the "
        "outlines are.",
    ),
    (
        r"\bAP@0\.(?!50?\b)\d+|\bAP@T\b",
        "AP@T",
        "The same fraction at an IoU threshold of T: AP@0.75 asks for outlines that share three "
        "quarters of their pixels.",
    ),
    (
        r"\bPQ",
        "PQ",
        "Panoptic quality: the mean IoU of the matched instances, times the fraction of instances "
        "that are matched.",
    ),
    (r"\bSQ\b", "SQ", "Segmentation quality: the mean IoU of the matched instances alone."),
    (
        r"\bRQ\b",
        "RQ",
        "Recognition quality: the fraction of instances that are matched (an F1 score).",
    ),
    (
        r"\b[Bb]oundary F\b",
        "boundary F",
        "The fraction of outline that lies within a few pixels of the true outline, as the "
        "harmonic mean of both directions.",
    ),
    (
        r"\bRMSD(?:_xy)?\b",
        "RMSD_xy",
        "Root-mean-square difference between the found and the true lattice vectors in the plane "
        "of the layer [Å]; 0 is perfect.",
    ),
    (
        r"\bC\.C\.",
        "C.C.",
        "Composition correct: the fraction of pictures whose answer has the right elements in the "
        "right numbers in its cell.",
    ),
    (
        r"\bS\.S\.",
        "S.S.@d",
        "Structure solved: the fraction of pictures whose answer has the right lattice and "
        "composition, and atoms at most d Å off the true ones (root mean square).",
    ),
    (
        r"κ|\b[Kk]appas?\b",
        "kappa (κ)",
        "Cohen's kappa: how much more often two annotators agree than by chance; 1 is always, 0 "
        "is no more than chance.",
    ),
    (
        r"\bequivalent diameter",
        "equivalent diameter",
        "Diameter of the circle with the same area as the outline.",
    ),
    (
        r"\bd10\b|\bd90\b",
        "d10, d50, d90",
        "The sizes below which 10 %, 50 % (the median) and 90 % of the instances lie.",
    ),
    (
        r"\blog-normal\b",
        "log-normal",
        "A distribution whose logarithm is normal, as sizes of grown particles often are; its "
        "geometric standard deviation is a factor, 1 for equal sizes.",
    ),
    (
        r"\bKS distance\b",
        "KS distance",
        "Kolmogorov–Smirnov: the largest gap between the measured and the fitted cumulative "
        "distribution, 0 to 1.",
    ),
    (
        r"\bconfidence interval",
        "confidence interval",
        "The range in which the value lies in 95 % of repeated draws of the same pictures "
        "(bootstrap).",
    ),
    (
        r"\bstated confidence\b",
        "stated confidence",
        "What the program says is the probability that its answer is right.",
    ),
    (
        r"\bcorrelation\b",
        "correlation",
        "Pearson's correlation of the grey values of two pictures; 1 is the same picture up to "
        "brightness and contrast.",
    ),
    (
        r"\b(?:class )?loss\b",
        "loss",
        "What the training of a network makes small: the lower, the better it fits the examples.",
    ),
    (
        r"\bdose\b|e/Å²",
        "dose",
        "Electrons that hit each square ångström of the specimen; the fewer, the noisier.",
    ),
    (
        r"\w, (?:given|blind)\b",
        "given, blind",
        "Whether the solver was told which elements the crystal has (given) or not (blind).",
    ),
    (r"\btiers? \d|\bTier \d", "tier", "Difficulty of a STEM picture, from 1 (easiest)."),
)


def explained(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Return the terms that occur in some texts, each with its sentence.

    Examples
    --------
    >>> [term for term, _ in explained(["AP@0.5", "κ of two annotators"])]
    ['IoU', 'AP50', 'kappa (κ)']
    """
    whole = "\n".join(texts)
    used = [(term, sentence) for pattern, term, sentence in TERMS if re.search(pattern, whole)]
    # A sentence may use a term of its own.
    told = "\n".join(sentence for _, sentence in used)
    return [
        (term, sentence)
        for pattern, term, sentence in TERMS
        if (term, sentence) in used or (term == "IoU" and re.search(pattern, told))
    ]


def sentence_for(text: str) -> str:
    """Return the sentence of a term that stands at the beginning of a text; else nothing.

    Examples
    --------
    >>> sentence_for("PQ small")[:17], sentence_for("seconds")
    ('Panoptic quality:', '')
    """
    return next((told for pattern, _, told in TERMS if re.match(pattern, text)), "")
