"""Surface figures of pictures (n, h, h, 3) uint8: patterns at a fixed position, softness, lattices.

    locked   the mean of the high-pass of many pictures, by its standard deviation, over what so many independent
             pictures would leave of it: 1 if no pattern is at a fixed position, more if one is. The grain of a
             network, which is meant to stay where it is, is drawn anew for each picture, and told apart
    power    of the brightness, on rings of the spectrum, over that of the real pictures: 1 as sharp, less is softer
    peak     of each picture, how far its strongest narrow peak stands above the spectrum around it: high is a lattice

OpenCV is imported where it is used, as importing it changes the environment.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.training.evaluation.likeness import LUMA, Picture

Floats = NDArray[np.float32]

BLUR = 2.0
"""Pixels (standard deviation) of the blur whose difference from the picture is its high-pass."""
SMALLEST = 128
"""Pixels: larger pictures are looked at in their own size and halved down to this, as a pattern may be of any scale."""
FACE_CENTRE, FACE_AXES = (0.5, 0.48), (0.29, 0.38)
"""Half axes of the ellipse, in widths, that an aligned face fills: real faces have eyes and mouth in common there."""
RINGS = (0.28, 0.41, 0.47)
"""Cycles per pixel at which the power is compared: the finest third of what a picture can show."""
RING = 0.02
"""Half width of a ring."""
LOWEST = 0.125
"""Cycles per pixel: peaks are looked for above, as below a picture's own large shapes stand out."""
NEAR, AROUND = 5, 15
"""Sides, in cells of the spectrum, of what belongs to a peak, and of what it is compared with."""


def off_face(side: int, aligned: bool) -> NDArray[np.bool_]:
    """(side, side) mask of where patterns are measured: everywhere, or in an aligned set outside the face."""
    outside: NDArray[np.bool_] = from_face(side) > 1
    return outside if aligned else np.ones((side, side), np.bool_)


def from_face(side: int) -> Floats:
    """(side, side) how far each place is from the middle of an aligned face: 1 at its outline."""
    shares = (np.arange(side, dtype=np.float32) + 0.5) / side
    across, down = (shares - FACE_CENTRE[0]) / FACE_AXES[0], (shares - FACE_CENTRE[1]) / FACE_AXES[1]
    distance: Floats = np.hypot(across[None, :], down[:, None])
    return distance


# -- locked to the place -----------------------------------------------------------------------------------------------


def locked(pictures: Picture, aligned: bool) -> dict[str, Any]:
    """`ratio` is that of the level at which most is locked; `levels` {side in pixels: ratio}."""
    levels = {}
    for side in sides(pictures.shape[1]):
        levels[str(side)] = locked_ratio(pictures, side, off_face(side, aligned))
    return {"ratio": max(levels.values()), "levels": levels}


def sides(side: int) -> list[int]:
    sides = [side]
    while sides[-1] % 2 == 0 and sides[-1] // 2 >= SMALLEST:
        sides.append(sides[-1] // 2)
    return sides


def locked_ratio(pictures: Picture, side: int, where: NDArray[np.bool_]) -> float:
    """At one level. Each position's variance over the pictures gives the chance level of a mean of n."""
    n = len(pictures)
    total, squares = np.zeros((where.sum(), 3)), np.zeros((where.sum(), 3))
    for picture in pictures:
        values = high_pass(picture, side)[where].astype(np.float64)
        total += values
        squares += np.square(values)
    mean = total / n
    chance = np.sqrt((squares / n - np.square(mean)).clip(0).mean() / max(n - 1, 1))
    return float(np.sqrt(np.square(mean).mean()) / max(chance, 1e-9))


def high_pass(picture: Picture, side: int) -> Floats:
    """(side, side, 3), in levels."""
    import cv2

    small = picture if picture.shape[0] == side else cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
    plane = small.astype(np.float32)
    return np.asarray(plane - cv2.GaussianBlur(plane, (0, 0), BLUR, borderType=cv2.BORDER_REFLECT_101), np.float32)


# -- the spectrum ------------------------------------------------------------------------------------------------------


def transformed(light: Floats) -> NDArray[Any]:
    """(..., h, h) of the brightness -> its complex spectrum under a Hann window, frequency 0 in the middle."""
    side = light.shape[-1]
    window = np.hanning(side + 1)[:-1].astype(np.float32)
    centred = light - light.mean((-2, -1), keepdims=True)
    return np.fft.fftshift(np.fft.fft2(centred * window[:, None] * window[None, :]), (-2, -1))


def spectrum(picture: Picture) -> Floats:
    """(h, h) power of the brightness, as ``transformed`` has it."""
    return np.square(np.abs(transformed(picture.astype(np.float32) @ LUMA))).astype(np.float32)


def frequencies(side: int) -> Floats:
    """(side, side) cycles per pixel of each cell of a spectrum."""
    one = np.fft.fftshift(np.fft.fftfreq(side))
    return np.hypot(one[:, None], one[None, :]).astype(np.float32)


def ring_power(pictures: Picture) -> dict[str, float]:
    """{cycles per pixel: mean power on that ring}."""
    distance = frequencies(pictures.shape[1])
    rings = {f"{ring:g}": np.abs(distance - ring) <= RING for ring in RINGS}
    total = np.zeros_like(distance, np.float64)
    for picture in pictures:
        total += spectrum(picture)
    return {name: float(total[cells].mean() / len(pictures)) for name, cells in rings.items()}


def power(pictures: Picture, real: Picture) -> dict[str, float]:
    """{cycles per pixel: power, as a multiple of the real pictures'}."""
    own, theirs = ring_power(pictures), ring_power(real)
    return {name: own[name] / max(theirs[name], 1e-12) for name in own}


def peaks(pictures: Picture) -> Floats:
    """(n,) the strongest narrow peak of each picture, as a multiple of the spectrum's median around it."""
    return np.array([strongest_peak(picture) for picture in pictures], np.float32)


def strongest_peak(picture: Picture) -> float:
    import cv2

    power = spectrum(picture)
    smooth = cv2.blur(power, (3, 3), borderType=cv2.BORDER_REFLECT_101)
    wide, near = (cv2.blur(power, (side, side), borderType=cv2.BORDER_REFLECT_101) * side**2 for side in (AROUND, NEAR))
    ratio = smooth / np.maximum((wide - near) / (AROUND**2 - NEAR**2), 1e-6)
    distance = frequencies(len(power))
    return float(ratio[(distance > LOWEST) & (distance < 0.5)].max())
