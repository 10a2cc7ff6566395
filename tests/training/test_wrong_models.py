"""Each command of the chain with a model that it is not for: one line that names the user's own file, and says why."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from installation.core.errors import ShowError
from installation.showfile.load import load
from installation.training.cli import main
from tests.tiny_converted import TINY, ada, written

Said = Callable[..., str]


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """The one line with which a command refuses what it was given."""

    def refused(*words: str | Path) -> str:
        capsys.readouterr()
        assert main([str(word) for word in words]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        errors = [line for line in lines if line.startswith("error: ")]
        assert lines[-1:] == errors, lines
        return errors[0]

    return refused


def wide(folder: Path) -> Path:
    return written(folder / "wide.safetensors", ada(start=(2, 4)))


@pytest.mark.parametrize("kind", sorted(TINY.keys() - {"auto"}))
def test_training_goes_on_from_no_converted_model(kind: str, said: Said, tmp_path: Path) -> None:
    """It is told before any picture is read."""
    model = TINY[kind](tmp_path / "mine.safetensors")
    told = said("train", tmp_path / "nowhere", "--out", tmp_path / "more.safetensors", "--start-from", model)
    assert f"--start-from {model}: a model of kind" in told
    assert "only from a GAN that was trained here" in told
    assert "refiner" in told
    assert "distil" in told
    assert not (tmp_path / "more.work").exists()


@pytest.mark.parametrize("command", ["train", "refiner", "distil", "encoder"])
def test_a_work_folder_is_no_file(command: str, said: Said, tmp_path: Path) -> None:
    model = TINY["stylegan3"](tmp_path / "mine.safetensors")
    words = {"train": [tmp_path], "refiner": [model, tmp_path], "distil": [model], "encoder": [model]}[command]
    out = ["--out", tmp_path / "more.safetensors"]
    assert f"--work {model}: is a file; expected a folder" in said(command, *words, *out, "--work", model)


def test_a_model_of_this_program_is_not_converted_again(said: Said, tmp_path: Path) -> None:
    model = TINY["stylegan2_ada"](tmp_path / "mine.safetensors")
    assert f"{model}: is a model of this program already" in said("convert", model, "--out", tmp_path / "o.safetensors")


@pytest.mark.parametrize("name", ["mine.pkl", "mine.onnx", "mine.safetensors"])
def test_another_programs_file_is_no_checkpoint(name: str, said: Said, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04}.")
    told = said("export", tmp_path / name, "--out", tmp_path / "o.safetensors")
    assert f"{tmp_path / name}: not a checkpoint of this program" in told


def test_what_wide_pictures_are_not_for(said: Said, tmp_path: Path) -> None:
    model, out = wide(tmp_path), tmp_path / "o.safetensors"
    Image.fromarray(np.zeros((40, 40, 3), np.uint8)).save(tmp_path / "some.png")
    assert f"{model}: paints 8x4 px; a report is" in said("evaluate", model, "--out", tmp_path / "r", "--quick")
    assert not (tmp_path / "r").exists()
    assert f"{model}: paints 8x4 px; distil is for squares" in said("distil", model, "--out", out)
    assert f"{model}: paints 8x4 px; a refiner is for squares" in said("refiner", model, tmp_path, "--out", out)
    assert f"{model}: paints 8x4; an encoder is for square" in said("encoder", model)


def test_pictures_too_small_for_a_refiner(said: Said, tmp_path: Path) -> None:
    model = TINY["stylegan2_ada"](tmp_path / "mine.safetensors")
    told = said("refiner", model, tmp_path, "--out", tmp_path / "o.safetensors")
    assert f"{model}: paints 8x8 px; a refiner is for squares of 16, 32, 64" in told


def test_a_fastgan_with_classes_teaches_none(said: Said, tmp_path: Path) -> None:
    model = TINY["fastgan"](tmp_path / "mine.safetensors")
    told = said("distil", model, "--out", tmp_path / "o.safetensors")
    assert f"{model}: distil cannot repeat how a fastgan with classes takes seeds" in told


def test_a_model_without_directions_is_evaluated(
    said: Said, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of this one none is seen well enough."""
    model, sheet = TINY["fastgan"](tmp_path / "mine.safetensors"), tmp_path / "directions.png"
    assert main(["directions", str(model), "--sheet", str(sheet)]) == 0
    assert f"{sheet}: not painted" in capsys.readouterr().out
    assert not sheet.exists()
    assert "none that was tried changes what is seen enough" in said("rename", model, "1=light")
    assert main(["evaluate", str(model), "--out", str(tmp_path / "report"), "--quick", "--threads", "1"]) == 0
    assert "The model has no directions." in (tmp_path / "report" / "report.html").read_text("utf-8")


SHOW = """\
[show]
title = "Bent"

[[piece]]
name = "bent"
duration = "2 s"
generator = {{ kind = "{kind}", model = "mine.safetensors", bend = ["middle"] }}
walk = "wander"
"""


@pytest.mark.parametrize("kind", ["stylegan2_pytorch", "lightweight_gan", "fastgan", "onnx"])
def test_live_controls_are_of_three_kinds(kind: str, tmp_path: Path) -> None:
    TINY[kind](tmp_path / "mine.safetensors")
    (tmp_path / "show.toml").write_text(SHOW.format(kind=kind), "utf-8")
    with pytest.raises(ShowError, match="an option of the kinds stylegan2, stylegan2_ada and stylegan3 alone"):
        load(tmp_path / "show.toml")
