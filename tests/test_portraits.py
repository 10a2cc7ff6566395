"""The portrait of the day: painted at closing at the place that is liked most, kept for thirty days, on the page."""

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from generators.plasma import Config as PlasmaConfig
from installation.core.contracts import TASTE_PLACE, TASTE_PORTRAIT
from installation.core.decision import Playback
from installation.engine.taste import AXES, Belief, best, coordinates, latent_at
from installation.portraits import EASE, HANGS, KEPT, MORNING, PULL, Days, Portrait, Portraits, Sitting, keep, kept
from installation.walks.taste import Config as TasteConfig
from tests.timeout import until
from tests.web_driver import Driver, Visitor

TODAY, TOMORROW = "2026-11-27", "2026-11-28"
PLASMA = PlasmaConfig(width=64, height=64)
BELIEF = Belief(np.linspace(-1.0, 1.0, AXES), np.full(AXES, 0.3), 12, 3)


def sitting(day: str = TODAY) -> Sitting:
    return Sitting(day, "sitters", PLASMA.open("cpu").space.digest, lambda: PLASMA.open("cpu"), {}, BELIEF)


def test_it_is_painted_where_it_is_liked_most_and_found_again(tmp_path: Path) -> None:
    portraits = Portraits(tmp_path)
    portraits.start()
    portraits.ask(sitting())
    portrait = until(lambda: portraits.newest, "the portrait")
    portraits.close()
    generator = PLASMA.open("cpu")
    wanted = generator.paint(latent_at(generator.space, best(BELIEF, PULL)), {})
    with Image.open(tmp_path / "portraits" / "2026-11-27.jpg") as picture:
        assert b"12 likes, 3 passes" in picture.info["comment"]
        assert np.abs(np.asarray(picture, float) - wanted).mean() < 6.0
    np.testing.assert_allclose(portrait.place, best(BELIEF, PULL), atol=1e-4)
    assert (portrait.piece, portrait.likes, portrait.passes) == ("sitters", 12, 3)
    again = Portraits(tmp_path)
    again.start()
    assert until(lambda: again.newest, "the portrait after a restart") == portrait
    again.close()


def test_thirty_days_are_kept_and_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    for ago in range(40):
        day = (date.fromisoformat(TODAY) - timedelta(days=40 - ago)).isoformat()
        keep(tmp_path, Portrait(day, "sitters", "m", 1, 0, (0.0,) * AXES), pixels)
    assert len(list(tmp_path.glob("*.jpg"))) == len(list(tmp_path.glob("*.json"))) == KEPT
    assert [one.day for one in kept(tmp_path)][:2] == ["2026-11-26", "2026-11-25"]
    (tmp_path / "2026-11-26.json").write_text('{"day": "2026-11-26", "place": [1e999]}')
    assert [one.day for one in kept(tmp_path)][:1] == ["2026-11-25"]


def test_a_generator_that_does_not_open_leaves_no_portrait(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def fails() -> None:
        raise RuntimeError("out of memory")

    portraits = Portraits(tmp_path)
    portraits.start()
    portraits.ask(Sitting(TODAY, "sitters", "m", fails, {}, BELIEF))  # type: ignore[arg-type]
    until(lambda: "out of memory" in caplog.text, "the warning")
    portraits.close()
    assert portraits.newest is None


def test_a_day_ends_at_closing_or_at_midnight() -> None:
    days = Days()
    assert [days.ends(0.0, is_open, TODAY) for is_open in (False, True, True, False, False)] == [
        None,
        None,
        None,
        TODAY,
        None,
    ]
    assert [days.ends(0.0, is_open, TOMORROW) for is_open in (False, True, False)] == [None, None, TOMORROW]
    always = Days()
    assert [always.ends(0.0, True, day) for day in (TODAY, TODAY, TOMORROW)] == [None, None, TODAY]
    assert always.is_over("2026-11-27")
    assert not always.is_over("2026-11-28")


def hangs(piece: int, since: float, coming: int | None = None) -> Playback:
    return Playback(piece, coming, 0.0, 1, (), None, False, since, "play")


def test_in_the_morning_it_hangs_first_and_becomes_a_walk() -> None:
    days = Days()
    days.ends(1000.0, True, TODAY)
    assert days.stands(1001.0, hangs(0, 900.0, coming=2), 2) == 1.0
    at = [days.stands(1005.0 + after, hangs(2, 1005.0), 2) for after in (0.0, HANGS, HANGS + EASE / 2, HANGS + EASE)]
    assert at == [1.0, 1.0, 0.5, 0.0]
    assert days.stands(1005.0, hangs(1, 1005.0), 2) == 0.0
    late = 1000.0 + MORNING
    assert days.stands(late + 1.0, hangs(2, late), 2) == days.stands(late + 1.0, hangs(1, 0.0, coming=2), 2) == 0.0


def test_the_walk_stands_at_the_portrait_and_leaves_it_smoothly() -> None:
    generator = PLASMA.open("cpu")
    walk = TasteConfig().open(generator, 1)
    place = dict(zip(TASTE_PLACE, best(BELIEF, PULL).tolist(), strict=True))
    for t in (0.0, 5.0):
        latent = walk.at(t, {TASTE_PORTRAIT: 1.0, **place})
        count = min(AXES, len(generator.space.std))
        np.testing.assert_allclose(coordinates(generator.space, latent)[:count], best(BELIEF, PULL)[:count], atol=1e-3)
    near = walk.at(5.0, {TASTE_PORTRAIT: 0.01, **place})
    assert np.abs(near - walk.at(5.0, {})).max() < 0.1


def test_visitors_see_the_last_thirty(tmp_path: Path) -> None:
    with Driver(tmp_path) as web, Visitor(web.port) as visitor:
        assert "will be painted when the exhibition closes" in visitor.get("/portraits").text
        assert visitor.get("/portraits/2026-11-27.jpg").status == 404
        assert 'href="/portraits"' in visitor.get().text
        for day in ("2026-11-26", "2026-11-27"):
            portrait = Portrait(day, "sitters", "m", 12, 3, (0.0,) * AXES)
            keep(tmp_path / "portraits", portrait, np.full((64, 64, 3), 90, np.uint8))
        (tmp_path / "portraits" / "2026-11-25.json").write_text(json.dumps(["no portrait"]))
        answer = visitor.get("/portraits?lang=nl")
        text = answer.text
        assert text.index("2026-11-27") < text.index("2026-11-26")
        assert "Zitters die nooit zaten" in text
        assert "‘mooi’ 12 ×" in text
        assert "2026-11-25" not in text
        picture = visitor.get("/portraits/2026-11-27.jpg")
        assert (picture.status, picture.headers["Content-Type"], picture.body[:2]) == (200, "image/jpeg", b"\xff\xd8")
        assert visitor.get("/portraits/../votes.sqlite3").status == 404
        assert len(answer.body) < 20_000
