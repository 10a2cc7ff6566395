"""The mean of two refiners lies between them, and tells what it is of."""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmarks.gpu.mean import between
from benchmarks.gpu.mean import main as main_of_mean
from installation.core.errors import TrainingError
from installation.networks.model_file import amend_model, group_of
from installation.training.cli import main
from installation.training.latent.models import open_model
from tests.timeout import TIMEOUT
from tests.tiny_models import tiny_vae
from tests.tiny_refiner import refined
from tests.tiny_training import discs

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A model, and one whose refiner is thrice as strong."""
    one = refined(tiny_vae(tmp_path / "one.safetensors"))
    further = Path(shutil.copy(one, tmp_path / "further.safetensors"))
    model = open_model(further)
    stronger = {name: tensor * 3 for name, tensor in group_of(model.tensors, "refiner").items()}
    amend_model(further, "refiner", stronger, {**model.header["refiner"], "images": 8})
    return one, further


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    (tmp_path / "raw").mkdir()
    for number, picture in enumerate(discs(6)):
        Image.fromarray(picture).resize((32, 32)).save(tmp_path / "raw" / f"{number}.png")
    assert main(["prepare", str(tmp_path / "raw"), "--out", str(tmp_path / "ready"), "--size", "32"]) == 0
    return tmp_path / "ready"


def test_a_refiner_halfway_has_a_tone_and_says_what_it_is_of(pair: tuple[Path, Path], pictures: Path) -> None:
    one, further = (open_model(path) for path in pair)
    between(one, further, pictures, pictures.parent / "mean.safetensors", 0.5)
    made = open_model(pictures.parent / "mean.safetensors")
    tensors, before = group_of(made.tensors, "refiner"), group_of(one.tensors, "refiner")
    np.testing.assert_allclose(tensors["entrance.weight"], 2 * before["entrance.weight"], rtol=2e-3)
    told = made.header["refiner"]
    assert told["mean"] == {"share": 0.5, "with": hashlib.sha256(pair[0].read_bytes()).hexdigest()}
    assert told["images"] == 8
    assert told["architecture"]["tone"]


def test_refiners_of_two_models_have_no_mean(pair: tuple[Path, Path], pictures: Path) -> None:
    other = tiny_vae(pictures.parent / "other.safetensors")
    with pytest.raises(TrainingError, match="not of the same model"):
        between(open_model(pair[0]), open_model(other), pictures, pictures.parent / "mean.safetensors", 0.5)
    assert not (pictures.parent / "mean.safetensors").exists()


def test_a_wrong_file_is_told_in_one_line_and_nothing_is_written(
    pair: tuple[Path, Path], pictures: Path, tmp_path: Path
) -> None:
    other, out = tiny_vae(tmp_path / "other.safetensors"), tmp_path / "mean.safetensors"
    small = tmp_path / "small"
    assert main(["prepare", str(tmp_path / "raw"), "--out", str(small), "--size", "16"]) == 0
    wrong = {
        "its refiner is not of the same model": (pair[0], other, pictures, out),
        "holds pictures of 16 px, the model paints 32": (*pair, small, out),
        "not a prepared folder": (*pair, tmp_path / "raw", out),
        "there is no such model file": (tmp_path / "none.safetensors", pair[1], pictures, out),
        ".safetensors": (*pair, pictures, tmp_path / "mean.pt"),
    }
    for told, words in wrong.items():
        with pytest.raises(SystemExit, match=re.escape(told)) as ended:
            main_of_mean([str(word) for word in words])
        assert str(ended.value).startswith("error: ")
        assert len(str(ended.value).splitlines()) == 1
    line = [sys.executable, "-m", "benchmarks.gpu.mean", *map(str, words)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (1, f"{ended.value}\n")
    assert not out.exists()
