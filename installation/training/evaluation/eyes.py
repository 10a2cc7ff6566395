"""Whether the two eyes of a face agree: look the same way, are as large, and as open.

Four differences between the left and the right eye of the picture are taken, each in units of how much it varies among
real portraits, and corrected for the effect of a head turned sideways. The largest of them is the disagreement.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.training.evaluation.faces import Faces

Floats = NDArray[np.float64]

OUTER, INNER, BELOW, ABOVE = 0, 8, 4, 12
CONTOUR = 16
"""Of the 71 points of an eye: its corners, the middles of its lids; the first 16 go round it."""
USUAL = {
    "gaze across": (-0.08, 0.0, 0.065),
    "gaze down": (0.0, -0.018, 0.0115),
    "size": (0.0, 0.091, 0.0125),
    "opening": (0.0, 0.045, 0.02),
}
"""{difference: (usual value, slope per unit of head turn, spread as 1.4826 times the median absolute deviation)}, over
1,064 painted portraits of the 16th to the 19th century at 128 px, those of 1,184 that are not turned away. The others'
usual value is 0, as a mirror image is as likely."""
CLOSE, AGREE = 3.0, 4.0
"""In spreads: up to the first of every difference the eyes agree clearly; beyond the second they do not agree."""
ASIDE = 0.5
"""Logarithm of the ratio of the eyes' widths beyond which a face is turned so far that its eyes are not compared."""
PRESENT = 0.5
COMPARED = ("agree", "doubtful", "disagree")


@dataclass(frozen=True)
class Eyes:
    """Of n faces: `differences` (n, k) in spreads, in the order of USUAL; `turn` (n,); `verdicts`, of VERDICTS."""

    differences: Floats
    turn: Floats
    verdicts: tuple[str, ...]

    @property
    def disagreement(self) -> Floats:
        """(n,) the largest difference of each face."""
        worst: Floats = self.differences.max(1)
        return worst

    def reason(self, index: int) -> str:
        """Which difference is the largest, such as `opening 5.2`."""
        worst = int(self.differences[index].argmax())
        return f"{list(USUAL)[worst]} {self.differences[index, worst]:.1f}"


def compare(faces: Faces) -> Eyes:
    apertures, aside = measured(faces)
    usual = np.array(list(USUAL.values()))
    differences = np.abs(apertures - usual[:, 0] - aside[:, None] * usual[:, 1]) / usual[:, 2]
    verdicts = [
        verdict(float(worst), float(abs(away)), float(presence))
        for worst, away, presence in zip(differences.max(1), aside, faces.presence, strict=True)
    ]
    return Eyes(differences, aside, tuple(verdicts))


def verdict(worst: float, aside: float, presence: float) -> str:
    if presence < PRESENT:
        return "no face"
    if aside > ASIDE:
        return "turned away"
    return "agree" if worst <= CLOSE else "doubtful" if worst <= AGREE else "disagree"


def measured(faces: Faces) -> tuple[Floats, Floats]:
    """(n, k) differences of the left eye from the right one, as USUAL names them, and (n,) how far the face is turned:
    the logarithm of the ratio of the eyes' widths. Lengths are in distances between the eyes, but the gaze across in
    widths of the eye, and all along the line through the eyes or at right angles to it."""
    eyes, iris = faces.eyes, faces.irises
    centre = eyes[:, :, :CONTOUR].mean(2)
    line = centre[:, 1] - centre[:, 0]
    apart = np.linalg.norm(line, axis=1)
    across = line / apart[:, None]
    down = np.stack([-across[:, 1], across[:, 0]], 1)
    width = np.linalg.norm(eyes[:, :, OUTER] - eyes[:, :, INNER], axis=2)
    looking = iris[:, :, 0] - (eyes[:, :, OUTER] + eyes[:, :, INNER]) / 2
    diameter = np.linalg.norm(iris[:, :, [1, 2]] - iris[:, :, [3, 4]], axis=3).mean(2)
    opening = np.abs(_along(eyes[:, :, BELOW] - eyes[:, :, ABOVE], down))
    both = np.stack(
        [
            _along(looking, across) / width,
            _along(looking, down) / apart[:, None],
            diameter / apart[:, None],
            opening / apart[:, None],
        ],
        axis=2,
    )
    return both[:, 0] - both[:, 1], np.log(width[:, 0] / width[:, 1])


def _along(vectors: Floats, direction: Floats) -> Floats:
    """(n, 2, 2) and (n, 2) -> (n, 2): each eye's vector along the face's direction."""
    along: Floats = np.einsum("nei,ni->ne", vectors, direction)
    return along


def shares(eyes: Eyes) -> dict[str, Any]:
    """Of all pictures, the share with a face (`faces`) and the number of faces whose eyes were compared (`compared`);
    of these the shares whose eyes `agree` (within AGREE) and do so without doubt (`close`, within CLOSE)."""
    count = Counter(eyes.verdicts)
    compared = sum(count[verdict] for verdict in COMPARED)
    return {
        "faces": 1 - count["no face"] / len(eyes.verdicts),
        "compared": compared,
        "agree": (compared - count["disagree"]) / compared if compared else None,
        "close": count["agree"] / compared if compared else None,
    }
