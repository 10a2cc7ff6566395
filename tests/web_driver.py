"""Stands in for the app: runs the web process and talks to it in frames, as the app does."""

import json
import queue
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, BinaryIO, Self
from urllib.parse import urlencode

from installation.core.pipe import encode, read_frames
from tests.timeout import TIMEOUT

ROOT = Path(__file__).parent.parent

PIECES = [
    {
        "name": "sitters",
        "title": {"en": "Sitters who never sat", "nl": "Zitters die nooit zaten"},
        "medium": {"en": "Generative adversarial network", "nl": "Generatief adversarieel netwerk"},
        "date": {"": "2026"},
        "text": {"en": "Four people who never lived.", "nl": "Vier mensen die nooit hebben geleefd."},
    },
    {"name": "company", "title": {"en": "The company", "nl": "Het gezelschap"}, "medium": {"": "A walk"}},
    {"name": "nobody", "title": {"en": "Nobody <in> particular & co"}, "medium": {}, "text": {}},
]


class Driver:
    """A running web process on a port of its own. ``hello`` replaces parts of the usual hello."""

    def __init__(self, state: Path, **hello: Any) -> None:
        self.state = state
        self.hello: dict[str, Any] = {
            "bind": "127.0.0.1",
            "port": 0,
            "url": "",
            "state": str(state),
            "title": {"en": "The Next Rembrandt", "nl": "De volgende Rembrandt"},
            "languages": ["en", "nl"],
            "pieces": PIECES,
        } | hello
        self.said: queue.Queue[dict[str, Any] | None]
        self.hearing = threading.Event()
        self.hearing.set()
        self.port = self.round = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.stop()

    def start(self) -> dict[str, Any]:
        """Starts it and waits for its first word."""
        self.said = queue.Queue()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "installation.web"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        self.listener = threading.Thread(target=self._listen, args=(self.process.stdout,), daemon=True)
        self.listener.start()
        self.send({"hello": self.hello})
        word = self.heard("ready", "error")
        if "ready" in word:
            self.port = word["ready"]["port"]
        return word

    def _listen(self, stdout: BinaryIO) -> None:
        with stdout:
            for message in read_frames(stdout):
                assert isinstance(message, dict)
                self.said.put(message)
                self.hearing.wait()
        self.said.put(None)

    def send(self, message: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(encode(message))
        self.process.stdin.flush()

    def playback(self, round: int = 1, piece: str = "sitters", **more: Any) -> None:
        playback = {"coming": None, "candidates": ["company", "nobody"], "seconds_left": 134.0, "hold": False}
        self.send({"playback": {"piece": piece, "round": round} | playback | more})

    def heard(self, *kinds: str, timeout: float = TIMEOUT) -> dict[str, Any]:
        """The next message of one of these kinds."""
        deadline = time.monotonic() + timeout
        while True:
            message = self.said.get(timeout=max(0.0, deadline - time.monotonic()))
            assert message is not None, "the web process has ended"
            if set(kinds) & set(message):
                return message

    def tally(self, votes: dict[str, int], timeout: float = TIMEOUT, round: int = 0) -> None:
        """Waits until the app knows this tally of a round, which is the one that ``turn`` opened unless it is named."""
        self.round = round or self.round
        wanted = (self.round, votes)
        while ((tally := self.heard("tally", timeout=timeout)["tally"])["round"], tally["votes"]) != wanted:
            assert tally["round"] <= self.round

    def open_round(self, *candidates: str, **more: Any) -> int:
        """Opens the next round. Returns the web process's own number of it, as the form on the page has it."""
        self.round += 1
        names = list(candidates) or ["company", "nobody"]
        self.playback(self.round, candidates=names, **more)
        self.tally(dict.fromkeys(names, 0))
        with Visitor(self.port) as visitor:
            return int(visitor.get().text.partition('name="round" value="')[2].partition('"')[0])

    def stored(self) -> dict[str, int]:
        """The votes of the open round, on the disk."""
        with closing(sqlite3.connect(self.state / "votes.sqlite3")) as db:
            return dict(db.execute("SELECT choice, count(*) FROM votes GROUP BY choice"))

    def stop(self) -> int:
        """Ends its stdin, as an app that leaves does. Returns the exit code."""
        assert self.process.stdin is not None
        with suppress(OSError):
            self.process.stdin.close()
        try:
            return self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        finally:
            self.listener.join(TIMEOUT)

    def kill(self) -> None:
        """With -9: it cannot prepare."""
        self.process.kill()
        self.stop()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Visitor:
    """A browser without a picture: one connection, one cookie jar."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str | bytes | None = None, **headers: str) -> "Answer":
        """An answer. Header names are given with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        self.connection.request(method, path, body, named)
        response = self.connection.getresponse()
        for cookie in response.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return Answer(response.status, response.headers, response.read())

    def get(self, path: str = "/", **headers: str) -> "Answer":
        return self.ask("GET", path, **headers)

    def vote(self, choice: str, round: int, **headers: str) -> "Answer":
        """``round`` is the web process's own number of the round, as in the form."""
        headers.setdefault("Content_Type", "application/x-www-form-urlencoded")
        return self.ask("POST", "/vote", urlencode({"round": round, "choice": choice}), **headers)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()


@contextmanager
def streaming(web: Driver, path: str) -> Iterator[BinaryIO]:
    """A connection that reads a stream, past its headers."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=TIMEOUT) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            while stream.readline().strip():
                pass
            yield stream
