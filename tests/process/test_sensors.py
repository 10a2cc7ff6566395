"""Sensors in threads and in processes: what fails is said once and tried again, and nothing stops the others."""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import ClassVar, Literal

import psutil
import pytest

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.errors import DeviceError
from installation.core.parts import ROOT
from installation.core.signals import Signal
from installation.process import sensors as sensing
from installation.process.sensors import Beating, Sensors, run_sensors, supervise
from sensors.scripted import Config as Scripted
from tests.timeout import TIMEOUT, until


class Config(SensorConfig):
    """A sensor that does what a test tells it to: ``fails`` runs that raise, then good ones."""

    kind: Literal["fake"] = "fake"
    name: str = "fake"
    does: Literal["works", "is missing", "breaks", "leaves"] = "works"
    fails: int = 0

    def signals(self) -> tuple[Signal, ...]:
        return (Signal("level", "a level"),)

    def open(self) -> "Fake":
        return Fake(self)


class Apart(Config):
    apart: ClassVar[bool] = True


class Fake(Sensor):
    runs: ClassVar[dict[str, int]] = {}

    def __init__(self, config: Config) -> None:
        self.does, run = config.does, self.runs.get(config.name, 0)
        self.runs[config.name] = run + 1
        self.fails = run < config.fails
        if self.fails and self.does == "is missing":
            raise DeviceError("found no fake, expected one; make one")

    def run(self, emit: Emit, stop: threading.Event) -> None:
        if self.fails:
            if self.does == "breaks":
                raise ZeroDivisionError("a driver of three weeks")
            return
        while not stop.wait(0.01):
            emit("level", 0.5)


@pytest.fixture
def heard() -> dict[str, float]:
    return {}


@pytest.fixture
def running(heard: dict[str, float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Sensors]]:
    monkeypatch.setattr(Fake, "runs", {})
    started: list[Sensors] = []

    def run(*configs: SensorConfig) -> Sensors:
        started.append(run_sensors(configs, heard.__setitem__))
        return started[-1]

    yield run
    for sensors in started:
        sensors.stop()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


# ---------------------------------------------------------------- threads


def test_signals_arrive_under_their_sensors_name(running: Callable[..., Sensors], heard: dict[str, float]) -> None:
    sensors = running(Config(name="door"), Scripted(name="visitor"))
    until(lambda: {"door.level", "visitor.motion", "visitor.x"} <= heard.keys())
    assert heard["door.level"] == 0.5
    assert sensors.trouble() == {}


def test_edited_sensors_start_anew_and_those_that_stay_go_on(
    running: Callable[..., Sensors], heard: dict[str, float]
) -> None:
    sensors = running(Config(name="door"), Config(name="hall"), Scripted(name="visitor"))
    until(lambda: {"door.level", "hall.level", "visitor.x"} <= heard.keys())
    sensors.change((Config(name="door"), Config(name="hall", does="breaks", fails=10**6), Config(name="new")))
    heard.pop("visitor.x")
    until(lambda: "new.level" in heard)
    until(lambda: sensors.trouble().keys() == {"hall"})
    assert Fake.runs["door"] == 1
    assert "visitor.x" not in heard


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("is missing", "found no fake, expected one; make one"),
        ("breaks", "ZeroDivisionError: a driver of three weeks"),
        ("leaves", "ended by itself"),
    ],
)
def test_what_fails_is_said_once_and_comes_back(
    does: Literal["is missing", "breaks", "leaves"],
    message: str,
    running: Callable[..., Sensors],
    heard: dict[str, float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    sensors = running(Config(name="door", does=does, fails=2), Config(name="hall"))
    until(lambda: sensors.trouble() == {"door": message})
    until(lambda: "hall.level" in heard)
    until(lambda: "door.level" in heard)
    assert sensors.trouble() == {}
    assert warnings(caplog) == [f"door: {message}; the show goes on without it, it is tried again"]
    assert "door: works again" in caplog.text
    assert caplog.text.count("Traceback") == (does == "breaks")


def test_stopping_ends_the_threads(running: Callable[..., Sensors]) -> None:
    sensors = running(Config(name="a"), Config(name="b", does="is missing", fails=99))
    until(lambda: sensors.trouble())
    sensors.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("sensor-")]


def test_a_stop_already_set_opens_nothing() -> None:
    stop = threading.Event()
    stop.set()
    supervise(lambda: pytest.fail("it was opened"), print, stop, print)


# ---------------------------------------------------------------- the heartbeat


def test_whoever_looks_at_stop_beats_at_most_twice_a_second() -> None:
    beats: list[float] = []
    stop = Beating(lambda: beats.append(time.monotonic()))
    for _ in range(1000):
        assert not stop.is_set()
    assert len(beats) == 1
    assert not stop.wait(0.7)
    assert len(beats) == 2
    stop.set()
    before = time.monotonic()
    assert stop.wait(2 * TIMEOUT)
    assert stop.wait()
    assert time.monotonic() - before < TIMEOUT


# ---------------------------------------------------------------- processes

CHILD = """
import os, sys, time
sys.path.insert(0, {root!r})
from tests.process import test_sensors as ours
from installation.core import parts
from installation.process import sensors as sensing
class Fake(ours.Fake):
    def run(self, emit, stop):
        emit("pid", os.getpid()); emit("level", float("nan"))
        {how}
parts.config = lambda room, kind: ours.Config
ours.Fake = Fake
sensing.main()
"""
"""The sensors' process with a sensor of ours."""


@pytest.fixture
def apart(running: Callable[..., Sensors], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sensors]:
    """Runs a sensor in a process; ``how`` it runs is a piece of Python."""

    def run(how: str = "super().run(emit, stop)", **options: object) -> Sensors:
        code = CHILD.format(root=str(ROOT), how=how)
        monkeypatch.setattr(sensing, "COMMAND", (sys.executable, "-c", code))
        return running(Apart.model_validate({"name": "door", **options}))

    return run


def test_a_process_says_signals_too(apart: Callable[..., Sensors], heard: dict[str, float]) -> None:
    sensors = apart()
    until(lambda: "door.level" in heard)
    assert heard["door.level"] == 0.5, "what is not finite stays where it was made"
    process = psutil.Process(int(heard["door.pid"]))
    sensors.stop()
    assert not process.is_running()


def test_a_killed_process_is_started_in_three_seconds_and_back(
    apart: Callable[..., Sensors], heard: dict[str, float], caplog: pytest.LogCaptureFixture
) -> None:
    sensors = apart()
    until(lambda: "door.level" in heard)
    first, killed = heard.pop("door.pid"), time.monotonic()
    child = sensors._runners["door"].child  # type: ignore[attr-defined]
    psutil.Process(int(first)).kill()
    until(lambda: child.pid not in (first, None))
    assert time.monotonic() - killed < 3.0
    until(lambda: "door.pid" in heard)
    assert heard["door.pid"] == child.pid
    assert sensors.trouble() == {}
    assert len(warnings(caplog)) == 1


def test_a_hung_process_is_stopped_and_started_again(
    apart: Callable[..., Sensors],
    heard: dict[str, float],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sensing, "SILENCE", 0.5)
    apart(how="emit('level', 0.1); time.sleep(1000)")
    until(lambda: "door.pid" in heard)
    first = heard["door.pid"]
    until(lambda: heard["door.pid"] != first)
    assert "door: said nothing for too long and was stopped" in caplog.text


def test_a_process_tells_what_it_lacks(apart: Callable[..., Sensors], caplog: pytest.LogCaptureFixture) -> None:
    sensors = apart(does="is missing", fails=99)
    until(lambda: warnings(caplog))
    assert sensors.trouble() == {"door": "found no fake, expected one; make one"}
    assert warnings(caplog) == [
        "door: found no fake, expected one; make one; the show goes on without it, it is tried again"
    ]


def test_nonsense_from_a_process_is_ignored(apart: Callable[..., Sensors], heard: dict[str, float]) -> None:
    sensors = apart()
    runner = sensors._runners["door"]
    for message in ({"say": ["level"]}, {"say": {}}, {"trouble": 3}, {}, b"", {"say": [1, 2]}, {"say": ["x", "y"]}):
        runner._hear(message)  # type: ignore[attr-defined]
    assert sensors.trouble() == {}
    assert heard.keys() <= {"door.level", "door.pid"}
