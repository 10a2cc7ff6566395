"""A refiner's last convolution paints no comb, and what it paints otherwise stays."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from installation.networks.refiner import Architecture, Conv, Refiner
from installation.training.refiner.even import even_out


@pytest.fixture
def last() -> Conv:
    torch.manual_seed(0)
    last = Refiner(Architecture(16, (8, 8))).out.requires_grad_(False)
    torch.nn.init.normal_(last.weight, std=0.1)
    torch.nn.init.normal_(last.bias)
    return last


def test_even_maps_make_no_pixel_of_a_block_brighter_and_the_mean_of_a_block_stays(last: Conv) -> None:
    flat = torch.randn(2, 8, 1, 1).expand(2, 8, 6, 6)
    rough = torch.randn(2, 8, 6, 6)
    means = [F.avg_pool2d(painted(last, x), 2) for x in (flat, rough)]
    assert apart(last(flat)) > 0.1
    even_out(last)
    assert apart(last(flat)) < 1e-6
    assert apart(last(rough)) > 0.1, "what is painted stays"
    for before, x in zip(means, (flat, rough), strict=True):
        torch.testing.assert_close(F.avg_pool2d(painted(last, x), 2), before)


@pytest.mark.parametrize("axis", [2, 3], ids=["down", "across"])
def test_maps_that_rise_evenly_make_pictures_that_do(last: Conv, axis: int) -> None:
    ramp = torch.arange(12.0).view((1, 1, 12, 1) if axis == 2 else (1, 1, 1, 12))
    rising = (torch.randn(2, 8, 1, 1) * ramp).expand(2, 8, 12, 12)
    assert bent(last, rising, axis) > 0.1
    even_out(last)
    assert bent(last, rising, axis) < 1e-4
    assert painted(last, rising).diff(dim=axis)[..., 4:-4, 4:-4].abs().mean() > 0.05, "it still rises"


def test_what_is_even_stays_as_it_is(last: Conv) -> None:
    even_out(last)
    before = last.weight.clone(), last.bias.clone()
    even_out(last)
    torch.testing.assert_close((last.weight, last.bias), before)


def painted(last: Conv, maps: Tensor) -> Tensor:
    return F.pixel_shuffle(last(maps), 2)


def bent(last: Conv, maps: Tensor, axis: int) -> float:
    """How far the means of rows, or columns, are from rising evenly, away from the border."""
    lines = painted(last, maps).mean(5 - axis)[..., 4:-4]
    return float(lines.diff(n=2, dim=-1).abs().max())


def apart(shuffled: Tensor) -> float:
    """The largest difference of two pixels of a block."""
    blocks = shuffled.unflatten(1, (3, 4))
    return float((blocks.amax(2) - blocks.amin(2)).max())
