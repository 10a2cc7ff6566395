"""What a room likes of a model: a Bayesian logistic regression on its principal directions. Pure: numpy alone.

A picture is the place where its walk was, in standard deviations along the first AXES principal directions of the
model; an opinion is that place with 1 (like) or -1 (pass). The log-odds of a like are linear in the place, the weights
have a normal prior, and the posterior is approximated by a normal of its own at its mode (Laplace). The walk draws
weights from it and goes where they lead, which is Thompson sampling: O. Chapelle and L. Li, "An empirical evaluation of
Thompson sampling", NIPS 2011, algorithm 3; for linear payoffs S. Agrawal and N. Goyal, ICML 2013. Opinions count less
from day to day; how unsure the belief is never falls under FLOOR, so that the walk goes on trying.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from installation.core.contracts import TASTE_AXES, Latent, Space

AXES = TASTE_AXES

Floats = NDArray[np.float64]

PRIOR = 1.0
"""Standard deviation of each weight before anybody said anything, in log-odds for a standard deviation of the place."""

BIAS = 2.0
"""The same of the constant: how much a room likes whatever it is."""

FLOOR = 0.15
"""The least standard deviation of a weight, however much was said."""

FARTHEST = 4.0
"""Standard deviations beyond which a place counts as being there."""

STEPS, NEAR = 25, 1e-6
"""Newton's steps at most, and the change after which it is done."""


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a room: ``mean`` and ``std`` (AXES,) of the weights, from so many ``likes`` and ``passes``.
    Without any it is the prior."""

    mean: Floats = field(default_factory=lambda: np.zeros(AXES))
    std: Floats = field(default_factory=lambda: np.full(AXES, PRIOR))
    likes: int = 0
    passes: int = 0


def model_of(space: Space) -> str:
    """Names what opinions are about: these principal directions, whatever else a piece does with them. It is the same
    on every machine, and for pieces of one model that differ in psi."""
    digest = hashlib.sha256()
    for array in (space.mean, space.basis[:AXES], space.std[:AXES]):
        digest.update(np.ascontiguousarray(array, np.float32).tobytes())
    return digest.hexdigest()[:24]


def coordinates(space: Space, latent: Latent) -> Floats:
    """Where a latent is along the first principal directions, (AXES,), in standard deviations; 0 where there are
    fewer."""
    place = np.zeros(AXES)
    count = min(AXES, len(space.std))
    there = (latent - space.mean) @ space.basis[:count].T / np.maximum(space.std[:count], 1e-9)
    place[:count] = np.clip(there, -FARTHEST, FARTHEST)
    return place


def decayed(days: Sequence[int] | NDArray[np.int64], half_life: float) -> Floats:
    """How much opinions count that are so many ``days`` old (those of the future as those of today)."""
    return np.asarray(0.5 ** (np.maximum(np.asarray(days, float), 0.0) / half_life), float)


def fit(places: Floats, sides: Floats, weights: Floats) -> Belief:
    """The belief after opinions at ``places`` (n, AXES), each 1 or -1, that count ``weights`` (0..1)."""
    if len(places) == 0:
        return Belief()
    known = np.column_stack((places, np.ones(len(places))))
    precision = np.diag([PRIOR**-2] * AXES + [BIAS**-2])
    mode = np.zeros(AXES + 1)
    for _ in range(STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(known @ mode, -30.0, 30.0)))
        slope = known.T @ (weights * ((sides > 0.0) - chance)) - precision @ mode
        bend = precision + (known * (weights * chance * (1.0 - chance))[:, None]).T @ known
        step = np.linalg.solve(bend, slope)
        mode = mode + step
        if np.abs(step).max() < NEAR:
            break
    std = np.sqrt(np.diag(np.linalg.inv(bend)))[:AXES]
    likes = int((sides > 0.0).sum())
    return Belief(mode[:AXES], np.maximum(std, FLOOR), likes, len(sides) - likes)


def best(belief: Belief, pull: float) -> Floats:
    """The place that is believed to be liked most, (AXES,), no further than ``pull`` standard deviations from the mean:
    as far as the belief is sure."""
    return pull * belief.mean / sqrt(1.0 + float(belief.mean @ belief.mean))


def latent_at(space: Space, place: Floats) -> Latent:
    """The latent at a place (AXES,) of the principal directions, at the mean along all others."""
    count = min(AXES, len(space.std))
    there: Latent = space.mean + (place[:count] * space.std[:count]).astype(np.float32) @ space.basis[:count]
    return there.astype(np.float32, copy=False)
