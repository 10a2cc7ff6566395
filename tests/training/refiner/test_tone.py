"""The gains that are found give samples the power that is wanted."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from installation.networks.refined import refiners_of
from installation.networks.refiner import STRONGEST, Architecture, Refiner
from installation.training.latent.models import OpenModel, open_model, shown_psi
from installation.training.refiner.export import even
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
    tone = fitted(model, own.tolist()).tone
    assert tone == pytest.approx([1.0] * len(tone), abs=0.08)


def test_a_quarter_of_the_power_is_half_as_strong(model: OpenModel, own: np.ndarray) -> None:
    tone = fitted(model, (own / 4).tolist()).tone
    assert tone == pytest.approx([0.5] * len(tone), rel=0.08)


def test_four_times_the_power_is_twice_as_strong(model: OpenModel, own: np.ndarray) -> None:
    arch = fitted(model, (4 * own).tolist())
    assert arch.tone[0] == 1.0, "the finest is not made stronger"
    assert arch.tone[2:] == pytest.approx([2.0] * len(arch.tone[2:]), rel=0.15)
    [learnt] = refiners_of(model.network)
    assert arch.channels == learnt.arch.channels


def test_no_gain_is_beyond_what_a_model_file_takes(model: OpenModel, own: np.ndarray) -> None:
    assert max(fitted(model, (400 * own).tolist()).tone) <= STRONGEST


@torch.no_grad()
def test_even_maps_make_no_pixel_of_a_block_brighter_and_the_mean_of_a_block_stays() -> None:
    torch.manual_seed(0)
    last = Refiner(Architecture(16, (8, 8))).out
    torch.nn.init.normal_(last.bias)
    flat = torch.randn(2, 8, 1, 1).expand(2, 8, 6, 6)
    rough = torch.randn(2, 8, 6, 6)
    means = [F.avg_pool2d(F.pixel_shuffle(last(x), 2), 2) for x in (flat, rough)]
    assert apart(last(flat)) > 0.1
    even(last)
    assert apart(last(flat)) < 1e-6
    assert apart(last(rough)) > 0.1, "what is painted stays"
    for before, x in zip(means, (flat, rough), strict=True):
        torch.testing.assert_close(F.avg_pool2d(F.pixel_shuffle(last(x), 2), 2), before)


def apart(shuffled: torch.Tensor) -> float:
    """The largest difference of two pixels of a block."""
    blocks = shuffled.unflatten(1, (3, 4))
    return float((blocks.amax(2) - blocks.amin(2)).max())
