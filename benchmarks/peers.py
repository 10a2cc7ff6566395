"""Another program's network and ours, from one file, on one machine, by turns.

    python -m benchmarks.peers FILE [--stylegan2-ada CHECKOUT] [--stylegan3 CHECKOUT] [--autolume CHECKOUT] [--plain]
    python -m benchmarks.peers --random 256 FILE.pt      # a file to try it with: random weights, the default widths

For those who have the sources: each checkout runs in a process of its own and loads FILE, which it executes. Ours reads
the same file as ``convert`` does and paints it in plain torch, and in OpenVINO where it is installed. Timed is the way
from a style to a picture in memory, the mapping and the screen left out, so of Autolume it is its network and not its
windows. ``--plain`` adds the plain loop of ours (tests/peer_stand_in): the published steps, the weights modulated for
each picture. The ratios are to the first row, of the least times; beside each stand the levels of 255 that its picture
is off the first row's.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

os.environ.setdefault("GOMP_SPINCOUNT", "0")  # as a show does (see model_generator.resolve)
import time

import numpy as np
import torch

from installation.core.errors import VernissageError
from installation.networks import openvino
from installation.networks.choose_runtime import machine
from installation.networks.model_generator import proofs, rebuild
from installation.networks.runtime import Eager
from installation.training.convert.containers import read
from installation.training.convert.run import recognised

ROOT = Path(__file__).resolve().parent.parent
STAND_IN = ROOT / "tests" / "peer_stand_in"
PEERS = {"stylegan2_ada": "StyleGAN2-ADA", "stylegan3": "StyleGAN3", "autolume": "Autolume", "plain": "the plain loop"}
ROUNDS, PAINTS = 6, 4


@dataclass
class Told:
    """Seconds of the processor and of the clock for a picture, and the picture."""

    processor: float
    clock: float
    picture: Any


class Painter(Protocol):
    def paint(self, z: Sequence[float], paints: int) -> Told: ...


class Apart:
    """A checkout, in a process of its own."""

    def __init__(self, checkout: Path, file: Path) -> None:
        line = [sys.executable, str(Path(__file__).with_name("peer.py")), str(checkout), str(file)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)} if checkout == STAND_IN else None
        self._process = subprocess.Popen(
            line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        self.z_dim: int = self._answer()["z_dim"]

    def paint(self, z: Sequence[float], paints: int) -> Told:
        assert self._process.stdin
        print(json.dumps({"z": list(z), "paints": paints}), file=self._process.stdin, flush=True)
        told = self._answer()
        picture = np.frombuffer(base64.b64decode(told["picture"]), np.uint8).reshape(told["shape"])
        return Told(told["processor"] / paints, told["clock"] / paints, picture)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            self.close()
            raise SystemExit(f"{self._process.args[2]}: its process ended; what it said stands above")  # type: ignore[index]
        told: dict[str, Any] = json.loads(line)
        return told

    def close(self) -> None:
        self._process.communicate(timeout=60.0)


@dataclass
class Ours:
    network: Any
    runtime: Any

    def paint(self, z: Sequence[float], paints: int) -> Told:
        w = self.network.mapping(np.array([z], np.float32))[0]
        w = w[: len(w) // self.network.classes]
        processor, clock = time.process_time(), time.perf_counter()
        for _ in range(paints):
            picture = self.runtime.paint(w)
        processor, clock = time.process_time() - processor, time.perf_counter() - clock
        return Told(processor / paints, clock / paints, picture.copy())


@dataclass
class Row:
    """The least times of all rounds (s), and the largest difference to the first row's pictures (levels of 255)."""

    name: str
    painter: Painter
    processor: float = float("inf")
    clock: float = float("inf")
    off: int = 0
    pictures: list[Any] = field(default_factory=list)


def ours(file: Path) -> list[Row]:
    converted = recognised(read(file), file.name, None)
    header = {"kind": converted.kind, "architecture": converted.architecture}
    network = rebuild(header, converted.tensors, "cpu", file)
    latents = proofs(network)
    rows = [Row("Vernissage, plain torch", Ours(network, Eager(network.synthesis, latents)))]
    if openvino.version() and converted.kind != "onnx":
        runtime = openvino.OpenVino(openvino.compiled(network.synthesis, latents))
        rows.append(Row("Vernissage, OpenVINO", Ours(network, runtime)))
    return rows


def measured(rows: Sequence[Row], z_dim: int, rounds: int, paints: int) -> None:
    """Each paints some pictures by turns, so that other work on the machine meets all alike."""
    for number in range(rounds):
        z = np.random.default_rng(number).standard_normal(z_dim).tolist()
        for row in rows:
            row.painter.paint(z, 1)  # threads of the one before may still be spinning
            told = row.painter.paint(z, paints)
            row.processor, row.clock = min(row.processor, told.processor), min(row.clock, told.clock)
            row.pictures.append(told.picture)
            first = rows[0].pictures[-1]
            row.off = max(row.off, int(np.abs(told.picture.astype(int) - first.astype(int)).max()))


def table(rows: Sequence[Row]) -> str:
    lines = ["| who | ms | processor ms | times as fast | of the processor | levels of 255 |", "| --- " * 6 + "|"]
    lines += [
        f"| {row.name} | {1000 * row.clock:.1f} | {1000 * row.processor:.1f} | {rows[0].clock / row.clock:.2f} | "
        f"{rows[0].processor / row.processor:.2f} | {row.off} |"
        for row in rows
    ]
    return "\n".join(lines)


def random_file(size: int, path: Path, most: int = 512) -> None:
    """A StyleGAN2 with random weights of the default widths, as rosinality's program would save it."""
    from tests.tiny_converted import rosinality

    torch.manual_seed(0)
    torch.save(
        {"g_ema": rosinality(size, dim=most, depth=8, widths=[min(most, 16384 // side) for side in sides(size)])}, path
    )


def sides(size: int) -> list[int]:
    return [2**power for power in range(2, size.bit_length())]


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("file", type=Path)
    options.add_argument("--stylegan2-ada", type=Path, metavar="CHECKOUT")
    options.add_argument("--stylegan3", type=Path, metavar="CHECKOUT")
    options.add_argument("--autolume", type=Path, metavar="CHECKOUT")
    options.add_argument("--plain", action="store_const", const=STAND_IN, help="the plain loop of ours")
    options.add_argument("--random", type=int, metavar="PX", help="write FILE with random weights, and no more")
    options.add_argument("--rounds", type=int, default=ROUNDS)
    options.add_argument("--paints", type=int, default=PAINTS)
    options.add_argument("--threads", type=int, help="of torch; all cores without")
    asked = options.parse_args(arguments)
    if asked.threads:
        torch.set_num_threads(asked.threads)
        os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(asked.threads)  # of the checkouts
    if asked.random:
        random_file(asked.random, asked.file)
        return
    there = {name: getattr(asked, key) for key, name in PEERS.items() if getattr(asked, key)}
    apart = {name: Apart(checkout, asked.file) for name, checkout in there.items()}
    rows = [*(Row(name, peer) for name, peer in apart.items()), *ours(asked.file)]
    first = rows[-1].painter
    measured(rows, first.network.z_dim, asked.rounds, asked.paints)  # type: ignore[attr-defined]
    for peer in apart.values():
        peer.close()
    print(f"{machine()}, load {os.getloadavg()[0]:.0f}, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print(table(rows))


if __name__ == "__main__":
    try:
        main()
    except VernissageError as error:
        raise SystemExit(f"error: {error}") from None
