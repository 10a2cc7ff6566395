"""What visitors without a phone say: by a device's keys, by gestures that are wired to the vote's commands, and by
where they stand. Pure: commands, signals and time in, names and numbers out.

A device cannot tell who presses it. So each has a number of voters, one unless the show says otherwise; a press is the
next one's, and when all have voted the oldest vote is replaced. Of those who stand, each of the places that a camera
tells is a voter.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from installation.core.commands import VOTE_LEFT, VOTE_LIKE, VOTE_PASS, VOTE_RIGHT, Command
from installation.core.controls import Values
from installation.core.decision import Playback

SIDES = {VOTE_LIKE: 1, VOTE_PASS: -1}
PLACES = {VOTE_LEFT: 0, VOTE_RIGHT: 1}
"""Which of the candidates, the longest unseen first."""

DEVICES = 64
"""Devices that count in one round."""

LEFT, RIGHT = 0.4, 0.6
"""Who stands further to the left or to the right than this, in shares of what the camera sees, is on that side."""

STANDS = 2.0
"""Seconds on one side after which one votes."""

STANDING = 3
"""Visitors whose places a camera tells."""


@dataclass(slots=True)
class Voices:
    """``step`` is one frame. ``sides`` has what was said of the picture that hangs (1 or -1 by voter), ``choices``
    which candidate (its index among the pieces); both of round ``round``, and empty in a new one. ``presses`` is how
    many voters a device has, ``stand`` the name of the camera by whose places visitors vote, empty without."""

    presses: int = 1
    stand: str = ""
    round: int = 0
    sides: dict[str, int] = field(default_factory=dict)
    choices: dict[str, int] = field(default_factory=dict)
    _pressed: dict[tuple[str, bool], int] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)
    _since: dict[int, tuple[int | None, float]] = field(default_factory=dict)

    def step(self, now: float, playback: Playback, commands: Iterable[Command], signals: Values) -> None:
        """Takes what was said in this frame. During a change nothing counts, as the picture is two."""
        if playback.round != self.round:
            self.round, self.sides, self.choices = playback.round, {}, {}
            self._pressed, self._names, self._since = {}, {}, {}
        if playback.coming is not None:
            return
        for command in commands:
            self._press(command, playback.candidates)
        if self.stand:
            self._look(now, playback.candidates, signals)

    def _press(self, command: Command, candidates: tuple[int, ...]) -> None:
        side, place = SIDES.get(command.address), PLACES.get(command.address, len(candidates))
        if side is None and place >= len(candidates):
            return
        voter = self._voter(command.who, likes=side is not None)
        if voter and side is not None:
            self.sides[voter] = side
        elif voter:
            self.choices[voter] = candidates[place]

    def _voter(self, device: str, likes: bool) -> str:
        """Whose press this is; empty where too many devices vote."""
        key = (device, likes)
        if key not in self._pressed and len(self._pressed) >= 2 * DEVICES:
            return ""
        number = self._pressed.get(key, 0)
        self._pressed[key] = (number + 1) % self.presses
        return f"{self._names.setdefault(device, _name(device, len(self._names)))} {number}"

    def _look(self, now: float, candidates: tuple[int, ...], signals: Values) -> None:
        """Who has stood on one side for STANDS votes; who leaves, or comes to the middle, has voted."""
        there = round(signals.get(f"{self.stand}.visitors", 0.0))
        for number in range(1, STANDING + 1):
            side = _side(signals.get(f"{self.stand}.visitor{number}_x", 0.5)) if number <= there else None
            before, since = self._since.get(number, (None, now))
            if side != before:
                before, since = side, now
            self._since[number] = before, since
            if side is not None and side < len(candidates) and now - since >= STANDS:
                self.choices[f"{self.stand} {number}"] = candidates[side]


def _name(device: str, number: int) -> str:
    """The kind of a device and its number in this round: what is kept of a vote has no network address in it."""
    return f"{device.partition(' ')[0][:16]}-{number}"


def _side(x: float) -> int | None:
    return 0 if x < LEFT else 1 if x > RIGHT else None
