"""What is put at the same place in every picture is found, and taken away by the export."""

from pathlib import Path

import numpy as np
import pytest
import torch

from installation.networks.model_file import amend_model, group_of
from installation.training.evaluation.surface import from_face
from installation.training.latent.models import OpenModel, open_model, shown_psi
from installation.training.refiner.export import unlocked
from installation.training.refiner.locked import blurred, locked, outside
from tests import tiny_gan
from tests.tiny_refiner import refined

THREAD = 12
"""The column, and the one behind it, that is brighter in each picture."""


@pytest.fixture
def model(tmp_path: Path) -> OpenModel:
    """A model whose refiner does no more than enlarge, with the thread in what is taken from it before."""
    path = refined(tiny_gan.written(tmp_path / "m.safetensors"))
    opened = open_model(path)
    told, tensors = opened.header["refiner"], group_of(opened.tensors, "refiner")
    tensors = {name: np.zeros_like(each) if name.startswith("out.") else each for name, each in tensors.items()}
    tensors["pattern"][:] = 0
    tensors["pattern"][:, :, THREAD // 2] = -0.6
    del tensors["locked"]
    amend_model(path, "refiner", tensors, {**told, "architecture": {**told["architecture"], "unlock": False}})
    return open_model(path)


def test_a_thread_is_found_where_it_is(model: OpenModel) -> None:
    share = locked(model)
    assert share.shape == (3, 32, 32)
    columns = share.mean((0, 1))
    assert int(columns.argmax()) in (THREAD, THREAD + 1)
    assert float(columns.max()) > 1.3 * float(columns.abs().sort().values[-6])


def test_an_export_takes_away_what_is_locked(model: OpenModel) -> None:
    before = thread_of(model)
    header = unlocked(model)
    assert header["refiner"]["architecture"]["unlock"] is True
    assert abs(thread_of(open_model(model.path))) < 0.3 * before


def thread_of(model: OpenModel) -> float:
    """How many levels the thread stands above what is beside it, in the mean of many pictures."""
    pictures = model.levels(model.latents(range(512)), shown_psi(model))
    return float((pictures - blurred(pictures))[..., THREAD : THREAD + 2].mean())


def test_a_face_keeps_what_faces_have_in_common() -> None:
    kept, distance = outside(64), torch.from_numpy(from_face(64))
    assert float(kept[distance < 0.85].max()) == 0
    assert float(kept[distance > 1].min()) == 1


def test_a_gaussian_leaves_what_is_large() -> None:
    across = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    fine = across + 0.2 * torch.tensor([1.0, -1.0]).repeat(32)
    torch.testing.assert_close(blurred(fine)[..., 16:48], across[..., 16:48], atol=0.02, rtol=0)
