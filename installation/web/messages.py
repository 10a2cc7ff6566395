"""The messages between the app and the web process: one definition, which both ends read and write.

To the web process: ``Hello`` first, to every new process, and again when the show file was edited; ``Playback``
whenever it changes and once a second; ``Health`` once a second; ``Ballots`` and ``Liked`` when they change and once a
second where there are any; and bytes, the newest preview as a JPEG.
For the operators' console ``Desk`` and ``Agenda`` after every ``Ready`` and when they change, ``Moment`` five times a
second while a console is open, and ``Answer`` to what does not count. To the app:
``Ready`` or ``Error``, then ``Tally`` after every commit (at most ten times a second) and after every playback,
``Leanings``, ``Opinions``, ``Uncounted``, ``Watching`` and ``Consoles`` when those change, ``Moved`` for everything
that an operator does, and the heartbeat of every child (installation/core/pipe.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from installation.core.controls import Control
from installation.core.errors import FrameError
from installation.core.sight import Sight
from installation.core.signals import Signal
from installation.core.typed_messages import pack, unpack

__all__ = [
    "TO_APP",
    "TO_WEB",
    "VERSION",
    "Agenda",
    "Answer",
    "Ballots",
    "Consoles",
    "Cue",
    "Desk",
    "Due",
    "Edited",
    "Entrance",
    "Error",
    "Health",
    "Hello",
    "Leanings",
    "Liked",
    "Moment",
    "Moved",
    "Opinions",
    "Pair",
    "Piece",
    "Playback",
    "Ready",
    "SensorState",
    "Tally",
    "Text",
    "Uncounted",
    "Watching",
    "pack",
    "unpack",
]

VERSION = 6
"""The version of these messages: ``Hello`` and ``Ready`` carry it, and each end refuses another one."""

Text = Mapping[str, str]
"""Language tag -> words. The tag ``""`` is text without a known language."""


def check_version(version: int) -> None:
    """Raises FrameError for messages of another version."""
    if version != VERSION:
        raise FrameError(
            f"found messages of version {version}, expected {VERSION}: start the show anew after an update"
        )


# ---------------------------------------------------------------- to the web process


@dataclass(frozen=True, slots=True)
class Pair:
    """What visitors may ask of a picture while it hangs: ``less`` or ``more`` of the control at ``address``."""

    address: str
    less: Text = field(default_factory=dict)
    more: Text = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Piece:
    """What visitors are shown of a piece. ``poster`` is a picture of it, where there is one."""

    name: str
    title: Text = field(default_factory=dict)
    medium: Text = field(default_factory=dict)
    date: Text = field(default_factory=dict)
    text: Text = field(default_factory=dict)
    poster: Path | None = None
    pairs: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class Entrance:
    """Who may use the operators' console: anybody with the ``pin``, from this machine alone or from the ``network``.
    ``key`` (hexadecimal) signs the sessions. ``log`` is the show's log, whose end the console shows."""

    pin: str
    key: str
    log: Path
    network: bool = False


@dataclass(frozen=True, slots=True)
class Hello:
    """The show, and where to listen. Port 0 takes any, an empty ``url`` is worked out.

    ``state`` is the folder that keeps the votes, with ``live`` every visitor gets the live picture, ``words`` are the
    show's own words by language and key. ``run`` is empty, or names a run of the show: it takes up no round of another.
    ``console`` is None where the show has none. ``room_key`` (hexadecimal) makes the room codes; it is empty where
    votes need none. ``votes_per_address`` is how many new voters one network address may bring a minute.
    """

    bind: str
    port: int
    state: Path
    url: str = ""
    title: Text = field(default_factory=dict)
    languages: tuple[str, ...] = ("en",)
    pieces: tuple[Piece, ...] = ()
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    live: bool = False
    run: str = ""
    console: Entrance | None = None
    room_key: str = ""
    votes_per_address: int = 300
    version: int = VERSION

    def piece(self, name: str) -> Piece:
        """The piece of that name; for one without a description its name is its title."""
        told = next((piece for piece in self.pieces if piece.name == name), Piece(name))
        return told if told.title else replace(told, title={"": name})


@dataclass(frozen=True, slots=True)
class Playback:
    """What hangs. ``candidates`` are the names that may be voted for, none while no round is open; ``seconds_left`` is
    the time until the vote closes, None where time alone does not close it."""

    piece: str
    round: int
    coming: str | None = None
    candidates: tuple[str, ...] = ()
    seconds_left: float | None = None
    hold: bool = False

    def without_time(self) -> tuple[Any, ...]:
        return (self.piece, self.coming, self.round, self.candidates, self.hold)


@dataclass(frozen=True, slots=True)
class Health:
    """The app's state. ``frames`` (shown since the start) has to grow; ``reasons`` say why not all is
    well, ``notes`` what is missing while the show goes on. ``details`` are passed on to /healthz."""

    frames: int
    running: bool = True
    reasons: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ballots:
    """How visitors without a phone vote in round ``round`` of the show: the piece's name by voter, all of them."""

    round: int
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Liked:
    """Who likes what hangs in round ``round`` of the show: 1 or -1 by voter, with those who have no phone. ``likes``
    and ``passes`` are all that is remembered of the model that paints it, and ``walks`` says that a walk follows it."""

    round: int
    sides: Mapping[str, int] = field(default_factory=dict)
    likes: int = 0
    passes: int = 0
    walks: bool = False


# ---------------------------------------------------------------- to the operators' console


@dataclass(frozen=True, slots=True)
class Cue:
    """A stored state by its name: the seconds it waits and fades, where it takes controls, what follows on. ``kept``:
    it is in the cue file, and may be changed."""

    name: str
    wait: float
    fade: float
    targets: Mapping[str, float] = field(default_factory=dict)
    then: tuple[str, ...] = ()
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """All that an operator can move, ask for and see, as the show has it: ``controls`` and ``commands`` by their
    tables. Commands in ``armed`` are asked for in two steps, the first of them the command ``arm`` where the show has
    one; ``snapshot`` keeps the present as a cue. ``master`` is the control that dims the wall, ``sensors`` has the kind
    of each by its name."""

    controls: tuple[Control, ...] = ()
    commands: tuple[Control, ...] = ()
    armed: tuple[str, ...] = ()
    arm: str = ""
    snapshot: str = ""
    master: str = ""
    signals: tuple[Signal, ...] = ()
    sensors: Mapping[str, str] = field(default_factory=dict)
    cues: tuple[Cue, ...] = ()


@dataclass(frozen=True, slots=True)
class Due:
    """A line of the day: a programme from ``start`` to ``end`` (ISO 8601), or a ``cue`` at ``start``. ``programme`` is
    None where the wall is dark."""

    start: str
    end: str
    programme: str | None = None
    cue: str | None = None
    pieces: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of something that ``who`` did on a console: why it does not count, or that it is done."""

    who: str
    text: str


@dataclass(frozen=True, slots=True)
class Agenda:
    """The schedule of one day (ISO 8601)."""

    day: str
    entries: tuple[Due, ...] = ()


@dataclass(frozen=True, slots=True)
class SensorState:
    """How a sensor is: why it does not work (empty: it does), for how many seconds, and how often it was tried."""

    trouble: str = ""
    since: float = 0.0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """The show at one instant, which ``civil`` names (ISO 8601). ``progress`` is that of the change to ``coming``,
    ``expected`` the piece that comes after this one as the votes are;
    ``switches`` says how each switch stands; ``dark``: nothing is to be seen. ``hands`` has who moves each of
    ``values``; ``standby`` is the cue that comes, ``waiting`` the seconds that each fired one waits yet."""

    civil: str
    piece: str
    coming: str | None = None
    expected: str | None = None
    progress: float = 0.0
    seconds_left: float | None = None
    programme: str | None = None
    dark: bool = False
    switches: Mapping[str, bool] = field(default_factory=dict)
    values: Mapping[str, float] = field(default_factory=dict)
    hands: Mapping[str, str] = field(default_factory=dict)
    signals: Mapping[str, float] = field(default_factory=dict)
    sensors: Mapping[str, SensorState] = field(default_factory=dict)
    sights: Mapping[str, Sight] = field(default_factory=dict)
    standby: str | None = None
    waiting: Mapping[str, float] = field(default_factory=dict)


# ---------------------------------------------------------------- to the app


@dataclass(frozen=True, slots=True)
class Ready:
    """Visitors may come, to ``url``. ``near`` is true where only this machine reaches it."""

    port: int
    url: str
    near: bool
    version: int = VERSION


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of the open round, by the piece's name; while none is open, of the one that ended last. ``casts``
    counts the votes that were cast or changed in all rounds so far."""

    round: int
    votes: Mapping[str, int]
    casts: int = 0


@dataclass(frozen=True, slots=True)
class Leanings:
    """What visitors want of the picture that hangs in round ``round`` of the show, by the control's address: -1 (less)
    to 1 (more), and how many visitors count. Sent when it changes."""

    round: int
    leans: Mapping[str, float] = field(default_factory=dict)
    visitors: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opinions:
    """Which visitors with a phone like what hangs in round ``round`` of the show: 1, -1 or 0 (taken back) by voter, all
    that this web process was told. Sent when it changes."""

    round: int
    sides: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Uncounted:
    """Why votes cannot be kept now; empty where they can."""

    why: str


@dataclass(frozen=True, slots=True)
class Watching:
    """The number of viewers of the live picture."""

    viewers: int


@dataclass(frozen=True, slots=True)
class Consoles:
    """The number of consoles that are open."""

    open: int


@dataclass(frozen=True, slots=True)
class Moved:
    """An operator moved a control or asked for a command: its ``value``, or None to let go of the control. ``text`` is
    the name that a snapshot is to have."""

    address: str
    value: float | None
    who: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edited:
    """An operator changed a cue of the cue file: its ``fade`` (s; None where it stays), its place by so many
    ``steps``."""

    cue: str
    fade: float | None
    steps: int
    who: str


@dataclass(frozen=True, slots=True)
class Error:
    """Why the web process cannot open; it then ends with exit code 3."""

    message: str


TO_WEB = (Hello, Playback, Health, Ballots, Liked, Desk, Agenda, Moment, Answer)
TO_APP = (Ready, Tally, Leanings, Opinions, Uncounted, Watching, Consoles, Moved, Edited, Error)
