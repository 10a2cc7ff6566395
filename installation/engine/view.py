"""What the stage draws in one frame, complete before anything is drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from installation.core.contracts import Frame
from installation.core.controls import Values
from installation.core.decision import Panel
from installation.core.words import PanelWords


@dataclass(frozen=True, slots=True)
class Surface:
    """The surface of a picture for its lighting: how far its paint stands up, its canvas, its cracks and its varnish
    (0..1), and where the lamp is (-1..1, to the right and upwards of the picture's middle)."""

    relief: float = 0.4
    weave: float = 0.35
    craquelure: float = 0.0
    varnish: float = 0.0
    lamp_x: float = -0.5
    lamp_y: float = 0.8

    @classmethod
    def of(cls, values: Values) -> "Surface":
        """As the stage's controls say, by their addresses."""
        return cls(*[values.get(address, default) for address, default in _CONTROLS])


SURFACE = tuple(field.name for field in fields(Surface))
_CONTROLS = tuple((f"/stage/{name.replace('_', '/')}", float(getattr(Surface(), name))) for name in SURFACE)


@dataclass(frozen=True, slots=True)
class Picture:
    """One piece at one instant: ``mix`` 0 shows the ``earlier`` frame, 1 the ``later`` one. ``piece`` is its index.
    Without frames yet, the stage shows the piece's poster, or the wall alone."""

    piece: int
    earlier: Frame | None
    later: Frame | None
    mix: float
    surface: Surface = Surface()


@dataclass(frozen=True, slots=True)
class View:
    """One frame of the wall: at ``progress`` 0 ``current`` is alone, at 1 ``coming``. Brightness, blackout are 0..1.
    ``shift`` is how far the cards lie from their places, to the right and down, in a 720th of the wall's height.
    ``invites``: the label ends with an invitation; ``portrait``: it says that this is the portrait of the day
    before. ``marks`` are (place from left to right, brightness) of what tells visitors that they are seen (0..1)."""

    current: Picture
    coming: Picture | None = None
    transition: str = "dissolve"
    options: Mapping[str, bool | int | float | tuple[float, ...]] = field(default_factory=dict)
    progress: float = 0.0
    brightness: float = 1.0
    blackout: float = 0.0
    label: float = 1.0
    shift: tuple[float, float] = (0.0, 0.0)
    invites: bool = False
    portrait: bool = False
    marks: tuple[tuple[float, float], ...] = ()
    language: str = "en"
    panel: Panel | None = None
    words: Mapping[str, PanelWords] = field(default_factory=dict)
