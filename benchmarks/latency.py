"""How long a hand takes to the picture, seen from outside: datagrams against the frames of a recorded film.

    python -m benchmarks.latency [--show shows/rehearsal.toml] [--control /generator/hue --low -0.25 --high 0.25]

The walk stands still, a control is moved to and fro, and the film and the decisions of the run tell when the picture
followed: the time from a datagram to the beginning of the frame that shows it. A film of 30 frames a second tells that
to 33 ms.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from pythonosc.udp_client import SimpleUDPClient

from benchmarks.first_light import machine
from installation.core import recording

ROOT = Path(__file__).resolve().parent.parent
SIDE = 32
"""Pixels of the small pictures that are compared."""

START = 16.0
"""Seconds until a show is up and stands still."""

AWAY = 4.0
"""Levels that two pictures differ by, on average, if the control moves them at all."""


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--show", type=Path, default=ROOT / "shows" / "rehearsal.toml")
    options.add_argument("--control", default="/generator/hue")
    options.add_argument("--low", type=float, default=-0.25)
    options.add_argument("--high", type=float, default=0.25)
    options.add_argument("--moves", type=int, default=60)
    options.add_argument("--fps", type=float, default=30.0)
    options.add_argument("--size", default="640x360")
    options.add_argument("--port", type=int, default=8000, help="where the show hears OSC")
    asked = options.parse_args()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        took = latencies(sent := play(asked, Path(folder)), *film(Path(folder)))
    print(f"\n{machine()}; load {before:.1f} before, {os.getloadavg()[0]:.1f} at the end; {asked.size}\n")
    print("| datagram to picture | ms |\n| --- | --- |")
    print(f"| p50 | {np.percentile(took, 50):.0f} |\n| p99 | {np.percentile(took, 99):.0f} |")
    print(f"\n{len(took)} of {len(sent) - 1} moves seen")
    return 0


def play(asked: argparse.Namespace, folder: Path) -> list[float]:
    """When each datagram was sent (s, of the day's clock)."""
    line = [sys.executable, "-m", "installation.program", str(asked.show), "--headless", "--size", asked.size]
    line += ["--always-open", "--state", str(folder / "state"), "--fps", str(asked.fps)]
    line += ["--record", str(folder / "wall.mp4"), "--record-decisions", str(folder / "decisions.jsonl.gz")]
    line += ["--seconds", str(START + asked.moves)]
    run = subprocess.Popen(line, cwd=ROOT)
    sent = steer(run, asked)
    if run.wait():
        sys.exit(f"the show ended with status {run.returncode}")
    return sent


def steer(run: "subprocess.Popen[bytes]", asked: argparse.Namespace) -> list[float]:
    dice, sent = random.Random(1), []
    with SimpleUDPClient("127.0.0.1", asked.port) as client:
        for _ in range(int(START)):
            client.send_message("/walk/speed", 0.0)
            client.send_message("/show/hold", 1)
            time.sleep(1.0)
        for move in range(asked.moves):
            client.send_message("/walk/speed", 0.0)
            client.send_message(asked.control, asked.high if move % 2 else asked.low)
            sent.append(time.time())
            time.sleep(dice.uniform(0.6, 0.9))
            if run.poll() is not None:
                break
    return sent


def film(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """(n,) when each frame of the film was decided (s, of the day's clock); (n, SIDE, SIDE, 3) the frames, small."""
    with av.open(str(folder / "wall.mp4")) as opened:
        stream = opened.streams.video[0]
        rate = float(stream.average_rate or 30)
        frames = [f.reformat(SIDE, SIDE, "rgb24").to_ndarray().astype(np.float32) for f in opened.decode(stream)]
    first = datetime.fromisoformat(next(recording.read(folder / "decisions.jsonl.gz")).civil).timestamp()
    return first + np.arange(len(frames)) / rate, np.stack(frames)


def latencies(sent: list[float], times: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """Milliseconds from each datagram to the first frame that is nearer to what comes than to what was before."""
    took = []
    for began, ends in pairwise(sent):
        window = np.flatnonzero((times >= began) & (times < ends))
        if len(window) < 2 or window[0] == 0:
            continue
        old, new = frames[window[0] - 1], frames[window[-1]]
        if np.abs(new - old).mean() < AWAY:
            continue
        nearer = [np.abs(frames[at] - new).mean() < np.abs(frames[at] - old).mean() for at in window]
        took.append((times[window[int(np.argmax(nearer))]] - began) * 1000)
    return np.array(took)


if __name__ == "__main__":
    sys.exit(main())
