"""The recorder's thread: what it writes, when pages are made, that neither a full queue nor a disk delays a frame."""

import logging
from dataclasses import replace
from datetime import date, datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from installation.days.counting import Sample
from installation.days.files import append, read, record_of
from installation.days.recorder import QUEUE, Recorder, make_pages
from installation.days.rows import Fault, Head, Hung, Minute, Started, Stopped
from tests.days.test_page import DAY, HEAD, ROWS
from tests.timeout import until

ZONE = ZoneInfo("Europe/Amsterdam")
MIDNIGHT = datetime(2027, 5, 22, tzinfo=ZONE).timestamp()
SAMPLE = Sample(MIDNIGHT - 3, True, "day", "a", 0, 0, 0, 100.0)
Made = list[tuple[Path, date]]


def recorder(folder: Path, made: Made) -> Recorder:
    def make(folder: Path, day: date) -> None:
        made.append((folder, day))

    return Recorder(folder, HEAD, Started(MIDNIGHT - 3, 2, "stood still for 3 s"), ZONE, make=make)


def test_a_day_ends_and_the_next_begins(tmp_path: Path) -> None:
    made: Made = []
    found = recorder(tmp_path, made)
    found.start()
    for at in range(6):
        found.take(partial(replace, SAMPLE, time=MIDNIGHT - 3 + at, frames=60 * at))
    found.take(partial(replace, SAMPLE, time=MIDNIGHT + 100, frames=900, open=False, piece=None, programme=None))
    found.close(30.0)
    first, second = read(tmp_path, DAY), read(tmp_path, date(2027, 5, 22))
    assert [type(row) for row in first] == [Started, Head, Hung, Minute]
    assert [type(row) for row in second] == [Head, Hung, Hung, Minute, Minute, Stopped]
    assert isinstance(first[0], Started)
    assert first[0].why == "stood still for 3 s"
    assert made == [(tmp_path, DAY), (tmp_path, date(2027, 5, 22))], "at midnight, and at closing"


def test_days_before_are_caught_up_with_a_while_after_the_start(tmp_path: Path) -> None:
    made: Made = []
    found = recorder(tmp_path, made)
    found.start()
    for at in (10.0, 50.0, 70.0, 200.0):
        found.take(partial(replace, SAMPLE, time=MIDNIGHT + at))
    found.close(30.0)
    assert made == [(tmp_path, DAY)]


def test_what_the_log_warns_of_is_recorded(tmp_path: Path) -> None:
    found = recorder(tmp_path, [])
    found.start()
    found.take(lambda: SAMPLE)
    logging.getLogger("installation.sensor").warning("door: %s\nand more", "no camera" + "!" * 1000)
    logging.getLogger("installation.sensor").info("all is well")
    found.close(30.0)
    logging.getLogger("installation.sensor").warning("too late")
    (fault,) = [row for row in read(tmp_path, DAY) if isinstance(row, Fault)]
    assert fault.text.startswith("door: no camera!!!")
    assert len(fault.text) == 300


def test_a_disk_that_cannot_be_written_is_told_and_waits_for_nobody(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "days").write_text("a file where the folder should be")
    found = recorder(tmp_path, [])
    for _ in range(2 * QUEUE):
        found.take(lambda: SAMPLE)
    found.start()
    until(lambda: found.trouble, "trouble")
    assert str(record_of(tmp_path, DAY)) in found.trouble
    found.close(30.0)
    assert caplog.text.count("cannot be written") <= 2


def test_what_could_not_be_written_is_written_a_second_later(tmp_path: Path) -> None:
    in_the_way = tmp_path / "days"
    in_the_way.write_text("a file where the folder should be")
    found = recorder(tmp_path, [])
    found.start()
    found.take(lambda: SAMPLE)
    until(lambda: found.trouble, "trouble")
    in_the_way.unlink()
    found.take(partial(replace, SAMPLE, time=SAMPLE.time + 1.0))
    until(lambda: not found.trouble, "the end of it")
    found.close(30.0)
    assert any(isinstance(row, Head) for row in read(tmp_path, DAY)), "the first row is there"


def test_pages_are_made_by_a_process_of_their_own(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    record_of(tmp_path, DAY).parent.mkdir()
    record_of(tmp_path, date(2027, 5, 20)).touch()
    make_pages(tmp_path, DAY)
    assert "the day's report was not made" in caplog.text
    assert "expected the record of a day" in caplog.text
    caplog.clear()
    append(record_of(tmp_path, date(2027, 5, 20)), ROWS)
    make_pages(tmp_path, DAY)
    assert not caplog.text
    assert (tmp_path / "reports" / "2027-05-20.html").stat().st_size > 5000


def test_samples_are_due_once_a_second(tmp_path: Path) -> None:
    found = recorder(tmp_path, [])
    assert [found.due(at) for at in (10.0, 10.5, 11.4, 11.5, 12.4, 30.0)] == [True, False, False, True, False, True]
