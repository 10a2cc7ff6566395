"""A brush for the tests: as tiny_refiner.py has a refiner, behind all that a tiny model paints."""

from pathlib import Path

from installation.networks.model_file import amend_model, painted_side, read_header
from installation.networks.refiner import Architecture
from tests.tiny_refiner import ARCH, stirred


def brushed(path: Path) -> Path:
    """A model file, with what doubles the pixels of all that it paints."""
    arch = Architecture(painted_side(read_header(path), brush=False) or 0, ARCH.channels)
    tensors = {name: tensor.numpy() for name, tensor in stirred(arch).state_dict().items()}
    amend_model(path, "brush", tensors, {"architecture": arch.header(), "images": 0})
    return path
