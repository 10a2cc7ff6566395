"""The parts that CONTRIBUTING.md shows: each is found, checked and used as the page says."""

import re
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from installation.core import parts
from installation.core.contracts import Surroundings
from installation.core.parts import ROOT
from installation.showfile.load import load
from installation.showfile.transitions import load_transition
from tests.timeout import TIMEOUT

BLOCK = re.compile(r"`([\w/]+\.(?:py|glsl))`:\n\n```(?:python|glsl)\n(.*?)```", re.DOTALL)
SHOW = """
[show]
title = "The page's own parts"
transition = "curtain"

[[sensor]]
kind = "metronome"
name = "drum"
bpm = 600

[[piece]]
name = "one"
duration = "1 min"
generator = "stripes"
walk = "swing"
transition = { kind = "curtain", duration = 1, soft = 0.2 }

  [[piece.wire]]
  signal = "drum.beat"
  control = "show/next"
"""


def blocks() -> dict[str, str]:
    return dict(BLOCK.findall((ROOT / "CONTRIBUTING.md").read_text("utf-8")))


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the rooms that holds the page's parts alone."""
    made = {}
    for room, (folder, ending, _) in parts.ROOMS.items():
        package = f"page_{folder.name}"
        (tmp_path / package).mkdir()
        made[room] = (tmp_path / package, ending, package if ending == ".py" else "")
        for name, text in blocks().items():
            if (ROOT / name).parent == folder:
                (tmp_path / package / Path(name).name).write_text(text)
    monkeypatch.setattr(parts, "ROOMS", made)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("page_")]:
        del sys.modules[name]


def config(room: str, kind: str) -> Any:
    return parts.config(room, kind)


def test_a_part_of_each_kind_is_shown() -> None:
    assert {str((ROOT / name).parent) for name in blocks()} == {str(room[0]) for room in parts.ROOMS.values()}


def test_a_show_of_them_is_good(rooms: Path) -> None:
    (rooms / "page.toml").write_text(SHOW)
    show = load(rooms / "page.toml")
    assert show.pieces[0].transition.options == {"soft": 0.2}
    generator = show.pieces[0].generator.open("cpu")
    walk = show.pieces[0].walk.open(generator, 3)
    first, later = (generator.paint(walk.at(t, {}), {}) for t in (0.0, 2.0))
    assert first.dtype == np.uint8
    assert first.shape == (64, 64, 3)
    assert not np.array_equal(first, later)


def test_the_sensor_beats_until_it_is_stopped(rooms: Path) -> None:
    stop, beats = threading.Event(), []

    def emit(name: str, value: float) -> None:
        beats.append(name)
        stop.set()

    thread = threading.Thread(target=config("sensor", "metronome")(name="drum", bpm=600).open().run, args=(emit, stop))
    thread.start()
    thread.join(TIMEOUT)
    assert beats == ["beat"]


def test_the_output_takes_the_wall(rooms: Path) -> None:
    output = config("output", "brightness")().open(Surroundings((4, 4), 1 / 30))
    assert output.wants(0.0) == "small"
    output.show(None, np.full((4, 4, 3), 51, np.uint8))
    assert output.mean == pytest.approx(0.2)
    output.close()


def test_the_transition_is_read(rooms: Path) -> None:
    transition = load_transition("curtain")
    assert transition.doc == "A curtain is drawn aside."
    assert [option.name for option in transition.options] == ["soft"]
