"""Parts of an evaluation: surface, faces, and distances in features that no discriminator was trained with.

Each gives the same figures for the samples (`shown`) and, where there are real pictures, for these (`real`): where two
sets are compared, `real` compares one half of the real pictures with the other, the best that a model can reach. What
is missing for a part is said in its figures, as `needs`, and the other parts are computed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from installation.core.errors import MissingDependency
from installation.training.evaluation import efficientnet_lite2, eyes
from installation.training.evaluation import surface as measure
from installation.training.evaluation.eyes import Eyes
from installation.training.evaluation.faces import Faces, find_faces, shape_spread
from installation.training.evaluation.landmark_network import LandmarkNetwork, where
from installation.training.evaluation.likeness import Picture
from installation.training.evaluation.measures import Figures, Numbers
from installation.training.evaluation.result import Result
from installation.training.evaluation.subject import Subject
from installation.training.latent.distances import kernel_distance
from installation.training.latent.models import progress

FEWEST_FACES = 0.5
"""Share of the pictures that must show a face for figures on eyes to be given."""
STRIP = 8
"""Faces shown."""


# -- the surface -------------------------------------------------------------------------------------------------------


def surface(subject: Subject) -> Result:
    shown = subject.examined
    figures: Figures = {
        "psi": subject.psi,
        "pictures": len(shown),
        "aligned": subject.aligned,
        "locked": {
            "shown": measure.locked(subject.regrained, subject.aligned),
            "hung": measure.locked(shown, subject.aligned),
        },
        "peak": {"shown": _percentiles(measure.peaks(shown))},
    }
    if subject.halves is not None:
        first, second = subject.halves
        figures["locked"]["real"] = measure.locked(first, subject.aligned)
        figures["peak"]["real"] = _percentiles(measure.peaks(first))
        figures["power"] = {"shown": measure.power(shown, first), "real": measure.power(second, first)}
    return Result(figures)


def _percentiles(values: Numbers) -> Figures:
    return {"median": float(np.median(values)), "ninetieth": float(np.percentile(values, 90))}


# -- faces -------------------------------------------------------------------------------------------------------------


def faces(subject: Subject) -> Result:
    if subject.landmarks is None:
        return Result({"needs": f"It {where()}"})
    network = LandmarkNetwork(Path(subject.landmarks))
    sets = {"shown": subject.examined}
    if subject.halves is not None:
        sets |= {"real": subject.halves[0], "second": subject.halves[1]}
    landmarks = {name: _found(network, some, name) for name, some in sets.items()}
    judged = {name: eyes.compare(one) for name, one in landmarks.items()}
    figures: Figures = {"psi": subject.psi, "pictures": len(subject.examined), "network_sha256": network.digest}
    figures |= {name: eyes.shares(judged[name]) for name in landmarks if name != "second"}
    figures["enough"] = bool(figures["real" if "real" in figures else "shown"]["faces"] >= FEWEST_FACES)
    if not figures["enough"]:
        return Result(figures)
    spread = {name: shape_spread(one.mesh[one.presence >= eyes.PRESENT]) for name, one in landmarks.items()}
    figures["shape"] = {"spread": spread["shown"]}
    if "real" in spread:
        figures["shape"] |= {"shown": spread["shown"] / spread["real"], "real": spread["second"] / spread["real"]}
    worst = _worst(judged["shown"])
    figures["worst"] = [{"seed": seed, "reason": judged["shown"].reason(seed)} for seed in worst]
    return Result(figures, {"worst": subject.examined[worst]})


def _found(network: LandmarkNetwork, pictures: Picture, name: str) -> Faces:
    with progress(f"landmarks of faces, {name}", len(pictures)) as tell:
        return find_faces(network, pictures, tell)


def _worst(judged: Eyes) -> list[int]:
    """The faces whose eyes agree least, of those that were compared."""
    compared = [at for at, verdict in enumerate(judged.verdicts) if verdict in eyes.COMPARED]
    return sorted(compared, key=lambda at: -float(judged.disagreement[at]))[:STRIP]


# -- features ----------------------------------------------------------------------------------------------------------


def features(subject: Subject) -> Result:
    assert subject.halves is not None, "this part is asked for only with pictures"
    first, second = subject.halves
    shown = subject.examined
    sets = {"first": first, "real": second, "shown": shown}
    if subject.psi != 1:
        sets["whole"] = subject.whole[: len(shown)]
    try:
        seen = {name: _features(some, name) for name, some in sets.items()}
    except MissingDependency as error:
        return Result({"needs": str(error)})
    seen.setdefault("whole", seen["shown"])
    theirs = _apart(seen["first"])
    return Result(
        {
            "psi": subject.psi,
            "pictures": len(shown),
            "kid": {name: kernel_distance(seen["first"], some) for name, some in seen.items() if name != "first"},
            "spread": {name: _apart(seen[name]) / max(theirs, 1e-9) for name in ("whole", "shown", "real")},
        }
    )


def _features(pictures: Picture, name: str) -> Numbers:
    with progress(f"features, {name}", len(pictures)) as tell:
        return efficientnet_lite2.features(pictures, tell)


def _apart(seen: Numbers) -> float:
    """Root of the mean square distance of each two of n features (n, d)."""
    return float(np.sqrt(2 * seen.var(0, ddof=1).sum()))
