"""The gains that are found give samples the power that is wanted."""

import math

import numpy as np
import pytest

from installation.networks.refined import refiners_of
from installation.networks.refiner import STRONGEST
from installation.training.latent.models import OpenModel, open_model, shown_psi
from installation.training.refiner.tone import FINEST, SAMPLES, fitted, power_of
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
    assert arch.tone[0] == pytest.approx(math.exp(FINEST), abs=1e-3), "the finest is hardly made stronger"
    assert arch.tone[2:] == pytest.approx([2.0] * len(arch.tone[2:]), rel=0.15)
    [learnt] = refiners_of(model.network)
    assert arch.channels == learnt.arch.channels


def test_no_gain_is_beyond_what_a_model_file_takes(model: OpenModel, own: np.ndarray) -> None:
    assert max(fitted(model, (400 * own).tolist()).tone) <= STRONGEST
