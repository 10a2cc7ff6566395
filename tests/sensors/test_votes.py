"""The sensor that hears how visitors vote."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from installation.core.decision import Tally
from installation.core.errors import DeviceError
from installation.process.sensors import run_sensors
from sensors.votes import Config, Room, Votes
from tests.timeout import TIMEOUT, until

URL = "http://wall.local/"


class Ear:
    """Hears what a sensor says, from its thread."""

    def __init__(self) -> None:
        self.levels: dict[str, float] = {}
        self.casts = 0

    def __call__(self, name: str, value: float) -> None:
        name = name.removeprefix("votes.")
        if name == "cast":
            self.casts += 1
        else:
            self.levels[name] = value


@contextmanager
def listening(votes: Votes) -> Iterator[Ear]:
    ear, stop = Ear(), threading.Event()
    thread = threading.Thread(target=votes.run, args=(ear, stop))
    thread.start()
    try:
        yield ear
    finally:
        stop.set()
        thread.join(TIMEOUT)
        assert not thread.is_alive()


def test_it_follows_the_votes_through_two_rounds() -> None:
    votes = Config().open()
    with listening(votes) as ear:
        assert ear.levels == {}
        votes.hear_votes(Tally(URL, 1, {"a": 0, "b": 0}, 0))
        until(lambda: ear.levels.get("total") == 0.0)
        votes.hear_votes(Tally(URL, 1, {"a": 2, "b": 1}, 3))
        until(lambda: ear.levels == {"total": 3.0, "share": 2 / 3, "rate": 3.0})
        assert ear.casts == 3
        votes.hear_votes(Tally(URL, 1, {"a": 3, "b": 0}, 4))  # one changed
        until(lambda: ear.levels == {"total": 3.0, "share": 1.0, "rate": 4.0})
        assert ear.casts == 4
        votes.hear_votes(Tally(URL, 2, {"a": 0, "b": 0}, 5))  # one more just before the end of the round
        until(lambda: ear.levels == {"total": 0.0, "share": 0.0, "rate": 5.0})
        assert ear.casts == 5


def test_votes_of_before_are_counted_and_not_told_as_news() -> None:
    votes = Config().open()
    votes.hear_votes(Tally(URL, 7, {"a": 1}, 20))
    with listening(votes) as ear:
        until(lambda: ear.levels == {"total": 1.0, "share": 1.0, "rate": 0.0})
        assert ear.casts == 0


def test_a_show_tells_it_and_tells_it_again_when_it_was_opened_anew() -> None:
    ear = Ear()
    sensors = run_sensors([Config()], ear)
    try:
        sensors.tell_votes(Tally(URL, 1, {"a": 2, "b": 0}, 2))
        until(lambda: ear.levels.get("total") == 2.0)
    finally:
        sensors.stop()


def test_without_a_web_process_it_says_so() -> None:
    with pytest.raises(DeviceError, match=r'the sensor "votes" hears no votes: they are counted where \[web\] is'):
        Votes(first=0.0).run(Ear(), threading.Event())


def test_the_rate_forgets_after_a_minute_and_pulses_are_bounded() -> None:
    room, ear = Room(), Ear()
    room.counted(Tally(URL, 1, {"a": 10}, 10), 0.0)
    room.counted(Tally(URL, 1, {"a": 510}, 510), 1.0)
    room.say(ear, 1.0)
    assert (ear.levels["rate"], ear.casts) == (500.0, 64)
    room.say(ear, 62.0)
    assert (ear.levels["rate"], ear.casts) == (0.0, 64)
