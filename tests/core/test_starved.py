"""What counts of a work's time on a busy machine."""

import threading

import pytest

from installation.core import starved
from installation.core.starved import LONG, Patience

WORKER = threading.Thread(target=print)


def test_time_that_others_had_the_processors_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    waits = iter((5.0, 1.0, 12.0, 2.0, 12.0, 2.0, 30.0, 2.0))  # of the worker, of who watches
    monkeypatch.setattr(starved, "waited", lambda task: next(waits))
    patience, one, other = Patience(), object(), object()
    assert patience.taken(one, LONG / 2, WORKER) == LONG / 2
    assert patience.taken(one, LONG, WORKER) == LONG
    assert patience.taken(one, 20.0, WORKER) == 12.0
    assert patience.taken(other, 20.0, WORKER) == 20.0, "it has not been seen waiting"
    assert patience.taken(other, 40.0, WORKER) == 22.0


def test_a_thread_that_hangs_has_waited_for_no_processor() -> None:
    asked, patience, work = threading.Event(), Patience(), object()
    worker = threading.Thread(target=asked.wait, daemon=True)
    worker.start()
    assert [round(patience.taken(work, seconds, worker)) for seconds in (2.0, 30.0)] == [2, 30]
    asked.set()
    worker.join()
