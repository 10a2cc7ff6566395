"""How fast converted networks paint on the processor: python benchmarks/converted.py FOLDER

FOLDER holds files that ``convert`` reads. Of each, in plain torch and in OpenVINO where it is installed, one picture at
a time: processor milliseconds for a picture (all threads together) and by the clock, the least of several rounds by
turns, and the largest difference between the two in levels of 255. Other work on the machine disturbs the clock more.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # as a show does (see model_generator.resolve)
import torch

from installation.core.errors import ModelError
from installation.networks import openvino
from installation.networks.choose_runtime import farthest, machine
from installation.networks.model_generator import proofs, rebuild
from installation.networks.runtime import Eager
from installation.training.convert.containers import read
from installation.training.convert.run import recognised

ENDINGS = (".pkl", ".pt", ".pth", ".safetensors", ".onnx")
ROUNDS, PAINTS = 3, 3


def timed(runtime: Any, latents: Any) -> tuple[float, float]:
    """Milliseconds of the processor and of the clock for a picture."""
    processor, clock = time.process_time(), time.perf_counter()
    for paint in range(PAINTS):
        runtime.paint(latents[paint % len(latents)])
    return 1000 * (time.process_time() - processor) / PAINTS, 1000 * (time.perf_counter() - clock) / PAINTS


def rows(path: Path) -> Iterator[str]:
    converted = recognised(read(path), path.name, None)
    header = {"kind": converted.kind, "architecture": converted.architecture}
    network = rebuild(header, converted.tensors, "cpu", path)
    latents = proofs(network)
    plain = Eager(network.synthesis, latents)
    runtimes: list[Any] = [plain]
    if openvino.version() and converted.kind != "onnx":
        runtimes.append(openvino.OpenVino(openvino.compiled(network.synthesis, latents)))
    least: dict[str, tuple[float, float]] = {}
    for _ in range(ROUNDS):
        for runtime in runtimes:
            now = timed(runtime, latents)
            before = least.get(runtime.name, now)
            least[runtime.name] = (min(now[0], before[0]), min(now[1], before[1]))
    for runtime in runtimes:
        off = 0 if runtime is plain else farthest(runtime, plain, latents)
        processor, clock = least[runtime.name]
        name = "onnxruntime fp32" if converted.kind == "onnx" else runtime.name
        size = f"{network.resolution} px"
        yield f"| {path.stem} | {converted.family} | {size} | {name} | {processor:.1f} | {clock:.1f} | {off} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"{machine()}, torch {torch.__version__}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.0f}\n")
    print("| file | is | size | runtime | processor ms | ms | levels of 255 |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for path in sorted(path for path in folder.iterdir() if path.suffix in ENDINGS):
        try:
            for row in rows(path):
                print(row, flush=True)
        except ModelError as error:
            print(error, file=sys.stderr)


if __name__ == "__main__":
    main()
