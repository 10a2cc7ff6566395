"""What an artist does with a converted model: each command of the chain, briefly, on a StyleGAN2 with classes and on a
StyleGAN3, and both on a wall."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from installation.core.parts import config
from installation.networks.encoder import opened
from installation.networks.model_file import read_header
from installation.showfile.load import load
from installation.training.cli import main
from installation.training.encoder.frozen import freeze
from installation.training.latent.models import open_model
from tests.page_driver import Pages, looking
from tests.timeout import TIMEOUT
from tests.tiny_converted import TINY
from tests.tiny_models import tiny_vae

KINDS = ("stylegan2_ada", "stylegan3")
DIFFERENTIABLE = (*KINDS, "stylegan2_pytorch", "lightweight_gan", "fastgan")


@pytest.fixture(params=KINDS)
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return TINY[request.param](tmp_path / f"{request.param}.safetensors")


def test_directions_and_a_curators_choice(model: Path) -> None:
    assert main(["directions", str(model), "--count", "2"]) == 0
    assert main(["rename", str(model), "1=light"]) == 0
    assert main(["curate", str(model), "--keep", "3:Anna", "--drop", "4"]) == 0
    auto = config("generator", "auto")(model=model)
    assert "/generator/direction/light" in [control.address for control in auto.controls()]
    assert auto.favourites() == ("Anna",)
    assert len(auto.open("cpu").space.blocked) == 1


def test_an_encoder_is_trained_and_finds_places(model: Path, tmp_path: Path) -> None:
    assert main(["encoder", str(model), "--minutes", "0.01", "--threads", "1", "--precision", "fp32"]) == 0
    picture = open_model(model).pictures(np.zeros((1, len(open_model(model).space.mean)), np.float32))[0]
    Image.fromarray(picture).save(tmp_path / "some.png")
    assert main(["encode", str(model), str(tmp_path / "some.png"), "--out", str(tmp_path), "--favourite", "Some"]) == 0
    assert config("generator", "auto")(model=model).favourites() == ("Some",)
    network = open_model(model).network
    latent = opened(model, model.stat().st_mtime_ns, "cpu", network)(picture)
    assert latent.shape == (len(open_model(model).space.mean),)


@pytest.mark.parametrize("kind", DIFFERENTIABLE)
def test_it_can_be_differentiated(kind: str, tmp_path: Path) -> None:
    """The gradient along a line is what two pictures on it say."""
    frozen = freeze(open_model(TINY[kind](tmp_path / "tiny.safetensors")))
    torch.manual_seed(0)
    place, way = torch.randn(2, 1, len(frozen.std)).unbind()
    place.requires_grad_()
    frozen.paint(place).square().mean().backward()
    assert place.grad is not None
    with torch.no_grad():
        ahead, back = (float(frozen.paint(place + sign * 1e-2 * way).square().mean()) for sign in (1, -1))
    assert float((place.grad * way).sum()) == pytest.approx((ahead - back) / 2e-2, rel=0.05, abs=2e-3)


def test_it_is_evaluated(model: Path, tmp_path: Path) -> None:
    assert main(["evaluate", str(model), "--out", str(tmp_path / "report"), "--quick", "--threads", "1"]) == 0
    assert model.stem in (tmp_path / "report" / "report.html").read_text("utf-8")


def test_its_pace_is_measured_and_it_is_exported_by_nothing(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["curate", str(model), "--keep", "3:Anna", "--keep", "5:Bert"]) == 0
    assert main(["pace", str(model)]) == 0
    assert read_header(model)["pace"]
    capsys.readouterr()
    assert main(["export", str(model), "--out", str(model.with_name("other.safetensors"))]) == 2
    assert "not a checkpoint of this program" in capsys.readouterr().err
    assert main(["refiner", str(model), str(model.parent), "--out", str(model.with_name("other.safetensors"))]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


SHOW = """\
[show]
title = "Converted"

[[piece]]
name = "classes"
duration = "2 s"
transition = { kind = "dissolve", duration = "0.5 s" }
generator = { kind = "auto", model = "stylegan2_ada.safetensors" }
walk = "wander"

[[piece]]
name = "waves"
duration = "2 s"
transition = { kind = "dissolve", duration = "0.5 s" }
generator = { kind = "stylegan3", model = "stylegan3.safetensors" }
walk = "wander"
"""


@pytest.fixture
def show(tmp_path: Path) -> Path:
    for kind in KINDS:
        TINY[kind](tmp_path / f"{kind}.safetensors")
    path = tmp_path / "show.toml"
    path.write_text(SHOW, "utf-8")
    return path


def test_both_hang_on_a_wall(show: Path) -> None:
    report = show.with_name("report.json")
    line = [sys.executable, "-m", "installation.app", str(show), "--headless", "--size", "320x180", "--seconds", "5"]
    line += ["--state", str(show.parent / "state"), "--report", str(report)]
    ran = subprocess.run(line, capture_output=True, text=True, timeout=4 * TIMEOUT, check=False)
    assert ran.returncode == 0, ran.stderr
    told = json.loads(report.read_text())
    late = "has been opening for"  # on a machine that is busy with other work
    assert [one for one in told["errors"] if late not in one] == []


VOTED = """\
[show]
title = "Which"
order = "votes"

[[piece]]
name = "first"
duration = "2 min"
generator = { kind = "auto", model = "stylegan2_ada.safetensors" }
walk = "wander"
set = { "generator/class" = "0" }

[[piece.pair]]
control = "generator/class-mix"
less = { en = "dogs" }
more = { en = "cats" }

[[piece]]
name = "second"
duration = "2 min"
generator = { kind = "auto", model = "stylegan2_ada.safetensors" }
walk = "wander"
set = { "generator/class" = "1" }
"""


def test_visitors_vote_on_classes_and_mix_them(show: Path) -> None:
    """A class is a piece of its own that can be voted for, and how much of the next is mixed in a pair of wishes."""
    show.write_text(VOTED, "utf-8")
    loaded = load(show)
    assert loaded.controls()["/generator/class"].choices == ("0", "1")
    assert [piece.set_["/generator/class"] for piece in loaded.pieces] == [0.0, 1.0]
    assert loaded.pieces[0].pairs[0].control == "generator/class-mix"


def test_a_curator_sees_each_class(tmp_path: Path) -> None:
    model = TINY["stylegan2_ada"](tmp_path / "tiny.safetensors")
    opened = open_model(model)
    network, latents = opened.network, opened.truncated(opened.latents([4]))
    second = levels(network, latents.reshape(1, 2, -1)[:, 1])
    assert np.abs(opened.pictures(opened.latents([4]), label=1).astype(int) - second).max() <= 1
    with Pages("curate", model) as page:
        assert json.loads(page.get("state")[1])["classes"] == ["0", "1"]
        first, other = (page.get(f"picture?key=s4&psi=0.7&class={label}")[1] for label in (0, 1))
        assert first == page.get("picture?key=s4&psi=0.7")[1]
        seen = np.asarray(Image.open(io.BytesIO(other))).astype(int)
        assert np.abs(seen - second[0]).mean() < np.abs(np.asarray(Image.open(io.BytesIO(first))) - second[0]).mean()
        assert page.get("picture?key=s4&psi=0.7&class=2")[0] == 400


@pytest.mark.slow
@pytest.mark.browser
def test_a_curator_chooses_the_class_on_the_page(tmp_path: Path, chromium: str) -> None:
    model = TINY["stylegan2_ada"](tmp_path / "tiny.safetensors")
    with Pages("curate", model) as page, looking(page.url, chromium) as (view, expect):
        expect(view.locator("#seeds .card")).to_have_count(48)
        view.select_option("#class", "1")
        expect(view.locator("#seeds img >> nth=0")).to_have_attribute("src", re.compile("class=1"))
    with (
        Pages("curate", tiny_vae(tmp_path / "plain.safetensors")) as page,
        looking(page.url, chromium) as (view, expect),
    ):
        expect(view.locator("#seeds .card")).to_have_count(48)
        expect(view.locator("#class")).to_be_hidden()


def levels(network: Any, style: Any) -> Any:
    painted = network.synthesis(style).float() * 127.5 + 128
    return painted.clamp(0, 255).byte().permute(0, 2, 3, 1).numpy().astype(int)
