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

from installation.core.errors import ModelError
from installation.training.convert.branches import Arrays, Converted
from installation.training.convert.containers import arrays

LEARNING = np.float32(0.01)
"""The mapping's learning rate factor, which the program's own scripts never change."""
FILTER = (1.0, 3.0, 3.0, 1.0)
NETWORKS = ("g_ema", "g", "state_dict", "params_ema")
"""Under which name a checkpoint holds the generator: the averaged one first."""
OPTIONAL = re.compile(r"noises\.noise_\d+|.*\.(blur|upsample)\.kernel|.*\.noise\.weight")


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network in a file's content, or None if it is of another family. Raises ModelError for what does not fit."""
    state = state_dict(root)
    if state is None:
        return None
    held = {name: value.astype(np.float32) for name, value in arrays(state, where).items()}
    blocks = sum(1 for name in held if re.fullmatch(r"to_rgbs\.\d+\.conv\.weight", name)) + 1
    try:
        tensors = network(held, blocks)
    except KeyError as error:
        raise ModelError(f"{where}: has no {error.args[0]}, which a StyleGAN2 of this kind has.") from None
    left = [name for name in held if not OPTIONAL.fullmatch(name)]
    if left:
        raise ModelError(f"{where}: has tensors that no StyleGAN2 of this kind has: {', '.join(left[:3])}.")
    return Converted("stylegan2_ada", architecture(tensors, blocks), tensors, "StyleGAN2 of rosinality", mean(root))


def state_dict(root: Any) -> dict[str, Any] | None:
    """The generator's state dict in a checkpoint, or a state dict alone."""
    if not isinstance(root, dict):
        return None
    for state in (*(root.get(name) for name in NETWORKS), root):
        if isinstance(state, dict) and {"input.input", "conv1.conv.weight"} <= state.keys():
            return state
    return None


def mean(root: Any) -> np.ndarray[Any, Any] | None:
    """The mean style, which converted checkpoints store beside the network."""
    latent = arrays({"latent_avg": root.get("latent_avg")}, "latent_avg").get("latent_avg")
    return None if latent is None or latent.ndim != 1 else latent.astype(np.float32)


def network(held: Arrays, blocks: int) -> Arrays:
    """The tensors under this program's names, taken out of ``held``. Raises KeyError for one that is missing."""
    tensors: Arrays = {"const": held.pop("input.input")}
    depth = sum(1 for name in held if re.fullmatch(r"style\.\d+\.weight", name))
    for index in range(depth):
        weight = held.pop(f"style.{index + 1}.weight")
        tensors[f"mapping.{index}.weight"] = weight * (LEARNING / np.sqrt(np.float32(weight.shape[1])))
        tensors[f"mapping.{index}.bias"] = held.pop(f"style.{index + 1}.bias") * LEARNING
    noise = any(name.startswith("noises.") for name in held)
    names = {"4.conv1": "conv1"} | {
        f"{4 * 2**block}.conv{index}": f"convs.{2 * (block - 1) + index}"
        for block in range(1, blocks)
        for index in (0, 1)
    }
    for number, (name, theirs) in enumerate(names.items()):
        tensors |= convolution(held, theirs, name)
        if noise:
            tensors[f"{name}.noise"] = held[f"noises.noise_{number}"][0, 0] * held[f"{theirs}.noise.weight"]
    for block in range(blocks):
        tensors |= coloured(held, "to_rgb1" if block == 0 else f"to_rgbs.{block - 1}", f"{4 * 2**block}.rgb")
    tensors["filter"] = taps(held)
    return tensors


def convolution(held: Arrays, theirs: str, name: str) -> Arrays:
    weight = held.pop(f"{theirs}.conv.weight")[0]
    return {
        f"{name}.weight": weight / np.sqrt(np.float32(weight[0].size)),
        f"{name}.bias": held.pop(f"{theirs}.activate.bias"),
        **style(held, theirs, name),
    }


def coloured(held: Arrays, theirs: str, name: str) -> Arrays:
    weight = held.pop(f"{theirs}.conv.weight")[0]
    return {
        f"{name}.weight": weight / np.sqrt(np.float32(weight[0].size)),
        f"{name}.bias": held.pop(f"{theirs}.bias").reshape(-1),
        **style(held, theirs, name),
    }


def style(held: Arrays, theirs: str, name: str) -> Arrays:
    weight = held.pop(f"{theirs}.conv.modulation.weight")
    return {
        f"{name}.style.weight": weight / np.sqrt(np.float32(weight.shape[1])),
        f"{name}.style.bias": held.pop(f"{theirs}.conv.modulation.bias"),
    }


def taps(held: Arrays) -> np.ndarray[Any, Any]:
    """The upsampling filter, of sum 1; the default one if the file has none."""
    kernel = next(
        (value for name, value in held.items() if name.endswith(".upsample.kernel")), np.outer(FILTER, FILTER)
    )
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
