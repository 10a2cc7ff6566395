"""Stands in for the app: runs the house as a process and talks to it in frames, as the app does."""

import queue
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from installation.child import read_frames, write_frame

ROOT = Path(__file__).parent.parent

PIECES = [
    {
        "name": "sitters",
        "title": {"en": "Sitters who never sat", "nl": "Zitters die nooit zaten"},
        "medium": {"en": "Generative adversarial network", "nl": "Generatief adversarieel netwerk"},
        "date": "2026",
        "text": {"en": "Four people who never lived.", "nl": "Vier mensen die nooit hebben geleefd."},
    },
    {"name": "company", "title": {"en": "The company", "nl": "Het gezelschap"}, "medium": "A walk", "text": ""},
    {"name": "nobody", "title": {"en": "Nobody <in> particular & co"}, "medium": {}, "text": {}},
]


class Driver:
    """A running house on a port of its own. ``hello`` replaces parts of the usual hello."""

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
            "poster": None,
        } | hello
        self.said: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill() if self.process.poll() is None and self.stop() is None else None

    def start(self) -> dict[str, Any]:
        """Starts it and waits for its first word."""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "installation.house"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        threading.Thread(target=self._listen, daemon=True).start()
        self.send({"hello": self.hello})
        word = self.heard("ready", "error")
        if "ready" in word:
            self.port = word["ready"]["port"]
        return word

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for message in read_frames(self.process.stdout):
            assert isinstance(message, dict)
            self.said.put(message)
        self.said.put(None)

    def send(self, message: dict[str, Any] | bytes) -> None:
        assert self.process.stdin is not None
        write_frame(self.process.stdin, message)

    def cue(self, round: int = 1, piece: str = "sitters", **more: Any) -> None:
        cue = {"coming": None, "candidates": ["company", "nobody"], "seconds_left": 134.0, "hold": False}
        self.send({"cue": {"piece": piece, "round": round} | cue | more})

    def heard(self, *kinds: str, timeout: float = 10.0) -> dict[str, Any]:
        """The next message of one of these kinds."""
        deadline = time.monotonic() + timeout
        while True:
            message = self.said.get(timeout=max(0.0, deadline - time.monotonic()))
            assert message is not None, "the house has ended"
            if set(kinds) & set(message):
                return message

    def tally(self, votes: dict[str, int], timeout: float = 10.0) -> dict[str, Any]:
        """Waits for this tally."""
        while True:
            tally: dict[str, Any] = self.heard("tally", timeout=timeout)["tally"]
            if tally["votes"] == votes:
                return tally

    def stop(self) -> int | None:
        """Ends its stdin, as an app that leaves does. Returns the exit code, None when it would not end."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            return self.process.wait(5)
        except subprocess.TimeoutExpired:
            return None
        finally:
            assert self.process.stdout is not None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Visitor:
    """A browser without a picture: one connection, one cookie jar."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=10)
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> HTTPResponse:
        """An answer; its ``text`` is read already. Header names are given with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        self.connection.request(method, path, body, named)
        answer = self.connection.getresponse()
        answer.text = answer.read().decode(errors="replace")  # type: ignore[attr-defined]
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def get(self, path: str = "/", **headers: str) -> HTTPResponse:
        return self.ask("GET", path, **headers)

    def vote(self, choice: str, round: int = 1, **headers: str) -> HTTPResponse:
        """``round`` is the house's own number of the round, as in the form."""
        headers.setdefault("Content_Type", "application/x-www-form-urlencoded")
        return self.ask("POST", "/vote", urlencode({"round": round, "choice": choice}), **headers)

    def close(self) -> None:
        self.connection.close()
