"""A snapshot of Projected GAN is read without its program, and painted as its layers paint."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from installation.networks.model_generator import rebuild
from installation.training.convert.containers import read
from installation.training.convert.run import recognised
from tests.training.projected_gan import snapshot, trained


@pytest.mark.parametrize(("lite", "protocol"), [(False, 4), (True, 4), (False, 2), (True, 5)])
def test_a_snapshot_paints_what_its_modules_paint(lite: bool, protocol: int, tmp_path: Path) -> None:
    generator, path = trained(lite), tmp_path / "network-snapshot.pkl"
    path.write_bytes(snapshot(generator, protocol))
    made = recognised(read(path), str(path), None)
    assert "pg_modules" not in sys.modules
    assert made.family == "FastGAN of Projected GAN"
    assert made.told == {"training_set_kwargs": {"path": "faces.zip"}}
    network = rebuild({"kind": made.kind, "architecture": made.architecture}, made.tensors, "cpu", path)
    z = np.random.default_rng(0).standard_normal((2, 12)).astype(np.float32)
    with torch.inference_mode():
        wanted = generator.synthesis(torch.from_numpy(z)).numpy()
    assert wanted.std() > 0.01
    np.testing.assert_allclose(network.synthesis(network.mapping(z)).numpy(), wanted, atol=1e-5)
