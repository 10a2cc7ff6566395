"""What an open console costs the show: the frame loop's part of it, and its own thread's, for a show of many controls.

    python -m benchmarks.console [--controls 1000] [--frames 20000]

Processor time of the thread, so that other work on the machine counts as little as it can.
"""

import argparse
import os
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np

from installation.console import INTERVAL, Console
from installation.core.commands import Asked
from installation.core.decision import Decision, Tally
from installation.core.pipe import encode
from installation.core.signals import Snapshot
from installation.engine.decide import Decider, Heard
from installation.showfile.load import Show, load
from installation.web.messages import pack

ROOT = Path(__file__).resolve().parent.parent
FRAME = 1 / 60
MOMENTS = 200


class Web:
    """A web process with one open console, whose messages are encoded as for the pipe and then dropped."""

    consoles, starts, tally = 1, 1, Tally()

    def __init__(self, show: Show) -> None:
        self.show = show
        self.bytes = 0

    def pass_on(self, message: Any) -> None:
        self.bytes = len(encode(pack(message)))


def decision_of(decider: Decider, controls: int) -> Decision:
    """A decision with so many controls."""
    found = decider.decide(1.0, datetime.now(UTC), Heard(Asked(), Snapshot({}, {}), ready={0}))
    values = {f"/generator/direction/{number}": number / 7 for number in range(controls)}
    wall = replace(found.wall, controls=values, hands=dict.fromkeys(values, "wire"))
    return replace(found, walls=(wall,))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--controls", type=int, default=1000)
    options.add_argument("--frames", type=int, default=20_000)
    asked = options.parse_args()
    show = load(ROOT / "shows" / "next_rembrandt.toml")
    web, decider = Web(show), Decider(show, always_open=True)
    console, decision = Console(cast(Any, web)), decision_of(decider, asked.controls)
    taken = np.empty(asked.frames)
    for frame in range(asked.frames):
        now = replace(decision, time=frame * FRAME)
        began = time.thread_time()
        console.look(now, decider)
        taken[frame] = time.thread_time() - began
    print(f"{asked.controls} controls, load {os.getloadavg()[0]:.1f}, ms of processor time")
    mean, worst = 1000 * taken.mean(), 1000 * np.percentile(taken, 99)
    print(f"a frame of the loop, at 60 a second: mean {mean:.4f}, p99 {worst:.4f}")
    seen = console._seen.take()
    assert seen is not None
    began = time.thread_time()
    for _ in range(MOMENTS):
        web.pass_on(console._moment(seen))
    each = 1000 * (time.thread_time() - began) / MOMENTS
    print(f"a moment, in a thread of its own, {1 / INTERVAL:.0f} a second: {each:.2f}, {web.bytes} bytes")


if __name__ == "__main__":
    main()
