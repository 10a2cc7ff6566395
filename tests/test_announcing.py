"""What the log tells of hours, programmes and cues."""

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from installation.announcing import Announcing
from installation.core.commands import NOTHING
from installation.core.signals import Snapshot
from installation.engine.decide import Decider, Heard
from installation.showfile.load import Show, load

PIECE = '[[piece]]\nname = "one"\nduration = "10 min"\ngenerator = "plasma"\nwalk = "loop"\n'
HOURS = f"""
[show]
title = "Hours"

[schedule]
timezone = "Europe/Amsterdam"
open = "10:00-17:00"

[[programme]]
name = "day"

[[programme]]
name = "late"
when = "15:00-17:00"
cue = "dim"

[[cue]]
name = "dim"
fade = "20 s"
set = {{ "stage/brightness" = 0.6 }}

[[cue]]
name = "breath"
every = "4 s"
set = {{ "walk/speed" = 2.0 }}

{PIECE}"""


def read(folder: Path, text: str) -> Show:
    path = folder / "hours.toml"
    path.write_text(text)
    return load(path)


def told(show: Show, began: datetime, seconds: int, caplog: pytest.LogCaptureFixture, step: int = 1) -> list[str]:
    """Each line after its time of day, in UTC."""
    decider, announcing, lines = Decider(show), Announcing(), []
    with caplog.at_level(logging.INFO, "installation.announcing"):
        for now in range(0, seconds, step):
            civil = began + timedelta(seconds=now)
            decider.decide(float(now), civil, Heard(NOTHING, Snapshot({}, {}), range(1)))
            announcing.tell(decider.programming, civil, float(now))
            lines += [f"{civil:%H:%M:%S} {record.message}" for record in caplog.records]
            caplog.clear()
    return lines


def test_a_day_is_told_by_the_show_s_own_clock(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text = HOURS.replace('every = "4 s"', "")
    lines = told(read(tmp_path, text), datetime(2027, 3, 2, 8, 59, 58, tzinfo=UTC), 8 * 3600, caplog)
    assert lines == [
        "08:59:58 closed until Tuesday 02 March 10:00 (Europe/Amsterdam); --always-open shows it as if it were open",
        "08:59:58 cue dim: /stage/brightness 0.6 in 20 s",  # of the evening before
        "09:00:00 open: the programme day is due until Tuesday 02 March 15:00 (Europe/Amsterdam)",
        "14:00:00 open: the programme late is due until Tuesday 02 March 17:00 (Europe/Amsterdam)",
        "14:00:00 cue dim: /stage/brightness 0.6 in 20 s",
        "16:00:00 closed until Wednesday 03 March 10:00 (Europe/Amsterdam)",
    ]


def test_a_cue_that_comes_often_is_told_every_ten_seconds(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lines = told(read(tmp_path, HOURS), datetime(2027, 3, 2, 10, 0, 1, tzinfo=UTC), 30, caplog)
    assert [line for line in lines if "breath" in line] == [
        f"{at} cue breath: /walk/speed 2" for at in ("10:00:01", "10:00:12", "10:00:24")
    ]


def test_a_show_without_hours_says_nothing_of_them(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    show = read(tmp_path, f'[show]\ntitle = "Always"\n{PIECE}')
    assert told(show, datetime(2027, 3, 2, 9, tzinfo=UTC), 100, caplog) == []
