"""The ballot store on the disk."""

import sqlite3
from pathlib import Path

import pytest

from installation.web.ballot_store import FILE, RESUME, Answer, BallotStore, Vote


def cast(store: BallotStore, token: int, choice: str) -> Answer:
    assert store.round is not None
    with store.all_or_nothing():
        return store.cast([Vote(store.round.id, bytes([token]) * 16, choice)], 0.0)[0]


def turn(store: BallotStore, number: int, *candidates: str, now: float = 0.0) -> None:
    with store.all_or_nothing():
        store.turn(number, candidates, now)


def test_a_round_goes_on_after_a_short_break_only(tmp_path: Path) -> None:
    for pause, goes_on in ((RESUME - 1, True), (RESUME + 1, False)):
        path = tmp_path / f"{pause}.sqlite3"
        store = BallotStore(path)
        turn(store, 7, "a", "b")
        cast(store, 1, "a")
        store.close(100.0)
        store = BallotStore(path)
        turn(store, 7, "b", "a", now=100.0 + pause)
        assert store.choices() == ({b"\1" * 16: "a"} if goes_on else {})
        store.close(0.0)


def test_another_number_or_other_pieces_are_another_round(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    turn(store, 1, "a", "b")
    cast(store, 1, "a")
    turn(store, 1, "a", "c")
    assert (store.choices(), store.ended()) == ({}, (1, {"a": 1, "b": 0}))
    turn(store, 2, "a", "c")
    assert store.ended() == (1, {"a": 0, "c": 0})
    turn(store, 2)
    assert (store.round, store.ended()) == (None, (2, {"a": 0, "c": 0}))
    store.close(0.0)


def test_a_commit_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    turn(store, 1, "a")
    before = store.round
    with pytest.raises(sqlite3.ProgrammingError), store.all_or_nothing():
        store.turn(2, [("b")], object())  # type: ignore[arg-type]
    assert store.round == before
    assert cast(store, 1, "a") is Answer.COUNTED
    store.close(0.0)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"junk" * 2000, b"not a database, for sure" * 99])
def test_a_damaged_box_is_put_aside_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    store = BallotStore(path)
    turn(store, 1, "a")
    assert cast(store, 1, "a") is Answer.COUNTED
    store.close(0.0)
    assert path.with_name(f"{FILE}.aside-1").read_bytes() == content


def test_nobody_else_may_read_the_box(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    turn(store, 1, "a")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    store.close(0.0)
