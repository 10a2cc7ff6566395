"""The page in which a person looks through what a model paints, keeps favourites and blocks what shall not be seen."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
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
    Place,
    around,
    blocked_by,
    save,
    usual_radius,
)
from installation.training.latent.models import OpenModel
from installation.training.pages.given import NAME, jpeg, number, whole, words
from installation.training.pages.server import Ask, Page, PageError, Table, serve
from installation.training.screening.decisions import login, now

ON_A_PAGE = 48
"""Seeds on a page at most."""
NEAR = 12
"""Neighbours shown."""
WIDEST = 4.0
"""The largest radius, in usual ones."""
UNDONE = 200
"""How many choices can be taken back."""


def curate(model: OpenModel, curation: Curation, arguments: argparse.Namespace) -> None:
    """Serves the page until Ctrl-C; every choice is in the model file as soon as it is made."""
    judge = open_judge(model, arguments.landmarks_model)
    easel = Easel(model, curation, arguments.who or login(), arguments.when, arguments.out, arguments.psi, judge)
    serve(easel.page(), arguments.port, not arguments.no_browser)


class Easel:
    """A model with its curator's choice so far. A place has a key that the page names it by: ``s14`` is what seed 14
    names, ``n3`` the third of the neighbours that were shown in this session or came with the file."""

    def __init__(
        self,
        model: OpenModel,
        curation: Curation,
        who: str,
        when: str | None,
        out: Path | None,
        psi: float,
        judge: EyeJudge | None,
    ) -> None:
        self.judge = judge
        self.model, self.curation, self.who, self.when, self.out, self.psi = model, curation, who, when, out, psi
        self.samples: Floats = model.places(range(SAMPLES))
        self.radius = usual_radius(self.samples)
        self.before: list[Curation] = []
        self.unnamed: list[Floats] = []
        self.keys: dict[bytes, str] = {}
        self.painted = lru_cache(maxsize=2048)(self.paint)

    def page(self) -> Page:
        asks: dict[str, Ask] = {"state": self.state, "seeds": self.seeds, "near": self.near, "picture": self.picture}
        asks["eyes"] = self.eyes
        acts = {
            "keep": self.keep,
            "drop": self.drop,
            "name": self.name,
            "move": self.move,
            "forget": self.forget,
            "undo": self.undo,
        }
        return Page("Curate", "curate.html", asks, acts)

    # ------------------------------------------------------------ places and their keys

    def key(self, place: Place) -> str:
        return self.key_of(place.latent) if place.seed is None else f"s{place.seed}"

    def key_of(self, latent: Floats) -> str:
        """The key of a place that no seed names: the same one whenever it is asked for."""
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
            return self.model.places([seed])[0], seed
        if key[:1] == "n":
            return self.unnamed[whole({"key": key[1:]}, "key", 0, len(self.unnamed) - 1)], None
        raise PageError("key: expected the key of a place, such as s14.")

    def index(self, given: Mapping[str, Any], among: tuple[Place, ...]) -> int:
        key = words(given, "key", 20)
        found = next((index for index, one in enumerate(among) if self.key(one) == key), None)
        if found is None:
            raise PageError("that one is not chosen any more. Load the page again.")
        return found

    # ------------------------------------------------------------ what the page shows

    def state(self, _: Mapping[str, str]) -> Table:
        told = {
            "favourites": [self.card(one) for one in self.curation.favourites],
            "blocked": [self.card(one) | {"radius": one.radius} for one in self.curation.blocked],
            "undo": len(self.before),
        }
        written = str(self.out or self.model.path)
        told |= {"eyes": self.judge is not None}
        return told | {"model": self.model.path.name, "file": written, "psi": self.psi, "radius": self.radius}

    def card(self, one: Place) -> Table:
        return {"key": self.key(one), "name": one.name, "seed": one.seed, "inside": self.inside(one.latent)}

    def inside(self, latent: Floats) -> str:
        """The name of the blocked place that a latent lies in; empty if in none."""
        found = blocked_by(latent, self.curation)
        return found.name if found else ""

    def seeds(self, asked: Mapping[str, str]) -> Table:
        start = whole(asked, "start", 0, LAST_SEED - ON_A_PAGE)
        seeds = range(start, start + whole(asked, "count", 1, ON_A_PAGE))
        places = self.model.places(seeds)
        return {
            "seeds": [
                {"key": f"s{seed}", "inside": self.inside(latent)} for seed, latent in zip(seeds, places, strict=True)
            ]
        }

    def near(self, asked: Mapping[str, str]) -> Table:
        """What lies at a distance around a place, and what a ball of that radius would hold."""
        centre, _ = self.find(asked)
        radius = number(asked, "radius", self.radius * 0.05, self.radius * WIDEST)
        near = around(centre, self.samples, radius, NEAR)
        held = [one.name for one in self.curation.favourites if 1e-6 < np.linalg.norm(one.latent - centre) < radius]
        return {
            "keys": [self.key_of(latent) for latent in near],
            "favourites": held,
            "mean": bool(np.linalg.norm(self.model.space.mean - centre) < radius),
            "samples": float((np.linalg.norm(self.samples - centre, axis=1) < radius).mean()),
        }

    def picture(self, asked: Mapping[str, str]) -> bytes:
        latent, _ = self.find(asked)
        return self.painted(latent.tobytes(), round(number(asked, "psi", 0, 1.5), 3))

    def paint(self, latent: bytes, psi: float) -> bytes:
        return jpeg(self.model.pictures(np.frombuffer(latent, np.float32)[None], psi)[0])

    def eyes(self, asked: Mapping[str, str]) -> Table:
        """Whether the two eyes of a face agree, in words; empty where nothing speaks against it."""
        latent, _ = self.find(asked)
        if self.judge is None:
            return {"words": ""}
        judgement = self.judge.judge(latent[None], round(number(asked, "psi", 0, 1.5), 3))[0]
        return {"words": "" if judgement.passes else str(judgement)}

    # ------------------------------------------------------------ what the person chooses

    def keep(self, given: Mapping[str, Any]) -> Table:
        place = self.place(given, len(self.curation.favourites))
        return self.choose(self.curation.keep(place))

    def drop(self, given: Mapping[str, Any]) -> Table:
        radius = number(given, "radius", self.radius * 0.05, self.radius * WIDEST)
        place = self.place(given, len(self.curation.blocked), radius)
        return self.choose(self.curation.drop(place))

    def place(self, given: Mapping[str, Any], others: int, radius: float = 0.0) -> Place:
        latent, seed = self.find(given)
        name = words(given, "name", NAME) or (f"Seed {seed}" if seed is not None else f"Neighbour {others + 1}")
        return Place(name, latent, seed, radius)

    def name(self, given: Mapping[str, Any]) -> Table:
        """A favourite gets another name."""
        index = self.index(given, self.curation.favourites)
        return self.choose(self.curation.named(index, words(given, "name", NAME, needed=True)))

    def move(self, given: Mapping[str, Any]) -> Table:
        """A favourite gets another place in the order."""
        index = self.index(given, self.curation.favourites)
        return self.choose(self.curation.moved(index, whole(given, "to", 0, len(self.curation.favourites) - 1)))

    def forget(self, given: Mapping[str, Any]) -> Table:
        """A place is neither favourite nor blocked."""
        key = words(given, "key", 20)
        return self.choose(self.curation.without(lambda one: self.key(one) == key))

    def undo(self, _: Mapping[str, Any]) -> Table:
        if not self.before:
            return self.state({}) | {"nothing": True}
        self.write(self.before[-1])
        self.curation = self.before.pop()
        return self.state({})

    def choose(self, curation: Curation) -> Table:
        self.write(curation)
        self.before = [*self.before, self.curation][-UNDONE:]
        self.curation = curation
        return self.state({})

    def write(self, curation: Curation) -> None:
        save(self.model.path, curation, len(self.model.space.mean), self.who, self.when or now(), self.out)
