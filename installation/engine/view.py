"""What the stage is told to draw: all that decides a frame, decided before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from installation.core.contracts import Frame


@dataclass(frozen=True, slots=True)
class Picture:
    """One piece at one instant: ``mix`` 0 shows the ``earlier`` frame, 1 the ``later`` one. ``piece`` is its index.
    Without frames yet, the stage shows the piece's poster, or the wall alone."""

    piece: int
    earlier: Frame | None
    later: Frame | None
    mix: float


@dataclass(frozen=True, slots=True)
class Panel:
    """The vote panel: the page's address, drawn as a QR code; (title, votes) of candidates; seconds to the change."""

    url: str
    tally: tuple[tuple[str, int], ...]
    seconds_left: float | None


@dataclass(frozen=True, slots=True)
class View:
    """One frame of the wall: at ``progress`` 0 ``current`` is alone, at 1 ``coming``. Brightness, blackout are 0..1."""

    current: Picture
    coming: Picture | None = None
    transition: str = "dissolve"
    options: Mapping[str, bool | int | float | tuple[float, ...]] = field(default_factory=dict)
    progress: float = 0.0
    brightness: float = 1.0
    blackout: float = 0.0
    label: float = 1.0
    language: str = "en"
    panel: Panel | None = None
