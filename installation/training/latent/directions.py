"""Directions in a latent space for visitors to control, each scaled so that 1.0 is the same visible step.

Candidates are the principal axes of the latent space (GANSpace, arXiv 2004.02546) and, where a network is steered by
styles, the eigenvectors of A^T A over all its style layers A (SeFa, arXiv 2007.06600). Each is measured: painted both
ways from several latents, at psi 0.7. Kept are those with the largest visible change within one standard deviation of
the latents, without near-duplicates in the space or in the change of the picture. Then the length of each is adjusted
iteratively until one step changes the picture by VISIBLE_STEP.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray

from installation.core.counts import counted
from installation.networks.direction_controls import address
from installation.networks.model_file import group_of
from installation.training.latent.models import PSI, Floats, OpenModel, paints_slowly

VISIBLE_STEP = 12.0
"""What 1.0 on any direction changes: mean levels of 255 per pixel, at a few latents, both ways, at psi 0.7."""
FARTHEST = 1.5
"""The most standard deviations of the latents that 1.0 may move: three of them leave no latent the network learned."""
COUNT = 8
CANDIDATES = 12
"""Taken from each method."""
LATENTS, FEW_LATENTS = 6, 3
"""At how many latents a direction is looked at, and in a network that paints slowly."""
SEED = 7000
"""The first of the seeds whose latents are painted."""
PARALLEL, ALIKE = 0.7, 0.7
"""Cosine from which two directions count as one: between themselves, and between what they change in the pictures."""
EXACT, TRIES = 0.02, 6
"""The step's visible change is brought this near to VISIBLE_STEP, relatively, within so many tries."""
SMALL = 32
"""Pixels a side at which changes are compared."""

SAME = 0.9
"""Cosine from which a direction of a model that was trained further is the one that it had before."""

Tick = Callable[[int], object]
Fact = dict[str, Any]
"""What the header says of a direction: its name, method and component, how many standard deviations of the latents one
step moves (``std``), and what was seen of it when it was scaled (``levels``)."""


@dataclass(frozen=True)
class Candidate:
    """A unit vector, how it was found, and the standard deviation of the latents along it."""

    method: str
    component: int
    vector: NDArray[np.float64]
    std: float


@dataclass(frozen=True)
class Direction(Candidate):
    """A measured candidate: ``seen`` is the visible change within one standard deviation (levels), ``change`` what it
    does to the pictures, small, as a unit vector."""

    seen: float
    change: NDArray[np.float32]

    def like(self, other: Direction) -> bool:
        """Whether both count as one direction."""
        if abs(float(self.vector @ other.vector)) >= PARALLEL:
            return True
        return abs(float(self.change @ other.change)) >= ALIKE


@dataclass(frozen=True)
class Directions:
    """The directions of a model: ``vectors`` (k, latent_dim), one visible step each, and ``facts``, their entry in the
    header. ``left_out`` counts the candidates that are not among them, by the reason."""

    vectors: Floats
    facts: list[Fact]
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Scaled:
    """A direction that was chosen: how many of its standard deviations are one visible step, and its entry."""

    direction: Direction
    step: float
    fact: Fact


def find(model: OpenModel, count: int = COUNT, tick: Tick = lambda _: None, keep_named: bool = True) -> Directions:
    """The ``count`` most visible directions of a model, fewer where it has not so many; the same for the same model.

    Those of the model that an artist has named stay, as they are, whatever else is found. ``tick`` is called with the
    number of pictures painted.
    """
    eye = Eye(model, tick)
    chosen = [eye.known(vector, fact) for vector, fact in named(model)] if keep_named else []
    looked = sorted((eye.look(one) for one in candidates(model)), key=lambda one: -one.seen)
    alive = [one for one in looked if one.seen * FARTHEST >= VISIBLE_STEP]
    left_out = {"hardly seen": len(looked) - len(alive), "like another": 0, "too far": 0, "weaker": 0}
    for one in alive:
        if len(chosen) >= count:
            left_out["weaker"] += 1
        elif any(one.like(other.direction) for other in chosen):
            left_out["like another"] += 1
        elif (scaled := eye.scaled(one)).step > FARTHEST:
            left_out["too far"] += 1
        else:
            chosen.append(scaled)
    chosen.sort(key=lambda one: -one.direction.seen)
    vectors = [one.direction.vector * (one.direction.std * one.step) for one in chosen]
    facts = [{**one.fact, "name": one.fact.get("name", str(number))} for number, one in enumerate(chosen, start=1)]
    return Directions(np.array(vectors, np.float32).reshape(len(chosen), len(model.space.mean)), facts, left_out)


def told(directions: Directions) -> str:
    """A table for a person: a line for each direction, and what was left out."""
    lines = [
        f"  {address(number, fact['name']):32}{fact['method']:>5} {fact['component']:<4}"
        f"{fact['levels']:5.1f} levels at {fact['std']:.2f} standard deviations"
        for number, fact in enumerate(directions.facts, start=1)
    ]
    reasons = ", ".join(f"{count} {reason}" for reason, count in directions.left_out.items() if count)
    count = counted(len(lines), "direction")
    return "\n".join([f"{count}; left out: {reasons or 'none'}.", *lines])


def effort(model: OpenModel, count: int) -> int:
    """About how many pictures ``find`` paints."""
    return looked_at(model) * (1 + 2 * len(candidates(model)) + 3 * count)


def looked_at(model: OpenModel) -> int:
    """At how many latents each direction is looked at."""
    return FEW_LATENTS if paints_slowly(model.header, model.tensors) else LATENTS


# -- names ------------------------------------------------------------------------------------------------------------


def listed(model: OpenModel) -> list[tuple[Floats, Fact]]:
    """The directions that are in a model file, each one visible step, with their entries."""
    vectors = group_of(model.tensors, "directions").get("vectors", np.zeros((0, 0), np.float32))
    return list(zip(vectors, model.header.get("directions") or [], strict=True))


def named(model: OpenModel) -> list[tuple[Floats, Fact]]:
    """Those that an artist has named: the others are called by their number."""
    return [one for number, one in enumerate(listed(model), start=1) if one[1]["name"] != str(number)]


def inherit(directions: Directions, before: OpenModel) -> tuple[Directions, list[str]]:
    """Gives directions that are still the same, within a cosine of SAME, the names and signs that they had in another
    model; also returns the names that found no direction."""
    names = {fact["name"] for _, fact in named(before)}
    if directions.vectors.shape[1] != len(before.space.mean):
        return directions, sorted(names)
    vectors, facts = directions.vectors.copy(), [dict(fact) for fact in directions.facts]
    given: set[str] = set()
    for vector, fact in sorted(listed(before), key=lambda one: one[1]["name"] in names):  # a named one's sign counts
        same = nearest(vectors, vector)
        if same is None:
            continue
        vectors[same] *= np.sign(vectors[same] @ vector)
        if fact["name"] in names and facts[same]["name"] not in given:
            facts[same]["name"] = fact["name"]
            given.add(fact["name"])
    return Directions(vectors, facts, directions.left_out), sorted(names - given)


def nearest(vectors: Floats, vector: Floats) -> int | None:
    """Which of vectors (k, d) has the direction of another, either way."""
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(vector)
    cosines = np.abs(vectors @ vector) / np.maximum(lengths, 1e-9)
    return int(cosines.argmax()) if len(cosines) and cosines.max() >= SAME else None


# -- candidates -------------------------------------------------------------------------------------------------------


def candidates(model: OpenModel) -> list[Candidate]:
    """Principal axes and, for a network with style layers, their common eigenvectors; the strongest of each."""
    space = model.space
    axes, stds = space.basis.astype(np.float64), space.std.astype(np.float64)
    directions = [
        Candidate("pca", index, axis, std) for index, (axis, std) in enumerate(zip(axes, stds, strict=True), start=1)
    ]
    eigenvectors = enumerate(for_all_classes(sefa(styles(model.tensors)), axes.shape[1]), start=1)
    steered = [Candidate("sefa", index, one, float(np.linalg.norm((axes @ one) * stds))) for index, one in eigenvectors]
    return [one for one in directions[:CANDIDATES] + steered[:CANDIDATES] if one.std > 0]


def styles(tensors: Mapping[str, Floats]) -> NDArray[np.float64]:
    """All style layers of a network below one another, (rows, latent_dim); no rows where it has none."""
    layers = [tensor for name, tensor in sorted(tensors.items()) if name.endswith(".style.weight")]
    return np.concatenate(layers).astype(np.float64) if layers else np.zeros((0, 0))


def sefa(layers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Eigenvectors of A^T A as unit rows by falling eigenvalue, their largest element positive."""
    if not layers.size:
        return layers
    vectors = np.linalg.eigh(layers.T @ layers)[1][:, ::-1].T
    largest = np.abs(vectors).argmax(1)
    signed: NDArray[np.float64] = vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]
    return signed


def for_all_classes(vectors: NDArray[np.float64], dim: int) -> NDArray[np.float64]:
    """Unit vectors of a style as those of a latent (..., dim), which of a network with classes is several styles."""
    if not vectors.size or vectors.shape[1] == dim:
        return vectors
    times = dim // vectors.shape[1]
    return np.tile(vectors, (1, times)) / np.sqrt(times)


# -- what is seen -----------------------------------------------------------------------------------------------------


class Eye:
    """Measures how steps change the pictures at a few latents."""

    def __init__(self, model: OpenModel, tick: Tick) -> None:
        self.model, self.tick = model, tick
        self.latents = model.truncated(model.latents(range(SEED, SEED + looked_at(model))), PSI)
        self.before = self.paint(self.latents)

    def paint(self, latents: Floats) -> torch.Tensor:
        """Pictures at latents that are truncated already, in levels."""
        levels = self.model.levels(latents, psi=1.0)
        self.tick(len(latents))
        return levels

    def both_ways(self, step: NDArray[np.float64]) -> tuple[torch.Tensor, torch.Tensor]:
        """The pictures a step ahead and a step back."""
        ahead, back = ((self.latents + sign * step).astype(np.float32) for sign in (1, -1))
        return self.paint(ahead), self.paint(back)

    def change(self, pictures: Sequence[torch.Tensor]) -> float:
        return float(np.mean([float((after - self.before).abs().mean()) for after in pictures]))

    def look(self, one: Candidate) -> Direction:
        """The direction with what is seen of it."""
        ahead, back = self.both_ways(one.vector * one.std)
        small = F.adaptive_avg_pool2d(ahead - back, min(SMALL, ahead.shape[-1])).flatten().numpy()
        unit = small / max(float(np.linalg.norm(small)), 1e-6)
        return Direction(one.method, one.component, one.vector, one.std, self.change((ahead, back)), unit)

    def known(self, vector: Floats, fact: Fact) -> Scaled:
        """A direction that is scaled already."""
        length = float(np.linalg.norm(vector))
        unit, std = vector.astype(np.float64) / length, length / fact["std"]
        return Scaled(self.look(Candidate(fact["method"], fact["component"], unit, std)), fact["std"], fact)

    def scaled(self, one: Direction) -> Scaled:
        """Finds how many standard deviations change the picture by VISIBLE_STEP: by the secant method, as the change
        is not linear. Ends at the largest step allowed."""
        near, less = 0.0, 0.0
        step, levels = 1.0, one.seen
        for _ in range(TRIES):
            if abs(levels / VISIBLE_STEP - 1) <= EXACT or step > FARTHEST:
                break
            slope = (levels - less) / (step - near)
            if slope <= 0:
                slope = levels / step
            near, less = step, levels
            step = min(max(step + (VISIBLE_STEP - levels) / slope, step / 4), step * 4)
            levels = self.change(self.both_ways(one.vector * (one.std * step)))
        fact = {"method": one.method, "component": one.component, "std": round(step, 4), "levels": round(levels, 2)}
        return Scaled(one, step, fact)
