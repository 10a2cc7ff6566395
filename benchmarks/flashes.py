"""The most flashes that the wall shows in any second while a control goes to and fro twenty times a second, with the
limiter and without: ``python benchmarks/flashes.py``. It draws headless, on a simulated clock."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from installation.core.parts import ROOT
from installation.showfile.load import load
from installation.stage import open_stage
from tests import flashing

CONTROLS = ("/stage/brightness", "/stage/blackout", "/stage/lamp/x", "/stage/varnish", "/generator/hue")


def main() -> None:
    show, stage = load(ROOT / "shows" / "rehearsal.toml"), open_stage("headless", (320, 180))
    for index, piece in enumerate(show.pieces):
        stage.hang(index, piece.hang, piece.label, show.languages, piece.poster)
    print("| toggled at 20 Hz | general | red | general, not limited | red, not limited |")
    print("| --- | --- | --- | --- | --- |")
    for address in CONTROLS:
        found = []
        for limited in (True, False):
            times, pictures = flashing.toggled(show, stage, address, limited)
            found += [
                flashing.most_in_a_second(times, map(flashing.general, pictures), 0.1, 0.8),
                flashing.most_in_a_second(times, map(flashing.red, pictures), 20.0, np.inf),
            ]
        print(f"| `{address[1:]}` | " + " | ".join(f"{count:g}" for count in found) + " |", flush=True)
    stage.close()


if __name__ == "__main__":
    main()
