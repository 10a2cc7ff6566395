"""The model that is learnt from: it gives latents as a show asks for them, and what it paints there."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.amounts import fully
from installation.networks.mobile import FINEST, SMALLEST, Architecture
from installation.networks.model_file import group_of
from installation.networks.model_generator import classes_of
from installation.training.distil.recipe import Recipe
from installation.training.latent.models import Floats, OpenModel, at_once, in_parts, open_model

MAPS = 4096
"""Feature maps times px of a size: each size costs alike. Small sizes have ``width`` at most."""
FEWEST = 16


class Teacher:
    """``latents`` are those of a single class, (n, latent), on the CPU; pictures (n, 3, side, side) in -1..1."""

    def __init__(self, model: OpenModel, device: torch.device) -> None:
        """Raises TrainingError for a model whose pictures no mobile network can paint."""
        self.model, self.device = model, device
        opened = model if device.type == "cpu" else open_model(model.path, device.type)
        self.network, self.classes = opened.network, classes_of(model.network)
        self.mean = torch.from_numpy(model.space.mean)
        vectors = group_of(model.tensors, "directions").get("vectors", np.zeros((0, len(self.mean)), np.float32))
        self.steps = torch.from_numpy(np.array(vectors))
        height, width = self.paint(self.some(1, torch.Generator())).shape[2:]
        if height != width or height & (height - 1) or height < FINEST * SMALLEST:
            raise TrainingError(f"{model.path}: paints {width}x{height} px; distil is for squares of 8, 16, 32 ... px.")
        self.side = height

    def drawn(self, recipe: Recipe, chance: torch.Generator) -> Tensor:
        """A batch of latents: of seeds, truncated, some moved along a direction."""
        count = recipe.batch
        w = self.every(count, chance)
        psi = recipe.calm + (recipe.wild - recipe.calm) * torch.rand(count, 1, generator=chance)
        w = self.mean + psi * (w - self.mean)
        if len(self.steps):
            which = torch.randint(len(self.steps), (count,), generator=chance)
            dice = torch.rand(count, 2, generator=chance)
            amount = recipe.steps * (2 * dice[:, 0] - 1) * (dice[:, 1] < recipe.steered)
            w = w + amount[:, None] * self.steps[which]
        return self.of_one(w, chance)

    def some(self, count: int, chance: torch.Generator) -> Tensor:
        """Latents of seeds, as they are."""
        return self.of_one(self.every(count, chance), chance)

    def every(self, count: int, chance: torch.Generator) -> Tensor:
        z = torch.randn(count, self.model.network.z_dim, generator=chance)
        return torch.from_numpy(np.array(self.model.network.mapping(z.numpy())))

    def of_one(self, w: Tensor, chance: torch.Generator) -> Tensor:
        """Of the styles of all classes that of one, by chance."""
        if self.classes == 1:
            return w
        which = torch.randint(self.classes, (len(w),), generator=chance)
        return w.unflatten(1, (self.classes, -1))[torch.arange(len(w)), which]

    def paint(self, latents: Tensor) -> Tensor:
        """Refined fully, and clipped as a screen does."""
        asked = fully(self.network, latents.numpy())
        painted = [self.network.synthesis(some) for some in in_parts(asked, at_once(self.network))]
        return torch.cat(painted).float().clamp(-1, 1).clone()  # one that autograd may keep


def architecture(teacher: Teacher, width: int, layers: int) -> Architecture:
    """Of a student. Raises TrainingError where the teacher's seeds become latents in a way that it cannot repeat."""
    model, network = teacher.model, teacher.model.network
    weights: list[Floats] = []
    while (name := f"mapping.{len(weights)}.weight") in model.tensors:
        weights.append(model.tensors[name])
    widths = [weights[0].shape[1], *(len(weight) for weight in weights)] if weights else []
    z = np.random.default_rng(0).standard_normal((2, network.z_dim)).astype(np.float32)
    plain = not widths and z.shape == network.mapping(z).shape and np.array_equal(z, network.mapping(z))
    if not widths and not plain and model.header["kind"] != "vae":
        raise TrainingError(
            f"{model.path}: distil cannot repeat how a {model.header['kind']} with classes takes seeds."
        )
    sizes = [SMALLEST * 2**number for number in range((teacher.side // (FINEST * SMALLEST)).bit_length())]
    return Architecture(
        resolution=teacher.side,
        z_dim=network.z_dim,
        latent=len(teacher.mean) // teacher.classes,
        channels=[max(FEWEST, min(width, MAPS // size)) for size in sizes],
        layers=layers,
        classes=len(model.tensors["classes"]) if widths and "classes" in model.tensors else 0,
        widths=widths,
        spread=not widths and not plain,
    )
