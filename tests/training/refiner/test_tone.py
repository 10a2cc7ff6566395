"""The gains that are found give samples the power that is wanted."""

from pathlib import Path

import numpy as np
import pytest
import torch

from installation.networks.refined import refiner_of
from installation.networks.refiner import STRONGEST
from installation.training.latent.models import OpenModel, open_model, shown_psi
from installation.training.refiner.tone import SAMPLES, fitted, power_of
from tests.tiny_models import tiny_vae
from tests.tiny_refiner import refined


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> OpenModel:
    return open_model(refined(tiny_vae(tmp_path_factory.mktemp("model") / "m.safetensors")))


@pytest.fixture(scope="module")
def own(model: OpenModel) -> np.ndarray:
    """The power of its samples as they are."""
    return np.array(power_of(model.pictures(model.latents(range(SAMPLES)), shown_psi(model))))


def test_what_has_the_wanted_power_stays_as_it_is(model: OpenModel, own: np.ndarray) -> None:
    tone = fitted(model, own.tolist()).arch.tone
    assert tone == pytest.approx([1.0] * len(tone), abs=0.08)


def test_a_quarter_of_the_power_is_half_as_strong(model: OpenModel, own: np.ndarray) -> None:
    tone = fitted(model, (own / 4).tolist()).arch.tone
    assert tone == pytest.approx([0.5] * len(tone), rel=0.08)


def test_four_times_the_power_is_twice_as_strong(model: OpenModel, own: np.ndarray) -> None:
    arch = fitted(model, (4 * own).tolist()).arch
    assert arch.tone[0] == 1.0, "the finest is not made stronger"
    assert arch.tone[2:] == pytest.approx([2.0] * len(arch.tone[2:]), rel=0.15)
    learnt = refiner_of(model.network)
    assert learnt is not None
    assert arch.channels == learnt.arch.channels


def test_no_gain_is_beyond_what_a_model_file_takes(model: OpenModel, own: np.ndarray) -> None:
    assert max(fitted(model, (400 * own).tolist()).arch.tone) <= STRONGEST


def test_no_pixel_of_a_block_is_brighter_than_its_neighbours_in_the_mean(tmp_path: Path, own: np.ndarray) -> None:
    model = open_model(refined(tiny_vae(tmp_path / "m.safetensors")))
    learnt = refiner_of(model.network)
    assert learnt is not None
    learnt.out.weight.mul_(0.01)
    learnt.out.bias.copy_(0.05 * torch.randn(12, generator=torch.Generator().manual_seed(0)))

    def apart() -> float:
        """Levels of 255 between the pixels of a block."""
        painted = model.pictures(model.latents(range(SAMPLES)), shown_psi(model)).astype(np.float64)
        means = [painted[:, y::2, x::2].mean((0, 1, 2)) for y in (0, 1) for x in (0, 1)]
        return float(np.ptp(means, axis=0).max())

    before = apart()
    learnt.out.bias -= fitted(model, own.tolist()).uneven
    assert apart() < 0.3 * before
