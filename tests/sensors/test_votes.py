"""The sensor that reads the ballot box, on a real box without a house."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from installation.core.errors import DeviceError
from installation.web.ballot_store import FILE, Box, Vote
from sensors.votes import Config, Count, Room
from tests.patience import PATIENCE, until


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
        thread.join(PATIENCE)
        assert not thread.is_alive()


def cast(box: Box, *votes: tuple[int, str]) -> None:
    assert box.round is not None
    with box.all_or_nothing():
        box.cast([Vote(box.round.id, bytes([token]) * 16, choice) for token, choice in votes], 0.0)


def turn(box: Box, number: int) -> None:
    with box.all_or_nothing():
        box.turn(number, ["a", "b"], float(number))


def test_it_follows_the_box_from_before_it_exists_through_two_rounds(tmp_path: Path) -> None:
    with listening(Config(database=tmp_path / FILE)) as ear:
        assert ear.levels == {}
        box = Box(tmp_path / FILE)
        turn(box, 1)
        until(lambda: ear.levels.get("total") == 0.0)
        cast(box, (1, "a"), (2, "a"), (3, "b"))
        until(lambda: ear.levels == {"total": 3.0, "share": 2 / 3, "rate": 3.0})
        assert ear.casts == 3
        cast(box, (3, "a"), (2, "a"))  # one changes, one says the same again
        until(lambda: ear.levels == {"total": 3.0, "share": 1.0, "rate": 4.0})
        assert ear.casts == 4
        cast(box, (4, "b"))
        turn(box, 2)
        until(lambda: ear.levels == {"total": 0.0, "share": 0.0, "rate": 5.0})
        assert ear.casts == 5
        box.close(0.0)


def test_votes_of_before_are_counted_and_not_told_as_news(tmp_path: Path) -> None:
    box = Box(tmp_path / FILE)
    turn(box, 1)
    cast(box, (1, "a"))
    box.close(0.0)
    with listening(Config(database=tmp_path / FILE)) as ear:
        until(lambda: ear.levels == {"total": 1.0, "share": 1.0, "rate": 0.0})
        assert ear.casts == 0


def test_it_comes_back_when_the_box_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / FILE
    path.write_bytes(b"no database at all" * 99)
    with listening(Config(database=path)) as ear:
        box = Box(path)
        turn(box, 1)
        cast(box, (1, "b"))
        until(lambda: ear.levels.get("total") == 1.0)
        box.close(0.0)


def test_the_show_tells_it_where_the_votes_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VERNISSAGE_STATE", str(tmp_path))
    assert Config().open().path == tmp_path / FILE
    monkeypatch.delenv("VERNISSAGE_STATE")
    with pytest.raises(DeviceError, match=r'the sensor "votes" finds no votes: this show has no house'):
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
