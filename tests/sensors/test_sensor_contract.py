"""The contract of every sensor, run over each file in sensors/ because it is there."""

import importlib
import inspect
import math
import re
import subprocess
import sys
import threading
import time
from typing import Any

import pytest
from pydantic import ValidationError

from installation.core import parts
from installation.core.contracts import Sensor, SensorConfig
from installation.core.errors import DeviceError, MissingDependency
from installation.core.parts import ROOT
from tests.timeout import TIMEOUT

HEAVY = ("cv2", "sounddevice", "torch", "pygame", "moderngl", "aiohttp")
SOON = 3.0
"""Seconds."""


def sample(kind: str) -> SensorConfig:
    """The sensor as it is without options; for those that it must have, the first example in their ``Field``."""
    made = parts.config("sensor", kind)
    options: dict[str, Any] = {"kind": kind, "name": "it"}
    for name, option in made.model_fields.items():
        if option.is_required() and name not in options:
            assert option.examples, f"sensors/{kind}.py: {name} is required; give its Field examples=[...] to try"
            options[name] = option.examples[0]
    config: SensorConfig = made.model_validate(options)
    return config


@pytest.fixture(params=parts.kinds("sensor"))
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def config(kind: str) -> SensorConfig:
    return sample(kind)


@pytest.fixture
def sensor(config: SensorConfig) -> Sensor:
    """An open one, where its device is here."""
    try:
        return config.open()
    except (DeviceError, MissingDependency) as error:
        reason = str(error)
    assert len(reason) > 20, "it says what was found and what to do"
    pytest.skip(reason)


def test_it_says_what_it_is(kind: str, config: SensorConfig) -> None:
    module = importlib.import_module(f"sensors.{kind}")
    first = (inspect.getdoc(module) or "").partition("\n")[0]
    assert len(first) > 20, "the first line of its file is what --list says"
    assert first.endswith(".")
    for name, option in type(config).model_fields.items():
        assert name in ("kind", "name") or option.description, f"{name} is not explained"


def test_its_kind_is_its_file(kind: str, config: SensorConfig) -> None:
    assert isinstance(config, SensorConfig)
    assert config.kind == kind
    with pytest.raises(ValidationError, match="kind"):
        type(config).model_validate(config.model_dump() | {"kind": f"no {kind}"})


def test_its_options_are_frozen_and_known(config: SensorConfig) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        config.name = "other"
    with pytest.raises(ValidationError, match="Extra inputs"):
        type(config).model_validate(config.model_dump() | {"no_such_option": 1})


def test_it_is_told_to_another_process_as_json(config: SensorConfig) -> None:
    again = type(config).model_validate_json(config.model_dump_json())
    assert again == config
    assert again.signals() == config.signals()


def test_its_signals_are_well_formed(config: SensorConfig) -> None:
    signals = config.signals()
    assert signals
    assert len({signal.name for signal in signals}) == len(signals)
    for signal in signals:
        assert re.fullmatch(r"[a-z][a-z0-9_]*", signal.name), signal.name
        assert signal.doc, signal.name
        assert -math.inf < signal.low < signal.high < math.inf, signal.name
        assert signal.low <= signal.rest <= signal.high, signal.name
        assert signal.stale_after > 0, signal.name


def test_listing_it_needs_no_options(kind: str) -> None:
    made = parts.config("sensor", kind)
    required = {name: None for name, option in made.model_fields.items() if option.is_required()}
    assert isinstance(made.model_construct(**required | {"kind": kind}).signals(), tuple)


def test_importing_it_opens_nothing_and_is_light(kind: str) -> None:
    code = (
        f"import sys, threading, sensors.{kind}\n"
        f"print([m for m in {HEAVY} if m in sys.modules], threading.active_count(), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=True
    )
    assert done.stdout == "[] 1"


def test_a_stop_already_set_ends_it_at_once(sensor: Sensor) -> None:
    stop = threading.Event()
    stop.set()
    before = time.monotonic()
    sensor.run(lambda signal, value: None, stop)
    assert time.monotonic() - before < SOON


def test_it_says_what_it_declared_and_stops_when_told(config: SensorConfig, sensor: Sensor) -> None:
    declared = {signal.name: signal for signal in config.signals()}
    said: set[tuple[str, float]] = set()
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    before = time.monotonic()
    sensor.run(lambda signal, value: said.add((signal, value)), stop)
    assert stop.is_set(), "it ended by itself"
    assert time.monotonic() - before < 0.3 + SOON
    for name, value in said:
        assert name in declared
        assert declared[name].pulse or declared[name].low <= value <= declared[name].high
