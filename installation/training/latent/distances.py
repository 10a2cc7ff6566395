"""Distances between two sets of pictures.

    sliced Wasserstein   of patches, on each level of a Laplacian pyramid (arXiv 1710.10196, section 5); no download
    KID                  squared maximum mean discrepancy of features, unbiased (arXiv 1801.01401)
    FID                  Frechet distance of two normal distributions fitted to features (arXiv 1706.08500)

All are 0 for distributions that are equal. The first and the third never quite get there with finite samples: compare
them with what two halves of the real pictures give.

OpenCV is imported where it is used, as importing it changes the environment.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Features = NDArray[np.float32]

PATCH = 7
"""Side of a patch in pixels of its level."""
PATCHES = 64
"""Patches cut from each picture and level."""
PROJECTIONS = 256
"""Random directions onto which the patches of a level are projected."""
SMALLEST = 16
"""The pyramid ends at this size, or above it where a side cannot be halved."""


def sliced_wasserstein_levels(a: Picture, b: Picture, rng: np.random.Generator) -> dict[int, float]:
    """{side of the level in pixels: sliced Wasserstein distance x 1000} of two sets (n, h, w, 3), the finest first.

    A level of n px measures structures of a few pixels in a picture of n px. Patches are cut at the same positions in
    both sets, so equal sets give exactly 0; of the larger set as many pictures are taken as the smaller has, evenly
    spread. Channels are normalised by mean and deviation of both sets *together*, so that a cast of colour or a lack of
    contrast counts (normalised each on its own, as some do, it would not).
    """
    if a.shape[1:] != b.shape[1:] or a.ndim != 4 or min(len(a), len(b)) < 1:
        raise ValueError(f"two sets of pictures of one size (n, h, w, 3) expected, got {a.shape} and {b.shape}")
    count = min(len(a), len(b))
    both = np.concatenate([_spread(a, count), _spread(b, count)])
    distances: dict[int, float] = {}
    for side in level_sides(a.shape[1]):
        patches = level_patches(both, side, rng)
        patches -= patches.mean((0, 1, 2, 3))
        patches /= np.maximum(patches.std((0, 1, 2, 3)), 1e-6)
        flat = patches.reshape(2, -1, PATCH * PATCH * 3)
        distances[side] = 1000 * projected_distance(flat[0], flat[1], rng)
    return distances


def projected_distance(a: Features, b: Features, rng: np.random.Generator) -> float:
    """Mean absolute difference of the sorted projections of two clouds (n, d) onto PROJECTIONS random unit vectors."""
    directions = rng.standard_normal((PROJECTIONS, a.shape[1])).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    total = 0.0
    for few in np.array_split(directions, max(1, PROJECTIONS // 32)):  # so that the projections of all need no memory
        total += float(np.abs(np.sort(few @ a.T, axis=1) - np.sort(few @ b.T, axis=1)).mean(1).sum(dtype=np.float64))
    return total / PROJECTIONS


def level_sides(side: int) -> list[int]:
    """[128, 64, 32, 16] of 128: halved while it is even and not below SMALLEST."""
    sides = [side]
    while sides[-1] % 2 == 0 and sides[-1] // 2 >= SMALLEST:
        sides.append(sides[-1] // 2)
    return sides


def level_patches(pictures: Picture, side: int, rng: np.random.Generator) -> Features:
    """(2n, h, w, 3) -> (2n, PATCHES, PATCH, PATCH, 3) of the level of `side` px; picture i and n + i are cut alike."""
    half = len(pictures) // 2
    corners = rng.integers(0, max(1, side - PATCH + 1), (half, PATCHES, 2))
    last = side == level_sides(pictures.shape[1])[-1]
    patches = np.empty((len(pictures), PATCHES, PATCH, PATCH, 3), np.float32)
    for index, picture in enumerate(pictures):
        plane = laplacian(picture, side, last)
        windows = np.lib.stride_tricks.sliding_window_view(plane, (PATCH, PATCH), axis=(0, 1))
        y, x = corners[index % half].T
        patches[index] = windows[y, x].transpose(0, 2, 3, 1)
    return patches


def laplacian(picture: Picture, side: int, last: bool) -> Features:
    """One level of the Laplacian pyramid of a square picture, (side, side, 3) float32; the last one keeps its mean."""
    import cv2

    plane: Features = picture.astype(np.float32)
    while plane.shape[0] > side:
        plane = np.asarray(cv2.pyrDown(plane), np.float32)
    return plane if last else plane - cv2.pyrUp(cv2.pyrDown(plane), dstsize=plane.shape[1::-1])


def _spread(pictures: Picture, count: int) -> Picture:
    return pictures[np.linspace(0, len(pictures) - 1, count).round().astype(np.int64)]


def kernel_distance(a: Features, b: Features) -> float:
    """KID x 1000 of features (n, d) and (m, d): unbiased, so it may fall below 0 where there is no difference.

    The kernel is (x.y / d + 1)^3; the sums leave out each picture with itself.
    """
    n, m = len(a), len(b)
    if min(n, m) < 2:
        raise ValueError(f"at least two of each are needed, got {n} and {m}")
    among_a, among_b, between = _kernel(a, a), _kernel(b, b), _kernel(a, b)
    within = (among_a.sum() - among_a.trace()) / (n * (n - 1)) + (among_b.sum() - among_b.trace()) / (m * (m - 1))
    return float(1000 * (within - 2 * between.mean()))


def _kernel(a: Features, b: Features) -> NDArray[np.float64]:
    cubed: NDArray[np.float64] = (a.astype(np.float64) @ b.T.astype(np.float64) / a.shape[1] + 1) ** 3
    return cubed


def frechet_distance(a: Features, b: Features) -> float:
    """FID of features (n, d) and (m, d): |mean difference|^2 + trace(A + B - 2 sqrt(A B)) with covariances A, B.

    Biased upwards, badly so below some 10,000 pictures: the square root is taken through the samples, so it works with
    fewer pictures than dimensions, but compare only figures of equally many pictures.
    """
    x, y = (centred(features) for features in (a, b))
    # A = x'x and B = y'y: the trace of sqrt(A B) is the sum of the singular values of x y'.
    cross = np.linalg.svd(x @ y.T, compute_uv=False).sum()
    means = np.square(a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)).sum()
    return float(max(0.0, means + np.square(x).sum() + np.square(y).sum() - 2 * cross))


def centred(features: Features) -> NDArray[np.float64]:
    """(n, d) scaled so that its product with itself is the covariance."""
    double = features.astype(np.float64)
    scaled: NDArray[np.float64] = (double - double.mean(0)) / np.sqrt(max(len(double) - 1, 1))
    return scaled
