"""The generator of a model file as a frozen differentiable function: latent -> picture.

*Coordinates* are latents in standard deviations along the principal directions of the latent space: those of a random
latent have a standard deviation of about 1, for any kind of model, and the mean of their squares is the squared
Mahalanobis distance from the mean over the number of directions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from installation.core.errors import ModelError
from installation.networks import stylegan2, vae
from installation.networks.fitting import as_tensors
from installation.networks.model_file import network_of
from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.training.latent.models import OpenModel, at_once

Floats = NDArray[np.float32]
Tick = Callable[[int], object]
Synthesis = Callable[[Tensor, torch.dtype], Tensor]
"""Latents (n, latent_dim), type to compute in -> pictures (n, 3, resolution, resolution), about -1..1."""
SMALLEST = 1e-6
"""The smallest standard deviation used; a smaller one is of an unused direction."""


@dataclass(frozen=True)
class Frozen:
    """``basis`` (k, latent_dim); ``std``, ``gain`` (k,), as in contracts.Space, as tensors."""

    model: OpenModel
    synthesis: Synthesis
    mean: Tensor
    basis: Tensor
    std: Tensor
    gain: Tensor

    @property
    def resolution(self) -> int:
        return int(self.model.network.resolution)

    def latents(self, coordinates: Tensor) -> Tensor:
        """(n, k) -> (n, latent_dim)."""
        return self.mean + (coordinates * self.std) @ self.basis

    def coordinates(self, latents: Tensor | Floats) -> Tensor:
        """The inverse of `latents`, for latents in the span of the principal directions."""
        return (torch.as_tensor(latents) - self.mean) @ self.basis.t() / self.std

    def paint(self, coordinates: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
        """(n, k) -> pictures (n, 3, resolution, resolution), float32, about -1..1."""
        return self.synthesis(self.latents(coordinates), dtype).float()

    def painted(self, coordinates: Tensor, dtype: torch.dtype = torch.float32, tick: Tick = lambda _: None) -> Tensor:
        """``paint`` of many, a few at a time; for gradients each part is painted again, so that one alone is held in
        memory. ``tick`` is called with the number of pictures painted."""
        parts, painted = coordinates.split(at_once(self.model.network)), []
        for some in parts:
            if some.requires_grad and len(parts) > 1:
                painted.append(checkpoint(self.paint, some, dtype, use_reentrant=False))
            else:
                painted.append(self.paint(some, dtype))
            tick(len(some))
        return torch.cat(painted)

    def draw(self, count: int, chance: torch.Generator) -> Tensor:
        """The coordinates (count, k) of random latents, not truncated."""
        z = torch.randn(count, self.model.network.z_dim, generator=chance)
        return self.coordinates(self.model.network.mapping(z.numpy()))

    def digest(self) -> str:
        """sha256 of the network and of the directions that coordinates are counted along."""
        sha = hashlib.sha256()
        kept = {name: t for name, t in self.model.tensors.items() if name.startswith("latent.")}
        for name, tensor in sorted({**network_of(self.model.tensors), **kept}.items()):
            sha.update(name.encode())
            sha.update(np.ascontiguousarray(tensor).tobytes())
        return sha.hexdigest()


def freeze(model: OpenModel) -> Frozen:
    """The frozen generator. Raises ModelError for a kind of model that is not differentiable here, or not square."""
    kinds: dict[str, Callable[[OpenModel], Synthesis]] = {"stylegan2": styled, "vae": decoded}
    synthesis = kinds.get(model.header["kind"], converted)(model)
    facts = [torch.from_numpy(getattr(model.space, name)) for name in ("mean", "basis", "std", "gain")]
    facts[2] = facts[2].clamp(min=SMALLEST)
    return Frozen(model, synthesis, *facts)


def converted(model: OpenModel) -> Synthesis:
    """Of a network that another program trained; of one with classes the first is painted."""
    pictures, kind = getattr(model.network, "pictures", None), model.header["kind"]
    if pictures is None:
        raise ModelError(f'{model.path}: a model of kind "{kind}", which cannot be differentiated, so nothing encodes.')
    with torch.inference_mode():
        height, width = pictures(torch.from_numpy(model.space.mean)[None]).shape[2:]
    if height != width:
        raise ModelError(f"{model.path}: paints {width}x{height}; an encoder is for square pictures.")

    def painted(latents: Tensor, dtype: torch.dtype) -> Tensor:
        with torch.autocast(latents.device.type, dtype, enabled=dtype != torch.float32):
            found: Tensor = pictures(latents)
        return found

    return painted


def decoded(model: OpenModel) -> Synthesis:
    decoder = vae.Decoder(vae.read_architecture(model.header["architecture"], model.path)).requires_grad_(False)
    decoder.load_state_dict(as_tensors(network_of(model.tensors)))
    return lambda latents, dtype: decoder(latents, decoder.arch.resolution, dtype=dtype)


def styled(model: OpenModel) -> Synthesis:
    arch = stylegan2.read_architecture(model.header["architecture"], model.path)
    generator = training_form(arch, network_of(model.tensors)).requires_grad_(False)
    return lambda latents, dtype: generator.synthesis(latents, arch.resolution, dtype=dtype)


def training_form(arch: Architecture, tensors: Mapping[str, Floats]) -> StyleGan2:
    """The inverse of `effective_tensors`: the factors multiplied into the weights are divided out."""
    generator = StyleGan2(arch)
    state = {}
    for key, tensor in tensors.items():
        module, _, what = key.rpartition(".")
        name = module_name(arch.resolutions, module)
        state[f"{name}.{what}".lstrip(".")] = torch.from_numpy(tensor) / factor(generator.get_submodule(name), what)
    generator.load_state_dict(state)
    return generator


def module_name(resolutions: tuple[int, ...], module: str) -> str:
    """``blocks.1.conv0.affine`` for ``8.conv0.style``, ``mapping.layers.0`` for ``mapping.0``, "" for the const."""
    first, _, rest = module.partition(".")
    if first in ("mapping", ""):
        return f"mapping.layers.{rest}" if first else ""
    return f"blocks.{resolutions.index(int(first))}.{rest}".replace("style", "affine")


def factor(layer: nn.Module, what: str) -> float:
    """The factor that `effective_tensors` multiplies in."""
    return {"weight": getattr(layer, "scale", 1.0), "bias": getattr(layer, "lr_mult", 1.0)}.get(what, 1.0)
