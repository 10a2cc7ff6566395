"""Written courses of signals: pure functions of the time, and the files that they are read from."""

import csv
import json
import math
import tomllib
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from random import Random
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from installation.core.durations import Seconds
from installation.core.errors import Refused
from installation.core.signals import Signal

LARGEST = 32 * 1024 * 1024
"""The longest session that is read, in bytes: an hour of a camera's six signals, 30 times a second."""

Moment = Annotated[float, Field(ge=0.0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Keys = tuple[tuple[Moment, float], ...]


class Track(BaseModel):
    """What one signal does. Exactly one of ``keys``, ``shape`` and ``pulse`` says how."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    signal: Name
    keys: Keys = Field(default=(), description="[second, value] pairs that are glided through")
    shape: Literal["sine", "noise", "steps"] | None = None
    pulse: Annotated[Seconds, Field(ge=0.01)] | tuple[Moment, ...] | None = Field(
        default=None, description="every so many seconds, or at these seconds"
    )
    period: Annotated[Seconds, Field(ge=0.01)] = Field(default=10.0, description="of the shape (s)")
    low: float = 0.0
    high: float = 1.0
    rest: float | None = Field(
        default=None, description="the value when nothing is said; without it the one at the start"
    )
    seed: int = Field(default=0, ge=0, description="of noise and steps")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if sum((bool(self.keys), self.shape is not None, self.pulse is not None)) != 1:
            raise Refused("exactly one of keys, shape and pulse")
        if not self.low < self.high:
            raise Refused("low below high", found=f"low {self.low:g}, high {self.high:g}")
        if any(later <= earlier for (earlier, _), (later, _) in pairwise(self.keys)):
            raise Refused("keys whose seconds rise")
        outside = [v for _, v in (*self.keys, (0.0, self.low if self.rest is None else self.rest)) if not self._has(v)]
        if outside:
            raise Refused(f"values from low {self.low:g} to high {self.high:g}", found=f"{outside[0]:g}")
        if isinstance(self.pulse, tuple) and list(self.pulse) != sorted(self.pulse):
            raise Refused("pulses whose seconds rise")
        return self

    def _has(self, level: float) -> bool:
        return self.low <= level <= self.high

    @property
    def length(self) -> float:
        """Seconds until the last value; 0 for an endless course."""
        if isinstance(self.pulse, tuple):
            return max(self.pulse, default=0.0)
        return self.keys[-1][0] if self.keys else 0.0

    @property
    def declared(self) -> Signal:
        if self.pulse is not None:
            return Signal(self.signal, "a written pulse", pulse=True)
        rest = value(self, 0.0) if self.rest is None else self.rest
        return Signal(self.signal, "a written course", self.low, self.high, rest)


def value(track: Track, t: float) -> float:
    """The level of a track (not of pulses) at second ``t``, within its range: the same for the same ``t``."""
    if track.keys:
        return _between(track.keys, t)
    periods = t / track.period
    if track.shape == "sine":
        share = 0.5 - 0.5 * math.cos(math.tau * periods)
    else:
        step = math.floor(periods)
        share = _chance(track, step)
        if track.shape == "noise":
            share += (_chance(track, step + 1) - share) * _smooth(periods - step)
    return track.low + (track.high - track.low) * share


def pulses(track: Track, since: float, until: float) -> int:
    """How often it pulses from second ``since`` (with it) to ``until`` (without it)."""
    if isinstance(track.pulse, float):
        return max(1, math.ceil(until / track.pulse)) - max(1, math.ceil(since / track.pulse))
    moments = track.pulse or ()
    return bisect_left(moments, until) - bisect_left(moments, since)


def said(tracks: Iterable[Track], since: float, until: float, length: float) -> Iterator[tuple[str, float]]:
    """(signal, value) of all that is to be sent at ``until``, when ``since`` was the time before. What is written
    repeats every ``length`` seconds; with 0 it does not, and each track is silent after its end."""
    for track in tracks:
        lap = length if length and track.length else math.inf
        if track.pulse is not None:
            yield from ((track.signal, 1.0) for _ in range(_lapped(track, since, until, lap)))
        elif not track.keys or length or until <= track.length:
            yield track.signal, value(track, until % lap)


def _lapped(track: Track, since: float, until: float, lap: float) -> int:
    if since // lap == until // lap:
        return pulses(track, since % lap, until % lap)
    return pulses(track, since % lap, math.inf) + pulses(track, 0.0, until % lap)


def _between(keys: Keys, t: float) -> float:
    after = bisect_right(keys, t, key=itemgetter(0))
    if after in (0, len(keys)):
        return keys[max(0, after - 1)][1]
    (earlier, start), (later, end) = keys[after - 1], keys[after]
    return start + (end - start) * _smooth((t - earlier) / (later - earlier))


def _smooth(share: float) -> float:
    return share * share * (3.0 - 2.0 * share)


def _chance(track: Track, step: int) -> float:
    return Random(f"{track.signal}/{track.seed}/{step}").random()


# ---------------------------------------------------------------- files


def read_session(path: Path) -> tuple[Track, ...]:
    """The tracks of a session file: ``.toml`` with [[track]] tables as in a show file, or a recording, ``.csv`` with
    columns t, signal, value or ``.jsonl`` with objects of these. A row without a value is a pulse.

    Raises Refused when it is anything else.
    """
    ending = path.suffix.lower()
    if ending not in (".toml", ".csv", ".jsonl"):
        raise Refused("a name that ends in .toml, .csv or .jsonl")
    if path.stat().st_size > LARGEST:
        raise Refused(f"a session of at most {LARGEST} bytes", found=f"{path.name} with {path.stat().st_size}")
    try:
        tracks = tuple(map(Track.model_validate, _options(ending, path.read_text(encoding="utf-8-sig"))))
        if not tracks:
            raise ValueError("it is empty")
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise Refused("a session: t, signal, value", found=f"{path.name} ({_in_words(error)})") from error
    return tracks


def _options(ending: str, text: str) -> Iterable[dict[str, Any]]:
    if ending == ".toml":
        tables: list[dict[str, Any]] = tomllib.loads(text)["track"]
        return tables
    lines = [line for line in text.splitlines() if line.strip()]
    return _recorded(csv.DictReader(lines) if ending == ".csv" else map(json.loads, lines))


def _recorded(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    courses: dict[str, dict[float, Any]] = defaultdict(dict)
    for row in rows:
        courses[row["signal"]][float(row["t"])] = row.get("value")
    for signal, course in courses.items():
        moments = sorted(course)
        if any(course[t] in (None, "") for t in moments):
            yield {"signal": signal, "pulse": tuple(moments)}
            continue
        keys = tuple((t, float(course[t])) for t in moments)
        levels = [level for _, level in keys]
        yield {"signal": signal, "keys": keys, "low": min(0.0, *levels), "high": max(1.0, *levels)}


def _in_words(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return f"{type(error).__name__}: {error}"
    first = error.errors()[0]
    return ".".join(map(str, (*first["loc"], ""))) + f" {first['msg']}"
