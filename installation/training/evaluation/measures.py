"""The figures of sets of pictures (n, h, w, 3) uint8. Pure functions: from arrays and a seed to numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.training.dataset.pictures import spread
from installation.training.evaluation.likeness import Picture, Ruler, altered, differing, fingerprints, reduced
from installation.training.latent.distances import sliced_wasserstein_levels

Figures = dict[str, Any]
Numbers = NDArray[np.floating[Any]]

ALIKE = 0.1
"""Two pictures with less distance (likeness.py) look like the same picture: altered copies are within some 0.08."""
SAME_PRINT, NEAR_PRINT = 4, 8
"""Two pictures whose fingerprints differ in so many of 64 signs are near-duplicates; or much alike, as frames are."""
SPLITS = 3
"""How often the real pictures are split into halves for the reference figure."""
YARDSTICK = 500
"""Real pictures at most that are compared with all others, for how alike they are by nature."""
COPIES = 64
"""Altered copies on which the distance is validated."""
CLOSE_SHARE, CLOSE_COUNT, CLOSE_RATIO = 0.03, 3, 0.75
"""More than this share of the pictures, and so many at least, nearer than 99 of 100 real ones lie to one another; or a
median distance below this part of theirs: the verdict is "close". Of few pictures, more are near by chance."""
DRAWS = 4000
"""Random draws that estimate what chance alone gives."""


# -- like the collection? ----------------------------------------------------------------------------------------------


def closeness(real: Picture, painted: dict[str, Picture], seed: int) -> Figures:
    """Sliced Wasserstein distances of sets of painted pictures from the real ones, level by level, and as reference
    that of two halves of the real pictures. All are taken between sets of one size, as the figure depends on it."""
    rng = np.random.default_rng(seed)
    count = min(len(real) // 2, *(len(some) for some in painted.values()))
    halves = [rng.permutation(len(real)) for _ in range(SPLITS)]
    first = [real[order[:count]] for order in halves]
    second = [real[order[count : 2 * count]] for order in halves]
    figures: Figures = {"pictures": count, "real": _averaged(first, second, seed)}
    for name, some in painted.items():
        figures[name] = _averaged(first, [some] * SPLITS, seed)
        figures[name]["times_real"] = figures[name]["mean"] / max(figures["real"]["mean"], 1e-9)
    return figures


def _averaged(a: Sequence[Picture], b: Sequence[Picture], seed: int) -> Figures:
    runs = [
        sliced_wasserstein_levels(x, y, np.random.default_rng((seed, split)))
        for split, (x, y) in enumerate(zip(a, b, strict=True))
    ]
    levels = {str(side): float(np.mean([run[side] for run in runs])) for side in runs[0]}
    means = [float(np.mean(list(run.values()))) for run in runs]
    return {"levels": levels, "mean": float(np.mean(means)), "spread": float(np.std(means))}


# -- one like the other? -----------------------------------------------------------------------------------------------


def difference(pictures: Picture) -> Numbers:
    """(n, n) mean absolute difference of each two pictures in levels, averaged over 64, 32, 16 and 8 px."""
    total = np.zeros((len(pictures), len(pictures)))
    plane = reduced(pictures).astype(np.float32)
    for level in range(4):
        total += [np.abs(plane - one).mean((1, 2, 3)) for one in plane]
        if level < 3:
            n, side = plane.shape[:2]
            plane = plane.reshape(n, side // 2, 2, side // 2, 2, 3).mean((2, 4))
    return total / 4


def variety(samples: Picture, many: Picture, real: Picture | None) -> tuple[Figures, tuple[int, int]]:
    """How different the samples are, against as many real pictures; and the pair that is most alike.

    `many` are samples enough to tell what all of them have in common."""
    figures, pair = alikeness(samples, many)
    told: Figures = {"samples": len(samples), "mean_difference": mean_of_pairs(samples), **figures}
    if real is not None:
        some = real[spread(len(real), len(samples))]
        others = np.delete(real, spread(len(real), len(samples)), axis=0)
        told["real"] = {"mean_difference": mean_of_pairs(some), **alikeness(some, others)[0]}
        told["times_real"] = told["mean_difference"] / max(told["real"]["mean_difference"], 1e-9)
    return told, pair


def mean_of_pairs(pictures: Picture) -> float:
    upper = np.triu_indices(len(pictures), 1)
    return float(difference(pictures)[upper].mean()) if len(pictures) > 1 else 0.0


def alikeness(samples: Picture, many: Picture) -> tuple[Figures, tuple[int, int]]:
    """Pairs of samples that look like the same picture, by the ruler or by their fingerprints; and the nearest pair."""
    n, ruler = len(samples), Ruler(np.concatenate([samples, many]))
    distances = ruler.distances(samples)
    distance = np.minimum(distances[:, :n], distances[:, ruler.count : ruler.count + n])
    distance = np.minimum(distance, distance.T)
    np.fill_diagonal(distance, np.inf)
    upper = np.triu_indices(n, 1)
    near, same = distance[upper] < ALIKE, differing(fingerprints(samples))[upper] <= SAME_PRINT
    first, second = np.unravel_index(int(distance.argmin()), distance.shape)
    figures: Figures = {
        "alike_pairs": int((near | same).sum()),
        "near_duplicates": int(same.sum()),
        "nearest_pair": {"first": int(first), "second": int(second), "distance": float(distance.min())},
    }
    return figures, (int(first), int(second))


# -- memorised? --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pair:
    """A shown picture and the training picture that is most like it."""

    shown: int
    real: int
    mirrored: bool
    distance: float


@dataclass(frozen=True)
class Copying:
    """The figures, the closest pairs, and the distances from shown and from real pictures to the nearest other."""

    figures: Figures
    pairs: list[Pair]
    shown: Numbers
    real: Numbers


def copying(shown: Picture, real: Picture, seed: int, pairs: int = 8) -> Copying:
    """Whether shown pictures are copies of real ones.

    The distance is validated first, on altered copies of real pictures. A picture is called a copy when it
    is within twice the distance of 95 of 100 of these, but never beyond halfway from there to where the nearest real
    pictures begin (their first percentile).
    """
    ruler = Ruler(real)
    some = spread(len(real), YARDSTICK)
    among = ruler.nearest(real[some], own=some).distance
    tried = spread(len(real), COPIES)
    copies = ruler.nearest(altered(real[tried], np.random.default_rng(seed)))
    nearest = ruler.nearest(shown)
    begin, known = float(np.percentile(among, 1)), float(np.percentile(copies.distance, 95))
    proof = {
        "altered_copies": len(tried),
        "found": float((copies.index == tried).mean()),
        "their_95th_percentile": known,
        "separates": known < begin,
    }
    figures = {"shown": len(shown), "real": len(real), "ruler": proof, **nearness(nearest.distance, among, known)}
    figures["verdict"] = verdict(figures)
    nearest_pairs = [
        Pair(int(i), int(nearest.index[i]), bool(nearest.mirrored[i]), float(nearest.distance[i]))
        for i in closest_shown(shown, nearest.distance, pairs)
    ]
    figures["closest"] = [asdict(pair) for pair in nearest_pairs]
    return Copying(figures, nearest_pairs, nearest.distance, among)


def nearness(distance: NDArray[np.float32], among: NDArray[np.float32], known: float) -> Figures:
    """How near shown pictures are to the real ones, beside how near real ones are to each other (``among``); ``known``
    is the distance that 95 of 100 altered copies are within."""
    begin = float(np.percentile(among, 1))
    limit = min(2 * known, (begin + known) / 2)
    median, of_real = float(np.median(distance)), float(np.median(among))
    return {
        "copy_limit": limit,
        "copies": int((distance < limit).sum()),
        "copies_among_real": int((among < limit).sum()),
        "first_percentile_of_real": begin,
        "nearer": int((distance < begin).sum()),
        "share_nearer": float((distance < begin).mean()),
        "usual_share": usual_share(len(distance), len(among)),
        "median": median,
        "median_of_real": of_real,
        "smallest": float(distance.min()),
        "ratio_of_medians": median / max(of_real, 1e-9),
    }


def usual_share(shown: int, real: int) -> float:
    """Up to which share of the shown pictures may be nearer than the first percentile of so many real ones, though all
    are of one kind: in 99 of 100 draws it is no more. With 500 real ones about CLOSE_SHARE, with 40 four times that."""
    rng = np.random.default_rng(0)
    begin = np.percentile(rng.random((DRAWS, real)), 1, axis=1)
    return max(CLOSE_SHARE, float(np.percentile(rng.binomial(shown, begin) / shown, 99)))


def closest_shown(shown: Picture, distance: Numbers, count: int) -> list[int]:
    """The shown pictures with the smallest distances, but of frames that look the same only one."""
    prints = differing(fingerprints(shown))
    kept: list[int] = []
    for index in np.argsort(distance, kind="stable"):
        if all(prints[index, other] > NEAR_PRINT for other in kept):
            kept.append(int(index))
        if len(kept) == count:
            break
    return kept


def verdict(figures: Figures) -> str:
    """The verdict from the figures. Of the shown pictures

    copies   some are copies
    close    none is, but they keep closer to the training pictures than those do to one another
    own      neither
    unknown  undecidable: on these pictures the distance does not separate copies from neighbours
    """
    if not figures["ruler"]["separates"]:
        return "unknown"
    if figures["copies"]:
        return "copies"
    many = figures["nearer"] >= CLOSE_COUNT and figures["share_nearer"] > figures["usual_share"]
    return "close" if many or figures["ratio_of_medians"] < CLOSE_RATIO else "own"


# -- does it move evenly? ----------------------------------------------------------------------------------------------


def evenness(change: Numbers, rate: float) -> Figures:
    """Of the mean absolute change (levels of 255) from each frame of a walk to the next."""
    mean = float(change.mean())
    return {
        "frames": len(change) + 1,
        "rate": rate,
        "mean_change": mean,
        "variation": float(change.std() / max(mean, 1e-9)),
        "largest": float(change.max()),
        "times_mean": float(change.max() / max(mean, 1e-9)),
    }


# -- can it paint what it is shown? ------------------------------------------------------------------------------------


def rebuilding(pictures: Picture, again: Picture) -> Figures:
    """Error of pictures painted again: mean absolute levels of 255, and the peak signal-to-noise ratio in dB."""
    error = pictures.astype(np.float32) - again.astype(np.float32)
    power = np.square(error).mean((1, 2, 3))
    ratio = 10 * np.log10(255.0**2 / np.maximum(power, 1e-4))
    return {
        "pictures": len(pictures),
        "mean_levels": float(np.abs(error).mean()),
        "psnr": float(ratio.mean()),
        "psnr_lowest": float(ratio.min()),
    }
