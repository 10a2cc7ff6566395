"""What the live controls of a style-based network do to one picture: a sheet, and what each costs.

    python benchmarks/bending.py shows/models/portraits.safetensors [--blend OTHER.safetensors] [--out sheet.jpg]

A time is the least processor time of some paints, in plain torch on one thread.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import torch  # noqa: E402
from PIL import Image, ImageDraw  # noqa: E402

from installation.core import parts  # noqa: E402
from installation.core.contracts import Generator, Pixels  # noqa: E402
from installation.networks.choose_runtime import machine  # noqa: E402
from installation.networks.model_file import read_header  # noqa: E402

Cell = tuple[str, dict[str, float]]


def bends(**asked: float) -> Cell:
    """The controls of one layer group, as ``middle__rotate``."""
    named = {name.replace("__", "/"): value for name, value in asked.items()}
    return ", ".join(f"{name} {value:g}" for name, value in named.items()), {
        f"bend/{name}": value for name, value in named.items()
    }


def without(cluster: int) -> Cell:
    """The middle layers without the features of a cluster."""
    return f"without cluster {cluster}", {"bend/middle/ablate": 1.0, "bend/middle/features": float(cluster)}


def within(what: str, amount: float, first: int = 1, last: int = 99) -> Cell:
    """Mixing or blending of a range of levels."""
    told = f"{what} {first} to {last}" if last < 99 else f"{what} {first} on"
    values = {f"{what}/amount": amount, f"{what}/from": float(first), f"{what}/to": float(last)}
    return f"{told}: {amount:g}", values | ({"mix/seed": 5.0} if what == "mix" else {})


ROWS: list[list[Cell]] = [
    [
        ("at rest", {}),
        bends(middle__rotate=0.06),
        bends(middle__scale=1.3),
        ("middle/move/x 0.15", {"bend/middle/move/x": 0.15}),
        bends(middle__gain=1.6),
        bends(middle__noise=0.6),
        bends(middle__threshold=0.6),
    ],
    [
        without(1),
        without(2),
        without(3),
        bends(coarse__rotate=0.06),
        bends(fine__rotate=0.06),
        bends(fine__noise=0.3),
        bends(fine__gain=0.3),
    ],
    [
        within("mix", 1.0, 1, 2),
        within("mix", 1.0, 3, 4),
        within("mix", 1.0, 5),
        ("truncate/coarse 0", {"truncate/coarse": 0.0}),
    ],
]
BLENDED = [within("blend", 0.5), within("blend", 1.0, 1, 3), within("blend", 1.0, 4)]
PAINTS, GAP, LINE = 3, 6, 18


def painted(generator: Generator, seed: int, controls: Mapping[str, float]) -> tuple[Pixels, float]:
    """A picture and its least time (s)."""
    latent, times = generator.latent(seed), []
    for _ in range(PAINTS):
        began = time.process_time()
        pixels = generator.paint(latent, controls)
        times.append(time.process_time() - began)
    return pixels.copy(), min(times)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("model", type=Path)
    options.add_argument("--blend", type=Path, help="a model of the same architecture")
    options.add_argument("--out", type=Path, help="where the sheet is written")
    options.add_argument("--seed", type=int, default=11)
    asked = options.parse_args()
    torch.set_num_threads(1)
    kind = read_header(asked.model)["kind"]
    live = {"bend": ("coarse", "middle", "fine"), "mix": True, "blend": asked.blend, "truncate": ("coarse",)}
    config = parts.config("generator", kind)(kind=kind, model=asked.model, runtime="eager", **live)
    generator = config.open("cpu")
    rest = {control.address: control.default for control in config.controls()}
    print(f"{machine()}, torch {torch.__version__}\n\n| controls of {asked.model.name} | ms |\n| --- | --- |")
    rows = [*ROWS[:-1], ROWS[-1] + (BLENDED if asked.blend else [])]
    sheet = None
    for down, row in enumerate(rows):
        for across, (name, values) in enumerate(row):
            controls = rest | {f"/generator/{control}": value for control, value in values.items()}
            pixels, seconds = painted(generator, asked.seed, controls)
            print(f"| {name} | {1000 * seconds:.1f} |")
            height, width = pixels.shape[0] + LINE, pixels.shape[1] + GAP
            sheet = sheet or Image.new("RGB", (7 * width - GAP, len(rows) * height), "white")
            sheet.paste(Image.fromarray(pixels), (across * width, down * height + LINE))
            ImageDraw.Draw(sheet).text((across * width + 1, down * height + 3), name, fill="black")
    if asked.out and sheet:
        sheet.save(asked.out, quality=88)
    return 0


if __name__ == "__main__":
    sys.exit(main())
