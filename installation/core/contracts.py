"""The interfaces of a generator, a walk, a sensor and an output. To add a part, write one file into its folder.

A part is a module with one class ``Config``: its options, as pydantic fields with ranges. Options live there, so that a
show can be checked and listed without opening a camera, a sound card or a network.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from collections.abc import Generator as Steps
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from installation.core.controls import Control, Values
from installation.core.decision import Decision, Tally
from installation.core.disk_cache import DiskCache
from installation.core.sight import Sight
from installation.core.signals import Signal

Latent = NDArray[np.float32]
"""(latent_dim,) on the CPU: seedable, testable, the same on every device."""

Pixels = NDArray[np.uint8]
"""(height, width, 3), sRGB."""

Light = NDArray[np.float32]
"""(2, cells) the relative luminance of the cells of a picture, and how red they are, 0..1 (see engine/flashes.py)."""

Measuring = Steps[None, None, NDArray[np.float64]]
"""Work that is done a picture at a time: each ``next`` paints one, and what it returns in the end is a pace (n,)."""

Emit = Callable[[str, float], None]
"""emit("motion", 0.4): a sensor sends a signal, by its bare name."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A painted picture, the show time (seconds) that it was painted for, and its light, where that is known."""

    pixels: Pixels
    time: float
    light: Light | None = None


@dataclass(frozen=True, slots=True)
class Space:
    """A latent space for walks: principal directions and the visible change along each.

    ``basis`` (k, latent_dim) orthonormal rows, ``std`` (k,) spread along each, ``gain`` (k,) mean absolute pixel change
    (0..255) of one ``std`` step along each, ``mean`` (latent_dim,). ``digest`` names the model, for caches.

    A curator's choice: ``favourites`` (n, latent_dim), called ``names``, and the centres ``blocked`` (m, latent_dim)
    and ``radii`` (m,) of balls that no walk enters (distances are between latents as they are, Euclidean).

    ``paces`` are those of walks that were measured when the model was made, by a walk's ``pace_name`` (see Paced).
    """

    mean: Latent
    basis: NDArray[np.float32]
    std: NDArray[np.float32]
    gain: NDArray[np.float32]
    digest: str
    favourites: NDArray[np.float32] | None = None
    names: tuple[str, ...] = ()
    blocked: NDArray[np.float32] | None = None
    radii: NDArray[np.float32] | None = None
    paces: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)


class PartConfig(BaseModel):
    """A part's options: frozen, typed, ranged; unknown ones are errors. They are read as JSON would be: a field whose
    validator makes another type, a Path say, is checked with a PlainValidator (see installation/core/paths.py)."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, defer_build=True)
    renamed: ClassVar[Mapping[str, str]] = {}
    """Names that options had once, and their present ones: using an old name gives a message."""
    kind: str


class Generator(ABC):
    """Turns a latent into a picture. One thread at a time calls it: while it is opened, the one that opens; then the
    painter's. What several pieces share, such as a network, must be safe for two threads."""

    space: Space
    device: str = "cpu"

    @abstractmethod
    def latent(self, seed: int) -> Latent:
        """The latent of a seed, the same on every machine."""

    @abstractmethod
    def paint(self, latent: Latent, controls: Values) -> Pixels:
        """The picture at ``latent``; always of the same size. The array may be reused four paints later."""


class GeneratorConfig(PartConfig, ABC):
    def controls(self) -> tuple[Control, ...]:
        """Its knobs, under ``/generator/``; a knob's default is the option of that name."""
        return ()

    def favourites(self) -> tuple[str, ...]:
        """The names of its space's favourites, which are known before it is opened."""
        return ()

    def resident(self) -> Mapping[str, int]:
        """What it keeps in memory while it is open, in bytes by name; what pieces have of one name they share."""
        return {}

    def verify(self) -> None:
        """Reads completely what ``open`` would load. Raises ModelError where it could not paint."""

    @abstractmethod
    def open(self, device: str) -> Generator:
        """Loads it on ``cpu``, ``cuda`` or ``mps``. Raises ModelError or MissingDependency."""


ASKED_STEPS = "/walk/steps"
"""What a walk finds among its controls where its next place was asked for: how many steps on it shall be, between two
while it goes. Nobody sets it; without it none was asked for."""


TASTE_AXES = 8
"""The first principal directions of a model along which it is learned what visitors like."""
TASTE = "/walk/taste"
"""How much of that counts for a walk that follows it (0..1)."""
TASTE_MEAN = tuple(f"/walk/taste/mean/{axis}" for axis in range(TASTE_AXES))
TASTE_STD = tuple(f"/walk/taste/std/{axis}" for axis in range(TASTE_AXES))
"""What such a walk finds among its controls: along each axis how much more a place is liked for each standard deviation
(log-odds), and how unsure that is. Nobody sets them; without them nobody has said anything."""
TASTE_PORTRAIT = "/walk/taste/portrait"
TASTE_PLACE = tuple(f"/walk/taste/portrait/{axis}" for axis in range(TASTE_AXES))
"""How much it stands at the portrait of the day (0..1), and the place of that (standard deviations along the axes)."""


class Walk(ABC):
    @abstractmethod
    def at(self, t: float, controls: Values) -> Latent:
        """Where the walk is after ``t`` seconds at speed 1, for any ``t``: a function of its arguments, and of what was
        looked at ahead. Must not paint, as a hand may be waiting for the picture there."""

    def look_ahead(self) -> None:  # noqa: B027 most walks have nothing to look at
        """Work that can wait, of one painted picture at most. The painter's thread calls it after a picture where no
        hand moves and none waits."""


class WalkConfig(PartConfig, ABC):
    speed: ClassVar = Control("/walk/speed", "how fast the picture changes", "float", 0.0, 4.0, 1.0, "x")
    follows_taste: ClassVar[bool] = False
    """Whether it finds TASTE_MEAN and TASTE_STD among its controls; it then has the control TASTE."""

    def controls(self) -> tuple[Control, ...]:
        """Its knobs, under ``/walk/``."""
        return (self.speed,)

    def check(self, generator: GeneratorConfig) -> None:
        """Raises PartError where it is clear before either is opened that it cannot walk there."""

    @abstractmethod
    def open(self, generator: Generator, seed: int) -> Walk:
        """``seed`` is the show's. Must not paint, as every piece waits for it (see Paced)."""


class Sensor(ABC):
    @abstractmethod
    def run(self, emit: Emit, stop: threading.Event) -> None:
        """Sends signals until ``stop`` is set. An exception is logged, and the sensor is opened again later."""


class SensorConfig(PartConfig, ABC):
    apart: ClassVar[bool] = False
    """True: runs in a process of its own, as its driver may block or crash."""
    uses: ClassVar[tuple[str, ...]] = ()
    """Modules that ``open`` imports: its process has imported them before it is needed."""
    name: str = Field(description='a name, such as name = "door"')

    @abstractmethod
    def signals(self) -> tuple[Signal, ...]:
        """The signals that it sends, by bare names; in the show they are ``name.signal``."""

    @classmethod
    def devices(cls) -> tuple[str, ...] | None:
        """Lines for a person: the devices found for it, and their modes; None where it opens no device.
        Raises DeviceError or MissingDependency."""
        return None

    @abstractmethod
    def open(self) -> Sensor:
        """Raises DeviceError or MissingDependency when it cannot work here."""


Wanted = Literal["nothing", "decision", "small", "screen"]
"""What an output takes of a frame: nothing, the decision alone, or also the wall's picture, small or at full size."""


class Viewers(Protocol):
    """Those who watch the live preview: how many, and how a JPEG is sent to them."""

    @property
    def watching(self) -> int: ...
    def send_preview(self, jpeg: bytes) -> None: ...


class Surfaces(Protocol):
    """The operator's surfaces: sends values and texts by address, without waiting. ``listening``: there is one now."""

    @property
    def listening(self) -> bool: ...
    def echo(self, values: Values) -> None: ...
    def say(self, address: str, text: str) -> None: ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What an output may use: the wall's size (width, height), the screen's interval (s), where it may send to, and the
    names of the show's pieces and its controls by address."""

    size: tuple[int, int]
    interval: float
    viewers: Viewers | None = None
    surfaces: Surfaces | None = None
    pieces: tuple[str, ...] = ()
    controls: Mapping[str, Control] = field(default_factory=dict)


class Output(ABC):
    """Sends or records what the wall shows. All calls come from the screen's thread and must not wait: an output that
    is too slow skips frames."""

    @abstractmethod
    def wants(self, now: float) -> Wanted:
        """What it takes of the frame at ``now`` (s); reading a picture back from the GPU delays the screen."""

    @abstractmethod
    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        """A frame that it wanted; ``pixels`` is None where it wanted no picture."""

    @abstractmethod
    def close(self) -> None:
        """Finishes. May be called twice."""


class OutputConfig(PartConfig, ABC):
    in_show: ClassVar[bool] = False
    """Whether a show file may ask for it, as an ``[[output]]``."""

    def follows(self) -> tuple[str, ...]:
        """The addresses of the controls that it names; the show has to have them."""
        return ()

    @abstractmethod
    def open(self, surroundings: Surroundings) -> Output:
        """Raises DeviceError or MissingDependency when it cannot work here."""


@runtime_checkable
class HearsVotes(Protocol):
    """A sensor that receives the visitors' votes. ``hear_votes`` is called by another thread, with every new tally and,
    after opening, with the newest; it must not wait."""

    def hear_votes(self, tally: Tally) -> None: ...


@runtime_checkable
class Calibrates(Protocol):
    """A sensor that keeps over restarts what it has measured of its place. ``calibrate`` is called after each opening;
    ``path`` is a file of its own in the show's state folder, which need not exist yet."""

    def calibrate(self, path: Path) -> None: ...


@runtime_checkable
class Draws(Protocol):
    """A sensor in a process of its own that can tell what it sees as lines. ``draw`` is called after each opening;
    while ``wanted``, ``tell`` is called some times a second."""

    def draw(self, wanted: Callable[[], bool], tell: Callable[[Sight], None]) -> None: ...


@runtime_checkable
class Accelerates(Protocol):
    """A generator that can look for a faster way to paint the same pictures. ``runtime`` says how it paints now.

    ``accelerate`` is called once: before its piece hangs where an earlier start has compiled it (see Compiles), else
    when all pieces hang, while the painter's thread paints. What it raises is logged. Results that the next start can
    reuse may be kept in ``cache``.
    """

    runtime: str

    def accelerate(self, cache: DiskCache) -> None: ...


@runtime_checkable
class Compiles(Protocol):
    """A generator whose model may have to be compiled before it can ``accelerate``: ``to_compile`` is what of it, None
    where that is compiled, or need not be. Without it ``accelerate`` has it compiled, for this generator alone.
    ``is_compiled``: an earlier start has done that, and ``accelerate`` takes a moment."""

    def to_compile(self, cache: DiskCache) -> Any: ...
    def is_compiled(self, cache: DiskCache) -> bool: ...


@runtime_checkable
class Paced(Protocol):
    """A walk that looks more even once the picture change along it has been measured.

    ``pace_name`` identifies what the pace depends on, besides the model; ``measured`` whether it is known. Until then
    the walk uses an estimated pace. ``measure`` is run on a generator of its own, of which it paints ``pace_pictures``
    pictures, and ``take`` receives the result; the walk uses it from the next moment on at which the change is not
    visible.
    """

    pace_name: str
    pace_pictures: int
    measured: bool

    def measure(self, generator: Generator) -> Measuring: ...
    def take(self, pace: NDArray[np.float64]) -> None: ...
