"""What visitors like, on the disk: kept, changed, forgotten, and no longer of anybody."""

import shutil
import sqlite3
import threading
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from installation import opinions
from installation.engine.taste import AXES
from installation.opinions import FILE, KEPT, Opinions, OpinionStore, Reset, Said, Turn
from tests.timeout import until

TODAY = date(2026, 11, 27)


def said(voter: str, side: int, round: int = 1, model: str = "portraits", at: float = 1.0) -> Said:
    place = np.zeros(AXES)
    place[0] = at
    return Said(round, voter, side, model, place)


def rows(folder: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(folder / FILE)) as db:
        return db.execute(query).fetchall()


def test_an_opinion_can_be_changed_and_taken_back_while_the_round_lasts(tmp_path: Path) -> None:
    store = OpinionStore(tmp_path / FILE)
    store.write([said("a", 1), said("b", 1), said("a", -1), said("b", 0)], TODAY)
    assert rows(tmp_path, "SELECT side, voter, day FROM opinions") == [(-1, "a", "2026-11-27")]
    store.write([Turn(2), said("a", 1, round=2)], TODAY)
    assert rows(tmp_path, "SELECT side, voter FROM opinions ORDER BY id") == [(-1, None), (1, "a")]
    assert store.belief("portraits", TODAY, 14.0).likes == 1
    store.close()


def test_a_belief_is_of_its_model_and_of_its_days(tmp_path: Path) -> None:
    store = OpinionStore(tmp_path / FILE)
    store.write([said(str(voter), 1) for voter in range(40)], TODAY)
    store.write([said(str(voter), -1, at=-1.0) for voter in range(40, 80)], TODAY)
    store.write([said("x", 1, model="landscapes")], TODAY)
    now, later = (store.belief("portraits", day, 14.0) for day in (TODAY, TODAY + timedelta(days=365)))
    assert (now.likes, now.passes) == (40, 40)
    assert now.mean[0] > 1.0 > 0.1 > later.mean[0] > 0.0
    assert store.models() == ["landscapes", "portraits"]
    store.write([Reset()], TODAY)
    assert store.models() == []
    store.close()
    assert b"portraits" not in (tmp_path / FILE).read_bytes()


def test_the_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    store = OpinionStore(tmp_path / FILE)
    store.write([said(f"old {voter}", -1) for voter in range(100)], TODAY)
    store.write([said(f"new {voter}", 1) for voter in range(KEPT)], TODAY)
    store.write([Turn(2)], TODAY)
    assert rows(tmp_path, "SELECT count(*), min(side) FROM opinions") == [(KEPT, 1)]
    store.close()


@pytest.mark.parametrize("content", [b"no database", b"SQLite format 3\0" + bytes(4096)])
def test_a_damaged_file_is_put_aside(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    store = OpinionStore(tmp_path / FILE)
    store.write([said("a", 1)], TODAY)
    store.close()
    assert (tmp_path / f"{FILE}.aside-1").read_bytes() == content
    assert rows(tmp_path, "SELECT count(*) FROM opinions") == [(1,)]


def test_a_restart_finds_what_was_believed(tmp_path: Path) -> None:
    first = Opinions(tmp_path, 14.0, lambda: TODAY)
    first.start()
    for voter in range(20):
        first.put(said(str(voter), 1))
    first.close()
    again = Opinions(tmp_path, 14.0, lambda: TODAY)
    again.start()
    belief = until(lambda: again.beliefs.get("portraits"), "the belief")
    assert belief.likes == 20
    again.put(Reset())
    until(lambda: not again.beliefs, "the reset")
    again.close()


def test_what_cannot_be_written_is_told_and_written_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken, real = threading.Event(), OpinionStore.write

    def write(store: OpinionStore, jobs: Any, day: date) -> None:
        if jobs and not broken.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        real(store, jobs, day)

    monkeypatch.setattr(OpinionStore, "write", write)
    opinions = Opinions(tmp_path, 14.0, lambda: TODAY)
    opinions.start()
    opinions.put(said("a", 1))
    assert "full" in until(lambda: opinions.trouble, "the trouble")
    broken.set()
    opinions.put(said("b", 1))
    until(lambda: not opinions.trouble and opinions.beliefs["portraits"].likes == 2, "both opinions")
    opinions.close()


@pytest.mark.skipif("os.name == 'nt'", reason="Windows removes no file that is open")
def test_a_file_that_was_removed_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opinions, "AGAIN", 0.01)
    kept = Opinions(folder := tmp_path / "state", 14.0, lambda: TODAY)
    kept.start()
    kept.put(said("a", 1))
    until(lambda: kept.beliefs, "what a said")
    shutil.rmtree(folder)
    kept.put(said("b", -1))
    until(lambda: (folder / FILE).exists() and kept.beliefs["portraits"].passes, "what b said")
    kept.close()
    assert rows(folder, "SELECT voter, side FROM opinions") == [("b", -1)]
