"""What samples have in common is found, and taken away or made that of real pictures by the export."""

from pathlib import Path

import numpy as np
import pytest
import torch

from installation.networks.model_file import amend_model, group_of
from installation.networks.refiner import MEASURED
from installation.training.evaluation.surface import from_face
from installation.training.latent.models import OpenModel, open_model, shown_psi
from installation.training.refiner.export import finished
from installation.training.refiner.in_common import blurred, light_of, outside, samples_of
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
    tensors = {name: each for name, each in tensors.items() if name not in MEASURED}
    arch = {**told["architecture"], "unlock": False, "grade": False}
    amend_model(path, "refiner", tensors, {**told, "architecture": arch})
    return open_model(path)


def test_a_thread_is_found_where_it_is(model: OpenModel) -> None:
    share = samples_of(model).locked
    assert share.shape == (3, 32, 32)
    columns = share.mean((0, 1))
    assert int(columns.argmax()) in (THREAD, THREAD + 1)
    assert float(columns.max()) > 1.3 * float(columns.abs().sort().values[-6])


def test_an_export_takes_away_what_is_locked(model: OpenModel) -> None:
    before = thread_of(model)
    header = finished(model, None, model.path)
    assert header["refiner"]["architecture"]["unlock"] is True
    assert abs(thread_of(open_model(model.path))) < 0.3 * before


def thread_of(model: OpenModel) -> float:
    """How many levels the thread stands above what is beside it, in the mean of many pictures."""
    pictures = model.levels(model.latents(range(512)), shown_psi(model))
    return float((pictures - blurred(pictures))[..., THREAD : THREAD + 2].mean())


def test_an_export_makes_large_light_and_colour_those_of_real_pictures(model: OpenModel) -> None:
    chance = np.random.default_rng(0)
    small = chance.normal((150, 110, 60), (20, 30, 12), (400, 4, 4, 3)) + np.linspace(-40, 40, 4)[:, None, None]
    real = light_of(small.clip(0, 255).astype(np.uint8).repeat(8, 1).repeat(8, 2))
    before = samples_of(model).light
    header = finished(model, real.facts(), model.path)
    assert header["refiner"]["architecture"]["grade"] is True
    after = samples_of(open_model(model.path)).light
    assert before
    assert after
    for name in ("mean", "colours"):
        off = [float((getattr(one, name) - getattr(real, name)).abs().mean()) for one in (before, after)]
        assert off[1] < 0.35 * off[0], name


def test_the_light_of_pictures_is_that_of_their_mirror_images_too() -> None:
    pictures = np.zeros((3, 32, 32, 3), np.uint8)
    pictures[:, :, 16:] = 255
    light = light_of(pictures)
    torch.testing.assert_close(light.mean, torch.zeros(3, 16, 16, dtype=torch.float64))
    torch.testing.assert_close(light.colours, torch.ones(3, 3, dtype=torch.float64))


def test_a_face_keeps_what_faces_have_in_common() -> None:
    kept, distance = outside(64), torch.from_numpy(from_face(64))
    assert float(kept[distance < 0.85].max()) == 0
    assert float(kept[distance > 1].min()) == 1


def test_a_gaussian_leaves_what_is_large() -> None:
    across = torch.linspace(-1, 1, 64).expand(1, 3, 64, 64)
    fine = across + 0.2 * torch.tensor([1.0, -1.0]).repeat(32)
    torch.testing.assert_close(blurred(fine)[..., 16:48], across[..., 16:48], atol=0.02, rtol=0)
