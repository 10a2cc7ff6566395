"""What every output keeps: options that are checked, a clear word where it cannot work, an end that may come twice."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from installation.core import parts
from installation.core.contracts import OutputConfig, Surroundings
from installation.core.controls import Values
from installation.core.decision import Decision, Lane, Playback, Wall
from installation.core.errors import DeviceError

PIXELS = np.zeros((90, 160, 3), np.uint8)
PLAYBACK = Playback(0, None, 0.0, 1, (), None, False, 0.0, "play")
WALL = Wall("wall", "Sitters", PLAYBACK, {"/walk/speed": 1.0}, {"/walk/speed": "rest"}, (Lane(0, 0.0, {}),))
LAMP = {"host": "127.0.0.1", "fixture": [{"channel": 1, "picture": "rgb"}]}
SETTINGS: dict[str, dict[str, Any]] = {"dmx": LAMP, "pjlink": {"host": "127.0.0.1", "port": 1}}
"""What a kind does not do without."""
FILES = {"record": "film.mp4", "decisions": "told.jsonl.gz"}


def decision(time: float) -> Decision:
    return Decision(time, "2026-05-01T12:00:00+00:00", (WALL,), kept={"/generator/psi": 0.5})


@dataclass
class Listening:
    """Viewers and surfaces that keep what they are told."""

    watching: int = 1
    listening: bool = True
    said: dict[str, Any] = field(default_factory=dict)

    def send_preview(self, jpeg: bytes) -> None:
        self.said["jpeg"] = jpeg

    def echo(self, values: Values) -> None:
        self.said |= values

    def say(self, address: str, text: str) -> None:
        self.said[address] = text


def config(kind: str, folder: Path) -> OutputConfig:
    settings = {"path": folder / FILES[kind]} if kind in FILES else SETTINGS.get(kind, {})
    made: OutputConfig = parts.config("output", kind).model_validate({"kind": kind, **settings})
    return made


@pytest.mark.parametrize("kind", parts.kinds("output"))
def test_it_takes_a_second_of_frames_and_ends(kind: str, tmp_path: Path) -> None:
    told = Listening()
    output = config(kind, tmp_path).open(Surroundings((160, 90), 1 / 30, told, told))
    for frame in range(30):
        wanted = output.wants(frame / 30)
        assert wanted in ("nothing", "decision", "small", "screen")
        if wanted != "nothing":
            output.show(decision(frame / 30), PIXELS if wanted in ("small", "screen") else None)
    output.close()
    output.close()
    if kind in FILES:
        assert (tmp_path / FILES[kind]).stat().st_size > 100


@pytest.mark.parametrize("kind", ["preview", "echo"])
def test_nobody_to_tell_is_told(kind: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=f"{kind}: .*enabled = false"):
        config(kind, tmp_path).open(Surroundings((160, 90), 1 / 30))


@pytest.mark.parametrize("kind", sorted(FILES))
def test_a_file_that_cannot_be_written_is_told(kind: str, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cannot be written"):
        config(kind, tmp_path / "nowhere").open(Surroundings((160, 90), 1 / 30))


def test_surfaces_are_told_knobs_switches_and_what_hangs(tmp_path: Path) -> None:
    told = Listening()
    output = config("echo", tmp_path).open(Surroundings((160, 90), 1 / 30, told, told))
    output.show(decision(0.0), None)
    assert told.said == {
        "/walk/speed": 1.0,
        "/generator/psi": 0.5,
        "/show/hold": 0.0,
        "/stage/blackout": 0.0,
        "/stage/freeze": 0.0,
        "/show/piece": 0.0,
        "/show/now": "Sitters",
        "/show/left": "",
        "/show/programme": "closed",
        "/hand/walk/speed": "rest",
    }
    assert output.wants(0.02) == "nothing"
    assert output.wants(0.04) == "decision"
    told.listening = False
    assert output.wants(0.04) == "nothing", "nobody listens"
    assert output.wants(1.1) == "decision"


def test_nobody_watches_nothing_is_read_back(tmp_path: Path) -> None:
    told = Listening(watching=0)
    output = config("preview", tmp_path).open(Surroundings((160, 90), 1 / 30, told, told))
    assert output.wants(0.0) == "nothing"
