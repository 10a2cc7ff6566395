"""Finds the fastest form of a network on this machine, and believes it only where it paints what plain torch paints.

Each kind of device has one rival to plain torch: on the processor OpenVINO, where it is installed; on CUDA a captured
graph in float16; on Apple's GPUs float16. A rival is compared with plain torch at every start, and raced against it
once: the verdict and what was compiled are kept under state/forms, by the model's content, versions and processor.
"""

import hashlib
import json
import logging
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from installation.core.contracts import Latent
from installation.core.places import state_folder
from installation.networks import openvino
from installation.networks.cuda_graph import CudaGraph
from installation.networks.runtime import Eager, Form, Synthesis

log = logging.getLogger(__name__)

FARTHEST = 2
"""Levels of 255 that any part of any picture compared may lie off plain torch's."""

AGAIN = 2
"""Places compared where what was compiled is an earlier start's: a show that has begun pays for each."""

WORTH = 0.95
"""A rival is taken when it needs less than this share of plain torch's time."""

HEATS, STRIDES, WARM = 5, 6, 2
"""A race's heats, each runner's paints in a heat, and how many of them do not count."""

KEPT = 32
"""Files that state/forms may hold; the oldest go. A model has a verdict, and with OpenVINO about 20 MB compiled."""

OpenForm = Callable[[], Form]


def fastest(synthesis: Synthesis, places: Latent, device: str, digest: str, folder: Path | None = None) -> OpenForm:
    """Opens the fastest form of a network, as often as wanted: each is one piece's.

    ``places`` (n, dim) are where forms are compared, ``digest`` names the network's content, ``folder`` holds what is
    kept (state/forms). Raises RuntimeError, or what the rival raises, where it does not work here.
    """
    plain, rival = partial(Eager, synthesis, places, device), rival_name(device)
    if rival is None:
        return plain
    shelf = Shelf.of(folder or state_folder() / "forms", f"{digest} {rival} torch {torch.__version__} {machine()}")
    verdict = shelf.verdict()
    if verdict.get("form") == "plain":
        return plain
    blob = shelf.read("blob")
    open_rival = _rival(synthesis, places, device, shelf, blob)
    form, trusted = open_rival(), plain()
    off = farthest(form, trusted, places[:AGAIN] if verdict and blob else places)
    if off > FARTHEST:
        log.warning("%s is %d levels of 255 off %s, %d at most are allowed", form.name, off, trusted.name, FARTHEST)
        shelf.drop("blob")  # perhaps it is that of an older program: the next start makes another
        return plain
    if not verdict:
        verdict = race(form, trusted, places)
        log.info("a paint takes %s", ", ".join(f"{ms:g} ms with {name}" for name, ms in verdict["ms"].items()))
        shelf.keep(json.dumps(verdict).encode(), "json")
    return open_rival if verdict["form"] == "rival" else plain


def rival_name(device: str) -> str | None:
    """What may be faster than plain torch on ``device``, with its version; None where there is nothing."""
    if device == "cpu":
        version = openvino.version()
        return version and f"openvino {version}"
    return {"cuda": f"graph, CUDA {torch.version.cuda}", "mps": "fp16"}.get(device)


def _rival(synthesis: Synthesis, places: Latent, device: str, shelf: "Shelf", blob: bytes | None) -> OpenForm:
    if device == "cuda":
        return partial(CudaGraph, synthesis, places)
    if device == "mps":
        return partial(Eager, synthesis, places, device, torch.float16)
    return partial(openvino.OpenVino, _compiled(synthesis, places, shelf, blob))


def _compiled(synthesis: Synthesis, places: Latent, shelf: "Shelf", blob: bytes | None) -> Any:
    """OpenVINO's network as it was kept, or made and put on the shelf."""
    if blob is not None:
        return openvino.unpacked(blob)
    model = openvino.compiled(synthesis, places)
    shelf.keep(openvino.packed(model), "blob")
    return model


def farthest(form: Form, trusted: Form, places: Latent) -> int:
    """The largest difference between two forms' pictures, in levels of 255."""
    return max(int(np.abs(form.paint(place).astype(np.int16) - trusted.paint(place)).max()) for place in places)


def race(form: Form, trusted: Form, places: Latent, clock: Callable[[], float] = time.perf_counter) -> dict[str, Any]:
    """Who wins, and the medians in ms. Heats alternate, so that whatever else the machine does meets both alike, but
    each has some paints to itself: threads that the other left spinning are no part of a show with one form."""
    times: dict[str, list[float]] = {form.name: [], trusted.name: []}
    for _ in range(HEATS):
        for runner in (form, trusted):
            heat = [timed(runner, places[stride % len(places)], clock) for stride in range(STRIDES)]
            times[runner.name] += heat[WARM:]
    medians = {name: round(1000 * statistics.median(taken), 3) for name, taken in times.items()}
    return {"form": "rival" if medians[form.name] < WORTH * medians[trusted.name] else "plain", "ms": medians}


def timed(form: Form, place: Latent, clock: Callable[[], float]) -> float:
    """Seconds that one paint takes."""
    began = clock()
    form.paint(place)
    return clock() - began


def machine() -> str:
    """The processor, as far as it decides what is fast."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{platform.system()} {platform.machine()} {model or platform.processor()} x{os.cpu_count()}"


@dataclass(frozen=True)
class Shelf:
    """What is kept of one network on one machine: files of one name, each with its own digest in front."""

    path: Path

    @classmethod
    def of(cls, folder: Path, key: str) -> "Shelf":
        return cls(folder / hashlib.sha256(key.encode()).hexdigest()[:24])

    def verdict(self) -> dict[str, Any]:
        """Of the race; empty where there was none yet."""
        kept = self.read("json")
        return {} if kept is None else dict(json.loads(kept))

    def read(self, kind: str) -> bytes | None:
        """None where nothing is kept, or where it was spoiled."""
        try:
            kept = self.path.with_suffix(f".{kind}").read_bytes()
        except OSError:
            return None
        return kept[32:] if kept[:32] == hashlib.sha256(kept[32:]).digest() else None

    def drop(self, kind: str) -> None:
        with suppress(OSError):
            self.path.with_suffix(f".{kind}").unlink(missing_ok=True)

    def keep(self, what: bytes, kind: str) -> None:
        """Whole or not at all; a disk that takes nothing costs time at the next start, and no more."""
        file = self.path.with_suffix(f".{kind}")
        part = file.with_suffix(f".{kind}.{os.getpid()}.part")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(hashlib.sha256(what).digest() + what)
            part.replace(file)
            for old in _oldest(file.parent.iterdir()):
                old.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cannot keep the fastest form of a network (%s); it is looked for again next time", error)


def _oldest(files: Iterable[Path]) -> list[Path]:
    return sorted(files, key=lambda file: file.stat().st_mtime)[:-KEPT]
