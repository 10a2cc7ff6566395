"""The show's commands, which are no controls: the next piece, a piece by name, hold, blackout,
freeze, release.

A command is handled alike whatever sent it. It has an address for OSC and for wires, and is described like a
control, so that surfaces and pages are written from one table.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from installation.core.controls import Control

NEXT, HOLD, PIECE = "/show/next", "/show/hold", "/show/piece"
BLACKOUT, FREEZE, RELEASE = "/stage/blackout", "/stage/freeze", "/desk/release"
WALK_NEXT, WALK_BACK, WALK_KICK = "/walk/next", "/walk/back", "/walk/kick"
ARM = "/show/arm"
CUE_GO, CUE_BACK, CUE_PANIC = "/cue/go", "/cue/back", "/cue/panic"
VOTE_LIKE, VOTE_PASS = "/vote/like", "/vote/pass"
VOTE_LEFT, VOTE_RIGHT = "/vote/left", "/vote/right"
VOTES = (VOTE_LIKE, VOTE_PASS, VOTE_LEFT, VOTE_RIGHT)
"""How visitors without a phone vote: for the picture that hangs, and for one of the first two candidates."""
TASTE_RESET = "/taste/reset"
CUE_SNAPSHOT = "/cue/snapshot"
"""Its ``text`` names the cue; without one a name is found."""
RESERVED = ("go", "back", "panic", "snapshot")
"""Names that no cue may have, as their addresses are those of commands."""
CUE_NAMES = f"a name of letters, digits, - and _, but not {', '.join(RESERVED)}"

DANGEROUS = (BLACKOUT, CUE_PANIC, TASTE_RESET)
"""Commands that visitors see at once, or that cannot be taken back: the console asks for them in two steps, and a show
may have them armed first."""


def is_cue_name(name: str) -> bool:
    """Whether a cue may be called so: see CUE_NAMES."""
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", name) is not None and name not in RESERVED


def cue_address(name: str) -> str:
    """The address that fires a cue."""
    return f"/cue/{name}"


def commands(pieces: Iterable[str], cues: Iterable[str] = (), arm: bool = False) -> dict[str, Control]:
    """The commands of a show whose pieces and cues have these names, by address: a pulse is asked for, a bool switches,
    a choice names a piece. ``arm``: the DANGEROUS ones are armed first."""
    listed = (
        Control(NEXT, "change to the next piece now", "pulse"),
        Control(HOLD, "stay on this piece", "bool"),
        Control(PIECE, "change to this piece now", "choice", choices=tuple(dict.fromkeys(pieces))),
        Control(BLACKOUT, "the wall goes dark", "bool"),
        Control(FREEZE, "the picture stands still, and stays", "bool"),
        Control(RELEASE, "the operator lets go of every knob", "pulse"),
        Control(WALK_NEXT, "the walk goes on to its next place", "pulse"),
        Control(WALK_BACK, "the walk goes back to the place before", "pulse"),
        Control(WALK_KICK, "the walk hurries on for a second", "pulse"),
        Control(VOTE_LIKE, "a visitor likes this picture", "pulse"),
        Control(VOTE_PASS, "a visitor does not like this picture", "pulse"),
        Control(VOTE_LEFT, "a visitor votes for the first candidate", "pulse"),
        Control(VOTE_RIGHT, "a visitor votes for the second candidate", "pulse"),
        Control(TASTE_RESET, "forget what visitors liked, for good", "pulse"),
        Control(CUE_SNAPSHOT, "keep the present as a cue; text names it", "pulse"),
    )
    fired = [Control(cue_address(name), f'fire the cue "{name}"', "pulse") for name in cues]
    if fired:
        fired = [
            Control(CUE_GO, "fire the next cue of the list", "pulse"),
            Control(CUE_BACK, "take the last go back", "pulse"),
            Control(CUE_PANIC, "stop every cue that runs or waits, and let go", "pulse"),
            *fired,
        ]
    armed = [Control(ARM, "allow blackout, panic and taste/reset for three seconds", "bool")] if arm else []
    return {command.address: command for command in (*listed, *armed, *fired)}


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it was sent. ``value`` is 1 for a pulse, 0 or 1 for a switch (None: the other way round), the
    index of a piece for PIECE. ``when`` is the loop's time (s), ``who`` the sender: ``osc 10.0.0.7``, ``keyboard``.
    ``text`` is what CUE_SNAPSHOT is to be called, as it was sent."""

    address: str
    value: float | None = 1.0
    when: float = 0.0
    who: str = ""
    text: str = ""


class Touch(NamedTuple):
    """A control that an operator moved: its new value (None: let go of), when (s) and by whom."""

    value: float | None
    when: float
    who: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What operators did since the last frame: the latest touch of every control, by address, and all commands in order
    of arrival."""

    touches: Mapping[str, Touch] = field(default_factory=lambda: MappingProxyType({}))
    commands: tuple[Command, ...] = ()


NOTHING = Asked()
