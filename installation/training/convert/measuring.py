"""Statistics of a converted network's latent space for walks and truncation, measured on the network itself.

latent.mean   (dim,)    the centre of truncation: the file's own average style, if it has one
latent.basis  (k, dim)  principal directions of the styles (arXiv 2004.02546)
latent.std    (k,)      their standard deviations
latent.gain   (k,)      mean absolute change of the picture, in levels of 255, per standard deviation
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import ModelError
from installation.training.gan.export import LATENTS, MAIN_DIRECTIONS, PSI, STEP, axes, gains, places
from installation.training.latent.models import progress

Floats = NDArray[np.float32]
SAMPLES, FEW = 20_000, 2_000
"""Number of styles sampled: of a network without classes, and with."""
ROWS, FEW_ROWS, FEW_LATENTS = 512, 64, 3
"""The most directions that are measured; and of a network that paints slowly, with the latents for each."""


def measure(network: Any, mean: Floats | None, slow: bool, where: str) -> dict[str, Floats]:
    """Measures the statistics; deterministic (fixed seed). ``mean`` (w_dim,) is the one in the file, ``slow`` whether
    the network paints slowly. Raises ModelError, which begins with ``where``, for a network whose numbers have no end
    or do not depend on z."""
    rng = np.random.default_rng(0)
    count = SAMPLES if network.classes == 1 else FEW
    w = network.mapping(rng.standard_normal((count, network.z_dim)).astype(np.float32))
    if not np.isfinite(w).all() or float(np.ptp(w[:FEW], axis=0).max()) == 0.0:
        raise ModelError(f"{where}: gives the same style for every z, or none that is finite, so it is no generator.")
    middle = w.mean(0, dtype=np.float64)
    basis, std = spread((w - middle).astype(np.float64), FEW_ROWS if slow else ROWS)
    centre = middle.astype(np.float32) if mean is None else np.tile(mean, network.classes)
    latents = centre + PSI * (w[: FEW_LATENTS if slow else LATENTS] - centre)
    steps = basis * std[:, None]
    with progress("measuring the latent space, then directions", sum(places(latents, steps))) as tick:
        return {"mean": centre, "basis": basis, "std": std, "gain": gains(network, latents, steps, tick)}


def spread(w: NDArray[np.float64], most: int) -> tuple[Floats, Floats]:
    """The ``most`` strongest principal directions of centred styles (n, dim), those that vary, and their deviations."""
    if w.shape[1] <= FEW:
        _, basis, std = axes(np.zeros(w.shape[1]), w.T @ w / (len(w) - 1))
    else:
        _, values, rows = np.linalg.svd(w, full_matrices=False)
        basis, std = rows.astype(np.float32), (values / np.sqrt(len(w) - 1)).astype(np.float32)
    used = int(np.count_nonzero(std[:most] > 1e-6 * std[0]))
    return np.ascontiguousarray(basis[:used]), std[:used]


def said(network: Any, facts: dict[str, Floats], own_mean: bool, slow: bool) -> dict[str, Any]:
    """How this was measured, for the header."""
    return {
        "samples": SAMPLES if network.classes == 1 else FEW,
        "mean": "the file's own average style" if own_mean else "the mean of the samples",
        "gain": f"mean |change| of the clipped picture in levels of 255 per std, at psi {PSI}, step {STEP}; directions "
        f"up to {MAIN_DIRECTIONS} at {FEW_LATENTS if slow else LATENTS} places, the others at one",
        "directions": len(facts["std"]),
    }
