"""The thread that owns the generators: newest intent -> walk -> latent -> picture -> ring, as fast as it can.

Nothing queues: an intent that was not begun is replaced by a newer one, and a ring keeps the two newest frames. Nothing
is painted twice: where a piece's latent and its generator's controls are those of its newest frame, that frame stays.

Whatever a generator does, the wall keeps its last good picture: one that raises, paints what is no picture or one flat
colour for ever, or takes too long for one paint, is taken off and listed in ``broken``. A thread that is stuck in a
paint is replaced by another, so the other pieces go on.
"""

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from installation.core.contracts import Frame, Generator, Latent, Pixels, Walk
from installation.core.controls import Values
from installation.core.decision import Lane
from installation.core.latest import Latest
from installation.core.newest import Newest
from installation.core.starved import Patience
from installation.engine.flashes import lights
from installation.engine.frames import Frames

log = logging.getLogger(__name__)

LARGEST = 8192
"""Pixels of a picture's longer side, at most: more is no picture but a mistake, and no graphics card takes it."""

STUCK = 6.0
"""Seconds at one paint after which a piece that has painted before counts as hanging."""

STUCK_AT_FIRST = 60.0
"""The same for a piece's first paint, in which a library may still compile."""

CALM = 0.5
"""Seconds after an operator's last touch in which a walk does not look ahead: no hand waits for what can wait."""

REMEMBERED = 20_000
"""The most durations kept for the report's percentiles: a month on the wall must not grow."""


@dataclass(frozen=True, slots=True)
class Hung:
    """A piece that is resident: opened, on its device, ready to paint."""

    generator: Generator
    walk: Walk


@dataclass(frozen=True, slots=True)
class Intent:
    """What should be painted next, for the show time ``time`` (s): one lane, or two that take turns while a piece
    changes, the one that the hands are on first. ``touched`` is when the operator's message that it answers came in."""

    time: float
    lanes: tuple[Lane, ...]
    touched: float | None = None


def _hired(run: Callable[[], None]) -> threading.Thread:
    return threading.Thread(target=run, name="painter", daemon=True)


@dataclass(slots=True)
class PainterStats:
    """What the painter did: counts, and the newest durations in seconds. ``spared`` counts the intents of which nothing
    had to be painted, as the pictures were there."""

    frames: int = 0
    spared: int = 0
    painted_first: float | None = None
    paint: Newest = field(default_factory=lambda: Newest(REMEMBERED))
    steer: Newest = field(default_factory=lambda: Newest(REMEMBERED))

    def count(self, seconds: float, done: float) -> None:
        """One picture took ``seconds`` and was there at ``done`` (s)."""
        self.paint.append(seconds)
        self.frames += 1
        if self.painted_first is None:
            self.painted_first = done


class Painter:
    """``hang`` makes a piece resident (``hung``), ``publish`` says what to paint, ``frames`` has what was painted.

    ``broken`` names the pieces that were taken off, and why; the frames that they painted stay.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.stats = PainterStats()
        self.broken: dict[int, str] = {}
        self.hung: dict[int, Hung] = {}
        self.frames = Frames()
        self.places: dict[int, Latent] = {}
        """Where the newest picture of each piece is in its latent space."""
        self._intents: Latest[_Numbered] = Latest()
        self._painted: dict[int, _Painted] = {}
        self._busy: _Busy | None = None
        self._patience = Patience()
        self._calm = 0.0
        self._worker = _hired(self._run)

    def start(self) -> None:
        self._worker.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Ends after the paint under way; one that is stuck is abandoned, as its thread is a daemon."""
        self._intents.close()
        if self._worker.ident is not None:
            self._worker.join(timeout)

    def hang(self, piece: int, hung: Hung) -> None:
        """Makes a piece resident; it paints from the next intent that names it."""
        self.broken.pop(piece, None)
        self.frames.begin(piece)
        self.hung[piece] = hung

    def let_go(self, piece: int) -> None:
        """Forgets a piece that is not painted now; its newest pictures stay."""
        self.hung.pop(piece, None)
        self._painted.pop(piece, None)
        self.places.pop(piece, None)

    @property
    def busy_since(self) -> float | None:
        """When the paint under way began (s); None while none is."""
        busy = self._busy
        return None if busy is None else busy.since

    def renumber(self, before: Mapping[int, int], new: Mapping[int, Hung], frames: Mapping[int, Frame]) -> None:
        """The pieces have other numbers from here on: ``before`` has the present number of each that stays, ``new`` are
        those that come, ``frames`` what was painted of them; all others are let go. What is being painted meanwhile
        under an old number is left out."""
        broken = {piece: self.broken[old] for piece, old in before.items() if old in self.broken}
        hung = {piece: self.hung[old] for piece, old in before.items() if old in self.hung}
        renumbered = self.frames.renumbered(before)
        for piece, frame in frames.items():
            renumbered.keep(piece, frame, self.clock(), self.clock())
        self.frames = renumbered  # before the others: the thread compares it after it has looked at those
        self.hung, self.broken, self.places, self._painted = {**hung, **new}, broken, {}, {}

    def publish(self, intent: Intent) -> None:
        """The newest intent wins; a hand's touch on one never begun is carried over to it."""
        self._intents.put(_Numbered(self.frames, intent), _carried)

    def watch(self, now: float) -> None:
        """Abandons a paint that is stuck, and its thread; to be called regularly from another thread."""
        busy = self._busy
        if busy is None:
            return
        late = self._patience.taken(busy, now - busy.since, self._worker)
        if late > (STUCK if busy.piece in busy.frames else STUCK_AT_FIRST) and self._busy is busy:
            self._worker = _hired(self._run)  # the old thread, if it returns, ends: it is no longer the worker
            self._take_off(busy, f"has been at one picture for {late:.0f} s")
            self._worker.start()

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        this = threading.current_thread()  # as long as no other has replaced it
        while self._worker is this and (numbered := self._intents.wait()) is not None:
            intent = numbered.intent
            painted = self._paint_next(intent, numbered.frames)
            if self._worker is not this:
                return
            if intent.touched is not None:
                self._calm = intent.time + CALM
                if painted:
                    self.stats.steer.append(self.clock() - intent.touched)
            elif intent.time >= self._calm and not _touched(self._intents.waiting):
                self._look_ahead(intent.lanes[0].piece, numbered.frames)

    def _paint_next(self, intent: Intent, frames: Frames) -> bool:
        """Paints the first lane whose picture is not there already. Returns whether that is the first of all, which
        hands are on, and worked."""
        for lane in _by_turns(intent, self.hung, self.frames):
            painted = self._paint(lane, intent.time, frames)
            if painted is not None:
                return painted and lane.piece == intent.lanes[0].piece
        self.stats.spared += 1
        return False

    def _paint(self, lane: Lane, time: float, frames: Frames) -> bool | None:
        """Whether there is a new picture in ``frames``, which are those of the pieces' numbers in ``lane``; None where
        it was there already."""
        hung, known, places = self.hung.get(lane.piece), self._painted, self.places
        if hung is None or frames is not self.frames:
            return False
        busy = self._busy = _Busy(lane.piece, self.clock(), frames)
        try:
            latent = hung.walk.at(lane.walk_time, lane.controls)
            wanted = _Painted(frames, hung.generator, latent.tobytes(), _of_generator(lane.controls))
            if known.get(lane.piece) == wanted:
                frames.stay(lane.piece)
                self._busy = None if self._busy is busy else self._busy
                return None
            pixels = _checked(hung.generator.paint(latent, lane.controls))
        except BaseException as error:  # noqa: BLE001 the edge: a part may raise anything, SystemExit too
            self._take_off(busy, f"{type(error).__name__}: {error}", error)
            return False
        done = self.clock()
        if self._busy is not busy:
            return False  # it took so long that it was given up
        if fault := frames.keep(lane.piece, Frame(pixels, time, lights(pixels)), busy.since, done):
            self._take_off(busy, fault)
        self._busy = None if self._busy is busy else self._busy
        if fault is not None:
            return False
        known[lane.piece], places[lane.piece] = wanted, latent
        self.stats.count(done - busy.since, done)
        return True

    def _look_ahead(self, piece: int, frames: Frames) -> None:
        """Has the walk of a piece do what can wait."""
        hung = self.hung.get(piece)
        if hung is None or frames is not self.frames:
            return
        busy = self._busy = _Busy(piece, self.clock(), frames)
        try:
            hung.walk.look_ahead()
        except BaseException as error:  # noqa: BLE001 the edge, as above
            self._take_off(busy, f"{type(error).__name__}: {error}", error)
        if self._busy is busy:
            self._busy = None

    def _take_off(self, busy: "_Busy", why: str, error: BaseException | None = None) -> None:
        """Unless it was given up already."""
        if self._busy is not busy:
            return
        self._busy = None
        log.error("piece %d cannot be painted any more: %s", busy.piece, why, exc_info=error)
        if busy.frames is self.frames:  # else it has another number by now, and fails again under that
            self.hung.pop(busy.piece, None)
            self._painted.pop(busy.piece, None)
            self.broken[busy.piece] = why


@dataclass(frozen=True, slots=True)
class _Numbered:
    """An intent, and the frames of the numbers that its pieces have."""

    frames: Frames
    intent: Intent


@dataclass(frozen=True, slots=True)
class _Painted:
    """All that decides a picture: whose, the latent's bytes and the generator's controls; ``frames`` is where it is."""

    frames: Frames
    generator: Generator
    latent: bytes
    controls: Values


def _of_generator(controls: Values) -> Values:
    """What a generator may see of a lane's controls: the walk's and the stage's change no picture of its."""
    return {address: value for address, value in controls.items() if address.startswith("/generator/")}


@dataclass(frozen=True, slots=True, eq=False)
class _Busy:
    """The paint under way: of which piece, since when (s), for which frames."""

    piece: int
    since: float
    frames: Frames


def _by_turns(intent: Intent, hung: Collection[int], frames: Frames) -> Sequence[Lane]:
    """Of two pieces first the one that waited longer, so that a hand never waits for more than the paint under way;
    what a hand has touched, the first, goes before."""
    lanes = [lane for lane in intent.lanes if lane.piece in hung] or intent.lanes
    if intent.touched is not None or len(lanes) == 1:
        return lanes
    return sorted(lanes, key=lambda lane: frames.pair(lane.piece).arrived)


def _touched(numbered: _Numbered | None) -> bool:
    """Whether a hand waits for an intent that was not begun."""
    return numbered is not None and numbered.intent.touched is not None


def _carried(old: _Numbered, new: _Numbered) -> _Numbered:
    """The new intent, with the touch of the old one: that came in earlier, and was not answered yet."""
    touched = old.intent.touched
    return new if touched is None else _Numbered(new.frames, replace(new.intent, touched=touched))


def _checked(pixels: object) -> Pixels:
    """What was painted. Raises ValueError for what is no picture."""
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        what = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels).__name__
        raise ValueError(f"painted {what}, expected uint8 (height, width, 3)")
    height, width = pixels.shape[:2]
    if not (0 < height <= LARGEST and 0 < width <= LARGEST):
        raise ValueError(f"painted {width} x {height} pixels, expected 1 to {LARGEST} each way")
    return pixels
