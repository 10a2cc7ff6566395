"""The parts of an evaluation: each computes figures, pictures and curves of a subject, and is cached on its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from installation.networks.model_file import group_of, network_of
from installation.training.dataset.pictures import spread
from installation.training.evaluation import inception, measures
from installation.training.evaluation.likeness import Picture
from installation.training.evaluation.measures import Figures, Numbers
from installation.training.evaluation.near import faces, features, surface
from installation.training.evaluation.result import Result
from installation.training.evaluation.subject import SHEET, Subject, mirrored
from installation.training.latent.distances import frechet_distance, kernel_distance

PSIS = (0.0, 0.3, 0.5, 0.7, 1.0)
AMOUNTS = (-3.0, -1.5, 0.0, 1.5, 3.0)
STRIPS = 8
"""Directions and seeds shown in strips."""
BLOCK = 256
"""Pixels' change is taken between so many frames at once."""


@dataclass(frozen=True)
class Part:
    """A name, how it is made, which groups of the model file it looks at, and whether it looks at real pictures, or
    cannot do without."""

    name: str
    make: Callable[[Subject], Result]
    groups: tuple[str, ...] = ()
    uses_pictures: bool = False
    needs_pictures: bool = False


def sheet(subject: Subject) -> Result:
    return Result({"psi": subject.psi, "seeds": SHEET, "size": subject.sheet.shape[1]}, {"sheet": subject.sheet})


def closeness(subject: Subject) -> Result:
    real = mirrored(_real(subject))  # as a model learns from both: light from the right is no error
    painted = {"shown": subject.shown[: subject.effort.samples], "whole": subject.whole}
    figures = measures.closeness(real, painted, subject.seed)
    return Result({"psi": subject.psi, **figures, "inception": _inception(subject, real, painted, figures["pictures"])})


def _inception(subject: Subject, real: Picture, painted: dict[str, Picture], count: int) -> Figures | None:
    if subject.inception is None:
        return None
    network = inception.load(subject.inception)
    order = np.random.default_rng(subject.seed).permutation(len(real))
    first, second = (
        inception.features(network, real[some], "real pictures, Inception")
        for some in (order[:count], order[count : 2 * count])
    )
    sets = {"real": second}
    for name, some in painted.items():
        sets[name] = inception.features(network, some[:count], f"{name}, Inception")
    return {
        "weights_sha256": inception.digest(subject.inception),
        "pictures": count,
        "kid": {name: kernel_distance(first, features) for name, features in sets.items()},
        "fid": {name: frechet_distance(first, features) for name, features in sets.items()},
    }


def variety(subject: Subject) -> Result:
    figures, pair = measures.variety(subject.sheet, subject.shown[SHEET:], subject.real)
    return Result({"psi": subject.psi, **figures}, {"pair": subject.sheet[list(pair)]})


def copying(subject: Subject) -> Result:
    shown, found_in = searched(subject)
    copied = measures.copying(shown, _real(subject), subject.seed)
    for pair in copied.figures["closest"]:
        pair["found_in"] = found_in[pair["shown"]]
        pair["file"] = subject.names[pair["real"]] if subject.names else str(pair["real"])
    real = _real(subject)[[pair.real for pair in copied.pairs]]
    flips = np.array([pair.mirrored for pair in copied.pairs], bool)
    real = np.where(flips[:, None, None, None], real[:, :, ::-1], real)
    arrays: dict[str, NDArray[np.generic]] = {
        "shown": shown[[pair.shown for pair in copied.pairs]],
        "training": real,
        "distances": copied.shown,
        "among_real": copied.real,
    }
    return Result(copied.figures, arrays)


def searched(subject: Subject) -> tuple[Picture, list[str]]:
    """All that is searched for training pictures, and where each was found: the sheet, a loop, a long wander."""
    loop = subject.walked.loop[spread(len(subject.walked.loop), max(1, subject.effort.frames // 3))]
    sets = (("seed", subject.sheet), ("loop, frame", loop), ("wander, frame", subject.walked.travelled))
    words = [f"{name} {index}" for name, pictures in sets for index in range(len(pictures))]
    return np.concatenate([pictures for _, pictures in sets]), words


def walks(subject: Subject) -> Result:
    curves = {"loop": changes(subject.walked.loop), "wander": changes(subject.walked.wander)}
    figures = {name: measures.evenness(curve, subject.effort.rate) for name, curve in curves.items()}
    return Result({"psi": subject.psi, **figures}, {**curves})


def changes(frames: Picture) -> Numbers:
    """(n - 1,) mean absolute change, in levels of 255, from each frame to the next."""
    parts = [
        np.abs(frames[at + 1 : at + 1 + BLOCK].astype(np.int16) - frames[at : at + BLOCK][: len(frames) - at - 1]).mean(
            (1, 2, 3)
        )
        for at in range(0, len(frames) - 1, BLOCK)
    ]
    return np.concatenate(parts)


def truncation(subject: Subject) -> Result:
    latents = subject.latents[:STRIPS]
    painted = [subject.model.pictures(latents, psi) for psi in PSIS]
    return Result({"psi": PSIS, "seeds": len(latents)}, {"strips": np.stack(painted, axis=1)})


def directions(subject: Subject) -> Result:
    steps = group_of(subject.model.tensors, "directions").get("vectors")
    if steps is None or not len(steps):
        return Result({"count": 0})
    listed = subject.model.header.get("directions") or []
    strips = [subject.along(subject.latents[0], step, AMOUNTS) for step in steps[:STRIPS]]
    figures = {"count": len(steps), "amounts": AMOUNTS, "directions": listed}
    return Result(figures, {"strips": np.stack(strips)})


def rebuilding(subject: Subject) -> Result:
    encode = subject.encode
    if encode is None:
        return Result({"encoder": None})
    count, figures = subject.effort.rebuilt, {}
    arrays: dict[str, NDArray[np.generic]] = {}
    sets = {"painted": subject.shown[-count:]}
    if subject.real is not None:
        sets = {"real": subject.real[spread(len(subject.real), count)], **sets}
    for name, pictures in sets.items():
        again = subject.rebuilt(encode, pictures, f"{name} pictures painted again")
        figures[name] = measures.rebuilding(pictures, again)
        arrays |= {name: again[:STRIPS], f"{name}_original": pictures[:STRIPS]}
    return Result({"encoder": subject.model.header.get("encoder") or {}, **figures}, arrays)


def space(subject: Subject) -> Result:
    space, tensors = subject.model.space, subject.model.tensors
    variance = np.square(space.std.astype(np.float64))
    figures = {
        "latent_dim": len(space.mean),
        "parameters": int(sum(tensor.size for tensor in network_of(tensors).values())),
        "effective_dimensions": float(variance.sum() ** 2 / max(np.square(variance).sum(), 1e-30)),
        "seen_dimensions": int((space.gain > 1.0).sum()),
        "first_10_share": float(variance[:10].sum() / max(variance.sum(), 1e-30)),
        "favourites": len(space.names),
        "blocked": 0 if space.radii is None else len(space.radii),
    }
    return Result(figures, {"std": space.std, "gain": space.gain})


def _real(subject: Subject) -> Picture:
    assert subject.real is not None, "this part is asked for only with pictures"
    return subject.real


PARTS = (
    Part("sheet", sheet),
    Part("closeness", closeness, (), uses_pictures=True, needs_pictures=True),
    Part("surface", surface, (), uses_pictures=True),
    Part("faces", faces, (), uses_pictures=True),
    Part("features", features, (), uses_pictures=True, needs_pictures=True),
    Part("variety", variety, (), uses_pictures=True),
    Part("copying", copying, ("curation",), uses_pictures=True, needs_pictures=True),
    Part("walks", walks, ("curation",)),
    Part("rebuilding", rebuilding, ("encoder",), uses_pictures=True),
    Part("truncation", truncation),
    Part("directions", directions, ("directions",)),
    Part("space", space, ("curation",)),
)
