"""Schedules, and pictures dealt out: pure functions of their arguments."""

from pathlib import Path

import numpy as np
import pytest
import torch

from installation.core.errors import TrainingError
from installation.training.dataset.detail import read_detail
from installation.training.dataset.pictures import PicturesError
from installation.training.dataset.supply import Supply
from installation.training.gan.recipe import BEFORE, Recipe
from installation.training.loop.run import Progress
from installation.training.loop.schedule import Phase, continued, in_words, phase_at
from tests.tiny_training import RECIPE, discs


def schedule(text: str) -> tuple[Phase, ...]:
    return tuple(Phase(int(size), float(kimg)) for size, kimg in (stage.split(":") for stage in text.split(",")))


def test_a_schedule_goes_through_its_stages() -> None:
    assert [phase_at(RECIPE, images) for images in (0, 31, 32, 40, 48, 1000)] == [
        (8, 1.0),
        (8, 1.0),
        (16, 0.0),
        (16, 0.5),
        (16, 1.0),
        (16, 1.0),
    ]


@pytest.mark.parametrize(
    ("past", "images", "wanted", "now"),
    [
        ("32:60,64:40", 0, "32:10", "32:10"),
        ("32:60,64:40", 70_000, "32:60,64:40", "32:60,64:40"),
        ("32:60,64:40", 70_000, "32:90,64:20", "32:60,64:20"),
        ("32:60,64:40", 70_000, "32:60,64:5", "32:60,64:10"),
        ("32:60,64:40", 100_000, "32:60,64:40,128:50", "32:60,64:40,128:50"),
        ("32:60,64:40", 100_000, "64:10,128:50", "32:60,64:40,128:50"),
        ("32:60,64:40", 100_000, "128:50", "32:60,64:40,128:50"),
        ("32:60,64:40", 80_000, "128:50", "32:60,64:20,128:50"),
        ("32:60,64:40", 60_000, "32:60,64:80", "32:60,64:80"),
        ("32:60", 60_016, "32:60,64:80", "32:60.016,64:80"),
    ],
)
def test_what_was_done_stays_and_what_is_asked_for_follows(past: str, images: int, wanted: str, now: str) -> None:
    assert in_words(continued(schedule(past), images, schedule(wanted))) == now


def test_a_new_size_is_blended_in_from_its_own_first_picture() -> None:
    stages = continued(schedule("32:60,64:70"), 130_000, schedule("32:10,64:10,128:50"))
    assert phase_at(Recipe(stages=stages), 130_000) == (128, 0.0)


def test_a_size_cannot_be_skipped() -> None:
    with pytest.raises(TrainingError, match=r"does not go on from 64 px, .* so 128 px comes next"):
        continued(schedule("32:60,64:40"), 100_000, schedule("256:50"))


def test_recipe_and_progress_of_an_older_checkpoint_are_read() -> None:
    recipe = Recipe.read('{"stages": [{"resolution": 32, "kimg": 60}], "batch": 8, "gone": 1}')
    assert recipe == Recipe(stages=(Phase(32, 60),), batch=8, **BEFORE)
    assert (recipe.mixing, recipe.lecam, recipe.eyes) == (0, 0, 0)
    progress = Progress.read('{"images": 16, "steps": 2, "seconds": 1.5, "share": 0.25, "sure": 0.5}')
    assert progress == Progress(16, 2, 1.5, figures={"share": 0.25, "sure": 0.5})
    assert Progress.read(progress.text()) == progress


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_every_picture_is_dealt_once_before_any_again() -> None:
    supply, chance = Supply(discs()), torch.Generator().manual_seed(0)
    hands = torch.cat([supply.deal(7, 16, chance) for _ in range(24)])
    for round_ in hands[: 24 * 7].split(24):
        assert sorted(round_[:, 0].tolist()) == list(range(24))
    assert 40 < int(hands[:, 1].sum()) < 128


def test_a_hand_shows_its_pictures_mirrored_or_not() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 3)).astype(np.uint8)
    shown = Supply(pictures).show(torch.tensor([[2, 0], [2, 1]]), 8)
    assert shown.shape == (2, 3, 8, 8)
    assert np.abs((shown[0].permute(1, 2, 0).numpy() + 1) * 127.5 - pictures[2]).max() < 1e-3
    assert torch.equal(shown[1], shown[0].flip(2))


def test_smaller_sizes_are_means_of_the_full_size() -> None:
    pictures = np.random.default_rng(0).integers(0, 256, (300, 16, 16, 3)).astype(np.uint8)
    supply = Supply(pictures)
    assert sorted(supply.pyramid) == [4, 8, 16]
    wanted = pictures[299].reshape(4, 4, 4, 4, 3).mean((1, 3))
    assert np.abs(supply.pyramid[4][299].numpy() - wanted).max() <= 0.5
    assert supply.evenly(8, 5).shape == (5, 8, 8, 3)


@pytest.mark.parametrize("side", [2, 24])
def test_a_size_that_does_not_halve_is_refused(side: int) -> None:
    with pytest.raises(TrainingError, match=f"the pictures are {side} px wide; a size is a power of two"):
        Supply(np.zeros((4, side, side, 3), np.uint8))


def test_pictures_of_finer_detail_are_dealt_more_often() -> None:
    detail = np.array([64.0, 128.0, 300.0, 32.0])
    supply, chance = Supply(discs(4), detail), torch.Generator().manual_seed(0)
    often = torch.cat([supply.round(128, chance) for _ in range(400)]).bincount().double() / 400
    assert supply.round(128, chance).shape == (4,)
    np.testing.assert_allclose(often, np.array([0.5, 1, 1, 0.25]) * 4 / 2.75, atol=0.06)
    alike = [sorted(supply.round(32, chance).tolist()) for _ in range(20)]
    assert alike == [[0, 1, 2, 3]] * 20


def test_another_number_of_pictures_is_dealt_afresh() -> None:
    first, chance = Supply(discs()), torch.Generator().manual_seed(0)
    first.deal(4, 16, chance)
    second = Supply(discs(20))
    assert second.load(first.state()) == ["20 pictures where there were 24: they are dealt afresh."]
    assert len(second.order) == 0
    third = Supply(discs())
    assert third.load(first.state()) == []
    assert torch.equal(third.order, first.order)


LEDGER = "file,title,native_px\na.png,A,64\nb.png,B,128.5\nc.png,C,\n"


def test_detail_is_read_from_the_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.csv").write_text(LEDGER)
    assert read_detail(tmp_path, "native_px", ["b.png", "a.png"]).tolist() == [128.5, 64.0]


@pytest.mark.parametrize(
    ("column", "name", "text"),
    [
        ("size", "a.png", "has no column 'size'. It has file, title, native_px"),
        ("native_px", "c.png", "c.png: native_px is ''; expected a number of pixels above 0"),
        ("title", "a.png", "a.png: title is 'A'; expected a number"),
    ],
)
def test_detail_that_is_not_there_is_said(tmp_path: Path, column: str, name: str, text: str) -> None:
    (tmp_path / "ledger.csv").write_text(LEDGER)
    with pytest.raises(PicturesError) as caught:
        read_detail(tmp_path, column, [name])
    assert text in str(caught.value)
