"""StyleGAN2 networks in NVIDIA's files: those of stylegan2-ada-pytorch, and of the StyleGAN3 repository."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from installation.core.errors import ModelError
from installation.training.convert import nvidia
from installation.training.convert.branches import Arrays, Branch, Converted, linear

BLOCK = re.compile("b([0-9]{1,5})")
MOST_BLOCKS = 11
"""Of 4 px, 8 px and so on: 4096 px."""
JOINS = ("skip", "resnet", "orig")


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network of a file's content, or None where it is another. Raises ModelError for a configuration that is not
    supported, saying which."""
    whole = nvidia.network(root, where)
    synthesis = whole.maybe("synthesis") if whole else None
    if whole is None or synthesis is None or not any(BLOCK.fullmatch(name) for name in synthesis.children):
        return None
    mapping = whole.child("mapping")
    arch, tensors, kept = nvidia.mapping(mapping, labels, most)
    blocks, painted = painting(synthesis)
    return Converted(
        kind="stylegan2_ada",
        architecture={**arch, **blocks},
        tensors={**tensors, **painted},
        family="StyleGAN2-ADA",
        mean=mapping.maybe_tensor("w_avg"),
        labels=kept,
        known=mapping.whole("c_dim", 0),
        told=nvidia.told(root),
    )


def painting(synthesis: Branch) -> tuple[dict[str, Any], Arrays]:
    """The synthesis network: its part of the architecture and its tensors."""
    names = sorted((name for name in synthesis.children if BLOCK.fullmatch(name)), key=lambda name: int(name[1:]))
    if len(names) > MOST_BLOCKS:
        raise synthesis.refuse(f"has {len(names)} blocks; {MOST_BLOCKS} are supported")
    tensors: Arrays = {}
    for index, name in enumerate(names):
        tensors |= block(synthesis.child(name), 4 * 2**index)
    first = synthesis.child(names[0])
    const = first.tensor("const", 3)
    tensors["const"] = const[None]
    tensors["filter"] = taps(first)
    channels = [len(synthesis.child(name).child("conv1").tensor("bias", 1)) for name in names]
    last = 4 * 2 ** (len(names) - 1)
    join = same([synthesis.child(name).number("architecture", "skip") for name in names], synthesis, "architecture")
    if join not in JOINS:
        raise synthesis.refuse(f"has the architecture {join!r}; supported are {', '.join(JOINS)}")
    convs = [conv for name in names for conv in convolutions(synthesis.child(name))]
    clamp = same([conv.number("conv_clamp") for conv in convs], synthesis, "conv_clamp")
    clamp = None if clamp is None else convs[0].real("conv_clamp")
    return {
        "channels": channels,
        "start": list(const.shape[1:]),
        "colours": len(tensors[f"{last}.rgb.bias"]) if f"{last}.rgb.bias" in tensors else 0,
        "join": join,
        "noise": any(name.endswith(".noise") for name in tensors),
        "clamp": clamp,
        "taps": list(tensors["filter"].shape),
        "resolution": max(const.shape[1:]) * 2 ** (len(names) - 1),
    }, tensors


def convolutions(branch: Branch) -> list[Branch]:
    return [branch.child(name) for name in ("conv0", "conv1", "torgb") if name in branch.children]


def same(values: list[Any], branch: Branch, what: str) -> Any:
    """The one value that all layers have. Raises ModelError where they differ."""
    if len({repr(value) for value in values}) != 1:
        raise branch.refuse(f"has a {what} that is not the same everywhere, which is not supported")
    return values[0]


def block(branch: Branch, size: int) -> Arrays:
    tensors: Arrays = {}
    for part in ("conv0", "conv1"):
        if part in branch.children:
            tensors |= convolution(branch.child(part), f"{size}.{part}", up=2 if part == "conv0" else 1)
    if "torgb" in branch.children:
        tensors |= coloured(branch.child("torgb"), f"{size}.rgb")
    skip = branch.maybe("skip")
    if skip is not None:
        tensors[f"{size}.skip.weight"] = skip.tensor("weight", 4) * np.float32(skip.real("weight_gain", 1.0))
    return tensors


def convolution(branch: Branch, name: str, up: int) -> Arrays:
    if branch.number("activation", "lrelu") != "lrelu" or branch.number("up", up) != up:
        found = f"the activation {branch.number('activation')} and enlarges {branch.number('up')} times"
        raise branch.refuse(f"has {found}; supported are lrelu and {up}")
    tensors = {f"{name}.weight": branch.tensor("weight", 4), f"{name}.bias": branch.tensor("bias", 1)}
    tensors |= linear(branch.child("affine"), f"{name}.style")
    if branch.number("use_noise", True):
        tensors[f"{name}.noise"] = branch.tensor("noise_const", 2) * branch.tensor("noise_strength", 0)
    return tensors


def coloured(branch: Branch, name: str) -> Arrays:
    """The style's scale is a constant factor of the style."""
    scale = np.float32(branch.real("weight_gain", 1.0))
    tensors = {f"{name}.weight": branch.tensor("weight", 4), f"{name}.bias": branch.tensor("bias", 1)}
    return tensors | {part: tensor * scale for part, tensor in linear(branch.child("affine"), f"{name}.style").items()}


def taps(branch: Branch) -> np.ndarray[Any, Any]:
    kernel = branch.tensor("resample_filter")
    if kernel.ndim not in (1, 2):
        raise ModelError(f"{branch.where}: has a resample_filter of {kernel.ndim} axes; one or two are supported.")
    return kernel
