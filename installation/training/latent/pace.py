"""Measures the pace of walks on a model, once: how much the picture changes along them.

A walk is measured as in a show, with the options in a show file: the walk's and the
generator's (psi). The gallery of all favourites is measured without one.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from installation.core.contracts import Generator, Paced, WalkConfig
from installation.core.errors import OptionError, PartError
from installation.core.parts import config
from installation.networks.model_file import Header, amend_model, load_model
from installation.networks.model_generator import ModelConfig, favourite_names
from installation.networks.paces import GROUP, MeasuredPace, as_group, joined, paces_of
from installation.training.latent.models import progress
from installation.walks._path import finished

Tick = Callable[[int], object]
Walks = list[tuple[ModelConfig, WalkConfig, int]]
"""Generator, walk and the show's seed."""


def gallery_of(model: Path, header: Header) -> Walks:
    """The gallery of a show with default options; empty without favourites."""
    if not favourite_names(header):
        return []
    return [(config("generator", header["kind"])(model=model), config("walk", "gallery")(), 0)]


def walks_of(show: Path, model: Path) -> Walks:
    """The walks of a show's pieces that this model paints. Raises OptionError for a file that is no show."""
    try:
        document = tomllib.loads(show.read_text("utf-8"))
        pieces = [_opened(piece, show) for piece in document["piece"]]
    except (OSError, ValueError, KeyError, TypeError, PartError, ValidationError) as error:
        raise OptionError(f"{show}: no show that can be read ({error}); see run_show.py {show} --check") from None
    seed = document.get("show", {}).get("seed", 0)
    same = [(made, walk) for made, walk in pieces if isinstance(made, ModelConfig) and made.model.samefile(model)]
    return [(made, walk, seed) for made, walk in same]


def _opened(piece: dict[str, Any], show: Path) -> tuple[Any, Any]:
    """The options of a piece's generator and walk."""
    both = []
    for room in ("generator", "walk"):
        given = piece[room]
        table = {"kind": given} if isinstance(given, str) else given
        made = config(room, table["kind"]).model_validate(table, context={"folder": show.absolute().parent})
        both.append(made)
    return both[0], both[1]


def unknown(walks: Walks, known: tuple[MeasuredPace, ...]) -> Iterator[tuple[Paced, Generator, dict[str, Any]]]:
    """The walks not measured before, each with its generator and that one's options."""
    for made, options, seed in walks:
        generator = made.open("cpu")
        walk = options.open(generator, seed)
        if isinstance(walk, Paced) and not any(
            one.walk == walk.pace_name and one.options == made.options() for one in known
        ):
            yield walk, generator, made.options()


def amend(path: Path, walks: Walks, fresh: bool = False, quiet: bool = False) -> list[str]:
    """Measures the paces missing in a model file and writes them there, with a bar unless ``quiet``; returns the names
    of the walks measured."""
    header, tensors = load_model(path)
    known = () if fresh else paces_of(path, header, tensors)
    missing, paces = list(unknown(walks, known)), []
    if missing:
        total = sum(walk.pace_pictures for walk, _, _ in missing)
        with nullcontext(_silent) if quiet else progress("measuring walks", total) as tick:
            paces = [
                MeasuredPace(walk.pace_name, said, finished(walk.measure(made), tick)) for walk, made, said in missing
            ]
    if paces or fresh:
        amend_model(path, GROUP, *as_group(joined(known, paces)))
    return [one.walk for one in paces]


def _silent(_: int) -> None:
    """A bar that is not shown."""
