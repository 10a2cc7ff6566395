"""Features are enlarged, filtered and reduced as the papers define it, in whichever way that is done."""

from collections.abc import Sequence

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from installation.networks import resampling
from installation.networks.resampling import Resampling, prepared, resample

LINE = torch.tensor([1.0, 3.0, 4.0, 2.0, 1.0, 0.5]) / 11.5
PLANE = torch.rand(5, 4, generator=torch.Generator().manual_seed(0)) / 10


def features(height: int = 9, width: int = 7, count: int = 2, channels: int = 3) -> Tensor:
    return torch.randn(count, channels, height, width, generator=torch.Generator().manual_seed(1))


def plainly(x: Tensor, taps: Tensor | None, up: int, down: int, pad: Sequence[int]) -> Tensor:
    """Step by step, in float64: zeros, padding or cropping, every place of the filter, every ``down``-th pixel."""
    n, c, height, width = x.shape
    spread = torch.zeros(n, c, height * up, width * up, dtype=torch.float64)
    spread[:, :, ::up, ::up] = x.double()
    whole = F.pad(spread, list(pad))
    if taps is not None:
        taps = taps.double()
        plane = torch.outer(taps, taps) if taps.ndim == 1 else taps
        whole = F.conv2d(whole, plane.expand(c, 1, -1, -1), groups=c)
    return whole[:, :, ::down, ::down]


@pytest.mark.parametrize("taps", [None, LINE, PLANE], ids=["no filter", "a line", "a plane"])
@pytest.mark.parametrize("up", [1, 2, 4])
@pytest.mark.parametrize("down", [1, 2])
@pytest.mark.parametrize("pad", [(0, 0, 0, 0), (3, 2, 4, 1), (-3, 5, 2, -1), (9, 0, -2, 11)])
def test_it_is_what_it_is_step_by_step(taps: Tensor | None, up: int, down: int, pad: Sequence[int]) -> None:
    x = features()
    made = resample(x, taps, up=up, down=down, pad=pad)
    torch.testing.assert_close(made.double(), plainly(x, taps, up, down, pad), atol=2e-5, rtol=1e-5)


def test_a_filter_is_turned_round_and_divided() -> None:
    torch.testing.assert_close(prepared(LINE), LINE.flip(0))
    torch.testing.assert_close(prepared(torch.outer(LINE, LINE)), LINE.flip(0))
    torch.testing.assert_close(prepared(PLANE, 4.0), 4 * PLANE.flip(0, 1))


@pytest.mark.parametrize("enlarging", [None, LINE, PLANE], ids=["enlarged by no filter", "by a line", "by a plane"])
@pytest.mark.parametrize("reducing", [None, LINE, PLANE], ids=["reduced by no filter", "by a line", "by a plane"])
@pytest.mark.parametrize(("up", "down"), [(1, 1), (2, 2), (4, 2), (2, 1)])
@pytest.mark.parametrize("pad", [(3, 2, 4, 1), (-3, 5, 2, -1), (9, 0, 8, 11)])
@torch.inference_mode()
def test_part_by_part_it_is_the_same(
    enlarging: Tensor | None,
    reducing: Tensor | None,
    up: int,
    down: int,
    pad: Sequence[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resampling, "CHANNELS", 2)
    monkeypatch.setattr(resampling, "AT_ONCE", 1)
    monkeypatch.setattr(resampling, "LEAST", 3)
    x, around = features(34, 12), Resampling(enlarging, up, pad, reducing, down)
    whole = resample(bent(resample(x, enlarging, up=up, pad=pad)), reducing, down=down)
    made = around.around(bent, x.clone())
    assert made.shape == whole.shape == (*x.shape[:2], around.size(34, 0), around.size(12, 1))
    torch.testing.assert_close(made, whole, atol=1e-6, rtol=1e-6)


def test_it_can_be_differentiated() -> None:
    x = features().requires_grad_()
    made = Resampling(LINE, 2, (3, 2, 4, 1), LINE, 2).around(bent, x)
    (gradient,) = torch.autograd.grad(made.square().sum(), x)
    assert gradient.count_nonzero() > 0.9 * gradient.numel()


def bent(x: Tensor) -> Tensor:
    return F.leaky_relu(x, 0.2).clamp(-2, 2)
