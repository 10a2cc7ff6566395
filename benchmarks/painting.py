"""How fast a network paints in each of its runtimes, how far from plain torch, and what it allocates.

    python benchmarks/painting.py [--paints 300] [--sizes 64 128 256] [--model shows/models/landscapes.safetensors]

Forms of one size paint a few pictures by turns, so that whatever else the machine does meets all alike. Trust the
ratios first: they are those of the least times, which other work disturbs least. Speeds are of networks with random
weights, distances of the model that ships.
"""

import argparse
import resource
import statistics
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402
import torch  # noqa: E402
from torch.profiler import ProfilerActivity, profile  # noqa: E402

from installation.core.contracts import Latent  # noqa: E402
from installation.networks import openvino as _openvino  # noqa: E402
from installation.networks.choose_runtime import PAINTS, WARM, machine, timed  # noqa: E402
from installation.networks.cuda_graph import CudaGraph  # noqa: E402
from installation.networks.model_file import load_model  # noqa: E402
from installation.networks.model_generator import proofs, rebuild  # noqa: E402
from installation.networks.refined import unrefined  # noqa: E402
from installation.networks.runtime import Eager, Runtime, Synthesis  # noqa: E402
from installation.networks.stylegan2 import Network, effective_tensors  # noqa: E402
from installation.networks.stylegan2_generator import Architecture, StyleGan2  # noqa: E402

WIDE = (256, 256, 256, 128, 64, 32, 32)
"""Feature maps from 4 px on: the network that ships, and its next size."""
FRAMES = 20
"""Frames over which allocations are averaged."""
SEEDS = 32


@dataclass
class Measured:
    runtime: Runtime
    latents: Latent
    ms: list[float] = field(default_factory=list)

    def round(self) -> None:
        taken = [
            timed(self.runtime, self.latents[paint % len(self.latents)], time.perf_counter) for paint in range(PAINTS)
        ]
        self.ms += [1000 * seconds for seconds in taken[WARM:]]

    def row(self, name: str, size: int, training: float) -> str:
        median, p99, least = statistics.median(self.ms), float(np.percentile(self.ms, 99)), min(self.ms)
        held, faults = self.allocations()
        return (
            f"| {size} | {name} | {median:.1f} | {p99:.1f} | {1000 / median:.0f} | {least:.1f} | "
            f"{training / least:.2f} | {told(held)} | {faults:.0f} |"
        )

    def allocations(self) -> tuple[float, float]:
        """Of a frame: bytes that torch and Python ask for, and pages that the system has to give."""
        with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as seen:
            self.runtime.paint(self.latents[0])
        by_torch = sum(max(0, event.self_cpu_memory_usage) for event in seen.events())
        tracemalloc.start()
        held = tracemalloc.get_traced_memory()[0]
        self.runtime.paint(self.latents[0])
        by_python = tracemalloc.get_traced_memory()[1] - held
        tracemalloc.stop()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for number in range(FRAMES):
            self.runtime.paint(self.latents[number % len(self.latents)])
        return by_torch + by_python, (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / FRAMES


def told(count: float) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count / 1e3:.1f} kB"


def runtimes(painting: Synthesis, latents: Latent, device: str) -> Iterator[tuple[str, Callable[[], Runtime]]]:
    """Every runtime that a device can paint in, whether the show would take it or not."""
    yield "painting network, fp32", partial(Eager, painting, latents, device)
    if device != "cpu":
        yield "the same, fp16", partial(Eager, painting, latents, device, torch.float16)
    if device == "cuda":
        yield "CUDA graph, fp16", partial(CudaGraph, painting, latents)
        yield "CUDA graph, fp32", partial(CudaGraph, painting, latents, torch.float32)
    if device == "cpu":
        yield "the same, bf16", partial(Eager, painting, latents, device, torch.bfloat16)
    if device == "cpu" and _openvino.version():
        for name, precision in (("OpenVINO, fp32", "f32"), ("OpenVINO, bf16", "bf16")):
            model = _openvino.compiled(painting, latents, precision)
            yield name, partial(_openvino.OpenVino, model)


def speeds(size: int, paints: int, device: str) -> Iterator[str]:
    arch = Architecture(channels=WIDE).at(size)
    torch.manual_seed(0)
    generator = StyleGan2(arch)
    network = Network(arch, effective_tensors(generator, size), device)
    latents = proofs(network)
    training = partial(generator.to(device).synthesis, resolution=size)
    named = {"training network, fp32": Measured(Eager(training, latents, device), latents)}
    named |= {
        name: Measured(open_runtime(), latents) for name, open_runtime in runtimes(network.synthesis, latents, device)
    }
    for _ in range(1 + paints // (PAINTS - WARM)):
        for measured in named.values():
            measured.round()
    first = min(named["training network, fp32"].ms)
    yield from (measured.row(name, size, first) for name, measured in named.items())


def distances(model: Path, device: str) -> Iterator[str]:
    """How far a shipped model's runtimes lie from plain torch on the processor, at seeds that no start compares."""
    network = unrefined(rebuild(*load_model(model), device, model))
    latents = network.mapping(np.random.default_rng(1).standard_normal((SEEDS, network.z_dim)).astype(np.float32))
    trusted = np.stack([network.paint(latent) for latent in latents]).astype(np.int16)
    for name, open_runtime in runtimes(network.synthesis, latents, device):
        runtime = open_runtime()
        off = np.abs(np.stack([runtime.paint(latent).copy() for latent in latents]) - trusted)
        yield f"| {name} | {off.max()} | {np.percentile(off, 99.9):.0f} | {off.mean():.3f} |"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--paints", type=int, default=300)
    options.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256])
    options.add_argument("--model", type=Path, default=ROOT / "shows" / "models" / "landscapes.safetensors")
    options.add_argument("--device", choices=("cpu", "cuda", "mps"), default="cpu")
    asked = options.parse_args()
    library = _openvino.version()
    print(f"{machine()}, {asked.device}, torch {torch.__version__}, {torch.get_num_threads()} threads", end="")
    print(f", OpenVINO {library}\n" if library else "\n")
    print(
        "| px | runtime | median ms | p99 ms | fps | least ms | x training network | allocated a frame | page faults |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for size in asked.sizes:
        print("\n".join(speeds(size, asked.paints, asked.device)), flush=True)
    print(f"\nLevels of 255 off plain torch, {asked.model.name}, {SEEDS} seeds, no truncation:\n")
    print("| runtime | most | 99.9th percentile | mean |\n| --- | --- | --- | --- |")
    print("\n".join(distances(asked.model, asked.device)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
