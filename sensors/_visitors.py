"""Visitors: connected parts of the picture that differ from the empty room, tracked from one picture to the next.

A piece is a visitor once it has travelled: it has left the place where it appeared, or has come closer. From then on
it is one for as long as it stands there. What changes where it is (a screen, a curtain, a patch of sun, a painting that
was hung) never travels, and the background absorbs it.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from sensors._background import Mask, View, share_of, smoothing
from sensors._parting import middles, touches

Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels; right and bottom are outside."""

LEAST = 0.006
"""The share of the picture that a visitor takes at least."""
AGE = 0.6
"""Seconds until a piece can be a visitor; shorter appearances are ignored."""
TRAVEL, TRAVEL_WIDTHS, TRAVEL_TIME = 0.07, 0.45, 2.0
"""Share of the picture's width, or of its own, that it travels in so many seconds at least."""
GOING = 0.2
"""Seconds for which it must have done so without a break."""
STRAIGHT = 0.6
"""The least share of its way by which that brings it on: what swings or jumps about comes back."""
MOVES = 0.06
"""The share of a piece that moves while it travels, at least: what fades in does not."""
STAYS = 0.6
"""A piece that still covers this share of where it appeared has not left."""
GROWN = 1.3
"""How much taller one who comes straight closer grows, in the same seconds."""
GONE = 1.0
"""Seconds without a trace after which a visitor has left."""
WALKING = 0.15
"""The share of one that moves, at least, while he walks."""
CAME, OTHERS_HEIGHT = 0.7, 0.6
"""The share of a part of a visitor that was his as he walked, and that part's share of his height, at least, so that it
is another who came with him."""
LIFELESS = 300.0
"""Seconds without the least motion after which it was no visitor: a thing left behind."""
NEAR = 6
"""Pixels between a piece and the place where one was, at most, to be the same."""
MOST = 8
"""Visitors that are followed at most."""


@dataclass(slots=True)
class Piece:
    """A connected part of the picture that differs from the background."""

    box: Box
    mask: Mask
    """Of the whole picture."""
    moving: float
    """0..1 of it."""
    owner: "Visitor | None" = None
    """The visitor whose place it has, whom alone it belongs to."""
    body: bool = False
    """Whether it is one of several bodies that touch."""


@dataclass(slots=True)
class Visitor:
    """A followed piece. It is one of the visitors when ``since`` (s) says since when."""

    box: Box
    centre: tuple[float, float]
    birth: Mask
    born: float
    seen: float
    mask: Mask
    since: float | None = None
    alive: float = 0.0
    moving: float = 0.0
    going: float = 0.0
    """Seconds that it has travelled as a visitor does."""
    stand: float = 0.0
    """The column in which he stands, at his feet."""
    walked: Mask | None = None
    """Where he was when he last walked."""
    things: Mask | None = None
    """What else was there before he came in front of it."""
    trail: deque[tuple[float, float, float, float]] = field(default_factory=lambda: deque(maxlen=90))

    @property
    def height(self) -> int:
        return self.box[3] - self.box[1]

    @property
    def width(self) -> int:
        return self.box[2] - self.box[0]


class Visitors:
    """Tracks all visitors. ``here`` are the present visitors, the longest present first."""

    def __init__(self) -> None:
        self._followed: list[Visitor] = []

    @property
    def here(self) -> list[Visitor]:
        return [one for one in self._followed if one.since is not None]

    def occupied(self) -> Mask | None:
        """Where visitors are, with a margin."""
        import cv2

        masks = [one.mask for one in self.here]
        if not masks:
            return None
        return np.asarray(cv2.dilate(np.bitwise_or.reduce(masks), np.ones((7, 7), np.uint8)), np.uint8)

    def step(self, view: View, now: float, seconds: float) -> list[Visitor]:
        """The visitors after the picture at ``now`` (s)."""
        pieces = [part for piece in find_pieces(view) for part in _parted(piece, self.here, view)]
        claimed: set[int] = set()
        for one in self._followed:
            self._follow(one, pieces, claimed, view, now, seconds)
        self._followed = [one for one in self._followed if now - one.seen <= GONE and not _lifeless(one, now)]
        self._drop_doubles()
        self._note_things(now)
        for number, piece in enumerate(pieces):
            if number not in claimed and len(self._followed) < MOST:
                self._followed.append(_new(piece, now))
        return self.here

    def _follow(
        self, one: Visitor, pieces: list[Piece], claimed: set[int], view: View, now: float, seconds: float
    ) -> None:
        free = [number for number, piece in enumerate(pieces) if piece.owner is None or piece.owner is one]
        near = [number for number in free if _touch(one.box, pieces[number].box, NEAR)]
        if not near:
            return
        own, others = _own(one, near, pieces)
        claimed.update(own)
        for number in others:
            if len(self._followed) >= MOST:
                break
            if one.since is not None and number not in claimed and _is_another(one, pieces[number]):
                claimed.add(number)
                self._followed.append(_new(pieces[number], now, one.since))
        _move(one, [pieces[number] for number in own], view, now, seconds)

    def _drop_doubles(self) -> None:
        """Two that cover the same are one, the one who has been there longer."""
        kept: list[Visitor] = []
        for one in sorted(self._followed, key=lambda one: (one.since is None, one.since or one.born)):
            if not any(other.box == one.box and (one.since is None or _same(one, other)) for other in kept):
                kept.append(one)
        self._followed = kept

    def _note_things(self, now: float) -> None:
        """What stood still and is hidden by a visitor now was there before him."""
        hidden = [one for one in self._followed if one.since is None and one.seen < now and one.moving < WALKING]
        for one in self.here:
            for thing in hidden:
                if share_of(thing.mask & one.mask) > 0.5 * share_of(thing.mask):
                    one.things = thing.mask if one.things is None else one.things | thing.mask


def find_pieces(view: View) -> list[Piece]:
    """The pieces of what changed that are large enough for a visitor."""
    import cv2

    clean = cv2.medianBlur(view.changed, 3)
    joined = cv2.morphologyEx(clean, cv2.MORPH_CLOSE, np.ones((9, 5), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    least = LEAST * joined.size
    order = sorted(range(1, count), key=lambda label: -int(stats[label, cv2.CC_STAT_AREA]))[:MOST]
    pieces = []
    for label in order:
        left, top, width, height, area = (int(number) for number in stats[label])
        if area >= least:
            mask = np.where(labels == label, np.uint8(255), np.uint8(0))
            moving = share_of(mask & view.moving) * mask.size / area
            pieces.append(Piece((left, top, left + width, top + height), mask, moving))
    return pieces


def _parted(piece: Piece, here: list[Visitor], view: View) -> list[Piece]:
    """A piece that several visitors are in, as where one's hand is before another, cut half way between them, and one
    that two bodies are in, cut where they touch."""
    inside = [one for one in here if _touch(one.box, piece.box, 0) and _shares(one, piece)]
    if len(inside) > 1:
        inside.sort(key=lambda one: one.stand)
        borders = middles([one.stand for one in inside], piece.mask.shape[1])
        parts = [_part(piece, ends, one, view) for one, ends in zip(inside, pairwise(borders), strict=True)]
        return [part for part in parts if part]
    piece.owner = inside[0] if inside else None
    borders = touches(piece.mask, piece.box) if inside else []
    if len(borders) <= 2:
        return [piece]
    bodies = [part for ends in pairwise(borders) if (part := _part(piece, ends, piece.owner, view))]
    for body in bodies:
        body.body = True
    return bodies


def _shares(one: Visitor, piece: Piece) -> bool:
    """Whether a good part of either is the other's."""
    common, own, whole = (int(np.count_nonzero(mask)) for mask in (one.mask & piece.mask, one.mask, piece.mask))
    return common > 0.2 * whole or common > 0.3 * own


def _part(piece: Piece, ends: tuple[int, int], owner: Visitor | None, view: View) -> Piece | None:
    """The columns of a piece from one end to before the other."""
    import cv2

    mask = np.zeros_like(piece.mask)
    mask[:, ends[0] : ends[1]] = piece.mask[:, ends[0] : ends[1]]
    left, top, width, height = cv2.boundingRect(mask)
    if not width:
        return None
    moving = np.count_nonzero(mask & view.moving) / np.count_nonzero(mask)
    return Piece((left, top, left + width, top + height), mask, moving, owner)


def _new(piece: Piece, now: float, since: float | None = None) -> Visitor:
    one = Visitor(piece.box, _centre(piece.mask), piece.mask, now, now, piece.mask, since, now)
    one.stand = _feet(one)
    return one


def _feet(one: Visitor) -> float:
    """The middle of the lowest quarter, in columns: hands do not shift it."""
    _, top, _, bottom = one.box
    columns = np.flatnonzero(one.mask[(top + 3 * bottom) // 4 : bottom].any(axis=0))
    return float(columns.mean()) if len(columns) else one.centre[0]


def _own(one: Visitor, near: list[int], pieces: list[Piece]) -> tuple[list[int], list[int]]:
    """Which of the near pieces are parts of him (one above the other), and which are other visitors or things.

    Where a visitor and a thing separate, the visitor is the part that moves, or that is where he stopped.
    """

    def weight(number: int) -> float:
        piece = pieces[number]
        where = piece.mask if one.walked is None else piece.mask & one.walked
        pixels = np.count_nonzero(where) + 0.1 * np.count_nonzero(piece.mask)
        return (0.1 + piece.moving) * pixels * (1.0 + _cover(one.box, piece.box))

    main = max(near, key=weight)
    box = pieces[main].box
    margin = 0.15 * (box[2] - box[0])
    own = [n for n in near if n == main or (not pieces[n].body and _beside(box, pieces[n].box) < margin)]
    return own, [n for n in near if n not in own]


def _is_another(one: Visitor, part: Piece) -> bool:
    """Whether a part that separates from a visitor is another visitor, as it moves, or came with him."""
    if part.moving > WALKING:
        return True
    if one.walked is None or part.box[3] - part.box[1] < OTHERS_HEIGHT * one.height:
        return False
    pixels = np.count_nonzero(part.mask)
    stood = 0 if one.things is None else np.count_nonzero(part.mask & one.things)
    return bool(np.count_nonzero(part.mask & one.walked) > CAME * pixels and stood < (1.0 - CAME) * pixels)


def _move(one: Visitor, own: list[Piece], view: View, now: float, seconds: float) -> None:
    boxes = [piece.box for piece in own]
    one.box = (min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes))
    one.mask = own[0].mask if len(own) == 1 else np.bitwise_or.reduce([piece.mask for piece in own])
    one.centre, one.seen = _centre(one.mask), now
    one.stand = _feet(one)
    one.moving += (max(piece.moving for piece in own) - one.moving) * smoothing(seconds, 0.3)
    if one.moving > WALKING:
        one.walked = one.mask
    if share_of(view.slow & one.mask) > 0.01 * share_of(one.mask):
        one.alive = now
    one.trail.append((now, *one.centre, float(one.height)))
    if one.since is None:
        one.going = one.going + seconds if _has_travelled(one) else 0.0
        if one.going >= GOING and now - one.born >= AGE:
            one.since = now


def _has_travelled(one: Visitor) -> bool:
    if one.moving < MOVES:
        return False
    recent = [point for point in one.trail if one.trail[-1][0] - point[0] <= TRAVEL_TIME]
    return _has_grown(recent) or (_has_gone_on(recent, one) and _has_left_its_birth(one))


def _has_grown(recent: list[tuple[float, float, float, float]]) -> bool:
    """Steadily taller for all of the time, as one who comes closer."""
    heights = [point[3] for point in recent]
    rises = sum(later >= earlier for earlier, later in pairwise(heights[::5]))
    return heights[-1] >= GROWN * heights[0] and rises >= 0.8 * (len(heights[::5]) - 1) and len(heights) > 20


def _has_gone_on(recent: list[tuple[float, float, float, float]], one: Visitor) -> bool:
    """Far enough, and on a straight way rather than to and fro."""
    wide = one.mask.shape[1]
    need = max(TRAVEL * wide, min(TRAVEL_WIDTHS * one.width, 0.15 * wide))
    path = 0.0
    for later, earlier in zip(recent[:0:-1], recent[-2::-1], strict=True):
        path += math.dist(later[1:3], earlier[1:3])
        gone = math.dist(recent[-1][1:3], earlier[1:3])
        if gone >= need and gone >= STRAIGHT * path:
            return True
    return False


def _has_left_its_birth(one: Visitor) -> bool:
    return share_of(one.birth & one.mask) < STAYS * share_of(one.birth)


def _lifeless(one: Visitor, now: float) -> bool:
    return one.since is not None and now - one.alive > LIFELESS


def _same(one: Visitor, other: Visitor) -> bool:
    """Two visitors who have had one box for long are one."""
    return one.seen - max(one.born, other.born) > 3.0 and one.width < 0.8 * one.height


def _touch(a: Box, b: Box, margin: int) -> bool:
    return a[0] - margin < b[2] and b[0] < a[2] + margin and a[1] - margin < b[3] and b[1] < a[3] + margin


def _cover(a: Box, b: Box) -> float:
    """The share of ``b`` that lies in ``a``."""
    wide, high = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(0, wide) * max(0, high) / max(1, (b[2] - b[0]) * (b[3] - b[1]))


def _beside(a: Box, b: Box) -> float:
    """Pixels between them from left to right; negative where one is above the other."""
    return max(b[0] - a[2], a[0] - b[2])


def _centre(mask: Mask) -> tuple[float, float]:
    import cv2

    sums = cv2.moments(mask, binaryImage=True)
    count = max(1.0, sums["m00"])
    return sums["m10"] / count, sums["m01"] / count
