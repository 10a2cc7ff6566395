"""``[visitors]`` of a show file: what the show does while nobody is there, and how those who are there share it."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo

from installation.core.durations import Seconds
from installation.core.errors import Refused
from installation.core.signals import Signal
from installation.showfile.parts import Table, reading_of
from installation.showfile.wires import signal_name

PRESENCE = ".presence"
"""How the signals end that tell presence, where the table names none."""


def _level(name: str, info: ValidationInfo) -> str:
    signal = reading_of(info).signals.get(signal_name(name, info))
    if signal is not None and signal.pulse:
        raise Refused("a signal that has a value", f'"{name}" is a pulse')
    return name


class Visitors(Table):
    """Without a signal that tells presence nothing of it is done."""

    presence: tuple[Annotated[str, AfterValidator(_level)], ...] = Field((), max_length=32)
    """The signals that tell that somebody is there, such as ["door.presence"]; without, each called presence."""
    attract: Seconds = Field(60.0, ge=1.0, le=86400.0)
    """How long nobody is there before the show invites."""
    speed: float = Field(0.5, ge=0.0, le=1.0)
    """The walk's speed meanwhile, as a share of what it would be."""
    wider: float = Field(1.2, ge=1.0, le=2.0)
    """How much further from the mean the walk goes meanwhile: generator/psi times this."""
    invite: bool = True
    """Whether the label invites meanwhile; the words are invite in [words.en]."""
    share: Literal["motion", "mean", "turns"] = "motion"
    """Whose place counts where several are there: what moves most, the middle of all, or one after another."""
    turn: Seconds = Field(8.0, ge=1.0, le=600.0)
    """How long each one's turn is."""
    half_life: Seconds = Field(300.0, ge=10.0, le=86400.0)
    """How long one who stays steers fully; after that the influence halves with each time as long again."""
    least: float = Field(0.25, ge=0.0, le=1.0)
    """What remains of the influence of one who stays."""

    mark: Literal["none", "ring"] = "none"
    """What tells on the wall that somebody is seen, and that a vote without a phone counts: a ring of light."""

    def present_by(self, signals: Mapping[str, Signal]) -> tuple[str, ...]:
        """The names of the signals that tell presence."""
        return self.presence or tuple(n for n, one in signals.items() if n.endswith(PRESENCE) and not one.pulse)
