"""Snapshots of Projected GAN are read without its program, and painted as their layers paint.

In snapshots/ lie two, pickled with whole modules (protocols 4 and 2) by a small implementation of the published layers
of FastGAN and FastGAN-lite, in classes named as the program's and with constant noise, and what it painted: ``z`` and
``pictures`` (-1..1, every fourth pixel).
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from installation.networks.model_generator import rebuild
from installation.training.convert.containers import read
from installation.training.convert.run import recognised

SNAPSHOTS = sorted((Path(__file__).resolve().parent / "snapshots").glob("*.pkl"))


@pytest.mark.parametrize("path", SNAPSHOTS, ids=lambda path: path.stem)
def test_a_snapshot_paints_what_its_modules_paint(path: Path) -> None:
    made, expected = recognised(read(path), str(path), None), np.load(path.with_suffix(".expected.npz"))
    assert "pg_modules" not in sys.modules
    assert made.family == "FastGAN of Projected GAN"
    assert made.told == {"training_set_kwargs": {"path": "faces.zip"}}
    network = rebuild({"kind": made.kind, "architecture": made.architecture}, made.tensors, "cpu", path)
    assert expected["pictures"].std() > 0.01
    pictures = network.synthesis(network.mapping(expected["z"])).numpy()[:, :, 3::4, 2::4]
    np.testing.assert_allclose(pictures, expected["pictures"], atol=1e-5)
