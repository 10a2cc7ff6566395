"""Finds the fastest runtime of a network on this machine; it must match plain torch's pictures to a tolerance.

Each kind of device has a candidate beside plain torch: on the processor OpenVINO, where it is installed, with a brush
in bfloat16 or, where that paints something else, all in float32; on CUDA a captured graph in float16 or, likewise, in
float32; on Apple's GPUs float16. A candidate is compared with plain torch once at every start, and raced against it
once: the verdict and what was compiled are kept in a DiskCache, by the model's content, versions and processor.
"""

import json
import logging
import os
import platform
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from installation.core.contracts import Latent
from installation.core.disk_cache import DiskCache
from installation.networks import openvino
from installation.networks.cuda_graph import CudaGraph
from installation.networks.runtime import Eager, Runtime, Split, Synthesis

log = logging.getLogger(__name__)

FARTHEST = 2
"""Levels of 255 that any part of any picture compared may lie off plain torch's."""

AGAIN = 2
"""Latents compared when the compiled network is from an earlier start: each delays the running show."""

WORTH = 0.95
"""A candidate is taken when it needs less than this share of plain torch's time."""

ROUNDS, PAINTS, WARM = 3, 4, 1
"""A race's rounds, each runtime's paints in a round, and how many of them do not count."""

VERDICT, COMPILED = "verdict-transposed", "openvino-transposed"
"""What is kept of a network: the race's winner, and OpenVINO's compiled network, about 20 MB. They have another name
since networks enlarge by transposed convolutions, so that none of before is used on."""

OpenRuntime = Callable[[], Runtime]


@dataclass(frozen=True)
class Kept:
    """What the cache holds of one network for one candidate on this machine."""

    cache: DiskCache
    key: str

    def verdict(self) -> dict[str, Any]:
        """Of the race; empty where there was none yet."""
        kept = self.cache.get(VERDICT, self.key)
        return {} if kept is None else dict(json.loads(kept))


def kept(cache: DiskCache, digest: str, candidate: str) -> Kept:
    """``digest`` names the network's content, ``candidate`` what may be faster, with its version."""
    return Kept(cache, f"{digest} {candidate} torch {torch.__version__} {machine()}")


def fastest(
    synthesis: Synthesis, latents: Latent, device: str, digest: str, cache: DiskCache, split: Split | None = None
) -> OpenRuntime:
    """Opens the fastest runtime of a network, as often as wanted: each is one piece's.

    ``latents`` (n, dim) are those at which runtimes are compared, ``digest`` names the network's content, ``split`` is
    the same synthesis in two. Raises RuntimeError, or what the candidate raises, where it does not work here.
    """
    plain, candidate = partial(Eager, synthesis, latents, device), candidate_name(device)
    if candidate is None:
        return plain
    known = kept(cache, digest, candidate)
    verdict = known.verdict()
    if verdict.get("runtime") == "plain":
        return plain
    blob = cache.get(COMPILED, known.key)
    candidates = _candidates(synthesis, latents, device, split, known, blob)
    if verdict and blob and known.key in cache.proven:
        return candidates[0]  # a piece that was let go comes again: it takes no time from the one that hangs
    trusted = plain()
    found = faithful(candidates, trusted, latents[:AGAIN] if verdict and blob else latents)
    if found is None:
        cache.drop(COMPILED, known.key)  # perhaps it is that of an older program: the next start makes another
        return plain
    open_candidate, runtime = found
    cache.proven.add(known.key)
    if not verdict:
        # On the processor its time counts: other work, as the show beside it, disturbs that least.
        verdict = race(runtime, trusted, latents, time.process_time if device == "cpu" else time.perf_counter)
        log.info("a paint takes %s", ", ".join(f"{ms:g} ms with {name}" for name, ms in verdict["ms"].items()))
        cache.put(VERDICT, known.key, json.dumps(verdict).encode())
    return open_candidate if verdict["runtime"] == "candidate" else plain


def candidate_name(device: str) -> str | None:
    """What may be faster than plain torch on ``device``, with its version; None where there is nothing."""
    if device == "cpu":
        version = openvino.version()
        return version and f"openvino {version}"
    return {"cuda": f"graph, CUDA {torch.version.cuda}", "mps": "fp16"}.get(device)


def _candidates(
    synthesis: Synthesis, latents: Latent, device: str, split: Split | None, known: Kept, blob: bytes | None
) -> list[OpenRuntime]:
    """The fastest first; the others are for where it paints something else."""
    if device == "cuda":
        return [partial(CudaGraph, synthesis, latents, dtype) for dtype in (torch.float16, torch.float32)]
    if device == "mps":
        return [partial(Eager, synthesis, latents, device, torch.float16)]
    if blob is not None:
        return [partial(openvino.OpenVino, openvino.unpacked(blob, _threads(split)))]
    ways, threads = ((split, None) if split else (None,)), _threads(split)
    return [_opening(synthesis, latents, way, threads, known) for way in ways]


def _threads(split: Split | None) -> int:
    """Of OpenVINO; 0 are all. A network with a brush computes most of the time, so that it leaves a core to the
    drawing: else more frames come late, and a hand is answered no sooner."""
    return max(1, (os.cpu_count() or 2) - 1) if split else 0


def _opening(synthesis: Synthesis, latents: Latent, split: Split | None, threads: int, known: Kept) -> OpenRuntime:
    """Opens OpenVINO's network, which is made and kept when it is first opened."""

    @cache
    def made() -> openvino.Compiled:
        model = openvino.compiled(synthesis, latents, split=split, threads=threads)
        known.cache.put(COMPILED, known.key, openvino.packed(model))
        return model

    return lambda: openvino.OpenVino(made())


def faithful(
    candidates: Iterable[OpenRuntime], trusted: Runtime, latents: Latent
) -> tuple[OpenRuntime, Runtime] | None:
    """The first candidate that paints what plain torch does, and one runtime of it; None where none does."""
    for open_candidate in candidates:
        runtime = open_candidate()
        off = farthest(runtime, trusted, latents)
        if off <= FARTHEST:
            return open_candidate, runtime
        log.warning("%s is %d levels of 255 off %s, %d at most are allowed", runtime.name, off, trusted.name, FARTHEST)
    return None


def farthest(runtime: Runtime, trusted: Runtime, latents: Latent) -> int:
    """The largest difference between two runtimes' pictures, in levels of 255."""
    return max(int(np.abs(runtime.paint(latent).astype(np.int16) - trusted.paint(latent)).max()) for latent in latents)


def race(
    runtime: Runtime, trusted: Runtime, latents: Latent, clock: Callable[[], float] = time.perf_counter
) -> dict[str, Any]:
    """Who wins, and the least times in ms. Other work only adds to a time, also to that of the processor: threads spin
    while they wait for one that has none. Rounds alternate, so that other load affects both alike; each begins with
    paints that are not timed, as threads of the other runtime may still be spinning."""
    times: dict[str, list[float]] = {runtime.name: [], trusted.name: []}
    for _ in range(ROUNDS):
        for one in (runtime, trusted):
            taken = [timed(one, latents[paint % len(latents)], clock) for paint in range(PAINTS)]
            times[one.name] += taken[WARM:]
    least = {name: round(1000 * min(taken), 3) for name, taken in times.items()}
    wins = least[runtime.name] < WORTH * least[trusted.name]
    return {"runtime": "candidate" if wins else "plain", "ms": least}


def timed(runtime: Runtime, latent: Latent, clock: Callable[[], float]) -> float:
    """Seconds that one paint takes."""
    began = clock()
    runtime.paint(latent)
    return clock() - began


def machine() -> str:
    """The processor, as far as it decides what is fast."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{platform.system()} {platform.machine()} {model or platform.processor()} x{os.cpu_count()}"
