"""MIDI 1.0 channel messages as knobs: notes, control changes of 7 and 14 bits, NRPNs and the pitch wheel. Pure.

Follows the MIDI 1.0 Detailed Specification (MIDI Association, 1996): controllers 0 to 31 are the high seven bits of
those 32 above them, an NRPN is chosen by controllers 99 and 98 and set by 6 and 38.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

Kind = Literal["note", "cc", "cc14", "nrpn", "pitch"]

FINE = 32
"""From the controller with the high seven bits to the one with the low ones."""

NRPN_HIGH, NRPN_LOW, DATA_HIGH, DATA_LOW = 99, 98, 6, 38
NOTE_OFF, NOTE_ON, CONTROL, PITCH = 0x80, 0x90, 0xB0, 0xE0
FULL, FULL14 = 127, 16383


class Source(NamedTuple):
    """A key or a knob of a device. ``channel`` counts from 1; ``number`` is 0 for the pitch wheel."""

    kind: Kind
    channel: int
    number: int = 0


class Moved(NamedTuple):
    """Where a source is now, 0..1. A key that is let go is at 0, one that is hit at its velocity."""

    source: Source
    value: float


class Decoder:
    """Puts together what takes several messages. ``known`` are the sources that are of interest: only for those are a
    controller of 14 bits and one of 7 told apart. Without any, all of 7 bits, NRPNs, notes and the wheel are told."""

    def __init__(self, known: Iterable[Source] = ()) -> None:
        self._known = set(known)
        self._high: dict[Source, int] = {}
        self._fine: set[Source] = set()
        self._chosen: dict[int, list[int]] = {}

    def feed(self, message: Sequence[int]) -> list[Moved]:
        """What a message (its bytes) says; nothing where it is of another kind, or not whole."""
        if len(message) != 3 or not all(0 <= byte <= FULL for byte in message[1:]):
            return []
        kind, channel = message[0] & 0xF0, (message[0] & 0x0F) + 1
        first, second = message[1], message[2]
        if kind in (NOTE_ON, NOTE_OFF):
            return self._told(Source("note", channel, first), second / FULL if kind == NOTE_ON else 0.0)
        if kind == PITCH:
            return self._told(Source("pitch", channel), (second << 7 | first) / FULL14)
        return self._control(channel, first, second) if kind == CONTROL else []

    def _told(self, source: Source, value: float) -> list[Moved]:
        return [Moved(source, value)] if not self._known or source in self._known else []

    def _control(self, channel: int, number: int, value: int) -> list[Moved]:
        if number in (NRPN_HIGH, NRPN_LOW):
            self._chosen.setdefault(channel, [0, 0])[number == NRPN_LOW] = value
            return []
        chosen = self._chosen.get(channel)
        if chosen and number in (DATA_HIGH, DATA_LOW):
            source = Source("nrpn", channel, chosen[0] << 7 | chosen[1])
            return self._part(source, value, fine=number == DATA_LOW)
        for base, fine in ((number, False), (number - FINE, True)):
            if (source := Source("cc14", channel, base)) in self._known:
                return self._part(source, value, fine)
        return self._told(Source("cc", channel, number), value / FULL)

    def _part(self, source: Source, value: int, fine: bool) -> list[Moved]:
        """The high or the low seven bits. A source that sends low ones is told when those have come."""
        if fine:
            self._fine.add(source)
            return self._told(source, (self._high.get(source, 0) << 7 | value) / FULL14)
        self._high[source] = value
        return [] if source in self._fine else self._told(source, value / FULL)


ENOUGH = 8
"""So many movements tell a knob from its neighbour."""


def recognised(moves: Sequence[Moved]) -> Source | None:
    """Which key or knob an operator means, of what came from a device without known sources; None: not clear yet.

    A key that was hit is one; else the knob that moved most. One that moves with the one 32 above it has 14 bits.
    """
    keys = [move.source for move in moves if move.source.kind == "note" and move.value > 0.0]
    if keys:
        return keys[0]
    counts = Counter(move.source for move in moves if move.source.kind != "note")
    if not counts or counts.most_common(1)[0][1] < ENOUGH:
        return None
    source = counts.most_common(1)[0][0]
    if source.kind != "cc":
        return source
    base = source.number % FINE if source.number < 2 * FINE else source.number
    pair = [source._replace(number=number) for number in (base, base + FINE)]
    both = source.number < 2 * FINE and all(counts[one] >= ENOUGH // 2 for one in pair)
    return Source("cc14", source.channel, base) if both else source


def encode(source: Source, value: float) -> list[list[int]]:
    """The messages (their bytes) that bring a source's motor or lamp to ``value``, 0..1."""
    channel, number = source.channel - 1, source.number
    whole = round(min(max(value, 0.0), 1.0) * FULL14)
    high, low = whole >> 7, whole & FULL
    match source.kind:
        case "note":
            return [[NOTE_ON | channel, number, round(value * FULL)]]
        case "cc":
            return [[CONTROL | channel, number, round(value * FULL)]]
        case "cc14":
            return [[CONTROL | channel, number, high], [CONTROL | channel, number + FINE, low]]
        case "pitch":
            return [[PITCH | channel, low, high]]
    parts = ((NRPN_HIGH, number >> 7), (NRPN_LOW, number & FULL), (DATA_HIGH, high), (DATA_LOW, low))
    return [[CONTROL | channel, controller, part] for controller, part in parts]
