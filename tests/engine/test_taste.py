"""What is learned of likes and passes, from seeds: it finds what was planted, and goes on trying."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from generators.plasma import Config as PlasmaConfig
from installation.core.contracts import TASTE, TASTE_MEAN, TASTE_STD, Generator
from installation.core.controls import Values
from installation.engine.taste import (
    AXES,
    FARTHEST,
    FLOOR,
    PRIOR,
    Belief,
    best,
    coordinates,
    decayed,
    fit,
    latent_at,
    model_of,
)
from installation.walks.taste import Config as TasteConfig

Floats = NDArray[np.float64]


def planted(seed: int) -> Floats:
    """What a room likes: a direction, a unit long."""
    made = np.random.default_rng(seed).standard_normal(AXES)
    return np.asarray(made / np.linalg.norm(made))


def opinions(likes: Floats, count: int, seed: int, strength: float = 3.0) -> tuple[Floats, Floats]:
    """What visitors who like ``likes`` say of pictures anywhere; the weaker, the more they differ."""
    rng = np.random.default_rng(seed)
    places = rng.standard_normal((count, AXES))
    chance = 1.0 / (1.0 + np.exp(-strength * places @ likes))
    return places, np.where(rng.uniform(size=count) < chance, 1.0, -1.0)


def alike(belief: Belief, likes: Floats) -> float:
    """The cosine between what is believed and what was planted."""
    return float(belief.mean @ likes / np.linalg.norm(belief.mean))


@pytest.mark.parametrize("seed", range(10))
def test_a_planted_preference_is_found_in_a_hundred_opinions(seed: int) -> None:
    likes = planted(seed)
    places, sides = opinions(likes, 100, seed + 100)
    found = [alike(fit(places[:count], sides[:count], np.ones(count)), likes) for count in (10, 100)]
    assert found[1] > 0.8
    assert found[1] > found[0]


def test_more_opinions_make_surer_and_never_wholly_sure() -> None:
    likes = planted(1)
    places, sides = opinions(likes, 4000, 2)
    stds = [fit(places[:count], sides[:count], np.ones(count)).std.max() for count in (0, 10, 100, 1000, 4000)]
    assert stds[0] == PRIOR
    assert stds == sorted(stds, reverse=True)
    assert stds[-1] == FLOOR


def test_nothing_said_is_the_prior_and_a_room_that_likes_everything_prefers_nothing() -> None:
    assert fit(np.zeros((0, AXES)), np.zeros(0), np.zeros(0)).mean.tolist() == [0.0] * AXES
    places, _ = opinions(planted(1), 300, 3)
    fond = fit(places, np.ones(300), np.ones(300))
    assert np.linalg.norm(best(fond, 2.0)) < 1.0
    assert (fond.likes, fond.passes) == (300, 0)


def test_an_old_day_counts_less_than_a_new_one() -> None:
    likes = planted(4)
    before, sides_before = opinions(likes, 120, 5)
    today, sides_today = opinions(-likes, 40, 6)
    places, sides = np.concatenate((before, today)), np.concatenate((sides_before, sides_today))
    ages = np.repeat([30, 0], [120, 40])
    assert alike(fit(places, sides, decayed(ages, 3650.0)), likes) > 0.5
    assert alike(fit(places, sides, decayed(ages, 7.0)), likes) < -0.5
    assert decayed([0, 14, 28, -3], 14.0).tolist() == [1.0, 0.5, 0.25, 1.0]


def test_one_who_changed_the_mind_leaves_no_trace() -> None:
    """The belief is worked out from the opinions that there are: an earlier one that was replaced is not among them."""
    places, sides = opinions(planted(7), 30, 8)
    changed = sides.copy()
    changed[0] = -changed[0]
    back = fit(places, sides, np.ones(30))
    assert not np.allclose(fit(places, changed, np.ones(30)).mean, back.mean)
    np.testing.assert_array_equal(fit(places, sides, np.ones(30)).mean, back.mean)


def test_what_would_separate_opinions_wholly_stays_finite() -> None:
    places = np.vstack((np.full((500, AXES), 4.0), np.full((500, AXES), -4.0)))
    belief = fit(places, np.repeat([1.0, -1.0], 500), np.ones(1000))
    assert np.isfinite(belief.mean).all()
    assert np.linalg.norm(best(belief, 2.0)) <= 2.0


# ---------------------------------------------------------------- on the axes of a model


@pytest.fixture(scope="module")
def generator() -> Generator:
    return PlasmaConfig(width=64, height=64).open("cpu")


def test_a_place_is_found_again_from_its_latent(generator: Generator) -> None:
    space = generator.space
    place = np.zeros(AXES)
    place[: len(space.std)] = np.linspace(-1.5, 1.5, AXES)[: len(space.std)]
    np.testing.assert_allclose(coordinates(space, latent_at(space, place)), place, atol=1e-4)
    far = coordinates(space, latent_at(space, 100.0 * place))
    assert np.abs(far).max() <= FARTHEST


def test_pieces_of_one_model_share_what_is_learned_and_others_do_not(generator: Generator) -> None:
    space = generator.space
    assert model_of(replace(space, digest="another psi", std=space.std.astype(np.float64))) == model_of(space)
    assert model_of(replace(space, std=2.0 * space.std)) != model_of(space)


def test_a_space_with_few_directions_is_learned_as_well() -> None:
    space = PlasmaConfig(width=64, height=64).open("cpu").space
    small = replace(space, basis=space.basis[:3], std=space.std[:3], gain=space.gain[:3])
    place = coordinates(small, latent_at(small, np.ones(AXES)))
    np.testing.assert_allclose(place, [1, 1, 1] + [0] * (AXES - 3), atol=1e-4)


def told(belief: Belief, counts: float = 1.0) -> Values:
    means = dict(zip(TASTE_MEAN, belief.mean.tolist(), strict=True))
    return {TASTE: counts, **means, **dict(zip(TASTE_STD, belief.std.tolist(), strict=True))}


def liked(generator: Generator, belief: Belief, likes: Floats, counts: float = 1.0) -> float:
    """How far along what is liked a walk is, on average over its places."""
    config = TasteConfig()
    walk = config.open(generator, 3)
    visits = [walk.at(config.period * number, told(belief, counts)) for number in range(200)]
    return float(np.mean([coordinates(generator.space, latent) @ likes for latent in visits]))


def test_the_walk_learns_by_what_it_shows(generator: Generator) -> None:
    """From no vote at all: the room says of each place where the walk comes whether it likes it, and by a hundred
    opinions the walk is where the room likes to be, but not only there."""
    axes = min(AXES, len(generator.space.std))
    likes = planted(11) * (np.arange(AXES) < axes)
    likes /= np.linalg.norm(likes)
    rng, config = np.random.default_rng(12), TasteConfig()
    walk, belief = config.open(generator, 3), Belief()
    places, sides = np.zeros((0, AXES)), np.zeros(0)
    for number in range(100):
        place = coordinates(generator.space, walk.at(config.period * number, told(belief)))
        side = 1.0 if rng.uniform() < 1.0 / (1.0 + np.exp(-3.0 * place @ likes)) else -1.0
        places, sides = np.vstack((places, place)), np.append(sides, side)
        belief = fit(places, sides, np.ones(len(sides)))
    before, after = liked(generator, Belief(), likes), liked(generator, belief, likes)
    assert abs(before) < 0.4
    assert after > 1.0
    assert alike(belief, likes) > 0.7
    assert abs(liked(generator, belief, likes, counts=0.0) - before) < 1e-6, "an operator may turn it off"


def test_some_places_are_tried_whatever_is_believed(generator: Generator) -> None:
    likes = planted(11)
    sure = Belief(8.0 * likes, np.full(AXES, FLOOR), 1000, 1000)
    lists = {}
    for explore in (0.0, 0.3):
        config = TasteConfig(explore=explore, reach=0.0)
        walk = config.open(generator, 3)
        latents = [walk.at(config.period * number, told(sure)) for number in range(200)]
        lists[explore] = np.array([coordinates(generator.space, latent) @ likes for latent in latents])
    assert lists[0.0].min() > 1.0
    assert 0.1 < float(np.mean(lists[0.3] < 1.0)) < 0.45


def test_the_place_follows_the_belief_without_a_jump(generator: Generator) -> None:
    walk = TasteConfig().open(generator, 3)
    one, two = Belief(), Belief(np.full(AXES, 0.01), np.full(AXES, 0.99), 1, 0)
    assert np.abs(walk.at(20.0, told(one)) - walk.at(20.0, told(two))).max() < 0.1
