"""The operators' ports of a running show: OSC, OSCQuery and MIDI. Those that cannot be opened are told, and missed."""

import logging
from collections.abc import Callable
from contextlib import ExitStack

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


class Ports:
    """Opens those that the show asks for; ``open`` begins to answer, and its ``rooms`` close them. ``clock`` is the
    loop's (s)."""

    def __init__(self, show: Show, inbox: Inbox, clock: Callable[[], float]) -> None:
        self.show = show
        self.osc = open_osc(show, inbox, clock)
        self.midi = open_midi(show.midi, inbox, clock)

    def open(self, rooms: ExitStack) -> None:
        if self.osc:
            rooms.callback(self.osc.close)
            open_oscquery(self.show, self.osc, rooms)
        if self.midi:
            rooms.callback(self.midi.close)

    @property
    def surfaces(self) -> Surfaces | None:
        """Whoever is told the show's state: OSC, MIDI, both, or none."""
        return fan_out(self.osc, self.midi)


def open_osc(show: Show, inbox: Inbox, clock: Callable[[], float]) -> OscServer | None:
    """The operator's OSC; None where the show has none, or where it cannot be opened."""
    settings = show.operator
    if not settings.enabled:
        return None
    try:
        osc = OscServer(
            inbox,
            settings.bind,
            settings.port,
            allow=settings.allow,
            surfaces=settings.surfaces,
            tcp=settings.tcp,
            clock=clock,
        )
    except VernissageError as error:
        log.warning("%s; the show goes on without OSC", error)
        return None
    log.info("OSC is heard at %s:%d%s", settings.bind, osc.port, ", over TCP too" if settings.tcp else "")
    return osc


def open_oscquery(show: Show, osc: OscServer, rooms: ExitStack) -> None:
    """Tells programs over OSCQuery what there is to move, where the show asks for that; ``rooms`` ends it."""
    settings = show.operator
    if settings.oscquery:
        title, table = show.title_in(show.languages[0]), knobs(show.controls(), show.commands())
        hello = Hello(title, settings.bind, settings.oscquery_port, osc.port, settings.allow, table)
        query = OscQuery(hello, osc.post)
        osc.news = query.tell
        osc.on_follow = lambda: query.change(knobs(osc.inbox.controls, osc.inbox.commands))
        rooms.callback(query.stop)
        query.start()
