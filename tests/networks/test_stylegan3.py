"""A StyleGAN3 of the published configuration is painted as the paper's steps paint it."""

import numpy as np
import pytest

from benchmarks import stylegan3
from benchmarks.stylegan3 import Plain, default, random_tensors
from installation.networks import resampling, winograd
from installation.networks.runtime import Eager
from installation.networks.stylegan3 import Network


@pytest.mark.parametrize("resolution", [32, 64])
def test_it_is_painted_as_step_by_step(resolution: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """With layers in parts, and with Winograd's convolutions where they are large enough."""
    monkeypatch.setattr(stylegan3, "WIDEST", 24)
    monkeypatch.setattr(winograd, "FEWEST", 24)
    monkeypatch.setattr(resampling, "AT_ONCE", 60_000)
    arch = default(resolution)
    tensors = random_tensors(arch)
    network = Network(arch, tensors)
    assert any(layer.quick is not None for layer in network.layers.values())
    z = np.random.default_rng(0).standard_normal(network.z_dim).astype(np.float32)
    w = network.mapping(z[None])
    plain = Plain(network, tensors).paint(w[0])
    ours = Eager(network.synthesis, w).paint(w[0])
    assert plain.shape == ours.shape == (resolution, resolution, 3)
    assert plain.std() > 20
    assert np.abs(plain.astype(int) - ours.astype(int)).max() <= 1
