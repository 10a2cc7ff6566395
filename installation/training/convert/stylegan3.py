"""StyleGAN3 networks in NVIDIA's files, configurations T and R."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from installation.training.convert import nvidia
from installation.training.convert.branches import LARGEST, Arrays, Branch, Converted, linear


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network of a file's content, or None where it is another. Raises ModelError for a configuration that is not
    supported, saying which."""
    whole = nvidia.network(root, where)
    synthesis = whole.maybe("synthesis") if whole else None
    waves = synthesis.maybe("input") if synthesis else None
    if whole is None or synthesis is None or waves is None or waves.maybe_tensor("freqs") is None:
        return None
    mapping = whole.child("mapping")
    arch, tensors, kept = nvidia.mapping(mapping, labels, most)
    names = layer_names(synthesis)
    read = [layer(synthesis.child(name), number) for number, name in enumerate(names)]
    for _, held in read:
        tensors |= held
    size = pair(synthesis.child(names[-1]), "out_size")
    scale = synthesis.real("output_scale", 1.0)
    return Converted(
        kind="stylegan3",
        architecture={
            **arch,
            "input": waves_of(waves),
            "layers": [options for options, _ in read],
            "scale": scale,
            "size": size[::-1],
            "resolution": max(size),
        },
        tensors={**tensors, **start(waves)},
        family="StyleGAN3",
        mean=mapping.maybe_tensor("w_avg"),
        labels=kept,
        known=mapping.whole("c_dim", 0),
        told=nvidia.told(root),
    )


def waves_of(waves: Branch) -> dict[str, Any]:
    """The input's part of the architecture."""
    return {
        "size": pair(waves, "size"),
        "rate": waves.real("sampling_rate"),
        "bandwidth": waves.real("bandwidth"),
    }


def layer_names(synthesis: Branch) -> list[str]:
    """The layer names in the order of computation."""
    names = synthesis.number("layer_names")
    if not isinstance(names, list) or not names or not all(name in synthesis.children for name in names):
        raise synthesis.refuse("does not tell the order of its layers")
    if len(set(names)) != len(names):
        raise synthesis.refuse("has a layer twice")
    return list(names)


def pair(branch: Branch, name: str) -> list[int]:
    """A width and a height, which may be one number."""
    given = branch.number(name)
    return numbers(branch, name, given if isinstance(given, list) else [given, given], 2)


def numbers(branch: Branch, name: str, values: Any, count: int) -> list[int]:
    """So many whole numbers; those that are saved with a decimal point, too."""
    fits = isinstance(values, list) and len(values) == count
    if not fits or not all(isinstance(value, int | float) and abs(value) <= LARGEST for value in values):
        raise branch.refuse(f"has a {name} of {values!r}; expected {count} numbers")
    return [int(value) for value in values]


def start(waves: Branch) -> Arrays:
    """The tensors of the input, whose weight is scaled by its width."""
    weight = waves.tensor("weight", 2)
    return {
        "input.freqs": waves.tensor("freqs", 2),
        "input.phases": waves.tensor("phases", 1),
        "input.transform": waves.tensor("transform", 2),
        "input.weight": weight / np.sqrt(np.float32(len(weight))),
        **linear(waves.child("affine"), "input.affine"),
    }


def layer(branch: Branch, number: int) -> tuple[dict[str, Any], Arrays]:
    """A layer: its part of the architecture, its tensors."""
    weight, colours, clamp = branch.tensor("weight", 4), bool(branch.number("is_torgb")), branch.number("conv_clamp")
    tensors: Arrays = {f"{number}.weight": weight, f"{number}.bias": branch.tensor("bias", 1)}
    scale = np.float32(1 / np.sqrt(weight[0].size) if colours else 1)
    tensors |= {name: value * scale for name, value in linear(branch.child("affine"), f"{number}.style").items()}
    tensors[f"{number}.gain"] = 1 / np.sqrt(branch.tensor("magnitude_ema", 0).reshape(1))
    filters = {name: branch.maybe_tensor(f"{name}_filter") for name in ("up", "down")}
    tensors |= {f"{number}.{name}": taps for name, taps in filters.items() if taps is not None}
    return {
        "width_in": weight.shape[1],
        "width_out": weight.shape[0],
        "kernel": weight.shape[2],
        "up": branch.whole("up_factor"),
        "down": branch.whole("down_factor"),
        **{f"{name}_taps": [] if taps is None else list(taps.shape) for name, taps in filters.items()},
        "pad": numbers(branch, "padding", branch.number("padding"), 4),
        "clamp": None if clamp is None else branch.real("conv_clamp"),
        "colours": colours,
    }, tensors
