"""An encoder learns where pictures are painted, goes on bit for bit, travels in the model file, says what is wrong."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from generators import stylegan2, vae
from installation.core.errors import ModelError, TrainingError
from installation.networks import encoder as _encoder
from installation.networks.encoder import Architecture, Encoder, expected_shapes, read_architecture, shrunk, square
from installation.networks.model_file import amend_model, group_of, load_model, read_header, save_model
from installation.networks.stylegan2 import build, effective_tensors
from installation.networks.stylegan2_generator import Architecture as GeneratorArchitecture
from installation.networks.stylegan2_generator import StyleGan2
from installation.training.cli import main
from installation.training.encoder import photographs
from installation.training.encoder.encoding import names_of, refined
from installation.training.encoder.frozen import Frozen, freeze
from installation.training.encoder.pixels import channels_first, floats, levels, picture_loss
from installation.training.encoder.recipe import Recipe
from installation.training.encoder.run import Trainer
from installation.training.encoder.session import averaged
from installation.training.gan.export import measure
from installation.training.latent import models
from installation.training.latent.models import open_model
from installation.training.loop.saving import CHECKPOINT
from tests.tiny_models import encoder_in, tiny_vae

GENERATOR = GeneratorArchitecture(resolution=16, z_dim=8, w_dim=8, channels=(16, 16, 8), mapping_layers=1)
ARCH = Architecture(16, 8, (16, 32), 16)
EYES_NOSE_MOUTH = [[0.404, 0.412], [0.596, 0.412], [0.5, 0.53], [0.423, 0.638], [0.577, 0.638]]
RECIPE = Recipe(batch=16, painted=2, real=2, first=0, learning_rate=0.003)


@pytest.fixture(scope="session")
def tiny_gan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A generator that was never trained, whose biases are not zero and whose pictures differ much."""
    torch.manual_seed(0)
    generator = StyleGan2(GENERATOR)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.1)
    tensors = {name: t.numpy().astype(np.float16) for name, t in effective_tensors(generator, 16).items()}
    header = {
        "kind": "stylegan2",
        "architecture": {**asdict(GENERATOR), "channels": list(GENERATOR.channels)},
        "training": {"images": 0},
        "ledger_sha256": None,
        "licence": {"weights": "CC0-1.0", "data": "none"},
    }
    network = build(header, {name: t.astype(np.float32) for name, t in tensors.items()})
    path = tmp_path_factory.mktemp("models") / "tiny.safetensors"
    save_model(path, {**tensors, **{f"latent.{k}": v for k, v in measure(network, 500).items()}}, header)
    return path


@pytest.fixture
def model(tiny_gan: Path, tmp_path: Path) -> Path:
    """A copy of its own for each test."""
    copy = tmp_path / "mine.safetensors"
    copy.write_bytes(tiny_gan.read_bytes())
    return copy


@pytest.fixture
def frozen(tiny_gan: Path) -> Frozen:
    return freeze(open_model(tiny_gan))


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def paintings(frozen: Frozen, count: int, seed: int = 5) -> np.ndarray:
    """(count, 16, 16, 3) uint8 that the generator painted, at psi 0.7."""
    with torch.no_grad():
        painted = levels(frozen.paint(frozen.draw(count, chance(seed)) * 0.7))
    return painted.permute(0, 2, 3, 1).numpy()


def fresh(frozen: Frozen, recipe: Recipe = RECIPE, real: int = 34) -> Trainer:
    return Trainer(frozen, ARCH, recipe, paintings(frozen, real) if real else None)


def steps(trainer: Trainer, count: int) -> Trainer:
    for _ in range(count):
        trainer.step()
    return trainer


def with_encoder(frozen: Frozen, model: Path, count: int = 1) -> Path:
    trainer = steps(fresh(frozen, real=0), count)
    facts = {"architecture": {**asdict(ARCH), "channels": list(ARCH.channels)}}
    amend_model(model, "encoder", trainer.tensors(), facts)
    return model


def picture(folder: Path, pixels: np.ndarray, name: str = "sitter.png") -> Path:
    Image.fromarray(pixels).save(folder / name)
    return folder / name


# -- the frozen generator ---------------------------------------------------------------------------------------------


def test_the_frozen_generator_paints_what_the_painting_form_paints(frozen: Frozen) -> None:
    latents = frozen.latents(frozen.draw(3, chance()))
    wanted = frozen.model.network.synthesis(latents)
    torch.testing.assert_close(frozen.synthesis(latents, torch.float32), wanted, atol=1e-4, rtol=1e-4)


def test_the_frozen_decoder_of_a_vae_paints_what_its_painting_form_paints(tmp_path: Path) -> None:
    frozen = freeze(open_model(tiny_vae(tmp_path / "vae.safetensors")))
    latents = frozen.latents(frozen.draw(3, chance()))
    wanted = frozen.model.network.synthesis(latents)
    torch.testing.assert_close(frozen.synthesis(latents, torch.float32), wanted, atol=1e-4, rtol=1e-4)


def test_coordinates_count_standard_deviations(frozen: Frozen) -> None:
    drawn = frozen.draw(2000, chance())
    assert float(drawn.std(0).min()) > 0.8
    assert float(drawn.std(0).max()) < 1.2
    torch.testing.assert_close(frozen.coordinates(frozen.latents(drawn)), drawn, atol=1e-3, rtol=1e-3)


def test_a_loss_is_traced_back_to_the_place_and_not_to_the_generator(frozen: Frozen) -> None:
    coordinates = frozen.draw(1, chance()).requires_grad_()
    frozen.paint(coordinates).square().sum().backward()
    assert float(coordinates.grad.abs().max()) > 0


def test_many_are_painted_a_few_at_a_time_with_the_same_gradients(
    frozen: Frozen, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn, painted = frozen.draw(5, chance()), []
    wanted = drawn.clone().requires_grad_()
    frozen.paint(wanted).square().sum().backward()
    monkeypatch.setattr(models, "PIXELS_AT_ONCE", 2 * frozen.resolution**2)
    few = drawn.clone().requires_grad_()
    frozen.painted(few, tick=painted.append).square().sum().backward()
    assert painted == [2, 2, 1]
    torch.testing.assert_close(few.grad, wanted.grad, atol=1e-3, rtol=1e-4)


# -- learning ---------------------------------------------------------------------------------------------------------


def test_an_encoder_learns_where_pictures_are_painted(frozen: Frozen) -> None:
    trainer = steps(fresh(frozen), 150)
    error = trainer.errors()
    assert error["w_rms_seen"] < 0.7 * error["w_rms_seen_of_mean"]
    assert error["pixels_mae_generated"] < 0.7 * error["pixels_mae_generated_of_mean"]
    assert error["pixels_mae_real"] < 0.8 * error["pixels_mae_real_of_mean"]


def test_real_pictures_that_measure_the_error_are_not_learnt_from(frozen: Frozen) -> None:
    trainer = fresh(frozen, real=34)
    assert (len(trainer.pairs.held), len(trainer.pairs.real)) == (3, 31)


def test_without_real_pictures_there_is_no_error_for_them(frozen: Frozen) -> None:
    trainer = steps(fresh(frozen, real=0), 2)
    assert trainer.errors()["pixels_mae_real"] is None
    assert {"places", "pixels"} <= trainer.losses.keys()


def test_a_step_that_compares_pictures_learns_otherwise(frozen: Frozen) -> None:
    """So the loss of the pictures reaches the weights."""
    some = steps(fresh(frozen, real=0), 2).state()["encoder"]
    other = steps(fresh(frozen, replace(RECIPE, pixels=0.0), real=0), 2).state()["encoder"]
    assert any(not torch.equal(some[name], other[name]) for name in some)


def test_it_goes_on_as_if_it_had_not_been_stopped(frozen: Frozen) -> None:
    whole, halves = steps(fresh(frozen), 11), steps(fresh(frozen), 5)
    resumed = fresh(frozen)
    resumed.load(halves.state())
    steps(resumed, 6)
    assert resumed.steps == whole.steps == 11
    for part in ("encoder", "average"):
        one, other = whole.state()[part], resumed.state()[part]
        assert all(torch.equal(one[name], other[name]) for name in one)


def test_weights_that_are_not_finite_are_not_kept(frozen: Frozen) -> None:
    trainer = fresh(frozen)
    with torch.no_grad():
        trainer.encoder.out.bias[0] = float("nan")
    with pytest.raises(TrainingError, match=re.escape("a lower --learning-rate")):
        trainer.state()


def test_a_disturbed_picture_is_still_the_picture() -> None:
    x = torch.rand(64, 3, 16, 16, generator=chance()) * 1.6 - 0.8
    seen = photographs.disturb(x, chance(1))
    assert seen.shape == x.shape
    assert bool(torch.isfinite(seen).all())
    assert 0.01 < float((seen - x).abs().mean()) < 0.4
    assert torch.equal(seen, photographs.disturb(x, chance(1)))


def test_pictures_of_twice_the_size_become_their_means() -> None:
    whole = np.zeros((2, 4, 4, 3), np.uint8)
    whole[:, ::2] = 100
    assert (averaged(whole, 2) == 50).all()
    assert np.array_equal(averaged(whole, 4), whole)


# -- the file ---------------------------------------------------------------------------------------------------------


def test_it_travels_in_the_model_file(frozen: Frozen, model: Path) -> None:
    trainer = steps(fresh(frozen, real=0), 3)
    facts = {"architecture": {**asdict(ARCH), "channels": list(ARCH.channels)}}
    amend_model(model, "encoder", trainer.tensors(), facts)
    header, tensors = load_model(model)
    look = _encoder.build(header, tensors, "cpu", model)
    image = paintings(frozen, 1)[0]
    kept = Encoder(ARCH)
    kept.load_state_dict({name: torch.from_numpy(t).float() for name, t in trainer.tensors().items()})
    with torch.no_grad():
        wanted = frozen.latents(kept(floats(channels_first(image[None]))))[0]
    np.testing.assert_allclose(look(image), wanted, atol=1e-4)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (None, "encoder.architecture has None; expected ['channels', 'directions', 'narrow', 'size']"),
        ({"layers": 3}, "encoder.architecture has ["),
        ({"size": 0}, "must be whole numbers from 1 to 4096"),
        ({"channels": []}, "must be whole numbers from 1 to 4096"),
        ({"size": 32}, "2 channel counts, multiples of 8, halve 16 px to 4; found 32 px"),
        ({"channels": [16, 12]}, "multiples of 8"),
    ],
)
def test_an_impossible_architecture_is_refused(change: dict[str, Any] | None, text: str) -> None:
    options = None if change is None else {**asdict(ARCH), "channels": [16, 32], **change}
    with pytest.raises(ModelError, match=re.escape(text)):
        read_architecture(options, "mine")


def test_its_tensors_are_those_of_its_architecture(frozen: Frozen) -> None:
    shapes = {name: tensor.shape for name, tensor in fresh(frozen, real=0).tensors().items()}
    assert shapes == expected_shapes(ARCH)


def test_the_encoder_of_the_largest_generators_is_small() -> None:
    arch = Architecture.fitting(1024, 512)
    assert sum(int(np.prod(shape)) for shape in expected_shapes(arch).values()) * 2 < 6e6


# -- a part that encodes ----------------------------------------------------------------------------------------------


def test_a_generator_encodes_when_its_model_can(frozen: Frozen, model: Path) -> None:
    generator = stylegan2.Config(model=model).open("cpu")
    assert not read_header(model).get("encoder")
    with pytest.raises(ModelError, match=r"has no encoder\. Train one: python3 run_show\.py encoder "):
        encoder_in(generator)(paintings(frozen, 1)[0])
    with_encoder(frozen, model, 60)
    generator = stylegan2.Config(model=model).open("cpu")
    assert read_header(model).get("encoder")
    image = paintings(frozen, 1)[0]
    tall = (
        np.concatenate([np.zeros((9, 16, 3), np.uint8), image, np.zeros((9, 16, 3), np.uint8)])
        .repeat(3, 0)
        .repeat(3, 1)
    )
    latent = encoder_in(generator)(image)
    assert latent.shape == (8,)
    assert latent.dtype == np.float32
    np.testing.assert_allclose(encoder_in(generator)(tall), latent, atol=1e-3)
    painted = generator.paint(latent, {"/generator/psi": 1.0}).astype(float)
    middle = generator.paint(generator.space.mean, {}).astype(float)
    assert np.abs(painted - image).mean() < np.abs(middle - image).mean()


def test_a_vae_encodes_by_itself(tmp_path: Path) -> None:
    generator = vae.Config(model=tiny_vae(tmp_path / "vae.safetensors")).open("cpu")
    assert encoder_in(generator)(np.zeros((20, 30, 3), np.uint8)).shape == (8,)


@pytest.mark.parametrize("image", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3)), np.zeros((0, 8, 3), np.uint8)])
def test_what_is_no_image_is_refused(image: np.ndarray) -> None:
    with pytest.raises(ValueError, match=re.escape("an image is (height, width, 3) uint8 sRGB, not")):
        square(image)


def test_smaller_and_larger_pictures_fit() -> None:
    board = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).repeat(4, 4)[None, None].expand(1, 3, 8, 8)
    assert (shrunk(board, 4) == 0.5).all()
    assert shrunk(board, 16).shape == (1, 3, 16, 16)


# -- encoder, the step ------------------------------------------------------------------------------------------------


def train(model: Path, *more: str) -> int:
    return main(["encoder", str(model), "--minutes", "0.01", "--threads", "1", "--precision", "fp32", *more])


def test_the_step_writes_an_encoder_into_the_model(
    frozen: Frozen, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for number, pixels in enumerate(paintings(frozen, 20)):
        picture(raw, pixels, f"{number:02}.png")
    before = load_model(model)[1]
    assert train(model, "--pictures", str(raw)) == 0
    assert "It misses generated pictures by" in capsys.readouterr().out
    header, tensors = load_model(model)
    assert all(np.array_equal(tensors[name], before[name]) for name in before)
    said = header["encoder"]
    assert said["images"] == said["steps"] * said["recipe"]["batch"] > 0
    assert said["real"] == {"source": "raw", "pictures": 20, "crop": "centre"}
    assert said["error"]["pixels_mae_real"] > 0
    assert said["command"].startswith("python3 run_show.py")
    assert group_of(tensors, "encoder")
    assert train(model, "--pictures", str(raw), "--minutes", "0.02") == 0
    assert "Going on from" in capsys.readouterr().out
    assert read_header(model)["encoder"]["steps"] > said["steps"]


def test_the_step_leaves_the_model_alone_with_out(model: Path, tmp_path: Path) -> None:
    before = model.read_bytes()
    assert train(model, "--out", str(tmp_path / "new.safetensors")) == 0
    assert model.read_bytes() == before
    assert "encoder" in read_header(tmp_path / "new.safetensors")


def test_a_checkpoint_of_another_generator_is_refused(
    frozen: Frozen, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(model, "--work", str(tmp_path / "work")) == 0
    header, tensors = load_model(model)
    save_model(model, {**tensors, "const": tensors["const"] * 2}, header)
    assert train(model, "--work", str(tmp_path / "work")) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / 'work' / CHECKPOINT}: belongs to another generator" in said
    assert "Use another --work folder" in said


def test_a_model_that_was_replaced_meanwhile_is_not_given_the_encoder(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from installation.training.encoder import session as encoder_session

    def replaced(*arguments: Any) -> bool:
        header, tensors = load_model(model)
        save_model(model, {**tensors, "const": tensors["const"] * 2}, header)
        return learn(*arguments)

    learn = encoder_session.learn
    monkeypatch.setattr(encoder_session, "learn", replaced)
    assert train(model) == 2
    assert "is another model than when this training began" in capsys.readouterr().err
    assert "encoder" not in read_header(model)
    assert (tmp_path / "mine.encoder.work" / CHECKPOINT).exists()


def test_a_vae_needs_no_training_of_an_encoder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tiny_vae(tmp_path / "vae.safetensors")) == 2
    assert "a VAE, which has its encoder from the start" in capsys.readouterr().err


# -- encode, the step -------------------------------------------------------------------------------------------------


def encode(model: Path, out: Path, *more: object) -> int:
    return main(["encode", str(model), "--out", str(out), *map(str, more)])


def test_refining_comes_nearer(frozen: Frozen) -> None:
    wanted = floats(channels_first(paintings(frozen, 3)))
    guess = torch.zeros(3, 8)
    better = refined(frozen, guess, wanted, 40)
    assert picture_loss(frozen.paint(better), wanted) < 0.7 * picture_loss(frozen.paint(guess), wanted)
    torch.testing.assert_close(better, refined(frozen, guess, wanted, 40), atol=0, rtol=0)


def test_the_step_writes_places_that_paint_the_pictures(
    frozen: Frozen, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with_encoder(frozen, model, 60)
    images = paintings(frozen, 2)
    (tmp_path / "other").mkdir()
    files = [picture(tmp_path, images[0]), picture(tmp_path / "other", images[1])]
    assert encode(model, tmp_path / "out", *files, "--refine", 60) == 0
    told = r"sitter -> sitter\.npy: misses it by [\d.]+ \(encoder\), [\d.]+ \(refined\) levels of 255"
    assert re.search(told, capsys.readouterr().out)
    told = json.loads((tmp_path / "out" / "places.json").read_text())
    assert [one["place"] for one in told["places"]] == ["sitter.npy", "sitter-2.npy"]
    generator = stylegan2.Config(model=model).open("cpu")
    for image, one in zip(images, told["places"], strict=True):
        latent = np.load(tmp_path / "out" / one["place"], allow_pickle=False)
        missed = np.abs(generator.paint(latent, {}).astype(float) - image).mean()
        assert missed == pytest.approx(one["levels"]["refined"], abs=0.6)
        assert one["levels"]["refined"] < one["levels"]["encoder"]
    with Image.open(tmp_path / "out" / "sitter-2.png") as seen:
        assert seen.width > 3 * 256


def test_a_vae_finds_places_too(tmp_path: Path) -> None:
    model = tiny_vae(tmp_path / "vae.safetensors")
    file = picture(tmp_path, np.full((20, 30, 3), 90, np.uint8))
    assert encode(model, tmp_path / "out", file, "--refine", 5) == 0
    told = json.loads((tmp_path / "out" / "places.json").read_text())
    assert told["psi"] == vae.Config.model_fields["psi"].default
    assert np.load(tmp_path / "out" / "sitter.npy").shape == (8,)


def test_a_model_of_faces_asks_for_landmarks(
    frozen: Frozen, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, tensors = load_model(model)
    save_model(model, tensors, {**header, "training": {"images": 0, "crop": "face"}})
    with_encoder(frozen, model)
    file = picture(tmp_path, np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    assert encode(model, tmp_path / "out", file) == 0
    assert "Without --landmarks, the eyes of each picture should lie at" in capsys.readouterr().err
    points = tmp_path / "points.json"
    points.write_text(json.dumps({file.name: (np.array(EYES_NOSE_MOUTH) * 64).tolist()}))
    assert encode(model, tmp_path / "out", file, "--landmarks", points) == 0
    assert "landmarks" not in capsys.readouterr().err


def test_a_favourite_is_added_to_what_was_chosen(frozen: Frozen, model: Path, tmp_path: Path) -> None:
    with_encoder(frozen, model)
    kept = {"favourites": [{"name": "Old", "seed": 3}], "blocked": [{"name": "No", "radius": 0.5, "seed": None}]}
    groups = {name: np.full((1, 8), value, np.float32) for name, value in (("favourites", 1), ("blocked", 2))}
    amend_model(model, "curation", {**groups, "radii": np.float32([0.5])}, kept)
    file = picture(tmp_path, paintings(frozen, 1)[0])
    assert encode(model, tmp_path / "out", file, "--favourite", "Ærø") == 0
    space = open_model(model).space
    assert space.names == ("Old", "Ærø")
    assert space.favourites is not None
    assert space.blocked is not None
    assert (space.favourites[0] == 1).all()
    np.testing.assert_array_equal(space.favourites[1], np.load(tmp_path / "out" / "sitter.npy"))
    assert (space.blocked == 2).all()
    assert read_header(model)["curation"]["blocked"] == kept["blocked"]
    assert group_of(load_model(model)[1], "encoder")


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (["--favourite", "a", "--favourite", "b"], "2 names for 1 pictures"),
        (["--landmarks", "points.json"], "sitter.png: no landmarks for it in points.json"),
        (["nothing.png"], "nothing.png: cannot be read"),
        (["broken.png"], "broken.png: "),
        (["mine.safetensors"], "mine.safetensors: cannot be read as a picture"),
    ],
)
def test_what_cannot_be_encoded_is_told_and_nothing_is_written(
    more: list[str],
    text: str,
    frozen: Frozen,
    model: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with_encoder(frozen, model)
    file = picture(tmp_path, paintings(frozen, 1)[0])
    Path("points.json").write_text("{}")
    Path("broken.png").write_bytes(file.read_bytes()[:100])
    before = model.read_bytes()
    assert encode(model, tmp_path / "out", file.name, *more) == 2
    said = capsys.readouterr().err
    assert text in said
    assert said.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert model.read_bytes() == before


def test_a_name_that_is_taken_is_refused(
    frozen: Frozen, model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = picture(tmp_path, paintings(frozen, 1)[0])
    with_encoder(frozen, model)
    assert encode(model, tmp_path / "out", file, "--favourite", "Anna") == 0
    assert encode(model, tmp_path / "out", file, "--favourite", "Anna") == 2
    assert 'there would be two favourites called "Anna"' in capsys.readouterr().err


def test_a_model_without_an_encoder_tells_how_to_get_one(
    model: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = picture(tmp_path, np.zeros((16, 16, 3), np.uint8))
    assert encode(model, tmp_path / "out", file) == 2
    assert f"{model}: has no encoder. Train one: python3 run_show.py encoder {model}" in (capsys.readouterr().err)


def test_names_are_told_apart() -> None:
    paths = [Path("a/x.png"), Path("b/x.jpg"), Path("x-2.png"), Path("c/x.png")]
    assert names_of(paths) == ["x", "x-2", "x-2-2", "x-3"]
