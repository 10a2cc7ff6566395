"""Waiting for the drawing holds up no other thread of Python: the painter's paints meanwhile."""

import statistics
import threading
import time
from collections.abc import Iterator

import pytest

from installation.stage import Stage, gl, open_stage

pytestmark = pytest.mark.gl

SLOW = """
in vec2 place; out vec4 colour;
void main() { float s = 0.0; for (int i = 0; i < 400; i++) s += sin(place.x * float(i)); colour = vec4(s); }
"""


class Counter(threading.Thread):
    """Counts, and lets go of the interpreter after each number."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.count, self.ended = 0, threading.Event()

    def run(self) -> None:
        while not self.ended.wait(0.001):
            self.count += 1


@pytest.fixture
def counter() -> Iterator[Counter]:
    made = Counter()
    made.start()
    yield made
    made.ended.set()
    made.join()


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = open_stage("headless", (640, 360))
    if not made.software:
        pytest.skip("a graphics card draws too fast to see who waits")
    yield made
    made.close()


def test_the_painter_goes_on_while_the_wall_is_drawn(stage: Stage, counter: Counter) -> None:
    brush, canvas = gl.Brush(stage._context, SLOW), gl.canvas(stage._context, stage.size)

    def counted() -> int:
        """How far the other thread came while the wall was drawn for 0.1 s or more."""
        before, began = counter.count, time.monotonic()
        while time.monotonic() - began < 0.1:
            brush.paint(canvas, None)
            stage.present()
        return counter.count - before

    assert statistics.median(counted() for _ in range(9)) >= 10  # one that is held up comes to one between two passes
