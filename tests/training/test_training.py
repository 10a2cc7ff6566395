"""Training on generated pictures: it learns, resumes, exports, and says clearly what is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from installation.core.errors import ModelError
from installation.networks.model_file import load_model, read_header
from installation.networks.stylegan2 import Network, build, effective_tensors
from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.training.cli import main
from installation.training.command_line.published import published
from installation.training.commands.train import DESCRIPTION
from installation.training.dataset import pictures
from installation.training.dataset.ledger import Ledger, ledger_digest, read_ledger
from installation.training.dataset.options import SourceOptions
from installation.training.dataset.reading import read_any
from installation.training.gan.discriminator import deviation
from installation.training.gan.export import measure
from installation.training.loop.options import PRESETS, Preset, stages
from installation.training.loop.saving import CHECKPOINT, read_checkpoint
from tests.timeout import TIMEOUT, until
from tests.tiny_training import ARCH, discs


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    raw = tmp_path / "raw"
    raw.mkdir()
    for index, picture in enumerate(discs(12, 32)):
        Image.fromarray(picture).save(raw / f"{index:02}.png")
    return raw


# -- the network ------------------------------------------------------------------------------------------------------


def stirred(arch: Architecture = ARCH) -> StyleGan2:
    """A generator whose biases are not zero, so that a forgotten one shows."""
    torch.manual_seed(0)
    generator = StyleGan2(arch)
    with torch.no_grad():
        for parameter in generator.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)
    return generator


@pytest.mark.parametrize(("resolution", "fade"), [(16, 1.0), (16, 0.3), (8, 1.0), (4, 1.0)])
def test_the_painting_form_paints_what_the_training_form_paints(resolution: int, fade: float) -> None:
    generator = stirred()
    network = Network(ARCH.at(resolution), effective_tensors(generator, resolution, fade))
    z = torch.randn(3, ARCH.z_dim)
    with torch.no_grad():
        w = generator.mapping(z)
        wanted = generator.synthesis(w, resolution, fade)
    np.testing.assert_allclose(network.mapping(z.numpy()), w, atol=1e-4)
    torch.testing.assert_close(network.synthesis(w), wanted, atol=1e-4, rtol=1e-4)
    levels = (wanted[0] * 127.5 + 127.5).clamp(0, 255).permute(1, 2, 0)
    painted = network.paint(w[0].numpy())
    assert painted.dtype == np.uint8
    assert painted.flags["C_CONTIGUOUS"]
    assert np.abs(painted - levels.numpy()).max() <= 0.51


def test_a_picture_does_not_depend_on_its_neighbours() -> None:
    network = Network(ARCH, effective_tensors(stirred(), 16))
    w = network.mapping(np.random.default_rng(0).standard_normal((3, 16)).astype(np.float32))
    torch.testing.assert_close(network.synthesis(w)[1:2], network.synthesis(w[1:2]), atol=1e-5, rtol=1e-5)


def test_paint_refuses_another_shape() -> None:
    network = Network(ARCH, effective_tensors(stirred(), 16))
    with pytest.raises(ValueError, match=re.escape("one place in W has shape (16,), not (1, 16)")):
        network.paint(np.zeros((1, 16), np.float32))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"resolution": 32}, "3 channel counts reach 16 px, but resolution is 32"),
        ({"w_dim": 0}, "must be whole numbers from 1 to 4096"),
        ({"channels": "many"}, "must be whole numbers from 1 to 4096"),
        ({"layers": 3}, "architecture has ["),
    ],
)
def test_build_refuses_an_impossible_architecture(change: dict[str, Any], text: str) -> None:
    options = {"resolution": 16, "z_dim": 16, "w_dim": 16, "channels": [16, 16, 16], "mapping_layers": 2}
    with pytest.raises(ModelError, match=re.escape(text)):
        build({"architecture": {**options, **change}}, {})


def test_the_discriminator_sees_whether_neighbours_differ() -> None:
    alike = torch.ones(4, 16, 4, 4)
    assert deviation(alike)[:, -1].max() < 1e-3
    assert deviation(alike * torch.arange(4.0)[:, None, None, None])[:, -1].min() > 0.5


# -- export -----------------------------------------------------------------------------------------------------------


def test_the_measured_space_is_orthonormal_sorted_and_visible() -> None:
    network = Network(ARCH, effective_tensors(stirred(), 16))
    facts = measure(network, samples=500)
    assert {name: value.shape for name, value in facts.items()} == {
        "mean": (16,),
        "basis": (16, 16),
        "std": (16,),
        "gain": (16,),
    }
    np.testing.assert_allclose(facts["basis"] @ facts["basis"].T, np.eye(16), atol=1e-4)
    assert np.all(np.diff(facts["std"]) <= 1e-6)
    assert np.all(facts["gain"] >= 0)
    assert facts["gain"][0] > 0
    again = measure(network, samples=500)
    assert all(np.array_equal(facts[name], again[name]) for name in facts)


# -- the command line -------------------------------------------------------------------------------------------------

SMALL = ("--stages", "8:0.024,16:0.024", "--batch", "4", "--width", "32", "--threads", "1", "--precision", "fp32")


def test_from_pictures_to_a_sheet(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, look = tmp_path / "mine.safetensors", tmp_path / "look.png"
    assert main(["prepare", str(folder), "--out", str(tmp_path / "ready"), "--size", "32"]) == 0
    assert "12 pictures of 32 px" in capsys.readouterr().out
    assert main(["train", str(tmp_path / "ready"), "--out", str(model), *SMALL]) == 0
    assert main(["sheet", str(model), "--out", str(look), "--count", "5"]) == 0
    assert pictures.read_picture(look).shape == (32, 48, 3)
    header, tensors = load_model(model, kind="stylegan2")
    assert header["training"]["images"] == 48
    assert header["training"]["pictures"] == 12
    assert header["architecture"]["channels"] == [32, 32, 32]
    network = build(header, tensors)
    assert network.paint(tensors["latent.mean"]).shape == (16, 16, 3)
    again = tmp_path / "again.safetensors"
    assert main(["export", str(tmp_path / "mine.work"), "--out", str(again)]) == 0
    assert again.read_bytes() == model.read_bytes()


def test_a_model_goes_on_from_another_that_may_then_be_gone(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.safetensors", tmp_path / "second.safetensors"
    train = ["train", str(folder), "--batch", "4", "--width", "32", "--threads", "1", "--precision", "fp32"]
    assert main([*train, "--out", str(first), "--stages", "8:0.008"]) == 0
    begun = read_header(first)["ledger_sha256"]
    train += ["--out", str(second), "--start-from", str(first)]
    assert main([*train, "--stages", "8:0.008"]) == 0
    first.unlink()
    assert main([*train, "--stages", "8:0.016"]) == 0
    training = read_header(second)["training"]
    assert training["started_from"] == {"images": 8, "ledger": begun}
    assert training["images"] == 16


def test_a_model_says_by_what_right_and_tells_no_strangers_folders(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, ready = tmp_path / "mine.safetensors", tmp_path / "ready"
    assert main(["prepare", str(folder), "--out", str(ready), "--size", "16"]) == 0
    ledger = Ledger.read(ready / "ledger.csv")
    for index, row in enumerate(ledger.rows.values()):
        row["licence"] = "CC0" if index else ""
    ledger.write(ready / "ledger.csv")
    monkeypatch.setattr(sys, "argv", ["training", "train", str(ready), f"--out={model}"])
    assert main(["train", str(ready), "--out", str(model), *SMALL]) == 0
    header = read_header(model)
    assert header["licence"] == {"weights": "not told", "data": "not told of some; CC0"}
    assert header["training"]["command"] == "python3 run_show.py train ready --out=mine.safetensors"
    rows = read_ledger(tmp_path / "mine.ledger.csv")
    assert len(rows) == 13
    assert ledger_digest(rows, "raw", [row[0] for row in rows[1:]]) == header["ledger_sha256"]
    export = ["export", str(tmp_path / "mine.work"), "--out", str(model)]
    assert main([*export, "--licence", "CC-BY-4.0"]) == 0
    assert main(export) == 0
    assert read_header(model)["licence"]["weights"] == "CC-BY-4.0"


def test_a_command_of_an_older_program_is_published_without_its_places() -> None:
    assert (
        published("python -m x train '/home/me/my pictures' --stages 8:1")
        == "python -m x train 'my pictures' --stages 8:1"
    )
    assert published("train 'it") == "train 'it"


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["train", "{raw}/none", "--out", "m.safetensors"], "not a folder"),
        (["train", "{empty}", "--out", "m.safetensors"], "no pictures in it"),
        (["train", "{raw}", "--out", "m.pt"], "the name of a model file ends with .safetensors"),
        (["prepare", "{raw}", "--out", "{empty}", "--crop", "face"], "--crop face needs --landmarks FILE"),
        (["prepare", "{raw}", "--out", "{empty}", "--landmarks", "{raw}/00.png"], "cannot be read as landmarks"),
        (["prepare", "{raw}", "--out", "{empty}", "--landmarks", "{empty}/l.json"], "none of 12 pictures can be used"),
        (
            ["prepare", "{raw}", "--out", "{empty}", "--ledger", "{empty}/none.csv"],
            "none.csv: cannot be read as a ledger",
        ),
        (["prepare", "{raw}", "--out", "{raw}/00.png"], "00.png: cannot be read or written (File exists)"),
        (["sheet", "{raw}/none.safetensors", "--out", "s.png"], "there is no such model file"),
        (["sheet", "{raw}/none.safetensors", "--out", "s.gif"], "the name of a sheet file ends with .png"),
        (["export", "{empty}", "--out", "m.safetensors"], "there is no checkpoint"),
        (["screen", "{raw}"], "raw: not a prepared folder. First: prepare my_pictures --out"),
        (["screen", "{raw}/none"], "none: there is no such folder"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_message(
    argv: list[str], text: str, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "l.json").write_text("{}")
    assert main([word.format(raw=folder, empty=empty) for word in argv]) == 2
    message = capsys.readouterr().err
    assert message.startswith("error: ")
    assert text in message
    assert message.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "text"),
    [
        (["train", "x", "--out", "m.safetensors", "--stages", "32"], "not a list of RESOLUTION:KIMG"),
        (["train", "x", "--out", "m.safetensors", "--stages", "64:1,32:1"], "each twice the one before"),
        (["train", "x", "--out", "m.safetensors", "--stages", "64:1,256:1"], "each twice the one before"),
        (["train", "x", "--out", "m.safetensors", "--stages", "2048:1"], "sizes are 8, 16, 32 ... 1024"),
        (["train", "x", "--out", "m.safetensors", "--precision", "fp16"], "invalid choice: 'fp16'"),
        (["train", "x", "--out", "m.safetensors", "--stages", "32:-1"], "above 0 and at most 100000"),
        (["train", "x", "--out", "m.safetensors", "--learning-rate", "1"], "not a number from 1e-05 to 0.1"),
        (["sheet", "m", "--out", "s.png", "--psi", "nan"], "not a number from 0 to 2"),
        (["paint"], "invalid choice: 'paint'"),
    ],
)
def test_wrong_options_leave_with_2(argv: list[str], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(argv)
    assert left.value.code == 2
    assert text in capsys.readouterr().err


def test_a_schedule_too_large_for_a_prepared_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = str(tmp_path / "ready")
    main(["prepare", str(folder), "--out", ready, "--size", "32"])
    assert main(["train", ready, "--out", str(tmp_path / "m.safetensors"), "--preset", "quick"]) == 2
    assert "Prepare again with --size 64" in capsys.readouterr().err


def test_a_prepared_folder_of_another_size_than_training_knows(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = str(tmp_path / "ready")
    assert main(["prepare", str(folder), "--out", ready, "--size", "24"]) == 0
    assert "24 is no power of two: to train, prepare again with --size 16" in capsys.readouterr().err
    assert main(["train", ready, "--out", str(tmp_path / "m.safetensors"), "--stages", "16:1", "--crop", "tiles"]) == 2
    said = capsys.readouterr().err
    assert "ready is prepared already and taken as it is: --crop would go to prepare" in said
    assert "prepared at 24 px; that is no power of two. Prepare again with --size 16" in said


OTHER = {
    "crop": "tiles",
    "landmarks": Path("points.json"),
    "ledger": Path("sources.csv"),
    "tile_scale": 2.0,
    "every": 1.0,
    "min_detail": 8,
    "max_upscale": 3.0,
}


def test_every_option_of_a_source_is_known_to_come_too_late(folder: Path, tmp_path: Path, capsys) -> None:
    ready = tmp_path / "ready"
    assert main(["prepare", str(folder), "--out", str(ready), "--size", "16"]) == 0
    assert OTHER.keys() == {one.name for one in fields(SourceOptions)}
    capsys.readouterr()
    read_any(ready, SourceOptions(), 16)
    assert capsys.readouterr().err == ""
    read_any(ready, SourceOptions(**OTHER), 16)
    words = ", ".join(f"--{name.replace('_', '-')}" for name in OTHER)
    assert f"taken as it is: {words} would go to prepare" in capsys.readouterr().err
    read_any(ready, SourceOptions(ledger=Path("sources.csv")), 16, ledger_is_read=True)
    assert capsys.readouterr().err == ""


def test_without_a_word_it_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    assert "from pictures to a show" in capsys.readouterr().out


def test_a_prepared_folder_that_is_damaged(folder: Path, tmp_path: Path) -> None:
    assert main(["prepare", str(folder), "--out", str(tmp_path / "ready"), "--size", "16"]) == 0
    facts = tmp_path / "ready" / "prepared.json"
    facts.write_text(json.dumps({**json.loads(facts.read_text()), "size": 99}))
    with pytest.raises(pictures.PicturesError, match="Prepare it again"):
        pictures.load_prepared(tmp_path / "ready")


@pytest.mark.parametrize("preset", PRESETS.values())
def test_every_preset_is_a_schedule(preset: Preset) -> None:
    assert stages(preset.stages)
    assert preset.stages in DESCRIPTION


def test_help_is_instant() -> None:
    code = (
        "import sys\nfrom installation.training.cli import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit as left: assert left.code == 0\n"
        "assert not {'torch', 'numpy', 'cv2', 'lightning_fabric'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_an_interrupt_saves_and_leaves_with_0_and_the_same_command_goes_on(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "mine.safetensors"
    long = ["--stages", "8:100", "--batch", "4", "--width", "32", "--threads", "1", "--precision", "fp32"]
    command = [sys.executable, "-m", "installation.training", "train", str(folder), "--out", str(model), *long]
    run = subprocess.Popen(
        [*command, "--sheet-every", "1"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path.cwd()
    )
    work = tmp_path / "mine.work"
    until(lambda: run.poll() is not None or (work / "sheet.png").exists(), "its first sheet")
    os.kill(run.pid, signal.SIGINT)
    told, _ = run.communicate(timeout=TIMEOUT)
    assert run.returncode == 0
    assert "Stopped and saved" in told
    assert not model.exists()
    images = json.loads(read_checkpoint(work / CHECKPOINT)["progress"])["images"]
    assert images > 0
    again = subprocess.run([*command, "--minutes", "0.011"], capture_output=True, text=True, check=True)
    assert f"Going on from {work / CHECKPOINT}: {images} pictures seen" in again.stdout
    assert again.stdout.endswith(f"Next: python -m installation.training curate {model}\n")
    assert model.exists()
