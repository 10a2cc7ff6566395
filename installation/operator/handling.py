"""What each OSC message of an operator does: it moves a control, asks for something, or is refused with its reason."""

import logging
import time
from collections.abc import Callable

from installation.core.clean_text import clean
from installation.core.commands import CUE_SNAPSHOT, Command
from installation.core.controls import Control, pairs
from installation.core.errors import ControlError, did_you_mean
from installation.core.osc_backlog import Endpoint
from installation.core.osc_packets import Argument, Message, ahead
from installation.core.osc_socket import Complaints
from installation.core.readouts import REFUSED
from installation.operator.feedback import Feedback
from installation.operator.inbox import Inbox
from installation.operator.later import FARTHEST, KEPT, Later
from installation.operator.reading import flattened, left_over, read, read_pair
from installation.operator.refusals import Refusals

log = logging.getLogger(__name__)

PING, PONG = "/ping", "/pong"
"""A surface's way to keep its connection open, and to hear that somebody is there."""

SYNC = "/sync"
"""A surface's way to be sent everything again."""

NOTICED = 1.0
"""Seconds ahead from which a time tag is told in the log: it may be a clock that is wrong."""

TEXT = 500
"""Characters of a text in the log and to surfaces, at most."""


class Handling:
    """Handles messages in one thread. ``reply`` sends an answer back to a sender; ``clock`` is the loop's (s)."""

    def __init__(
        self,
        inbox: Inbox,
        feedback: Feedback,
        complaints: Complaints,
        reply: Callable[[str, Endpoint], None],
        clock: Callable[[], float],
        posix: Callable[[], float] = time.time,
    ) -> None:
        self.inbox, self.feedback, self.complaints = inbox, feedback, complaints
        self.reply, self._posix = reply, posix
        self.follow()
        self.later, self.refusals = Later(), Refusals(feedback, clock)
        self.refused = 0

    def follow(self) -> None:
        """Takes up what the inbox describes by now."""
        self.pairs = pairs(self.inbox.controls)
        self._pair_of = {control.address: address for address, pair in self.pairs.items() for control in pair}

    def receive(self, message: Message, source: Endpoint, now: float) -> None:
        """Handles a message at once, or at the time that its bundle says. ``now`` is the loop's time (s)."""
        seconds = ahead(message.tag, self._posix())
        if seconds <= 0.0:
            self.act(message, source, now)
        elif seconds > FARTHEST:
            why = f"its time tag is {_spoken(seconds)} ahead, more than {FARTHEST:g} s; is {source.host}'s clock right?"
            self._refuse(f"late {source.host}", source, f"{message.address}: {why}")
        elif not self.later.add(now + seconds, message, source):
            full = f"{message.address}: {KEPT} messages wait for their time already"
            self._refuse(f"full {source.host}", source, full)
        elif seconds > NOTICED and self.complaints.due(f"ahead {source.host}"):
            log.info("OSC: %s from %s counts in %.1f s, as its time tag says", message.address, source.host, seconds)

    def due(self, now: float) -> None:
        """Handles the messages whose time has come."""
        for message, source in self.later.take(now):
            self.act(message, source, now)

    def act(self, message: Message, source: Endpoint, now: float) -> None:
        """Handles a message at once."""
        address = message.address
        control = self.inbox.find(address)
        try:
            if address == CUE_SNAPSHOT and message.args and isinstance(message.args[0], str):
                refusal = self.inbox.ask(Command(address, 1.0, now, f"osc {source.host}", message.args[0][:TEXT]))
                if refusal:
                    self._refuse(f"rules {address}", source, refusal)
            elif control is not None:
                self._move(control, message, source, now)
            elif address in self.pairs:
                self._move_pair(message, source, now)
            else:
                self._answer(message, source, now)
        except ControlError as error:
            self._refuse(address, source, str(error))

    def _move(self, control: Control, message: Message, source: Endpoint, now: float) -> None:
        value = read(control, message.args)
        self._tell_left_over(message, 1, source)
        address, host = control.address, source.host
        if control.type == "float" and self.feedback.is_echo(host, address, value, now):
            return
        if control.type != "pulse":
            self._touched(host, address, now)
        refusal = self.inbox.put(address, value, now, f"osc {host}")
        if refusal:
            self._refuse(f"rules {address}", source, refusal)

    def _move_pair(self, message: Message, source: Endpoint, now: float) -> None:
        address, host = message.address, source.host
        pair = self.pairs[address]
        values = read_pair(address, pair, message.args)
        self._tell_left_over(message, 2, source)
        if self.feedback.is_echo(host, address, values, now):
            return
        for control, value in zip(pair, values, strict=True):
            self._touched(host, control.address, now)
            self.inbox.put(control.address, value, now, f"osc {host}")

    def _touched(self, host: str, address: str, now: float) -> None:
        """A finger on a control is on the pair that it belongs to as well."""
        self.feedback.touched(host, address, now)
        if address in self._pair_of:
            self.feedback.touched(host, self._pair_of[address], now)

    def _answer(self, message: Message, source: Endpoint, now: float) -> None:
        address = message.address
        if address == PING:
            self.reply(PONG, source)
        elif address == SYNC:
            self.feedback.sync(source)
        elif address in (REFUSED, PONG) or address in self.feedback.said.said:
            self._take_back(message, source, now)
        else:
            self._refuse(f"unknown {address}", source, lambda: self._nearest(address))

    def _take_back(self, message: Message, source: Endpoint, now: float) -> None:
        """What the show itself says: no refusal is refused in turn, or two shows would tell each other for ever."""
        address, (first, *_) = message.address, message.args or (None,)
        if address in (REFUSED, PONG):
            if self.complaints.due(f"back {source.host}"):
                log.info("OSC: %s comes back from %s, and is not answered", address, source.host)
        elif not self._is_back(address, first, source, now):
            self._refuse(f"said {address}", source, f"{address} is what the show says; nothing moves it")

    def _is_back(self, address: str, value: Argument, source: Endpoint, now: float) -> bool:
        """Whether a surface that mirrors every message gives back what it was sent."""
        return isinstance(value, int | float | str) and self.feedback.is_echo(source.host, address, value, now)

    def _nearest(self, address: str) -> str:
        hint = did_you_mean(address, (*self.inbox.controls, *self.inbox.commands, *self.pairs))
        return f"this show has no {address}" + (f"; {hint}" if hint else "")

    def _tell_left_over(self, message: Message, taken: int, source: Endpoint) -> None:
        extra = left_over(message.args, taken)
        if extra and self.complaints.due(f"arguments {message.address}"):
            count = len(flattened(message.args))
            found = f"{count} arguments, of which {'the first counts' if taken == 1 else 'the first two count'}"
            log.info("OSC: %s from %s: found %s", message.address, source.host, found)

    def _refuse(self, subject: str, source: Endpoint, why: str | Callable[[], str]) -> None:
        """Counts; tells the sender at once, and the log once a minute for each ``subject`` and reason. A ``why`` to be
        called is called only then, as a nearest-name search takes a millisecond."""
        self.refused += 1
        receivers = self.refusals.due(source, why if isinstance(why, str) else subject)
        logged = self.complaints.due(subject, why if isinstance(why, str) else "")
        if receivers or logged:
            text = clean(why if isinstance(why, str) else why(), TEXT)
            self.feedback.notes.add(receivers, text)
            if logged:
                log.warning("OSC: %s", text)


def _spoken(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 1e4 else f"{seconds / 86400:.1f} days" if seconds < 1e8 else "years"
