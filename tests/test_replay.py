"""A recording of decisions is drawn again to the same pictures."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from installation.core import parts
from installation.core.clock import SimulatedClock
from installation.core.contracts import Pixels, Surroundings
from installation.core.errors import DeviceError
from installation.core.parts import ROOT
from installation.core.recording import read
from installation.core.signals import Board
from installation.engine.decide import Decider, Heard
from installation.operator.inbox import Inbox
from installation.options import parse
from installation.replay import Painting, replay, views
from installation.showfile.load import Show, load
from installation.stage import open_stage
from tests.timeout import until

SIZE = (320, 180)
FPS = 10.0
SECONDS = 60


@pytest.fixture(scope="module")
def show() -> Show:
    return load(ROOT / "shows" / "rehearsal.toml")


def record(show: Show, path: Path) -> None:
    """A minute of the rehearsal: its visitors come and go, an operator steers and asks for the next piece."""
    clock, board, inbox = SimulatedClock(datetime(2026, 5, 1, tzinfo=UTC)), Board(), Inbox({}, show.commands())
    board.declare(show.signals())
    decider, everything = Decider(show), range(len(show.pieces))
    output = parts.config("output", "decisions")(path=path).open(Surroundings(SIZE, 1 / FPS))
    for frame in range(int(SECONDS * FPS)):
        board.emit(show.signals()[0].name, frame % 100 / 100, clock.now())
        if frame % 150 == 100:
            inbox.put("/show/next", 1.0, clock.now(), "test")
        if frame % 40 == 0:
            inbox.put("/walk/speed", frame % 3, clock.now(), "test")
        until(lambda: not output.writer.full())  # this minute comes faster than any screen's
        heard = Heard(inbox.drain(), board.snapshot(clock.now()), everything)
        output.show(decider.decide(clock.now(), clock.civil(), heard), None)
        clock.advance(1 / FPS)
    output.close()


@pytest.fixture(scope="module")
def recording(show: Show, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "minute.jsonl.gz"
    record(show, path)
    return path


def record_change(show: Show, path: Path) -> None:
    """Two seconds in which the next piece comes."""
    clock, inbox = SimulatedClock(datetime(2026, 5, 1, 12, tzinfo=UTC)), Inbox({}, show.commands())
    decider, everything, board = Decider(show), range(len(show.pieces)), Board()
    board.declare(show.signals())
    output = parts.config("output", "decisions")(path=path).open(Surroundings(SIZE, 0.5))
    for frame in range(4):
        if frame == 1:
            inbox.put("/show/next", 1.0, clock.now(), "test")
        heard = Heard(inbox.drain(), board.snapshot(clock.now()), everything)
        output.show(decider.decide(clock.now(), clock.civil(), heard), None)
        clock.advance(0.5)
    output.close()


def drawn(show: Show, recording: Path, every: int = 50) -> list[Pixels]:
    """Every so many frames one, as the stage draws it."""
    stage = open_stage("headless", SIZE, 0, "test")
    stills = []
    try:
        for index, piece in enumerate(show.pieces):
            stage.hang(index, piece.hang, piece.label, show.languages, piece.poster)
        for number, view in enumerate(views(show, read(recording), Painting(show, "cpu"))):
            if number % every == 0:
                stage.draw(view)
                stills.append(stage.read().copy())
                stage.present()
    finally:
        stage.close()
    return stills


@pytest.mark.gl
def test_a_recorded_minute_is_drawn_to_the_same_stills(show: Show, recording: Path, tmp_path: Path) -> None:
    first, again = drawn(show, recording), drawn(show, recording)
    assert len(first) == int(SECONDS * FPS) // 50
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert len({one.tobytes() for one in first}) == len(first), "the minute moves"
    live = tmp_path / "live.jsonl.gz"
    record(show, live)
    assert all(np.array_equal(one, other) for one, other in zip(first, drawn(show, live), strict=True))


@pytest.mark.gl
def test_a_change_of_pieces_of_the_bundled_show_is_drawn_to_the_same_stills(tmp_path: Path) -> None:
    """With its own networks. Each drawing opens the pieces anew."""
    bundled, path = load(ROOT / "shows" / "next_rembrandt.toml"), tmp_path / "change.jsonl.gz"
    record_change(bundled, path)
    pieces = {lane.piece for decision in read(path) for lane in decision.wall.lanes}
    assert len(pieces) == 2, "the next piece comes"
    first, again = drawn(bundled, path, 1), drawn(bundled, path, 1)
    assert len(first) == 4
    assert all(np.array_equal(one, other) for one, other in zip(first, again, strict=True))
    assert len({one.tobytes() for one in first}) == len(first), "it moves"


@pytest.mark.gl
def test_the_command_plays_it_and_writes_a_still(
    show: Show, recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    still, short = tmp_path / "end.png", tmp_path / "short.jsonl.gz"
    with gzip.open(recording, "rb") as file:
        short.write_bytes(gzip.compress(b"".join(file.readline() for _ in range(6))))
    words = ["rehearsal", "--headless", "--size", "320x180", "--replay", str(short), "--still", str(still)]
    assert replay(show, parse(words), "headless", short) == 0
    assert "5 frames were played" in capsys.readouterr().out
    assert still.stat().st_size > 1000


def test_what_is_no_recording_is_told(tmp_path: Path, show: Show) -> None:
    path = tmp_path / "x.jsonl.gz"
    for content in (b"text", gzip.compress(b"{}"), gzip.compress(b'{"version": 99}\n'), gzip.compress(b"[]")):
        path.write_bytes(content)
        with pytest.raises(DeviceError, match=r"x\.jsonl\.gz: no recording .*--record-decisions writes one"):
            list(read(path))


def test_a_recording_that_was_cut_off_ends_there(recording: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut.jsonl.gz"
    cut.write_bytes(recording.read_bytes()[:-200])
    assert 0 < len(list(read(cut))) < SECONDS * FPS


def test_a_recording_of_another_show_is_told(recording: Path, tmp_path: Path) -> None:
    head, line = gzip.decompress(recording.read_bytes()).split(b"\n")[:2]
    told = json.loads(line)
    told["walls"][0]["lanes"][0]["piece"] = 9
    other = tmp_path / "other.jsonl.gz"
    other.write_bytes(gzip.compress(head + b"\n" + json.dumps(told).encode() + b"\n"))
    small = load(ROOT / "shows" / "rehearsal.toml")
    with pytest.raises(DeviceError, match="the recording has a piece 10"):
        list(views(small, read(other), Painting(small, "cpu")))
