"""A show file that is edited while its show runs: real files, a real loop, painter and stage, on a simulated clock."""

import gc
import time
import weakref
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from installation.core.clock import SimulatedClock
from installation.core.commands import Command
from installation.core.decision import Tally, Wall
from installation.core.disk_cache import DiskCache
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.opening import Opening
from installation.engine.painter import Painter
from installation.engine.watching import RETRY, Machine
from installation.operator.inbox import Inbox
from installation.reloading import PAUSE, Reloading, Rooms
from installation.run import stand_in
from installation.showfile.load import Show, load
from installation.snapshots import Snapshots
from installation.stage import Stage, open_stage
from tests.timeout import until

FPS = 10.0

HEAD = """[show]
title = "Edits"
order = "{order}"
transition = {{ kind = "dissolve", duration = "2 s" }}

[[sensor]]
kind = "scripted"
name = "visitor"

[web]
enabled = false

[operator]
enabled = false
"""

PIECE = """
[[piece]]
name = "{name}"
duration = "20 s"
generator = {{ kind = "plasma", palette = "{palette}", width = 64, height = 48 }}
walk = "wander"
label = {{ title = "{title}" }}
"""

WIRE = """
[[piece.wire]]
signal = "visitor.motion"
control = "walk/speed"
out = [1.0, 3.0]
"""


def piece(name: str, palette: str = "umber", title: str = "A title") -> str:
    return PIECE.format(name=name, palette=palette, title=title)


def text(*pieces: str, order: str = "listed", more: str = "") -> str:
    return HEAD.format(order=order) + "".join(pieces) + more


class Night:
    """A show that runs, a tenth of a second at a time; what the file says is looked at when the test says so."""

    def __init__(self, path: Path, stage: Stage) -> None:
        self.path, self.stage = path, stage
        show = load(path, despite_damage=True)
        self.clock = SimulatedClock(datetime(2027, 3, 2, 12, tzinfo=UTC), 100.0)
        self.board = Board()
        self.board.declare(show.signals())
        self.painter = Painter(self.clock.now)
        self.inbox = Inbox(show.controls(), show.commands())
        self.loop = Loop(show, self.board, self.painter, self.clock, 1 / FPS, self.inbox.drain)
        cache = DiskCache(path.parent / "cache")
        self.opening = Opening(show.pieces, "cpu", 0, self.painter.hang, stand_in, self.clock.now, cache)
        self.opening.start()
        assert self.opening.done.wait(30.0)
        for at, one in enumerate(show.pieces):
            stage.hang(at, one.hang, one.label, show.languages)
        rooms = Rooms(
            stage,
            self.loop,
            self.painter,
            self.clock,
            self.board,
            self.inbox,
            None,
            None,
            sensors=lambda: None,
            opening=lambda: self.opening,
            take=self.take,
        )
        self.reloading = Reloading(show, None, rooms, Machine("cpu", cache, stand_in, self.clock.now, self.clock.civil))
        self.looked = 1000.0
        self.painter.start()
        self.play(0.5)

    def take(self, opening: Opening) -> None:
        self.opening = opening

    def play(self, seconds: float) -> None:
        for _ in range(round(seconds * FPS)):
            self.clock.advance(1 / FPS)
            before = self.loop.decision
            view = self.loop.tick()
            if self.reloading.step(before):
                view = self.loop.tick()
            self.stage.draw(view)

    def edit(self, words: str) -> None:
        """The file is saved, and found by the two looks that this takes."""
        self.path.write_text(words)
        self.look()

    def look(self) -> None:
        for _ in range(2):
            self.looked += 1.0
            self.reloading.watching.look(self.looked)

    def ask(self, address: str, value: float | None = 1.0) -> None:
        self.inbox.ask(Command(address, value, self.clock.now(), "test"))

    @property
    def show(self) -> Show:
        return self.loop.show

    @property
    def wall(self) -> Wall:
        assert self.loop.decision is not None
        return self.loop.decision.wall

    @property
    def hangs(self) -> str:
        return self.show.pieces[self.wall.playback.piece].name

    @property
    def comes(self) -> str:
        coming = self.wall.playback.coming
        return "" if coming is None else self.show.pieces[coming].name

    def next(self) -> None:
        """The operator's next, and the change that it begins."""
        self.ask("/show/next")
        self.play(0.3)


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    opened = open_stage("headless", (160, 90))
    yield opened
    opened.close()


@pytest.fixture
def night(tmp_path: Path, stage: Stage) -> Iterator[Night]:
    path = tmp_path / "edits.toml"
    path.write_text(text(piece("one"), piece("two", "verdigris"), piece("three", "ultramarine")))
    made = Night(path, stage)
    yield made
    made.reloading.close()
    made.painter.stop()
    made.opening.stop()


pytestmark = pytest.mark.gl


def test_an_edit_waits_for_the_change_of_piece_and_what_comes_is_of_the_new_show(night: Night) -> None:
    night.edit(text(piece("one"), piece("new", "verdigris"), piece("two", "verdigris"), piece("three", "ultramarine")))
    night.play(5.0)
    assert [one.name for one in night.show.pieces] == ["one", "two", "three"]
    assert night.reloading.watching.ready is not None
    night.play(15.0)
    assert (night.hangs, night.comes) == ("one", "new")
    assert night.reloading.watching.ready is None
    until(lambda: night.painter.frames.pair(1).later is not None, "a picture of the new piece")
    night.play(3.0)
    assert (night.hangs, night.comes) == ("new", "")


def test_walks_rounds_and_residents_of_the_pieces_that_stay_go_on(night: Night) -> None:
    night.play(4.0)
    place, number = night.loop.decider.walk_times[0], night.wall.playback.round
    two = night.painter.hung[1]
    night.edit(text(piece("three", "ultramarine"), piece("two", "verdigris"), piece("one")))
    night.play(1.0)
    night.next()
    assert (night.hangs, night.comes) == ("one", "three")
    assert night.painter.hung[1] is two
    assert night.loop.decider.walk_times[2] >= place + 1.0
    assert night.wall.playback.round == number
    night.play(2.5)
    assert night.wall.playback.round == number + 1


def test_a_label_is_as_it_was_until_its_piece_has_left(night: Night) -> None:
    """The piece that hangs is edited: it leaves as it is, and comes back as it became."""
    before = night.painter.hung[0]
    night.edit(text(piece("one", "verdigris", "Another"), piece("two", "verdigris"), piece("three", "ultramarine")))
    night.play(1.0)
    night.next()
    assert night.painter.hung[0] is before
    night.play(3.0)
    assert night.hangs == "two"
    assert night.painter.hung[0] is not before
    assert night.painter.frames.pair(0).later is not None, "it has painted once already"
    night.ask("/show/piece", 0.0)
    night.play(3.0)
    assert (night.hangs, night.wall.title) == ("one", "Another")


def test_a_piece_that_is_gone_leaves_in_the_change_and_its_model_is_let_go(night: Night) -> None:
    gone = weakref.ref(night.painter.hung[0].generator)
    night.edit(text(piece("two", "verdigris"), piece("three", "ultramarine")))
    night.play(1.0)
    night.next()
    assert (night.hangs, night.comes) == ("one", "two"), "what came after it in the file comes now"
    assert night.wall.playback.candidates == ()
    night.play(3.0)
    assert [one.name for one in night.show.pieces] == ["two", "three"]
    assert night.hangs == "two"

    def is_let_go() -> bool:
        gc.collect()
        return gone() is None

    until(is_let_go, "the model of a piece that is gone is let go")


def test_with_votes_the_new_show_counts_the_round_that_was_open(tmp_path: Path, stage: Stage) -> None:
    path = tmp_path / "votes.toml"
    pieces = (piece("one"), piece("two", "verdigris"), piece("three", "ultramarine"))
    path.write_text(text(*pieces, order="votes"))
    night = Night(path, stage)
    night.loop.tally = Tally("", night.wall.playback.round, {"three": 2, "two": 1})
    night.edit(text(piece("zero"), *pieces, order="votes"))
    night.play(20.5)
    assert (night.hangs, night.comes) == ("one", "three")
    night.painter.stop()


def test_a_faulty_edit_is_told_once_and_a_mended_one_is_taken(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    good = text(piece("one"), piece("two", "verdigris"), piece("three", "ultramarine"), piece("four"))
    night.edit(good.replace('order = "listed"', 'order = "lsted"'))
    night.look()
    watching = night.reloading.watching
    assert 'found "lsted"' in watching.notes()[0]
    assert 'did you mean "listed"' in watching.notes()[0]
    assert sum("has faults" in record.message for record in caplog.records) == 1
    night.next()
    assert night.comes == "two"
    night.play(3.0)
    night.edit(good)
    assert watching.notes() == []
    night.play(1.0)
    night.next()
    assert len(night.show.pieces) == 4


def test_a_show_whose_model_comes_later_is_read_again(night: Night) -> None:
    poster = night.path.with_name("poster.png")
    night.edit(text(piece("one"), piece("two") + 'poster = "poster.png"\n'))
    assert "poster.png" in night.reloading.watching.trouble
    from PIL import Image

    Image.new("RGB", (8, 8)).save(poster)
    night.looked += RETRY
    night.look()
    assert night.reloading.watching.trouble == ""


def test_a_calendar_that_was_damaged_at_the_start_is_taken_when_it_is_whole(
    tmp_path: Path, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    path, calendar = tmp_path / "edits.toml", tmp_path / "agenda.ics"
    more = '[schedule]\ntimezone = "UTC"\ncalendar = "agenda.ics"\n[[programme]]\nname = "late"\npieces = ["two"]\n'
    path.write_text(text(piece("one"), piece("two"), more=f'[[programme]]\nname = "day"\n{more}'))
    calendar.write_text("BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:la")
    night = Night(path, stage)
    watching = night.reloading.watching
    night.look()
    assert "is all of it there?" in watching.notes()[0]
    assert "was edited" not in watching.notes()[0]
    assert sum("is all of it there?" in record.message for record in caplog.records) == 1
    event = "UID:1\nSUMMARY:late\nDTSTART:20270302T110000\nDURATION:PT3H\n"
    calendar.write_text(f"BEGIN:VCALENDAR\nBEGIN:VEVENT\n{event}END:VEVENT\nEND:VCALENDAR\n")
    night.look()
    assert watching.notes() == []
    night.play(1.0)
    night.next()
    assert night.wall.programme == "late"
    night.reloading.close()
    night.painter.stop()
    night.opening.stop()


def test_what_only_a_start_can_change_is_named_and_the_rest_is_taken(night: Night) -> None:
    edited = text(piece("one"), piece("two", "verdigris")).replace("[web]\nenabled = false", "[web]\nport = 8099")
    night.edit(edited)
    assert night.reloading.watching.notes() == ["edits.toml needs a restart: [web] enabled, [web] port"]
    night.play(1.0)
    night.next()
    night.play(3.0)
    assert len(night.show.pieces) == 2
    assert night.show.web.port == 8080


def test_an_edit_that_is_taken_back_changes_nothing(night: Night) -> None:
    before = night.path.read_text()
    night.edit(text(piece("one"), piece("four")))
    assert night.reloading.watching.ready is not None
    night.play(1.0)
    night.edit(before)
    assert night.reloading.watching.ready is None
    night.next()
    assert night.comes == "two"


def test_a_piece_that_hangs_alone_is_taken_over_at_once(tmp_path: Path, stage: Stage) -> None:
    path = tmp_path / "alone.toml"
    path.write_text(text(piece("one")))
    night = Night(path, stage)
    night.edit(text(piece("one", title="Another")))
    night.play(1.0)
    assert night.wall.title == "Another"
    night.edit(text(piece("other")))
    night.play(1.0)
    assert night.hangs == "other"
    night.painter.stop()


def test_wires_signals_and_rests_are_those_of_the_new_show(night: Night) -> None:
    pieces = piece("one"), piece("two", "verdigris") + 'set = { "stage/weave" = 0.9 }\n' + WIRE
    night.edit(text(*pieces).replace('name = "visitor"', 'name = "guest"').replace("visitor.", "guest."))
    night.play(1.0)
    night.next()
    assert "guest.motion" in night.board.signals
    assert "visitor.motion" not in night.board.signals
    night.board.emit("guest.motion", 1.0, night.clock.now())
    night.play(1.5)
    assert night.wall.hands["/walk/speed"] == "wire"
    assert night.wall.controls["/walk/speed"] > 1.5
    night.play(1.0)
    assert night.wall.controls["/stage/weave"] == pytest.approx(0.9)


def test_a_programme_that_hangs_by_the_edit_fires_its_cue(night: Night) -> None:
    more = """
[[programme]]
name = "late"
pieces = ["three", "two"]
cue = "dim"

[[cue]]
name = "dim"
set = { "stage/brightness" = 0.25 }
"""
    night.edit(text(piece("one"), piece("two", "verdigris"), piece("three", "ultramarine"), more=more))
    night.play(1.0)
    assert night.wall.controls["/stage/brightness"] == 1.0
    night.next()
    assert (night.wall.programme, night.comes) == ("late", "two")
    night.play(2.0)
    assert night.wall.controls["/stage/brightness"] == pytest.approx(0.25)


def test_hands_hold_and_what_a_cue_holds_go_on(night: Night) -> None:
    cue = '\n[[cue]]\nname = "slow"\nset = { "walk/speed" = 0.5 }\n'
    pieces = piece("one"), piece("two", "verdigris"), piece("three", "ultramarine")
    night.edit(text(*pieces, more=cue))
    night.play(1.0)
    night.ask("/cue/slow")
    night.inbox.put("/stage/relief", 0.8, night.clock.now(), "test")
    night.play(2.0)
    night.edit(text(*pieces, piece("four"), more=cue))
    night.play(1.0)
    night.next()
    assert len(night.show.pieces) == 4
    night.play(2.0)
    assert (night.wall.controls["/stage/relief"], night.wall.hands["/stage/relief"]) == (0.8, "operator")
    assert (night.wall.controls["/walk/speed"], night.wall.hands["/walk/speed"]) == (0.5, "cue")


def test_a_snapshot_is_a_cue_that_can_be_fired_at_once(night: Night, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    before = night.path.read_text()
    snapshots = Snapshots(lambda: night.show)
    snapshots.start()
    night.inbox.put("/stage/brightness", 0.4, night.clock.now(), "test")
    night.play(0.3)
    snapshots.take([Command("/cue/snapshot", text="evening")], night.wall.controls)
    until(lambda: night.path.with_name("edits.cues.toml").exists(), "the cue file")
    snapshots.close()
    night.look()
    night.play(PAUSE + 0.2)
    night.ask("/desk/release")
    night.play(2.0)
    assert night.wall.controls["/stage/brightness"] == 1.0
    night.ask("/cue/evening")
    night.play(6.0)
    assert night.wall.controls["/stage/brightness"] == pytest.approx(0.4)
    assert night.hangs == "one", "no piece changed for it"
    assert night.path.read_text() == before
    assert "edits.cues.toml was edited and is good" in caplog.text, "not the curator's own file"
    night.path.with_name("edits.cues.toml").write_text('[[cue]]\nname = "evening"\nfad = "1 s"\n')
    night.look()
    assert night.reloading.watching.notes()[0].startswith("edits.cues.toml was edited and has 1 fault")


def test_the_thread_finds_an_edit_by_itself(night: Night) -> None:
    night.reloading.start()
    time.sleep(0.01)
    night.path.write_text(text(piece("one"), piece("two", "verdigris")))
    until(lambda: night.reloading.watching.ready is not None, "an edit that is ready")
