"""A process that is to end: how long it is waited for."""

import sys

import pytest

from installation.process import process_tree
from installation.process.process_tree import TICK, ProcessTree

LEAVES = "import os, sys, time; sys.stdin.read(); os.close(1); time.sleep(%f); os._exit(3)"


def left(seconds: float, grace: float) -> int:
    tree = ProcessTree([sys.executable, "-c", LEAVES % seconds])
    stdin, stdout = tree.process.stdin, tree.process.stdout
    assert stdin
    assert stdout
    stdin.close()
    with stdout:
        stdout.read()
    return tree.end(grace)


def test_who_takes_too_long_is_killed() -> None:
    assert left(600.0, 2.0 * TICK) != 3
    assert left(0.0, 60.0) == 3


def test_time_in_which_others_had_the_processors_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    starves = iter(number * TICK for number in range(10_000))
    monkeypatch.setattr(process_tree, "waited", lambda pid: next(starves))
    assert left(8.0 * TICK, 6.0 * TICK) == 3
