"""What a show costs as it grows: wires, pieces, surfaces and models, each alone, as numbers and as a plot.

    python -m benchmarks.growth [--axes wires pieces surfaces models] [--csv growth.csv] [--plot growth.svg]
    python -m benchmarks.growth --read growth.csv --plot growth.svg

Each count has a process of its own, which writes the show, starts it without a window, and ticks. Told are
the processor time of a tick (of all threads where surfaces are told), the memory of the process, and the processor
time of the start until every piece hangs. A tick moves every signal. Models are copies of the one that ships, each
opened by itself; the pieces of the other shows paint without one.
"""

import argparse
import csv
import gc
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, fields
from html import escape
from pathlib import Path

from installation.core.clock import RealClock
from installation.core.signals import Board
from installation.engine.loop import Loop
from installation.engine.painter import Hung, Painter
from installation.metrics import memory_mb
from installation.operator.inbox import Inbox
from installation.operator.server import OscServer
from installation.preparing import Preparing
from installation.showfile.load import Show, load
from installation.stage import open_stage

ROOT = Path(__file__).resolve().parent.parent
MODEL = ROOT / "shows" / "models" / "landscapes.safetensors"
COUNTS = {"wires": (1, 10, 100, 250), "pieces": (1, 10, 100), "surfaces": (1, 10, 50), "models": (1, 3, 10)}
"""A piece has 256 wires at most; a hundred pieces of ten wires are a thousand."""
WIRES = 10
"""Of each piece where pieces are counted."""
WARM, TICKS, FRAME = 100, 1000, 1 / 30
WIDTH, HEIGHT, EDGE = 300, 220, 46
COLOURS = {"wires": "#4b6475", "pieces": "#9a5b13", "surfaces": "#5f7a3a", "models": "#b3261e"}


@dataclass(frozen=True)
class Row:
    """``tick_ms`` and ``start_s`` are processor time, ``memory_mb`` is resident."""

    axis: str
    count: int
    tick_ms: float
    memory_mb: float
    start_s: float


FIGURES = {"tick_ms": "a tick, ms", "memory_mb": "memory, MB", "start_s": "start, s"}


# ---------------------------------------------------------------- the shows


def written(axis: str, count: int, folder: Path) -> Path:
    """A show file of that size."""
    pieces, wires = (count, WIRES) if axis in ("pieces", "models") else (1, count if axis == "wires" else WIRES)
    models = [_copied(folder, number) for number in range(count)] if axis == "models" else [""] * pieces
    text = ['[show]\ntitle = "growth"\n', '[[sensor]]\nkind = "scripted"\nname = "visitor"\n']
    text += [_piece(number, model, wires) for number, model in enumerate(models)]
    path = folder / "growth.toml"
    path.write_text("\n".join(text))
    return path


def _copied(folder: Path, number: int) -> str:
    copy = folder / f"model{number}.safetensors"
    copy.write_bytes(MODEL.read_bytes())
    return copy.name


def _piece(number: int, model: str, wires: int) -> str:
    paints = f'{{ kind = "stylegan2", model = "{model}" }}' if model else '{ kind = "plasma", width = 64, height = 64 }'
    signals, controls = ("motion", "x", "y"), ("walk/speed", "generator/psi" if model else "generator/hue")
    wired = "".join(
        f'[[piece.wire]]\nsignal = "visitor.{signals[wire % 3]}"\ncontrol = "{controls[wire % 2]}"\nsmooth = "0.5 s"\n'
        for wire in range(wires)
    )
    return (
        f'[[piece]]\nname = "piece {number}"\nduration = "40 s"\nhang = "wall"\ngenerator = {paints}\n'
        f'walk = {{ kind = "wander" }}\nlabel = {{ title = "Piece {number}", text = "One of many." }}\n{wired}'
    )


# ---------------------------------------------------------------- one of them, in a process of its own


def measured(axis: str, count: int, ticks: int) -> Row:
    """Starts that show and ticks."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as rooms:
        show = load(written(axis, count, Path(folder)))
        painter, inbox = Painter(RealClock().now), Inbox(show.controls(), show.commands())
        hang(show, painter, rooms)
        started = time.process_time()
        surfaces = None
        if axis == "surfaces":
            told = [f"127.0.0.1:{20000 + number}" for number in range(count)]
            surfaces = OscServer(inbox, port=0, surfaces=told, reply_port=0)
            rooms.callback(surfaces.close)
        spent = ticked(show, painter, inbox, surfaces, ticks)
        return Row(axis, count, 1000 * spent / ticks, memory_mb(), started)


def hang(show: Show, painter: Painter, rooms: ExitStack) -> None:
    """Every piece is opened and hung, as at a start."""
    stage = open_stage("headless", (640, 360))
    rooms.callback(stage.close)
    preparing = Preparing(stage, show, lambda piece, poster: poster)
    while not preparing.done:
        preparing.step()
    for index, piece in enumerate(show.pieces):
        generator = piece.generator.open("cpu")
        painter.hang(index, Hung(generator, piece.walk.open(generator, show.seed)))


def ticked(show: Show, painter: Painter, inbox: Inbox, surfaces: OscServer | None, ticks: int) -> float:
    """Processor seconds of so many ticks: this thread's, or those of all threads where surfaces are told."""
    clock, board = RealClock(), Board()
    board.declare(show.signals())
    loop = Loop(show, board, painter, clock, FRAME, inbox.drain, always_open=True)
    names, spent, whole = [signal.name for signal in show.signals()], 0.0, 0.0
    gc.collect()
    gc.freeze()
    for tick in range(WARM + ticks):
        if tick == WARM:
            spent, whole = 0.0, time.process_time()
        for name in names:
            board.emit(name, tick % 30 / 30, clock.now())
        began = time.thread_time()
        loop.tick()
        spent += time.thread_time() - began
        if surfaces and loop.decision:
            surfaces.echo(loop.decision.wall.controls)
            time.sleep(FRAME)  # the thread that sends has one round a frame
    return time.process_time() - whole if surfaces else spent


def apart(axis: str, count: int, ticks: int) -> Row:
    """The same in a process of its own, which prints its row."""
    line = [sys.executable, "-m", "benchmarks.growth", "--one", axis, str(count), "--ticks", str(ticks)]
    said = subprocess.run(line, cwd=ROOT, capture_output=True, text=True)
    if said.returncode:
        raise SystemExit(f"{axis} {count}: {said.stderr.strip()}")
    return Row(**json.loads(said.stdout.splitlines()[-1]))


# ---------------------------------------------------------------- what is told


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Row)])
        writer.writeheader()
        writer.writerows({**asdict(row), **{name: f"{getattr(row, name):.4g}" for name in FIGURES}} for row in rows)


def read_csv(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return [
            Row(row["axis"], int(row["count"]), **{name: float(row[name]) for name in FIGURES})
            for row in csv.DictReader(file)
        ]


def table(rows: Sequence[Row]) -> str:
    lines = [f"| of | count | {' | '.join(FIGURES.values())} |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row.axis} | {row.count} | {row.tick_ms:.3f} | {row.memory_mb:.0f} | {row.start_s:.2f} |" for row in rows
    ]
    return "\n".join(lines)


def plot(rows: Sequence[Row], machine: str) -> str:
    """A panel for each figure, a line for each axis; counts on a logarithmic axis, figures from 0, as SVG."""
    panels = "\n".join(part for at, name in enumerate(FIGURES) for part in _panel(at * WIDTH, name, rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {3 * WIDTH} {HEIGHT + 24}" font-family="sans-serif" '
        f'font-size="12"><title>What a show costs as it grows</title><rect width="100%" height="100%" fill="#fff"/>\n'
        f'{panels}\n<text x="{EDGE}" y="{HEIGHT + 14}" fill="#777">{escape(machine)}</text></svg>\n'
    )


def _panel(left: int, name: str, rows: Sequence[Row]) -> Iterator[str]:
    most, longest = max(getattr(row, name) for row in rows) or 1.0, math.log10(max(2, *(row.count for row in rows)))
    low, high, x0 = HEIGHT - EDGE, 30, left + EDGE
    yield f'<text x="{x0}" y="18" font-weight="bold">{FIGURES[name]}</text>'
    yield f'<path d="M{x0},{high}V{low}H{left + WIDTH - 16}" fill="none" stroke="#999"/>'
    yield f'<text x="{x0 - 6}" y="{high + 4}" text-anchor="end" fill="#555">{most:.3g}</text>'
    yield f'<text x="{x0 - 6}" y="{low}" text-anchor="end" fill="#555">0</text>'
    for ten in range(int(longest) + 1):
        x = x0 + (WIDTH - EDGE - 30) * ten / longest
        yield f'<text x="{x:.0f}" y="{low + 16}" text-anchor="middle" fill="#555">{10**ten}</text>'
    for number, axis in enumerate(dict.fromkeys(row.axis for row in rows)):
        those = [
            (
                x0 + (WIDTH - EDGE - 30) * math.log10(row.count) / longest,
                low - (low - high) * getattr(row, name) / most,
            )
            for row in rows
            if row.axis == axis
        ]
        points, colour = " ".join(f"{x:.1f},{y:.1f}" for x, y in those), COLOURS[axis]
        yield f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in those)
        yield f'<text x="{x0 + 60 * number}" y="{low + 34}" fill="{colour}">{axis}</text>'


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--axes", nargs="+", choices=COUNTS, default=list(COUNTS))
    options.add_argument("--ticks", type=int, default=TICKS)
    options.add_argument("--csv", type=Path)
    options.add_argument("--plot", type=Path)
    options.add_argument("--read", type=Path, help="draw what was measured before")
    options.add_argument("--one", nargs=2, metavar=("AXIS", "COUNT"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.one:
        print(json.dumps(asdict(measured(asked.one[0], int(asked.one[1]), asked.ticks))))
        return
    rows = read_csv(asked.read) if asked.read else []
    for axis, counts in COUNTS.items() if not rows else ():
        rows += [apart(axis, count, asked.ticks) for count in counts if axis in asked.axes]
    print(table(rows))
    if asked.csv:
        write_csv(asked.csv, rows)
    if asked.plot:
        asked.plot.write_text(plot(rows, f"load {os.getloadavg()[0]:.0f}, {os.cpu_count()} processors"))


if __name__ == "__main__":
    main()
