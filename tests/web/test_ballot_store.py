"""The ballot store on the disk."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from installation.web.ballot_keeper import BallotKeeper, OpenRound
from installation.web.ballot_store import FILE, Answer, BallotStore, Round, Vote
from installation.web.messages import Tally


def cast(store: BallotStore, token: int, choice: str) -> Answer:
    assert store.round is not None
    with store.all_or_nothing():
        return store.cast([Vote(store.round.id, bytes([token]) * 16, choice)])[0]


def open_round(store: BallotStore, number: int, *candidates: str, now: float = 0.0) -> None:
    with store.all_or_nothing():
        store.open_round(number, candidates, now)


@pytest.mark.parametrize("clock", [-1e9, 101.0, 1e12])
def test_a_round_goes_on_whatever_the_clock_says(tmp_path: Path, clock: float) -> None:
    path = tmp_path / FILE
    store = BallotStore(path)
    open_round(store, 7, "a", "b", now=100.0)
    cast(store, 1, "a")
    store.close()
    store = BallotStore(path)
    open_round(store, 7, "b", "a", now=clock)
    assert store.kept().choices == {b"\1" * 16: "a"}
    store.close()


@pytest.mark.parametrize(("first", "then", "goes_on"), [("", "new", False), ("new", "new", True), ("new", "", True)])
def test_a_fresh_run_takes_up_no_round_of_another(tmp_path: Path, first: str, then: str, goes_on: bool) -> None:
    store = BallotStore(tmp_path / FILE, first)
    open_round(store, 1, "a", "b")
    cast(store, 1, "a")
    store.close()
    store = BallotStore(tmp_path / FILE, then)
    open_round(store, 1, "a", "b")
    assert bool(store.kept().choices) is goes_on
    store.close()


def test_another_number_is_another_round(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    open_round(store, 1, "a", "b")
    cast(store, 1, "a")
    open_round(store, 2, "a", "c")
    assert (store.kept().choices, store.kept().ended) == ({}, Tally(1, {"a": 1, "b": 0}, 1))
    open_round(store, 2)
    assert (store.round, store.kept().ended) == (None, Tally(2, {"a": 0, "c": 0}, 1))
    store.close()


@pytest.mark.parametrize("again", [False, True])
def test_a_round_keeps_its_votes_while_pieces_come_and_go_and_while_it_rests(tmp_path: Path, again: bool) -> None:
    """``again``: another process opens the file after each step."""
    store = BallotStore(tmp_path / FILE)
    for number, candidates in enumerate((("a", "b"), ("b", "c"), (), ("a", "b"))):
        with store.all_or_nothing():
            opened = store.open_round(7, candidates, 0.0, rests=True)
        assert (opened.candidates if opened else ()) == candidates
        if not number:
            cast(store, 1, "a")
        assert store.kept().choices == {b"\1" * 16: "a"}
        if again:
            store.close()
            store = BallotStore(tmp_path / FILE)
    open_round(store, 7)
    assert store.kept().ended == Tally(7, {"a": 1, "b": 0}, 1)
    store.close()


def test_a_round_that_an_earlier_process_left_open_with_none_of_the_pieces_is_another(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    open_round(store, 1, "a", "b")
    cast(store, 1, "a")
    store.close()
    store = BallotStore(tmp_path / FILE)
    open_round(store, 1, "c", "d")
    assert store.kept().choices == {}
    store.close()


def test_a_commit_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    open_round(store, 1, "a")
    before = store.round
    with pytest.raises(sqlite3.ProgrammingError), store.all_or_nothing():
        store.open_round(2, [("b")], object())  # type: ignore[arg-type]
    assert store.round == before
    assert cast(store, 1, "a") is Answer.COUNTED
    store.close()


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"junk" * 2000, b"not a database, for sure" * 99])
def test_a_damaged_box_is_put_aside_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    store = BallotStore(path)
    open_round(store, 1, "a")
    assert cast(store, 1, "a") is Answer.COUNTED
    store.close()
    assert path.with_name(f"{FILE}.aside-1").read_bytes() == content


def test_nobody_else_may_read_the_box(tmp_path: Path) -> None:
    store = BallotStore(tmp_path / FILE)
    open_round(store, 1, "a")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    store.close()


@pytest.mark.skipif("os.name == 'nt'", reason="Windows removes no file that is open")
def test_a_round_that_rests_outlives_the_removal_of_its_files(tmp_path: Path) -> None:
    keeper = BallotKeeper(tmp_path / "state" / FILE)
    (opened,) = keeper.commit([OpenRound(7, ("a", "b"))])
    assert isinstance(opened, Round)
    keeper.commit([Vote(opened.id, b"\1" * 16, "a")])
    assert keeper.commit([OpenRound(7, (), rests=True)]) == [None]
    shutil.rmtree(tmp_path / "state")
    keeper.check()
    assert keeper.rescues == 1
    (again,) = keeper.commit([OpenRound(7, ("a", "b"))])
    assert (again, keeper.kept.choices) == (opened, {b"\1" * 16: "a"})
    keeper.close()
