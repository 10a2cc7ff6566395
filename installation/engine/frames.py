"""The newest two frames of each piece, written by the painter and read by the screen; invalid and flat pictures are
left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from installation.core.contracts import Frame, Pixels

FLAT = 10
"""Pictures of one colour in a row after which a generator counts as broken. They are not shown."""

KEEPS_UP = 1.05
"""Frames of the screen between two of a generator that keeps up with it. One that is a sixth slower does not: shown at
once, its picture would stand still in every sixth frame."""

LOOKED_AT = 16
"""Rows and columns of a picture that are looked at to see whether it has one colour."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The two newest frames of a piece: the later one arrived at ``arrived``; ``interval`` seconds lie between two."""

    earlier: Frame | None
    later: Frame | None
    arrived: float
    interval: float

    def mix(self, now: float, screen: float) -> float:
        """How far the screen, whose frames last ``screen`` seconds, has come from the earlier to the later frame: the
        later one is reached when the next is due, so the picture moves at the screen's rate whatever the generator's
        is. Of a generator that keeps up with the screen each frame is shown at once."""
        if self.earlier is None or self.interval <= KEEPS_UP * screen:
            return 1.0
        return min(1.0, max(0.0, (now - self.arrived) / self.interval))


NOTHING = Pair(None, None, 0.0, 0.0)


class Frames:
    """Written by the painter's thread alone; any other may read ``pair``."""

    def __init__(self) -> None:
        self._pairs: dict[int, Pair] = {}
        self._flat: dict[int, int] = {}
        self._still: set[int] = set()

    def __contains__(self, piece: int) -> bool:
        return piece in self._pairs

    def pair(self, piece: int) -> Pair:
        """The two newest frames of a piece."""
        return self._pairs.get(piece, NOTHING)

    def renumbered(self, before: Mapping[int, int]) -> "Frames":
        """The same frames under other numbers: ``before`` has the present number of each that is kept."""
        made = Frames()
        made._pairs = {piece: self._pairs[old] for piece, old in before.items() if old in self._pairs}
        made._flat = {piece: self._flat[old] for piece, old in before.items() if old in self._flat}
        return made

    def begin(self, piece: int) -> None:
        """A piece was opened anew: pictures of one colour are counted from here."""
        self._flat.pop(piece, None)

    def stay(self, piece: int) -> None:
        """The newest frame of a piece is what it should show still: nothing had to be painted."""
        self._still.add(piece)

    def keep(self, piece: int, frame: Frame, began: float, now: float) -> str | None:
        """Keeps a frame whose paint began at ``began`` and was done at ``now`` (s). Returns None; or where the frame
        was left out, why its generator counts as broken, empty while it does not."""
        last = self.pair(piece)
        colour = _one_colour(frame.pixels)
        if colour is not None and (not any(colour) or _has_colours(last)):
            self._flat[piece] = self._flat.get(piece, 0) + 1
            return f"paints nothing but one colour, {colour}" if self._flat[piece] >= FLAT else ""
        self._flat[piece] = 0
        self._pairs[piece] = self._after(last, frame, now, began if piece in self._still else None)
        self._still.discard(piece)
        return None

    @staticmethod
    def _after(last: Pair, frame: Frame, now: float, rested: float | None) -> Pair:
        """The pair of ``last`` and a newer frame. ``rested`` is until when the last one stayed, if it did: that time is
        not the generator's, and a hand must not wait for as long again."""
        interval = now - (last.arrived if rested is None else rested)
        if last.later is None or interval > 1.0:
            return Pair(None, frame, now, 0.0)
        if last.interval > 0.0 and rested is None:
            # A little smoothing: one slow paint must not make the motion stutter twice.
            interval = 0.7 * last.interval + 0.3 * interval
        return Pair(last.later, frame, now, interval)


def _one_colour(pixels: Pixels) -> list[int] | None:
    """The colour of a picture that has one only, as far as a sample of its pixels tells. NaN values also give one
    colour when they are cast to bytes."""
    few = pixels[:: max(1, len(pixels) // LOOKED_AT), :: max(1, pixels.shape[1] // LOOKED_AT)]
    first: list[int] = few[0, 0].tolist()
    return first if bool((few == few[0, 0]).all()) else None


def _has_colours(pair: Pair) -> bool:
    return pair.later is not None and _one_colour(pair.later.pixels) is None
