"""The watch ends a run that collapses, keeps the checkpoint from before, and leaves a run alone that learns."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from installation.training.gan.run import Gan
from installation.training.loop.devices import Devices
from installation.training.loop.saving import CHECKPOINT, read_checkpoint, save
from installation.training.loop.schedule import Phase
from installation.training.loop.trainer import Habits, train
from installation.training.loop.watch import Collapse, Watch, spread
from tests.tiny_training import RECIPE, quiet, tiny

OFTEN = Habits(look=0, log=0, checkpoint=0, sheet=1e9)
"""Looked at and saved at every step."""


def test_the_spread_is_that_between_pictures_not_within_them() -> None:
    rng = np.random.default_rng(0)
    one = rng.integers(0, 256, (1, 32, 32, 3)).astype(np.uint8)
    assert spread(one.repeat(8, 0)) == 0
    grey = np.full((2, 32, 32, 3), 100, np.uint8)
    grey[1] += 20
    assert spread(grey) == pytest.approx(10)


def test_a_rate_of_learning_beyond_reason_ends_the_run_and_keeps_the_checkpoint(
    tmp_path: Path, devices: Devices
) -> None:
    calm = tiny(devices, replace(RECIPE, stages=(Phase(8, 2),), r1_every=16))
    calm.step()
    save(calm, tmp_path)
    good = (tmp_path / CHECKPOINT).read_bytes()
    wild = tiny(devices, replace(calm.recipe, learning_rate=3.0))
    often = replace(OFTEN, checkpoint=0.05)
    with pytest.raises(Collapse, match=r"training has collapsed: .* Run the same command with a lower --learning-rate"):
        train(wild, tmp_path, devices, quiet, habits=often, tensorboard=False)
    assert wild.progress.images < wild.timetable.total
    kept = read_checkpoint(tmp_path / CHECKPOINT)
    assert (tmp_path / CHECKPOINT).read_bytes() == good or all(torch.isfinite(w).all() for w in kept["g"].values())
    assert Watch().look(resumed(tmp_path, calm, devices)) is None


def resumed(folder: Path, like: Gan, devices: Devices) -> Gan:
    run = tiny(devices, like.recipe)
    run.load(read_checkpoint(folder / CHECKPOINT))
    return run


def test_a_run_that_learns_is_left_alone(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices)
    assert train(run, tmp_path, devices, quiet, habits=OFTEN, tensorboard=False)
    assert 0 < run.progress.widest <= 1


def test_samples_that_become_alike_are_a_collapse_at_the_second_look(devices: Devices) -> None:
    run, watch = tiny(devices), Watch()
    assert watch.look(run) is None
    with torch.no_grad():
        for layer in run.learner.average.net.mapping.layers:
            layer.weight.zero_()
    assert "samples differ 0.00 times as much as the real pictures, 1.00 times at best" in (watch.look(run) or "")
    with pytest.raises(Collapse, match=r"samples differ 0\.00 times"):
        watch.look(run)
    with pytest.raises(Collapse, match=r"samples differ 0\.00 times"):
        Watch().look(run, last=True)


def test_samples_that_never_come_to_differ_are_a_collapse_late(devices: Devices) -> None:
    run = tiny(devices)
    with torch.no_grad():
        for layer in run.learner.average.net.mapping.layers:
            layer.weight.zero_()
    assert Watch().look(run) is None
    run.progress.images = 30_000
    assert "after 30000 pictures" in (Watch().look(run) or "")


def test_a_doubt_that_passes_is_forgotten(devices: Devices) -> None:
    run, watch = tiny(devices), Watch()
    for loss in (99.0, 1.0, 99.0):
        run.figures.values[2] = loss
        doubt = watch.look(run)
        assert bool(doubt) == (loss > 1)


def test_a_doubtful_run_is_not_saved(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices)
    save(run, tmp_path)
    good = (tmp_path / CHECKPOINT).read_bytes()
    run.figures.values[1] = 99.0
    with pytest.raises(Collapse, match="the losses have run away to"):
        train(run, tmp_path, devices, quiet, stop=lambda: True, tensorboard=False)
    assert (tmp_path / CHECKPOINT).read_bytes() == good


@pytest.mark.parametrize("where", ["figure", "weight"])
def test_a_number_that_is_not_finite_ends_a_run_at_once(devices: Devices, where: str) -> None:
    run = tiny(devices)
    if where == "figure":
        run.figures.values[2] = float("nan")
    else:
        with torch.no_grad():
            run.learner.net.const[0, 0, 0, 0] = float("inf")
    text = "loss_g became nan" if where == "figure" else "weights are no longer finite numbers"
    with pytest.raises(Collapse, match=text):
        Watch().look(run)
