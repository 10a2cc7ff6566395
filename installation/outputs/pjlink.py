"""A projector that is on in the opening hours and off outside of them, over PJLink (class 1, with a password).

The protocol is JBMIA's, https://pjlink.jbmia.or.jp/english/: commands are lines that end in a carriage return, and the
first one follows the MD5 digest of the greeting's random number and the password.
"""

import hashlib
import logging
import socket
import threading
import time
from typing import ClassVar, Literal

from pydantic import Field

from installation.core.contracts import Output, OutputConfig, Pixels, Surroundings, Wanted
from installation.core.decision import Decision
from installation.core.durations import Seconds
from installation.core.repeats import Repeats

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks at whether the exhibition is open."""

TIMEOUT = 4.0
"""Seconds for an answer of the projector's."""

LONGEST = 136
"""Bytes of a line of PJLink at most, its end with it."""

UP = ("1", "3")
"""The answers of a projector that is on, or warms up; 0 is off, 2 cools down."""


class Config(OutputConfig):
    in_show: ClassVar[bool] = True
    kind: Literal["pjlink"] = "pjlink"
    host: str = Field(min_length=1, max_length=253, description="the projector's address or name")
    port: int = Field(4352, ge=1, le=65535)
    password: str = Field("", max_length=32, description="as it is set in the projector; empty: none")
    off_after: Seconds = Field(60.0, ge=0.0, le=86400.0, description="from closing to power off")
    every: Seconds = Field(60.0, ge=1.0, le=3600.0, description="how often its power is looked at and put right")

    def open(self, surroundings: Surroundings) -> "Projector":
        return Projector(self)


class Projector(Output):
    """A thread of its own asks and tells the projector. One that does not answer, warms up or cools down is asked again
    later; at the end of the show it is left as it is."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._due = 0.0
        self._closed_since: float | None = None
        self._wanted: bool | None = None
        self._changed, self._closing = threading.Event(), threading.Event()
        self._trouble = Repeats()
        self._thread = threading.Thread(target=self._attend, name="pjlink", daemon=True)
        self._thread.start()

    def wants(self, now: float) -> Wanted:
        return "decision" if now >= self._due else "nothing"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        self._due = decision.time + LOOK
        wanted = self._should_be_on(decision.wall.programme is not None, decision.time)
        if wanted != self._wanted:
            self._wanted = wanted
            self._changed.set()

    def _should_be_on(self, is_open: bool, now: float) -> bool:
        """Open, or closed for less than ``off_after``."""
        if is_open:
            self._closed_since = None
            return True
        if self._closed_since is None:
            # A show that starts while it is closed has nothing to wait for.
            self._closed_since = now if self._wanted else now - self.config.off_after
        return now - self._closed_since < self.config.off_after

    def close(self) -> None:
        self._closing.set()
        self._changed.set()
        self._thread.join(2.0)

    # ------------------------------------------------------------ the thread

    def _attend(self) -> None:
        while not self._closing.is_set():
            self._changed.wait(self.config.every)
            self._changed.clear()
            wanted = self._wanted
            if wanted is None or self._closing.is_set():
                continue
            try:
                self._put_right(wanted)
            except (OSError, ValueError) as error:
                self._complain(error)

    def _put_right(self, wanted: bool) -> None:
        """Asks for the power, and tells it where it is another than is wanted."""
        with Link(self.config.host, self.config.port, self.config.password) as link:
            if (link.ask("POWR", "?") in UP) != wanted:
                link.ask("POWR", "1" if wanted else "0")
                log.info("the projector %s is turned %s", self.config.host, "on" if wanted else "off")

    def _complain(self, error: Exception) -> None:
        words = f"the projector {self.config.host} is not reached ({error or type(error).__name__}); it is tried again"
        if line := self._trouble.line(words, time.monotonic()):
            log.warning("%s", line)


class Link:
    """A connection to a projector, for one command after another. Raises OSError where it does not answer in time, and
    ValueError for an answer that PJLink has not, or that says no."""

    def __init__(self, host: str, port: int, password: str) -> None:
        self._socket = socket.create_connection((host, port), TIMEOUT)
        try:
            self._digest = _digest(self._line(), password)
        except (OSError, ValueError):
            self._socket.close()
            raise

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def ask(self, command: str, parameter: str) -> str:
        """The answer to a command of four letters."""
        self._socket.sendall(f"{self._digest}%1{command} {parameter}\r".encode("ascii"))
        self._digest = ""
        head, _, answer = self._line().partition("=")
        if head.upper() == "PJLINK ERRA":
            raise ValueError("it takes another password")
        if head.upper() != f"%1{command}" or answer.upper().startswith("ERR"):
            raise ValueError(f"it answers {command} {parameter} with {answer or head!r}")
        return answer

    def _line(self) -> str:
        found = bytearray()
        while not found.endswith(b"\r"):
            more = self._socket.recv(1)
            if not more or len(found) >= LONGEST:
                raise ValueError("it does not speak PJLink" if more else "it hung up")
            found += more
        return found[:-1].decode("ascii", "replace")


def _digest(greeting: str, password: str) -> str:
    """What goes before the first command, by the projector's greeting. Raises ValueError where it wants a password."""
    words = greeting.upper().split()
    if words[:2] == ["PJLINK", "0"]:
        return ""
    if words[:2] != ["PJLINK", "1"] or len(words) != 3:
        raise ValueError("it does not speak PJLink")
    if not password:
        raise ValueError("it wants a password")
    return hashlib.md5((greeting.split()[2] + password).encode(), usedforsecurity=False).hexdigest()
