"""Why each control is where it is, in a sentence, as a console and ``/api/why`` say it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installation.core.commands import NOTHING, Asked, Command, Touch
from installation.core.decision import Wishes
from installation.core.signals import Snapshot
from installation.engine.decide import Decider, Heard
from installation.engine.reasons import why
from installation.showfile.load import load

SHOW = """
[show]
title = "Reasons"

[visitors]
attract = "10 s"

[[sensor]]
kind = "camera"
name = "door"
source = 0

[[cue]]
name = "dusk"
fade = "4 s"
set = { "stage/brightness" = 0.5 }

[[piece]]
name = "one"
duration = "1 h"
generator = { kind = "plasma" }
walk = "loop"

  [[piece.wire]]
  signal = "door.wave"
  control = "generator/hue"
  out = [0.0, 0.5]
  smooth = "2 s"

  [[piece.wire]]
  signal = "door.x"
  control = "stage/lamp/x"
  out = [-1.0, 1.0]

  [[piece.wire]]
  signal = "door.presence"
  control = "stage/relief"
  out = [0.2, 1.0]
"""
HUE, LAMP, RELIEF, SPEED, LIGHT = (
    "/generator/hue",
    "/stage/lamp/x",
    "/stage/relief",
    "/walk/speed",
    "/stage/brightness",
)


class Room:
    """A decider that is told what the camera says; without ``said`` it is silent."""

    def __init__(self, folder: Path) -> None:
        (folder / "reasons.toml").write_text(SHOW)
        self.show = load(folder / "reasons.toml")
        self.decider, self.now = Decider(self.show), 0.0
        self.levels = {signal.name: signal.rest for signal in self.show.signals() if not signal.pulse}
        self.wait(30.0)

    def wait(self, seconds: float, pulse: str = "", asked: Asked = NOTHING, told: str = "", **said: float) -> None:
        levels = {**self.levels, **{f"door.{name}": value for name, value in said.items()}}
        stale = frozenset() if said else frozenset(levels)
        wishes = Wishes(votes={SPEED: 2.0}, told={SPEED: told}) if told else Wishes()
        for frame in range(round(10 * seconds)):
            pulses = {f"door.{pulse}": 1} if pulse and frame == 0 else {}
            heard = Heard(asked if frame == 0 else NOTHING, Snapshot(levels, pulses, stale), [0], wishes=wishes)
            self.now += 0.1
            self.decider.decide(self.now, datetime(2027, 3, 2, tzinfo=UTC) + timedelta(seconds=self.now), heard)

    def why(self, address: str) -> str:
        return why(self.decider, address)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_a_gesture_is_told_with_how_long_ago_and_when_its_control_is_back(room: Room) -> None:
    assert room.why(HUE) == "It waits for door.wave."
    room.wait(2.1, pulse="wave")
    assert room.why(HUE) == "Someone waved 2 s ago; it goes back in 4 s."  # 2 s * ln(20) in all
    room.wait(10.0)
    assert room.why(HUE) == "Someone waved 12 s ago."


def test_a_level_is_told_as_what_it_means_or_as_its_number(room: Room) -> None:
    assert room.why(LAMP) == "Nothing is heard of door.x, so it rests."
    room.wait(1.0, x=0.75, presence=1.0)
    assert room.why(LAMP) == "It follows door.x, which is 0.75."
    assert room.why(RELIEF) == "Someone is there."
    room.wait(6.0, x=0.5, presence=0.0)
    assert room.why(RELIEF) == "It follows door.presence, which is 0.00."


def test_every_other_hand_says_so(room: Room) -> None:
    assert room.why("/stage/weave") == "Nobody moves it."
    room.wait(25.0, presence=0.0)
    assert room.why(SPEED) == "Nobody is there, so it invites."
    room.wait(1.0, presence=1.0)
    assert room.why(SPEED) == "Nobody moves it."
    room.wait(5.0, told="3 visitors pull it 50 % towards faster", presence=1.0)
    assert room.why(SPEED) == "3 visitors pull it 50 % towards faster."
    room.wait(2.05, asked=Asked(commands=(Command("/cue/dusk", 1.0, room.now, "console"),)))
    assert room.why(LIGHT) == "The cue dusk fades it for 2 s more."
    room.wait(4.0)
    assert room.why(LIGHT) == "The cue dusk holds it."
    room.wait(3.0, asked=Asked(touches={LIGHT: Touch(0.8, room.now, "osc 10.0.0.7")}))
    assert room.why(LIGHT) == "The operator (osc 10.0.0.7) moved it 3 s ago; it goes back in 27 s."
