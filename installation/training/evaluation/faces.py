"""Landmarks of painted faces, and the variety of the faces.

A painted face is searched for where `prepare --crop face` aligns one, then again in a square about these landmarks, as
MediaPipe does from one frame of a film to the next: a square 1.5 times the larger side of the box round all
landmarks, upright where the line between the outer corners of the eyes lies level.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from installation.training.evaluation.landmark_network import SIDE, LandmarkNetwork, Landmarks
from installation.training.evaluation.likeness import Picture

Floats = NDArray[np.float64]

FIRST_CENTRE, FIRST_SIDE = (0.5, 0.5), 0.66
"""The first square, in widths of the picture: an aligned face (crops.FACE) fills two thirds of it."""
WIDER = 1.5
"""Side of the second square, in larger sides of the box round the landmarks."""
OUTER_CORNERS = (33, 263)
"""Landmarks of the mesh, the left in the picture first."""
LARGEST = 256
"""The largest side in px; larger pictures are reduced, as the network would see no more detail."""
AT_ONCE = 16
Tell = Callable[[int], object]


@dataclass(frozen=True)
class Faces:
    """Of n pictures, in widths of the picture: `mesh` (n, 468, 3), `eyes` (n, 2, 71, 2), `irises` (n, 2, 5, 2), the
    left in the picture first; `presence` (n,) 0..1."""

    mesh: Floats
    eyes: Floats
    irises: Floats
    presence: Floats


def find_faces(network: LandmarkNetwork, pictures: Picture, tell: Tell = lambda _: None) -> Faces:
    """One face of each picture (n, h, h, 3), whose `presence` says whether there is one at all."""
    batches = []
    for some in np.split(pictures, range(AT_ONCE, len(pictures), AT_ONCE)):
        batches.append(_look_twice(network, no_larger(some)))
        tell(len(some))
    parts = ([getattr(one, name) for one in batches] for name in ("mesh", "eyes", "irises", "presence"))
    return Faces(*(np.concatenate(part) for part in parts))


def no_larger(pictures: Picture) -> Picture:
    """At most LARGEST px, so that the network's square is cut without skipping pixels."""
    import cv2  # here: it changes the environment when it is imported

    if pictures.shape[1] <= LARGEST:
        return pictures
    size = (LARGEST, LARGEST)
    return np.stack([cv2.resize(picture, size, interpolation=cv2.INTER_AREA) for picture in pictures])


def _look_twice(network: LandmarkNetwork, pictures: Picture) -> Faces:
    first = _look(network, pictures, [view(np.array(FIRST_CENTRE), FIRST_SIDE, 0.0)] * len(pictures))
    return _look(network, pictures, [view_about(mesh[:, :2]) for mesh in first.mesh])


def _look(network: LandmarkNetwork, pictures: Picture, views: list[Floats]) -> Faces:
    import cv2

    side = pictures.shape[1]
    squares = [
        cv2.warpAffine(picture, pixels(matrix, side), (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=REFLECT)
        for picture, matrix in zip(pictures, views, strict=True)
    ]
    return placed(network(np.stack(squares)), views)


REFLECT = 4
"""cv2.BORDER_REFLECT_101."""


def view(centre: Floats, side: float, angle: float) -> Floats:
    """(2, 3) from coordinates in the picture, in its widths, to pixels of the network's square, which is rotated by an
    angle in radians."""
    linear = SIDE / side * rotation(angle)
    return np.hstack([linear, (SIDE / 2 - linear @ centre)[:, None]])


def rotation(angle: float) -> Floats:
    """(2, 2) that brings a line at this angle, in radians, level."""
    cos, sin = np.cos(angle), np.sin(angle)
    return np.array([[cos, sin], [-sin, cos]])


def view_about(points: Floats) -> Floats:
    """The square about landmarks (468, 2)."""
    across = points[OUTER_CORNERS[1]] - points[OUTER_CORNERS[0]]
    angle = float(np.arctan2(across[1], across[0]))
    upright = points @ rotation(angle).T
    low, high = upright.min(0), upright.max(0)
    return view(rotation(angle).T @ ((low + high) / 2), max(0.05, WIDER * float((high - low).max())), angle)


def pixels(matrix: Floats, side: int) -> Floats:
    """The same matrix in pixel indices, where a pixel's coordinate is its centre."""
    shifted = np.hstack([matrix[:, :2] / side, matrix[:, 2:]])
    shifted[:, 2] += shifted[:, :2] @ (0.5, 0.5) - 0.5
    return shifted


def placed(landmarks: Landmarks, views: list[Floats]) -> Faces:
    """Landmarks in pixels of squares, in widths of the pictures that the squares were cut from."""
    back = np.stack([np.linalg.inv(matrix[:, :2]) for matrix in views])
    start = np.stack([matrix[:, 2] for matrix in views])

    def moved(points: NDArray[np.float32]) -> Floats:
        flat = points.reshape(len(points), -1, points.shape[-1]).astype(np.float64)
        across = np.einsum("nij,nkj->nki", back, flat[..., :2] - start[:, None])
        depth = flat[..., 2:] * np.sqrt(np.linalg.det(back))[:, None, None]
        return np.concatenate([across, depth], -1).reshape(points.shape)

    presence = landmarks.presence.astype(np.float64)
    return Faces(moved(landmarks.mesh), moved(landmarks.eyes), moved(landmarks.irises), presence)


# -- variety of the faces ----------------------------------------------------------------------------------------------


def shape_spread(mesh: Floats) -> float:
    """Of faces (n, 468, 3), n at least 2: how far landmarks lie from those of the mean face, root mean square, in
    distances between the outer corners of the eyes; position, size and rotation are removed first (generalised
    Procrustes analysis, Gower 1975)."""
    shapes = mesh - mesh.mean(1, keepdims=True)
    shapes = shapes / np.linalg.norm(shapes, axis=(1, 2), keepdims=True)
    mean = shapes[0]
    for _ in range(3):
        shapes = np.stack([_onto(shape, mean) for shape in shapes])
        mean = shapes.mean(0)
        mean = mean / np.linalg.norm(mean)
    unit = float(np.linalg.norm(mean[OUTER_CORNERS[1]] - mean[OUTER_CORNERS[0]]))
    return float(np.sqrt(np.square(shapes - shapes.mean(0)).sum(2).mean())) / unit


def _onto(shape: Floats, target: Floats) -> Floats:
    """A shape (k, 3) rotated to lie closest to another (Kabsch 1976)."""
    left, _, right = np.linalg.svd(shape.T @ target)
    flip = np.diag([1.0, 1.0, float(np.sign(np.linalg.det(left @ right)))])
    aligned: Floats = shape @ (left @ flip @ right)
    return aligned
