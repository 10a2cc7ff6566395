"""Model files of networks that were never trained, for tests of what paints them where no model of a kind ships."""

from pathlib import Path

import numpy as np
import torch

from installation.networks.encoder import Encode, opened
from installation.networks.mobile import Architecture as Mobile
from installation.networks.mobile import Painter
from installation.networks.model_file import save_model
from installation.networks.model_generator import ModelGenerator
from installation.networks.vae import Architecture, Decoder, VaeEncoder, decoder_tensors, encoder_tensors
from tests import tiny_converted

VAE = Architecture(resolution=16, latent=8, channels=(16, 16, 16), encoder_channels=(8, 8, 8))


def tiny_vae(path: Path, arch: Architecture = VAE) -> Path:
    """Its pictures are colourful noise, strong enough to differ from seed to seed."""
    torch.manual_seed(0)
    decoder, encoder = Decoder(arch), VaeEncoder(arch)
    with torch.no_grad():
        for block in decoder.block.values():
            block.rgb.weight.mul_(3)
    tensors = decoder_tensors(decoder, arch.resolution)
    tensors |= {f"encoder.{name}": tensor for name, tensor in encoder_tensors(encoder, arch.resolution).items()}
    ones = np.ones(arch.latent, np.float32)
    facts = {"mean": ones * 0, "basis": np.eye(arch.latent, dtype=np.float32), "std": ones, "gain": ones * 9}
    header = {
        "kind": "vae",
        "architecture": {
            "resolution": arch.resolution,
            "latent": arch.latent,
            "channels": list(arch.channels),
            "encoder_channels": list(arch.encoder_channels),
        },
        "training": {"images": 0},
        "ledger_sha256": None,
        "licence": {"weights": "CC0-1.0", "data": "none"},
    }
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    save_model(path, arrays | {f"latent.{name}": fact for name, fact in facts.items()}, header)
    return path


def tiny_mobile(path: Path) -> Path:
    """A student that was never taught: its pictures differ strongly from seed to seed."""
    torch.manual_seed(0)
    arch = Mobile(resolution=16, z_dim=8, latent=8, channels=[16, 16], layers=1)
    painter = Painter(arch)
    with torch.no_grad():
        painter.start.weight.mul_(6)
        for block in painter.block.values():
            block.rgb.weight.mul_(8)
    ones = np.ones(8, np.float32)
    facts = {"mean": ones * 0, "basis": np.eye(8, dtype=np.float32), "std": ones, "gain": ones * 9}
    header = {
        "kind": "mobile",
        "architecture": arch.model_dump(),
        "training": {"images": 0},
        "ledger_sha256": None,
        "licence": {"weights": "CC0-1.0", "data": "none"},
    }
    arrays = {name: tensor.numpy() for name, tensor in painter.state_dict().items()}
    save_model(path, arrays | {f"latent.{name}": fact for name, fact in facts.items()}, header)
    return path


TINY = {"vae": tiny_vae, "mobile": tiny_mobile, **tiny_converted.TINY}
"""{kind: what writes one}."""


def encoder_in(generator: ModelGenerator) -> Encode:
    """The encoder of the model file that a generator paints."""
    model = generator._config.model
    return opened(model, model.stat().st_mtime_ns, "cpu", generator.network)
