"""The rows of a day's record: what is written while the show runs, and all that the day's page is made from.

``at`` is POSIX time (s). A row is a JSON object on one line, ``{"minute": {"at": ..., ...}}``; see
core/typed_messages.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

VERSION = 1


@dataclass(frozen=True, slots=True)
class Head:
    """The first row of a day, and of every process that records: the show. ``pieces`` are titles by name, ``zone`` is
    the name of the time zone that days are counted in, empty for the machine's. ``energy`` says what of the machine's
    energy is not told, and why. ``version`` is that of the rows."""

    at: float
    show: str
    host: str
    zone: str
    pieces: Mapping[str, str]
    target_fps: float
    sensing: bool
    voting: bool
    energy: str = ""
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Started:
    """The show's process began. ``restarts`` counts those since its supervisor did, ``why`` is the last one's cause;
    ``away`` is how long nothing had run (s), None where that is not known."""

    at: float
    restarts: int = 0
    why: str = ""
    safe: bool = False
    away: float | None = None


@dataclass(frozen=True, slots=True)
class Stopped:
    """The show left in order."""

    at: float


@dataclass(frozen=True, slots=True)
class Hung:
    """From now on ``piece`` hangs, in ``programme``. Without a piece the wall is dark: as the exhibition is closed
    where there is no programme either, else by the operator's order."""

    at: float
    piece: str | None
    programme: str | None
    open: bool


@dataclass(frozen=True, slots=True)
class Minute:
    """What was counted from ``at`` on for ``seconds``: frames shown, those of them that were late, and pictures
    painted. For ``sensed`` seconds a sensor could tell whether somebody was there, and for ``present`` somebody was;
    ``came`` counts how often that began. ``memory`` is the show's, in MiB; energy is the machine's, in joules, None
    where it is not told."""

    at: float
    seconds: float
    frames: int
    late: int
    painted: int
    memory: float
    sensed: float = 0.0
    present: float = 0.0
    came: int = 0
    processor: float | None = None
    graphics: float | None = None


@dataclass(frozen=True, slots=True)
class Round:
    """A voting round with votes ended: ``votes`` by the piece's name, and the piece that came then."""

    at: float
    votes: Mapping[str, int] = field(default_factory=dict)
    won: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the log that warns or tells an error."""

    at: float
    level: str
    text: str


Row = Head | Started | Stopped | Hung | Minute | Round | Fault
ROWS = (Head, Started, Stopped, Hung, Minute, Round, Fault)
