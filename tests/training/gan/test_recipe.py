"""What the recipe adds: further judges, LeCam, R1 that falls, one batch of paintings, windows, and what is refused."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.stylegan2_generator import Architecture
from installation.training.cli import main
from installation.training.command_line.options import add_options, read_options
from installation.training.commands.train import Options
from installation.training.dataset.supply import Supply
from installation.training.gan.augment import Share
from installation.training.gan.checkpoint import form_of, start_from
from installation.training.gan.discriminator import Discriminator, halve
from installation.training.gan.eye_band import HIGH, WIDE, EyeBand, band
from installation.training.gan.judges import EYES
from installation.training.gan.learner import Seeds
from installation.training.gan.losses import lecam
from installation.training.gan.recipe import Recipe
from installation.training.gan.run import begin, recipe_of
from installation.training.loop.average import share_of
from installation.training.loop.devices import Devices
from installation.training.loop.numbers import Numbers, noise
from installation.training.loop.options import TrainOptions
from installation.training.loop.saving import CHECKPOINT, read_checkpoint, resume, save
from installation.training.loop.schedule import Phase, phase_at
from tests.tiny_gan import written
from tests.tiny_training import ARCH, RECIPE, digest, discs, tiny

CPU = torch.device("cpu")


def asked(*words: str) -> TrainOptions:
    parser = argparse.ArgumentParser()
    add_options(parser, Options)
    small = ["folder", "--out", "m.safetensors", "--stages", "8:1,16:1", "--width", "32"]
    return read_options(Options, parser.parse_args([*small, *words])).of_kind()


# -- what the pictures decide -----------------------------------------------------------------------------------------


def test_aligned_faces_are_learnt_whole_with_a_judge_of_the_eyes_and_others_in_windows() -> None:
    faces, hills = ({"crop": "face"}, {"crop": "centre"})
    assert (recipe_of(asked(), faces).eyes, recipe_of(asked(), faces).closest) == (0.5, 1.0)
    assert (recipe_of(asked(), hills).eyes, recipe_of(asked(), hills).closest) == (0.0, 0.55)
    own = recipe_of(asked("--eyes", "0", "--closest", "0.8"), faces)
    assert (own.eyes, own.closest) == (0.0, 0.8)
    with pytest.raises(TrainingError, match=r"--eyes 0\.3: the pictures .* with --crop centre, .* --crop face"):
        recipe_of(asked("--eyes", "0.3"), hills)


def test_r1_begins_at_four_times_the_heuristic_and_ends_at_it() -> None:
    recipe = recipe_of(asked("--batch", "16"), {})
    assert recipe.r1_at(0) * 128**2 == pytest.approx(0.82, abs=0.01)
    assert recipe.r1_at(0.5) == pytest.approx(recipe.r1 * 5 / 8)
    assert recipe.r1_at(1.5) * 128**2 == pytest.approx(0.0002 * 128**2 / 16)
    fixed = recipe_of(asked("--r1", "1e-5", "--r1-end", "1e-5"), {})
    assert fixed.r1_at(0) == fixed.r1_at(1) == 1e-5


def test_a_projected_judge_is_never_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(tmp_path), "--out", str(tmp_path / "m.safetensors")]
    with pytest.raises(SystemExit):
        main([*command, "--loss", "projected"])
    assert "give --projected 0.2 in place of --loss projected" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*command, "--loss", "hinge"])
    assert "'hinge': expected non-saturating or relativistic" in capsys.readouterr().err


def test_a_checkpoint_that_was_judged_by_photographs_alone_is_refused(tmp_path: Path, devices: Devices) -> None:
    save(tiny(devices), tmp_path)
    state = read_checkpoint(tmp_path / CHECKPOINT)
    recipe = {**json.loads(state["recipe"]), "loss": "projected"}
    torch.save({**state, "recipe": json.dumps(recipe)}, tmp_path / CHECKPOINT)
    with pytest.raises(TrainingError, match=r"trained with --loss projected, .* --start-from MODEL --projected 0\.2"):
        resume(tiny(devices), tmp_path)


# -- the network that a run begins with -------------------------------------------------------------------------------


def test_a_run_goes_on_in_the_form_that_it_has(tmp_path: Path, devices: Devices) -> None:
    first = written(tmp_path / "old.safetensors")  # 16 px of width 12, of version 1
    form = form_of(first, None)
    assert form is not None
    assert (form.version, form.noise) == (1, False)
    save(tiny(devices, arch=replace(ARCH, channels=(16, 16, 16), fine=8)), tmp_path)
    assert form_of(None, read_checkpoint(tmp_path / CHECKPOINT)) == replace(ARCH, fine=8)
    assert form_of(None, None) is None
    fresh = begin(asked("--width", "32"), Supply(discs()), devices, {})
    assert (fresh.arch.version, fresh.arch.noise, fresh.arch.replicate, fresh.arch.fine) == (2, True, True, 8)


def test_an_average_goes_on_whole_where_a_trained_generator_does(tmp_path: Path, devices: Devices) -> None:
    assert share_of(16, 6000, 1000) == pytest.approx(1 - 0.5 ** (16 / 50))
    assert share_of(16, 6000, 1000, ramp=False) == pytest.approx(1 - 0.5 ** (16 / 6000))
    run = tiny(devices, arch=Architecture(16, 12, 12, (16, 16, 16), 2))
    start_from(run, written(tmp_path / "old.safetensors"))
    assert not run.learner.recipe.average_ramp
    save(run, tmp_path)
    later = tiny(devices, arch=run.arch)
    resume(later, tmp_path)
    assert not later.learner.recipe.average_ramp


def test_a_new_size_is_blended_in_slowly_but_within_half_of_its_stage() -> None:
    recipe = Recipe(stages=(Phase(64, 60), Phase(128, 100)))
    assert phase_at(recipe, 70_000) == (128, 0.5)
    short = Recipe(stages=(Phase(64, 60), Phase(128, 10)))
    assert phase_at(short, 62_500) == (128, 0.5)


# -- the judges -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [32, 64, 128, 256])
def test_the_band_holds_both_eyes_in_its_middle(side: int) -> None:
    """Eyes are at 0.404 and 0.596 of the width and 0.412 of the height (crops.FACE)."""
    face = torch.zeros(1, 3, side, side)
    for across in (0.404, 0.596):
        x, y = round(side * across), round(side * 0.412)
        face[:, :, y - side // 32 : y + side // 32, x - side // 32 : x + side // 32] = 1
    seen = band(face)
    assert seen.shape == (1, 3, HIGH, WIDE)
    rows, columns = torch.meshgrid(torch.arange(HIGH), torch.arange(WIDE), indexing="ij")
    weight = seen[0, 0] / seen[0, 0].sum()
    assert float((weight * (columns + 0.5)).sum()) == pytest.approx(WIDE / 2, abs=1.5)
    assert float((weight * (rows + 0.5)).sum()) == pytest.approx(HIGH / 2, abs=1.5)


def test_the_judge_of_the_eyes_learns_is_heard_and_is_kept(tmp_path: Path, devices: Devices) -> None:
    recipe = replace(RECIPE, eyes=0.5)
    run = tiny(devices, recipe)
    assert [judge.name for judge in run.judges] == ["d", EYES]
    before = [weight.clone() for weight in run.judges[1].net.parameters()]
    for _ in range(3):
        run.step()
    assert any(not torch.equal(a, b) for a, b in zip(before, run.judges[1].net.parameters(), strict=True))
    assert set(run.read()) == {"share", "sure", "loss_d", "loss_g", "loss_eyes"}
    save(run, tmp_path)
    again = tiny(devices, recipe)
    assert resume(again, tmp_path) == []
    for one in (run, again):
        one.step()
    assert digest(run) == digest(again)
    assert resume(tiny(devices, replace(recipe, projected=0.1)), tmp_path) == [
        "The judge projected is new and begins with nothing."
    ]


def test_a_band_of_one_size_has_a_score() -> None:
    assert EyeBand(8)(torch.rand(4, 3, HIGH, WIDE)).shape == (4, 1)


def test_lecam_holds_scores_near_what_the_others_were() -> None:
    history = torch.tensor([1.0, -1.0])
    assert float(lecam(torch.tensor([[-1.0]]), torch.tensor([[1.0]]), history)) == 0
    assert float(lecam(torch.tensor([[2.0]]), torch.tensor([[-1.0]]), history)) == pytest.approx(9 + 4)


def test_the_scores_that_lecam_remembers_are_kept(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, lecam=0.01))
    for _ in range(3):
        run.step()
    assert float(run.judges[0].history.abs().min()) > 0
    save(run, tmp_path)
    again = tiny(devices, run.recipe)
    resume(again, tmp_path)
    assert torch.equal(again.judges[0].history, run.judges[0].history)


def test_halving_is_by_the_filter_of_stylegan2() -> None:
    assert torch.allclose(halve(torch.ones(1, 2, 8, 8))[:, :, 1:-1, 1:-1], torch.ones(1, 2, 2, 2))
    dot = torch.zeros(1, 1, 8, 8)
    dot[0, 0, 4, 4] = 64.0
    assert sorted(halve(dot)[halve(dot) > 0].tolist()) == [1.0, 3.0, 3.0, 9.0]
    stripes = (torch.arange(16) % 2 * 2.0 - 1).expand(1, 1, 16, 16)
    assert float(halve(stripes)[:, :, 1:-1, 1:-1].abs().max()) == 0, "what is finest of all does not alias"
    assert torch.allclose(halve(dot, torch.float64), halve(dot))


@pytest.mark.parametrize("version", [1, 2])
def test_a_new_size_changes_nothing_for_the_discriminator_at_first(version: int) -> None:
    torch.manual_seed(0)
    net = Discriminator(replace(ARCH, version=version))
    pictures = torch.rand(4, 3, 16, 16)
    with torch.no_grad():
        small = net(torch.nn.functional.avg_pool2d(pictures, 2))
        torch.testing.assert_close(net(pictures, fade=0.0), small)
        assert not torch.allclose(net(pictures), small, atol=1e-3)


# -- a step -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at_once", "paintings"), [(None, 1), (4, 4)])
def test_one_batch_of_paintings_is_for_judges_and_generator(
    devices: Devices, at_once: int | None, paintings: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In parts each is painted once for the judge and once more, the same, with a gradient."""
    run = tiny(devices, replace(RECIPE, at_once=at_once))
    paint, painted = run.learner.paint, list[Tensor]()

    def counted(*given: Any) -> Tensor:
        painted.append(paint(*given))
        return painted[-1]

    monkeypatch.setattr(run.learner, "paint", counted)
    run.step()
    assert len(painted) == paintings
    if at_once:
        assert torch.equal(painted[0], painted[2])


def test_styles_are_mixed_as_often_as_the_recipe_says(devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, mixing=0.5))
    z, other = torch.randn(3, 16), torch.randn(3, 16)
    mixed = torch.tensor([[0.6, 0.0], [0.4, 0.0], [0.4, 0.9]])  # not; from the second block on; from the third
    styles = run.learner.styles(Seeds(z, other, mixed, torch.zeros(3, dtype=torch.int64)), 16)
    one, two = run.learner.net.mapping(z), run.learner.net.mapping(other)
    same = [[bool(torch.equal(styles[n, block], one[n])) for block in range(3)] for n in range(3)]
    assert same == [[True] * 3, [True, False, False], [True, True, False]]
    assert torch.equal(styles[1, 1], two[1])
    assert run.learner.styles(Seeds(z, other, mixed, torch.zeros(3, dtype=torch.int64)), 4).shape == (3, 16)


def test_a_picture_has_its_own_noise_whoever_paints_it(devices: Devices) -> None:
    numbers = Numbers(0, 8, devices)
    names = numbers.names()
    made = noise(names, 50, CPU)
    assert torch.equal(noise(names[3:5], 50, CPU), made[3:5])
    assert float(made.std()) == pytest.approx(1, abs=0.1)
    assert not torch.equal(noise(numbers.names(), 50, CPU), made)


def test_the_share_of_augmentation_is_off_where_it_is_not_wanted() -> None:
    share = Share(False, 0.6, 100, CPU)
    share.follow(torch.tensor(1.0), 50)
    share.load(0.7)
    assert float(share.value) == 0
