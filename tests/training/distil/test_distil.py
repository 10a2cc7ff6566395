"""A student learns what its teacher paints, goes on bit for bit, and ends in a file in its teacher's latent space."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from installation.core.errors import ModelError, TrainingError
from installation.core.parts import config
from installation.networks.mobile import Painter, read_architecture
from installation.networks.model_file import group_of, load_model, read_header, save_model
from installation.networks.runtime import levels
from installation.training.cli import main
from installation.training.distil.export import BASE
from installation.training.distil.losses import pyramid
from installation.training.distil.recipe import Recipe
from installation.training.distil.run import Distilling
from installation.training.distil.teacher import Teacher, architecture
from installation.training.latent.models import open_model
from installation.training.loop.devices import Devices
from installation.training.loop.saving import CHECKPOINT, resume, save
from tests import tiny_gan
from tests.tiny_models import TINY, tiny_vae

RECIPE = Recipe(kimg=1, batch=4, rise=8, learning_rate=0.005, features=0)
QUICK = ["--kimg", "0.016", "--width", "16", "--layers", "1", "--batch", "4", "--features", "0", "--threads", "1"]
QUICK += ["--device", "cpu", "--precision", "fp32", "--no-tensorboard"]


def taught_by(path: Path, devices: Devices, recipe: Recipe = RECIPE, digest: str = "it") -> Distilling:
    teacher = Teacher(open_model(path), torch.device("cpu"))
    return Distilling(teacher, architecture(teacher, 32, 1), recipe, devices, None, {"teacher": digest})


def steps(run: Distilling, count: int) -> Distilling:
    for _ in range(count):
        run.step()
    return run


def test_a_student_comes_nearer_to_its_teacher(tmp_path: Path, devices: Devices) -> None:
    run = taught_by(tiny_vae(tmp_path / "m.safetensors"), devices)
    latents = run.teacher.some(32, torch.Generator().manual_seed(5))
    wanted = run.teacher.paint(latents)

    def off() -> float:
        with torch.no_grad():
            return float((run.net(latents) - wanted).abs().mean())

    before = off()
    steps(run, 150)
    assert off() < 0.7 * before
    assert run.read()["off"] < 127.5


def test_a_resumed_run_is_the_same_to_the_bit(tmp_path: Path, devices: Devices) -> None:
    model = tiny_gan.written(tmp_path / "m.safetensors")
    first = steps(taught_by(model, devices), 3)
    save(first, tmp_path)
    steps(first, 3)
    second = taught_by(model, devices)
    assert resume(second, tmp_path) == []
    steps(second, 3)
    for one, other in zip(first.net.parameters(), second.net.parameters(), strict=True):
        assert torch.equal(one, other)
    assert first.read() == second.read()
    for one, other in zip(first.average.net.parameters(), second.average.net.parameters(), strict=True):
        assert torch.equal(one, other)


def test_another_teacher_or_size_is_refused(tmp_path: Path, devices: Devices) -> None:
    model = tiny_gan.written(tmp_path / "m.safetensors")
    save(steps(taught_by(model, devices), 1), tmp_path)
    with pytest.raises(TrainingError, match="begun on another model"):
        resume(taught_by(model, devices, digest="another"), tmp_path)
    run = taught_by(model, devices)
    run.arch = run.arch.model_copy(update={"layers": 2})
    with pytest.raises(TrainingError, match="holds another network"):
        resume(run, tmp_path)


@pytest.mark.parametrize("kind", ["vae", "stylegan2", "stylegan2_ada", "stylegan3", "lightweight_gan", "onnx"])
def test_the_command_writes_a_model_with_its_teachers_seeds(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write = tiny_gan.written if kind == "stylegan2" else TINY[kind]
    model, out = write(tmp_path / "big.safetensors"), tmp_path / "small.safetensors"
    assert main(["distil", str(model), "--out", str(out), *QUICK]) == 0
    assert "16 pictures seen" in capsys.readouterr().out
    big, small = open_model(model), open_model(out)
    assert small.header["kind"] == "mobile"
    np.testing.assert_array_equal(small.latents(range(3)), big.latents(range(3)))
    for name, fact in group_of(big.tensors, "latent").items():
        np.testing.assert_array_equal(group_of(small.tensors, "latent")[name], fact)
    generator = config("generator", "auto")(kind="auto", model=out).open("cpu")
    side = big.network.synthesis(big.latents([1])[:, : small.header["architecture"]["latent"]]).shape[2]
    assert generator.paint(generator.latent(1), {}).shape == (side, side, 3)
    assert small.header["licence"] == big.header["licence"]


def test_what_people_chose_holds_for_the_student(tmp_path: Path) -> None:
    vector = np.full((1, 12), 0.1, np.float32)
    chosen = {"favourites": [{"name": "Ann", "seed": 3}], "blocked": []}
    model = tiny_gan.written(
        tmp_path / "big.safetensors",
        directions=[{"name": "light"}],
        curation=chosen,
        directions__vectors=vector,
        curation__favourites=vector * 3,
    )
    out = tmp_path / "small.safetensors"
    command = ["distil", str(model), "--out", str(out), *QUICK]
    assert main(command) == 0
    student = config("generator", "mobile")(kind="mobile", model=out)
    assert student.favourites() == ("Ann",)
    assert "/generator/direction/light" in [control.address for control in student.controls()]
    header, tensors = load_model(out)
    header["curation"]["favourites"][0]["name"] = "Anna"
    save_model(out, tensors, header)
    assert main(["export", str(tmp_path / "small.work"), "--out", str(out), "--licence", "CC0-1.0"]) == 0
    assert config("generator", "mobile")(kind="mobile", model=out).favourites() == ("Anna",)
    assert read_header(out)["licence"]["weights"] == "CC0-1.0"
    tiny_vae(out)
    assert main(["export", str(tmp_path / "small.work"), "--out", str(out)]) == 0
    assert read_header(tmp_path / "small.safetensors.bak")["kind"] == "vae"
    assert (tmp_path / "small.work" / BASE).exists()
    assert (tmp_path / "small.work" / CHECKPOINT).exists()


def test_latents_are_what_a_show_asks_for(tmp_path: Path) -> None:
    vector = np.zeros((1, 12), np.float32)
    vector[0, 0] = 100
    model = tiny_gan.written(tmp_path / "m", directions=[{"name": "far"}], directions__vectors=vector)
    teacher = Teacher(open_model(model), torch.device("cpu"))
    drawn = teacher.drawn(replace(RECIPE, batch=400, steered=0.5), torch.Generator().manual_seed(0))
    far = (drawn[:, 0] - teacher.mean[0]).abs()
    assert 0.4 < (far > 3).float().mean() < 0.6
    assert far.max() < 3 * 100 + 10
    plain = teacher.drawn(replace(RECIPE, batch=400, steered=0, calm=0.5, wild=0.5), torch.Generator().manual_seed(0))
    seeds = teacher.some(400, torch.Generator().manual_seed(0))
    torch.testing.assert_close(plain, teacher.mean + 0.5 * (seeds - teacher.mean))


def test_sizes_are_compared_from_fine_to_coarse() -> None:
    checks = (torch.arange(16)[:, None] + torch.arange(16)).remainder(2).float()[None, None].expand(1, 3, 16, 16)
    torch.testing.assert_close(pyramid(checks, torch.full_like(checks, 0.5)), torch.tensor([0.5, 0.0, 0.0]))


def test_one_picture_is_painted_as_many_are(tmp_path: Path, devices: Devices) -> None:
    run = steps(taught_by(tiny_vae(tmp_path / "m.safetensors"), devices), 5)
    latents = run.teacher.some(3, torch.Generator().manual_seed(2))
    with torch.inference_mode():
        many, one = run.net(latents), run.net(latents[1:2])
    torch.testing.assert_close(one[0], many[1], atol=1e-5, rtol=1e-4)


def test_openvino_paints_the_same(tmp_path: Path) -> None:
    openvino = pytest.importorskip("installation.networks.openvino")
    if openvino.version() is None:
        pytest.skip("OpenVINO is not installed")
    network = open_model(TINY["mobile"](tmp_path / "m.safetensors")).network
    latents = network.mapping(np.random.default_rng(0).standard_normal((2, network.z_dim)).astype(np.float32))
    fast = openvino.OpenVino(openvino.compiled(network.synthesis, latents))
    for latent in latents:
        with torch.inference_mode():
            wanted = levels(network.synthesis, torch.from_numpy(latent)[None]).numpy()
        assert np.abs(fast.paint(latent).astype(int) - wanted).max() <= 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resolution": 64}, "channels do not reach 64 px"),
        ({"layers": 0}, "architecture.layers"),
        ({"classes": 2}, "do not fit together"),
        ({"more": 1}, "architecture.more"),
    ],
)
def test_a_wrong_architecture_is_refused(change: dict[str, int], message: str) -> None:
    right = {"resolution": 16, "z_dim": 4, "latent": 4, "channels": [8, 8], "layers": 1}
    assert len(Painter(read_architecture(right)).block) == 2
    with pytest.raises(ModelError, match=message):
        read_architecture(json.loads(json.dumps(right | change)), "m")
