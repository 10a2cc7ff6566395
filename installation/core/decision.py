"""All that decides one frame, as plain data: what hangs, what every control is and who has it, what is to be painted.

A Decision is the interface between deciding and drawing. It can be serialised and read back (``to_json``,
``from_json``), so a recording of Decisions replays a show, and outputs read the show's state from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from installation.core.controls import Values

Outgoing = Literal["play", "hold"]
"""What the piece that leaves does in a change."""

VERSION = 1
"""Of the JSON form; a recording of another version is refused."""


@dataclass(frozen=True, slots=True)
class Playback:
    """One instant of the playlist. Pieces are named by their index.

    ``progress`` is 0 without a ``coming`` piece, and goes from 0 to 1, eased, with one. ``round`` numbers the voting
    rounds from 1: each opens when a piece is fully on and closes when the change begins; ``candidates`` are all other
    pieces, the longest unseen first, and empty while no round is open. ``seconds_left`` to the change is 0 during it,
    and None where time alone will not bring one (on hold, a single piece). ``since`` is when ``piece`` was fully on.
    ``outgoing`` says what the piece that leaves does in the change under way. ``votes``: visitors choose among the
    candidates; else they are told of no round.
    """

    piece: int
    coming: int | None
    progress: float
    round: int
    candidates: tuple[int, ...]
    seconds_left: float | None
    hold: bool
    since: float
    outgoing: Outgoing
    votes: bool = True

    @property
    def lead(self) -> int:
        """The piece whose controls the hands move: the coming one from the start of a change."""
        return self.piece if self.coming is None else self.coming


@dataclass(frozen=True, slots=True)
class Lane:
    """One piece to paint: which, where its walk is (s), and the controls that it is painted with."""

    piece: int
    walk_time: float
    controls: Values


@dataclass(frozen=True, slots=True)
class Panel:
    """The vote panel: the page's address, drawn as a QR code; (title, votes) of candidates; seconds to the change."""

    url: str
    tally: tuple[tuple[str, int], ...]
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How visitors voted: where they vote, the round, and the votes by the piece's name. ``casts`` counts the votes
    that were cast or changed in all rounds so far."""

    url: str = ""
    round: int = -1
    votes: Mapping[str, int] = field(default_factory=dict)
    casts: int = 0

    def of(self, number: int) -> Mapping[str, int]:
        """The votes of that round; none where the tally is of another round."""
        return self.votes if self.round == number else {}


@dataclass(frozen=True, slots=True)
class Wishes:
    """The values wanted by the hands between operator and wire, by address: those of cues and of the visitors'
    votes. ``told`` says in words what the visitors want."""

    cue: Values = field(default_factory=dict)
    votes: Values = field(default_factory=dict)
    told: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lean:
    """Where the visitors' wishes for one control are: ``lean`` from -1 to 1, of so many ``visitors``."""

    lean: float
    visitors: int


@dataclass(frozen=True, slots=True)
class Wall:
    """One picture surface at one instant.

    ``controls`` are those of the piece that the hands are on (``lead``), ``hands`` who has each. ``lanes`` is what to
    paint, the lead first. ``title`` is that of the piece that hangs, in ``language``, which the label is set in.
    ``programme`` is that of the schedule, None while the exhibition is closed and the wall dark for it.
    ``outgoing`` are the controls of the piece that leaves, as they were when the change began; ``blackout`` and
    ``freeze`` are the operator's orders. ``attract`` is how much the show invites, as nobody is there, and
    ``portrait`` how much what hangs is the portrait of the day before (0..1). ``marks`` tell visitors that they are
    seen: (place from left to right, brightness) of each (0..1).
    """

    name: str
    title: str
    playback: Playback
    controls: Values
    hands: Mapping[str, str]
    lanes: tuple[Lane, ...]
    outgoing: Values = field(default_factory=dict)
    programme: str | None = None
    blackout: bool = False
    freeze: bool = False
    language: str = "en"
    panel: Panel | None = None
    attract: float = 0.0
    portrait: float = 0.0
    marks: tuple[tuple[float, float], ...] = ()

    @property
    def lead(self) -> int:
        """The piece whose controls the hands move: the coming one from the start of a change."""
        return self.playback.lead

    def controls_of(self, piece: int) -> Values:
        """The controls that a piece in the picture is shown with."""
        return self.controls if piece == self.lead else self.outgoing


@dataclass(frozen=True, slots=True)
class Decision:
    """One frame. ``time`` is the loop's (s), ``civil`` the date and time of day (ISO 8601). ``signals`` are the
    sensors' values, ``kept`` what the operator holds of controls that no hanging piece has, by address. ``touched`` is
    when the earliest of the operator's touches came in that the next picture answers (s)."""

    time: float
    civil: str
    walls: tuple[Wall, ...]
    signals: Values = field(default_factory=dict)
    kept: Values = field(default_factory=dict)
    touched: float | None = None
    version: int = VERSION

    @property
    def wall(self) -> Wall:
        """The first wall, which every show has."""
        return self.walls[0]

    def to_json(self) -> dict[str, Any]:
        """As dicts, lists, strings and numbers, for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Decision":
        """Raises ValueError for another version, and for what is no Decision."""
        if data.get("version") != VERSION:
            raise ValueError(f"found version {data.get('version')!r}, expected {VERSION}")
        try:
            return cls(**{**data, "walls": tuple(map(_wall, data["walls"]))})
        except (KeyError, TypeError) as error:
            raise ValueError(f"found no Decision ({error}), expected one as --record-decisions writes them") from error


def _wall(data: Mapping[str, Any]) -> Wall:
    playback = data["playback"]
    panel = data["panel"]
    return Wall(
        **{
            **data,
            "playback": Playback(**{**playback, "candidates": tuple(playback["candidates"])}),
            "lanes": tuple(Lane(**lane) for lane in data["lanes"]),
            "marks": tuple((float(x), float(strength)) for x, strength in data.get("marks", ())),
            "panel": None if panel is None else Panel(**{**panel, "tally": _pairs(panel["tally"])}),
        }
    )


def _pairs(rows: Sequence[Sequence[Any]]) -> tuple[tuple[str, int], ...]:
    return tuple((str(title), int(votes)) for title, votes in rows)
