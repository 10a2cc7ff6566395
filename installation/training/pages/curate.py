"""The page in which a person looks through what a model paints, keeps favourites and blocks what shall not be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from installation.training.evaluation.eye_judge import EyeJudge, open_judge
from installation.training.latent.curation import (
    LAST_SEED,
    SAMPLES,
    Curation,
    Floats,
    NamedLatent,
    around,
    blocked_by,
    save,
    usual_radius,
)
from installation.training.latent.models import OpenModel
from installation.training.pages.given import NAME, jpeg, number, whole, words
from installation.training.pages.options import CurateOptions
from installation.training.pages.server import Act, Ask, Page, PageError, Table, serve
from installation.training.screening.decisions import login, now

ON_A_PAGE = 48
"""Seeds on a page at most."""
NEAR = 12
"""Neighbours shown."""
WIDEST = 4.0
"""The largest radius, in usual ones."""
UNDONE = 200
"""How many choices can be taken back."""


def curate(model: OpenModel, curation: Curation, options: CurateOptions) -> None:
    """Serves the page until Ctrl-C; every choice is in the model file as soon as it is made."""
    judge = open_judge(model, options.landmarks_model)
    history = History(model, options.who or login(), options.when, options.out, curation)
    serve(page(model, history, judge, options.psi), options.port, options.browser)


def page(model: OpenModel, history: History, judge: EyeJudge | None, psi: float) -> Page:
    """The requests that the page may send; ``psi`` is its initial truncation."""
    keys = Keys(model)
    views = Views(model, history, keys, judge, psi)
    choices = Choices(history, keys, views)
    asks: dict[str, Ask] = {
        "state": views.state,
        "seeds": views.seeds,
        "near": views.near,
        "picture": views.picture,
        "eyes": views.eyes,
    }
    acts: dict[str, Act] = {
        "keep": choices.keep,
        "drop": choices.drop,
        "name": choices.name,
        "move": choices.move,
        "forget": choices.forget,
        "undo": choices.undo,
    }
    return Page("Curate", "curate.html", asks, acts)


class Keys:
    """The keys of latents in the page: ``s14`` is that of seed 14, ``n3`` the third of the neighbours that were shown
    in this session or came with the file."""

    def __init__(self, model: OpenModel) -> None:
        self.model = model
        self.unnamed: list[Floats] = []
        self.keys: dict[bytes, str] = {}

    def of(self, named: NamedLatent) -> str:
        return self.of_latent(named.latent) if named.seed is None else f"s{named.seed}"

    def of_latent(self, latent: Floats) -> str:
        """The key of a latent that does not come from a seed; always the same one."""
        known = latent.tobytes()
        if known not in self.keys:
            self.keys[known] = f"n{len(self.unnamed)}"
            self.unnamed.append(latent.copy())
        return self.keys[known]

    def find(self, given: Mapping[str, Any]) -> tuple[Floats, int | None]:
        """(the latent, its seed) of the key that the page gave."""
        key = words(given, "key", 20)
        if key[:1] == "s":
            seed = whole({"seed": key[1:]}, "seed", 0, LAST_SEED)
            return self.model.latents([seed])[0], seed
        if key[:1] == "n":
            return self.unnamed[whole({"key": key[1:]}, "key", 0, len(self.unnamed) - 1)], None
        raise PageError("key: expected the key of a place, such as s14.")

    def index(self, given: Mapping[str, Any], among: tuple[NamedLatent, ...]) -> int:
        key = words(given, "key", 20)
        at = next((index for index, one in enumerate(among) if self.of(one) == key), None)
        if at is None:
            raise PageError("that one is not chosen any more. Load the page again.")
        return at


@dataclass
class History:
    """What is chosen now, and what was before; written into the model file, or into ``out``, at every change."""

    model: OpenModel
    who: str
    when: str | None
    out: Path | None
    curation: Curation
    before: list[Curation] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.out or self.model.path

    def choose(self, curation: Curation) -> None:
        self.write(curation)
        self.before = [*self.before, self.curation][-UNDONE:]
        self.curation = curation

    def undo(self) -> None:
        self.write(self.before[-1])
        self.curation = self.before.pop()

    def write(self, curation: Curation) -> None:
        save(self.model.path, curation, len(self.model.space.mean), self.who, self.when or now(), self.out)


class Views:
    """What the page shows."""

    def __init__(self, model: OpenModel, history: History, keys: Keys, judge: EyeJudge | None, psi: float) -> None:
        self.model, self.history, self.keys, self.judge, self.psi = model, history, keys, judge, psi
        self.samples: Floats = model.latents(range(SAMPLES))
        self.radius = usual_radius(self.samples)
        self.painted = lru_cache(maxsize=2048)(self.paint)

    def state(self, _: Mapping[str, str]) -> Table:
        curation = self.history.curation
        return {
            "favourites": [self.card(one) for one in curation.favourites],
            "blocked": [self.card(one) | {"radius": one.radius} for one in curation.blocked],
            "undo": len(self.history.before),
            "eyes": self.judge is not None,
            "model": self.model.path.name,
            "file": str(self.history.file),
            "psi": self.psi,
            "radius": self.radius,
            "classes": self.model.header.get("classes", []),
        }

    def card(self, one: NamedLatent) -> Table:
        return {"key": self.keys.of(one), "name": one.name, "seed": one.seed, "inside": self.inside(one.latent)}

    def inside(self, latent: Floats) -> str:
        """The name of the blocked ball that a latent lies in; empty if in none."""
        ball = blocked_by(latent, self.history.curation)
        return ball.name if ball else ""

    def seeds(self, asked: Mapping[str, str]) -> Table:
        start = whole(asked, "start", 0, LAST_SEED - ON_A_PAGE)
        seeds = range(start, start + whole(asked, "count", 1, ON_A_PAGE))
        latents = zip(seeds, self.model.latents(seeds), strict=True)
        return {"seeds": [{"key": f"s{seed}", "inside": self.inside(latent)} for seed, latent in latents]}

    def near(self, asked: Mapping[str, str]) -> Table:
        """Latents at a distance around a latent, and what a ball of that radius would contain."""
        centre, _ = self.keys.find(asked)
        radius = self.asked_radius(asked)
        near = around(centre, self.samples, radius, NEAR)
        favourites = self.history.curation.favourites
        held = [one.name for one in favourites if 1e-6 < np.linalg.norm(one.latent - centre) < radius]
        return {
            "keys": [self.keys.of_latent(latent) for latent in near],
            "favourites": held,
            "mean": bool(np.linalg.norm(self.model.space.mean - centre) < radius),
            "samples": float((np.linalg.norm(self.samples - centre, axis=1) < radius).mean()),
        }

    def asked_radius(self, asked: Mapping[str, Any]) -> float:
        return number(asked, "radius", self.radius * 0.05, self.radius * WIDEST)

    def picture(self, asked: Mapping[str, str]) -> bytes:
        latent, _ = self.keys.find(asked)
        return self.painted(latent.tobytes(), *self.painting(asked))

    def painting(self, asked: Mapping[str, str]) -> tuple[float, int]:
        """Truncation, and the class that is painted."""
        last = max(1, len(self.model.header.get("classes", []))) - 1
        label = whole(asked, "class", 0, last) if "class" in asked else 0
        return round(number(asked, "psi", 0, 1.5), 3), label

    def paint(self, latent: bytes, psi: float, label: int) -> bytes:
        return jpeg(self.model.pictures(np.frombuffer(latent, np.float32)[None], psi, label)[0])

    def eyes(self, asked: Mapping[str, str]) -> Table:
        """Whether the two eyes of a face agree, in words; empty where they agree."""
        latent, _ = self.keys.find(asked)
        if self.judge is None:
            return {"words": ""}
        judgement = self.judge.judge(latent[None], *self.painting(asked))[0]
        return {"words": "" if judgement.passes else str(judgement)}


@dataclass(frozen=True)
class Choices:
    """What the person chooses; each answers with the state that the page then shows."""

    history: History
    keys: Keys
    views: Views

    def keep(self, given: Mapping[str, Any]) -> Table:
        return self.choose(self.curation.keep(self.named_latent(given, len(self.curation.favourites))))

    def drop(self, given: Mapping[str, Any]) -> Table:
        radius = self.views.asked_radius(given)
        return self.choose(self.curation.drop(self.named_latent(given, len(self.curation.blocked), radius)))

    def named_latent(self, given: Mapping[str, Any], others: int, radius: float = 0.0) -> NamedLatent:
        latent, seed = self.keys.find(given)
        name = words(given, "name", NAME) or (f"Seed {seed}" if seed is not None else f"Neighbour {others + 1}")
        return NamedLatent(name, latent, seed, radius)

    def name(self, given: Mapping[str, Any]) -> Table:
        """A favourite gets another name."""
        index = self.keys.index(given, self.curation.favourites)
        return self.choose(self.curation.named(index, words(given, "name", NAME, needed=True)))

    def move(self, given: Mapping[str, Any]) -> Table:
        """A favourite gets another position in the order."""
        index = self.keys.index(given, self.curation.favourites)
        return self.choose(self.curation.moved(index, whole(given, "to", 0, len(self.curation.favourites) - 1)))

    def forget(self, given: Mapping[str, Any]) -> Table:
        """Removes a latent from the favourites and the blocked ones."""
        key = words(given, "key", 20)
        return self.choose(self.curation.without(lambda one: self.keys.of(one) == key))

    def undo(self, _: Mapping[str, Any]) -> Table:
        if not self.history.before:
            return self.views.state({}) | {"nothing": True}
        self.history.undo()
        return self.views.state({})

    def choose(self, curation: Curation) -> Table:
        self.history.choose(curation)
        return self.views.state({})

    @property
    def curation(self) -> Curation:
        return self.history.curation
