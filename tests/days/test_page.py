"""A day's record on disk and the page made from it: what it says, that it needs nothing else, that it is bounded."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from installation.app import main
from installation.core.errors import DeviceError
from installation.core.parts import ROOT
from installation.days import __main__ as days
from installation.days.figures import figures
from installation.days.files import DAYS, LARGEST, append, prune, read, record_of, report_of, unreported
from installation.days.page import make, spoken, written
from installation.days.plots import axis
from installation.days.rows import Fault, Head, Hung, Minute, Round, Row, Started, Stopped

DAY = date(2027, 5, 21)
ZONE = ZoneInfo("Europe/Amsterdam")
TEN = datetime(2027, 5, 21, 10, tzinfo=ZONE).timestamp()
HEAD = Head(TEN, "<Show> & tell", "wall", "Europe/Amsterdam", {"a": "Äpfel <b>", "b": "Bees"}, 60.0, True, True)


def minute(at: float, **more: float) -> Minute:
    return Minute(at, 60.0, 3600, 1, 1500, 500.0, sensed=60.0, present=30.0, came=1, **more)  # type: ignore[arg-type]


ROWS: list[Row] = [
    Started(TEN),
    HEAD,
    Hung(TEN, "a", "day", True),
    minute(TEN),
    minute(TEN + 60, processor=1.8e6),
    Fault(TEN + 90, "warning", "door: found no <camera>"),
    Fault(TEN + 95, "warning", "door: found no <camera>"),
    Started(TEN + 200, 1, "was ended by SIGKILL", away=20.0),
    HEAD,
    Hung(TEN + 200, "b", "day", True),
    Round(TEN + 250, {"a": 3, "b": 5}, "b"),
    minute(TEN + 240),
    Hung(TEN + 400, None, None, False),
    Stopped(TEN + 500),
]


def page(rows: list[Row] = ROWS) -> str:
    return written(figures(rows, DAY, ZONE), datetime(2027, 5, 22, tzinfo=UTC))


def words(html: str) -> str:
    """What a reader sees, in one line."""
    body = re.sub(r"<style>.*?</style>|<svg.*?</svg>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


def test_figures_of_a_day() -> None:
    day = figures(ROWS, DAY, ZONE)
    spans = [(span.piece, span.start - TEN, span.end - TEN) for span in day.spans]
    assert spans == [("a", 0.0, 180.0), ("b", 200.0, 400.0), (None, 400.0, 500.0)], "a's end is known by the next start"
    assert day.hung() == {"a": 180.0, "b": 200.0}
    assert (day.total.frames, day.total.late, day.total.came) == (10800, 3, 3)
    assert list(day.hours) == [10]
    assert len(day.restarts()) == 1


def test_the_page_tells_all_of_it() -> None:
    text = words(page())
    for said in (
        "Friday 21 May 2027",
        "1 restart and 2 lines of trouble",
        "&lt;Show&gt; &amp; tell",
        "Äpfel &lt;b&gt; 1 3 min 00 s",
        "8 in 1 round",
        "Bees 5 1",
        "10:04 Bees Bees 5, Äpfel &lt;b&gt; 3",
        "3 of 10,800, 0.028 %",
        "started again, as the show was ended by SIGKILL 20 s",
        "10:01:30 door: found no &lt;camera&gt; 2",
        "0.50 kWh by the processor",
        "1 min 30 s",
    ):
        assert said in text, said


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    html = page()
    assert not re.search(r"<script|<link|<img|@import|url\(|https?://|\bon[a-z]+=", html)
    assert "<camera>" not in html


def test_a_day_without_anything_and_one_that_only_began_have_a_page() -> None:
    quiet = Head(TEN, "Show", "wall", "", {}, 60.0, False, False, "/sys has no counter")
    text = words(page([quiet]))
    assert "Nothing hung on this day." in text
    assert "no sensor of this show tells presence" in text
    assert "Energy: not told by this machine (/sys has no counter)." in text
    assert "visitors do not vote" in text
    assert "The log warned of nothing" in words(page([Started(TEN), HEAD, Hung(TEN, "a", "day", True)]))


@pytest.mark.parametrize(("day", "hours"), [(date(2027, 3, 28), 23), (date(2027, 10, 31), 25)])
def test_the_clock_is_changed(day: date, hours: int) -> None:
    begins = datetime(day.year, day.month, day.day, tzinfo=ZONE).timestamp()
    rows: list[Row] = [
        replace(HEAD, at=begins),
        Hung(begins, "a", "day", True),
        *(minute(begins + 60 * at) for at in range(60 * hours)),
    ]
    found = figures(rows, day, ZONE)
    assert (found.ends - found.begins, len(found.hours)) == (hours * 3600.0, min(hours, 24))
    text = words(written(found, datetime(2027, 12, 1, tzinfo=UTC)))
    assert "The clock was changed on this day." in text
    assert f"a piece hung for {hours} h 00 min" in text


def test_a_record_outlives_a_power_cut_and_strange_lines(tmp_path: Path) -> None:
    path = record_of(tmp_path, DAY)
    append(path, ROWS[:3])
    with path.open("ab") as file:
        file.write(b'{"minute": {"at": 1\xff')
    append(path, ROWS[3:4])
    with path.open("ab") as file:
        file.write(b'{"song": {}}\n[]\n{"head": {"at": 1}}\n' + b"[" * 5000 + b"\n")
    assert read(tmp_path, DAY) == ROWS[:4]


def test_a_record_is_bounded(tmp_path: Path) -> None:
    path = record_of(tmp_path, DAY)
    path.parent.mkdir()
    path.write_bytes(b"x" * (LARGEST - 100) + b"\n")
    append(path, [HEAD] * 3)
    assert path.stat().st_size <= LARGEST


def test_pages_are_made_of_days_that_have_none_and_the_oldest_go(tmp_path: Path) -> None:
    known = [date.fromordinal(DAY.toordinal() + at) for at in range(DAYS + 3)]
    for day in known:
        path = record_of(tmp_path, day)
        path.parent.mkdir(exist_ok=True)
        path.touch()
    append(record_of(tmp_path, known[-2]), ROWS)
    append(record_of(tmp_path, known[-1]), ROWS)
    (tmp_path / "days" / "notes.txt").touch()
    assert days.main(tmp_path, known[-2]) == 1, "empty records are told"
    assert report_of(tmp_path, known[-2]).exists()
    assert not report_of(tmp_path, known[-1]).exists(), "not that day yet"
    assert known[-2] not in unreported(tmp_path, known[-1])
    assert len(list((tmp_path / "days").glob("*.jsonl"))) == DAYS
    assert (tmp_path / "days" / "notes.txt").exists()
    prune(tmp_path / "nowhere")


def test_a_page_on_demand(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show = str(ROOT / "shows" / "rehearsal.toml")
    line = [show, "--state", str(tmp_path), "--day-report"]
    assert main([*line, "2027-05-21"]) == 2
    assert "nothing was recorded there yet" in capsys.readouterr().err
    append(record_of(tmp_path, DAY), ROWS)
    assert main([*line, "2027-05-21"]) == 0
    assert capsys.readouterr().out.strip() == str(report_of(tmp_path, DAY))
    assert main(line) == 2, "today"
    assert "there are: 2027-05-21" in capsys.readouterr().err
    with pytest.raises(DeviceError, match="found no record"):
        make(tmp_path, date(2027, 5, 20))


def test_times_as_words() -> None:
    found = [spoken(at).replace("\xa0", " ") for at in (0.44, 3.0, 59.6, 75.0, 3599.9, 25320.0, 86400.0)]
    assert found == ["0.4 s", "3 s", "1 min 00 s", "1 min 15 s", "60 min 00 s", "7 h 02 min", "24 h 00 min"]


def test_a_row_is_what_it_was(tmp_path: Path) -> None:
    append(record_of(tmp_path, DAY), ROWS)
    assert read(tmp_path, DAY) == ROWS
    assert all(len(json.loads(line)) == 1 for line in record_of(tmp_path, DAY).read_text("utf-8").splitlines())


def test_labels_of_hours_fit_on_a_phone() -> None:
    short = axis(figures(ROWS, DAY, ZONE))
    assert [mark.words for mark in short.hours] == ["10:00", "10:15", "10:30", "10:45", "11:00"]
    begins = datetime(2027, 5, 21, tzinfo=ZONE).timestamp()
    whole = axis(figures([HEAD, Hung(begins, "a", "day", True), Stopped(begins + 86400)], DAY, ZONE))
    assert [mark.words for mark in whole.hours if mark.words] == ["0", "3", "6", "9", "12", "15", "18", "21", "24"]
    assert len(whole.hours) == 25
