"""A refiner for the tests: never trained, but with strong paint and grain, in the file of a tiny model."""

from pathlib import Path

import torch

from installation.networks.model_file import amend_model, read_header
from installation.networks.refiner import NOTCH, Architecture, Refiner

ARCH = Architecture(16, (8, 8, 8))


def stirred(arch: Architecture = ARCH) -> Refiner:
    """Nothing in it is zero, so that what is forgotten shows."""
    torch.manual_seed(1)
    refiner = Refiner(arch).requires_grad_(False)
    for parameter in refiner.parameters():
        parameter.add_(torch.randn_like(parameter) * 0.1)
    if arch.clean:
        refiner.get_buffer("pattern").normal_(std=0.1)
    if arch.notches:
        refiner.get_buffer("notches").normal_(std=0.05)
    if arch.unlock:
        refiner.get_buffer("locked").normal_(std=0.3)
    if arch.grade:
        refiner.get_buffer("colours").normal_(std=0.2)
        refiner.get_buffer("light").normal_(std=0.1)
    return refiner


def refined(path: Path) -> Path:
    """A model file, with what paints twice as many px of it; what is no VAE is cleaned, unlocked, and graded."""
    header = read_header(path)
    side, clean = header["architecture"]["resolution"], 0.0 if header["kind"] == "vae" else 0.8
    notches = 2 if clean and side > NOTCH // 2 else 0
    arch = Architecture(side, ARCH.channels, clean, unlock=clean > 0, grade=clean > 0, notches=notches)
    tensors = {name: tensor.numpy() for name, tensor in stirred(arch).state_dict().items()}
    amend_model(path, "refiner", tensors, {"architecture": arch.header(), "images": 0})
    return path
