"""Confidence in the species of each site."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from micrographia.arrays import FloatArray


def site_confidence(log_likelihood_deficits: FloatArray) -> FloatArray:
    """Posterior that each site's species is right against the best other kind in its place.

    With equal prior odds, two kinds whose log-likelihoods differ by d have posteriors
    1/(1 + exp(-d)) and its complement.

    Parameters
    ----------
    log_likelihood_deficits
        For each site and kind (n_sites, n_kinds), the log-likelihood of the answer less that of
        the answer with this kind in this place, all else refined. The site's own kind, and any
        kind that is ruled out, is inf. Negative where another kind is better.

    Returns
    -------
    Confidences (n_sites,), 0..1; 1 where no other kind is possible.

    Examples
    --------
    >>> site_confidence(np.array([[np.inf, 3.0, 8.0], [0.0, np.inf, np.inf]])).round(3).tolist()
    [0.953, 0.5]
    """
    deficits = np.asarray(log_likelihood_deficits, dtype=np.float64)
    rivals = deficits.min(axis=1, initial=np.inf)
    return np.asarray(expit(rivals), dtype=np.float64)
