"""The tables of time: what is filled in, and that anything in them is a plan or is told."""

import copy
import os
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from installation.showfile import timezones
from installation.showfile.messages import Finding, Unfit
from installation.showfile.parts import Reading
from installation.showfile.schedule_tables import Names, Plan, read_plan
from installation.showfile.timezones import machine_zone
from tests.engine.plans import CONTROLS, PIECES, SIGNALS, plan
from tests.showfile.test_calendar_file import LATE, written
from tests.showfile.test_show_fuzz import VALUES, values_of
from tests.timeout import TIMEOUT

ROOT = Path(__file__).resolve().parents[2]

FULL = """
[schedule]
timezone = "Europe/Amsterdam"
place = { latitude = 52, longitude = 4.88 }
open = "Tue-Sun 10:00-17:00"
closed = ["holidays:NL", "12-24 16:00-24:00"]
calendar = "agenda.ics"
outside = "still"
[[programme]]
name = "still"
pieces = "one"
[[programme]]
name = "late"
when = ["last Thu 15:00-17:00", "sunset-closing"]
pieces = ["two", "one"]
order = "shuffle"
cue = "dim"
[[cue]]
name = "dim"
wait = 2
fade = "1 min 30 s"
set = { "stage/brightness" = 0.5, "/generator/layers" = 3 }
release = ["/walk/speed"]
then = "bright"
at = ["12:00", "Fri sunset"]
signal = "door.clap"
[[cue]]
name = "bright"
every = "15 min"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "agenda.ics").write_text(written(f"SUMMARY:late\n{LATE.strip()}"), "utf-8", newline="")
    return tmp_path


def test_what_need_not_be_written() -> None:
    empty = plan("")
    assert (empty.programmes, empty.cues, empty.default) == ((), (), "all")
    assert (empty.schedule.open, empty.schedule.closed, empty.schedule.outside) == ((), (), "blackout")
    assert empty.schedule.calendar is None
    (cue,) = plan('[[cue]]\nname = "dim"\n').cues
    assert (cue.wait, cue.fade, dict(cue.set_), cue.then, cue.at, cue.every) == (0.0, 0.0, {}, (), (), None)


def test_a_full_plan(folder: Path) -> None:
    full = plan(FULL, folder)
    assert [window.text for window in full.schedule.open] == ["Tue-Sun 10:00-17:00"]
    assert full.schedule.calendar is not None
    assert [event.name for event in full.schedule.calendar.events] == ["late"]
    assert full.default == "still"
    assert full.programme("late").pieces == ("two", "one")
    dim, bright = full.cues
    assert (dim.wait, dim.fade, dim.then) == (2.0, 90.0, ("bright",))
    assert dim.targets == {"/stage/brightness": 0.5, "/generator/layers": 3.0}
    assert dim.release == ("/walk/speed",)
    assert bright.every == 900.0
    with pytest.raises(ValidationError):
        dim.fade = 1.0  # type: ignore[misc]


def test_controls_that_cannot_be_told_are_no_fault() -> None:
    text = '[[cue]]\nname = "dim"\nset = { "no/such" = 1 }\nrelease = "no/such"\n'
    (cue,) = read_plan(tomllib.loads(text), Reading(Path()), Names(PIECES)).cues
    assert cue.release == ("/no/such",)


def test_the_machine_s_own_zone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Kolkata")
    assert str(machine_zone()) == "Asia/Kolkata"
    assert str(plan("").schedule.timezone) == "Asia/Kolkata"
    monkeypatch.delenv("TZ")
    monkeypatch.setattr(timezones, "LOCALTIME", tmp_path / "missing")
    offset = timedelta(seconds=time.localtime().tm_gmtoff)
    assert machine_zone().utcoffset(None) in (offset, None) or os.name == "nt"


PLAIN = """
import sys
from tests.engine.plans import timetable
found = timetable('[schedule]\\ntimezone = "Europe/Amsterdam"\\nopen = "Fri"\\n[[cue]]\\nname = "a"\\nat = "12:00"')
found.state(1.8e9)
print(sorted({"holidays", "icalendar", "astral", "dateutil"} & set(sys.modules)))
"""


def test_only_what_a_schedule_speaks_of_is_loaded() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN], cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT, check=True
    )
    assert done.stdout == "[]\n"


DOCUMENT = tomllib.loads(FULL)
WORDS = [
    "late",
    "dim",
    "bright",
    "one",
    "all",
    "open",
    "blackout",
    "sunset-closing",
    "Fri 10:00-12:00",
    "12:00",
    "agenda.ics",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)
@given(st.data())
def test_one_place_with_anything_in_it(folder: Path, data: st.DataObject) -> None:
    document = copy.deepcopy(DOCUMENT)
    table, key = data.draw(st.sampled_from(list(values_of(document))))
    table[key] = data.draw(VALUES | st.sampled_from(WORDS) | st.lists(st.sampled_from(WORDS), max_size=3))
    for finding in findings(document, folder):
        assert finding.loc
        assert finding.found
        assert finding.expected


def findings(document: dict[str, object], folder: Path) -> Iterator[Finding]:
    try:
        read = read_plan(document, Reading(folder, signals=SIGNALS), Names(PIECES, controls=CONTROLS))
        assert isinstance(read, Plan)
    except Unfit as unfit:
        yield from unfit.findings
