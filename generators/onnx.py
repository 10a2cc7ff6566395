"""A generator in an ONNX file, converted, painted by onnxruntime on the processor (the extra onnx)."""

from typing import Literal

from installation.core.disk_cache import DiskCache
from installation.networks.model_generator import ModelConfig, ModelGenerator


class Config(ModelConfig):
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
