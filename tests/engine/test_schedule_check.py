"""What is hardly meant: each warning with its line, and none where there is nothing to warn of."""

from datetime import date
from pathlib import Path

import pytest

from installation.core import parts
from installation.engine.schedule import Timetable
from installation.engine.schedule_check import warnings
from installation.showfile.load import load
from tests.showfile.test_calendar_file import LATE, written
from tests.stub_rooms import ROOMS

TODAY = date(2027, 1, 4)
PIECES = "".join(
    f'[[piece]]\nname = "{name}"\nduration = "1 min"\ngenerator = "paint"\nwalk = "round"\n' for name in ("one", "two")
)


@pytest.fixture(autouse=True)
def _stub_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROOMS", ROOMS)


def told(folder: Path, text: str) -> list[str]:
    """The warnings, without the name of the file."""
    path = folder / "night.toml"
    path.write_text(f'[show]\ntitle = "Night"\n[schedule]\ntimezone = "Europe/Amsterdam"\n{text}{PIECES}', "utf-8")
    show = load(path)
    return [str(fault).removeprefix(f"{path}:") for fault in warnings(show, Timetable(show.plan), TODAY)]


def message(line: int, key: str, found: str, expected: str, hint: str) -> str:
    return f'{line}: {key}: found "{found}", expected {expected}; {hint}'


def test_nothing_to_warn_of(tmp_path: Path) -> None:
    text = """open = ["Tue-Sun 10:00-17:00", "Fri 10:00-22:00", "2030-05-12 10:00-12:00", "02-29 10:00-11:00"]
closed = ["2020-01-01", "holidays:NL"]
[[programme]]
name = "day"
[[programme]]
name = "late"
when = ["Fri 17:00-22:00", "2030-05-12"]
pieces = "one"
"""
    assert told(tmp_path, text) == []


COME, WITHIN = "hours that come", "hours within the opening hours"
SHADED = "another open window is more specific on all of its days, or they are closed"
CLOSED = "the exhibition is closed then: [schedule] open has to have these hours, too"


def test_windows_that_never_open(tmp_path: Path) -> None:
    text = """place = { latitude = 52.36, longitude = 4.88 }
open = ["Tue-Sun 10:00-17:00", "2020-05-05 10:00-12:00", "10:00-12:00", "Mon", "Tue 09:00-10:00", "5th Fri 02-29"]
closed = "Mon"
[[programme]]
name = "day"
[[programme]]
name = "late"
when = [
  "last Thu 19:00-23:00",
  "2020-05-05",
  "07:00-sunrise",
  "Wed 12:00-13:00",
  "10:00-11:00",
  "23:00-sunset",
]
[[programme]]
name = "wed"
when = "Wed 12:00-12:30"
"""
    late = 'programme[2] "late".when'
    turned = "on none of its days does it end after it begins"
    assert told(tmp_path, text) == [
        message(6, "schedule.open[2]", "2020-05-05 10:00-12:00", COME, "they are past since 2020-05-05"),
        message(6, "schedule.open[3]", "10:00-12:00", COME, SHADED),
        message(6, "schedule.open[4]", "Mon", COME, SHADED),
        message(6, "schedule.open[6]", "5th Fri 02-29", COME, "no such day in the eight years from 2027-01-04 on"),
        message(13, f"{late}[1]", "last Thu 19:00-23:00", WITHIN, CLOSED),
        message(14, f"{late}[2]", "2020-05-05", WITHIN, "they are past since 2020-05-05"),
        message(15, f"{late}[3]", "07:00-sunrise", WITHIN, CLOSED),
        message(18, f"{late}[6]", "23:00-sunset", WITHIN, turned),
    ]


def test_an_exhibition_that_never_opens(tmp_path: Path) -> None:
    hint = "the exhibition never opens in the days to come"
    expected = [f"5: schedule.closed: found all hours, expected some that are left open; {hint}"]
    assert told(tmp_path, 'closed = "daily"\n') == expected
    assert told(tmp_path, 'closed = "Mon-Sat"\n') == []


def test_a_window_that_others_always_win(tmp_path: Path) -> None:
    text = '[[programme]]\nname = "late"\nwhen = "12:00-13:00"\n[[programme]]\nname = "short"\nwhen = "11:30-13:00"\n'
    more = '[[programme]]\nname = "all day"\nwhen = ["Mon-Wed", "Thu-Fri", "Sat,Sun"]\n'
    faults = told(tmp_path, text + more)
    assert [line.partition(", expected")[0] for line in faults] == [
        '7: programme[1] "late".when: found "12:00-13:00"',
        '10: programme[2] "short".when: found "11:30-13:00"',
    ]
    assert "expected hours in which this programme hangs; other programmes' windows have all of them" in faults[0]


def test_programmes_that_overlap_without_a_rule(tmp_path: Path) -> None:
    first = '[[programme]]\nname = "a"\nwhen = "Fri 17:00-18:00"\n'
    second = '[[programme]]\nname = "b"\nwhen = ["Sat", "Fri 17:30-18:30"]\n'
    expected = 'hours that "a" does not claim by a rule as strong as this one'
    hint = 'first on 2027-01-08; "b" hangs, as it is further down in the file'
    assert told(tmp_path, first + second) == [
        message(10, 'programme[2] "b".when[2]', "Fri 17:30-18:30", expected, hint)
    ]


def test_programmes_and_pieces_that_never_hang(tmp_path: Path) -> None:
    text = '[[programme]]\nname = "day"\npieces = "one"\n[[programme]]\nname = "other"\npieces = "two"\n'
    hint = '"day" is what hangs at all other hours: give this one a when'
    never = 'it is in "other", which never hangs'
    assert told(tmp_path, text) == [
        message(9, 'programme[2] "other".name', "other", "a programme that hangs", hint),
        message(17, 'piece[2] "two".name', "two", "a piece that a programme shows", never),
    ]
    outside = 'outside = "other"\nopen = "Fri 10:00-17:00"\n'
    assert told(tmp_path, outside + text) == []
    assert told(tmp_path, text.split('[[programme]]\nname = "other"')[0])[0].endswith("it is in none")


def test_a_first_programme_that_others_leave_no_hours(tmp_path: Path) -> None:
    text = '[[programme]]\nname = "day"\n[[programme]]\nname = "always"\nwhen = "daily"\n'
    hint = "it has the open hours that no other programme claims, and there are none"
    assert told(tmp_path, text) == [message(6, 'programme[1] "day".name', "day", "a programme that hangs", hint)]


def test_a_programme_that_the_calendar_has_at_night_only(tmp_path: Path) -> None:
    (tmp_path / "agenda.ics").write_text(written(f"SUMMARY:late\n{LATE.strip()}"), "utf-8", newline="")
    text = 'calendar = "agenda.ics"\nopen = "10:00-17:00"\n[[programme]]\nname = "day"\n[[programme]]\nname = "late"\n'
    hint = "the calendar's events of this name are over, have no end, or are outside the opening hours"
    assert told(tmp_path, text) == [message(10, 'programme[2] "late".name', "late", "a programme that hangs", hint)]


def test_a_cue_that_does_nothing(tmp_path: Path) -> None:
    text = """[[cue]]
name = "calm"
fade = "10 s"
then = "idle"
[[cue]]
name = "idle"
every = "15 min"
[[cue]]
name = "free"
release = "all"
"""
    hint = 'such as set = { "stage/brightness" = 0.6 }'
    assert told(tmp_path, text) == [
        message(10, 'cue[2] "idle".name', "idle", "a cue with a set, a release or a then", hint)
    ]


def test_an_event_that_is_called_almost_so(tmp_path: Path) -> None:
    (tmp_path / "agenda.ics").write_text(written(f"SUMMARY:latte\n{LATE.strip()}"), "utf-8", newline="")
    text = 'calendar = "agenda.ics"\n[[programme]]\nname = "late"\n'
    assert told(tmp_path, text) == [
        '5: schedule.calendar: found an event "latte", expected the name of a programme or a cue; did you mean "late"?'
    ]
