"""The alerts process beside the supervisor: it is told of trouble, and tells why messages are not sent."""

import logging
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from installation.alerts.messages import Standing, Unsent
from installation.core.pipe import Message
from installation.core.repeats import Repeats
from installation.core.typed_messages import pack, unpack
from installation.process.child import Child

log = logging.getLogger(__name__)

INTERVAL = 1.0
"""Seconds after which it is told again, though nothing changed."""

SILENCE = 10.0
"""Seconds without a heartbeat after which it is started anew."""

START = 20.0
"""Seconds that it waits for the first picture, so that it does not delay that one."""

MOST, LONGEST = 32, 500
"""Subjects that are passed on, and the characters of each."""


class AlertsProcess:
    """The alerts of the show at ``path``, which keeps its state in ``folder``. ``unsent`` says why messages are not
    sent."""

    def __init__(self, path: Path, folder: Path) -> None:
        cache = folder.absolute() / "cache"
        command = [sys.executable, "-m", "installation.alerts", str(path.absolute()), str(cache)]
        self.child = Child("alerts", command, self._heard, silence=SILENCE)
        self.unsent: tuple[str, ...] = ()
        self._begins = time.monotonic() + START
        self._started = False
        self._said: tuple[Mapping[str, str], Mapping[str, str]] | None = None
        self._next = 0.0
        self._repeats = Repeats()

    def tell(self, reasons: Mapping[str, str], notes: Mapping[str, str], picture: bool = True) -> None:
        """All the trouble that there is, by subject; ``picture``: there is one on the wall. Never waits."""
        now = time.monotonic()
        if not self._started:
            if not picture and now < self._begins:
                return
            self._started = True
            self.child.start()
        if now >= self._next or (reasons, notes) != self._said:
            self._said, self._next = (reasons, notes), now + INTERVAL
            self.child.send(pack(Standing(_bounded(reasons), _bounded(notes))))

    def stop(self) -> None:
        """Sends what waits, for some seconds."""
        self.child.stop(5.0)

    def _heard(self, message: Message) -> None:
        """Called by the child's reading thread: one assignment."""
        unsent: Unsent = unpack(message if isinstance(message, dict) else {}, (Unsent,))
        for why in unsent.why:
            if why not in self.unsent and (line := self._repeats.line(why, time.monotonic())):
                log.warning("%s", line)
        self.unsent = unsent.why


def _bounded(troubles: Mapping[str, str]) -> dict[str, str]:
    return {subject[:LONGEST]: text[:LONGEST] for subject, text in list(troubles.items())[:MOST]}
