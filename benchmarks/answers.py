"""How much each piece of a show changes within a second of each gesture that moves it, beside the walk's own drift.

    python benchmarks/answers.py [--show shows/next_rembrandt.toml] [--starts 3] [--sheet answers.jpg]

A level of a gesture goes to 1 and fades in a second, as the camera says it; that of stillness grows by a tenth a
second, and is 0.3 when the camera tells the gesture; a place goes from a quarter to three quarters of its range; other
levels go from their rest to their top; a pulse comes once. Mean absolute difference of the picture in levels of 255,
the largest of four pictures in the second, averaged over several places of the walk.
The sheet shows a row for each: the picture before, a second later without the gesture, and with it.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.core.commands import VOTES, Command  # noqa: E402
from installation.core.signals import Signal, Snapshot  # noqa: E402
from installation.engine.painter import Hung  # noqa: E402
from installation.engine.strides import Strides  # noqa: E402
from installation.engine.wiring import Wiring  # noqa: E402
from installation.showfile.load import Piece, Show, load  # noqa: E402

FPS, EVERY, SIDE = 32, 8, 128
SETTLED = 30.0
"""Seconds that wires have settled for before a gesture."""


def level(signal: Signal, since: float) -> float:
    """What a sensor says of a level so long after a gesture (s); before it where that is negative."""
    place = signal.name.rpartition(".")[2] in ("x", "y")
    if signal.name.endswith("stillness_level"):
        return 0.3 + 0.1 * since
    if since < 0.0:
        return signal.low + 0.25 * (signal.high - signal.low) if place else signal.rest
    if place:
        return signal.low + 0.75 * (signal.high - signal.low)
    return signal.high * max(0.0, 1.0 - since) if signal.name.endswith("_level") else signal.high


def pictures(show: Show, piece: Piece, hung: Hung, start: float, gesture: str | None) -> list[np.ndarray]:
    """The picture when the gesture is made, and four in the second after it."""
    signals = {signal.name: signal for signal in show.signals()}
    wiring, strides = Wiring(piece.wires, signals, piece.controls()), Strides()
    before = {name: level(one, -1.0) for name, one in signals.items() if not one.pulse}
    wiring.values(Snapshot(before, {}), SETTLED)
    made, t = [], start
    for frame in range(FPS + 1):
        said, pulses = dict(before), {}
        if gesture is not None and signals[gesture].pulse:
            pulses = {gesture: 1} if frame == 1 else {}
        elif gesture is not None:
            said[gesture] = level(signals[gesture], (frame - 1) / FPS)
        snapshot = Snapshot(said, pulses)
        values = {**piece.rests(), **wiring.values(snapshot, 1 / FPS)}
        strides.ask(Command(address) for address in wiring.pulses(snapshot))
        t += values.get("/walk/speed", 1.0) / FPS + strides.step(1 / FPS)
        if frame % EVERY == 0:
            controls = strides.told(values)
            made.append(hung.generator.paint(hung.walk.at(t, controls), controls).astype(np.float32))
    return made


def row(name: str, alone: list[np.ndarray], moved: list[np.ndarray]) -> Image.Image:
    made = Image.new("RGB", (3 * SIDE, SIDE))
    for at, picture in enumerate((alone[0], alone[-1], moved[-1])):
        made.paste(Image.fromarray(picture.astype(np.uint8)).resize((SIDE, SIDE)), (at * SIDE, 0))
    ImageDraw.Draw(made).text((4, 2), name, fill="white", stroke_width=1, stroke_fill="black")
    return made


def sheet(rows: list[Image.Image]) -> Image.Image:
    """The rows, in two columns."""
    high = (len(rows) + 1) // 2
    made = Image.new("RGB", (6 * SIDE + 16, high * SIDE), "white")
    for at, one in enumerate(rows):
        made.paste(one, (at // high * (3 * SIDE + 16), at % high * SIDE))
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--show", type=Path, default=ROOT / "shows" / "next_rembrandt.toml")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--sheet", type=Path)
    options = parser.parse_args()
    show = load(options.show)
    print("| piece | signal | control | change in a second | the walk's own | times |")
    print("| --- | --- | --- | --- | --- | --- |")
    rows = []
    for piece in show.pieces:
        generator = piece.generator.open("cpu")
        hung = Hung(generator, piece.walk.open(generator, show.seed))
        starts = [3.0 + 37.0 * number for number in range(options.starts)]
        alone = [pictures(show, piece, hung, start, None) for start in starts]
        drift = float(np.mean([np.abs(one[-1] - one[0]).mean() for one in alone]))
        wires = [one for one in piece.wires if one.address not in VOTES]  # a vote is no answer of the picture
        for signal in dict.fromkeys(wire.signal for wire in wires):
            moved = [pictures(show, piece, hung, start, signal) for start in starts]
            rows.append(row(f"{piece.name}: {signal.partition('.')[2]}", alone[0], moved[0]))
            pairs = zip(alone, moved, strict=True)
            change = float(np.mean([max(np.abs(b - a).mean() for a, b in zip(*pair, strict=True)) for pair in pairs]))
            times = change / max(drift, 1e-6)
            controls = ", ".join(f"`{one.control}`" for one in wires if one.signal == signal)
            print(f"| {piece.name} | `{signal}` | {controls} | {change:.1f} | {drift:.1f} | {times:.1f} |", flush=True)
    if options.sheet:
        sheet(rows).save(options.sheet, quality=85, optimize=True)


if __name__ == "__main__":
    main()
