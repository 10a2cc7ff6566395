"""A model file of a GAN of 16 px that was never trained, for tests: colourful noise that its style moves strongly."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from installation.networks.model_file import Header, Tensors, save_model
from installation.networks.stylegan2 import build, effective_tensors
from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.training.gan.export import measure

ARCH = Architecture(resolution=16, z_dim=12, w_dim=12, channels=(16, 16, 16), mapping_layers=2)


def tiny_gan(seed: int = 0, change: Callable[[StyleGan2], Any] = lambda _: None) -> tuple[Tensors, Header]:
    """Tensors with their latent.*, and header. ``change`` may work on the weights first."""
    torch.manual_seed(seed)
    generator = StyleGan2(ARCH)
    with torch.no_grad():
        for name, weight in generator.named_parameters():
            if "affine.weight" in name:
                weight.mul_(1)
        change(generator)
    tensors = {name: tensor.numpy().copy() for name, tensor in effective_tensors(generator, ARCH.resolution).items()}
    header = {
        "kind": "stylegan2",
        "architecture": {**ARCH.__dict__, "channels": list(ARCH.channels)},
        "training": {"images": 0},
        "ledger_sha256": None,
        "licence": {"weights": "CC0-1.0", "data": "none"},
    }
    facts = measure(build(header, tensors), samples=400)
    return {**tensors, **{f"latent.{name}": fact for name, fact in facts.items()}}, header


def written(path: Path, seed: int = 0, **groups: Any) -> Path:
    """The file of one, with more entries in its header (and tensors for them, given as group__name)."""
    tensors, header = tiny_gan(seed)
    arrays = {name.replace("__", "."): value for name, value in groups.items() if "__" in name}
    save_model(path, {**tensors, **arrays}, {**header, **{k: v for k, v in groups.items() if "__" not in k}})
    return path
