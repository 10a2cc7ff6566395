"""What a picture that stands still costs: processor seconds of a painter that is asked for pictures at a screen's rate.

    python benchmarks/idle.py [--model shows/models/portraits.safetensors] [--seconds 10]

Three courses of one piece: its walk goes on; it stands still; it stands still, and is painted again for each intent, as
if nothing were known of that.
"""

import argparse
import os
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.core import parts  # noqa: E402
from installation.core.decision import Lane  # noqa: E402
from installation.engine.painter import Hung, Intent, Painter  # noqa: E402
from installation.networks.choose_runtime import machine  # noqa: E402
from installation.networks.model_file import read_header  # noqa: E402

RATE = 30.0
"""Intents a second."""
TINY = 1e-9
"""A step of psi that no picture shows."""


def course(painter: Painter, seconds: float, moves: bool, again: bool) -> tuple[float, int]:
    """Processor seconds a second, and pictures painted."""
    frames, used = painter.stats.frames, time.process_time()
    for number in range(round(seconds * RATE)):
        controls = {"/generator/psi": 0.7 + (TINY * number if again else 0.0)}
        painter.publish(Intent(number / RATE, (Lane(0, number / RATE if moves else 0.0, controls),)))
        time.sleep(1 / RATE)
    return (time.process_time() - used) / seconds, painter.stats.frames - frames


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, default=ROOT / "shows" / "models" / "portraits.safetensors")
    options.add_argument("--seconds", type=float, default=10.0)
    asked = options.parse_args()
    kind = read_header(asked.model)["kind"]
    generator = parts.config("generator", kind)(kind=kind, model=asked.model, runtime="eager").open("cpu")
    painter = Painter(time.monotonic)
    painter.hang(0, Hung(generator, parts.config("walk", "loop")(kind="loop").open(generator, 0)))
    painter.start()
    load = f", load {os.getloadavg()[0]:.0f}" if hasattr(os, "getloadavg") else ""
    print(f"{machine()}{load}\n\n| {asked.model.name}, {asked.seconds:g} s | core-seconds a second | pictures |")
    print("| --- | --- | --- |")
    for name, moves, again in (("walks", True, False), ("painted again", False, True), ("stands still", False, False)):
        used, pictures = course(painter, asked.seconds, moves, again)
        print(f"| {name} | {used:.3f} | {pictures} |", flush=True)
    painter.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
