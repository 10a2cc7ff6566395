"""Common parts of StyleGAN2-ADA and StyleGAN3 in NVIDIA's files: the file's table, and the mapping network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from installation.core.errors import ModelError
from installation.training.convert.allowed import Part, check_shared
from installation.training.convert.branches import Arrays, Branch, chosen_labels, linear
from installation.training.convert.state_dicts import state_of

NETWORKS = ("G_ema", "G")
"""Keys of the generator in the table, the averaged one first."""


def network(root: Any, where: str) -> Branch | None:
    """The generator of a file that holds either the trainers' whole table or the network alone."""
    if isinstance(root, Part):
        return checked(root, where)
    if isinstance(root, dict):
        for name in NETWORKS:
            if isinstance(root.get(name), Part):
                return checked(root[name], f"{where}: {name}")
    return None


def checked(part: Part, where: str) -> Branch:
    check_shared(state_of(part, where).values(), where)
    return Branch(part, where)


def told(root: Any) -> dict[str, Any]:
    """Training facts in the file: plain values only, paths without their folders."""
    if not isinstance(root, dict) or not isinstance(root.get("training_set_kwargs"), dict):
        return {}
    return {"training_set_kwargs": plain(root["training_set_kwargs"])}


def plain(table: dict[str, Any]) -> dict[str, Any]:
    kept = {str(key)[:80]: value for key, value in list(table.items())[:40]}
    simple = {key: value for key, value in kept.items() if isinstance(value, str | int | float | bool | type(None))}
    return {
        key: value.replace("\\", "/").rstrip("/").rpartition("/")[2][:200] if isinstance(value, str) else value
        for key, value in simple.items()
        if not isinstance(value, float) or np.isfinite(value)
    }


def mapping(branch: Branch, wanted: Sequence[int] | None, most: int) -> tuple[dict[str, Any], Arrays, tuple[int, ...]]:
    """The mapping network: its part of the architecture, its tensors, and the labels that were kept."""
    z_dim, known = branch.whole("z_dim"), branch.whole("c_dim", 0)
    labels = chosen_labels(wanted, known, most, branch.where)
    tensors: Arrays = {}
    if labels:
        tensors["classes"] = embedded(branch.child("embed"), known, labels)
    count = branch.whole("num_layers")
    if not 1 <= count <= 32:
        raise branch.refuse(f"has {count} layers; 1 to 32 are supported")
    for index in range(count):
        layer = branch.child(f"fc{index}")
        if layer.number("activation", "lrelu") != "lrelu":
            raise layer.refuse(f"has the activation {layer.number('activation')}; lrelu is supported")
        tensors |= linear(layer, f"mapping.{index}")
    weights = [tensors[f"mapping.{index}.weight"] for index in range(count)]
    arch = {
        "z_dim": z_dim,
        "w_dim": len(weights[-1]),
        "classes": len(labels),
        "widths": [weights[0].shape[1], *(len(weight) for weight in weights)],
    }
    return arch, tensors, labels


def embedded(branch: Branch, known: int, labels: Sequence[int]) -> np.ndarray[Any, Any]:
    """The input of the mapping network for each class: its embedding, normalised to mean square 1."""
    layer = linear(branch, "embed")
    weight, bias = layer["embed.weight"], layer["embed.bias"]
    if weight.shape[1] != known:
        raise ModelError(f"{branch.where}: embeds {weight.shape[1]} classes where the network knows {known}.")
    rows = weight[:, list(labels)].T + bias
    normal: np.ndarray[Any, Any] = rows / np.sqrt(np.square(rows).mean(1, keepdims=True) + 1e-8)
    return normal.astype(np.float32)
