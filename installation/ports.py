"""The operators' ports of a running show: OSC, OSCQuery and MIDI. Those that cannot be opened are told, and missed."""

import logging
from collections.abc import Callable
from contextlib import ExitStack
from typing import TypeVar

from installation.core.contracts import Surfaces
from installation.core.errors import VernissageError
from installation.operator.fan_out import fan_out
from installation.operator.inbox import Inbox
from installation.operator.midi import open_midi
from installation.operator.server import OscServer
from installation.process.oscquery import OscQuery, knobs
from installation.showfile.load import Show
from installation.web.oscquery.messages import Hello

log = logging.getLogger(__name__)

P = TypeVar("P")


class Ports:
    """Opens those that the show asks for; ``open`` begins to answer, and its ``rooms`` close them. ``clock`` is the
    loop's (s)."""

    def __init__(self, show: Show, inbox: Inbox, clock: Callable[[], float]) -> None:
        self.show = show
        self._missed: dict[str, str] = {}
        self.osc = self._try("OSC", lambda: open_osc(show, inbox, clock))
        self.midi = self._try("MIDI", lambda: open_midi(show.midi, inbox, clock))
        self.query: OscQuery | None = None

    def _try(self, name: str, open_port: Callable[[], P | None]) -> P | None:
        try:
            return open_port()
        except VernissageError as error:
            self._missed[name] = str(error)
            log.warning("%s; the show goes on without %s", error, name)
            return None

    def open(self, rooms: ExitStack) -> None:
        if self.osc:
            rooms.callback(self.osc.close)
            self.query = open_oscquery(self.show, self.osc, rooms)
        if self.midi:
            rooms.callback(self.midi.close)

    def notes(self) -> dict[str, str]:
        """What does not work of them now, a sentence by name."""
        now = {"OSCQuery": self.query.trouble if self.query else "", "MIDI": self.midi.trouble if self.midi else ""}
        return {name: f"{name}: {why}" for name, why in {**now, **self._missed}.items() if why}

    @property
    def surfaces(self) -> Surfaces | None:
        """Whoever is told the show's state: OSC, MIDI, both, or none."""
        return fan_out(self.osc, self.midi)


def open_osc(show: Show, inbox: Inbox, clock: Callable[[], float]) -> OscServer | None:
    """The operator's OSC; None where the show has none. Raises VernissageError where it cannot be opened."""
    settings = show.operator
    if not settings.enabled:
        return None
    osc = OscServer(
        inbox,
        settings.bind,
        settings.port,
        allow=settings.allow,
        surfaces=settings.surfaces,
        tcp=settings.tcp,
        bundles=settings.bundles,
        clock=clock,
    )
    log.info("OSC is heard at %s:%d%s", settings.bind, osc.port, ", over TCP too" if settings.tcp else "")
    return osc


def open_oscquery(show: Show, osc: OscServer, rooms: ExitStack) -> OscQuery | None:
    """Tells programs over OSCQuery what there is to move, where the show asks for that; ``rooms`` ends it."""
    settings = show.operator
    if not settings.oscquery:
        return None
    title, table = show.title_in(show.languages[0]), knobs(show.controls(), show.commands())
    hello = Hello(title, settings.bind, settings.oscquery_port, osc.port, settings.allow, table)
    query = OscQuery(hello, osc.post)
    osc.news = query.tell
    osc.on_follow = lambda: query.change(knobs(osc.inbox.controls, osc.inbox.commands))
    rooms.callback(query.stop)
    query.start()
    return query
