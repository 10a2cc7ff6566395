"""The attention of lucidrains' programs in a state dict (see installation/networks/attention.py).

NORM.g .b                                   the normalisation before it
PLACE.to_q.weight  .to_kv.net.0.weight  .to_kv.net.1.weight    the linear one of stylegan2-pytorch
PLACE.to_lin_q.weight  .to_lin_kv.net.0.weight  ...             the same in lightweight-gan
PLACE.to_q.weight  .to_kv.weight                                lightweight-gan's among neighbours
PLACE.to_out.weight .bias
"""

from __future__ import annotations

from installation.training.convert.branches import Arrays
from installation.training.convert.state_dicts import Taken


def norm(held: Taken, theirs: str, name: str, width: int) -> Arrays:
    return {
        f"{name}.norm.gain": held.take(f"{theirs}.g", 1, width, 1, 1),
        f"{name}.norm.bias": held.take(f"{theirs}.b", 1, width, 1, 1),
    }


def attention(held: Taken, theirs: str, name: str, width: int) -> tuple[Arrays, int]:
    """An attention's tensors, and the width inside of it. ``theirs`` is the path without ``.norm`` and ``.fn``."""
    near = f"{theirs}.fn.to_lin_q.weight" in held
    far = "lin_" if near else ""
    query = held.take(f"{theirs}.fn.to_{far}q.weight", None, width, 1, 1)
    inner = len(query)
    tensors = norm(held, f"{theirs}.norm", name, width) | {
        f"{name}.query": query,
        f"{name}.around": held.take(f"{theirs}.fn.to_{far}kv.net.0.weight", width, 1, 3, 3),
        f"{name}.pair": held.take(f"{theirs}.fn.to_{far}kv.net.1.weight", 2 * inner, width, 1, 1),
        f"{name}.out.weight": held.take(f"{theirs}.fn.to_out.weight", width, 2 * inner if near else inner, 1, 1),
        f"{name}.out.bias": held.take(f"{theirs}.fn.to_out.bias", width),
    }
    if near:
        tensors[f"{name}.near.query"] = held.take(f"{theirs}.fn.to_q.weight", inner, width, 1, 1)
        tensors[f"{name}.near.pair"] = held.take(f"{theirs}.fn.to_kv.weight", 2 * inner, width, 1, 1)
    return tensors, inner
