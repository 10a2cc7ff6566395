"""A brush learns from windows at half the scale, goes on, and ends in the model's file for twice the size."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from installation.core.errors import TrainingError
from installation.core.parts import config
from installation.networks.amounts import fully
from installation.networks.model_file import group_of, load_model, read_header
from installation.networks.model_generator import BRUSH
from installation.training.brush.export import CHANNELS, doubled
from installation.training.brush.windows import windows
from installation.training.cli import main
from installation.training.latent.models import open_model
from installation.training.loop.saving import read_checkpoint
from installation.training.refiner.export import learnt
from tests import tiny_gan
from tests.tiny_brush import brushed
from tests.tiny_models import tiny_vae
from tests.tiny_refiner import refined

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("raw")
    for number in range(6):
        noise = np.random.default_rng(number).integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number}.png")
    return folder


def command(model: Path, folder: Path, out: Path, *options: str) -> int:
    quick = (
        "--window",
        "16",
        "--threads",
        "1",
        "--no-tensorboard",
        "--projected",
        "0",
        "--features",
        "0",
        "--precision",
        "fp32",
    )
    return main(["brush", str(model), str(folder), "--out", str(out), "--kimg", "0.016", *quick, *options])


def test_samples_are_windows_of_what_is_refined(tmp_path: Path) -> None:
    model = open_model(refined(tiny_vae(tmp_path / "m.safetensors")))
    source = windows(model, CPU)
    assert source.side == 16
    some = source.sample(1.0, 8, torch.Generator().manual_seed(3))
    assert some.shape == (8, 3, 16, 16)
    chance = torch.Generator().manual_seed(3)
    latents = model.network.mapping(torch.randn(8, model.network.z_dim, generator=chance).numpy())
    whole = model.network.synthesis(fully(model.network, latents)).clamp(-1, 1)
    places = whole.unfold(2, 16, 1).unfold(3, 16, 1)  # (8, 3, 17, 17, 16, 16)
    apart = (places - some[:, :, None, None]).abs().amax((1, 4, 5)).flatten(1)
    assert apart.min(1).values.max() < 1e-5
    assert len(set(apart.argmin(1).tolist())) > 1


def test_what_is_written_paints_twice_the_size_that_was_learnt(raw: Path, tmp_path: Path) -> None:
    model, out = refined(tiny_vae(tmp_path / "m.safetensors")), tmp_path / "out.safetensors"
    assert command(model, raw, out) == 0
    header, tensors = load_model(out)
    entry = header["brush"]
    assert (entry["architecture"]["resolution"], tuple(entry["architecture"]["channels"])) == (32, CHANNELS)
    assert (entry["images"], entry["pictures"], entry["images_before"]) == (16, 6, None)
    assert (out.with_suffix(".brush.ledger.csv")).exists()
    before, old = load_model(model)
    assert {name: header[name] for name in before} == before
    assert all(np.array_equal(tensors[name], tensor) for name, tensor in old.items())
    one = learnt(read_checkpoint(tmp_path / "out.work" / "checkpoint.pt"))
    soft = torch.rand(1, 3, 32, 32)
    large, chance = doubled(one), torch.Generator().manual_seed(0)
    grain = one.grains(1, 32, chance)
    torch.testing.assert_close(large(soft, grain), one(soft, grain))
    stored = group_of(tensors, "brush")["out.weight"]
    np.testing.assert_allclose(stored, large.out.weight.numpy(), atol=1e-3)
    generator = config("generator", "vae")(model=out).open("cpu")
    full = generator.paint(generator.latent(0), {}).astype(int)
    assert full.shape == (64, 64, 3)
    assert (full != generator.paint(generator.latent(0), {BRUSH: 0.0})).any()


def test_it_goes_on_from_what_the_model_s_brush_has_learnt(raw: Path, tmp_path: Path) -> None:
    gan = tiny_gan.written(tmp_path / "gan.safetensors")
    gan = refined(gan)
    first, second, other = (tmp_path / f"{name}.safetensors" for name in ("first", "second", "other"))
    slow = ("--learning-rate", "0.000001")
    assert command(gan, raw, first, "--learning-rate", "0.002") == 0
    assert command(first, raw, second, *slow) == 0
    assert command(first, raw, other, *slow, "--anew") == 0
    begun, gone_on, anew = (group_of(load_model(one)[1], "brush")["out.weight"] for one in (first, second, other))
    np.testing.assert_allclose(begun, gone_on, atol=2e-3)
    assert not np.allclose(begun, anew, atol=2e-3)
    assert read_header(second)["brush"]["images_before"] == 16


def test_the_same_command_goes_on_and_export_writes_it(
    raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = refined(tiny_vae(tmp_path / "m.safetensors")), tmp_path / "out.safetensors"
    assert command(model, raw, out) == 0
    model.unlink()
    assert command(model, raw, out, "--kimg", "0.024") == 0
    assert "Going on from" in capsys.readouterr().out
    assert read_header(out)["brush"]["images"] == 24
    assert main(["export", str(tmp_path / "out.work"), "--out", str(tmp_path / "look.safetensors")]) == 0
    assert "its brush, after 24 pictures" in capsys.readouterr().out


def test_a_sheet_is_painted_with_it_where_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, sheet = refined(tiny_vae(tmp_path / "m.safetensors")), tmp_path / "sheet.png"
    words = ["sheet", str(model), "--count", "4", "--out", str(sheet)]
    assert main([*words, "--brush"]) == 2
    assert "m.safetensors: holds no brush. Train one: " in capsys.readouterr().err
    assert main(words) == 0
    with Image.open(sheet) as plain:
        width, height = plain.size
    brushed(model)
    assert main([*words, "--brush"]) == 0
    with Image.open(sheet) as painted:
        assert painted.size == (2 * width, 2 * height)


def test_what_no_brush_is_for_is_refused_before_pictures_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = tiny_vae(tmp_path / "small.safetensors")
    assert command(small, tmp_path / "nothing", tmp_path / "out.safetensors") == 2
    assert "small.safetensors: paints 16x16 px; a brush is for squares of 32, 64, 128 ... px" in capsys.readouterr().err
    with pytest.raises(TrainingError):
        windows(open_model(small), CPU)
