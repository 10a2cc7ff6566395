"""The chain's ``pace``: walks are measured once and live in the model file."""

from pathlib import Path

import numpy as np
import pytest

from generators.stylegan2 import Config
from installation.core.contracts import Paced
from installation.core.errors import ModelError
from installation.core.parts import ROOT
from installation.networks.model_file import amend_model, load_model, network_of
from installation.networks.paces import MeasuredPace, as_group, joined, paces_of
from installation.showfile.load import load
from installation.training.cli import main
from installation.walks._path import finished
from tests.tiny_gan import written

SHOW = """\
[show]
title = "S"
seed = 5
[[piece]]
name = "a"
duration = "1 min"
generator = { kind = "stylegan2", model = "tiny.safetensors", psi = 0.5 }
walk = "wander"
[[piece]]
name = "b"
duration = "1 min"
generator = "plasma"
walk = { kind = "loop", seeds = [1, 2] }
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "show.toml").write_text(SHOW)
    return written(tmp_path / "tiny.safetensors")


def test_a_shows_walks_are_measured_once(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = network_of(load_model(model)[1])
    show = model.parent / "show.toml"
    assert main(["pace", str(model), "--show", str(show)]) == 0
    told = capsys.readouterr()
    assert "measured 1 of 1 walks" in told.out
    assert "measuring walks:   0%|" in told.err
    assert "/49 [" in told.err  # of how many pictures, so that the bar tells when it ends
    piece = load(show).pieces[0]
    walk = piece.walk.open(piece.generator.open("cpu"), 5)
    assert isinstance(walk, Paced)
    assert walk.measured
    ticks: list[int] = []
    assert finished(walk.measure(piece.generator.open("cpu")), ticks.append).shape == (49,)
    assert sum(ticks) == walk.pace_pictures == 49
    other = piece.walk.open(Config(model=model, psi=0.7).open("cpu"), 5)
    assert isinstance(other, Paced)
    assert not other.measured  # at another psi another share of it is seen
    assert main(["pace", str(model), "--show", str(show)]) == 0
    assert "measured 0 of 1 walks" in capsys.readouterr().out
    for name, values in network_of(load_model(model)[1]).items():
        np.testing.assert_array_equal(values, before[name])


def test_curate_measures_the_gallery_of_what_was_kept(model: Path) -> None:
    assert main(["curate", str(model), "--keep", "5", "--keep", "6", "--who", "me"]) == 0
    from installation.walks.gallery import Config as Gallery

    assert Gallery().open(Config(model=model).open("cpu"), 0).measured


def test_a_file_that_is_no_show_is_told(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (model.parent / "show.toml").write_text("nothing")
    assert main(["pace", str(model), "--show", str(model.parent / "show.toml")]) == 2
    assert "no show that can be read" in capsys.readouterr().err


def test_the_newer_pace_of_a_walk_takes_the_place_of_the_older() -> None:
    paces = [MeasuredPace(name, {"psi": psi}, np.linspace(0, 1, 3)) for name in "ab" for psi in (0.5, 0.7)]
    newer = MeasuredPace("a", {"psi": 0.7}, np.linspace(0, 1, 5))
    merged = joined(paces, [newer])
    assert [(one.walk, one.options["psi"], len(one.pace)) for one in merged][-1] == ("a", 0.7, 5)
    assert len(merged) == 4


@pytest.mark.parametrize("pace", [[0.0, 0.5], [0.1, 1.0], [0.0, 0.9, 0.5, 1.0], [1.0]])
def test_a_pace_that_does_not_rise_is_refused(model: Path, pace: list[float]) -> None:
    tensors, facts = as_group([MeasuredPace("a", {}, np.array(pace))])
    amend_model(model, "pace", tensors, facts)
    with pytest.raises(ModelError, match="does not rise from 0 to 1"):
        paces_of(model, *load_model(model))


@pytest.mark.parametrize("piece", load(ROOT / "shows/next_rembrandt.toml").pieces, ids=lambda piece: piece.name)
def test_the_bundled_models_know_the_pace_of_the_bundled_show(piece: object) -> None:
    """Or else: python3 run_show.py pace MODEL --show shows/next_rembrandt.toml"""
    generator = piece.generator.open("cpu")  # type: ignore[attr-defined]
    walk = piece.walk.open(generator, 0)  # type: ignore[attr-defined]
    paced = isinstance(walk, Paced) and piece.generator.kind != "plasma"  # type: ignore[attr-defined]
    assert walk.measured if paced else True
