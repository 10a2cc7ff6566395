"""A network as OpenVINO runs it on the processor: converted from torch once, compiled, and kept on disk.

OpenVINO, of which there are builds for most machines, plans its memory beforehand and writes into the ring buffer
directly, so that a frame allocates nothing. Its reduced precisions are not used, as bfloat16 is up to eleven levels off
(benchmarks/painting.py), but for a brush where the processor multiplies bfloat16: what that adds is little, and one
level off in half the time. Then there are two compiled networks, one after the other.
"""

import sys
import warnings
from collections.abc import Iterator, Sequence
from importlib import metadata
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from installation.core.contracts import Latent, Pixels
from installation.networks.runtime import Split, Synthesis, levels, ring

LENGTH = 8
"""Bytes of how long a packed part is."""
PRECISIONS = ("f32", "bf16")
"""Of the parts of a network, where there are two."""


def version() -> str | None:
    """Of the library installed here; None without one."""
    try:
        return metadata.version("openvino")
    except metadata.PackageNotFoundError:
        return None


def library() -> Any:
    """The library, with its telemetry disabled: it reports its import to its makers unless its reporter is missing."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None marks a module as missing
    import openvino

    return openvino


class Compiled:
    """A network compiled for this processor: parts of which each takes what the one before it gives.

    Kept are requests to them and never OpenVINO's models: a model that nobody else holds gives its memory back with
    Python's lock held, 30 ms for a wide network of 256 px, in which no frame comes; a request does so without.
    """

    def __init__(self, models: Sequence[Any]) -> None:
        self._requests = [model.create_infer_request() for model in models]

    @property
    def models(self) -> list[Any]:
        """OpenVINO's, not to be kept."""
        return [request.get_compiled_model() for request in self._requests]


def compiled(
    synthesis: Synthesis, latents: Latent, precision: str = "f32", split: Split | None = None, threads: int = 0
) -> Compiled:
    """The network compiled for this processor, for one latent at a time, (1, dim) of ``places`` (n, dim). Where it can
    be ``split`` and the processor multiplies bfloat16, its last part is in that. ``threads``: 0 are all.

    Raises RuntimeError for a network that it cannot convert.
    """
    example = torch.from_numpy(latents[:1].copy())
    if split is None or not has_bfloat16():
        return Compiled([_compiled(_Whole(synthesis), (example,), options(precision, threads))])
    before, last = _Before(split), _Last(split)
    with torch.inference_mode():
        between = before(example)
    parts = ((before, (example,)), (last, between))
    precisions = zip(parts, PRECISIONS, strict=True)
    return Compiled([_compiled(*part, options(precision, threads)) for part, precision in precisions])


def has_bfloat16() -> bool:
    """Whether this processor multiplies bfloat16, by OpenVINO's word."""
    return "BF16" in library().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _compiled(module: torch.nn.Module, examples: tuple[torch.Tensor, ...], asked: dict[str, Any]) -> Any:
    openvino = library()
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, which OpenVINO converts by
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # what is traced rounds otherwise (see winograd.py)
        shapes = [tuple(one.shape) for one in examples]
        model = openvino.convert_model(module, example_input=examples, input=shapes)
    return openvino.Core().compile_model(model, "CPU", asked)


def options(precision: str, threads: int = 0) -> dict[str, Any]:
    """OpenVINO's."""
    limit = {"INFERENCE_NUM_THREADS": threads} if threads else {}
    return {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": precision, **limit}


def packed(network: Compiled) -> bytes:
    """A compiled network as bytes, for ``unpacked`` by the same version on the same processor: of each part its length,
    and what OpenVINO writes of it."""
    parts = [model.export_model().getvalue() for model in network.models]
    return b"".join(len(part).to_bytes(LENGTH, "little") + part for part in parts)


def unpacked(blob: bytes, threads: int = 0) -> Compiled:
    """Raises RuntimeError for bytes that are no such network."""
    core, parts = library().Core(), zip(_parts(blob), PRECISIONS, strict=False)
    return Compiled([core.import_model(part, "CPU", options(precision, threads)) for part, precision in parts])


def _parts(blob: bytes) -> Iterator[bytes]:
    end = LENGTH + int.from_bytes(blob[:LENGTH], "little")
    yield blob[LENGTH:end]
    if end < len(blob):
        yield from _parts(blob[end:])


class _Whole(torch.nn.Module):
    """A latent (1, dim) -> (height, width, 3) uint8."""

    def __init__(self, synthesis: Synthesis) -> None:
        super().__init__()
        self.synthesis = synthesis

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return levels(self.synthesis, latent)


class _Before(torch.nn.Module):
    """A latent (1, dim + 1) -> what is painted upon (1, 3, h, w), and the last number (1,)."""

    def __init__(self, split: Split) -> None:
        super().__init__()
        self.split = split

    def forward(self, latent: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.split.before(latent[:, :-1]).clamp(-1, 1), latent[:, -1]


class _Last(torch.nn.Module):
    """These two -> (height, width, 3) uint8."""

    def __init__(self, split: Split) -> None:
        super().__init__()
        self.split = split

    def forward(self, soft: torch.Tensor, amount: torch.Tensor) -> torch.Tensor:
        return levels(lambda amount: self.split.last(soft, amount), amount)


class OpenVino:
    """Pieces on the same network share what is ``compiled``; each has its own working memory."""

    def __init__(self, compiled: Compiled) -> None:
        tensor, models = library().Tensor, compiled.models
        self.name = "openvino fp32" if len(models) == 1 else "openvino fp32, brush bf16"
        self._place = np.zeros(tuple(models[0].input(0).shape), np.float32)
        self._requests = [model.create_infer_request() for model in models]
        self._requests[0].set_input_tensor(tensor(self._place, shared_memory=True))
        for one, other in pairwise(self._requests):
            for index in range(len(one.model_outputs)):
                other.set_input_tensor(index, one.get_output_tensor(index))
        slots = ring(tuple(models[-1].output(0).shape))
        self._slots = ((tensor(pixels, shared_memory=True), pixels) for _, pixels in slots)

    def paint(self, latent: Latent) -> Pixels:
        slot, pixels = next(self._slots)
        self._place[0] = latent
        self._requests[-1].set_output_tensor(slot)
        for request in self._requests:
            request.start_async()
            request.wait()
        return pixels
