"""Generators in the checkpoints of lucidrains' lightweight-gan: model_N.pt, its key GAN, or that state dict alone.

GE.initial_conv.0.weight .bias  .initial_conv.1.*     with its batch normalisation; G. is not averaged
GE.layers.0.0.0.net.0.weight .bias                    what enlarges
GE.layers.0.0.2.1.weight .bias  .0.0.3.weight  .0.0.4.*     convolution, strength of the noise, normalisation
GE.layers.0.1.to_k.weight .bias  .0.1.net.0.weight .bias  .0.1.net.2.weight .bias
                                                      what excites a later layer; or .0.1.dct_weights for to_k
GE.layers.0.2.norm.g .b  .0.2.fn.*                    attention
GE.out_conv.weight .bias
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from installation.training.convert.attention import attention
from installation.training.convert.branches import Arrays, Converted
from installation.training.convert.state_dicts import Taken, constant_noise, part_of, tables, taken

FAMILY = "lightweight-gan"
MOST_LAYERS = 10
"""Of 8 px, 16 px and so on: 4096 px."""
IGNORED = r"layers\.\d+\.0\.1\.f"
"""What a state dict has besides: the blur's constant."""


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network of a file's content, or None where it is another. Raises ModelError for what does not fit."""
    for table in tables(root):
        generator = part_of(table, ("GE.", "G."))
        if generator and "initial_conv.0.weight" in generator and "out_conv.weight" in generator:
            return converted(taken(generator, FAMILY, where))
    return None


def converted(held: Taken) -> Converted:
    first = held.take("initial_conv.0.weight", None, None, 4, 4)
    z_dim, twice = first.shape[:2]
    factor, shift = held.normalised("initial_conv.1", twice)
    tensors: Arrays = {
        "first.weight": first * factor[:, None, None],
        "first.bias": held.take("initial_conv.0.bias", twice) * factor + shift,
    }
    layers: list[dict[str, Any]] = []
    before, count = z_dim, held.count(r"layers\.\d+\.0\.2\.1\.weight")
    if count > MOST_LAYERS:
        raise held.refuse(f"has {count} layers; {MOST_LAYERS} are supported")
    for number in range(count):
        attended, inner = attentive(held, number, before)
        made, width = layer(held, number, before)
        excited, options = exciting(held, number, width)
        tensors |= attended | made | excited
        layers.append({"before": before, "width": width, "attention": inner, **options})
        before = width
    tensors["out.weight"] = held.take("out_conv.weight", None, before, 3, 3)
    colours = len(tensors["out.weight"])
    tensors["out.bias"] = held.take("out_conv.bias", colours)
    held.finish(IGNORED)
    arch = {"z_dim": z_dim, "layers": layers, "colours": colours, "resolution": 4 * 2 ** len(layers)}
    return Converted("lightweight_gan", arch, tensors, FAMILY)


def layer(held: Taken, number: int, before: int) -> tuple[Arrays, int]:
    """The tensors of what enlarges, and its width."""
    theirs, name, side = f"layers.{number}.0", str(number), 8 * 2**number
    weight = held.take(f"{theirs}.2.1.weight", None, before, 4, 4)
    twice = len(weight)
    factor, shift = held.normalised(f"{theirs}.4", twice)
    strength = held.take(f"{theirs}.3.weight", 1)
    return {
        f"{name}.up.weight": held.take(f"{theirs}.0.net.0.weight", 4 * before, before, 1, 1),
        f"{name}.up.bias": held.take(f"{theirs}.0.net.0.bias", 4 * before),
        f"{name}.weight": weight * factor[:, None, None, None],
        f"{name}.bias": held.take(f"{theirs}.2.1.bias", twice) * factor + shift,
        f"{name}.noise": constant_noise(number, side),
        f"{name}.loud": factor * strength,
    }, twice // 2


def attentive(held: Taken, number: int, width: int) -> tuple[Arrays, int]:
    """The attention of a layer and the width inside of it, 0 without."""
    theirs = f"layers.{number}.2"
    if f"{theirs}.norm.g" not in held:
        return {}, 0
    return attention(held, theirs, f"{number}.attention", width)


def exciting(held: Taken, number: int, width: int) -> tuple[Arrays, dict[str, Any]]:
    """What excites a later layer, and its part of the architecture."""
    theirs, name = f"layers.{number}.1", f"{number}.excite"
    if f"{theirs}.net.0.weight" not in held:
        return {}, {"excite": "none", "between": 0}
    side, how = 8 * 2**number, "attention"
    tensors: Arrays = {}
    if f"{theirs}.dct_weights" in held:
        how, tensors = "cosines", {f"{name}.waves": held.take(f"{theirs}.dct_weights", 1, width, side, side)[0]}
    else:
        tensors[f"{name}.key.weight"] = held.take(f"{theirs}.to_k.weight", 1, width, 1, 1)
        tensors[f"{name}.key.bias"] = held.take(f"{theirs}.to_k.bias", 1)
    before = width
    for index, layer in ((0, 0), (1, 2)):
        weight = held.take(f"{theirs}.net.{layer}.weight", None, before, 1, 1)
        before = len(weight)
        tensors |= {
            f"{name}.{index}.weight": weight,
            f"{name}.{index}.bias": held.take(f"{theirs}.net.{layer}.bias", before),
        }
    return tensors, {"excite": how, "between": len(tensors[f"{name}.0.bias"])}
