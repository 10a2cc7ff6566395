"""Walks: a contract over every file, a loop that closes, a pace that looks even."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from generators.plasma import Config as PlasmaConfig
from installation.core import parts
from installation.core.contracts import Generator, Paced, Walk, WalkConfig
from installation.walks._path import closed_curve, finished, invert
from installation.walks.loop import Config as LoopConfig
from installation.walks.wander import Config as WanderConfig

MONTHS = 90 * 86400.0


@pytest.fixture(scope="module")
def generator() -> Generator:
    """With a curator's favourites, as the gallery goes through these."""
    made = PlasmaConfig(width=64, height=64).open("cpu")
    made.space = replace(made.space, favourites=np.stack([made.latent(1), made.latent(2)]), names=("one", "two"))
    return made


@pytest.fixture(params=parts.kinds("walk"))
def config(request: pytest.FixtureRequest) -> WalkConfig:
    made: WalkConfig = parts.config("walk", request.param)(kind=request.param)
    return made


def test_a_walk_is_a_function_of_time(config: WalkConfig, generator: Generator) -> None:
    one, two = config.open(generator, 5), config.open(generator, 5)
    later = one.at(1000.0, {})
    for t in (0.0, 12.5, MONTHS):
        np.testing.assert_array_equal(one.at(t, {}), two.at(t, {}))
    np.testing.assert_array_equal(one.at(1000.0, {}), later)
    assert later.dtype == np.float32
    assert later.shape == generator.latent(0).shape


def test_no_hand_waits_for_a_walk_to_paint(config: WalkConfig, generator: Generator) -> None:
    walk = config.open(Silent(generator), 5)
    for frame in range(100 * 30):
        walk.at(frame / 30, {})


def test_a_walk_is_smooth(config: WalkConfig, generator: Generator) -> None:
    walk = config.open(generator, 5)
    for t in np.linspace(0.0, 200.0, 400):
        step = np.abs(walk.at(t + 1 / 30, {}) - walk.at(t, {})).max()
        assert step < 0.25


def test_every_walk_has_the_speed_control(config: WalkConfig) -> None:
    assert "/walk/speed" in {control.address for control in config.controls()}


def unevenness(walk: Walk, generator: Generator, seconds: float) -> float:
    """Coefficient of variation of the pixel change in equal times (0 is perfectly even)."""
    pictures = [generator.paint(walk.at(t, {}), {}).astype(np.float32) for t in np.arange(0.0, seconds, seconds / 160)]
    change = np.array([np.abs(b - a).mean() for a, b in itertools.pairwise(pictures)])
    return float(change.std() / change.mean())


def test_a_loop_closes_and_meets_its_seeds(generator: Generator) -> None:
    walk = LoopConfig(seeds=(1, 2, 3), period=30.0).open(generator, 0)
    np.testing.assert_allclose(walk.at(0.0, {}), generator.latent(1), atol=1e-4)
    np.testing.assert_allclose(walk.at(29.9999, {}), walk.at(0.0, {}), atol=1e-2)
    np.testing.assert_allclose(walk.at(31.0, {}), walk.at(1.0, {}), atol=1e-4)


def test_a_loop_looks_even(generator: Generator) -> None:
    config = LoopConfig(seeds=(1, 2, 3), period=30.0)
    walk = config.open(generator, 0)
    estimated = unevenness(walk, generator, 30.0)
    walk.take(finished(walk.measure(generator)))
    walk.at(31.0, {})
    even = unevenness(walk, generator, 30.0)
    walk.pace = walk.shares  # the same loop, not paced
    assert even < 0.12
    assert even < 0.5 * estimated
    assert estimated < unevenness(walk, generator, 30.0)


def test_a_loop_takes_a_newer_pace_where_a_lap_begins(generator: Generator) -> None:
    walk = LoopConfig(seeds=(1, 2, 3), period=30.0).open(generator, 0)
    before = walk.at(10.0, {})
    walk.take(finished(walk.measure(generator)))
    np.testing.assert_array_equal(walk.at(10.0, {}), before)
    assert np.abs(walk.at(40.0, {}) - before).max() > 1e-3


def test_a_wander_looks_even(generator: Generator) -> None:
    walk = WanderConfig(pace=10.0).open(generator, 3)
    walk.take(finished(walk.measure(generator)))
    for number in range(120 * 10):  # as a painter does: the second stretch is looked at meanwhile
        walk.at(number / 10, {})
        walk.look_ahead()
        if number == 599:
            first, second = dict(walk.paces)[0], dict(walk.paces)[1]
    walk.paces = {0: first, 1: second}
    even = unevenness(walk, generator, 120.0)
    walk.at = lambda t, controls: walk.latent(t)  # type: ignore[method-assign]  # the same way, not paced
    assert even < 0.2
    assert even < 0.6 * unevenness(walk, generator, 120.0)


def test_opening_a_walk_paints_nothing(config: WalkConfig, generator: Generator) -> None:
    """And what was measured once is known by what decides it."""
    silent = Silent(generator)
    walk = config.open(silent, 5)
    walk.at(3.0, {})
    if not isinstance(walk, Paced):
        return  # as one that goes where it is sent
    assert not walk.measured
    pace = finished(walk.measure(generator))
    silent.space = replace(generator.space, paces={walk.pace_name: pace})
    again = config.open(silent, 5)
    assert isinstance(again, Paced)
    assert again.measured
    walk.take(pace)
    assert walk.measured


class Silent(Generator):
    """In the space of another generator; it does not paint."""

    def __init__(self, other: Generator) -> None:
        self.other, self.space = other, other.space

    def latent(self, seed: int) -> NDArray[np.float32]:
        return self.other.latent(seed)

    def paint(self, latent: object, controls: object) -> NDArray[np.uint8]:
        raise AssertionError("a piece must not wait for its walk to paint")


def test_a_wander_looks_ahead(generator: Generator) -> None:
    """A stretch is measured before it begins, so that walking into it paints nothing; nor does a leap in time."""
    walk = WanderConfig().open(generator, 3)
    for number in range(45 * 30):
        walk.at(number / 30, {})
        walk.look_ahead()
    ahead = walk.paces[1]
    walk.at(60.1, {})
    assert walk.paces[1] is ahead
    leapt, other = (WanderConfig().open(Silent(generator), 3) for _ in range(2))
    np.testing.assert_array_equal(leapt.at(60.1, {}), other.at(60.1, {}))
    assert np.abs(leapt.at(60.1, {}) - walk.at(60.1, {})).max() < 1.0


def test_a_wander_keeps_its_pace(generator: Generator) -> None:
    walk = WanderConfig(pace=10.0).open(generator, 3)
    pictures = [generator.paint(walk.at(t, {}), {}).astype(np.float32) for t in np.arange(0.0, 300.0, 0.1)]
    change = np.mean([np.abs(b - a).mean() for a, b in itertools.pairwise(pictures)]) / 0.1
    assert 5.0 < change < 20.0


@given(st.integers(2, 12), st.floats(-10, 10))
def test_a_closed_curve_is_seamless(count: int, u: float) -> None:
    points = np.random.default_rng(count).standard_normal((count, 4)).astype(np.float32)
    curve = closed_curve(points)
    np.testing.assert_allclose(curve(u), curve(u + 1.0), atol=1e-2)
    np.testing.assert_allclose(curve(0.0), points[0], atol=1e-5)
    np.testing.assert_allclose(curve(-1e-6), curve(1e-6), atol=1e-3)


@settings(max_examples=50)
@given(st.lists(st.floats(0, 100), min_size=2, max_size=64))
def test_a_pace_rises_from_nought_to_one(change: list[float]) -> None:
    pace: NDArray[np.float64] = invert(np.array(change))
    assert pace[0] == 0.0
    assert pace[-1] == pytest.approx(1.0)
    assert (np.diff(pace) >= 0).all()
