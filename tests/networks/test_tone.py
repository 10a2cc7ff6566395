"""Bands are the whole picture, and each gain moves detail of its own size."""

import pytest
import torch

from installation.networks.tone import LUMA, bands, contrast, regraded, toned

MIDDLE = torch.tensor([0.1, 0.0, -0.2])[:, None, None]


def waves(length: float) -> torch.Tensor:
    """(1, 3, 64, 64): waves so many pixels long, across."""
    return torch.sin(2 * torch.pi * torch.arange(64) / length).expand(1, 3, 64, 64)


def test_the_bands_of_a_picture_are_the_picture() -> None:
    picture = torch.rand(2, 3, 64, 64)
    parts = bands(picture, 3)
    assert len(parts) == 5
    torch.testing.assert_close(torch.stack(parts).sum(0), picture)


def test_gains_are_those_of_the_bands() -> None:
    picture, gains = torch.rand(2, 3, 64, 64), (0.5, 1.5, 2.0, 1.2, 0.9)
    parts = bands(picture, 3)
    parts[-1] = parts[-1] - MIDDLE
    wanted = sum(gain * part for gain, part in zip(gains, parts, strict=True))
    torch.testing.assert_close(toned(picture, gains, MIDDLE), wanted + MIDDLE)
    torch.testing.assert_close(toned(picture, (1.0,) * 5, MIDDLE), picture)


@pytest.mark.parametrize(("length", "band"), [(2.2, 0), (4.0, 1), (8.0, 2), (16.0, 3), (64.0, 4)])
def test_detail_of_each_size_is_in_its_own_band(length: float, band: int) -> None:
    strengths = [float(part[..., 16:48].std()) for part in bands(waves(length), 3)]
    assert max(strengths) == strengths[band]


def test_one_colour_moves_away_from_the_middle_alone() -> None:
    flat = MIDDLE + torch.full((1, 3, 32, 32), 0.2)
    louder = toned(flat, (0.3, 1.0, 2.0, 1.5), MIDDLE)
    torch.testing.assert_close(louder - MIDDLE, torch.full((1, 3, 32, 32), 0.3))


def test_contrast_is_the_deviation_of_the_brightness_within_a_block() -> None:
    picture = torch.zeros(1, 3, 16, 16)
    picture[:, 1, :8, :8] = torch.tensor([0.2, -0.2]).repeat(4)  # green stripes in the first of four blocks
    around = contrast(picture + 0.3)
    assert around.shape == (1, 1, 16, 16)
    assert float(around[0, 0, 0, 0]) == pytest.approx(0.2 * LUMA[1])
    assert float(around[0, 0, 15, 15]) == pytest.approx(0, abs=1e-6)


def test_light_is_added_in_soft_cells() -> None:
    light = torch.zeros(3, 4, 4)
    light[0, 1, 1] = 0.5
    added = regraded(torch.zeros(1, 3, 32, 32), torch.zeros(3, 3), light, 8)
    assert added.shape == (1, 3, 32, 32)
    assert float(added[0, 1:].abs().max()) == 0
    assert float(added[0, 0].mean()) == pytest.approx(0.5 / 16, rel=0.05)
    steps = added[0, 0].diff(dim=1).abs()
    assert float(steps.max()) < 0.1, "no edge of a cell is seen"
