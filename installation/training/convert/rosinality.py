"""StyleGAN2 in the state dicts of rosinality's stylegan2-pytorch, and of programs based on it.

    style.1.weight .bias                         mapping layers, learning rate factor 0.01
    input.input                                  the constant
    conv1.conv.weight .conv.modulation.weight .noise.weight .activate.bias
    to_rgb1.conv.weight .conv.modulation.weight .bias
    convs.0 (enlarges), convs.1, to_rgbs.0       of each block after the first
    noises.noise_0                               the constant noise, where the file has it

The network is that of stylegan2_ada.py with skips, without classes and without a clamp.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from installation.training.convert.branches import Arrays, Converted, Floats
from installation.training.convert.containers import arrays
from installation.training.convert.state_dicts import Taken, taken

LEARNING = np.float32(0.01)
"""The mapping's learning rate factor, which the program's own scripts never change."""
FILTER = (1.0, 3.0, 3.0, 1.0)
NETWORKS = ("g_ema", "g", "state_dict", "params_ema")
"""Under which name a checkpoint holds the generator: the averaged one first."""
IGNORED = r"noises\.noise_\d+|.*\.(blur|upsample)\.kernel|.*\.noise\.weight"
FAMILY = "StyleGAN2 of rosinality"
MOST_BLOCKS = 11
"""Of 4 px, 8 px and so on: 4096 px."""


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network in a file's content, or None if it is of another family. Raises ModelError for what does not fit."""
    state = state_dict(root)
    if state is None:
        return None
    held = taken(state, FAMILY, where)
    blocks = held.count(r"to_rgbs\.\d+\.conv\.weight") + 1
    if blocks > MOST_BLOCKS:
        raise held.refuse(f"has {blocks} blocks; {MOST_BLOCKS} are supported")
    tensors = network(held, blocks)
    held.finish(IGNORED)
    return Converted("stylegan2_ada", architecture(tensors, blocks), tensors, FAMILY, mean(root, where))


def state_dict(root: Any) -> dict[str, Any] | None:
    """The generator's state dict in a checkpoint, or a state dict alone."""
    if not isinstance(root, dict):
        return None
    for state in (*(root.get(name) for name in NETWORKS), root):
        if isinstance(state, dict) and {"input.input", "conv1.conv.weight"} <= state.keys():
            return state
    return None


def mean(root: Any, where: str) -> Floats | None:
    """The mean style, which converted checkpoints store beside the network."""
    latent = arrays({"latent_avg": root.get("latent_avg")}, where).get("latent_avg")
    return None if latent is None or latent.ndim != 1 else latent.astype(np.float32)


def network(held: Taken, blocks: int) -> Arrays:
    """The tensors under this program's names. Raises ModelError for one that is missing or does not fit."""
    tensors: Arrays = {"const": held.take("input.input", 1, None, None, None)}
    for index in range(held.count(r"style\.\d+\.weight")):
        weight = held.take(f"style.{index + 1}.weight", None, None)
        tensors[f"mapping.{index}.weight"] = weight * (LEARNING / np.sqrt(np.float32(max(1, weight.shape[1]))))
        tensors[f"mapping.{index}.bias"] = held.take(f"style.{index + 1}.bias", len(weight)) * LEARNING
    names = {"4.conv1": "conv1"} | {
        f"{4 * 2**block}.conv{index}": f"convs.{2 * (block - 1) + index}"
        for block in range(1, blocks)
        for index in (0, 1)
    }
    noise = any(name.startswith("noises.") for name in held.held)
    for number, (name, theirs) in enumerate(names.items()):
        tensors |= steered(held, theirs, name, f"{theirs}.activate.bias", 3)
        if noise:
            constant = held.take(f"noises.noise_{number}", 1, 1, None, None)[0, 0]
            tensors[f"{name}.noise"] = constant * held.take(f"{theirs}.noise.weight", 1)
    for block in range(blocks):
        theirs = "to_rgb1" if block == 0 else f"to_rgbs.{block - 1}"
        tensors |= steered(held, theirs, f"{4 * 2**block}.rgb", f"{theirs}.bias", 1)
    return tensors | {"filter": taps(held)}


def steered(held: Taken, theirs: str, name: str, bias: str, kernel: int) -> Arrays:
    """A convolution and its style, with their constant factors multiplied in."""
    weight = held.take(f"{theirs}.conv.weight", 1, None, None, kernel, kernel)[0]
    style = held.take(f"{theirs}.conv.modulation.weight", weight.shape[1], None)
    return {
        f"{name}.weight": weight / np.sqrt(np.float32(max(1, weight[:1].size))),
        f"{name}.bias": held.take_flat(bias, len(weight)),
        f"{name}.style.weight": style / np.sqrt(np.float32(max(1, style.shape[1]))),
        f"{name}.style.bias": held.take(f"{theirs}.conv.modulation.bias", weight.shape[1]),
    }


def taps(held: Taken) -> Floats:
    """The upsampling filter, of sum 1; the default one if the file has none."""
    name = next((name for name in held.held if name.endswith(".upsample.kernel")), None)
    kernel = np.outer(FILTER, FILTER) if name is None else held.take(name, None, None)
    return (kernel / kernel.sum()).astype(np.float32)


def architecture(tensors: Arrays, blocks: int) -> dict[str, Any]:
    depth = sum(1 for name in tensors if re.fullmatch(r"mapping\.\d+\.weight", name))
    weights = [tensors[f"mapping.{index}.weight"] for index in range(depth)]
    start = list(tensors["const"].shape[2:])
    return {
        "z_dim": weights[0].shape[1],
        "w_dim": len(weights[-1]),
        "classes": 0,
        "widths": [weights[0].shape[1], *(len(weight) for weight in weights)],
        "channels": [len(tensors[f"{4 * 2**block}.conv1.bias"]) for block in range(blocks)],
        "start": start,
        "colours": len(tensors["4.rgb.bias"]),
        "join": "skip",
        "noise": "4.conv1.noise" in tensors,
        "clamp": None,
        "taps": list(tensors["filter"].shape),
        "resolution": max(start) * 2 ** (blocks - 1),
    }
