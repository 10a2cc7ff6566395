"""Files of tiny networks that were never trained, as other programs would save them, and models converted from them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from installation.networks import fastgan, lightweight_gan, stylegan2_pytorch
from installation.networks.model_file import save_model
from installation.training.convert.branches import Converted
from installation.training.convert.containers import OnnxFile
from installation.training.convert.run import model_of, recognised
from tests import tiny_onnx
from tests.training.filled_weights import filled

Arrays = dict[str, NDArray[np.float32]]
PICKLES = Path(__file__).resolve().parent / "training" / "pickles"


def rosinality(
    size: int = 16, width: int = 8, dim: int = 8, depth: int = 2, seed: int = 0, widths: Sequence[int] = ()
) -> dict[str, torch.Tensor]:
    """A state dict in the layout of rosinality's stylegan2-pytorch; ``widths`` are those of its blocks."""
    torch.manual_seed(seed)
    blocks = size.bit_length() - 3
    widths = widths or [width] * (blocks + 1)
    state = {"input.input": torch.randn(1, widths[0], 4, 4)}
    for layer in range(1, depth + 1):
        state |= {f"style.{layer}.weight": torch.randn(dim, dim) * 100, f"style.{layer}.bias": torch.randn(dim)}

    def steered(name: str, wide_out: int, kernel: int, wide: int) -> None:
        state[f"{name}.conv.weight"] = torch.randn(1, wide_out, wide, kernel, kernel)
        state[f"{name}.conv.modulation.weight"] = torch.randn(wide, dim)
        state[f"{name}.conv.modulation.bias"] = torch.ones(wide)
        if kernel == 3:
            state[f"{name}.noise.weight"] = torch.randn(1) * 0.1
            state[f"{name}.activate.bias"] = torch.randn(wide_out) * 0.1
        else:
            state[f"{name}.bias"] = torch.randn(1, 3, 1, 1) * 0.1

    taps = torch.outer(torch.tensor([1.0, 3, 3, 1]), torch.tensor([1.0, 3, 3, 1])) / 16
    steered("conv1", widths[0], 3, widths[0])
    steered("to_rgb1", 3, 1, widths[0])
    for block in range(blocks):
        steered(f"convs.{2 * block}", widths[block + 1], 3, widths[block])
        state[f"convs.{2 * block}.conv.blur.kernel"] = taps
        steered(f"convs.{2 * block + 1}", widths[block + 1], 3, widths[block + 1])
        steered(f"to_rgbs.{block}", 3, 1, widths[block + 1])
        state[f"to_rgbs.{block}.upsample.kernel"] = taps
    for number in range(2 * blocks + 1):
        side = 4 * 2 ** ((number + 1) // 2)
        state[f"noises.noise_{number}"] = torch.randn(1, 1, side, side)
    return state


def network(wide: int, wide_out: int, dim: int, name: str, rng: np.random.Generator, kernel: int = 3) -> Arrays:
    """The tensors of one steered layer."""

    def normal(*shape: int) -> NDArray[np.float32]:
        return rng.standard_normal(shape).astype(np.float32)

    return {
        f"{name}.weight": normal(wide_out, wide, kernel, kernel) / np.float32(np.sqrt(wide) * kernel),
        f"{name}.bias": normal(wide_out) * np.float32(0.1),
        f"{name}.style.weight": normal(wide, dim) / np.float32(np.sqrt(dim)),
        f"{name}.style.bias": np.ones(wide, np.float32),
    }


def ada(colours: int = 3, classes: int = 0, start: tuple[int, int] = (4, 4), dim: int = 8) -> Converted:
    """A StyleGAN2 of two blocks."""
    rng = np.random.default_rng(0)
    tensors: Arrays = {"const": rng.standard_normal((1, 8, *start)).astype(np.float32)}
    for name in ("4.conv1", "8.conv0", "8.conv1"):
        tensors |= network(8, 8, dim, name, rng)
    for name in ("4.rgb", "8.rgb"):
        tensors |= network(8, colours, dim, name, rng, kernel=1)
    tensors["filter"] = (np.outer([1, 3, 3, 1], [1, 3, 3, 1]) / 64).astype(np.float32)
    widths = [dim * 2 if classes else dim, dim, dim]
    for index in range(2):
        shape = (widths[index + 1], widths[index])
        tensors[f"mapping.{index}.weight"] = (rng.standard_normal(shape) / np.sqrt(shape[1])).astype(np.float32)
        tensors[f"mapping.{index}.bias"] = np.zeros(shape[0], np.float32)
    if classes:
        tensors["classes"] = rng.standard_normal((classes, dim)).astype(np.float32)
    architecture = {
        "z_dim": dim, "w_dim": dim, "classes": classes, "widths": widths, "channels": [8, 8], "start": list(start),
        "colours": colours, "join": "skip", "noise": False, "clamp": 256.0, "taps": [4, 4],
        "resolution": max(start) * 2,
    }  # fmt: skip
    return Converted("stylegan2_ada", architecture, tensors, "a test", labels=tuple(range(classes)), known=classes)


def waves(dim: int = 8) -> Converted:
    """A StyleGAN3 of two layers."""
    rng = np.random.default_rng(0)
    tensors: Arrays = {
        "input.freqs": rng.standard_normal((8, 2)).astype(np.float32),
        "input.phases": rng.random(8).astype(np.float32),
        "input.transform": np.eye(3, dtype=np.float32),
        "input.weight": rng.standard_normal((8, 8)).astype(np.float32),
        "input.affine.weight": np.zeros((4, dim), np.float32),
        "input.affine.bias": np.array([1, 0, 0, 0], np.float32),
    }
    layers = []
    for number, (wide, colours) in enumerate(((8, False), (3, True))):
        tensors |= network(8, wide, dim, str(number), rng, kernel=1) | {f"{number}.gain": np.ones(1, np.float32)}
        taps = [] if colours else [12]
        times = 1 if colours else 2
        layers.append(
            {"width_in": 8, "width_out": wide, "kernel": 1, "up": times, "down": times, "up_taps": taps,
             "down_taps": taps, "pad": [0, 0, 0, 0] if colours else [11, 10, 11, 10], "clamp": 256.0,
             "colours": colours}
        )  # fmt: skip
    line = np.hanning(14)[1:-1]
    tensors |= {f"0.{way}": (line / line.sum()).astype(np.float32) for way in ("up", "down")}
    for index in range(2):
        tensors[f"mapping.{index}.weight"] = (rng.standard_normal((dim, dim)) / np.sqrt(dim)).astype(np.float32)
        tensors[f"mapping.{index}.bias"] = np.zeros(dim, np.float32)
    architecture = {
        "z_dim": dim, "w_dim": dim, "classes": 0, "widths": [dim] * 3, "layers": layers, "scale": 0.5, "size": [16, 16],
        "input": {"size": [16, 16], "rate": 16.0, "bandwidth": 2.0}, "resolution": 16,
    }  # fmt: skip
    return Converted("stylegan3", architecture, tensors, "a test")


def written(path: Path, converted: Converted) -> Path:
    """The model file of one."""
    source = path.with_suffix(".pkl")
    source.write_bytes(b"a stand-in")
    save_model(path, *model_of(converted, source, "CC0-1.0", None, "convert"))
    source.unlink()
    return path


def lucid() -> Converted:
    """A StyleGAN2 of lucidrains' of two blocks."""
    arch = {
        "z_dim": 8, "w_dim": 8, "widths": [8, 8, 8], "first": 8, "channels": [8, 8], "attention": [0, 64], "colours": 3,
        "steered": False, "resolution": 8,
    }  # fmt: skip
    return random("stylegan2_pytorch", stylegan2_pytorch, arch)


def lightweight() -> Converted:
    """A lightweight-gan of two layers."""
    layers = [
        {"before": before, "width": 8, "excite": "none", "between": 0, "attention": inner}
        for before, inner in ((8, 0), (8, 64))
    ]
    return random("lightweight_gan", lightweight_gan, {"z_dim": 8, "layers": layers, "colours": 3, "resolution": 16})


def fast(classes: int = 2) -> Converted:
    """A FastGAN of two blocks, with classes."""
    blocks = [{"width": 8, "noisy": noisy, "excites": False} for noisy in ([True, True], [False])]
    arch = {
        "z_dim": 8, "classes": classes, "embedding": 4 if classes else 0, "first": 8, "blocks": blocks, "normal": True,
        "bounded": False, "colours": 3, "resolution": 16,
    }  # fmt: skip
    return random("fastgan", fastgan, arch, classes)


def in_onnx() -> Converted:
    """A generator in an ONNX file."""
    return recognised(OnnxFile(tiny_onnx.generator().SerializeToString()), "test", None)


def random(kind: str, network: Any, arch: dict[str, Any], classes: int = 0) -> Converted:
    """A network of an architecture with random weights, of which the last are strong."""
    tensors = filled(network.expected_shapes(network.read_architecture(arch)))
    for name in tensors:
        quiet = name.endswith((".loud", ".bias")) and "style" not in name and "gain" not in name
        tensors[name] *= np.float32(0.1 if quiet else 3 if name == "out.weight" or name.endswith("0.weight") else 1)
        tensors[name] += np.float32(name.endswith("gain.bias"))
    return Converted(kind, arch, tensors, "a test", labels=tuple(range(classes)), known=classes)


TINY = {
    "stylegan2_ada": lambda path: written(path, ada(classes=2)),
    "stylegan3": lambda path: written(path, waves()),
    "stylegan2_pytorch": lambda path: written(path, lucid()),
    "lightweight_gan": lambda path: written(path, lightweight()),
    "fastgan": lambda path: written(path, fast()),
    "onnx": lambda path: written(path, in_onnx()),
    "auto": lambda path: written(path, waves()),
}
"""{kind: what writes one}."""
