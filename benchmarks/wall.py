"""What a frame of the wall costs to draw, with and without the surface of its picture.

    python -m benchmarks.wall [--size 1280x720] [--frames 200] [--picture 128]

Pictures are noise that moves with every frame; nothing is painted and nothing waits for a screen. The ways to draw take
turns, so that a busy machine slows all of them alike. Told are the fastest tenth of the frames, and the processor time
of all cores together, which other work disturbs less.
"""

import argparse
import time
from collections.abc import Iterator
from types import SimpleNamespace

import numpy as np

from installation.core.contracts import Frame
from installation.engine.view import Picture, Surface, View
from installation.stage import Stage, open_stage
from installation.stage.layout import How

HOWS: tuple[How, ...] = ("bleed", "wall")
SURFACES = {
    "bare": Surface(relief=0.0, weave=0.0),
    "as it rests": Surface(),
    "all of it": Surface(relief=1.0, weave=1.0, craquelure=1.0, varnish=1.0),
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--size", default="1280x720")
    options.add_argument("--frames", type=int, default=200)
    options.add_argument("--picture", type=int, default=128, help="its side in pixels")
    asked = options.parse_args()
    width, height = map(int, asked.size.split("x"))
    stage = open_stage("headless", (width, height))
    label = SimpleNamespace(title={}, medium={}, date={}, text={})
    for piece, how in enumerate(HOWS):
        stage.hang(piece, how, label, ("en",))
    taken = {key: list(times) for key, times in measured(stage, asked.frames, asked.picture)}
    print(f"{stage.renderer}; {asked.size}; {asked.frames} frames each\n")
    print("| hang | surface | fastest tenth, ms | processor time, ms |\n| --- | --- | --- | --- |")
    for (how, name), times in taken.items():
        clock, processor = np.array(times).T * 1000
        print(f"| {how} | {name} | {np.percentile(clock, 10):.2f} | {np.median(processor):.2f} |")
    stage.close()


def measured(stage: Stage, frames: int, side: int) -> Iterator[tuple[tuple[str, str], list[tuple[float, float]]]]:
    """((hang, surface), (seconds, processor seconds) of each frame)."""
    random = np.random.default_rng(0)
    reel = [Frame(random.integers(0, 256, (side, side, 3), np.uint8), float(number)) for number in range(4)]
    ways = [(piece, how, name) for piece, how in enumerate(HOWS) for name in SURFACES]
    times: dict[tuple[str, str], list[tuple[float, float]]] = {(how, name): [] for _, how, name in ways}
    for number in range(frames):
        for piece, how, name in ways:
            picture = Picture(piece, reel[number % 4], reel[(number + 1) % 4], 0.5, SURFACES[name])
            times[how, name].append(timed(stage, View(picture)))
    yield from times.items()


def timed(stage: Stage, view: View) -> tuple[float, float]:
    clock, processor = time.perf_counter(), time.process_time()
    stage.draw(view)
    stage.present()
    return time.perf_counter() - clock, time.process_time() - processor


if __name__ == "__main__":
    main()
