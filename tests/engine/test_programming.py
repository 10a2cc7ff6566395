"""The schedule and the cues on the wall: which pieces hang at which hour, what cues hold, what is dark."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from installation.core.commands import NOTHING, Asked, Command
from installation.core.decision import Decision, Tally
from installation.core.signals import Snapshot
from installation.engine.decide import Decider, Heard
from installation.rehearsal import Changes, Rehearsal
from installation.showfile.load import Show, load

ZONE = ZoneInfo("Europe/Amsterdam")
TEXT = """
[show]
title = "Hours"

[schedule]
timezone = "Europe/Amsterdam"
open = "10:00-17:00"

[[programme]]
name = "day"
pieces = ["one", "two"]

[[programme]]
name = "late"
when = "15:00-17:00"
pieces = ["three"]
cue = "dim"

[[cue]]
name = "dim"
fade = "20 s"
set = { "stage/brightness" = 0.6 }

[[cue]]
name = "noon"
at = "12:00"
set = { "stage/label" = 0.25 }
""" + "".join(
    f"""
[[piece]]
name = "{name}"
duration = "10 min"
generator = "plasma"
walk = "loop"
"""
    for name in ("one", "two", "three")
)


@pytest.fixture(scope="module")
def show(tmp_path_factory: pytest.TempPathFactory) -> Show:
    path: Path = tmp_path_factory.mktemp("show") / "hours.toml"
    path.write_text(TEXT)
    return load(path)


class Day:
    """A decider on a simulated day, a second at a time."""

    def __init__(self, show: Show, at: str, always_open: bool = False) -> None:
        self.show, self.decider = show, Decider(show, always_open)
        self.began, self.seconds = datetime.fromisoformat(f"2027-03-02 {at}").replace(tzinfo=ZONE), 0.0
        self.decision = self.step()

    def step(self, *commands: Command, dt: float = 0.0) -> Decision:
        self.seconds += dt
        heard = Heard(Asked(commands=commands) if commands else NOTHING, Snapshot({}, {}), range(3))
        self.decision = self.decider.decide(self.seconds, self.began + timedelta(seconds=self.seconds), heard)
        return self.decision

    def play(self, seconds: float) -> Decision:
        for _ in range(round(seconds)):
            self.step(dt=1.0)
        return self.decision

    @property
    def hangs(self) -> str:
        return self.show.pieces[self.decision.wall.playback.piece].name


def test_a_programme_brings_its_pieces_and_its_cue(show: Show) -> None:
    day = Day(show, "14:59:00")
    day.play(50)
    assert (day.decision.wall.programme, day.hangs) == ("day", "one")
    day.play(80)
    assert (day.decision.wall.programme, day.hangs) == ("late", "three")
    assert day.decision.wall.controls["/stage/brightness"] == pytest.approx(0.6)
    assert day.decision.wall.hands["/stage/brightness"] == "cue"


def test_closed_is_dark_and_opens_again(show: Show) -> None:
    day = Day(show, "09:59:30")
    assert day.decision.wall.programme is None
    assert day.decision.wall.blackout
    assert day.decider.programming.opens(day.began) == day.began.replace(hour=10, minute=0, second=0)
    day.play(31)
    assert day.decision.wall.programme == "day"
    assert not day.decision.wall.blackout


def test_always_open_shows_the_default_programme(show: Show) -> None:
    day = Day(show, "03:00:00", always_open=True)
    assert (day.decision.wall.programme, day.decision.wall.blackout) == ("day", False)
    assert day.decider.programming.opens(day.began) is None


def test_after_a_restart_what_should_hang_hangs(show: Show) -> None:
    """Programme, and a cue that was missed, in its final state."""
    day = Day(show, "16:00:00")
    day.play(30)
    assert day.hangs == "three"
    assert day.decision.wall.controls["/stage/brightness"] == pytest.approx(0.6)
    assert day.decision.wall.controls["/stage/label"] == pytest.approx(0.25)


def test_a_start_in_another_programme_hangs_its_piece_at_once(show: Show) -> None:
    evening, decider = datetime(2027, 3, 2, 16, tzinfo=ZONE), Decider(show)
    decider.begin(evening)
    assert show.pieces[decider.playlist.lead].name == "three", "it is opened first"
    morning = Day(show, "11:00:00")
    morning.play(601)
    assert morning.decision.wall.playback.coming is not None
    decider.resume(json.loads(json.dumps(morning.decider.state())))
    decider.begin(evening)
    decision = decider.decide(0.0, evening, Heard(NOTHING, Snapshot({}, {}), range(3)))
    assert (decision.wall.playback.piece, decision.wall.playback.coming) == (2, None)
    assert decision.wall.playback.round == morning.decision.wall.playback.round + 1


def test_a_start_in_its_programme_or_in_the_dark_changes_nothing(show: Show) -> None:
    day = Day(show, "11:00:00")
    day.play(900)
    state = json.loads(json.dumps(day.decider.state()))
    for hour in (11, 20):
        decider = Decider(show)
        decider.resume(state)
        decider.begin(datetime(2027, 3, 2, hour, tzinfo=ZONE))
        assert decider.state()["playback"] == state["playback"]


def test_nobody_votes_for_a_piece_of_another_programme(show: Show) -> None:
    day = Day(show, "11:00:00")
    day.play(5)
    assert day.decision.wall.playback.candidates == (1,)


def test_the_operator_may_hang_any_piece(show: Show) -> None:
    day = Day(show, "11:00:00")
    day.play(5)
    day.step(Command("/show/piece", 2.0), dt=1.0)
    day.play(10)
    assert day.hangs == "three"
    day.play(60)
    assert day.hangs == "three"
    day.play(600)
    assert day.hangs in ("one", "two")


def test_cues_are_commands(show: Show) -> None:
    assert {"/cue/go", "/cue/back", "/cue/panic", "/cue/dim", "/cue/noon"} <= show.commands().keys()
    day = Day(show, "11:00:00")
    day.play(2)
    day.step(Command("/cue/noon"), dt=1.0)
    day.play(3)
    assert day.decision.wall.controls["/stage/label"] == pytest.approx(0.25)
    day.step(Command("/cue/panic"), dt=1.0)
    day.play(5)
    assert day.decision.wall.controls["/stage/label"] == 1.0


@pytest.mark.parametrize("order", ["votes", "listed"])
def test_visitors_are_asked_in_the_programmes_whose_order_it_is(tmp_path: Path, order: str) -> None:
    path, other = tmp_path / "hours.toml", "listed" if order == "votes" else "votes"
    text = TEXT.replace('title = "Hours"', f'title = "Hours"\norder = "{order}"').replace(
        '["three"]', '["two", "three"]'
    )
    path.write_text(text.replace('cue = "dim"', f'order = "{other}"'))
    show = load(path)
    assert show.stage.panel
    for at, asked in (("11:00", order == "votes"), ("15:30", other == "votes")):
        day = Day(show, at)
        day.play(700)
        assert day.decision.wall.playback.votes is asked
        assert day.decision.wall.playback.candidates
        tally = Tally("http://127.0.0.1:8080/", day.decision.wall.playback.round)
        heard = Heard(NOTHING, Snapshot({}, {}), range(3), tally=tally)
        decision = day.decider.decide(day.seconds + 1, day.began + timedelta(seconds=day.seconds + 1), heard)
        assert (decision.wall.panel is not None) is asked


def test_a_thread_may_find_out_beforehand(show: Show) -> None:
    day = Day(show, "14:59:00")
    assert day.decider.scheduled is not None
    assert day.decider.scheduled.until is not None
    day.decider.programming.timetable.foresee(day.decider.scheduled.until)
    day.play(61)
    assert day.decision.wall.programme == "late"


def test_a_day_is_rehearsed_and_each_change_told(show: Show) -> None:
    rehearsal = Rehearsal(show, datetime(2027, 3, 2, 9, 55, tzinfo=ZONE))
    changes = Changes(show, rehearsal.decider)
    told = [
        f"{rehearsal.clock.civil():%H:%M:%S} {line}"
        for decision in rehearsal.play(8 * 3600.0)
        for line in changes.of(decision)
    ]
    assert told[:6] == [
        "09:55:01 closed",
        "09:55:01 no programme",
        "09:55:01 the wall is dark",
        "09:55:01 cue noon: /stage/label 0.25",
        "09:55:01 cue dim: /stage/brightness 0.6 in 20 s",  # of the evening before: held until a cue says otherwise
        "09:55:02 brightness 60%",
    ]
    opening = told.index("10:00:00 open")
    assert told[opening : opening + 3] == [
        "10:00:00 open",
        "10:00:00 programme day: one, two",
        "10:00:00 the wall is lit",
    ]
    assert "12:00:00 cue noon: /stage/label 0.25" in told
    assert {"10:05:01 piece two", "15:00:00 programme late: three", "15:00:00 piece three"} <= set(told)
    assert "15:00:00 cue dim: /stage/brightness 0.6 in 20 s" in told
    assert told[-3:] == ["17:00:00 closed", "17:00:00 no programme", "17:00:00 the wall is dark"]
