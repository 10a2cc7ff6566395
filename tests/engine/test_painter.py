"""The painter: newest wins, nothing queues, a broken generator leaves its last picture."""

import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from installation.core.contracts import Frame, Generator, Latent, Pixels, Walk
from installation.core.controls import Values
from installation.core.decision import Lane
from installation.engine.frames import FLAT, Frames, Pair
from installation.engine.painter import CALM, STUCK, Hung, Intent, Painter
from tests.timeout import TIMEOUT, until


class Counting(Generator):
    """Paints the brightness that it is told; ``gate`` holds it, so that a test decides when a paint ends."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.painted: list[float] = []

    def latent(self, seed: int) -> Latent:
        return np.zeros(1, np.float32)

    def paint(self, latent: Latent, controls: Values) -> Pixels:
        assert self.gate.wait(TIMEOUT)
        if controls.get("fail"):
            raise RuntimeError("no more paint")
        self.painted.append(float(latent[0]))
        picture = np.zeros((4, 4, 3), np.uint8)
        picture[:2] = int(latent[0])
        return picture


class Straight(Walk):
    def at(self, t: float, controls: Values) -> Latent:
        return np.array([t], np.float32)


@pytest.fixture
def generator() -> Counting:
    return Counting()


@pytest.fixture
def painter(generator: Counting) -> Iterator[Painter]:
    made = Painter(time.monotonic)
    made.hang(0, Hung(generator, Straight()))
    made.start()
    yield made
    generator.gate.set()
    made.stop()


def intent(t: float, touched: float | None = None, **controls: float) -> Intent:
    return Intent(t, (Lane(0, t, controls),), touched)


def test_it_keeps_the_two_newest_frames(painter: Painter) -> None:
    for t in (1.0, 2.0, 3.0):
        painter.publish(intent(t))
        until(lambda t=t: painter.frames.pair(0).later is not None and painter.frames.pair(0).later.time == t)
    pair = painter.frames.pair(0)
    assert pair.earlier is not None
    assert pair.later is not None
    assert (pair.earlier.time, pair.later.time) == (2.0, 3.0)
    assert pair.later.pixels[0, 0, 0] == 3


def test_newest_wins_and_nothing_queues(painter: Painter, generator: Counting) -> None:
    generator.gate.clear()
    painter.publish(intent(1.0))
    until(lambda: painter.busy_since is not None)
    for t in range(2, 100):
        painter.publish(intent(float(t)))
    generator.gate.set()
    until(lambda: len(generator.painted) == 2)
    assert generator.painted == [1.0, 99.0]


def test_a_touch_is_carried_to_the_intent_that_is_painted(painter: Painter, generator: Counting) -> None:
    generator.gate.clear()
    painter.publish(intent(1.0))
    until(lambda: painter.busy_since is not None)
    painter.publish(intent(2.0, touched=time.monotonic() - 5.0))
    painter.publish(intent(3.0))
    generator.gate.set()
    until(lambda: painter.stats.steer.values().size)
    assert 5.0 <= painter.stats.steer.values()[0] < 5.0 + TIMEOUT


class Looking(Straight):
    """Counts how often it could look ahead; ``gate`` holds it there."""

    def __init__(self) -> None:
        self.looked, self.gate, self.fault = 0, threading.Event(), False
        self.gate.set()

    def look_ahead(self) -> None:
        assert self.gate.wait(TIMEOUT)
        self.looked += 1
        if self.fault:
            raise RuntimeError("no way")


def test_a_walk_looks_ahead_where_no_hand_moves(painter: Painter, generator: Counting) -> None:
    painter.hang(0, Hung(generator, walk := Looking()))
    painter.publish(intent(1.0))
    until(lambda: walk.looked == 1)
    for number, (t, touched) in enumerate([(2.0, 2.0), (2.0 + CALM / 2, None), (3.0, None)]):
        painter.publish(intent(t, touched))
        until(lambda number=number: len(generator.painted) == number + 2)
    until(lambda: walk.looked == 2)
    assert generator.painted == [1.0, 2.0, 2.0 + CALM / 2, 3.0]


def test_a_hand_that_waits_is_answered_before_a_walk_looks_ahead(painter: Painter, generator: Counting) -> None:
    painter.hang(0, Hung(generator, walk := Looking()))
    generator.gate.clear()
    painter.publish(intent(1.0))
    until(lambda: painter.busy_since is not None)
    painter.publish(intent(2.0, touched=time.monotonic()))
    generator.gate.set()
    until(lambda: painter.stats.steer.values().size)
    assert (walk.looked, generator.painted) == (0, [1.0, 2.0])


def test_a_walk_that_fails_or_hangs_as_it_looks_ahead_is_taken_off(painter: Painter, generator: Counting) -> None:
    painter.hang(0, Hung(generator, fails := Looking()))
    fails.fault = True
    painter.publish(intent(1.0))
    until(lambda: painter.broken)
    assert painter.broken == {0: "RuntimeError: no way"}
    painter.hang(0, Hung(generator, hangs := Looking()))
    hangs.gate.clear()
    painter.publish(intent(2.0))
    until(lambda: painter.busy_since is not None and generator.painted == [1.0, 2.0])
    painter.watch(time.monotonic() + STUCK + 1.0)
    assert painter.broken[0].startswith("has been at one picture for")
    painter.hang(1, Hung(generator, Straight()))  # another thread paints on; the old one takes nothing from it
    hangs.gate.set()
    for number in range(3):
        painter.publish(Intent(3.0, (Lane(1, 3.0 + number, {}),)))
        until(lambda number=number: generator.painted[-1] == 3.0 + number)


def test_a_generator_that_raises_leaves_its_last_picture(painter: Painter) -> None:
    painter.publish(intent(1.0))
    until(lambda: painter.frames.pair(0).later)
    painter.publish(intent(2.0, fail=1.0))
    until(lambda: painter.broken)
    assert painter.broken == {0: "RuntimeError: no more paint"}
    assert painter.frames.pair(0).later is not None
    assert 0 not in painter.hung
    painter.hang(0, Hung(Counting(), Straight()))  # opened again, it paints again
    painter.publish(intent(3.0))
    until(lambda: painter.frames.pair(0).later.time == 3.0)  # type: ignore[union-attr]


def test_what_is_no_picture_is_not_shown(painter: Painter, generator: Counting) -> None:
    generator.paint = lambda latent, controls: np.zeros((4, 4), np.uint8)  # type: ignore[method-assign]
    painter.publish(intent(1.0))
    until(lambda: painter.broken)
    assert "painted uint8 (4, 4), expected uint8 (height, width, 3)" in painter.broken[0]


def test_the_mix_comes_from_the_earlier_to_the_later_frame() -> None:
    frame = Frame(np.zeros((1, 1, 3), np.uint8), 0.0)
    pair = Pair(frame, frame, arrived=10.0, interval=0.1)
    assert [round(pair.mix(now, 0.02), 2) for now in (9.0, 10.0, 10.05, 10.1, 11.0)] == [0.0, 0.0, 0.5, 1.0, 1.0]
    assert Pair(None, frame, 10.0, 0.0).mix(10.0, 0.02) == 1.0


@pytest.mark.parametrize(("rate", "mix"), [(30.0, 1.0), (29.0, 1.0), (25.0, 0.25)])
def test_a_generator_that_keeps_up_with_the_screen_is_shown_at_once_and_a_slower_one_moves_with_each_frame(
    rate: float, mix: float
) -> None:
    frame = Frame(np.zeros((1, 1, 3), np.uint8), 0.0)
    assert Pair(frame, frame, 10.0, 1 / rate).mix(10.01, 1 / 30) == pytest.approx(mix)


def picture(level: int) -> Frame:
    pixels = np.full((4, 4, 3), level, np.uint8)
    pixels[:2] += 1
    return Frame(pixels, 0.0)


def test_a_picture_after_a_rest_is_reached_in_the_time_that_its_paint_took() -> None:
    """Not in the time since the last one, which was no waiting for the generator: a hand would wait it out again."""
    frames = Frames()
    for number, done in enumerate((10.0, 10.1, 10.2)):
        assert frames.keep(0, picture(number), done - 0.1, done) is None
    assert frames.pair(0).interval == pytest.approx(0.1)
    frames.stay(0)
    assert frames.pair(0).mix(10.25, 0.02) == pytest.approx(0.5), "what began goes on to its end"
    frames.keep(0, picture(9), 15.0, 15.03)
    assert frames.pair(0).interval == pytest.approx(0.03)
    frames.keep(0, picture(10), 15.03, 15.06)
    assert frames.pair(0).interval == pytest.approx(0.03), "and from there on they follow one another"


def test_a_piece_that_was_not_painted_for_long_begins_anew() -> None:
    frames = Frames()
    frames.keep(0, picture(1), 10.0, 10.1)
    frames.keep(0, picture(2), 15.0, 15.1)
    assert (frames.pair(0).earlier, frames.pair(0).mix(15.1, 0.02)) == (None, 1.0)


def test_two_pieces_take_turns_and_a_touch_goes_first(painter: Painter, generator: Counting) -> None:
    painter.hang(1, Hung(generator, Straight()))
    for number in range(4):
        painter.publish(Intent(float(number), (Lane(1, 200.0 + number, {}), Lane(0, 100.0 + number, {}))))
        until(lambda number=number: len(generator.painted) == number + 1)
    assert sorted(at // 100 for at in generator.painted) == [1, 1, 2, 2]
    for number in range(3):
        painter.publish(Intent(9.0, (Lane(1, 250.0 + number, {}), Lane(0, 150.0 + number, {})), touched=0.0))
        until(lambda number=number: generator.painted[-1] == 250.0 + number)


def test_a_broken_piece_does_not_hold_up_the_one_that_comes(painter: Painter, generator: Counting) -> None:
    painter.hang(1, Hung(generator, Straight()))
    painter.publish(Intent(0.0, (Lane(0, 1.0, {"fail": 1.0}),)))
    until(lambda: painter.broken)
    for number in range(5):
        painter.publish(Intent(float(number), (Lane(1, 200.0 + number, {}), Lane(0, 100.0 + number, {}))))
        until(lambda number=number: generator.painted[-1:] == [200.0 + number])


def test_what_stands_still_is_painted_once(painter: Painter, generator: Counting) -> None:
    """The walk's and the stage's controls change no picture; the latent, the generator's controls and a generator that
    was opened anew do."""
    painter.publish(intent(1.0))
    until(lambda: painter.frames.pair(0).later)
    for number in range(3):
        painter.publish(Intent(2.0 + number, (Lane(0, 1.0, {"/walk/speed": 2.0 + number, "/stage/label": 0.5}),)))
        until(lambda number=number: painter.stats.spared == number + 1)
    assert generator.painted == [1.0]
    touched = time.monotonic()
    painter.publish(Intent(8.0, (Lane(0, 1.0, {"/generator/psi": 0.5}),), touched))
    until(lambda: painter.stats.steer.values().size)
    assert 0.0 < painter.frames.pair(0).interval < time.monotonic() - touched, "the rest is not counted as painting"
    painter.hang(0, Hung(again := Counting(), Straight()))
    painter.publish(Intent(9.0, (Lane(0, 1.0, {"/generator/psi": 0.5}),)))
    until(lambda: again.painted)
    assert (generator.painted, painter.stats.frames) == ([1.0, 1.0], 3)


def test_a_piece_that_stands_still_leaves_its_turns_to_the_other(painter: Painter, generator: Counting) -> None:
    painter.hang(1, Hung(moving := Counting(), Straight()))
    for number in range(5):
        painter.publish(Intent(float(number), (Lane(1, 200.0, {}), Lane(0, 100.0 + number, {}))))
        until(lambda number=number: len(generator.painted + moving.painted) > number)
    assert len(moving.painted) == 1
    assert len(generator.painted) == 4


def test_what_is_not_painted_is_no_answer_to_a_hand(painter: Painter) -> None:
    painter.publish(Intent(1.0, (Lane(7, 0.0, {}),), touched=0.0))
    until(lambda: painter._intents._item is None)
    painter.publish(intent(2.0))
    until(lambda: painter.frames.pair(0).later)
    assert not painter.stats.steer.values().size


BAD = {
    "raises": (RuntimeError("boom"), "RuntimeError: boom"),
    "ends the program": (SystemExit(3), "SystemExit: 3"),
    "interrupts": (KeyboardInterrupt(), "KeyboardInterrupt"),
    "runs out of memory": (MemoryError("x"), "MemoryError: x"),
    "nothing": (None, "painted NoneType, expected uint8"),
    "floats": (np.full((4, 4, 3), np.nan, np.float32), "painted float32"),
    "no pixel": (np.zeros((0, 0, 3), np.uint8), "painted 0 x 0 pixels, expected 1 to 8192"),
    "no column": (np.zeros((4, 0, 3), np.uint8), "painted 0 x 4 pixels"),
    "too large": (np.zeros((4, 20000, 3), np.uint8), "painted 20000 x 4 pixels"),
}


@pytest.mark.parametrize(("what", "why"), BAD.values(), ids=BAD)
@pytest.mark.filterwarnings("error")
def test_whatever_a_generator_does_the_others_paint_on(
    painter: Painter, generator: Counting, what: object, why: str
) -> None:
    painter.hang(1, Hung(Counting(), Straight()))
    painter.publish(intent(1.0))
    until(lambda: painter.frames.pair(0).later)

    def bad(latent: Latent, controls: Values) -> Pixels:
        if isinstance(what, BaseException):
            raise what
        return what  # type: ignore[return-value]

    generator.paint = bad  # type: ignore[method-assign]
    painter.publish(intent(2.0))
    until(lambda: painter.broken)
    assert why in painter.broken[0]
    assert painter.frames.pair(0).later is not None
    assert painter.frames.pair(0).later.time == 1.0
    painter.publish(Intent(3.0, (Lane(1, 3.0, {}),)))
    until(lambda: painter.frames.pair(1).later)


def test_pictures_of_one_colour_are_left_out_and_told(painter: Painter, generator: Counting) -> None:
    """What is left of numbers that are none, cast to bytes: black, or any one value."""
    painter.publish(intent(9.0))
    until(lambda: painter.frames.pair(0).later)
    generator.paint = lambda latent, controls: np.zeros((4, 4, 3), np.uint8)  # type: ignore[method-assign]
    for number in range(FLAT + 5):
        painter.publish(intent(10.0 + number))
        until(lambda: painter._intents._item is None and painter.busy_since is None)
    assert painter.broken == {0: "paints nothing but one colour, [0, 0, 0]"}
    assert painter.frames.pair(0).later is not None
    assert painter.frames.pair(0).later.time == 9.0


def test_a_paint_that_hangs_is_given_up_and_the_others_go_on(generator: Counting) -> None:
    now = [0.0]
    painter = Painter(lambda: now[0])
    painter.hang(0, Hung(generator, Straight()))
    painter.hang(1, Hung(Counting(), Straight()))
    painter.start()
    painter.publish(intent(1.0))
    until(lambda: painter.frames.pair(0).later)
    generator.gate.clear()
    painter.publish(intent(2.0))
    until(lambda: painter.busy_since is not None)
    now[0] = STUCK - 1.0
    painter.watch(now[0])
    assert not painter.broken
    now[0] = STUCK + 1.0
    painter.watch(now[0])
    assert painter.broken == {0: f"has been at one picture for {STUCK + 1:.0f} s"}
    painter.publish(Intent(3.0, (Lane(1, 3.0, {}),)))
    until(lambda: painter.frames.pair(1).later)
    generator.gate.set()  # it comes back too late: nobody takes its picture
    until(lambda: sum(thread.name == "painter" for thread in threading.enumerate()) == 1)
    assert painter.frames.pair(0).later.time == 1.0  # type: ignore[union-attr]
    painter.stop()
