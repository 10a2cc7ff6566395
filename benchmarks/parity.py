"""How far converted networks paint from the original: python benchmarks/parity.py FOLDER

FOLDER holds pickles, each with NAME.expected.npz beside it: z (n, z_dim), c (n, classes), and for psi 1.0 and 0.6 the
styles ``w_1.0`` (n, num_ws, w_dim) and the pictures ``img_1.0`` (n, channels, height, width) float32 that the original
implementation painted in float32 with constant noise. Or it is tests/training/peers: networks whose weights follow from
their names (tests/training/filled_weights.py), and what their own programs painted with these. Prints the largest
difference of any number, and of the pictures in levels of 255. It paints on the processor in plain torch.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from installation.networks.model_generator import rebuild
from installation.training.convert.containers import read
from installation.training.convert.run import recognised
from tests.training.filled_weights import filled

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


def compared_peer(path: Path) -> str:
    """A row of the table, of a network whose weights follow from their names."""
    expected = np.load(path)
    state = filled(json.loads(str(expected["shapes"])))
    converted = recognised(state, str(path), None)
    network = rebuild({"kind": converted.kind, "architecture": converted.architecture}, converted.tensors, "cpu", path)
    w = network.mapping(expected["z"]).reshape(len(expected["z"]), network.classes, -1)
    w = w[np.arange(len(w)), expected.get("c", 0)]
    every = int(expected["every"])
    painted = network.synthesis(w).numpy()
    if every > 1:
        painted = painted[:, :, 3::every, 2::every]
    style = f"{np.abs(w - expected['w']).max():.1e}" if "w" in expected else ""
    picture = float(np.abs(painted - expected["pictures"]).max())
    steps = int(np.abs(levels(painted) - levels(expected["pictures"])).max())
    size = f"{network.resolution}x{network.resolution}x{converted.architecture['colours']}"
    return f"| {path.stem} | {converted.family} | {size} | {style} | {picture:.1e} | {steps} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="pickles with NAME.expected.npz beside them")
    folder = parser.parse_args().folder
    print("| file | is | width, height, colours | style, at most | picture (-1..1), at most | levels of 255 |")
    print("| --- | --- | --- | --- | --- | --- |")
    for path in sorted(folder.glob("*.pkl")):
        if path.with_suffix(".expected.npz").exists():
            print(compared(path), flush=True)
    for path in sorted(path for path in folder.glob("*.npz") if "expected" not in path.name):
        print(compared_peer(path), flush=True)


if __name__ == "__main__":
    main()
