"""What the show tells and nobody can move: what hangs, the time left, signals, votes, who has a control.

Surfaces show them as lamps, meters and labels. Each has an address, like a control.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from installation.core.decision import Decision, Wall
from installation.core.signals import Signal

NOW, LEFT, PROGRAMME = "/show/now", "/show/left", "/show/programme"
"""The title of what hangs, the time until the next change, and the schedule's programme."""

REFUSED = "/show/refused"
"""Why something that this surface sent does not count: told to it alone, and cleared after a while."""


@dataclass(frozen=True, slots=True)
class Readout:
    """``low`` and ``high`` are a number's range; a ``text`` has none."""

    address: str
    doc: str
    type: Literal["float", "int", "text"] = "text"
    low: float = 0.0
    high: float = 1.0


def lamp(index: int) -> str:
    """1 where the piece of this index hangs or comes, 0 where it does not."""
    return f"/hangs/{index}"


def votes(index: int) -> str:
    """How many votes the piece of this index has in the round that is open."""
    return f"/votes/{index}"


def share(index: int) -> str:
    """Which part of all votes of the round that is, 0..1."""
    return f"/votes/{index}/share"


def signal_address(name: str) -> str:
    """Where ``door.motion`` is told: ``/signal/door/motion``."""
    return f"/signal/{name.replace('.', '/')}"


def hand_address(control: str) -> str:
    """Who has a control: ``/hand/walk/speed`` for ``/walk/speed``."""
    return f"/hand{control}"


def readouts(pieces: Iterable[str], signals: Iterable[Signal], controls: Iterable[str]) -> dict[str, Readout]:
    """All that a show with these pieces, signals and controls (addresses) tells, by address."""
    listed = [
        Readout(NOW, "the title of what hangs"),
        Readout(LEFT, "minutes and seconds to the next change"),
        Readout(PROGRAMME, "the programme of the schedule; closed where there is none"),
    ]
    for index, name in enumerate(pieces):
        listed += _of_piece(index, name)
    listed += [
        Readout(signal_address(one.name), one.doc, "float", one.low, one.high) for one in signals if not one.pulse
    ]
    listed += [Readout(hand_address(address), f"who has {address}") for address in controls]
    return {one.address: one for one in listed}


def _of_piece(index: int, name: str) -> Iterator[Readout]:
    yield Readout(lamp(index), f'1 where "{name}" hangs or comes', "int")
    yield Readout(votes(index), f'votes for "{name}" in this round', "int", 0, 1_000_000)
    yield Readout(share(index), f'the part of this round\'s votes that "{name}" has', "float")


def numbers(decision: Decision, pieces: int) -> dict[str, float]:
    """The readouts that are numbers, for a show of so many pieces; signals to three digits, as noise is no news."""
    wall = decision.wall
    told = {lamp(index): float(index == wall.lead) for index in range(pieces)}
    told.update(_votes(wall, pieces))
    told.update((signal_address(name), float(f"{value:.3g}")) for name, value in decision.signals.items())
    return told


def _votes(wall: Wall, pieces: int) -> Iterator[tuple[str, float]]:
    tally = wall.panel.tally if wall.panel else ()
    counted = dict(zip(wall.playback.candidates, (count for _, count in tally), strict=False))
    every = sum(counted.values())
    for index in range(pieces):
        yield votes(index), float(counted.get(index, 0))
        yield share(index), round(counted.get(index, 0) / every, 3) if every else 0.0


def texts(decision: Decision) -> dict[str, str]:
    """The readouts that are texts."""
    wall = decision.wall
    left = wall.playback.seconds_left
    clock = "" if left is None else f"{int(left) // 60}:{int(left) % 60:02d}"
    hands = {hand_address(address): hand for address, hand in wall.hands.items()}
    return {NOW: wall.title, LEFT: clock, PROGRAMME: wall.programme or "closed", **hands}
