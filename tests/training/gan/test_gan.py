"""The GAN learns, goes on exactly where it was, and grows later; what does not fit is refused in one message."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from installation.core.errors import TrainingError
from installation.networks.stylegan2_generator import Architecture
from installation.training.dataset.supply import Supply
from installation.training.gan.architecture import architecture, effort
from installation.training.gan.augment import DICE, augment
from installation.training.gan.judges import Lesson
from installation.training.gan.recipe import LOSSES, Recipe
from installation.training.gan.run import PIXELS_AT_ONCE, Gan
from installation.training.loop.devices import Devices
from installation.training.loop.saving import CHECKPOINT, read_checkpoint, resume, save
from installation.training.loop.schedule import Phase
from installation.training.loop.trainer import train
from tests.tiny_training import ARCH, RECIPE, apart, digest, discs, quiet, steps, tiny

GROWN = replace(ARCH, resolution=32, channels=(16, 16, 16, 8))


# -- learning ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", LOSSES)
def test_the_generator_learns_the_pictures(devices: Devices, loss: str) -> None:
    recipe = Recipe(stages=(Phase(8, 2),), batch=8, learning_rate=0.005, average=200, loss=loss)
    run = tiny(devices, recipe)
    goal = torch.from_numpy(discs()).float().mean(0).permute(2, 0, 1) / 127.5 - 1
    goal = torch.nn.functional.avg_pool2d(goal, 2)

    def distance() -> float:
        with torch.no_grad():
            return float((run.learner.average.net(run.learner.fixed(64, 3), 8).mean(0) - goal).abs().mean())

    before = distance()
    while run.progress.images < 2000 and distance() > before * 0.6:
        for _ in range(10):
            run.step()
    assert distance() < before * 0.6


def test_only_the_resolutions_in_use_change(devices: Devices) -> None:
    run = tiny(devices)
    before = [p.clone() for p in run.learner.net.parameters()]
    run.step()
    moved = {
        name
        for (name, p), old in zip(run.learner.net.named_parameters(), before, strict=True)
        if not torch.equal(p, old)
    }
    assert "blocks.1.conv0.weight" in moved
    assert not any(name.startswith("blocks.2") for name in moved)


@pytest.mark.parametrize("loss", ["non-saturating", "relativistic"])  # for the third see test_projected.py
def test_a_batch_in_parts_teaches_what_it_teaches_at_once(devices: Devices, loss: str) -> None:
    recipe = replace(RECIPE, batch=16, loss=loss)
    whole, parts = tiny(devices, recipe), tiny(devices, replace(recipe, at_once=4))
    cut = parts.numbers.parts(8, PIXELS_AT_ONCE, 4)
    assert [part for part, _ in cut] == [slice(0, 4), slice(4, 8), slice(8, 12), slice(12, 16)]
    before = tiny(devices, recipe)
    for _ in range(3):
        whole.step()
        parts.step()
    # Where a weight is not felt, such as the bias of a relativistic score, Adam follows its rounding errors.
    some, others, first = ([w for w in run.weights() if len(w) > 1] for run in (whole, parts, before))
    assert 0 < apart(some, others) < apart(some, first) * 1e-3
    assert whole.read() == pytest.approx(parts.read(), rel=1e-3)


def test_large_pictures_are_learnt_from_a_few_at_a_time(devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, batch=32))
    cut = [list(run.numbers.parts(size, PIXELS_AT_ONCE, None)) for size in (64, 256, 512, 1024)]
    assert [len(parts) for parts in cut] == [1, 2, 8, 8]


def test_the_share_of_augmentation_follows_how_sure_the_discriminator_is(devices: Devices) -> None:
    run = tiny(devices)
    for sure, sign in ((0.9, 1), (0.1, -1)):
        run.share.load(0.5)
        run.share.follow(torch.tensor(sure), 8)
        assert (run.read()["share"] - 0.5) * sign > 0


def test_augmentation_can_be_left_out(devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, augment=False))
    run.step()
    assert run.read()["share"] == 0
    x = torch.rand(4, 3, 8, 8)
    lesson = Lesson(run.numbers, (), 1.0, run.share.value, 0.0)
    assert run.judges[0].alter(x, run.numbers.uniform(DICE), lesson) is x


def test_augmentation_is_differentiable_and_can_be_none() -> None:
    x = torch.rand(8, 3, 16, 16, requires_grad=True)
    dice = torch.rand(8, DICE, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(augment(x, 0.0, dice), x, atol=1e-6)
    changed = augment(x, 0.8, dice)
    assert changed.shape == x.shape
    assert not torch.allclose(changed, x, atol=0.1)
    assert torch.equal(augment(x[2:4], 0.8, dice[2:4]), changed[2:4])
    changed.sum().backward()
    assert x.grad is not None
    assert float(x.grad.abs().sum()) > 0


def test_every_size_has_a_network_that_grows_and_costs_more() -> None:
    largest = architecture(1024)
    assert largest.channels == (256, 256, 256, 128, 64, 48, 32, 16, 16)
    assert largest.fine == 512
    assert all(largest.at(size).channels == architecture(size).channels for size in (64, 128, 256, 512))
    costs = [effort(largest, size) for size in (32, 64, 128, 256, 512, 1024)]
    assert costs == sorted(costs)
    assert costs[2] / costs[0] == pytest.approx(7.4 / 1.83, rel=0.1)


def test_what_is_left_counts_a_later_picture_as_what_it_will_cost(devices: Devices) -> None:
    run = tiny(devices)
    dear = effort(ARCH, 16) / effort(ARCH, 8)
    assert run.timetable.left() == pytest.approx(32 + 32 * dear)
    run.progress.images = 48
    assert run.timetable.left() == pytest.approx(16)


# -- going on ---------------------------------------------------------------------------------------------------------


def test_a_run_that_is_interrupted_ends_with_the_same_bits_as_one_that_is_not(tmp_path: Path, devices: Devices) -> None:
    """2 x 4 steps across a change of size and into its fade, the second half in a process of its own."""
    whole = tiny(devices)
    for _ in range(4):
        whole.step()
    half = digest(whole)
    for _ in range(4):
        whole.step()
    first = tiny(devices)
    steps(first, tmp_path, devices, 3)  # within a round of the pictures and between two penalties
    command = [sys.executable, "-W", "error", "-m", "tests.tiny_training", str(tmp_path), "1"]
    subprocess.run([*command, "5"], check=True, timeout=120)
    assert (tmp_path / "digest_0").read_text() == digest(whole) != half
    there = read_checkpoint(tmp_path / CHECKPOINT)
    assert json.loads(there["progress"])["loss_g"] == whole.read()["loss_g"]


def test_resuming_takes_the_new_learning_rate_and_ends_the_schedule(tmp_path: Path, devices: Devices) -> None:
    first = tiny(devices)
    assert not train(first, tmp_path, devices, quiet, stop=lambda: first.progress.steps == 5)
    second = tiny(devices, replace(RECIPE, learning_rate=0.001))
    assert resume(second, tmp_path) == []
    assert second.learner.optimiser.param_groups[0]["lr"] == 0.001
    assert second.progress == first.progress
    assert second.progress.images == 40
    moments = [
        [state["step"] for state in run.judges[0].optimiser.state_dict()["state"].values()] for run in (first, second)
    ]
    assert moments[0] == moments[1] != []
    assert train(second, tmp_path, devices, quiet)
    assert second.progress.images == 64


def old_checkpoint(run: Gan, folder: Path) -> None:
    """As it was before random state and order were part of it: format 1, fewer fields in recipe and progress."""
    recipe = json.loads(run.state()["recipe"])
    for name in ("at_once", "loss", "augment"):
        del recipe[name]
    progress = {"images": 40, "steps": 5, "seconds": 1.5, "share": 0.25, "sure": 0.5, "loss_d": 1.0, "loss_g": 0.75}
    kept = {name: value for name, value in run.state().items() if name not in ("chance", "supply")}
    old = {"format": 1, **kept, "recipe": json.dumps(recipe), "progress": json.dumps(progress)}
    torch.save(old, folder / CHECKPOINT)


def test_an_older_checkpoint_goes_on(tmp_path: Path, devices: Devices) -> None:
    first = tiny(devices)
    first.step()
    old_checkpoint(first, tmp_path)
    second = tiny(devices, replace(RECIPE, seed=7))
    (told,) = resume(second, tmp_path)
    assert "its random numbers: they begin anew" in told
    assert digest(second) == digest(first)
    assert second.read() == {"share": 0.25, "sure": 0.5, "loss_d": 1.0, "loss_g": 0.75}
    assert train(second, tmp_path, devices, quiet)
    assert second.progress.images == 64


def test_a_trained_network_grows_later(tmp_path: Path, devices: Devices) -> None:
    first = tiny(devices, replace(RECIPE, stages=(Phase(8, 0.032), Phase(16, 0.064))))
    steps(first, tmp_path, devices, 8)
    larger = Gan(Supply(discs(24, 32)), GROWN, replace(RECIPE, stages=(Phase(16, 0.016), Phase(32, 0.032))), devices)
    assert resume(larger, tmp_path) == [
        "The schedule is now 8:0.032,16:0.032,32:0.032.",
        "The network has grown from 16 px to 32 px.",
    ]
    assert larger.timetable.phase() == (32, 0.0)
    old = dict(first.learner.net.named_parameters())
    for name, weight in larger.learner.net.named_parameters():
        assert (name in old) != name.startswith("blocks.3.")
        moment = larger.learner.optimiser.state[weight]
        assert bool(moment) == (name in old)
        if name in old:
            assert torch.equal(weight, old[name])
            assert torch.equal(moment["exp_avg_sq"], first.learner.optimiser.state[old[name]]["exp_avg_sq"])
    before = larger.shown.samples()
    assert np.array_equal(before[:, ::2, ::2].shape, first.shown.samples().shape)
    for _ in range(2):
        larger.step()
    assert larger.timetable.phase() == (32, 1.0)
    again = Gan(Supply(discs(24, 32)), GROWN, larger.recipe, devices)
    save(larger, tmp_path)
    assert resume(again, tmp_path) == []
    assert again.timetable.phase() == (32, 1.0)


@pytest.mark.parametrize("other", [ARCH.at(8), replace(ARCH, w_dim=8), replace(ARCH, channels=(16, 16, 32))])
def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path, devices: Devices, other: Architecture) -> None:
    save(tiny(devices), tmp_path)
    with pytest.raises(TrainingError, match="holds another network"):
        resume(tiny(devices, replace(RECIPE, stages=(Phase(8, 1),)), other), tmp_path)


def test_a_checkpoint_of_another_kind_is_refused(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices)
    run.model = "vae"
    save(run, tmp_path)
    with pytest.raises(TrainingError, match="trains a vae, not a gan"):
        resume(tiny(devices), tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", b"\x80\x04cos\nsystem\n(S'true'\ntR."])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / CHECKPOINT).write_bytes(content)
    with pytest.raises(TrainingError, match="not a checkpoint, or a damaged one"):
        read_checkpoint(tmp_path / CHECKPOINT)
