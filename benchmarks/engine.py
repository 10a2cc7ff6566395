"""The engine's own work: the processor time of Loop.tick on a show with every signal moving, and that of a start.

    python benchmarks/engine.py [--show shows/next_rembrandt.toml] [--ticks 3000]

Processor time of the thread, so that other work on the machine counts as little as it can.
"""

import argparse
import gc
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.core.clock import RealClock  # noqa: E402
from installation.core.signals import Board  # noqa: E402
from installation.engine.loop import Loop  # noqa: E402
from installation.engine.painter import Hung, Painter  # noqa: E402
from installation.operator.inbox import Inbox  # noqa: E402
from installation.showfile.load import Show, load  # noqa: E402

WARM = 200
"""Ticks that do not count."""
STARTS = 5
"""Processes that import the program; the fastest counts."""

START = """
import time
import installation.app
from installation.showfile.load import load
show = load({show!r})
from installation.stage import open_stage
stage = open_stage("headless", (1280, 720))
stage.announce([show.title_in(show.languages[0])])
title = time.process_time()
import installation.run
print(title, time.process_time())
"""


def ticks(show: Show, count: int) -> np.ndarray:
    """(count,) milliseconds of each tick. Every piece hangs, none is painted."""
    clock, board = RealClock(), Board()
    board.declare(show.signals())
    painter, inbox = Painter(clock.now), Inbox(show.controls(), show.commands())
    for index in range(len(show.pieces)):
        painter.hang(index, cast(Hung, None))
    loop = Loop(show, board, painter, clock, 1 / 30, inbox.drain, always_open=True)
    names, taken = [signal.name for signal in show.signals()], np.empty(WARM + count)
    gc.collect()
    gc.freeze()
    for tick in range(WARM + count):
        for name in names:
            board.emit(name, tick % 30 / 30, clock.now())
        began = time.thread_time()
        loop.tick()
        taken[tick] = time.thread_time() - began
    return 1000 * taken[WARM:]


def starts(show: Path) -> np.ndarray:
    """(2,) processor seconds of a start: until the title stands, until the rest of the program is loaded."""
    line = [sys.executable, "-c", START.format(show=str(show))]
    said = [subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=True).stdout for _ in range(STARTS)]
    return np.array([[float(word) for word in one.split()[-2:]] for one in said]).min(axis=0)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--show", type=Path, default=ROOT / "shows" / "next_rembrandt.toml")
    options.add_argument("--ticks", type=int, default=3000)
    asked = options.parse_args()
    taken = ticks(load(asked.show), asked.ticks)
    title, loaded = starts(asked.show)
    print("| processor time | |\n| --- | --- |")
    print(f"| a tick, median | {np.median(taken):.2f} ms |")
    print(f"| a tick, 99th percentile | {np.percentile(taken, 99):.2f} ms |")
    print(f"| a start until the title stands | {title:.2f} s |")
    print(f"| until all of the program is loaded | {loaded:.2f} s |")


if __name__ == "__main__":
    main()
