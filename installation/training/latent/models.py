"""Reads a model file of any kind: its latent space, the latents of seeds, its pictures.

Latents that a curator has blocked are not left out.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from installation.core.contracts import Space
from installation.core.errors import ModelError
from installation.core.invocation import program
from installation.core.parts import config
from installation.networks.amounts import fully
from installation.networks.model_file import Header, Tensors, load_model, network_of, whole
from installation.networks.model_generator import classes_of, rebuild, space_of
from installation.networks.refined import brushed, unrefined

Floats = NDArray[np.float32]
Pictures = NDArray[np.uint8]

PSI = 0.7
"""Truncation at which pictures are judged where nothing else is said."""
AT_ONCE, PIXELS_AT_ONCE = 8, 8 * 128 * 128
"""Pictures painted in one go at most, and their pixels: enough to keep a processor busy, few enough for a small
memory. A StyleGAN3 of 256 px in its default widths asks for a gigabyte for each."""
MANY_PIXELS, MANY_NUMBERS = 256 * 256, 10_000_000
"""A network of more pixels a picture, or more weights, paints slowly: fewer pictures of it are measured. So does any
StyleGAN3, which takes some six times as long as a StyleGAN2 of its size."""


@dataclass(frozen=True)
class OpenModel:
    """A model file in memory. Latents are (n, latent_dim) float32, as walks have them: psi is applied here."""

    path: Path
    header: Header
    tensors: Tensors
    space: Space
    network: Any

    def latents(self, seeds: Sequence[int]) -> Floats:
        """The latents of seeds, (n, latent_dim), the same as in a show."""
        z = [np.random.default_rng(seed).standard_normal(self.network.z_dim) for seed in seeds]
        w: Floats = self.network.mapping(np.array(z, np.float32).reshape(len(z), self.network.z_dim))
        return w

    def truncated(self, latents: Floats, psi: float = PSI) -> Floats:
        """Latents truncated by psi, towards the mean."""
        mean = self.space.mean
        return (mean + np.float32(psi) * (np.asarray(latents, np.float32) - mean)).astype(np.float32, copy=False)

    def levels(self, latents: Floats, psi: float = PSI) -> torch.Tensor:
        """The pictures at latents, (n, 3, height, width) float32 on the CPU, levels 0..255, not rounded."""
        return torch.cat(list(self.parts(latents, psi)))

    def pictures(self, latents: Floats, psi: float = PSI, label: int = 0) -> Pictures:
        """The pictures at latents, (n, height, width, 3), sRGB; ``label`` counts the classes of a network that has
        some, as its header names them."""
        whole = [part.add(0.5).clamp_(0, 255).to(torch.uint8) for part in self.parts(latents, psi, label)]
        return np.ascontiguousarray(torch.cat(whole).permute(0, 2, 3, 1).numpy())

    def parts(self, latents: Floats, psi: float = PSI, label: int = 0) -> Iterator[torch.Tensor]:
        """``levels`` a few at a time, for thousands of pictures or a progress bar; refined fully."""
        asked = self.truncated(latents, psi)
        if label:  # the first style of a latent is painted
            asked = np.roll(asked, -label * (asked.shape[1] // classes_of(self.network)), axis=1)
        asked = fully(self.network, asked)
        for some in in_parts(asked, at_once(self.network)):
            yield (self.network.synthesis(some).float() * 127.5 + 127.5).clamp_(0, 255).cpu()


def at_once(network: Any) -> int:
    """How many pictures a network is asked to paint in one go."""
    return max(1, min(AT_ONCE, PIXELS_AT_ONCE // unrefined(network).resolution ** 2))


def in_parts(rows: NDArray[Any], count: int) -> list[NDArray[Any]]:
    """An array in parts of ``count`` rows; the last may be shorter."""
    return np.split(rows, range(count, len(rows), count))


def paints_slowly(header: Header, tensors: Tensors) -> bool:
    """Whether a network takes a processor so long that few of its pictures can be measured."""
    numbers = sum(tensor.size for tensor in network_of(tensors).values())
    many = header["architecture"]["resolution"] ** 2 > MANY_PIXELS or numbers > MANY_NUMBERS
    return many or header["kind"] == "stylegan3"


def open_model(path: Path | str, device: str = "cpu") -> OpenModel:
    """Reads a model file of any kind. Raises ModelError that says what is wrong with it."""
    return opened(Path(path), *load_model(path), device)


def with_brush(model: OpenModel) -> OpenModel:
    """The same as a show has it. Raises ModelError for one without a brush."""
    network = brushed(model.network, model.header, model.tensors, model.path)
    if network is model.network:
        raise ModelError(f"{model.path}: holds no brush. Train one: {program()} brush {model.path}")
    return replace(model, network=network)


def kept_copy(model: Path, copy: Path, begun: bool, check: Callable[[OpenModel], object]) -> OpenModel:
    """The copy of a model in the work folder of a training on it, which so does not need the model file any more: made
    where the training was not ``begun`` yet, after ``check``, which raises an error that names the model's own file."""
    if not begun:
        check(open_model(model))
        shutil.copyfile(model, copy)
    return open_model(copy)


def opened(path: Path, header: Header, tensors: Tensors, device: str = "cpu") -> OpenModel:
    """What is, or will be, in a model file, without the file. Tensors are float16 or float32."""
    held = whole(tensors)
    return OpenModel(path, header, held, space_of(path, header, held, path.name), rebuild(header, held, device, path))


def shown_psi(model: OpenModel) -> float:
    """The truncation at which models of this kind are shown."""
    return float(config("generator", model.header["kind"]).model_fields["psi"].default)


@contextmanager
def progress(words: str, total: int | None = None) -> Iterator[Callable[[int], object]]:
    """A bar on a terminal, a line every 20 s where stderr is a file; yields a function of the pictures painted."""
    interval = 0.5 if sys.stderr.isatty() else 20.0
    with tqdm(total=total, desc=words, unit="picture", mininterval=interval, miniters=1, leave=False) as bar:
        yield bar.update
