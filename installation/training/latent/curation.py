"""A curator's choices in a model's latent space: favourites, in order, and blocked latents that no walk may show.

They are in the group `curation` of the model file: the tensors `favourites` (n, latent_dim), `blocked` (m, latent_dim)
and `radii` (m,), and in the header {"favourites": [{"name", "seed"}], "blocked": [{"name", "radius", "seed"}], "who",
"when"}; the seed is null for a latent without one. Distances are Euclidean, between latents as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from installation.core.errors import VernissageError
from installation.networks.model_file import Header, Tensors, amend_model, group_of, load_model, network_of

GROUP = "curation"
MOST = 500
"""The most favourites, and blocked latents, of one model."""
LAST_SEED = 2**31 - 1
SAMPLES = 256
"""How many seeds the usual distance in a model's latent space is estimated from."""

Floats = NDArray[np.float32]


class CurationError(VernissageError, ValueError):
    """A choice that cannot be made; the message has which, and what can be done."""


@dataclass(frozen=True, eq=False)
class NamedLatent:
    """A named latent. ``radius`` is 0 for a favourite."""

    name: str
    latent: Floats
    seed: int | None = None
    radius: float = 0.0

    def fact(self) -> dict[str, Any]:
        told: dict[str, Any] = {"name": self.name, "seed": self.seed}
        return told | {"radius": round(self.radius, 4)} if self.radius else told


@dataclass(frozen=True, eq=False)
class Curation:
    """Immutable, so that earlier versions can be restored. Every method returns a changed copy."""

    favourites: tuple[NamedLatent, ...] = ()
    blocked: tuple[NamedLatent, ...] = ()

    def keep(self, named: NamedLatent) -> Curation:
        """With one more favourite at the end; its seed is no longer blocked."""
        check_new(named, self.favourites, "favourite")
        blocked = tuple(one for one in self.blocked if one.seed is None or one.seed != named.seed)
        return Curation((*self.favourites, replace(named, radius=0.0)), blocked)

    def drop(self, named: NamedLatent) -> Curation:
        """With one more blocked latent; a favourite of the same seed is removed."""
        check_new(named, self.blocked, "blocked place")
        if not 0 < named.radius < float("inf"):
            raise CurationError(f"the radius of {named.name} must be above 0, found {named.radius:g}.")
        favourites = tuple(one for one in self.favourites if one.seed is None or one.seed != named.seed)
        return Curation(favourites, (*self.blocked, named))

    def without(self, leaves: Callable[[NamedLatent], bool]) -> Curation:
        """Without the favourites and blocked latents for which ``leaves`` is true."""
        keep = [tuple(one for one in of if not leaves(one)) for of in (self.favourites, self.blocked)]
        return Curation(*keep)

    def named(self, index: int, name: str) -> Curation:
        """With a favourite renamed."""
        renamed = replace(self.favourites[index], name=name)
        return replace(self, favourites=(*self.favourites[:index], renamed, *self.favourites[index + 1 :]))

    def moved(self, index: int, to: int) -> Curation:
        """With a favourite at another position in the order."""
        others = [one for number, one in enumerate(self.favourites) if number != index]
        return replace(self, favourites=(*others[:to], self.favourites[index], *others[to:]))


def check_new(named: NamedLatent, among: Sequence[NamedLatent], what: str) -> None:
    if len(among) >= MOST:
        raise CurationError(f"there are {MOST} {what}s already, which is the most.")
    if named.seed is not None and any(one.seed == named.seed for one in among):
        raise CurationError(f"seed {named.seed} is a {what} already.")


# -- the model file ---------------------------------------------------------------------------------------------------


def curation_of(header: Header, tensors: Tensors) -> Curation:
    """What a model file holds. Raises CurationError where its header and its tensors do not fit."""
    listed, latents = header.get(GROUP) or {}, group_of(tensors, GROUP)
    try:
        favourites = [
            NamedLatent(str(told["name"]), latent, seed_of(told))
            for told, latent in zip(listed.get("favourites", []), latents.get("favourites", ()), strict=True)
        ]
        blocked = [
            NamedLatent(str(told["name"]), latent, seed_of(told), float(told["radius"]))
            for told, latent in zip(listed.get("blocked", []), latents.get("blocked", ()), strict=True)
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise CurationError(f"the model's curation is damaged ({error}). Take an older copy of the file.") from None
    return Curation(tuple(favourites), tuple(blocked))


def seed_of(told: dict[str, Any]) -> int | None:
    return None if told.get("seed") is None else int(told["seed"])


def save(path: Path, curation: Curation, dim: int, who: str, when: str, out: Path | None = None) -> None:
    """Writes it atomically into the model file, or into ``out``; everything else in the file is unchanged."""
    lists = {"favourites": curation.favourites, "blocked": curation.blocked}
    tensors = {name: np.array([one.latent for one in of], np.float32).reshape(-1, dim) for name, of in lists.items()}
    tensors["radii"] = np.array([one.radius for one in curation.blocked], np.float32)
    facts = {name: [one.fact() for one in of] for name, of in lists.items()}
    amend_model(path, GROUP, tensors, {**facts, "who": who, "when": when}, out)


def go_on_from(path: Path, out: Path | None) -> Path:
    """The file to start from: ``out`` if it exists. Raises CurationError if it is another model."""
    if out is None or not out.exists() or out.resolve() == path.resolve():
        return path
    network, other = (network_of(load_model(each)[1]) for each in (path, out))
    if network.keys() != other.keys() or any(not np.array_equal(network[name], other[name]) for name in network):
        raise CurationError(f"{out}: is another model than {path}. Give --out the name of a new file.")
    return out


# -- the latent space -------------------------------------------------------------------------------------------------


def usual_radius(latents: Floats) -> float:
    """Half of the median distance from a latent to its nearest neighbour, among samples (n, latent_dim), n at least 2.

    Half, so that balls around two neighbours just touch. The whole distance is too far: in hundreds of dimensions it is
    more than the distance to the mean, and one blocked sample would block the middle of the space.
    """
    squares = np.square(latents, dtype=np.float64).sum(1)
    apart = squares[:, None] + squares - 2 * latents.astype(np.float64) @ latents.T.astype(np.float64)
    np.fill_diagonal(apart, np.inf)
    return max(float(np.median(np.sqrt(apart.min(1).clip(0)))) / 2, 1e-3)


def around(centre: Floats, samples: Floats, radius: float, count: int) -> Floats:
    """(count, latent_dim) latents at a distance from a centre, each towards another sample: unlike random directions,
    these stay where the model paints well."""
    ways = samples - centre
    far = np.linalg.norm(ways, axis=1)
    chosen = np.flatnonzero(far > 1e-6)
    chosen = chosen[np.linspace(0, len(chosen) - 1, min(count, len(chosen))).round().astype(int)]
    latents: Floats = (centre + np.float32(radius) * ways[chosen] / far[chosen, None]).astype(np.float32)
    return latents


def blocked_by(latent: Floats, curation: Curation) -> NamedLatent | None:
    """The blocked ball that a latent lies in, if any."""
    inside = (one for one in curation.blocked if float(np.linalg.norm(latent - one.latent)) < one.radius)
    return next(inside, None)
