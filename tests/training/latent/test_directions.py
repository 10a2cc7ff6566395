"""Directions: found by what is seen, one step alike for all, named by the artist, carried over to the next model."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from generators.stylegan2 import Config
from installation.core.errors import ModelError, ShowError
from installation.networks.direction_controls import address, slug
from installation.networks.model_file import amend_model, group_of, load_model, read_header
from installation.showfile.load import load
from installation.training.cli import main
from installation.training.latent.directions import (
    FARTHEST,
    PARALLEL,
    VISIBLE_STEP,
    Directions,
    Eye,
    candidates,
    find,
    inherit,
    sefa,
)
from installation.training.latent.finishing import finish
from installation.training.latent.models import OpenModel, open_model, opened
from tests.engine.test_loop import Room
from tests.tiny_gan import tiny_gan
from tests.tiny_models import tiny_vae


def model_of(seed: int = 0, **change: Any) -> OpenModel:
    tensors, header = tiny_gan(seed, **change)
    return opened(Path("tiny.safetensors"), header, tensors)


@pytest.fixture(scope="module")
def model() -> OpenModel:
    return model_of()


@pytest.fixture(scope="module")
def directions(model: OpenModel) -> Directions:
    return find(model)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file with directions."""
    path = tmp_path_factory.mktemp("whole") / "tiny.safetensors"
    finish(path, *tiny_gan())
    return path


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    """The same, to be changed."""
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(whole.read_bytes())
    return path


def blind_to_half(generator: Any) -> None:
    """Nothing is seen of the last six of the twelve axes of W."""
    for name, weight in generator.named_parameters():
        if "affine.weight" in name:
            weight[:, 6:] = 0


# -- finding ----------------------------------------------------------------------------------------------------------


def test_one_step_is_as_visible_along_every_direction(model: OpenModel, directions: Directions) -> None:
    latents = model.truncated(model.latents(range(50, 74)))
    before = model.levels(latents, psi=1.0)
    seen = np.array(
        [
            np.mean([float((model.levels(latents + sign * one, psi=1.0) - before).abs().mean()) for sign in (-1, 1)])
            for one in directions.vectors
        ]
    )
    assert len(seen) == 8
    assert seen == pytest.approx(VISIBLE_STEP, rel=0.3)  # at other places than those it was scaled at
    unscaled = [eye.seen for eye in map(Eye(model, lambda _: None).look, candidates(model))]
    assert seen.std() / seen.mean() < 0.5 * np.std(unscaled) / np.mean(unscaled)


def test_the_header_says_what_was_found(directions: Directions) -> None:
    assert [fact["name"] for fact in directions.facts] == [str(number) for number in range(1, 9)]
    assert {fact["method"] for fact in directions.facts} == {"pca", "sefa"}
    for fact in directions.facts:
        assert fact["levels"] == pytest.approx(VISIBLE_STEP, rel=0.03)
        assert 0 < fact["std"] <= FARTHEST


def test_no_two_directions_are_one(directions: Directions) -> None:
    units = directions.vectors / np.linalg.norm(directions.vectors, axis=1, keepdims=True)
    assert np.abs(units @ units.T - np.eye(len(units))).max() < PARALLEL


def test_the_same_model_has_the_same_directions(model: OpenModel, directions: Directions) -> None:
    again = find(model)
    np.testing.assert_array_equal(again.vectors, directions.vectors)
    assert again.facts == directions.facts


def test_what_is_hardly_seen_is_left_out() -> None:
    model = model_of(change=blind_to_half)
    few = find(model, count=32)
    assert few.left_out["hardly seen"] > 0
    assert 0 < len(few.vectors) < 12
    eye = Eye(model, lambda _: None)
    assert all(eye.change(eye.both_ways(vector.astype(np.float64))) > VISIBLE_STEP / 2 for vector in few.vectors)


def test_where_nothing_is_seen_there_are_none() -> None:
    def blind(generator: Any) -> None:
        for name, weight in generator.named_parameters():
            if "affine.weight" in name:
                weight[:] = 0

    assert find(model_of(change=blind)).vectors.shape == (0, 12)


def test_sefa_gives_the_eigenvectors_of_the_style_layers() -> None:
    layers = np.random.default_rng(0).standard_normal((40, 6))
    vectors = sefa(layers)
    strengths = np.linalg.norm(layers @ vectors.T, axis=0)
    np.testing.assert_allclose(vectors @ vectors.T, np.eye(6), atol=1e-9)
    np.testing.assert_allclose(layers.T @ layers @ vectors.T, vectors.T * strengths**2, atol=1e-6)
    assert (np.diff(strengths) < 0).all()
    assert strengths[0] == pytest.approx(np.linalg.norm(layers, 2))
    assert (vectors[np.arange(6), np.abs(vectors).argmax(1)] > 0).all()


def test_a_vae_has_principal_axes_alone(tmp_path: Path) -> None:
    model = open_model(tiny_vae(tmp_path / "vae.safetensors"))
    assert {one.method for one in candidates(model)} == {"pca"}
    assert {fact["method"] for fact in find(model).facts} == {"pca"}


# -- knobs ------------------------------------------------------------------------------------------------------------


def test_every_direction_is_a_knob(file: Path) -> None:
    knobs = [control.address for control in Config(model=file).controls()]
    assert knobs == ["/generator/psi", *(f"/generator/direction/{number}" for number in range(1, 9))]
    generator = Config(model=file).open("cpu")
    rest = generator.paint(generator.latent(1), {}).astype(int)
    moved = generator.paint(generator.latent(1), {knobs[1]: 1.0}).astype(int)
    assert VISIBLE_STEP / 3 < np.abs(moved - rest).mean() < VISIBLE_STEP * 3
    same = generator.paint(generator.latent(1), dict.fromkeys(knobs[1:], 0.0)).astype(int)
    np.testing.assert_array_equal(same, rest)


def test_a_name_is_the_knobs_address_and_its_words(file: Path) -> None:
    assert main(["rename", str(file), "1=Age", "2=light from the left", "3=光"]) == 0
    knobs = {control.address: control.doc for control in Config(model=file).controls()}
    assert knobs["/generator/direction/age"].startswith("Age;")
    assert knobs["/generator/direction/light-from-the-left"].startswith("light from the left;")
    assert knobs["/generator/direction/3"].startswith("光;")
    assert "/generator/direction/1" not in knobs
    generator = Config(model=file).open("cpu")
    moved = generator.paint(generator.latent(1), {"/generator/direction/age": 2.0}).copy()
    assert (moved != generator.paint(generator.latent(1), {})).any()


def test_names_can_be_swapped_and_taken_away(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rename", str(file), "1=age", "2=light"]) == 0
    assert main(["rename", str(file), "age=light", "light=age"]) == 0
    assert "/generator/direction/age is now /generator/direction/light" in capsys.readouterr().out
    assert [fact["name"] for fact in read_header(file)["directions"]][:3] == ["light", "age", "3"]
    assert main(["rename", str(file), "age=2"]) == 0
    assert read_header(file)["directions"][1]["name"] == "2"
    assert main(["rename", str(file), "--list"]) == 0
    assert "/generator/direction/light" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["aeg=x"], 'the model has no direction "aeg"; did you mean "age"?'),
        (["beard=x"], 'the model has no direction "beard"; it has age, 2, 3, 4, 5, 6, 7, 8'),
        (["2=AGE"], '"age" and "AGE" would both be /generator/direction/age'),
        (["2=3"], "'3' is a number, and direction 2 has its own"),
        (["2=No, 3."], None),
        (["2= "], "direction 2 needs a name"),
        (["2=" + "long " * 20], "60 are the most"),
        (["2=x", "2=y"], '"2" is given two names'),
        (["2"], "found '2', expected NOW=NAME"),
        ([], "give NOW=NAME"),
        (["2=x", "--list"], "--list changes nothing"),
    ],
)
def test_a_name_that_cannot_be_is_refused(
    file: Path, given: list[str], message: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["rename", str(file), "1=age"]) == 0
    before = file.read_bytes()
    assert main(["rename", str(file), *given]) == (2 if message else 0)
    if message:
        assert message in capsys.readouterr().err
        assert file.read_bytes() == before


def test_a_model_without_directions_says_how_to_find_some(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tiny_vae(tmp_path / "vae.safetensors")
    assert main(["rename", str(path), "1=age"]) == 2
    assert f"python3 run_show.py directions {path}" in capsys.readouterr().err


def test_slugs() -> None:
    assert slug("Licht, von  LINKS — später!") == "licht-von-links-spater"
    assert slug("光") == ""
    assert address(4, "光") == "/generator/direction/4"


def test_directions_that_do_not_fit_are_refused(file: Path) -> None:
    amend_model(file, "directions", {"vectors": np.zeros((2, 5), np.float32)}, [{"name": "1"}, {"name": "2"}])
    with pytest.raises(ModelError, match=r"directions\.vectors"):
        Config(model=file).open("cpu")


SHOW = """
[show]
title = { en = "Two models" }

[[sensor]]
kind = "scripted"
name = "visitor"

[[piece]]
name = "one"
duration = "1 min"
generator = { kind = "stylegan2", model = "one.safetensors" }
walk = { kind = "loop", seeds = [1, 2] }

  [[piece.wire]]
  signal = "visitor.motion"
  control = "generator/direction/age"

[[piece]]
name = "two"
duration = "1 min"
generator = { kind = "stylegan2", model = "two.safetensors" }
walk = { kind = "loop", seeds = [1, 2] }
"""


def test_two_models_with_other_names_hang_in_one_show(whole: Path, tmp_path: Path) -> None:
    for model, name in (("one", "age"), ("two", "light")):
        path = tmp_path / f"{model}.safetensors"
        path.write_bytes(whole.read_bytes())
        assert main(["rename", str(path), f"1={name}"]) == 0
    (tmp_path / "show.toml").write_text(SHOW, "utf-8")
    show = load(tmp_path / "show.toml")
    assert {
        "/generator/direction/age",
        "/generator/direction/light",
        "/generator/direction/2",
    } <= show.controls().keys()
    assert "/generator/direction/light" not in show.pieces[0].controls()
    room = Room(show)
    room.operator.set("/generator/direction/light", 2.0)  # a hand on what the piece that hangs has not
    room.play(0.5)
    assert "/generator/direction/light" not in room.values
    room.operator.press("/show/next")
    room.play(10.0)
    room.operator.set("/generator/direction/light", 2.0)
    room.play(1.0)
    assert room.values["/generator/direction/light"] == pytest.approx(2.0, abs=0.01)


def test_a_wire_to_a_name_that_the_model_has_not_says_which_it_has(whole: Path, tmp_path: Path) -> None:
    for model in ("one", "two"):
        (tmp_path / f"{model}.safetensors").write_bytes(whole.read_bytes())
    assert main(["rename", str(tmp_path / "one.safetensors"), "1=ages"]) == 0
    (tmp_path / "show.toml").write_text(SHOW, "utf-8")
    with pytest.raises(ShowError, match='did you mean "generator/direction/ages"'):
        load(tmp_path / "show.toml")


# -- the step ---------------------------------------------------------------------------------------------------------


def test_what_was_named_stays(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rename", str(file), "5=age"]) == 0
    age = group_of(load_model(file)[1], "directions")["vectors"][4]
    assert main(["directions", str(file), "--count", "3", "--sheet", str(tmp_path / "sheet.png")]) == 0
    assert "3 directions; left out:" in capsys.readouterr().out
    header, tensors = load_model(file)
    names = [fact["name"] for fact in header["directions"]]
    assert len(names) == 3
    np.testing.assert_array_equal(group_of(tensors, "directions")["vectors"][names.index("age")], age)
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.width > 2 * 7 * 16
        assert np.asarray(sheet).std() > 10
    assert main(["directions", str(file), "--count", "2", "--fresh"]) == 0
    assert [fact["name"] for fact in read_header(file)["directions"]] == ["1", "2"]


def test_a_sheet_of_another_kind_is_refused_first(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["directions", str(file), "--sheet", "sheet.bmp"]) == 2
    assert "ends with .png" in capsys.readouterr().err


# -- the model that replaces another ----------------------------------------------------------------------------------


def curated(path: Path, seeds: tuple[int, ...] = (1, 2)) -> None:
    """Names a direction, keeps two favourites and blocks a place."""
    assert main(["rename", str(path), "2=age"]) == 0
    latents = open_model(path).latents([*seeds, 9])
    tensors = {"favourites": latents[:2], "blocked": latents[2:], "radii": np.ones(1, np.float32)}
    named = {"favourites": [{"name": "Anna"}, {"name": "Bert"}], "blocked": [{"name": "Nine", "radius": 1.0}]}
    amend_model(path, "curation", tensors, {**named, "who": "a curator"})


def weights_moved(by: float) -> Any:
    def change(generator: Any) -> None:
        noise = torch.Generator().manual_seed(5)
        for weight in generator.parameters():
            weight.add_(torch.randn(weight.shape, generator=noise) * weight.std() * by)

    return change


def test_the_same_network_keeps_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    curated(file)
    before = load_model(file)
    finish(file, *tiny_gan())
    header, tensors = load_model(file)
    assert header == before[0]
    assert tensors.keys() == before[1].keys()
    assert all(np.array_equal(tensors[name], before[1][name]) for name in tensors)
    assert "not in the new model" not in capsys.readouterr().out


def test_a_network_trained_a_little_further_keeps_what_looks_the_same(file: Path) -> None:
    curated(file)
    old = group_of(load_model(file)[1], "directions")["vectors"][1]
    finish(file, *tiny_gan(change=weights_moved(0.003)))
    header, tensors = load_model(file)
    names = [fact["name"] for fact in header["directions"]]
    new = group_of(tensors, "directions")["vectors"][names.index("age")]
    assert old @ new > 0.9 * np.linalg.norm(old) * np.linalg.norm(new)
    assert [one["name"] for one in header["curation"]["favourites"]] == ["Anna", "Bert"]
    assert header["curation"]["who"] == "a curator"
    space = open_model(file).space
    assert space.names == ("Anna", "Bert")
    assert space.radii == pytest.approx([1.0])


def test_another_network_says_what_is_lost_and_keeps_the_file(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    curated(file)
    before = file.read_bytes()
    finish(file, *tiny_gan(seed=3))
    told = capsys.readouterr().out
    for lost in ("the direction age", "Anna (favourites)", "Bert (favourites)", "Nine (blocked)"):
        assert lost in told
    kept = file.with_name("tiny.safetensors.bak")
    assert str(kept) in told
    assert kept.read_bytes() == before
    assert open_model(file).space.favourites is None
    curated(file)
    finish(file, *tiny_gan(seed=4))
    assert file.with_name("tiny.safetensors.2.bak").exists()
    assert kept.read_bytes() == before


def test_what_is_no_model_is_kept_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "tiny.safetensors"
    path.write_bytes(b"an artist's notes")
    finish(path, *tiny_gan())
    assert path.with_name("tiny.safetensors.bak").read_bytes() == b"an artist's notes"
    assert "It is kept" in capsys.readouterr().out
    assert len(read_header(path)["directions"]) == 8


def test_a_name_goes_to_the_direction_that_is_still_the_same(model: OpenModel, directions: Directions) -> None:
    facts = [dict(fact) for fact in directions.facts]
    facts[0]["name"], facts[1]["name"] = "age", "gone"
    turned = directions.vectors.copy()
    turned[0], turned[1] = -directions.vectors[3], np.roll(directions.vectors[1], 3)
    before = replace(
        model, tensors={**model.tensors, "directions.vectors": turned}, header={**model.header, "directions": facts}
    )
    after, lost = inherit(directions, before)
    assert after.facts[3]["name"] == "age"
    np.testing.assert_array_equal(after.vectors[3], -directions.vectors[3])
    assert lost == ["gone"]
