"""Plays a written or recorded session of signals: a show is rehearsed without a camera, a microphone or a visitor."""

import threading
import time
from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import Refused
from installation.core.paths import ShowPath
from installation.core.signals import Signal
from sensors._tracks import Track, read_session, said


def _readable(path: Path) -> Path:
    read_session(path)
    return path


class Config(SensorConfig):
    kind: Literal["scripted"] = "scripted"
    name: str = "scripted"
    script: Annotated[ShowPath, AfterValidator(_readable)] | None = Field(
        None, description="a session file: .toml with [[track]] tables, or recorded .csv or .jsonl of t, signal, value"
    )
    track: tuple[Track, ...] = Field((), description="tracks written in the show file itself, as [[sensor.track]]")
    loop: bool = Field(True, description="start again when the longest track ends")
    rate: float = Field(30.0, ge=1.0, le=120.0, description="how often each signal is said (Hz)")

    @model_validator(mode="after")
    def _once_each(self) -> Self:
        twice = [name for name, times in Counter(track.signal for track in self.tracks).items() if times > 1]
        if twice:
            raise Refused("each signal in one track", found=f'"{twice[0]}" in two')
        return self

    @cached_property
    def tracks(self) -> tuple[Track, ...]:
        """What is played: the session file and the tracks of the show; without either, an invented visit."""
        written = (*(read_session(self.script) if self.script else ()), *(self.track or ()))
        return written or VISIT

    def signals(self) -> tuple[Signal, ...]:
        return tuple(track.declared for track in self.tracks)

    def open(self) -> "Scripted":
        return Scripted(self)


class Scripted(Sensor):
    def __init__(self, config: Config) -> None:
        self.tracks, self.pause = config.tracks, 1.0 / config.rate
        self.length = max((track.length for track in self.tracks), default=0.0) if config.loop else 0.0

    def run(self, emit: Emit, stop: threading.Event) -> None:
        start, since = time.monotonic(), 0.0
        while not stop.wait(self.pause):
            until = time.monotonic() - start
            for signal, level in said(self.tracks, since, until, self.length):
                emit(signal, level)
            since = until


def _course(signal: str, *keys: tuple[float, float]) -> Track:
    return Track(signal=signal, keys=keys)


# One comes in from the left, stands before the picture, leans closer and goes on; then a child runs through.
VISIT = (
    _course(
        "motion",
        *((0, 0), (2, 0), (3.5, 0.55), (8, 0.45), (10, 0.08), (17, 0.05), (18.5, 0.3), (20, 0.06), (27, 0.1)),
        *((28.5, 0.6), (33, 0.5), (35, 0), (41, 0), (41.7, 0.95), (44.5, 0.9), (45.5, 0), (50, 0)),
    ),
    _course(
        "x",
        *((0, 0.5), (2, 0.5), (3, 0.08), (9, 0.46), (17, 0.5), (18.5, 0.58), (27, 0.55), (33.5, 0.95)),
        *((38, 0.5), (41, 0.95), (45, 0.05), (50, 0.5)),
    ),
    _course(
        "y", *((0, 0.5), (3, 0.55), (9, 0.5), (18.5, 0.42), (27, 0.5), (38, 0.5), (41.5, 0.75), (45, 0.72), (50, 0.5))
    ),
    _course(
        "presence", *((0, 0), (3.5, 0), (4, 1), (36, 1), (37.5, 0), (42, 0), (42.5, 1), (47, 1), (48.5, 0), (50, 0))
    ),
    Track(
        signal="step", pulse=(3.0, 3.7, 4.4, 5.1, 5.9, 6.7, 7.5, 8.4, 28.6, 29.3, 30.0, 30.7, 31.4, 32.1, 32.8, 33.5)
    ),
)
