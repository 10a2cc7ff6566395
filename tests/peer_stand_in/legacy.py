"""A stand-in for the programs that came with StyleGAN2's papers: the same entry, and the steps as they were published.

The weights of each convolution are modulated and demodulated for each picture (arXiv 1912.04958, section 2.2) in one
grouped convolution, enlarging goes through zeros and a separate filter, and nothing is prepared. Written from the
paper for this test; it reads a file as ``convert`` does.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from installation.training.convert.containers import read
from installation.training.convert.run import recognised

SQRT2 = 2.0**0.5


class Plain(nn.Module):
    """A generator by its tensors, as installation/networks/stylegan2_ada.py names them; ``skip`` alone."""

    def __init__(self, architecture: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> None:
        super().__init__()
        if architecture["join"] != "skip":
            raise ValueError(f"found {architecture['join']}, expected skip")
        self.z_dim, self.c_dim = architecture["z_dim"], architecture["classes"]
        self.depth, self.clamp = len(architecture["widths"]) - 1, architecture["clamp"]
        self.sides = [4 * 2**block for block in range(len(architecture["channels"]))]
        self.tensors = dict(tensors)
        taps = self.tensors["filter"]
        self.taps = taps if taps.ndim == 2 else taps.outer(taps)

    def mapping(self, z: Tensor, c: Tensor, truncation_psi: float = 1) -> Tensor:
        classes = self.tensors.get("classes")
        x = z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt()
        x = x if classes is None else torch.cat([x, c @ classes], 1)
        for layer in range(self.depth):
            weight, bias = self.tensors[f"mapping.{layer}.weight"], self.tensors[f"mapping.{layer}.bias"]
            x = F.leaky_relu(F.linear(x, weight, bias), 0.2) * SQRT2
        return x

    def synthesis(self, w: Tensor, noise_mode: str = "const", force_fp32: bool = True) -> Tensor:
        x, picture = self.tensors["const"].repeat(len(w), 1, 1, 1), None
        for side in self.sides:
            if side > 4:
                x = self.layer(x, w, f"{side}.conv0", up=True)
            x = self.layer(x, w, f"{side}.conv1")
            colours = self.bounded(self.modulated(x, w, f"{side}.rgb", demodulate=False))
            picture = colours if picture is None else self.filtered(zeros(picture)) + colours
        assert picture is not None
        return picture

    def layer(self, x: Tensor, w: Tensor, name: str, up: bool = False) -> Tensor:
        x = self.modulated(x, w, name, up=up)
        return self.bounded(F.leaky_relu(x, 0.2) * SQRT2)

    def modulated(self, x: Tensor, w: Tensor, name: str, up: bool = False, demodulate: bool = True) -> Tensor:
        get = self.tensors.get
        weight, style = get(f"{name}.weight"), F.linear(w, get(f"{name}.style.weight"), get(f"{name}.style.bias"))
        each = weight[None] * style[:, None, :, None, None]
        if demodulate:
            each = each * (each.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        count, wide_out, wide_in, kernel, _ = each.shape
        x = x.reshape(1, -1, *x.shape[2:])
        if up:
            kernels = each.transpose(1, 2).reshape(count * wide_in, wide_out, kernel, kernel)
            x = F.conv_transpose2d(x, kernels, stride=2, groups=count)
            x = self.filtered(x.reshape(count, wide_out, *x.shape[2:]), cut=True)
        else:
            x = F.conv2d(x, each.reshape(-1, wide_in, kernel, kernel), padding=kernel // 2, groups=count)
            x = x.reshape(count, wide_out, *x.shape[2:])
        noise = get(f"{name}.noise")
        return x + get(f"{name}.bias")[:, None, None] + (0.0 if noise is None else noise)

    def filtered(self, x: Tensor, cut: bool = False) -> Tensor:
        """Smooths what was enlarged twice."""
        high, taps = self.taps.shape[0], (self.taps * 4).flip((0, 1))
        pad = ((high + 1) // 2 - cut, (high - 2) // 2) * 2
        return F.conv2d(F.pad(x, pad), taps.repeat(x.shape[1], 1, 1, 1), groups=x.shape[1])

    def bounded(self, x: Tensor) -> Tensor:
        return x if self.clamp is None else x.clamp(-self.clamp, self.clamp)


def zeros(x: Tensor) -> Tensor:
    """Twice as large, with a zero after every pixel either way."""
    count, channels, height, width = x.shape
    larger = x.new_zeros(count, channels, height, 2, width, 2)
    larger[:, :, :, 0, :, 0] = x
    return larger.reshape(count, channels, 2 * height, 2 * width)


def load_network_pkl(file: BinaryIO) -> dict[str, Plain]:
    """The generator of a file, as the programs' own function gives it."""
    converted = recognised(read(Path(file.name)), file.name, None)
    return {"G_ema": Plain(converted.architecture, {n: torch.from_numpy(t) for n, t in converted.tensors.items()})}
