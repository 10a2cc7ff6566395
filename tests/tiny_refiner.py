"""A refiner of 16 px for the tests: never trained, but with strong paint and grain, in the file of a tiny VAE."""

from pathlib import Path

import torch

from installation.networks.model_file import amend_model
from installation.networks.refiner import Architecture, Refiner
from tests.tiny_models import tiny_vae

ARCH = Architecture(16, (8, 8, 8))


def stirred(arch: Architecture = ARCH) -> Refiner:
    """Nothing in it is zero, so that what is forgotten shows."""
    torch.manual_seed(1)
    refiner = Refiner(arch).requires_grad_(False)
    for parameter in refiner.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.1)
    return refiner


def refined_vae(path: Path, arch: Architecture = ARCH) -> Path:
    """A VAE of 16 px that paints 32 px."""
    tensors = {name: tensor.numpy() for name, tensor in stirred(arch).state_dict().items()}
    amend_model(tiny_vae(path), "refiner", tensors, {"architecture": arch.header(), "images": 0})
    return path
