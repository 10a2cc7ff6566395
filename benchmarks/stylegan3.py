"""A StyleGAN3-T in its default widths, random weights: the published steps one by one, and as Vernissage paints it.

    python -m benchmarks.stylegan3 [--resolution 256] [--rounds 3] [--threads 1]

The plain loop is written from the paper (arXiv 2106.12423): weights modulated for each picture, zeros between the
samples before each filter, and every sample filtered before some are left out. Timed is the way from a style to a
picture in memory, by turns; the ratios are to the plain loop, of the least times.
"""

import argparse
import math
import os
from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from benchmarks.peers import Ours, Row, measured, table
from installation.core.contracts import Latent, Pixels
from installation.networks import openvino
from installation.networks.choose_runtime import machine
from installation.networks.model_generator import proofs
from installation.networks.runtime import Eager
from installation.networks.stylegan3 import Architecture, Network, expected_shapes

LAYERS, CRITICAL, MARGIN, TAPS = 14, 2, 10, 6
"""Before the colours; of them sampled critically; samples around a picture; of a filter, for each sample."""
BASE, WIDEST = 32768, 512
"""Feature maps: the base divided by twice the highest frequency, up to the widest."""


def default(resolution: int) -> Architecture:
    """The configuration T of the paper, section 3 and appendix C."""
    steps = np.minimum(np.arange(LAYERS + 1) / (LAYERS - CRITICAL), 1)
    last = resolution / 2
    cutoffs = 2 * (last / 2) ** steps
    stops = 2**2.1 * (last * 2**0.3 / 2**2.1) ** steps
    rates = np.exp2(np.ceil(np.log2(np.minimum(2 * stops, resolution)))).astype(int).tolist()
    sizes = [rate + 2 * MARGIN for rate in rates[:-2]] + [resolution, resolution]
    widths = [*np.rint(np.minimum(BASE / 2 / cutoffs, WIDEST)).astype(int).tolist()[:-1], 3]
    layers = []
    for number, (rate, size, width) in enumerate(zip(rates, sizes, widths, strict=True)):
        before, colours = max(number - 1, 0), number == LAYERS
        inside = max(rates[before], rate) * (1 if colours else 2)
        up, down, kernel = inside // rates[before], inside // rate, 1 if colours else 3
        up_taps, down_taps = (TAPS * times if times > 1 and not colours else 1 for times in (up, down))
        pad = (size - 1) * down + 1 - (sizes[before] + kernel - 1) * up + up_taps + down_taps - 2
        first = (pad + up) // 2
        layers.append(
            {
                "width_in": widths[before],
                "width_out": width,
                "kernel": kernel,
                "up": up,
                "down": down,
                "up_taps": [up_taps] if up_taps > 1 else [],
                "down_taps": [down_taps] if down_taps > 1 else [],
                "pad": [first, pad - first] * 2,
                "clamp": 256.0,
                "colours": colours,
            }
        )
    return Architecture.model_validate(
        {
            "z_dim": 512,
            "w_dim": 512,
            "classes": 0,
            "widths": [512, 512, 512],
            "input": {"size": [sizes[0]] * 2, "rate": float(rates[0]), "bandwidth": float(cutoffs[0])},
            "layers": layers,
            "scale": 0.25,
            "size": [resolution, resolution],
            "resolution": resolution,
        }
    )


def random_tensors(arch: Architecture) -> dict[str, Tensor]:
    chance = torch.Generator().manual_seed(0)
    return {name: _random(name, shape, chance) for name, shape in expected_shapes(arch).items()}


def _random(name: str, shape: Sequence[int], chance: torch.Generator) -> Tensor:
    """With which features keep their strength from layer to layer."""
    if name.endswith((".up", ".down")):
        window = torch.kaiser_window(shape[0], periodic=False, beta=8.0)
        return window / window.sum()
    if name == "input.transform":
        return torch.eye(3)
    if name == "input.affine.bias":
        return torch.tensor([1.0, 0.0, 0.0, 0.0])
    if name.endswith(("gain", "style.bias")):
        return torch.ones(*shape)
    drawn = torch.randn(*shape, generator=chance)
    return drawn / math.sqrt(drawn[0].numel()) if name.endswith("weight") else 0.1 * drawn


class Plain:
    """The published steps."""

    def __init__(self, network: Network, tensors: dict[str, Tensor]) -> None:
        self.network, self.tensors = network, tensors

    @torch.inference_mode()
    def paint(self, latent: Latent) -> Pixels:
        """As a runtime does."""
        w = torch.from_numpy(latent)[None]
        x = self.network.input(w)
        for number, style in enumerate(self.network.affines(w)):
            x = self.layer(x, style, number)
        picture = x[0].permute(1, 2, 0) * self.network.arch.scale * 127.5 + 128
        return np.asarray(picture.clamp(0, 255).to(torch.uint8).numpy())

    def layer(self, x: Tensor, style: Tensor, number: int) -> Tensor:
        layer, get = self.network.arch.layers[number], self.tensors.get
        weight = self.tensors[f"{number}.weight"]
        if not layer.colours:
            weight = weight * weight.square().mean((1, 2, 3), keepdim=True).rsqrt()
            style = style * style.square().mean().rsqrt()
        each = weight * style[0, :, None, None]
        if not layer.colours:
            each = each * (each.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        x = F.conv2d(x, each * self.tensors[f"{number}.gain"], padding=layer.kernel - 1)
        x = x + self.tensors[f"{number}.bias"][:, None, None]
        x = filtered(F.pad(zeros(x, layer.up), layer.pad), get(f"{number}.up"), layer.up)
        x = x if layer.colours else F.leaky_relu(x, 0.2) * math.sqrt(2)
        return filtered(x.clamp(-256, 256), get(f"{number}.down"), 1)[:, :, :: layer.down, :: layer.down]


def zeros(x: Tensor, up: int) -> Tensor:
    """``up`` times as large, with zeros after every sample."""
    count, channels, height, width = x.shape
    larger = x.new_zeros(count, channels, height, up, width, up)
    larger[:, :, :, 0, :, 0] = x
    return larger.reshape(count, channels, height * up, width * up)


def filtered(x: Tensor, taps: Tensor | None, gain: float) -> Tensor:
    if taps is None:
        return x
    turned = (taps.flip(0) * gain).expand(x.shape[1], 1, -1)
    return F.conv2d(F.conv2d(x, turned[:, :, None], groups=x.shape[1]), turned[..., None], groups=x.shape[1])


def main(arguments: Sequence[str] | None = None) -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--resolution", type=int, default=256, metavar="PX")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--threads", type=int, default=1)
    asked = options.parse_args(arguments)
    torch.set_num_threads(asked.threads)
    arch = default(asked.resolution)
    tensors = random_tensors(arch)
    network = Network(arch, tensors)
    latents = proofs(network)
    rows = [Row("the plain loop", Ours(network, Plain(network, tensors)))]
    rows += [Row("Vernissage, plain torch", Ours(network, Eager(network.synthesis, latents)))]
    if openvino.version():
        runtime = openvino.OpenVino(openvino.compiled(network.synthesis, latents, threads=asked.threads))
        rows.append(Row("Vernissage, OpenVINO", Ours(network, runtime)))
    measured(rows, network.z_dim, asked.rounds, 1)
    print(f"{machine()}, load {os.getloadavg()[0]:.0f}, torch {torch.__version__}, {asked.threads} threads\n")
    print(table(rows))


if __name__ == "__main__":
    main()
