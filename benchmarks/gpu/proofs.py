"""What can be told of painting on a device: that runtimes paint the same, that no picture is painted over too soon, and
frames a second.

Networks have random weights and the form that a training would give them, 256 feature maps at most; the last is the
portraits model that ships.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch

from installation.core.contracts import Latent
from installation.networks.choose_runtime import FARTHEST, farthest, timed
from installation.networks.cuda_graph import CudaGraph
from installation.networks.model_generator import opened, proofs
from installation.networks.runtime import REUSED, Eager, Runtime, Synthesis, ring
from installation.networks.stylegan2 import Network, effective_tensors
from installation.networks.stylegan2_generator import StyleGan2
from installation.training.gan.architecture import architecture

MODEL = Path(__file__).resolve().parents[2] / "shows" / "models" / "portraits.safetensors"
SIZES, REHEARSED = (128, 256, 512, 1024), (16, 32)
HEAD = ("| px | runtime | median ms | p99 ms | fps | levels of 255 off plain torch, at most | pictures kept |",)
RULE = "| --- | --- | --- | --- | --- | --- | --- |"


def random_network(size: int, device: str) -> Network:
    torch.manual_seed(0)
    arch = architecture(size, 256 if size > max(REHEARSED) else 32)
    return Network(arch, effective_tensors(StyleGan2(arch), size), device)


def runtimes(synthesis: Synthesis, latents: Latent, device: str) -> dict[str, Callable[[], Runtime]]:
    """By name; plain torch in float32 is the first."""
    plain = {"plain torch, fp32": partial(Eager, synthesis, latents, device)}
    if device != "cuda":
        return plain
    half = partial(Eager, synthesis, latents, device, torch.float16)
    graphs = {
        "CUDA graph, fp16": partial(CudaGraph, synthesis, latents),
        "CUDA graph, fp32": partial(CudaGraph, synthesis, latents, torch.float32),
    }
    return {**plain, "plain torch, fp16": half, **graphs}


def proofs_of(device: str, sizes: Sequence[int], paints: int) -> Iterator[str]:
    yield from (*HEAD, RULE)
    for size in sizes:
        network = random_network(size, device)
        yield from rows(f"{size}, random", network.synthesis, proofs(network), device, paints)
    shipped = opened(MODEL, MODEL.stat().st_mtime_ns, device).network
    size = Eager(shipped.synthesis, proofs(shipped), device).paint(proofs(shipped)[0]).shape[0]
    yield from rows(f"{size}, {MODEL.stem}", shipped.synthesis, proofs(shipped), device, paints)
    yield ""
    slot, _ = next(ring((8, 8, 3), pinned=device == "cuda"))
    yield f"Memory for pictures is pinned: {'yes' if slot.is_pinned() else 'no'}. {FARTHEST} levels are allowed."


def rows(name: str, synthesis: Synthesis, latents: Latent, device: str, paints: int) -> Iterator[str]:
    trusted = Eager(synthesis, latents, device)
    for what, open_runtime in runtimes(synthesis, latents, device).items():
        runtime = open_runtime()
        off, kept = farthest(runtime, trusted, latents), are_kept(runtime, latents)
        taken = [1000 * timed(runtime, latents[i % len(latents)], time.perf_counter) for i in range(paints)]
        median, p99 = statistics.median(taken), float(np.percentile(taken, 99))
        times = f"{median:.2f} | {p99:.2f} | {1000 / median:.0f}"
        yield f"| {name} | {what} | {times} | {off} | {'yes' if kept else 'NO'} |"


def are_kept(runtime: Runtime, latents: Latent) -> bool:
    """Whether a picture stays as it is until REUSED more are painted."""
    once = [runtime.paint(latent).copy() for latent in latents[:REUSED]]
    held = [runtime.paint(latent) for latent in latents[:REUSED]]
    return all(np.array_equal(one, other) for one, other in zip(once, held, strict=True))
