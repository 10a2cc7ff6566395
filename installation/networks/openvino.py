"""A network as OpenVINO runs it on the processor: converted from torch once, compiled, and kept on disk.

OpenVINO, of which there are builds for most machines, plans its memory beforehand and writes into the ring buffer
directly, so that a frame allocates nothing. Its reduced precisions are not used: bfloat16 is up to eleven levels off
(benchmarks/painting.py).
"""

import sys
import warnings
from importlib import metadata
from typing import Any

import numpy as np
import torch

from installation.core.contracts import Latent, Pixels
from installation.networks.runtime import Synthesis, levels, ring

OPTIONS = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}


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
    """A network compiled for this processor.

    Kept is a request to it and never OpenVINO's model: a model that nobody else holds gives its memory back with
    Python's lock held, 30 ms for a wide network of 256 px, in which no frame comes; a request does so without.
    """

    def __init__(self, model: Any) -> None:
        self._request = model.create_infer_request()

    @property
    def model(self) -> Any:
        """OpenVINO's, not to be kept."""
        return self._request.get_compiled_model()


def compiled(synthesis: Synthesis, latents: Latent, precision: str = "f32") -> Compiled:
    """The network compiled for this processor, for one latent at a time, (1, dim) of ``places`` (n, dim).

    Raises RuntimeError for a network that it cannot convert.
    """
    openvino, example = library(), torch.from_numpy(latents[:1].copy())
    with torch.inference_mode(), warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of torch.jit, which OpenVINO converts by
        warnings.simplefilter("ignore", torch.jit.TracerWarning)  # what is traced rounds otherwise (see winograd.py)
        model = openvino.convert_model(_Module(synthesis), example_input=example, input=[tuple(example.shape)])
    return Compiled(openvino.Core().compile_model(model, "CPU", OPTIONS | {"INFERENCE_PRECISION_HINT": precision}))


def packed(network: Compiled) -> bytes:
    """A compiled network as bytes, for ``unpacked`` by the same version on the same processor."""
    packed: bytes = network.model.export_model().getvalue()
    return packed


def unpacked(blob: bytes) -> Compiled:
    """Raises RuntimeError for bytes that are no such network."""
    return Compiled(library().Core().import_model(blob, "CPU", OPTIONS))


class _Module(torch.nn.Module):
    """The module that is converted: a latent (1, dim) -> (height, width, 3) uint8."""

    def __init__(self, synthesis: Synthesis) -> None:
        super().__init__()
        self.synthesis = synthesis

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        return levels(self.synthesis, latent)


class OpenVino:
    """Pieces on the same network share what is ``compiled``; each has its own working memory."""

    name = "openvino fp32"

    def __init__(self, compiled: Compiled) -> None:
        tensor, model = library().Tensor, compiled.model
        self._place = np.zeros(tuple(model.input(0).shape), np.float32)
        self._request = model.create_infer_request()
        self._request.set_input_tensor(tensor(self._place, shared_memory=True))
        slots = ring(tuple(model.output(0).shape))
        self._slots = ((tensor(pixels, shared_memory=True), pixels) for _, pixels in slots)

    def paint(self, latent: Latent) -> Pixels:
        slot, pixels = next(self._slots)
        self._place[0] = latent
        self._request.set_output_tensor(slot)
        self._request.start_async()
        self._request.wait()
        return pixels
