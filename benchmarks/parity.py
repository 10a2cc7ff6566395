"""How far converted networks paint from the original: python benchmarks/parity.py FOLDER

FOLDER holds pickles, each with NAME.expected.npz beside it: z (n, z_dim), c (n, classes), and for psi 1.0 and 0.6 the
styles ``w_1.0`` (n, num_ws, w_dim) and the pictures ``img_1.0`` (n, channels, height, width) float32 that the original
implementation painted in float32 with constant noise. Prints the largest difference of any number, and of the pictures
in levels of 255. It paints on the processor in plain torch.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from installation.networks.model_generator import rebuild
from installation.training.convert.containers import read
from installation.training.convert.run import recognised

PSIS = ("1.0", "0.6")


def levels(pictures: Any) -> Any:
    return np.clip(pictures * 127.5 + 128, 0, 255).astype(np.uint8).astype(int)


def compared(path: Path) -> str:
    """A row of the table."""
    expected = np.load(path.with_suffix(".expected.npz"))
    converted = recognised(read(path), str(path), None)
    network = rebuild({"kind": converted.kind, "architecture": converted.architecture}, converted.tensors, "cpu", path)
    w = network.mapping(expected["z"]).reshape(len(expected["z"]), network.classes, -1)
    labels = expected["c"].argmax(1) if expected["c"].size else np.zeros(len(w), int)
    w, style, picture, steps = w[np.arange(len(w)), labels], 0.0, 0.0, 0
    for psi in PSIS:
        truncated = converted.mean + np.float32(psi) * (w - converted.mean)
        wanted = expected[f"img_{psi}"]
        painted = network.synthesis(truncated).numpy()[:, : wanted.shape[1]]
        style = max(style, float(np.abs(truncated[:, None] - expected[f"w_{psi}"]).max()))
        picture = max(picture, float(np.abs(painted - wanted).max()))
        steps = max(steps, int(np.abs(levels(painted) - levels(wanted)).max()))
    size = "x".join(map(str, wanted.shape[:0:-1]))
    return f"| {path.stem} | {converted.family} | {size} | {style:.1e} | {picture:.1e} | {steps} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="pickles with NAME.expected.npz beside them")
    folder = parser.parse_args().folder
    print("| file | is | width, height, colours | style, at most | picture (-1..1), at most | levels of 255 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for path in sorted(folder.glob("*.pkl")):
        if path.with_suffix(".expected.npz").exists():
            print(compared(path), flush=True)


if __name__ == "__main__":
    main()
