"""The thread that owns the generators: newest intent -> walk -> latent -> picture -> ring, as fast as it can.

Nothing queues: an intent that was not begun is replaced by a newer one, and a ring keeps the two newest frames.
"""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from installation.core.contracts import Frame, Generator, Walk
from installation.core.decision import Lane

log = logging.getLogger(__name__)

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


@dataclass(frozen=True, slots=True)
class Pair:
    """The two newest frames of a piece: the later one arrived at ``arrived``, ``interval`` after the earlier (s)."""

    earlier: Frame | None
    later: Frame | None
    arrived: float
    interval: float

    def mix(self, now: float) -> float:
        """How far the screen has come from the earlier to the later frame: the later one is reached when the next is
        due, so the picture moves at the screen's rate whatever the generator's is."""
        if self.earlier is None or self.interval <= 0.0:
            return 1.0
        return min(1.0, max(0.0, (now - self.arrived) / self.interval))


NOTHING = Pair(None, None, 0.0, 0.0)


@dataclass(slots=True)
class PainterStats:
    """What the painter did: counts, and the newest durations in seconds."""

    frames: int = 0
    painted_first: float | None = None
    paint: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    steer: deque[float] = field(default_factory=lambda: deque(maxlen=REMEMBERED))
    busy_since: float | None = None


class Painter:
    """``hang`` makes a piece resident, ``publish`` says what to paint, ``pair`` takes what was painted.

    A piece whose generator raises, or paints something that is no picture, is taken off and named in ``broken``; the
    frames it has painted stay.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.stats = PainterStats()
        self.broken: dict[int, str] = {}
        self._hung: dict[int, Hung] = {}
        self._pairs: dict[int, Pair] = {}
        self._intent: Intent | None = None
        self._ring = threading.Condition()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="painter", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, patience: float = 5.0) -> None:
        """Ends after the paint in hand; one that hangs is left behind, as its thread is a daemon."""
        with self._ring:
            self._stopping = True
            self._ring.notify()
        if self._thread.ident is not None:
            self._thread.join(patience)

    def hang(self, piece: int, hung: Hung) -> None:
        """Makes a piece resident; it paints from the next intent that names it."""
        self._hung[piece] = hung

    def hung(self, piece: int) -> Hung | None:
        return self._hung.get(piece)

    @property
    def resident(self) -> frozenset[int]:
        return frozenset(self._hung)

    def publish(self, intent: Intent) -> None:
        """The newest intent wins; a hand's touch on one never begun is carried over to it."""
        with self._ring:
            waiting = self._intent
            if waiting is not None and waiting.touched is not None:
                intent = replace(intent, touched=waiting.touched)
            self._intent = intent
            self._ring.notify()

    def pair(self, piece: int) -> Pair:
        """The two newest frames of a piece."""
        return self._pairs.get(piece, NOTHING)

    def _run(self) -> None:
        while True:
            with self._ring:
                while self._intent is None and not self._stopping:
                    self._ring.wait()
                if self._stopping:
                    return
                intent, self._intent = self._intent, None
            assert intent is not None
            if self._paint(self._turn(intent), intent.time) and intent.touched is not None:
                self.stats.steer.append(self.clock() - intent.touched)

    def _turn(self, intent: Intent) -> Lane:
        """Of two pieces the one that waited longer, so that a hand never waits for more than the paint under way; what
        a hand has touched, the first, goes before."""
        lanes = [lane for lane in intent.lanes if lane.piece in self._hung] or intent.lanes
        if intent.touched is not None or len(lanes) == 1:
            return lanes[0]
        return min(lanes, key=lambda lane: self.pair(lane.piece).arrived)

    def _paint(self, lane: Lane, time: float) -> bool:
        """Whether there is a new picture."""
        hung = self._hung.get(lane.piece)
        if hung is None:
            return False
        began = self.stats.busy_since = self.clock()
        try:
            latent = hung.walk.at(lane.walk_time, lane.controls)
            pixels = hung.generator.paint(latent, lane.controls)
            if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
                raise ValueError(f"painted {pixels.dtype} {pixels.shape}, expected uint8 (height, width, 3)")
        except Exception as error:  # the edge: whatever a part raises must not take the wall down
            log.exception("piece %d cannot be painted any more", lane.piece)
            self._hung.pop(lane.piece, None)
            self.broken[lane.piece] = f"{type(error).__name__}: {error}"
            return False
        finally:
            self.stats.busy_since = None
        done = self.clock()
        self._keep(lane.piece, Frame(pixels, time), done)
        self.stats.paint.append(done - began)
        self.stats.frames += 1
        if self.stats.painted_first is None:
            self.stats.painted_first = done
        return True

    def _keep(self, piece: int, frame: Frame, now: float) -> None:
        last = self._pairs.get(piece, NOTHING)
        fresh = last.later is None or now - last.arrived > 1.0
        interval = 0.0 if fresh else now - last.arrived
        if last.interval > 0.0 and not fresh:
            # A little smoothing: one slow paint must not make the motion stutter twice.
            interval = 0.7 * last.interval + 0.3 * interval
        self._pairs[piece] = Pair(None if fresh else last.later, frame, now, interval)
