"""The sensor that reads the ballot store, on a real one without a web process."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from installation.core.errors import DeviceError
from installation.web.ballot_store import FILE, BallotStore, Vote
from sensors.votes import Config, Count, Room
from tests.timeout import TIMEOUT, until


class Ear:
    """Hears what a sensor says, from its thread."""

    def __init__(self) -> None:
        self.levels: dict[str, float] = {}
        self.casts = 0

    def __call__(self, name: str, value: float) -> None:
        if name == "cast":
            self.casts += 1
        else:
            self.levels[name] = value


@contextmanager
def listening(config: Config) -> Iterator[Ear]:
    ear, stop = Ear(), threading.Event()
    thread = threading.Thread(target=config.open().run, args=(ear, stop))
    thread.start()
    try:
        yield ear
    finally:
        stop.set()
        thread.join(TIMEOUT)
        assert not thread.is_alive()


def cast(store: BallotStore, *votes: tuple[int, str]) -> None:
    assert store.round is not None
    with store.all_or_nothing():
        store.cast([Vote(store.round.id, bytes([token]) * 16, choice) for token, choice in votes], 0.0)


def turn(store: BallotStore, number: int) -> None:
    with store.all_or_nothing():
        store.turn(number, ["a", "b"], float(number))


def test_it_follows_the_box_from_before_it_exists_through_two_rounds(tmp_path: Path) -> None:
    with listening(Config(database=tmp_path / FILE)) as ear:
        assert ear.levels == {}
        store = BallotStore(tmp_path / FILE)
        turn(store, 1)
        until(lambda: ear.levels.get("total") == 0.0)
        cast(store, (1, "a"), (2, "a"), (3, "b"))
        until(lambda: ear.levels == {"total": 3.0, "share": 2 / 3, "rate": 3.0})
        assert ear.casts == 3
        cast(store, (3, "a"), (2, "a"))  # one changes, one says the same again
        until(lambda: ear.levels == {"total": 3.0, "share": 1.0, "rate": 4.0})
        assert ear.casts == 4
        cast(store, (4, "b"))
        turn(store, 2)
        until(lambda: ear.levels == {"total": 0.0, "share": 0.0, "rate": 5.0})
        assert ear.casts == 5
        store.close(0.0)


def test_votes_of_before_are_counted_and_not_told_as_news(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    turn(store, 1)
    cast(store, (1, "a"))
    store.close(0.0)
    with listening(Config(database=tmp_path / FILE)) as ear:
        until(lambda: ear.levels == {"total": 1.0, "share": 1.0, "rate": 0.0})
        assert ear.casts == 0


def test_it_comes_back_when_the_box_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"no database at all" * 99)
    with listening(Config(database=path)) as ear:
        store = BallotStore(path)
        turn(store, 1)
        cast(store, (1, "b"))
        until(lambda: ear.levels.get("total") == 1.0)
        store.close(0.0)


def test_the_show_tells_it_where_the_votes_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERNISSAGE_STATE", str(tmp_path))
    assert Config().open().path == tmp_path / FILE
    monkeypatch.delenv("VERNISSAGE_STATE")
    with pytest.raises(DeviceError, match=r'the sensor "votes" finds no votes: this show has no web process'):
        Config().open()


def test_a_relative_database_is_looked_for_beside_the_show(tmp_path: Path) -> None:
    config = Config.model_validate({"kind": "votes", "database": "old.sqlite3"}, context={"folder": tmp_path})
    assert config.open().path == tmp_path / "old.sqlite3"


def test_the_rate_forgets_after_a_minute_and_pulses_are_bounded() -> None:
    room, ear = Room(), Ear()
    room.counted(Count(1, {1: 10}, {"a": 10}), 0.0)
    room.counted(Count(1, {1: 510}, {"a": 510}), 1.0)
    room.say(ear, 1.0)
    assert (ear.levels["rate"], ear.casts) == (500.0, 64)
    room.say(ear, 62.0)
    assert (ear.levels["rate"], ear.casts) == (0.0, 64)
