"""Bending, mixing, blending, truncation and noise: what each does to pictures, and that at rest nothing is done."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from installation.core import parts
from installation.core.errors import ModelError, ShowError
from installation.networks import bending
from installation.networks.grain import with_noise
from installation.networks.layers import layers_of
from installation.networks.live_controls import FEATURES
from installation.networks.model_file import load_model, read_header, save_model
from installation.networks.model_generator import rebuild
from installation.networks.refined import refiners_of
from installation.networks.stylegan2 import build as build_gan
from installation.networks.stylegan2 import effective_tensors
from installation.networks.stylegan2_generator import StyleGan2
from installation.showfile.load import load
from installation.training.latent.models import open_model
from tests import tiny_converted, tiny_gan
from tests.tiny_refiner import refined

BENT = {"stylegan2": ("coarse", "middle"), "stylegan2_ada": ("coarse", "8.conv1"), "stylegan3": ("coarse", "input")}
Levels = NDArray[np.int16]


def noisy_gan(path: Path, **architecture: Any) -> Path:
    """A tiny GAN with noise of some strength."""
    torch.manual_seed(0)
    generator = StyleGan2(replace(tiny_gan.ARCH, version=2, **{"noise": True, "replicate": True, **architecture}))
    with torch.no_grad():
        for name, weight in generator.named_parameters():
            if name.endswith("strength"):
                weight.fill_(0.3)
    tensors = {name: tensor.numpy().copy() for name, tensor in effective_tensors(generator, 16).items()}
    header = {
        "kind": "stylegan2",
        "architecture": generator.arch.header(),
        "training": {"images": 0},
        "ledger_sha256": None,
        "licence": {"weights": "CC0-1.0", "data": "none"},
    }
    facts = {"mean": np.zeros(12), "basis": np.eye(12), "std": np.ones(12), "gain": np.ones(12)}
    save_model(path, tensors | {f"latent.{n}": fact.astype(np.float32) for n, fact in facts.items()}, header)
    return path


MAKE: dict[str, Callable[[Path], Path]] = {
    "stylegan2": noisy_gan,
    **{k: tiny_converted.TINY[k] for k in list(BENT)[1:]},
}


@pytest.fixture(scope="module", params=BENT)
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    kind: str = request.param
    return kind, MAKE[kind](tmp_path_factory.mktemp(kind) / f"{kind}.safetensors")


def config(kind: str, model: Path, **options: Any) -> Any:
    return parts.config("generator", kind)(kind=kind, model=model, runtime="eager", **options)


def painted(generator: Any, seed: int = 3, **controls: float) -> Levels:
    values = {f"/generator/{name}": value for name, value in controls.items()}
    return np.asarray(generator.paint(generator.latent(seed), values), np.int16).copy()


@pytest.fixture(scope="module")
def gan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return noisy_gan(tmp_path_factory.mktemp("gan") / "gan.safetensors")


def every(kind: str, model: Path) -> dict[str, Any]:
    noise = {"noise": True} if kind == "stylegan2" else {}
    return {"bend": BENT[kind], "mix": True, "blend": model, "truncate": ("coarse",), **noise}


# -- any kind ---------------------------------------------------------------------------------------------------------


def test_who_asks_for_nothing_has_no_more_controls(model: tuple[str, Path]) -> None:
    plain, asked = config(*model), config(*model, **every(*model))
    known = {control.address for control in plain.controls()}
    assert not [address for address in known if any(f"/{name}/" in address for name in ("bend", "mix", "blend"))]
    more = [control for control in asked.controls() if control.address not in known]
    assert len(more) > 15
    assert len({control.address for control in more}) == len(more)
    assert plain.options() == asked.options(), "the paces that were measured hold for both"


def test_at_rest_it_paints_to_the_bit_as_without(model: tuple[str, Path]) -> None:
    asked = config(*model, **every(*model))
    rest = {control.address.removeprefix("/generator/"): control.default for control in asked.controls()}
    np.testing.assert_array_equal(painted(asked.open("cpu"), **rest), painted(config(*model).open("cpu")))


def test_each_control_is_seen_and_none_leaves_one_colour(model: tuple[str, Path]) -> None:
    """At both ends of its range; alone, and where features are chosen, of one cluster."""
    asked = config(*model, bend=BENT[model[0]], mix=True, truncate=("coarse",))
    generator = asked.open("cpu")
    base = painted(generator)
    for control in asked.live.controls():
        if control.type not in ("float",) or control.address.endswith("mix/seed"):
            continue
        for value in {control.low, control.high} - {control.default}:
            picture = painted(generator, **{control.address.removeprefix("/generator/"): value})
            assert picture.std() > 0.5, f"{control.address} {value}: one colour"
            assert np.abs(picture - base).max() > 1, f"{control.address} {value} changes nothing"


def test_pictures_are_the_same_at_every_start(model: tuple[str, Path]) -> None:
    name = BENT[model[0]][0]
    controls = {f"bend/{name}/{what}": value for what, value in (("noise", 0.5), ("features", 2.0), ("ablate", 1.0))}
    first, second = (config(*model, bend=(name,)).open("cpu") for _ in range(2))
    np.testing.assert_array_equal(painted(first, **controls), painted(second, **controls))


def test_the_whole_range_mixed_in_is_the_second_picture(model: tuple[str, Path]) -> None:
    generator = config(*model, mix=True).open("cpu")
    np.testing.assert_allclose(
        painted(generator, 3, **{"mix/amount": 1.0, "mix/seed": 7.0}), painted(generator, 7), atol=1
    )
    between = generator.second({"/generator/mix/amount": 1.0, "/generator/mix/seed": 7.5})
    ends = [generator.second({"/generator/mix/amount": 1.0, "/generator/mix/seed": seed}) for seed in (7.0, 8.0)]
    np.testing.assert_allclose(between, (ends[0] + ends[1]) / 2, atol=1e-3)


def test_an_empty_range_takes_nothing(model: tuple[str, Path]) -> None:
    generator = config(*model, mix=True).open("cpu")
    nothing = painted(generator, 3, **{"mix/amount": 1.0, "mix/from": 2.0, "mix/to": 1.0})
    np.testing.assert_allclose(nothing, painted(generator, 3), atol=1)


def test_a_network_between_two(model: tuple[str, Path]) -> None:
    """All of the other is the other; of a range, only its layers are; itself blended in changes nothing."""
    _, path = model
    network = rebuild(*load_model(path), "cpu", path)
    header, tensors = load_model(path)
    changed = {
        n: t * np.float32(1.3 if n.endswith("weight") else 0.9)
        for n, t in tensors.items()
        if n != "filter" and "map" not in n
    }
    other = rebuild(header, {**tensors, **changed}, "cpu", path)
    latent = network.mapping(np.ones((1, network.z_dim), np.float32))
    whole = network.between(other, lambda name: 1.0)
    torch.testing.assert_close(whole.synthesis(latent), other.synthesis(latent))
    half = network.between(network, lambda name: 0.5)
    torch.testing.assert_close(half.synthesis(latent), network.synthesis(latent), atol=1e-4, rtol=1e-4)
    last = network.affines.names[-1]
    part = network.between(other, lambda name: float(name == last))
    assert all(part.layers[name] is network.layers[name] for name in network.layers if name != last)
    assert not torch.equal(part.synthesis(latent), network.synthesis(latent))


def test_a_wide_picture_has_no_seam_and_its_parts_differ(model: tuple[str, Path]) -> None:
    """Without variety a StyleGAN3's middle is the picture itself; the others' constants stand beside one another."""
    generator = config(*model, tiles=(3, 1), bend=BENT[model[0]][:1]).open("cpu")
    alike, plain = painted(generator, variety=0.0), painted(config(*model).open("cpu"))
    height, width = plain.shape[:2]
    assert alike.shape == (height, 3 * width, 3)
    if model[0] == "stylegan3":
        inside = alike[:, width + 6 : 2 * width - 6]  # this network has no margin: its filters see beyond the edge
        np.testing.assert_allclose(inside, plain[:, 6:-6], atol=1)
    varied = painted(generator, variety=1.0)
    assert np.abs(varied[:, 2 * width :] - alike[:, 2 * width :]).mean() > 1
    steps = np.abs(np.diff(varied, axis=1)).mean((0, 2))
    assert steps[[width - 1, 2 * width - 1]].max() <= 3 * np.median(steps), "no edge where two parts meet"
    bent = painted(generator, variety=1.0, **{f"bend/{BENT[model[0]][0]}/gain": 2.0})
    assert np.abs(bent - varied).mean() > 0.5


# -- each by itself ---------------------------------------------------------------------------------------------------


def test_a_quarter_turn_and_a_move() -> None:
    x = torch.randn(1, 3, 8, 8)
    turned = bending.bent(x, bending.Bend(rotate=0.25), torch.zeros(0))
    torch.testing.assert_close(turned, torch.rot90(x, -1, (2, 3)), atol=1e-4, rtol=1e-4)
    moved = bending.bent(x, bending.Bend(right=0.25, down=0.125), torch.zeros(0))
    torch.testing.assert_close(moved[:, :, 1:, 2:], x[:, :, :-1, :-2], atol=1e-4, rtol=1e-4)


def test_a_wide_picture_is_turned_without_being_stretched() -> None:
    plane = torch.tensor(bending.Bend(rotate=0.125).plane(aspect=4.0))
    half = torch.tensor([[2.0, 0.0], [0.0, 0.5]])  # from halves of width and height to one unit
    turn = half @ plane[:, :2] @ torch.linalg.inv(half)
    torch.testing.assert_close(turn @ turn.t(), torch.eye(2), atol=1e-5, rtol=1e-5)


def test_the_waves_of_a_stylegan3_are_moved_as_a_whole(tmp_path: Path) -> None:
    path = MAKE["stylegan3"](tmp_path / "waves.safetensors")
    generator = config("stylegan3", path, bend=("input",)).open("cpu")
    latent = torch.zeros(1, generator.network.w_dim)
    asked = generator._painter.asked({"/generator/bend/input/move/x": 0.25})
    plain, moved = generator.network.input(latent), asked.input(latent)
    torch.testing.assert_close(moved[..., 4:], plain[..., :-4], atol=1e-4, rtol=1e-4)


def test_features_that_are_alike_are_one_cluster() -> None:
    torch.manual_seed(0)
    kinds = torch.nn.functional.normalize(torch.randn(4, 32), dim=1)
    which = torch.tensor([0] * 6 + [1] * 4 + [2] * 3 + [3])
    noisy = torch.nn.functional.normalize(kinds[which] + 0.05 * torch.randn(14, 32), dim=1)
    found = bending.grouped(noisy, 4)
    assert found.tolist() == (which + 1).tolist()


def test_each_feature_of_a_layer_is_in_a_cluster(gan: Path) -> None:
    network = rebuild(*load_model(gan), "cpu", gan)
    found = bending.clusters_of(network, "16.conv0")
    assert len(found) == 16
    assert set(found.tolist()) <= set(range(1, len(FEATURES)))


def test_psi_of_all_layers_at_nothing_is_the_mean_picture(gan: Path) -> None:
    generator = config("stylegan2", gan, truncate=("coarse", "middle")).open("cpu")
    none = {"truncate/coarse": 0.0, "truncate/middle": 0.0}
    np.testing.assert_allclose(painted(generator, **none), painted(generator, psi=0.0), atol=1)


def test_noise_goes_and_becomes_another(gan: Path) -> None:
    header, tensors = load_model(gan)
    silent = {name: 0 * tensor if name.endswith("strength") else tensor for name, tensor in tensors.items()}
    network, without = build_gan(header, tensors), build_gan(header, silent)
    latent = np.ones((1, 12), np.float32)
    quiet = network.with_layers(lambda name, layer: with_noise(layer, name, 0.0, 0))
    torch.testing.assert_close(quiet.synthesis(latent), without.synthesis(latent))
    generator = config("stylegan2", gan, noise=True).open("cpu")
    own, other = painted(generator), painted(generator, **{"noise/seed": 4.0})
    assert np.abs(own - other).mean() > 1
    np.testing.assert_array_equal(other, painted(generator, **{"noise/seed": 4.0}))


# -- in a show file ---------------------------------------------------------------------------------------------------


def show(model: Path, options: str, more: str = "") -> Path:
    path = model.with_name("show.toml")
    generator = f'generator = {{ kind = "stylegan2", model = "{model.name}", {options} }}'
    piece = ["[[piece]]", 'name = "one"', 'duration = "1 min"', generator, 'walk = "loop"', more]
    path.write_text("\n".join(["[show]", 'title = "T"', *piece]))
    return path


def test_its_controls_are_those_of_the_show_and_take_a_rest_of_their_own(gan: Path) -> None:
    made = load(show(gan, 'bend = ["middle"], mix = true', 'set = { "generator/bend/middle/rotate" = 0.1 }'))
    assert made.controls()["/generator/mix/to"].high == len(layers_of(read_header(gan)).levels)
    assert made.pieces[0].rests()["/generator/bend/middle/rotate"] == 0.1


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ('bend = ["midle"]', "did you mean"),
        ('bend = ["fine"]', 'found the layer "fine", expected a layer of this model: coarse, middle, 4.conv1'),
        ('bend = ["middle", "16.conv0"]', "expected each layer once"),
        ('truncate = ["32"]', 'found the layer "32", expected a layer of this model: coarse, middle, 4, 8, 16'),
        ('blend = "other.safetensors"', "found blend = other.safetensors, with "),
    ],
)
def test_what_a_model_has_not_is_told(gan: Path, options: str, told: str) -> None:
    noisy_gan(gan.with_name("other.safetensors"), replicate=False)
    with pytest.raises(ShowError) as error:
        load(show(gan, options))
    assert told in str(error.value)


@pytest.mark.parametrize("channels", [None, 7, [], [8] * 100])
def test_a_header_whose_layers_are_none_is_told(channels: object, gan: Path) -> None:
    header = read_header(gan)
    with pytest.raises(ModelError, match=r"architecture\.channels: expected a list of 1 to 64"):
        layers_of({**header, "architecture": {**header["architecture"], "channels": channels}})


def test_noise_of_a_model_without_any_is_refused(tmp_path: Path) -> None:
    path = noisy_gan(tmp_path / "plain.safetensors", noise=False)
    with pytest.raises(ShowError) as error:
        load(show(path, "noise = true"))
    assert "found noise = true, expected noise left out, as plain.safetensors adds none" in str(error.value)


# -- with a refiner behind it -----------------------------------------------------------------------------------------


def halves(picture: Levels) -> Levels:
    """Averaged down to half its size."""
    height, width = picture.shape[:2]
    return picture.reshape(height // 2, 2, width // 2, 2, 3).mean((1, 3)).round().astype(np.int16)


def test_a_refiner_paints_on_what_is_changed(gan: Path, tmp_path: Path) -> None:
    """At rest nothing is done, as without; moved, the refiner paints on the changed picture and on no other."""
    path = refined(Path(shutil.copy(gan, tmp_path / "refined.safetensors")))
    options = every("stylegan2", path)
    plain, alone = config("stylegan2", path), config("stylegan2", gan, **options)
    live = config("stylegan2", path, **options).open("cpu")
    assert np.abs(painted(live) - painted(plain.open("cpu"))).max() <= 1
    moved = {"bend/coarse/gain": 2.0, "mix/amount": 0.7, "blend/amount": 0.5}
    soft, bent = painted(live, refine=0.0, **moved), painted(alone.open("cpu"), **moved)
    assert soft.shape == (2 * bent.shape[0], 2 * bent.shape[1], 3)
    [refiner] = refiners_of(open_model(path).network)
    cleaned = refiner.cleaned(torch.from_numpy(bent.astype(np.float32)).permute(2, 0, 1)[None] / 127.5 - 1)
    wanted = (cleaned[0].permute(1, 2, 0).numpy() + 1) * 127.5
    assert np.abs(halves(soft) - wanted.clip(0, 255))[1:-1, 1:-1].mean() < 12
    assert np.abs(painted(live, refine=1.0, **moved) - soft).mean() > 2
    assert np.abs(painted(live, refine=0.0) - soft).mean() > 5, "the change is seen"


def test_a_frieze_is_refined_whole(gan: Path, tmp_path: Path) -> None:
    path = refined(Path(shutil.copy(gan, tmp_path / "refined.safetensors")))
    one, four = config("stylegan2", path), config("stylegan2", path, tiles=(4, 2)).open("cpu")
    height, width = painted(one.open("cpu")).shape[:2]
    wide = painted(four)
    assert wide.shape == (2 * height, 4 * width, 3)
    assert np.abs(wide - painted(four, refine=0.0)).mean() > 2
