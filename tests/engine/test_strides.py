"""Pulses drive walks: steps and kicks over time, and what each walk makes of them."""

from dataclasses import replace

import numpy as np
import pytest

from generators.plasma import Config as PlasmaConfig
from installation.core.commands import WALK_BACK, WALK_KICK, WALK_NEXT, Command
from installation.core.contracts import ASKED_STEPS, Generator, Walk
from installation.engine.strides import KICK, STRIDE, Strides
from installation.walks.gallery import Config as GalleryConfig
from installation.walks.loop import Config as LoopConfig
from installation.walks.magnet import Config as MagnetConfig
from installation.walks.wander import Config as WanderConfig

FPS = 60


@pytest.fixture(scope="module")
def generator() -> Generator:
    made = PlasmaConfig(width=64, height=64).open("cpu")
    latents = np.stack([made.latent(seed) for seed in range(4)])
    made.space = replace(made.space, favourites=latents, names=("one", "two", "three", "four"))
    return made


def test_a_step_is_eased_and_steps_add_up() -> None:
    strides, places = Strides(), []
    strides.ask([Command(WALK_NEXT)])
    for frame in range(3 * FPS):
        if frame == FPS // 2:
            strides.ask([Command(WALK_NEXT), Command(WALK_BACK), Command(WALK_NEXT), Command("/show/next")])
        strides.step(1 / FPS)
        places.append(strides.place)
    assert places == sorted(places)
    assert max(np.diff(places)) < 0.06
    assert places[-1] == strides.asked == 2


def test_a_step_takes_its_time_and_no_longer() -> None:
    strides = Strides()
    strides.ask([Command(WALK_BACK)])
    strides.step(STRIDE)
    assert strides.place == -1.0
    assert strides.told({"/walk/speed": 1.0}) == {"/walk/speed": 1.0, ASKED_STEPS: -1.0}


def test_a_kick_moves_the_walk_on_and_is_spent() -> None:
    strides = Strides()
    strides.ask([Command(WALK_KICK)])
    moved = [strides.step(1 / FPS) for _ in range(4 * FPS)]
    assert moved[0] > moved[FPS // 2] > moved[FPS]
    assert sum(moved) == pytest.approx(KICK, abs=0.01)


def test_a_walk_of_which_nothing_was_asked_is_told_nothing() -> None:
    controls = {"/walk/speed": 1.0}
    assert Strides().told(controls) is controls


@pytest.mark.parametrize("t", [0.0, 3.0, 18.0, 25.0, 70.0])
def test_a_gallery_goes_to_its_next_favourite(generator: Generator, t: float) -> None:
    walk = GalleryConfig(rest="10 s", travel="8 s", breath=0.0).open(generator, 0)  # type: ignore[arg-type]
    way = [walk.at(t, {ASKED_STEPS: part}) for part in np.linspace(0.0, 1.0, 200)]
    assert max(np.abs(np.diff(np.array(way), axis=0)).max(axis=1)) < 0.1, "nothing jumps"
    resting = [walk.at(3.0, {ASKED_STEPS: float(steps)}) for steps in range(5)]
    np.testing.assert_allclose(resting, [generator.latent(seed) for seed in (0, 1, 2, 3, 0)], atol=1e-4)
    np.testing.assert_allclose(walk.at(3.0, {ASKED_STEPS: -1.0}), generator.latent(3), atol=1e-4)


def assert_smooth(walk: Walk, steps: float) -> None:
    for t in np.arange(0.0, 90.0, 0.5):
        moved = walk.at(t + 1 / 30, {ASKED_STEPS: steps}) - walk.at(t, {ASKED_STEPS: steps})
        assert np.abs(moved).max() < 0.25


@pytest.mark.parametrize("steps", [1.0, 2.0, -3.0, 0.5])
def test_a_gallery_goes_on_from_there(generator: Generator, steps: float) -> None:
    assert_smooth(GalleryConfig().open(generator, 0), steps)


def test_a_loop_goes_to_its_next_seed(generator: Generator) -> None:
    walk = LoopConfig(seeds=(1, 2, 3), period=30.0).open(generator, 0)
    walk.pace = walk.shares  # type: ignore[attr-defined]  places at equal times
    np.testing.assert_allclose(walk.at(0.0, {ASKED_STEPS: 1.0}), generator.latent(2), atol=1e-4)


def test_wandering_goes_elsewhere(generator: Generator) -> None:
    walk = WanderConfig().open(generator, 0)
    assert np.abs(walk.at(5.0, {ASKED_STEPS: 1.0}) - walk.at(5.0, {})).max() > 0.1


def test_a_magnet_follows_a_place(generator: Generator) -> None:
    walk = MagnetConfig(drift=0.0).open(generator, 0)
    left, middle, right = (walk.at(0.0, {"/walk/x": x}) for x in (-1.0, 0.0, 1.0))
    np.testing.assert_allclose(middle, generator.space.mean, atol=1e-5)
    np.testing.assert_allclose(left + right, 2 * middle, atol=1e-5)
    assert np.abs(right - middle).max() > 0.1
