"""Every show file on the curator's page is one, and what the page says hangs then is what hangs."""

import re
from datetime import date, datetime
from pathlib import Path

import pytest

from installation.core import parts
from installation.engine.agenda import agenda, read_span, table
from installation.engine.schedule import Timetable
from installation.engine.schedule_check import warnings
from installation.rehearsal import Changes, Rehearsal
from installation.showfile.load import Show, load
from tests.engine.plans import at, wall
from tests.showfile.test_calendar_file import written
from tests.stub_rooms import ROOMS

PAGE = (Path(__file__).resolve().parents[2] / "docs/opening-hours.md").read_text("utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
PIECES = ("sitters", "nobody", "reverie", "country", "ground")
LUNCH = "SUMMARY:Late\nDTSTART:20270128T120000\nDURATION:PT1H"
EYE = '[[sensor]]\nkind = "eye"\nname = "door"\n'


@pytest.fixture(autouse=True)
def _stub_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "ROOMS", ROOMS)


def show(folder: Path, block: str) -> Show:
    """A block as the tables of time in a show of these pieces."""
    pieces = "".join(
        f'[[piece]]\nname = "{name}"\nduration = "1 min"\ngenerator = "paint"\nwalk = "round"\n' for name in PIECES
    )
    sensor = EYE if "signal = " in block else ""
    path = folder / "page.toml"
    path.write_text(f'[show]\ntitle = "Page"\n{block}\n{sensor}{pieces}', "utf-8")
    (folder / "agenda.ics").write_text(written(LUNCH), "utf-8", newline="")
    return load(path)


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_each_show_file_is_good(tmp_path: Path, block: str) -> None:
    loaded = show(tmp_path, block)
    assert loaded.plan.programmes or loaded.plan.cues
    told = [str(fault) for fault in warnings(loaded, Timetable(loaded.plan), date(2027, 1, 1))]
    assert not [line for line in told if "piece" not in line], told


def test_the_week_hangs_as_the_page_says(tmp_path: Path) -> None:
    span = re.search(r"--agenda (\S+)`", PAGE)
    said = re.search(r"```text\n(.*?)\n```", PAGE, re.DOTALL)
    assert span
    assert said
    timetable = Timetable(show(tmp_path, BLOCKS[0]).plan)
    assert table(timetable, agenda(timetable, PIECES, *read_span(span[1], date(2027, 1, 1)))) == said[1]


def test_a_rehearsal_tells_what_the_page_says(tmp_path: Path) -> None:
    said = re.findall(r"```text\n(.*?)\n```", PAGE, re.DOTALL)[1].splitlines()
    friday = show(tmp_path, BLOCKS[0])
    rehearsal = Rehearsal(friday, datetime(2027, 1, 15, 16, 55, tzinfo=friday.plan.schedule.timezone))
    changes, told = Changes(friday, rehearsal.decider), []
    for decision in rehearsal.play(180.0):
        told += [f"{rehearsal.clock.civil():%a %Y-%m-%d %H:%M:%S}  {line}" for line in changes.of(decision)]
    assert told == said


@pytest.mark.parametrize(
    ("window", "night", "hours"),
    [
        ("22:00-02:30", date(2027, 3, 27), 4.5),
        ("22:00-02:30", date(2027, 10, 30), 4.5),
        ("02:30-05:00", date(2027, 3, 28), 1.5),
        ("02:30-05:00", date(2027, 10, 31), 3.5),
        ("daily", date(2027, 3, 28), 23.0),
        ("daily", date(2027, 10, 31), 25.0),
    ],
)
def test_nights_of_a_change_are_as_long_as_the_page_says(
    tmp_path: Path, window: str, night: date, hours: float
) -> None:
    text = f'[schedule]\ntimezone = "Europe/Amsterdam"\n[[programme]]\nname = "night"\nwhen = "{window}"\n'
    timetable = Timetable(show(tmp_path, text).plan)
    span = timetable.hours.span(night, timetable.plan.programmes[0].when[0])
    assert span is not None
    assert (span[1] - span[0]) / 3600 == hours


def test_the_hours_of_the_second_show(tmp_path: Path) -> None:
    timetable = Timetable(show(tmp_path, BLOCKS[2]).plan)
    hours = {
        "2027-12-24": "10:00-12:00 12:30-15:00",  # a Friday, so with its pause
        "2027-12-25": "",
        "2027-08-02": "13:00-17:00",
        "2027-03-06": "10:00-00:00",
        "2027-03-07": "00:00-02:00 10:00-17:00",
    }
    for day, expected in hours.items():
        spans = timetable.hours.spans(date.fromisoformat(day))
        told = (f"{wall(timetable, start)[11:16]}-{wall(timetable, end)[11:16]}" for start, end in spans)
        assert " ".join(told) == expected, day
    night = at(timetable, f"{datetime(2027, 3, 8, 3):%Y-%m-%d %H:%M}")
    assert timetable.state(night).programme == "window"
