"""The surfaces' addresses: names are looked up by a thread of their own, again and again, as tablets and networks come
and go and a look-up may take seconds."""

import logging
import socket
import threading
from collections.abc import Callable, Sequence

from installation.core.osc_backlog import Endpoint
from installation.core.repeats import Repeats

log = logging.getLogger(__name__)

AGAIN = 10.0
"""Seconds between two look-ups."""


class Names:
    """Finds the endpoints of ``surfaces`` ("host:port") and calls ``tell`` with them, from a thread, whenever they are
    others than before. A name that is not known is left out, as a tablet may be off."""

    def __init__(
        self,
        surfaces: Sequence[str],
        tell: Callable[[list[Endpoint]], None],
        clock: Callable[[], float],
        again: float = AGAIN,
    ) -> None:
        self.surfaces, self._tell, self._clock, self._again = surfaces, tell, clock, again
        self._repeats = Repeats(600.0)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="osc-names", daemon=True)

    def start(self) -> None:
        """Begins, where there is any surface."""
        if self.surfaces:
            self._thread.start()

    def close(self) -> None:
        """Ends; it does not wait for a look-up."""
        self._closing.set()

    def _run(self) -> None:
        before: list[Endpoint] = []
        while not self._closing.is_set():
            endpoints = [endpoint for surface in self.surfaces if (endpoint := self._endpoint(surface)) is not None]
            if endpoints != before:
                self._tell(endpoints)
                before = endpoints
            self._closing.wait(self._again)

    def _endpoint(self, surface: str) -> Endpoint | None:
        host, _, port = surface.rpartition(":")
        try:
            return Endpoint(socket.gethostbyname(host) if ":" not in host else host.strip("[]"), int(port))
        except (OSError, UnicodeError) as error:  # unknown; or a name that no name server would take
            fault = f"OSC: {surface} is not told the values: no such address ({error}); it is looked up again"
            if line := self._repeats.line(fault, self._clock()):
                log.warning("%s", line)
            return None
