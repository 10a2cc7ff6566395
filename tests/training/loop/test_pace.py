"""The pace of a training by the clock on the wall, the time left, and the cores that it leaves to others."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from installation.core.parts import ROOT
from installation.training.cores import WAITING
from installation.training.loop.devices import Devices
from installation.training.loop.pace import Pace, in_words, seconds_left
from installation.training.loop.schedule import Phase
from tests.timeout import TIMEOUT
from tests.tiny_training import RECIPE, tiny


class Wall:
    """A clock on the wall that is set by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_slow_beginning_is_forgotten_at_once() -> None:
    """The first picture took 20 s to come; the others come 10 a second."""
    wall = Wall()
    pace = Pace(wall)
    wall.now = 20.0
    assert pace.seen(16) == 0.0
    wall.now = 21.6
    assert pace.seen(32) == pytest.approx(10.0)


def test_the_pace_is_that_of_the_last_minute() -> None:
    wall = Wall()
    pace = Pace(wall)
    images = 0
    for second in range(300):
        wall.now = float(second)
        images += 40 if second < 150 else 10  # a larger size from there on
        pace.seen(images)
    assert pace.rate == pytest.approx(10.0)


def test_the_time_left_is_told_in_seconds_minutes_or_hours_and_knows_minutes(devices: Devices) -> None:
    run = tiny(devices, replace(RECIPE, stages=(Phase(8, 600),)))
    assert in_words(seconds_left(run, 0)) == "? left"
    assert in_words(seconds_left(run, 0, minutes=5)) == "5 min left"
    assert in_words(seconds_left(run, 200)) == "50 min left"
    assert in_words(seconds_left(run, 20)) == "8.3 h left"
    run.progress.seconds = 270.0
    assert in_words(seconds_left(run, 20, minutes=5)) == "30 s left"
    run.progress.seconds = 301.0
    assert in_words(seconds_left(run, 20, minutes=5)) == "0 s left"


@pytest.mark.skipif(sys.platform != "linux", reason="GNU's OpenMP, which tells its settings")
def test_threads_of_the_chain_wait_without_spinning() -> None:
    """What torch's own OpenMP says of itself, in a process of the chain and in one that only loads torch."""
    usual = {name: value for name, value in os.environ.items() if name not in WAITING} | {"OMP_DISPLAY_ENV": "VERBOSE"}
    share = "from installation.training.cores import share_cores; share_cores(); "

    def said(script: str) -> str:
        line = [sys.executable, "-c", f"{script}import torch"]
        return subprocess.run(line, cwd=ROOT, env=usual, capture_output=True, text=True, timeout=2 * TIMEOUT).stderr

    assert "GOMP_SPINCOUNT = '0'" in said(share)
    assert "GOMP_SPINCOUNT = '0'" not in said("")
