"""What a network draws over everything is found again, and drawn alike."""

import math
from pathlib import Path

import pytest
import torch
from torch import Tensor

from installation.training.latent.models import open_model
from installation.training.refiner.network import MEASURED, Degraded, source
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.texture import LOWEST, Texture, measured
from tests import tiny_gan

SIDE, COUNT = 32, 400
WAVE, HIGH = 8, 0.3
"""Waves across a picture of a lattice, and its amplitude."""


def clouds(chance: torch.Generator, count: int = COUNT) -> Tensor:
    """Large shapes and a little noise, as pictures are."""
    large = torch.nn.functional.interpolate(torch.randn(count, 3, 4, 4, generator=chance), (SIDE, SIDE), mode="bicubic")
    return 0.3 * large + 0.02 * torch.randn(count, 3, SIDE, SIDE, generator=chance)


def lattices(chance: torch.Generator, count: int = COUNT) -> Tensor:
    """Grey waves down, each at a place of its own."""
    phase = 2 * math.pi * torch.rand(count, 1, 1, 1, generator=chance)
    return (HIGH * torch.sin(2 * math.pi * WAVE * torch.arange(SIDE)[:, None] / SIDE + phase)).expand(-1, 3, -1, SIDE)


@pytest.fixture(scope="module")
def texture() -> Texture:
    """Of lattices, and of one cross that is in every picture."""
    chance = torch.Generator().manual_seed(0)
    cross = torch.zeros(3, SIDE, SIDE)
    cross[0, 16, :] = 0.2
    return measured(clouds(chance) + lattices(chance) + cross, clouds(chance))


def test_what_a_network_paints_is_looked_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As a wide one takes minutes for it, and with a bar."""
    model, painted = open_model(tiny_gan.written(tmp_path / "m.safetensors")), []
    synthesis = model.network.synthesis
    model.network.synthesis = lambda some: (painted.append(len(some)), synthesis(some))[1]
    soft = Degraded(source(model, torch.device("cpu"), torch.zeros(4, 3, 16, 16)), Recipe())
    soft.learn(torch.zeros(4, soft.side, soft.side, 3, dtype=torch.uint8))
    assert sum(painted) == 1 + MEASURED
    assert soft.texture is not None
    assert soft.source.own is None  # hundreds of megabytes, let go of
    assert f"/{MEASURED} [" in capsys.readouterr().err


def test_what_is_in_every_sample_is_the_pattern(texture: Texture) -> None:
    assert texture.pattern[0, 16].mean() == pytest.approx(0.2 * 0.85, abs=0.05)
    assert texture.pattern[0, 4].abs().mean() < 0.03
    assert texture.pattern[1].abs().mean() < 0.03


def test_the_weave_has_the_power_that_pictures_do_not_have_where_they_do_not(texture: Texture) -> None:
    assert texture.weave[1].argmax().item() in (WAVE * SIDE, (SIDE - WAVE) * SIDE)
    assert texture.weave.square().mean((1, 2)).tolist() == pytest.approx([HIGH**2 / 2] * 3, rel=0.15)
    assert texture.grey > 0.9
    frequencies = torch.fft.fftfreq(SIDE)
    assert not texture.weave[:, torch.hypot(frequencies[:, None], frequencies) < LOWEST].any()


def test_what_is_drawn_has_that_power(texture: Texture) -> None:
    drawn = texture.drawn(COUNT, torch.Generator().manual_seed(1)) - texture.pattern
    assert drawn.shape == (COUNT, 3, SIDE, SIDE)
    again = measured(drawn + clouds(torch.Generator().manual_seed(2)), clouds(torch.Generator().manual_seed(3)))
    assert again.weave[1].argmax().item() in (WAVE * SIDE, (SIDE - WAVE) * SIDE)
    assert 0.3 < again.weave.square().mean() / texture.weave.square().mean() < 1.2


def test_pictures_without_a_texture_have_none() -> None:
    chance = torch.Generator().manual_seed(0)
    none = measured(clouds(chance), clouds(chance))
    assert none.weave.square().mean().sqrt() < 0.02
    assert none.pattern.abs().mean() < 0.02
