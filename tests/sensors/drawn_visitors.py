"""Drawn people who walk, stand and gesture before drawn walls, so that what a camera shows is known to the picture.

Lengths are in heights of the person, seconds on a clock that begins with the clip, angles in radians. A clip is a
function of its seed. Pictures are (240, 320, 3) uint8, 30 a second.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import cv2
import numpy as np

FPS = 30
WIDTH, HEIGHT = 320, 240
GESTURES = ("swipe_left", "swipe_right", "swipe_up", "swipe_down", "wave", "push", "pull", "raise", "stillness")

Picture = Any
Point = tuple[float, float]
Hand = tuple[float, float, float]
"""x to the right and y upwards from the feet's middle, and how much larger the hand is drawn (nearer)."""
Chance = np.random.Generator

REST: Hand = (0.15, 0.42, 1.0)
SHOULDER = (0.11, 0.81)
UPPER, LOWER = 0.19, 0.23
FOLDED = 0.2
"""A hand closer to its shoulder than that is before the body: its arm points at the camera and looks shorter."""


def smooth(share: float) -> float:
    share = min(1.0, max(0.0, share))
    return share * share * (3.0 - 2.0 * share)


# ---------------------------------------------------------------- people


@dataclass(frozen=True)
class Person:
    """``height`` in pixels; ``ground`` is the row of the feet; the texture of the clothes is a function of ``seed``."""

    height: float
    ground: float
    seed: int
    side: int = 1
    top: tuple[int, int, int] = (60, 60, 160)
    trousers: tuple[int, int, int] = (90, 60, 40)
    skin: tuple[int, int, int] = (140, 170, 215)
    sway: float = 0.012
    pattern: float = 25.0


@dataclass(frozen=True)
class Pose:
    """Where the feet stand (pixels), how far a step is (-1..1), and the gesturing hand."""

    x: float
    step: float = 0.0
    hand: Hand = REST


def draw(picture: Picture, person: Person, pose: Pose, t: float) -> None:
    """The person over the picture; clothes carry a pattern that moves with them."""
    layer, mask = picture.copy(), np.zeros(picture.shape[:2], np.uint8)
    sway = person.sway * (math.sin(1.9 * t + person.seed) + 0.6 * math.sin(4.3 * t + 2.0 * person.seed))

    def at(x: float, y: float) -> tuple[int, int]:
        lean = sway * y
        return round((pose.x + (x + lean) * person.height) * 16), round((person.ground - y * person.height) * 16)

    def limb(points: list[Point], thick: float, colour: tuple[int, int, int]) -> None:
        line = np.array([at(*point) for point in points], np.int32).reshape(-1, 1, 2)
        width = max(1, round(thick * person.height))
        for target, paint in ((layer, colour), (mask, 255)):
            cv2.polylines(target, [line], False, paint, width, cv2.LINE_AA, 4)

    def disc(x: float, y: float, radius: float, colour: tuple[int, int, int]) -> None:
        for target, paint in ((layer, colour), (mask, 255)):
            cv2.circle(target, at(x, y), round(radius * person.height * 16), paint, -1, cv2.LINE_AA, 4)

    for leg in (-1, 1):
        spread = leg * 0.05 + leg * 0.12 * pose.step
        limb([(leg * 0.045, 0.5), ((leg * 0.05 + spread) / 2, 0.26), (spread, 0.0)], 0.09, person.trousers)
    rest = (-person.side * REST[0], REST[1], 1.0)
    _arm(limb, disc, person, -person.side, (rest[0] - 0.5 * person.side * 0.12 * pose.step, *rest[1:]))
    for row in np.linspace(0.5, 0.8, 7):
        limb([(-0.085, float(row)), (0.085, float(row))], 0.08, person.top)
    disc(0.0, 0.925, 0.07, person.skin)
    _arm(limb, disc, person, person.side, (person.side * pose.hand[0], *pose.hand[1:]))
    _dress(picture, layer, mask, person, pose)


def _arm(limb: Any, disc: Any, person: Person, side: int, hand: Hand) -> None:
    shoulder = (side * SHOULDER[0], SHOULDER[1])
    limb([shoulder, _elbow(shoulder, hand[:2], side), hand[:2]], 0.06, person.top)
    disc(hand[0], hand[1], 0.038 * hand[2], person.skin)
    if hand[2] > 1.5:  # the lines of a hand that is near
        for finger in (-0.5, 0.0, 0.5):
            x = hand[0] + finger * 0.038 * hand[2]
            reach = 0.03 * hand[2]
            limb(
                [(x, hand[1] - reach * 0.2), (x, hand[1] + reach)],
                0.012 * hand[2] / 2,
                tuple(int(c * 0.8) for c in person.skin),
            )


def _elbow(shoulder: Point, hand: Point, side: int) -> Point:
    dx, dy = hand[0] - shoulder[0], hand[1] - shoulder[1]
    reach = min(math.hypot(dx, dy), UPPER + LOWER - 1e-6) or 1e-6
    shorter = min(1.0, reach / FOLDED)
    upper, lower = shorter * UPPER, shorter * LOWER
    along = (reach**2 + upper**2 - lower**2) / (2 * reach)
    off = math.sqrt(max(0.0, upper**2 - along**2))
    ux, uy = dx / reach, dy / reach
    return shoulder[0] + along * ux + side * off * abs(uy), shoulder[1] + along * uy - off * abs(ux)


def _dress(picture: Picture, layer: Picture, mask: Picture, person: Person, pose: Pose) -> None:
    left, top, width, height = cv2.boundingRect(mask)
    bottom, right = top + height, left + width
    if not width:
        return
    cloth = _cloth(person.seed, person.pattern)
    y0, x0 = round(top - person.ground) % 256, round(left - pose.x) % 256
    patch = np.roll(cloth, (-y0, -x0), (0, 1))[: bottom - top, : right - left, None]
    here = (slice(top, bottom), slice(left, right))
    cover = mask[here][:, :, None] / 255.0
    worn = np.clip(layer[here] + patch * cover, 0, 255)
    picture[here] = (picture[here] * (1 - cover) + worn * cover).astype(np.uint8)


@cache
def _cloth(seed: int, pattern: float) -> Any:
    coarse = np.random.default_rng(seed).normal(0.0, pattern, (64, 64)).astype(np.float32)
    return np.tile(cv2.resize(coarse, (256, 256), interpolation=cv2.INTER_CUBIC), (2, 2))


# ---------------------------------------------------------------- gestures


def path(keys: list[tuple[float, Hand]], t: float) -> Hand:
    """Between (second, hand) keys, gliding as arms do."""
    before = keys[0]
    for key in keys:
        if t < key[0]:
            share = smooth((t - before[0]) / max(1e-6, key[0] - before[0]))
            a, b = before[1], key[1]
            return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share
        before = key
    return before[1]


def gesture(name: str, chance: Chance) -> tuple[Callable[[float], Hand], float]:
    """The hand's way over the seconds since the gesture begins (for a right hand), and how long it takes.

    It is lifted, makes its stroke, which is the fastest of all, and is lowered again.
    """
    u = chance.uniform
    lift, fast, slow = u(0.5, 0.9), u(0.25, 0.5), u(0.7, 1.1)
    height = u(0.66, 0.82)
    if name in ("swipe_in", "swipe_out"):
        inner, outer = (u(-0.22, -0.1), height + u(-0.05, 0.05), 1.2), (u(0.42, 0.5), height, 1.2)
        start, end = (outer, inner) if name == "swipe_in" else (inner, outer)
        return _strokes(start, end, lift, fast, slow)
    if name == "swipe_up":
        return _strokes((u(0.2, 0.28), u(0.46, 0.55), 1.2), (u(0.16, 0.26), u(1.02, 1.15), 1.2), lift, fast, slow)
    if name == "swipe_down":
        return _strokes((u(0.16, 0.26), u(1.02, 1.15), 1.2), (u(0.2, 0.28), u(0.46, 0.55), 1.2), lift, fast, slow)
    if name in ("push", "pull"):
        near, far = (u(0.0, 0.1), height, u(2.8, 3.8)), (u(0.02, 0.1), height - 0.03, 1.0)
        if name == "push":
            return _strokes(far, near, lift, fast, slow)
        return _strokes(near, far, max(lift, 0.8), fast, slow)
    if name == "raise":
        up, hold = (u(0.1, 0.2), u(1.12, 1.2), 1.0), u(1.8, 2.6)
        keys = [(0.0, REST), (lift, up), (lift + hold, up), (lift + hold + slow, REST)]
        return lambda t: path(keys, t), keys[-1][0]
    if name == "wave":
        return _wave(chance, lift, slow)
    return lambda t: REST, 6.0


def fidget(chance: Chance) -> tuple[Callable[[float], Hand], float]:
    """What hands do of their own: to the face, the hip, a pocket, the other arm, and none of it is a gesture."""
    places: list[Hand] = [(0.04, 0.9, 1.1), (0.13, 0.52, 1.0), (0.1, 0.45, 1.0), (-0.06, 0.66, 1.1), (0.03, 0.72, 1.2)]
    keys, t = [(0.0, REST)], 0.0
    for _ in range(4):
        place = places[int(chance.integers(len(places)))]
        there = (place[0] + chance.uniform(-0.03, 0.03), place[1] + chance.uniform(-0.03, 0.03), place[2])
        t += chance.uniform(0.5, 1.0)
        keys.append((t, there))
        t += chance.uniform(0.3, 1.2)
        keys.append((t, there))
    keys.append((t + 0.8, REST))
    return lambda now: path(keys, now), keys[-1][0]


def _strokes(start: Hand, end: Hand, lift: float, fast: float, slow: float) -> tuple[Callable[[float], Hand], float]:
    pause = 0.12
    keys = [(0.0, REST), (lift, start), (lift + pause, start), (lift + pause + fast, end)]
    keys += [(lift + 2 * pause + fast, end), (lift + 2 * pause + fast + slow, REST)]
    return lambda t: path(keys, t), keys[-1][0]


def _wave(chance: Chance, lift: float, slow: float) -> tuple[Callable[[float], Hand], float]:
    centre, width = (chance.uniform(0.24, 0.32), chance.uniform(0.92, 1.08), 1.1), chance.uniform(0.08, 0.13)
    rate, length = chance.uniform(1.5, 2.6), chance.uniform(1.8, 2.8)
    keys = [(0.0, REST), (lift, centre), (lift + length, centre), (lift + length + slow, REST)]

    def hand(t: float) -> Hand:
        x, y, near = path(keys, t)
        waving = smooth((t - lift) / 0.1) * smooth((lift + length - t) / 0.1)
        return x + waving * width * math.sin(math.tau * rate * (t - lift)), y, near

    return hand, keys[-1][0]


# ---------------------------------------------------------------- places


def wall(chance: Chance, kind: int) -> Picture:
    """A wall to stand before: plain, hung with paintings, dark, or busy as a shelf of books."""
    light = np.linspace(chance.uniform(0.8, 1.0), 1.0, WIDTH)[None, :, None]
    base = {0: 165, 1: 140, 2: 45, 3: 120}[kind]
    picture = np.full((HEIGHT, WIDTH, 3), base, np.float32) * light
    picture[200:] *= 0.7
    if kind == 1:
        for left in (20, 125, 230):
            art = cv2.resize(
                chance.integers(20, 235, (8, 8, 3), dtype=np.uint8), (70, 80), interpolation=cv2.INTER_CUBIC
            )
            picture[40:120, left : left + 70] = art
    if kind == 3:
        picture += cv2.resize(chance.normal(0, 45, (40, 54, 3)).astype(np.float32), (WIDTH, HEIGHT))
    return np.clip(picture, 0, 255).astype(np.uint8)


def somebody(chance: Chance, wall_kind: int) -> Person:
    """A person of a size between a child far off and a grown-up close by, in clothes that the wall does not hide."""
    height = chance.uniform(105, 215)
    ground = chance.uniform(225, 240) if height < 190 else chance.uniform(238, 262)
    dark = {0: True, 1: chance.random() < 0.5, 2: False, 3: chance.random() < 0.5}[wall_kind]
    shade = (20, 90) if dark else (170, 235)
    colours = [tuple(int(v) for v in chance.integers(*shade, 3)) for _ in range(2)]
    skin = tuple(int(v * chance.uniform(0.6, 1.1)) for v in (140, 170, 215))
    return Person(
        height,
        ground,
        int(chance.integers(1 << 30)),
        int(chance.choice((-1, 1))),
        colours[0],
        colours[1],
        skin,
        chance.uniform(0.006, 0.015),
        chance.uniform(5, 30),
    )


@dataclass(frozen=True)
class Actor:
    """Walks in from a side to ``x`` (pixels) from second ``enters`` on, gestures at ``begins``, goes at ``leaves``."""

    person: Person
    x: float
    enters: float
    hand: Callable[[float], Hand] = lambda t: REST
    begins: float = math.inf
    leaves: float = math.inf
    speed: float = 110.0
    left: bool = True

    def pose(self, t: float) -> Pose | None:
        margin = 0.3 * self.person.height
        start = -margin if self.left else WIDTH + margin
        way, there = abs(self.x - start), (t - self.enters) * self.speed
        back = max(0.0, t - self.leaves) * self.speed
        if there < 0 or back > way:
            return None
        walked = min(way, there) - back
        walking = 0 < walked < way
        x = start + math.copysign(walked, self.x - start)
        step = math.sin(math.tau * walked / (0.8 * self.person.height)) if walking else 0.0
        return Pose(x, step, self.hand(t - self.begins) if t >= self.begins else REST)

    @property
    def arrives(self) -> float:
        margin = 0.3 * self.person.height
        return self.enters + abs(self.x - (-margin if self.left else WIDTH + margin)) / self.speed


@dataclass(frozen=True)
class Clip:
    """A drawn film. ``truth`` lists (gesture, begin, end): told between these seconds, it is right."""

    name: str
    background: Picture
    actors: tuple[Actor, ...]
    length: float
    seed: int
    noise: float = 3.0
    truth: tuple[tuple[str, float, float], ...] = ()
    weather: Callable[[Picture, float, Chance], Picture] | None = None

    def pictures(self) -> Iterator[Picture]:
        chance = np.random.default_rng(self.seed)
        for number in range(round(self.length * FPS)):
            t = number / FPS
            picture = self.background.copy()
            for actor in self.actors:
                if (pose := actor.pose(t)) is not None:
                    draw(picture, actor.person, pose, t)
            if self.weather:
                picture = self.weather(picture, t, chance)
            yield noisy(picture, self.noise, chance)


def noisy(picture: Picture, deviation: float, chance: Chance) -> Picture:
    """With a sensor's noise of that standard deviation (levels)."""
    if not deviation:
        return picture
    y, x = chance.integers(0, _noise(deviation).shape[0] - HEIGHT), chance.integers(0, HEIGHT)
    return cv2.add(picture, _noise(deviation)[y : y + HEIGHT, x : x + WIDTH], dtype=cv2.CV_8U)


@cache
def _noise(deviation: float) -> Any:
    """More noise than a picture needs: each picture takes another part of it."""
    shape = (2 * HEIGHT, WIDTH + HEIGHT, 3)
    return np.round(np.random.default_rng(4).normal(0.0, deviation, shape)).astype(np.int16)


def gesture_clip(name: str, number: int) -> Clip:
    """One of the clips of a gesture: 0..11 and as many more as are asked for; some hold a second person who stands."""
    seed = 1000 * (1 + GESTURES.index(name)) + number
    chance = np.random.default_rng(seed)
    kind = number % 4
    x = chance.uniform(110, 210)
    person = somebody(chance, kind)
    hand, length = gesture(_for_a_hand(name, person.side), chance)
    actor = Actor(person, x, 0.3, left=bool(chance.random() < 0.5), speed=chance.uniform(120, 160))
    begins = actor.arrives + chance.uniform(0.7, 1.0)
    actors = [replace(actor, hand=hand, begins=begins)]
    if number % 5 == 4:
        other = somebody(chance, kind)
        place = x + 95 if x < 160 else x - 95
        actors.insert(0, Actor(other, place, 0.3, left=place < x, speed=150.0))
    truth = ((name, begins, begins + length + (2.5 if name == "stillness" else 0.6)),)
    return Clip(
        f"{name} {number}", wall(chance, kind), tuple(actors), begins + length + 0.7, seed, chance.uniform(2, 6), truth
    )


def fidget_clip(number: int) -> Clip:
    """Somebody who stands there, whose hands move, and who makes no gesture."""
    chance = np.random.default_rng(500_000 + number)
    kind, x = number % 4, chance.uniform(110, 210)
    person, (hand, length) = somebody(chance, kind), fidget(chance)
    actor = Actor(person, x, 0.3, left=bool(chance.random() < 0.5), speed=chance.uniform(120, 160))
    begins = actor.arrives + 0.8
    actor = replace(actor, hand=hand, begins=begins)
    seed = 500_000 + number
    return Clip(f"fidget {number}", wall(chance, kind), (actor,), begins + length + 1.0, seed, chance.uniform(2, 6))


def stroke_times(hand: Callable[[float], Hand]) -> tuple[float, float]:
    """When the fastest stroke of a hand begins and ends (s); of one that comes much nearer, when that is fastest."""
    times = np.arange(0.0, 6.0, 1 / 60)
    course = np.array([hand(float(t)) for t in times])
    steps = np.diff(course, axis=0)
    comes = np.ptp(course[:, 2]) > 1.0
    speeds = np.abs(steps[:, 2]) if comes else np.hypot(steps[:, 0], steps[:, 1])
    fastest = int(speeds.argmax())
    slow = np.flatnonzero(speeds <= 0.1 * speeds[fastest])
    first, last = slow[slow < fastest], slow[slow > fastest]
    return float(times[first[-1] + 1] if len(first) else 0.0), float(times[last[0]] if len(last) else times[-1])


def _for_a_hand(name: str, side: int) -> str:
    """A right hand swipes outwards to the right, a left hand inwards."""
    if name in ("swipe_left", "swipe_right"):
        return "swipe_out" if (name == "swipe_right") == (side > 0) else "swipe_in"
    return name


# ---------------------------------------------------------------- what is nobody


def _shaken(picture: Picture, t: float, chance: Chance) -> Picture:
    move = np.float32([[1, 0, chance.uniform(-0.5, 0.5)], [0, 1, chance.uniform(-0.5, 0.5)]])
    return cv2.warpAffine(picture, move, (WIDTH, HEIGHT), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def _flicker(hertz: float) -> Callable[[Picture, float, Chance], Picture]:
    """A rolling shutter under lamps that pulse twice a period: bands that wander."""

    def weather(picture: Picture, t: float, chance: Chance) -> Picture:
        rows = t + np.arange(HEIGHT) / HEIGHT / 33.0
        light = 1.0 + 0.12 * np.sin(math.tau * 2 * hertz * rows)
        return np.clip(picture * light[:, None, None], 0, 255).astype(np.uint8)

    return weather


def _lamp(picture: Picture, t: float, chance: Chance) -> Picture:
    share = 1.0 if t % 10.0 < 6.0 else 0.35
    return (picture * share).astype(np.uint8)


def _sun(picture: Picture, t: float, chance: Chance) -> Picture:
    """A cloud goes by: a patch comes in two seconds, creeps, and goes."""
    strength = smooth((t % 15.0 - 4.0) / 2.0) * smooth((13.0 - t % 15.0) / 2.0)
    x = 120 + round(0.6 * t)
    lit = picture.astype(np.float32)
    shape = np.array([[x, 60], [x + 70, 50], [x + 100, 200], [x + 20, 210]], np.int32)
    mask = cv2.GaussianBlur(cv2.fillPoly(np.zeros((HEIGHT, WIDTH), np.float32), [shape], 1.0), (7, 7), 0)
    return np.clip(lit * (1 + 0.6 * strength * mask[:, :, None]), 0, 255).astype(np.uint8)


def _curtain(picture: Picture, t: float, chance: Chance) -> Picture:
    """Folds of cloth at the right edge that swing in a draught which comes and goes."""
    draught = 6.0 * max(0.0, math.sin(t / 4.0))
    rows = np.arange(HEIGHT)
    edges = 260 + draught * np.sin(1.7 * t) * rows / HEIGHT
    columns = np.arange(WIDTH)[None, :]
    inside = columns > edges[:, None]
    folds = 110 + 50 * np.sin((columns - edges[:, None]) / 5.0)
    picture = picture.copy()
    picture[inside] = np.clip(np.repeat(folds[..., None], 3, 2)[inside], 0, 255).astype(np.uint8)
    return picture


def _fan(picture: Picture, t: float, chance: Chance) -> Picture:
    """Three blades that start after five seconds."""
    angle = 9.0 * max(0.0, t - 5.0)
    for blade in range(3):
        a = angle + blade * math.tau / 3
        end = (round(250 + 35 * math.cos(a)), round(70 + 35 * math.sin(a)))
        cv2.line(picture, (250, 70), end, (40, 40, 40), 10, cv2.LINE_AA)
    return picture


def _screen(seconds: float) -> Callable[[Picture, float, Chance], Picture]:
    """A screen in the room whose picture becomes another one every so many seconds: a film, or the wall itself."""
    pictures = np.random.default_rng(8).integers(0, 255, (16, 9, 12, 3), dtype=np.uint8).astype(np.float32)

    def weather(picture: Picture, t: float, chance: Chance) -> Picture:
        at, share = int(t / seconds), smooth(t / seconds % 1.0)
        shown = pictures[at % 16] * (1 - share) + pictures[(at + 1) % 16] * share
        picture[60:150, 110:230] = np.clip(cv2.resize(shown, (120, 90), interpolation=cv2.INTER_CUBIC), 0, 255)
        return picture

    return weather


def _easel(picture: Picture, t: float, chance: Chance) -> Picture:
    """A painting that stands there from the seventh second on."""
    if t > 7.0:
        art = np.random.default_rng(9).integers(20, 235, (6, 5, 3), dtype=np.uint8)
        picture[90:210, 200:280] = cv2.resize(art, (80, 120), interpolation=cv2.INTER_CUBIC)
    return picture


WEATHER: dict[str, tuple[float, Any]] = {
    "noise 14": (14.0, None),
    "noise 25": (25.0, None),
    "shake": (3.0, _shaken),
    "flicker 50": (3.0, _flicker(50.0)),
    "flicker 60": (3.0, _flicker(60.0)),
    "lamp": (3.0, _lamp),
    "sun": (3.0, _sun),
    "curtain": (3.0, _curtain),
    "fan": (3.0, _fan),
    "screen": (3.0, _screen(1.0)),
    "wall mirrored": (3.0, _screen(8.0)),
    "easel": (3.0, _easel),
}


def nuisance_clip(name: str, length: float = 50.0, kind: int = 1) -> Clip:
    """A room in which nobody is."""
    noise, weather = WEATHER[name]
    return Clip(name, wall(np.random.default_rng(5), kind), (), length, 77, noise, (), weather)


def standing_clip(name: str, length: float = 120.0) -> Clip:
    """Somebody walks in at second 3, stands and looks in that weather, and leaves ten seconds before the end."""
    noise, weather = WEATHER.get(name, (4.0, None))
    chance = np.random.default_rng(6)
    person = replace(somebody(chance, 1), height=150.0, ground=235.0)
    actor = Actor(person, 80, 3.0, leaves=length - 10.0)
    return Clip(f"standing, {name}", wall(np.random.default_rng(5), 1), (actor,), length, 78, noise, (), weather)
