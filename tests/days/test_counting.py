"""Samples in, rows out: minutes, what hangs, rounds, and the end of a day."""

from dataclasses import replace
from datetime import date
from zoneinfo import ZoneInfo

from installation.days.counting import Counting, Energy, Sample
from installation.days.rows import Hung, Minute, Round, Row

UTC = ZoneInfo("Etc/UTC")
NOON = 1795780800.0
SAMPLE = Sample(NOON, True, "day", "one", 0, 0, 0, 100.0, present=False, hanging="one", round=1)


def after(seconds: float, **more: object) -> Sample:
    frames = int(seconds * 60)
    return replace(SAMPLE, time=NOON + seconds, frames=frames, painted=frames // 2, **more)


def take(counting: Counting, *samples: Sample) -> list[Row]:
    return [row for sample in samples for row in counting.take(sample)]


def test_a_minute_is_summed() -> None:
    counting = Counting(UTC)
    rows = take(counting, *(after(at, present=30 <= at < 45, late=at // 20, memory=100.0 + at) for at in range(61)))
    counting.used(Energy(5.0))
    (minute,) = [row for row in rows if isinstance(row, Minute)]
    assert (minute.at, minute.seconds, minute.frames, minute.late, minute.painted) == (NOON, 59.0, 3540, 2, 1770)
    assert (minute.sensed, minute.present, minute.came, minute.memory) == (59.0, 15.0, 1, 159.0)
    assert minute.processor is minute.graphics is None


def test_energy_belongs_to_the_minute_under_way() -> None:
    counting = Counting(UTC)
    take(counting, after(0), after(1))
    counting.used(Energy(5.0))
    counting.used(Energy(2.0, 3.0))
    (minute,) = counting.finish()
    assert isinstance(minute, Minute)
    assert (minute.processor, minute.graphics) == (7.0, 3.0)
    assert counting.finish() == ()


def test_what_was_not_seen_counts_for_nothing() -> None:
    counting = Counting(UTC)
    take(counting, after(0), after(1), replace(after(2), time=NOON + 40.0), replace(after(3), time=NOON + 39.0))
    (minute,) = counting.finish()
    assert isinstance(minute, Minute)
    assert minute.seconds == 6.0, "a gap counts for five seconds, a clock that goes back for none"
    assert minute.frames == 180


def test_only_changes_of_what_hangs_are_rows() -> None:
    counting = Counting(UTC)
    other, dark = after(2, piece="two"), after(4, piece=None, programme=None, open=False)
    rows = take(counting, after(0), after(1), other, replace(other, time=NOON + 3), dark)
    assert [row for row in rows if isinstance(row, Hung)] == [
        Hung(NOON, "one", "day", True),
        Hung(NOON + 2, "two", "day", True),
        Hung(NOON + 4, None, None, False),
    ]


def test_a_round_is_told_with_its_last_votes_and_what_came() -> None:
    counting = Counting(UTC)
    rows = take(
        counting,
        after(0, votes={"two": 1}),
        after(1, votes={"two": 2, "three": 1}),
        after(2),
        after(3, round=2, hanging="two"),
        after(4, round=3, hanging="three"),
    )
    assert [row for row in rows if isinstance(row, Round)] == [Round(NOON + 3, {"two": 2, "three": 1}, "two")]


def test_days_begin_at_midnight_of_the_zone() -> None:
    counting = Counting(ZoneInfo("Pacific/Auckland"))
    take(counting, after(0))
    assert counting.day == date(2026, 11, 28)
    assert not counting.begins_day(after(3600.0))
    assert counting.begins_day(after(23 * 3600.0))


def test_closing_is_noticed_once() -> None:
    counting = Counting(UTC)
    closed = after(1, open=False)
    assert not counting.closes(after(0))
    take(counting, after(0))
    assert counting.closes(closed)
    take(counting, closed)
    assert not counting.closes(closed)
