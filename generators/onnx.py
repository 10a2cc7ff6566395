"""A generator in an ONNX file, converted, painted by onnxruntime on the processor (the extra onnx)."""

from collections.abc import Mapping
from typing import ClassVar, Literal

from installation.core.disk_cache import DiskCache
from installation.networks.model_generator import ModelConfig, ModelGenerator
from installation.networks.style_generator import ELSEWHERE


class Config(ModelConfig):
    elsewhere: ClassVar[Mapping[str, str]] = ELSEWHERE
    kind: Literal["onnx"] = "onnx"

    def open(self, device: str) -> "Onnx":
        return Onnx(self, device)


class Onnx(ModelGenerator):
    """Latents are z, (z_dim,)."""

    runtime = "onnxruntime fp32"

    def accelerate(self, cache: DiskCache) -> None:
        """Nothing: there is no other runtime of it."""

    def to_compile(self, cache: DiskCache) -> None:
        """Nothing, for the same reason."""
