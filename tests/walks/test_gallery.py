"""The gallery walk: rests at the curator's favourites, travels evenly, closes, and says what is missing."""

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from generators.plasma import Config as PlasmaConfig
from generators.stylegan2 import Config as StyleGANConfig
from installation.core.contracts import Generator
from installation.core.errors import PartError, ShowError
from installation.showfile.load import load
from installation.training.cli import main
from installation.walks._path import finished
from installation.walks.gallery import Config, Gallery, eased
from tests.tiny_gan import written

NAMES = ("Anna", "Bert", "Cleo")


@pytest.fixture(scope="module")
def generator() -> Generator:
    made = PlasmaConfig(width=64, height=64).open("cpu")
    latents = np.stack([made.latent(seed) for seed in (1, 2, 3)])
    made.space = replace(made.space, favourites=latents, names=NAMES)
    return made


@pytest.fixture(scope="module")
def walk(generator: Generator) -> Gallery:
    """As a show hangs it whose model knows its pace."""
    config = Config(rest=6.0, travel=10.0)
    first = config.open(generator, 0)
    generator.space = replace(generator.space, paces={first.pace_name: finished(first.measure(generator))})
    return config.open(generator, 0)


def changes(walk: Gallery, generator: Generator, times: NDArray[np.float64]) -> NDArray[np.float64]:
    pictures = [generator.paint(walk.at(float(t), {}), {}).astype(np.float32) for t in times]
    return np.array([np.abs(b - a).mean() for a, b in itertools.pairwise(pictures)])


def test_it_rests_at_each_in_the_curators_order(walk: Gallery, generator: Generator) -> None:
    assert walk.period == pytest.approx(3 * (6 + 10))
    assert generator.space.favourites is not None
    for arrival, favourite in zip(walk.arrivals, generator.space.favourites, strict=False):
        for since in (0.0, 2.0, 5.9):
            still = walk.at(float(arrival) + since, {"/walk/breath": 0.0})
            np.testing.assert_allclose(still, favourite, atol=1e-5)


def test_it_is_seamless(walk: Gallery) -> None:
    for t in (0.0, 3.0, 11.0, 30.0):
        np.testing.assert_allclose(walk.at(t + walk.period, {}), walk.at(t, {}), atol=1e-5)
    times = np.linspace(0, walk.period, 4801)
    way = np.array([walk.at(float(t), {}) for t in times])
    steps = np.linalg.norm(np.diff(way, axis=0), axis=1)
    assert steps.max() < 6 * steps.mean()
    for arrival, length in zip(walk.arrivals, walk.ways, strict=False):  # no jolt where it comes to rest or sets off
        for moment in (arrival, arrival + walk.rest, arrival + walk.rest + length):
            before, there, after = (walk.at(float(moment) + by, {}) for by in (-0.01, 0.0, 0.01))
            assert np.linalg.norm(there - before) < 0.1 * steps.max() + 1e-5
            assert np.linalg.norm(after - there) < 0.1 * steps.max() + 1e-5


def test_it_travels_at_one_visible_pace(walk: Gallery, generator: Generator) -> None:
    paces = []
    for arrival, length in zip(walk.arrivals, walk.ways, strict=False):
        times = arrival + walk.rest + length * np.linspace(0.2, 0.8, 25)
        seen = changes(walk, generator, times) / np.diff(times)
        assert seen.std() / seen.mean() < 0.2
        paces.append(seen.mean())
    assert max(paces) < 1.1 * min(paces)


def test_a_pace_measured_later_leaves_each_way_its_time(walk: Gallery, generator: Generator) -> None:
    late = Config(rest=6.0, travel=10.0).open(Standing(generator, replace(generator.space, paces={})), 0)
    arrivals, under_way = late.arrivals.copy(), float(late.arrivals[1]) - 3.0
    before = late.at(under_way, {})
    late.take(walk.pace)
    np.testing.assert_array_equal(late.at(under_way, {}), before)  # not before the next rest
    late.at(float(arrivals[1]) + 1.0, {})
    np.testing.assert_array_equal(late.arrivals, arrivals)
    np.testing.assert_array_equal(late.pace, walk.pace)
    np.testing.assert_allclose(late.at(float(arrivals[2]), {"/walk/breath": 0.0}), late.latents[2], atol=1e-5)


def test_at_rest_it_breathes_hardly_to_be_seen(walk: Gallery, generator: Generator) -> None:
    still = generator.paint(walk.at(0.0, {}), {}).astype(float).copy()
    moved = [np.abs(generator.paint(walk.at(t, {}), {}) - still).mean() for t in np.linspace(0.0, 6.0, 60)]
    assert 0.3 < max(moved) < 4.0
    assert moved[-1] < 0.3
    deeper = [np.abs(generator.paint(walk.at(t, {"/walk/breath": 5.0}), {}) - still).mean() for t in (2.0, 4.0)]
    assert max(deeper) > max(moved)


def test_some_in_another_order(walk: Gallery, generator: Generator) -> None:
    two = Config(names=("Cleo", "Anna"), rest=6.0, breath=0.0).open(generator, 0)
    assert len(two.ways) == 2
    np.testing.assert_allclose(two.at(0.0, {}), walk.at(float(walk.arrivals[2]), {}), atol=1e-5)
    np.testing.assert_allclose(two.at(float(two.arrivals[1]), {}), walk.at(0.0, {}), atol=1e-5)


def test_one_alone_hangs_there_alive(generator: Generator) -> None:
    one = Config(names=("Bert",), rest=8.0).open(generator, 0)
    assert one.period == pytest.approx(8.0)
    way = np.array([one.at(t, {}) for t in np.linspace(0.0, 16.0, 100)])
    assert way.std(axis=0).max() > 0
    assert np.linalg.norm(way - one.latents[0], axis=1).max() < 0.7


def test_two_at_one_place_do_not_stop_it(generator: Generator) -> None:
    latent = generator.latent(1)
    space = replace(generator.space, favourites=np.stack([latent, latent]), names=("a", "b"))
    walk = Config().open(Standing(generator, space), 0)
    assert np.isfinite([walk.at(t, {}) for t in np.linspace(0, walk.period, 50)]).all()


class Standing(Generator):
    """Another generator's pictures, in another space."""

    def __init__(self, other: Generator, space: object) -> None:
        self.latent, self.paint, self.space = other.latent, other.paint, space  # type: ignore[assignment,method-assign]

    def latent(self, seed: int) -> NDArray[np.float32]:
        raise NotImplementedError

    def paint(self, latent: object, controls: object) -> NDArray[np.uint8]:
        raise NotImplementedError


def test_an_unknown_favourite_is_named_with_the_nearest(generator: Generator) -> None:
    with pytest.raises(PartError, match='no favourite "Berta"; did you mean "Bert"'):
        Config(names=("Anna", "Berta")).open(generator, 0)
    with pytest.raises(PartError, match="there are Anna, Bert, Cleo"):
        Config(names=("zzz",)).open(generator, 0)


def test_a_model_without_favourites_says_how_to_choose_some() -> None:
    with pytest.raises(PartError, match=r"has none yet.*curate MODEL"):
        Config().open(PlasmaConfig(width=64, height=64).open("cpu"), 0)


def test_a_show_is_at_fault_where_its_model_has_no_such_favourite(tmp_path: Path) -> None:
    path = written(tmp_path / "tiny.safetensors")
    show = tmp_path / "show.toml"

    def fault(walk: str) -> str:
        generator = f'{{ kind = "stylegan2", model = "{path.name}" }}'
        piece = f'[[piece]]\nname = "a"\nduration = "1 min"\ngenerator = {generator}\nwalk = {walk}\n[piece.label]\n'
        show.write_text(f'[show]\ntitle = "S"\n{piece}title = "A"\n')
        with pytest.raises(ShowError) as caught:
            load(show)
        (only,) = caught.value.faults
        return str(only)

    assert 'show.toml:7: piece[1] "a".walk: found "gallery"' in fault('"gallery"')
    assert f'curate {path}, or write walk = "wander"' in fault('"gallery"')
    assert main(["curate", str(path), "--keep", "5:Eve", "--who", "me"]) == 0
    assert 'no favourite "Eva"; did you mean "Eve"' in fault('{ kind = "gallery", names = ["Eva"] }')


def test_what_curate_writes_is_what_it_goes_through(tmp_path: Path) -> None:
    path = written(tmp_path / "tiny.safetensors")
    assert main(["curate", str(path), "--keep", "5:Eve", "--keep", "3", "--drop", "9", "--who", "me"]) == 0
    generator = StyleGANConfig(model=path).open("cpu")
    walk = Config(names=("Eve",)).open(generator, 0)
    np.testing.assert_allclose(walk.at(0.0, {}), generator.latent(5), atol=1e-5)
    assert generator.space.names == ("Eve", "Seed 3")
    assert generator.space.radii is not None
    assert generator.space.radii[0] > 0


def test_eased_is_even_with_soft_ends() -> None:
    parts = np.linspace(0, 1, 1001)
    gone = np.array([eased(part) for part in parts])
    assert gone[0] == 0
    assert gone[-1] == 1
    speed = np.diff(gone) * 1000
    assert speed[0] < 0.01
    assert speed[-1] < 0.01
    np.testing.assert_allclose(speed[200:800], speed[500], rtol=1e-6)
    assert np.abs(np.diff(speed)).max() < 0.02
