"""A graphics card whose memory is full: free it, paint plainly, then on the processor; the picture goes on."""

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from generators.stylegan2 import Config
from installation.networks import model_generator
from installation.networks.device_memory import is_full, with_less
from tests.tiny_gan import written


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("models") / "mine.safetensors")


FULL = torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


def test_each_kind_of_device_has_its_own_words_for_it() -> None:
    assert is_full(FULL)
    assert is_full(RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"))
    assert not is_full(RuntimeError("expected a tensor"))


@pytest.mark.parametrize(("full", "places"), [(0, ["cuda"]), (1, ["cuda", "cpu"])])
def test_the_device_is_tried_again_before_the_processor(
    full: int, places: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    tried: list[str] = []

    def attempt(device: str) -> str:
        tried.append(device)
        if len(tried) <= full:
            raise FULL
        return device

    assert with_less("cuda", "sitters", attempt) == places[-1]
    assert tried == places
    assert f"painted plainly on {places[-1]}" in caplog.text


def test_what_is_no_lack_of_memory_is_raised() -> None:
    def attempt(device: str) -> None:
        raise RuntimeError("expected a tensor")

    with pytest.raises(RuntimeError, match="expected a tensor"):
        with_less("cuda", "sitters", attempt)


class Full:
    """A runtime whose device is full."""

    name = "cuda graph fp16"

    def paint(self, place: object) -> Any:
        raise FULL


def test_a_generator_whose_device_is_full_paints_the_same_picture(
    model: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    generator = Config(model=model).open("cpu")
    latent, controls = generator.latent(3), {"/generator/psi": 0.7}
    before = np.array(generator.paint(latent, controls))
    generator._runtime = Full()
    assert (generator.paint(latent, controls) == before).all()
    assert generator.runtime == "eager fp32"
    assert "the memory of cpu was full" in caplog.text


def test_a_model_that_finds_the_device_full_opens_on_the_processor(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = model_generator.opened

    def crowded(path: Path, changed: int, device: str, *brush: bool) -> Any:
        if device == "cuda":
            raise FULL
        return opened(path, changed, device, *brush)

    monkeypatch.setattr(model_generator, "opened", crowded)
    monkeypatch.setattr(model_generator, "resolve", lambda device: device)
    generator = Config(model=model).open("cuda")
    assert generator.device == "cpu"
    assert generator.paint(generator.latent(3), {}).ndim == 3
