"""The newest pictures on disk: kept of the piece that hangs, and what hangs first after a crash."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from installation.core.contracts import Frame
from installation.core.decision import Playback
from installation.engine.frames import Pair
from installation.stills import EVERY, SOON, Stills
from tests.timeout import until

NAMES = ("sitters", "../the *company*")


def playback(piece: int, coming: int | None = None) -> Playback:
    return Playback(piece, coming, 0.0, 1, (), None, False, 0.0, "play")


def painted(shade: int) -> Pair:
    return Pair(None, Frame(np.full((8, 8, 3), shade, np.uint8), 0.0), 0.0, 0.0)


def shade(path: Path) -> int:
    return round(float(np.asarray(Image.open(path)).mean()))


@pytest.fixture
def stills(tmp_path: Path) -> Stills:
    made = Stills(tmp_path, NAMES, restarted=True)
    made.start()
    return made


def test_what_hangs_is_kept_soon_and_then_now_and_then(stills: Stills) -> None:
    path = stills.paths[0]
    stills.watch(playback(0), lambda piece: painted(50), 10.0)
    stills.watch(playback(0), lambda piece: painted(60), 10.0 + SOON)
    until(path.exists)
    stills.watch(playback(0), lambda piece: painted(70), 11.0 + SOON)
    stills.watch(playback(0), lambda piece: painted(80), 10.0 + SOON + EVERY)
    stills.close()
    assert shade(path) == 80
    assert [file.name for file in path.parent.iterdir()] == ["sitters.jpg"]


def test_a_change_is_no_picture_of_a_piece(stills: Stills) -> None:
    stills.watch(playback(0), lambda piece: painted(50), 0.0)
    stills.watch(playback(0, coming=1), lambda piece: painted(50), 100.0)
    stills.watch(playback(1), lambda piece: Pair(None, None, 0.0, 0.0), 200.0)
    stills.close()
    assert not stills.paths[0].exists()


def test_after_a_crash_the_newest_picture_hangs_and_else_the_poster(stills: Stills, tmp_path: Path) -> None:
    poster = tmp_path / "poster.jpg"
    assert stills.first(1, poster) == poster
    assert stills.first(1, None) is None
    stills.watch(playback(1), lambda piece: painted(50), 0.0)
    stills.watch(playback(1), lambda piece: painted(50), SOON)
    stills.close()
    kept = stills.paths[1]
    assert kept.parent == tmp_path / "stills", "no name leads out of the folder"
    assert stills.first(1, poster) == kept
    begins = Stills(tmp_path, NAMES, restarted=False)
    assert begins.first(1, poster) == poster
    assert begins.first(1, None) == kept


def test_where_nothing_can_be_written_posters_hang(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    stills = Stills(tmp_path / "file", NAMES, restarted=True)
    stills.start()
    for now in (0.0, SOON):
        stills.watch(playback(0), lambda piece: painted(50), now)
    stills.close()
    assert stills.first(0, tmp_path) == tmp_path
