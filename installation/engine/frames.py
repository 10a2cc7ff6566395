"""The newest two frames of each piece, written by the painter and read by the screen; invalid and flat pictures are
left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from installation.core.contracts import Frame, Pixels

FLAT = 10
"""Pictures of one colour in a row after which a generator counts as broken. They are not shown."""

LOOKED_AT = 16
"""Rows and columns of a picture that are looked at to see whether it has one colour."""


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


class Frames:
    """Written by the painter's thread alone; any other may read ``pair``."""

    def __init__(self) -> None:
        self._pairs: dict[int, Pair] = {}
        self._flat: dict[int, int] = {}

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

    def keep(self, piece: int, frame: Frame, now: float) -> str | None:
        """Keeps a frame that was painted at ``now`` (s). Returns None; or where the frame was left out, why its
        generator counts as broken, empty while it does not."""
        last = self.pair(piece)
        colour = _one_colour(frame.pixels)
        if colour is not None and (not any(colour) or _has_colours(last)):
            self._flat[piece] = self._flat.get(piece, 0) + 1
            return f"paints nothing but one colour, {colour}" if self._flat[piece] >= FLAT else ""
        self._flat[piece] = 0
        fresh = last.later is None or now - last.arrived > 1.0
        interval = 0.0 if fresh else now - last.arrived
        if last.interval > 0.0 and not fresh:
            # A little smoothing: one slow paint must not make the motion stutter twice.
            interval = 0.7 * last.interval + 0.3 * interval
        self._pairs[piece] = Pair(None if fresh else last.later, frame, now, interval)
        return None


def _one_colour(pixels: Pixels) -> list[int] | None:
    """The colour of a picture that has one only, as far as a sample of its pixels tells. NaN values also give one
    colour when they are cast to bytes."""
    few = pixels[:: max(1, len(pixels) // LOOKED_AT), :: max(1, pixels.shape[1] // LOOKED_AT)]
    first: list[int] = few[0, 0].tolist()
    return first if bool((few == few[0, 0]).all()) else None


def _has_colours(pair: Pair) -> bool:
    return pair.later is not None and _one_colour(pair.later.pixels) is None
