"""Computes latents of pictures: by a model's encoder, and optionally refined by optimisation.

A latent is written before truncation, as walks use it: at the truncation psi that it was made for, a show's default, it
gives the picture.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from installation.core.atomic_write import write_whole
from installation.core.errors import OptionError
from installation.networks.encoder import encoder_of
from installation.training.dataset.crops import crop_centre, crop_face, read_landmarks
from installation.training.dataset.decoding import Picture, PicturesError, read_picture
from installation.training.encoder.frozen import Frozen, freeze
from installation.training.encoder.options import EncodeOptions
from installation.training.encoder.pixels import channels_first, floats, levels, picture_loss
from installation.training.encoder.side_by_side import as_npy, as_png
from installation.training.latent.curation import Curation, NamedLatent, curation_of, save
from installation.training.latent.models import OpenModel, at_once, open_model, progress
from installation.training.loop.devices import bf16, keep_memory
from installation.training.screening.decisions import login, now

Floats = NDArray[np.float32]
Answers = dict[str, Tensor]
"""{"encoder": coordinates (n, k), "refined": the same}, the second only if requested."""

RATE = 0.05
"""Learning rate of Adam, in standard deviations a step; it falls to 0 along half a cosine."""
PRIOR = 0.1
"""Weight of the squared Mahalanobis distance relative to the picture loss; less: closer, but blurred."""
FACES = (
    "This model knows faces where `prepare --crop face` puts them. Without --landmarks, the eyes of each picture should"
    " lie at 40 and 60 % of the width of its middle square, at 41 % of the height."
)


@dataclass(frozen=True)
class Spot:
    """The latent of a picture. ``levels`` is the mean |difference| of 255 for each method; ``distance`` that of the
    last latent from the mean of the space, in standard deviations, root mean square over the directions."""

    picture: str
    place: str
    levels: dict[str, float]
    distance: float


def encode(options: EncodeOptions) -> None:
    keep_memory()
    model = open_model(options.model)
    look = encoder_of(model.network, model.header, model.tensors, "cpu", options.model)
    chosen = chosen_so_far(model, options) if options.favourite else None
    if model.header["training"].get("crop") == "face" and not options.landmarks:
        print(FACES, file=sys.stderr)
    frozen = freeze(model)
    cropped = squares(options, frozen.resolution)
    wanted = channels_first(np.stack(cropped))
    options.out.mkdir(parents=True, exist_ok=True)
    answers: Answers = {"encoder": frozen.coordinates(np.stack([look(square) for square in cropped]))}
    if options.refine:
        with progress("refining", options.refine * len(wanted)) as tick:
            answers["refined"] = refined(frozen, answers["encoder"], floats(wanted), options.refine, tick)
    psi = options.psi or usual_psi(model.header["kind"])
    latents = for_psi(frozen, list(answers.values())[-1], psi)
    encoded = write(options.out, names_of(options.picture), frozen, wanted, answers, latents)
    about = {"model": options.model.name, "psi": psi, "refine": options.refine}
    listed = about | {"places": [asdict(one) for one in encoded]}
    write_whole(options.out / "places.json", json.dumps(listed, indent=1, ensure_ascii=False).encode())
    if chosen is not None:
        for name, latent in zip(options.favourite, latents, strict=True):
            chosen = chosen.keep(NamedLatent(name, latent))
        save(options.model, chosen, latents.shape[1], login(), now())
    tell(options.out, encoded)


def tell(folder: Path, encoded: Sequence[Spot]) -> None:
    for one in encoded:
        print(told(one))
    seen = ", ".join(str((folder / one.place).with_suffix(".png")) for one in encoded[:3])
    print(f"Look: {seen}{' ...' if len(encoded) > 3 else ''}: the picture, and beside it what the model makes of it")


def told(spot: Spot) -> str:
    missed = ", ".join(f"{value:.1f} ({how})" for how, value in spot.levels.items())
    return f"{spot.picture} -> {spot.place}: misses it by {missed} levels of 255, {spot.distance:.2f} from the mean"


# -- the command's options --------------------------------------------------------------------------------------------


def squares(options: EncodeOptions, size: int) -> list[Picture]:
    """The pictures of the command, cropped to (size, size, 3). Raises PicturesError, which names the picture."""
    points = read_landmarks(options.landmarks) if options.landmarks else None
    squares = []
    for path in options.picture:
        picture = read_picture(path)
        if points is None:
            squares.append(crop_centre(picture, size))
            continue
        if path.name not in points:
            raise PicturesError(f"{path.name}: no landmarks for it in {options.landmarks}.")
        try:
            squares.append(crop_face(picture, points[path.name], size))
        except PicturesError as error:
            raise PicturesError(f"{path.name}: {error}. Without --landmarks the middle is taken as it is.") from None
    return squares


def names_of(paths: Sequence[Path]) -> list[str]:
    """A file's name without suffix for each picture; followed by a number if it occurs twice."""
    names: list[str] = []
    for path in paths:
        name, count = path.stem, 1
        while name in names:
            count += 1
            name = f"{path.stem}-{count}"
        names.append(name)
    return names


def chosen_so_far(model: OpenModel, options: EncodeOptions) -> Curation:
    """The curation in the model file. Raises OptionError unless there is one new name for each picture."""
    names, count = options.favourite, len(options.picture)
    if len(names) != count:
        raise OptionError(f"--favourite: {len(names)} names for {count} pictures. Give one for each, in their order.")
    for name in names:
        if name in model.space.names or names.count(name) > 1:
            raise OptionError(f'--favourite: there would be two favourites called "{name}". Choose another name.')
    return curation_of(model.header, model.tensors)


def usual_psi(kind: str) -> float:
    """The default truncation of a show."""
    return float(import_module(f"generators.{kind}").Config.model_fields["psi"].default)


# -- latents ----------------------------------------------------------------------------------------------------------


def refined(
    frozen: Frozen, guess: Tensor, wanted: Tensor, steps: int, tick: Callable[[int], object] = lambda _: None
) -> Tensor:
    """Coordinates (n, k) refined from a first estimate for pictures (n, 3, r, r) in -1..1, by gradient descent on the
    picture loss and a Gaussian prior. Deterministic. ``tick`` is called with the number of pictures painted."""
    few = at_once(frozen.model.network)
    parts = zip(guess.split(few), wanted.split(few), strict=True)
    return torch.cat([descend(frozen, start, goal, steps, tick) for start, goal in parts])


def descend(frozen: Frozen, guess: Tensor, wanted: Tensor, steps: int, tick: Callable[[int], object]) -> Tensor:
    dtype = torch.bfloat16 if bf16("auto", "cpu") else torch.float32
    coordinates = guess.clone().requires_grad_()
    optimiser = torch.optim.Adam([coordinates], betas=(0.9, 0.99))
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = RATE * (1 + math.cos(math.pi * step / steps)) / 2
        optimiser.zero_grad()
        loss = picture_loss(frozen.paint(coordinates, dtype), wanted) + PRIOR * coordinates.square().mean()
        (loss * len(wanted)).backward()
        optimiser.step()
        tick(len(wanted))
    return coordinates.detach()


def for_psi(frozen: Frozen, coordinates: Tensor, psi: float) -> Floats:
    """The latents (n, latent_dim) that have these coordinates after truncation by psi."""
    latents: Floats = frozen.latents(coordinates / psi).numpy()
    return latents


def write(
    folder: Path, names: list[str], frozen: Frozen, wanted: Tensor, answers: Answers, latents: Floats
) -> list[Spot]:
    """NAME.npy and NAME.png for each picture."""
    encoded = []
    for i, name in enumerate(names):
        goal, row, missed = wanted[i], {"picture": wanted[i]}, {}
        for how, coordinates in answers.items():
            with torch.no_grad():
                row[how] = levels(frozen.paint(coordinates[i : i + 1]))[0]
            missed[how] = round(float((row[how].float() - goal.float()).abs().mean()), 2)
        distance = float(list(answers.values())[-1][i].square().mean().sqrt())
        words = [f"{how} {missed[how]:.1f}" if how in missed else how for how in row]
        write_whole(folder / f"{name}.npy", as_npy(latents[i]))
        write_whole(folder / f"{name}.png", as_png(list(row.values()), words))
        encoded.append(Spot(name, f"{name}.npy", missed, round(distance, 3)))
    return encoded
