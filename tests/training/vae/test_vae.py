"""The VAE paints what it learned, learns the bound and not something else, goes on bit for bit, and is exported."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from generators.vae import Config
from installation.core.errors import ModelError, TrainingError
from installation.networks.model_file import load_model, network_of, read_header
from installation.networks.vae import (
    Architecture,
    Decoder,
    Network,
    VaeEncoder,
    build,
    decoder_tensors,
    encoder_tensors,
)
from installation.training.cli import main
from installation.training.dataset.supply import Supply
from installation.training.loop.devices import Devices
from installation.training.loop.saving import CHECKPOINT, resume, save
from installation.training.loop.schedule import Phase
from installation.training.loop.windows import cropped
from installation.training.vae.architecture import architecture, effort
from installation.training.vae.export import export
from installation.training.vae.measures import HELD, held
from installation.training.vae.recipe import Recipe
from installation.training.vae.run import Vae
from tests.tiny_models import VAE as ARCH
from tests.tiny_models import encoder_in, tiny_vae

RECIPE = Recipe(stages=(Phase(8, 0.032), Phase(16, 0.032)), batch=8, fade=16, warm_up=32)


def discs(count: int = 96, size: int = 16) -> np.ndarray:
    """Discs of one colour each, dark to bright, on dark ground: (count, size, size, 3) uint8."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    inside = (x**2 + y**2 < 0.1)[None, ..., None]
    return np.where(inside, np.random.default_rng(0).integers(50, 255, (count, 1, 1, 3)), 20).astype(np.uint8)


def tiny(devices: Devices, recipe: Recipe = RECIPE, arch: Architecture = ARCH, **facts: Any) -> Vae:
    return Vae(Supply(discs()), arch, recipe, devices, facts)


def steps(run: Vae, count: int) -> Vae:
    for _ in range(count):
        run.step()
    return run


def same(some: Vae, other: Vae) -> bool:
    """To the bit: weights, averages, moments of Adam, variances, running figures."""
    moments = [list(run.learner.optimiser.state_dict()["state"].values()) for run in (some, other)]
    pairs = [*zip(some.weights(), other.weights(), strict=True)]
    pairs += zip(*(run.learner.average.net.parameters() for run in (some, other)), strict=True)
    pairs += [(a[name], b[name]) for a, b in zip(*moments, strict=True) for name in a]
    pairs += [(some.learner.variances, other.learner.variances), (some.figures.values, other.figures.values)]
    return all(torch.equal(a, b) for a, b in pairs)


# -- the networks -----------------------------------------------------------------------------------------------------


def stirred(arch: Architecture = ARCH) -> tuple[VaeEncoder, Decoder]:
    """Networks whose biases are not zero, so that a forgotten one shows."""
    torch.manual_seed(0)
    encoder, decoder = VaeEncoder(arch), Decoder(arch)
    with torch.no_grad():
        for parameter in (*encoder.parameters(), *decoder.parameters()):
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return encoder, decoder


@pytest.mark.parametrize(("resolution", "fade"), [(16, 1.0), (16, 0.3), (8, 1.0), (4, 1.0)])
def test_the_painting_form_paints_what_the_training_form_paints(resolution: int, fade: float) -> None:
    encoder, decoder = stirred()
    tensors = decoder_tensors(decoder, resolution, fade), encoder_tensors(encoder, resolution, fade)
    network = Network(ARCH.at(resolution), *tensors)
    z = torch.randn(3, ARCH.latent)
    picture = torch.randint(0, 256, (resolution, resolution, 3), dtype=torch.uint8)
    with torch.no_grad():
        wanted = decoder(z, resolution, fade)
        mean, _ = encoder(picture.permute(2, 0, 1)[None] / 127.5 - 1, fade)
    torch.testing.assert_close(network.synthesis(z), wanted, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(network.synthesis(z[1:2]), wanted[1:2], atol=1e-5, rtol=1e-4)
    np.testing.assert_allclose(network.encode(picture.numpy()), mean[0], atol=1e-5)
    levels = (wanted[0] * 127.5 + 127.5).clamp(0, 255).permute(1, 2, 0)
    painted = network.paint(z[0].numpy())
    assert painted.dtype == np.uint8
    assert painted.flags["C_CONTIGUOUS"]
    assert np.abs(painted - levels.numpy()).max() <= 0.51


def test_a_new_size_changes_nothing_at_first() -> None:
    encoder, decoder = stirred()
    z, picture = torch.randn(2, ARCH.latent), torch.rand(2, 3, 16, 16)
    small = torch.nn.functional.avg_pool2d(picture, 2)
    with torch.no_grad():
        painted, before = decoder(z, 16, 0.0), decoder(z, 8)
        doubled = torch.nn.functional.interpolate(before, scale_factor=2, mode="bilinear")
        torch.testing.assert_close(painted, doubled)
        torch.testing.assert_close(encoder(picture, 0.0)[0], encoder(small)[0])


def test_the_deviations_that_an_encoder_gives_are_always_finite() -> None:
    encoder, _ = stirred()
    with torch.no_grad():
        encoder.out.weight.mul_(1e6)
        _, log_variance = encoder(torch.rand(2, 3, 16, 16))
    assert torch.isfinite(log_variance.exp()).all()
    assert log_variance.exp().min() > 0


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"resolution": 32}, "3 and 3 channel counts reach 16 px, but resolution is 32"),
        ({"encoder_channels": [8, 8]}, "3 and 2 channel counts reach 16 px"),
        ({"latent": 0}, "must be whole numbers from 1 to 4096"),
        ({"channels": "many"}, "must be whole numbers from 1 to 4096"),
        ({"layers": 3}, "architecture has ["),
    ],
)
def test_build_refuses_an_impossible_architecture(change: dict[str, Any], text: str) -> None:
    options = {"resolution": 16, "latent": 8, "channels": [16, 16, 16], "encoder_channels": [8, 8, 8]}
    with pytest.raises(ModelError, match=re.escape(text)):
        build({"architecture": {**options, **change}}, {})


def test_build_refuses_tensors_that_do_not_fit(tmp_path: Path) -> None:
    header, tensors = load_model(tiny_vae(tmp_path / "m.safetensors"))
    without = {name: tensor for name, tensor in tensors.items() if name != "block.8.conv1.bias"}
    with pytest.raises(
        ModelError, match=re.escape("m: 1 tensors are missing for its architecture: block.8.conv1.bias")
    ):
        build(header, without, name="m")
    without = {name: tensor for name, tensor in tensors.items() if name != "encoder.out.bias"}
    with pytest.raises(ModelError, match="m: encoder: 1 tensors are missing"):
        build(header, without, name="m")
    with pytest.raises(ModelError, match="has no encoder"):
        build(header, network_of(tensors)).encode(np.zeros((16, 16, 3), np.uint8))


# -- the part ---------------------------------------------------------------------------------------------------------


def test_the_part_finds_the_place_of_a_picture(tmp_path: Path) -> None:
    generator = Config(model=tiny_vae(tmp_path / "m.safetensors")).open("cpu")
    picture = generator.paint(generator.latent(3), {}).copy()
    latent = encoder_in(generator)(picture)
    assert latent.dtype == np.float32
    assert latent.shape == generator.space.mean.shape
    larger = np.asarray(Image.fromarray(picture).resize((64, 64), Image.Resampling.NEAREST))
    np.testing.assert_allclose(encoder_in(generator)(larger), latent, atol=0.05)
    wide = np.concatenate([larger[:, :7], larger, larger[:, :7]], 1)
    np.testing.assert_array_equal(encoder_in(generator)(wide), encoder_in(generator)(larger))


def test_places_are_spread_as_real_pictures_are() -> None:
    _, decoder = stirred()
    axes = np.linalg.qr(np.random.default_rng(0).standard_normal((8, 8)))[0][:3].astype(np.float32)
    facts = {"mean": np.arange(8, dtype=np.float32), "basis": axes, "std": np.float32([3, 2, 1])}
    network = Network(ARCH, decoder_tensors(decoder, 16), facts=facts)
    assert network.z_dim == 3
    latents = network.mapping(np.random.default_rng(1).standard_normal((4000, 3)).astype(np.float32))
    np.testing.assert_allclose(latents.mean(0), facts["mean"], atol=0.2)
    np.testing.assert_allclose(((latents - facts["mean"]) @ axes.T).std(0), [3, 2, 1], rtol=0.05)


# -- learning ---------------------------------------------------------------------------------------------------------


def test_it_learns_the_pictures(devices: Devices) -> None:
    run = tiny(devices, Recipe(stages=(Phase(8, 6),), batch=16, learning_rate=0.003, average=300, warm_up=1000))
    steps(run, 5)
    before = run.measures.facts_now()["held_out"]
    steps(run, 250)
    after = run.measures.facts_now()
    assert after["held_out"]["bits"] < before["bits"] - 1
    assert after["held_out"]["error"] < before["error"] / 3
    assert after["training"]["pictures"] == 96 - 3
    assert after["held_out"]["kl"] > 3  # three colours, each of them worth more than a nat
    assert run.read()["bits"] < before["bits"]
    assert run.alarm() is None
    assert run.shown.samples().shape == (64, 8, 8, 3)
    assert run.shown.samples().std(0).mean() > 10, "the samples differ"


def test_a_picture_held_out_is_never_learnt_from(devices: Devices) -> None:
    supply = Supply(np.arange(96, dtype=np.uint8)[:, None, None, None] * np.ones((1, 16, 16, 3), np.uint8))
    run = Vae(supply, ARCH, RECIPE, devices)
    shown = torch.cat([run.draw(16) for _ in range(30)])
    learnt = set(((shown[:, 0, 8, 8] + 1) * 127.5).round().int().tolist())
    assert learnt == {n for n in range(96) if n % HELD}
    few = Vae(Supply(discs(2 * HELD - 1)), ARCH, RECIPE, devices)
    assert not held(torch.arange(2 * HELD - 1), len(few.supply)).any()


def test_beta_rises_to_its_value(devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, beta=4.0))
    betas = []
    for _ in range(6):
        betas.append(run.recipe.beta_at(run.progress.images))
        run.step()
    assert betas == [0.0, 1.0, 2.0, 3.0, 4.0, 4.0]


def test_a_greater_beta_makes_the_latents_say_less(devices: Devices) -> None:
    recipe = Recipe(stages=(Phase(8, 6),), batch=16, learning_rate=0.003, warm_up=0)
    told = [steps(tiny(devices, replace(recipe, beta=beta)), 60).read()["kl"] for beta in (0.0, 1.0, 50.0)]
    assert told[0] > told[1] > told[2]


def test_latents_that_say_nothing_are_told(devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, warm_up=0))
    run.progress.images = 1
    run.progress.figures = {"kl": 0.2}
    assert "give a smaller --beta" in str(run.alarm())
    run.progress.figures = {"kl": 20.0}
    assert run.alarm() is None


def test_a_batch_in_parts_teaches_what_it_teaches_at_once(devices: Devices) -> None:
    whole, parts = tiny(devices), tiny(devices, replace(RECIPE, at_once=4))
    for run in (whole, parts):
        steps(run, 6)
    for some, other in zip(whole.weights(), parts.weights(), strict=True):
        torch.testing.assert_close(some, other, atol=2e-4, rtol=1e-3)
    assert whole.read() == pytest.approx(parts.read(), rel=1e-3)


def test_windows_of_pictures() -> None:
    picture = torch.rand(2, 3, 8, 8)
    middle, corner = torch.tensor([[0.0, 0.5, 0.5]]), torch.tensor([[0.0, 0.0, 0.0]])
    torch.testing.assert_close(cropped(picture, torch.rand(2, 3), 1.0, 8), picture)
    ramp = torch.linspace(0, 1, 16).expand(1, 3, 16, 16)
    left, centre = cropped(ramp, corner, 0.5, 8), cropped(ramp, middle, 0.5, 8)
    assert left.shape == (1, 3, 8, 8)
    assert float(left.mean()) == pytest.approx(0.25, abs=0.03)
    assert float(centre.mean()) == pytest.approx(0.5, abs=0.01)


# -- going on ---------------------------------------------------------------------------------------------------------


def test_a_run_goes_on_bit_for_bit(devices: Devices, tmp_path: Path) -> None:
    """Through a change of size, with figures read and samples painted in between, as the loop does."""
    whole = steps(tiny(devices), 7)
    first = steps(tiny(devices), 3)
    first.read()
    first.shown.samples()
    save(first, tmp_path)
    second = tiny(devices)
    assert resume(second, tmp_path) == []
    assert second.progress == first.progress
    assert same(second, first)
    assert same(steps(second, 4), whole)
    assert second.timetable.phase() == (16, 1.0)
    assert not same(steps(tiny(devices, replace(RECIPE, seed=1)), 7), whole)


def test_a_run_can_grow_later(devices: Devices, tmp_path: Path) -> None:
    save(steps(tiny(devices, replace(RECIPE, stages=(Phase(8, 0.032),)), ARCH.at(8)), 4), tmp_path)
    grown = tiny(devices)
    assert resume(grown, tmp_path) == ["The networks have grown from 8 px to 16 px."]
    assert grown.timetable.phase() == (16, 0.0)
    steps(grown, 2)
    assert len(grown.learner.variances) == 9
    save(grown, tmp_path)
    with pytest.raises(TrainingError, match="holds another network"):
        resume(tiny(devices, replace(RECIPE, stages=(Phase(8, 0.032),)), ARCH.at(8)), tmp_path)


def test_a_gan_does_not_go_on_as_a_vae(devices: Devices, tmp_path: Path) -> None:
    run = tiny(devices)
    run.model = "gan"
    save(run, tmp_path)
    with pytest.raises(TrainingError, match="trains a gan, not a vae"):
        resume(tiny(devices), tmp_path)


def test_the_networks_of_each_size() -> None:
    assert architecture(128) == Architecture()
    parts = [kind(architecture(128)).parameters() for kind in (VaeEncoder, Decoder)]
    assert 3e6 < sum(p.numel() for part in parts for p in part) < 6e6
    assert architecture(256).at(128) == architecture(128)
    assert 1.5 < effort(architecture(128), 128) / effort(architecture(128), 32) < 3


# -- export -----------------------------------------------------------------------------------------------------------


def test_the_model_paints_as_the_averaged_network(devices: Devices, tmp_path: Path) -> None:
    recipe = replace(RECIPE, stages=(Phase(8, 0.32), Phase(16, 0.32)))
    run = steps(tiny(devices, recipe, command="python3 run_show.py train discs", count=96), 50)
    save(run, tmp_path)
    header = export(tmp_path / CHECKPOINT, tmp_path / "m.safetensors")
    assert read_header(tmp_path / "m.safetensors", kind="vae") == {**json.loads(json.dumps(header)), "format": 1}
    assert header["training"]["images"] == 400
    assert header["training"]["command"].startswith("python3 run_show.py train")
    assert set(header["training"]["elbo"]["held_out"]) == {"pictures", "nats", "kl", "bits", "error"}
    generator = Config(model=tmp_path / "m.safetensors", psi=1.0).open("cpu")
    space = generator.space
    mean, covariance = run.measures.latents()
    np.testing.assert_allclose(space.mean, mean, atol=1e-5)
    np.testing.assert_allclose(
        np.diag(space.basis @ covariance.numpy() @ space.basis.T), space.std**2, rtol=1e-3, atol=1e-5
    )
    assert (np.diff(space.std) <= 0).all()
    picture = discs()[5]
    latent = encoder_in(generator)(picture)
    np.testing.assert_allclose(latent, run.measures.posterior(picture[None])[0][0], atol=0.02)
    painted = run.measures.paint(torch.from_numpy(latent)[None])[0]
    assert np.abs(generator.paint(latent, {}).astype(int) - painted).max() <= 2


def test_a_model_is_exported_while_a_size_is_new(devices: Devices, tmp_path: Path) -> None:
    run = steps(tiny(devices), 5)
    assert run.timetable.phase() == (16, 0.5)
    save(run, tmp_path)
    export(tmp_path / CHECKPOINT, tmp_path / "m.safetensors")
    generator = Config(model=tmp_path / "m.safetensors", psi=1.0).open("cpu")
    latent = generator.latent(0)
    painted = run.measures.paint(torch.from_numpy(latent)[None])[0]
    assert np.abs(generator.paint(latent, {}).astype(int) - painted).max() <= 2


def test_from_a_folder_to_a_model_by_the_command(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for index, picture in enumerate(discs(12, 32)):
        Image.fromarray(picture).save(raw / f"{index:02}.png")
    out, again = tmp_path / "mine.safetensors", tmp_path / "again.safetensors"
    options = ["--model", "vae", "--stages", "8:0.04,16:0.08", "--width", "32", "--latent", "8", "--beta", "2"]
    options += ["--batch", "8", "--threads", "1", "--closest", "0.9", "--no-tensorboard"]
    assert main(["train", str(raw), "--out", str(out), *options]) == 0
    header = read_header(out, kind="vae")
    assert header["architecture"]["latent"] == 8
    assert header["training"]["recipe"]["beta"] == 2
    assert header["training"]["recipe"]["crop"] == 0.9
    assert header["training"]["recipe"]["learning_rate"] == 0.001
    assert header["training"]["pictures"] == 12
    assert set(header["training"]["elbo"]) == {"training"}  # too few pictures to hold any out
    assert (tmp_path / "mine.work" / "sheet.png").exists()
    assert main(["export", str(tmp_path / "mine.work"), "--out", str(again)]) == 0
    assert again.read_bytes() == out.read_bytes()


def test_a_checkpoint_of_an_unknown_kind_is_refused(
    devices: Devices, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tiny(devices)
    run.model = "os"
    save(run, tmp_path)
    assert main(["export", str(tmp_path), "--out", str(tmp_path / "m.safetensors")]) == 2
    assert "trains a 'os'; this program knows gan and vae" in capsys.readouterr().err
