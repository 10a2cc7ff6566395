"""Written and recorded sessions: what is said when, for any time, and what a wrong one is told."""

import json
import math
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from installation.core.errors import Refused
from sensors._tracks import Track, pulses, read_session, said, value
from sensors.scripted import Config

times = st.floats(0.0, 1e5)
KEYS = Track(signal="a", keys=((1.0, 0.2), (3.0, 0.8), (5.0, 0.8)))


# ---------------------------------------------------------------- courses


def test_keys_are_gone_through_smoothly() -> None:
    assert [value(KEYS, t) for t in (0.0, 1.0, 3.0, 4.0, 5.0, 99.0)] == [0.2, 0.2, 0.8, 0.8, 0.8, 0.8]
    assert value(KEYS, 2.0) == pytest.approx(0.5)
    speeds = [value(KEYS, t + 0.01) - value(KEYS, t) for t in (1.0, 2.0, 2.99)]
    assert speeds[0] < speeds[1] / 10 > speeds[2], "it leaves and arrives at rest"


@pytest.mark.parametrize("shape", ["sine", "noise", "steps"])
@given(t=times)
def test_shapes_keep_their_range_and_are_the_same_each_time(shape: Any, t: float) -> None:
    track = Track(signal="a", shape=shape, period=3.0, low=-2.0, high=5.0)
    assert -2.0 <= value(track, t) <= 5.0
    assert value(track, t) == value(track, t)


def test_shapes_look_as_they_are_called() -> None:
    sine, noise, steps = (Track(signal="a", shape=shape, period=2.0) for shape in ("sine", "noise", "steps"))
    assert [round(value(sine, t), 6) for t in (0.0, 0.5, 1.0, 2.0)] == [0.0, 0.5, 1.0, 0.0]
    assert abs(value(noise, 7.999) - value(noise, 8.001)) < 0.01
    assert value(steps, 2.0) == value(steps, 3.9) != value(steps, 4.1)
    assert value(noise, 3.0) != value(Track(signal="a", shape="noise", period=2.0, seed=1), 3.0)


# ---------------------------------------------------------------- pulses


@given(st.lists(times, min_size=2, max_size=20).map(sorted), st.floats(0.05, 20.0))
def test_no_pulse_is_lost_or_doubled_however_time_is_cut(cuts: list[float], every: float) -> None:
    for track in (Track(signal="p", pulse=every), Track(signal="p", pulse=tuple(every * n for n in range(1, 40)))):
        pieces = sum(pulses(track, a, b) for a, b in pairwise(cuts))
        assert pieces == pulses(track, cuts[0], cuts[-1])


def test_pulses_come_every_so_often_or_when_written() -> None:
    every, written = Track(signal="p", pulse=2.0), Track(signal="p", pulse=(0.0, 1.5, 1.5, 4.0))
    assert (pulses(every, 0.0, 2.0), pulses(every, 0.0, 2.01), pulses(every, 2.0, 6.5)) == (0, 1, 3)
    assert (pulses(written, 0.0, 1.0), pulses(written, 1.0, 2.0), pulses(written, 2.0, 9.0)) == (1, 2, 1)


# ---------------------------------------------------------------- a session


def play(tracks: tuple[Track, ...], length: float, seconds: float, rate: float = 30.0) -> list[dict[str, list[float]]]:
    """What is said at each step: signal -> values."""
    steps = []
    for step in range(round(seconds * rate)):
        now: dict[str, list[float]] = {}
        for signal, level in said(tracks, step / rate, (step + 1) / rate, length):
            now.setdefault(signal, []).append(level)
        steps.append(now)
    return steps


def test_a_looped_session_repeats_together() -> None:
    tracks = (KEYS, Track(signal="p", pulse=(0.5, 8.0)), Track(signal="s", shape="sine", period=3.0))
    steps = play(tracks, 8.0, 24.0)
    assert max(abs(one["a"][0] - other["a"][0]) for one, other in zip(steps[:200], steps[240:440], strict=True)) < 1e-9
    assert sum(len(step.get("p", ())) for step in steps) == 6
    assert all("s" in step for step in steps)
    assert abs(steps[10]["s"][0] - steps[250]["s"][0]) > 0.1, "a shape goes on through the seam"


def test_a_session_that_does_not_loop_falls_silent() -> None:
    steps = play((KEYS, Track(signal="p", pulse=(0.5, 8.0)), Track(signal="s", shape="noise")), 0.0, 24.0)
    assert [index for index, step in enumerate(steps) if "a" in step] == list(range(150))
    assert sum(len(step.get("p", ())) for step in steps) == 2
    assert all("s" in step for step in steps)


def test_without_options_a_visit_is_invented() -> None:
    config = Config()
    signals = {signal.name: signal for signal in config.signals()}
    assert signals.keys() == {"motion", "x", "y", "presence", "step"}
    assert [signals[name].rest for name in ("motion", "x", "y", "presence")] == [0.0, 0.5, 0.5, 0.0]
    assert signals["step"].pulse
    lap = max(track.length for track in config.tracks)
    for track in config.tracks:
        if track.keys:
            assert value(track, 0.0) == value(track, lap), f"{track.signal} has a seam"
    motions = [step["motion"][0] for step in play(config.tracks, lap, lap)]
    assert min(motions) == 0.0
    assert max(motions) > 0.9
    assert sum(len(step.get("step", ())) for step in play(config.tracks, lap, lap)) == 16


def test_it_says_all_of_it_and_stops_at_once() -> None:
    counts: Counter[str] = Counter()
    stop = threading.Event()

    def emit(signal: str, level: float) -> None:
        assert math.isfinite(level)
        counts[signal] += 1
        if min(counts["a"], counts["p"]) >= 3:
            stop.set()

    tracks = [{"signal": "a", "shape": "noise"}, {"signal": "p", "pulse": 0.02}]
    Config.model_validate({"track": tracks, "rate": 100}).open().run(emit, stop)
    assert counts.keys() == {"a", "p"}


# ---------------------------------------------------------------- files

ROWS = [(0.0, "x", 0.5), (0.5, "step", None), (1.0, "x", -0.5), (2.0, "x", 0.75), (2.5, "step", None)]
TRACKS = (
    Track(signal="x", keys=((0.0, 0.5), (1.0, -0.5), (2.0, 0.75)), low=-0.5),
    Track(signal="step", pulse=(0.5, 2.5)),
)


def test_recordings_are_read(tmp_path: Path) -> None:
    table, lines = tmp_path / "session.csv", tmp_path / "session.JSONL"
    table.write_text("t,signal,value\n" + "\n".join(f"{t},{s},{'' if v is None else v}" for t, s, v in ROWS))
    lines.write_text(
        "\n".join(json.dumps({"t": t, "signal": s} | ({} if v is None else {"value": v})) for t, s, v in ROWS)
    )
    assert read_session(table) == read_session(lines) == TRACKS
    assert Config(script=table, track=(KEYS,)).tracks == (*TRACKS, KEYS)
    assert (
        Config.model_validate(Config(script=table).model_dump(mode="json")).signals() == Config(script=table).signals()
    )


def test_written_sessions_are_read(tmp_path: Path) -> None:
    file = tmp_path / "session.toml"
    file.write_text(
        '[[track]]\nsignal = "x"\nkeys = [[0.0, 0.5], [1.0, -0.5], [2.0, 0.75]]\nlow = -0.5\n'
        '[[track]]\nsignal = "step"\npulse = [0.5, 2.5]\n[[track]]\nsignal = "z"\nshape = "sine"\nperiod = "1 min"\n'
    )
    assert read_session(file) == (*TRACKS, Track(signal="z", shape="sine", period=60.0))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.mp4", "", "expected a name that ends in .toml, .csv or .jsonl"),
        ("a.csv", "time,signal,value\n1,x,2", "a.csv (KeyError: 't')"),
        ("a.csv", "t,signal,value\nsoon,x,2", "a.csv (ValueError: could not convert string to float: 'soon')"),
        ("a.csv", "t,signal,value\n-1,x,2", "greater than or equal to 0"),
        ("a.csv", "t,signal,value\n1,x,inf", "finite"),
        ("a.csv", "t,signal,value\n1,X y,2", "signal. String should match"),
        ("a.jsonl", "[1]", "a.jsonl (AttributeError"),
        ("a.csv", "", "a.csv (ValueError: it is empty)"),
        ("a.jsonl", "{", "a.jsonl (JSONDecodeError"),
        ("a.toml", "[[track]", "a.toml (TOMLDecodeError"),
        ("a.toml", "[[trick]]\n", "a.toml (KeyError: 'track')"),
        ("a.toml", "track = 3", "a.toml (TypeError"),
        ("a.toml", '[[track]]\nsignal="x"\nkees=[]', "kees. Extra inputs"),
    ],
)
def test_what_is_no_session_is_refused(name: str, text: str, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(Refused) as refused:
        read_session(tmp_path / name)
    assert message in f"{refused.value}{refused.value.found}"
    with pytest.raises(ValidationError):
        Config(script=tmp_path / name)


@pytest.mark.parametrize(
    ("track", "message"),
    [
        ({}, "exactly one of keys, shape and pulse"),
        ({"shape": "sine", "pulse": 1.0}, "exactly one of keys, shape and pulse"),
        ({"shape": "sine", "low": 1.0}, "low below high"),
        ({"shape": "sine", "rest": 2.0}, "values from low 0 to high 1"),
        ({"shape": "sine", "period": 0}, "greater than or equal to 0.01"),
        ({"keys": [[1, 0], [1, 1]]}, "keys whose seconds rise"),
        ({"keys": [[0, 7]]}, "values from low 0 to high 1"),
        ({"pulse": [2, 1]}, "pulses whose seconds rise"),
    ],
)
def test_a_wrong_track_is_told_what_was_expected(track: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        Config.model_validate({"track": [{"signal": "a"} | track]})


def test_a_signal_has_one_track() -> None:
    with pytest.raises(ValidationError, match="each signal in one track"):
        Config(track=(KEYS, KEYS))
