"""What a network draws over everything is found and taken away, and what pictures have stays."""

import math

import pytest
import torch
from torch import Tensor

from installation.networks.refiner import NOTCH
from installation.training.evaluation.surface import peaks
from installation.training.refiner.cleaning import MOST, SMALLEST, cleaning, notches
from installation.training.refiner.soft import Cleaning, blurred

SIDE, COUNT = 64, 128
WAVES = ((0, 20), (14, -18))
"""Down and across a picture: of two lattices."""


def clouds(seed: int, count: int = COUNT) -> Tensor:
    """Large shapes, smaller ones and noise, as pictures are."""
    chance = torch.Generator().manual_seed(seed)
    sizes = ((4, 0.3), (16, 0.1), (SIDE, 0.03))
    parts = [strength * torch.randn(count, 1, side, side, generator=chance) for side, strength in sizes]
    whole = [torch.nn.functional.interpolate(part, (SIDE, SIDE), mode="bicubic") for part in parts]
    return sum(whole, torch.zeros(())).expand(-1, 3, -1, -1)


def lattices(seed: int, high: float = 0.1, count: int = COUNT) -> Tensor:
    """Grey waves, each at a place of its own, and in each picture stronger or fainter."""
    chance, at = torch.Generator().manual_seed(seed), torch.arange(SIDE) / SIDE
    whole = torch.zeros(count, 1, SIDE, SIDE)
    for down, across in WAVES:
        place, share = torch.rand(2, count, 1, 1, 1, generator=chance)
        turns = down * at[:, None] + across * at + place
        whole = whole + high * share * torch.sin(2 * math.pi * turns)
    return whole.expand(-1, 3, -1, -1)


def narrow(pictures: Tensor) -> float:
    """The strongest narrow peak, of half of the pictures."""
    levels = (pictures.clamp(-1, 1) * 127.5 + 127.5).round().byte().movedim(1, -1)
    return float(torch.from_numpy(peaks(levels.numpy())).median())


def test_lattices_are_taken_away_and_pictures_stay() -> None:
    found = notches(clouds(0) + lattices(1), clouds(2))
    assert found.shape[0] == 2
    assert 2 <= found.shape[1] <= MOST
    assert found.shape[2] == NOTCH
    cleaner = cleaning(clouds(0) + lattices(1), clouds(2))
    plain, drawn = clouds(3), lattices(4)
    inside = (..., slice(8, -8), slice(8, -8))  # a wave ends at the border
    left = cleaner.of(plain + drawn) - cleaner.of(plain)
    assert left[inside].square().mean() < 0.2 * drawn[inside].square().mean()
    changed = cleaner.of(plain) - plain
    assert changed.square().mean() < 0.02 * (plain - plain.mean((2, 3), keepdim=True)).square().mean()
    assert narrow(plain) <= narrow(cleaner.of(plain + drawn)) * 1.2
    assert narrow(cleaner.of(plain + drawn)) < 0.3 * narrow(plain + drawn)


def test_as_many_samples_and_pictures_are_not_needed() -> None:
    found = notches(clouds(0, 60) + lattices(1, count=60), clouds(2, 90))
    assert found.shape[1] >= 2


def test_where_there_is_no_lattice_nothing_is_taken_away() -> None:
    none = notches(clouds(0), clouds(1))
    assert none.shape == (2, 0, NOTCH)
    plain = clouds(2)
    torch.testing.assert_close(Cleaning(torch.zeros(3, SIDE, SIDE), none).of(plain), plain)


def test_pictures_as_soft_as_they_like_have_no_lattice() -> None:
    """A network's pictures are softer than real ones, which is no narrow band."""
    assert notches(blurred(clouds(0), torch.full((COUNT,), 0.8)), clouds(1)).shape[1] == 0


@pytest.mark.parametrize("side", [16, SMALLEST // 2])
def test_small_pictures_have_no_notches(side: int) -> None:
    small = torch.randn(8, 3, side, side, generator=torch.Generator().manual_seed(0))
    assert notches(small, small).shape == (2, 0, NOTCH)
