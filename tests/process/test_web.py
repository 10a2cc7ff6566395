"""The web process as the app has it: kept running, told what hangs, heard when visitors vote."""

import logging
import os
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from queue import SimpleQueue

import pytest

from installation.core.decision import Playback, Tally
from installation.core.errors import FrameError
from installation.core.pipe import Message
from installation.process.web import SILENCE, WebProcess, web_that_waits
from installation.showfile.load import load
from installation.web.messages import VERSION, Health, Ready, pack
from tests.timeout import TIMEOUT, until
from tests.web_driver import Visitor

PIECE = """
[[piece]]
name = "{name}"
duration = "10 min"
generator = "plasma"
walk = "wander"
label = {{ title = "{name}" }}
"""

NOW = Playback(0, None, 0.0, 1, (1, 2), 30.0, False, 0.0, "play")
ALONE = Playback(0, None, 0.0, 1, (), None, False, 0.0, "play")

Open = Callable[..., WebProcess]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Open]:
    """Opens the web process of a show of this order and so many pieces."""
    opened: list[WebProcess] = []

    def start(order: str = "votes", pieces: int = 3, settings: str = "", **options: object) -> WebProcess:
        path = tmp_path / f"{order}-{pieces}.toml"
        head = f'[show]\ntitle = "Try-out"\norder = "{order}"\n[web]\nport = 0\n{settings}\n'
        path.write_text(head + "".join(PIECE.format(name=name) for name in ("one", "two", "three")[:pieces]))
        opened.append(WebProcess(load(path), tmp_path / path.stem, False, **options))  # type: ignore[arg-type]
        opened[-1].start()
        return opened[-1]

    yield start
    for process in opened:
        process.stop()


def open_page(process: WebProcess) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{process.port}/", timeout=TIMEOUT) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):  # not yet, or no longer
        return False


def play(processes: list[WebProcess], seconds: float) -> None:
    """Tells them what hangs, as the app does."""
    ends = time.monotonic() + seconds
    while (now := time.monotonic()) < ends:
        for process in processes:
            hangs = replace(NOW if len(process.show.pieces) > 1 else ALONE, votes=process.show.order == "votes")
            process.tell(hangs, now, lambda: lambda: Health(int(100 * now)))
        time.sleep(0.02)


def test_no_order_gets_it_restarted(start: Open) -> None:
    """All four at once, for three times the silence that they may keep: only votes give it anything to say."""
    silence = 2.0
    shows = [("listed", 3), ("shuffle", 3), ("votes", 3), ("listed", 1)]
    processes = [start(order, pieces, silence=silence) for order, pieces in shows]
    until(lambda: all(map(open_page, processes)), "the pages")
    born = [process.child.pid for process in processes]
    play(processes, 3 * silence)
    assert [process.child.pid for process in processes] == born
    assert [process.child.restarts for process in processes] == [0] * 4
    assert [process.notes() for process in processes] == [[]] * 4
    assert all(map(open_page, processes))


@pytest.mark.skipif(os.name != "posix", reason="there is no other way to freeze a process")
def test_one_that_waited_is_the_first(start: Open, tmp_path: Path) -> None:
    """As of a show on standby."""
    show = tmp_path / "show.toml"
    show.write_text('[show]\ntitle = "Try-out"\n' + PIECE.format(name="one"))
    waits = web_that_waits(load(show))
    assert waits is not None
    process = start(waiting=waits)
    until(lambda: open_page(process), "the page")
    assert process.child.pid == waits.pid
    show.write_text('[show]\ntitle = "Try-out"\n[web]\nenabled = false\n' + PIECE.format(name="one"))
    assert web_that_waits(load(show)) is None, "nobody waits for a page that there is not"


def test_a_frozen_one_is_noticed_and_comes_back(start: Open, caplog: pytest.LogCaptureFixture) -> None:
    assert SILENCE * 9 / 8 < 3.0  # the silence, and the time between two looks at it
    process = start()
    until(lambda: open_page(process), "the page")
    for _ in range(2):
        pid = process.child.pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        until(lambda frozen=pid: process.child.pid not in (frozen, None), "a new process")
        until(lambda: open_page(process), "the page again")
    told = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    restarts = [line for line in told if line.startswith("web: said nothing for too long and was stopped")]
    assert len(restarts) == 1, "the same trouble within a minute is told once"
    assert f"was started again {process.child.restarts} times, the last time " in process.notes()[0]


def test_an_edited_show_is_on_the_page_and_after_a_restart_too(start: Open) -> None:
    """The round that is open goes on meanwhile."""
    process = start()
    until(lambda: play([process], 0.1) or process.tally.round == 1, "the round")
    path = process.show.path
    path.write_text(path.read_text().replace('title = "three"', 'title = "Thirty"'))
    pid = process.child.pid
    process.take(load(path))

    def is_there() -> bool:
        play([process], 0.1)
        with Visitor(process.port) as visitor:
            return "Thirty" in visitor.get().text

    until(is_there, "the edited title")
    assert process.child.pid == pid
    assert process.tally.round == 1
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    until(lambda: process.child.pid not in (pid, None), "a new process")
    until(lambda: play([process], 0.1) or open_page(process), "the page again")
    until(is_there, "the edited title again")


def test_votes_reach_the_show_and_whoever_else_asks(start: Open) -> None:
    told: SimpleQueue[Tally] = SimpleQueue()
    process = start(settings='url = "http://wall.local/"', on_tally=told.put)
    until(lambda: process.tally.url, "the address")
    assert process.tally.url == "http://wall.local/"
    until(lambda: play([process], 0.1) or process.tally.round == 1, "the round")
    port = process.port
    with Visitor(port) as visitor:
        ballot = int(visitor.get().text.partition('name="round" value="')[2].partition('"')[0])
        assert visitor.vote("three", ballot).status == 303
    while told.get(timeout=TIMEOUT) != Tally("http://wall.local/", 1, {"two": 0, "three": 1}, 1):
        pass
    assert (process.tally.votes, process.votes) == ({"two": 0, "three": 1}, 1)


def test_an_address_of_this_machine_alone_is_told_and_is_no_code_on_the_wall(
    start: Open, caplog: pytest.LogCaptureFixture
) -> None:
    process = start()
    until(lambda: process.url, "the address")
    assert process.tally.url == ""
    assert 'so the wall shows no code; under [web], write bind = "0.0.0.0"' in caplog.text
    caplog.clear()
    listed = start("listed")
    until(lambda: listed.url, "the address")
    assert "0.0.0.0" not in caplog.text, "no one is asked to vote"


def test_messages_of_another_version_are_refused(start: Open) -> None:
    process = start()
    until(lambda: process.url, "the address")
    other: Message = pack(Ready(1, "http://x/", False, version=1))
    with pytest.raises(FrameError, match=f"found messages of version 1, expected {VERSION}"):
        process.child.on_message(other)
    kinds = "ready, tally, leanings, opinions, uncounted, watching, consoles, moved, edited, error"
    with pytest.raises(FrameError, match=f"expected one of {kinds}"):
        process.child.on_message({"song": {}})
