"""What a curator blocked is never painted, and the way around it is smooth, whoever walks."""

import itertools
import timeit
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from generators.stylegan2 import Config, StyleGAN2
from installation.core.contracts import Space
from installation.networks.avoid import REACH, Avoidance
from installation.networks.model_file import amend_model
from installation.training.latent.models import open_model
from installation.walks._path import finished
from installation.walks.loop import Config as Loop
from tests.tiny_gan import written

Floats = NDArray[np.float32]


def space(blocked: Floats, radii: Floats) -> Space:
    dim = blocked.shape[1]
    ones = np.ones(dim, np.float32)
    return Space(ones * 0.5, np.eye(dim, dtype=np.float32), ones, ones, "test", blocked=blocked, radii=radii)


@st.composite
def balls(draw: st.DrawFn) -> tuple[Floats, Floats, np.random.Generator]:
    """Middles and radii of up to 64 balls in 2 to 32 dimensions, many of them overlapping."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count, dim = draw(st.integers(1, 64)), draw(st.integers(2, 32))
    largest = draw(st.floats(0.01, 4.0))
    middles = rng.standard_normal((count, dim)).astype(np.float32)
    return middles, rng.uniform(0.005, largest, count).astype(np.float32), rng


def depth(latents: Floats, middles: Floats, radii: Floats) -> float:
    """How many radii the worst of places is inside a ball; 0 or less for none."""
    apart = np.linalg.norm(latents[:, None].astype(np.float64) - middles[None], axis=2)
    return float((1 - apart / radii).max())


@given(balls())
def test_never_inside(drawn: tuple[Floats, Floats, np.random.Generator]) -> None:
    middles, radii, rng = drawn
    avoid = Avoidance(space(middles, radii))
    inside = middles + rng.standard_normal(middles.shape) * radii[:, None] * 0.2
    mean = np.full((1, middles.shape[1]), 0.5)
    latents = np.concatenate([middles, inside, rng.standard_normal((40, middles.shape[1])), mean]).astype(np.float32)
    led = np.array([avoid(latent) for latent in latents])
    assert led.dtype == np.float32
    assert np.isfinite(led).all()
    assert depth(led, middles, radii) <= 0


@given(balls())
def test_far_away_nothing_is_moved(drawn: tuple[Floats, Floats, np.random.Generator]) -> None:
    middles, radii, rng = drawn
    avoid = Avoidance(space(middles, radii))
    for latent in (rng.standard_normal((60, middles.shape[1])) * 2).astype(np.float32):
        if (np.linalg.norm(middles - latent, axis=1) > radii * REACH * 1.01 + 1e-2).all():
            assert avoid(latent) is latent


@given(st.integers(0, 2**32 - 1), st.integers(8, 64), st.floats(-1.0, 1.0))
def test_the_way_around_is_smooth(seed: int, dim: int, beside: float) -> None:
    """Through the middle of a ball, which a show may name by its seed, and beside it: no leap, no corner."""
    rng = np.random.default_rng(seed)
    middle, way, aside = rng.standard_normal((3, dim))
    outwards = (middle - 0.5) / np.linalg.norm(middle - 0.5)
    way -= (way @ outwards) * outwards * 0.9  # about as walks go: around the mean
    way, aside = way / np.linalg.norm(way), aside / np.linalg.norm(aside)
    avoid = Avoidance(space(middle[None].astype(np.float32), np.ones(1, np.float32)))
    steps = np.linspace(-2, 2, 801)
    line = middle + beside * 0.3 * aside + steps[:, None] * way
    led = np.array([avoid(latent) for latent in line.astype(np.float32)])
    moved = np.diff(led, axis=0)
    speeds = np.linalg.norm(moved, axis=1) / (steps[1] - steps[0])
    assert speeds.max() < 8.0
    assert np.abs(np.diff(moved, axis=0)).max() / (steps[1] - steps[0]) < 0.35


@given(st.integers(0, 2**32 - 1))
def test_a_walk_among_overlapping_balls_does_not_leap(seed: int) -> None:
    """However near one looks at the longest move, it is made of shorter ones."""
    rng = np.random.default_rng(seed)
    middles = np.array([[1.5, 0, 0, 0], [2.3, 0, 0, 0]]) + rng.standard_normal((2, 4)) * 0.1
    radii = np.array([0.8, 0.6], np.float32)
    avoid = Avoidance(space(middles.astype(np.float32), radii))
    start, end = np.array([1.9, 0, 0, 0]) + rng.standard_normal((2, 4))

    def longest(low: float, high: float, steps: int) -> tuple[float, float]:
        at = np.linspace(low, high, steps + 1)
        led = np.array([avoid((start + u * (end - start)).astype(np.float32)) for u in at])
        moves = np.linalg.norm(np.diff(led, axis=0), axis=1)
        return float(moves.max()), float(at[moves.argmax()])

    low, high = 0.0, 1.0
    for _ in range(4):
        move, at = longest(low, high, 40)
        low, high = at, at + (high - low) / 40
    assert move < 0.05


def test_it_costs_next_to_nothing() -> None:
    rng = np.random.default_rng(0)
    middles = (rng.standard_normal((64, 256)) * 0.7).astype(np.float32)
    avoid = Avoidance(space(middles, np.full(64, 5.7, np.float32)))
    none = Avoidance(space(middles[:0], np.zeros(0, np.float32)))
    latent = (rng.standard_normal(256) * 0.7).astype(np.float32)
    assert none(latent) is latent
    assert min(timeit.repeat(lambda: none(latent), number=100, repeat=20)) / 100 < 2e-6
    assert min(timeit.repeat(lambda: avoid(latent), number=100, repeat=20)) / 100 < 50e-6  # 4e-6 on an idle processor


def test_a_ball_without_a_size_blocks_nothing() -> None:
    latent = np.zeros(4, np.float32)
    assert Avoidance(space(latent[None], np.zeros(1, np.float32)))(latent) is latent


# -- as it is painted -------------------------------------------------------------------------------------------------


@pytest.fixture
def blocked(tmp_path: Path) -> tuple[StyleGAN2, Floats, float]:
    """A generator whose seed 2 is blocked, its place, and the radius."""
    path = written(tmp_path / "tiny.safetensors")
    latent = open_model(path).latents([2])
    radius = 0.4 * float(np.linalg.norm(latent - open_model(path).latents([3])))
    facts = {"favourites": [], "blocked": [{"name": "Two", "radius": radius}]}
    amend_model(path, "curation", {"blocked": latent, "radii": np.array([radius], np.float32)}, facts)
    return Config(model=path).open("cpu"), latent[0], radius


def test_what_is_painted_at_psi_1_is_never_in_a_ball(blocked: tuple[StyleGAN2, Floats, float]) -> None:
    generator, middle, radius = blocked
    assert generator.space.blocked is not None
    walk = Loop(seeds=(1, 2, 3), period=30.0).open(generator, 0)
    way = np.array([walk.at(t, {}) for t in np.linspace(0, 30, 500)])
    assert depth(way, middle[None], np.array([radius])) > 0.9  # the walk itself goes through the middle
    painted = np.array([generator.steered(latent, {"/generator/psi": 1.0}) for latent in way])
    assert depth(painted, middle[None], np.array([radius])) < 1e-5


def test_at_another_psi_it_is_as_far_as_psi_makes_all_things(blocked: tuple[StyleGAN2, Floats, float]) -> None:
    generator, latent, radius = blocked
    mean = generator.space.mean
    seen = generator.steered(latent, {"/generator/psi": 0.5})
    assert np.linalg.norm(seen - (mean + 0.5 * (latent - mean))) >= 0.5 * radius * 0.999


def test_around_what_is_blocked_the_pace_is_even(blocked: tuple[StyleGAN2, Floats, float]) -> None:
    generator, _, _ = blocked
    walk = Loop(seeds=(1, 2, 3), period=30.0).open(generator, 0)
    walk.take(finished(walk.measure(generator)))
    pictures = [generator.paint(walk.at(t, {}), {}).astype(np.float32) for t in np.linspace(0, 30, 200)]
    change = np.array([np.abs(b - a).mean() for a, b in itertools.pairwise(pictures)])
    assert change.std() / change.mean() < 0.2
    assert change.max() < 2 * change.mean()


def test_the_other_models_walks_are_as_they_were(tmp_path: Path) -> None:
    generator = Config(model=written(tmp_path / "tiny.safetensors")).open("cpu")
    latent = generator.latent(2)
    seen = generator.steered(latent, {"/generator/psi": 1.0})
    np.testing.assert_allclose(seen, latent, atol=1e-6)
