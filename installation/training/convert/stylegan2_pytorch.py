"""StyleGAN2 in the checkpoints of lucidrains' stylegan2-pytorch: model_N.pt, its key GAN, or that state dict alone.

    SE.net.0.weight .bias              mapping layers 0, 2, 4 ...; S. are those that are not averaged
    GE.initial_block (1, c, 4, 4)      or GE.to_initial_block.weight with no_const
    GE.initial_conv.weight .bias
    GE.blocks.0.to_style1.weight .bias  .to_noise1.weight .bias  .conv1.weight, as 2 in place of 1
    GE.blocks.0.to_rgb.to_style.weight .bias  .to_rgb.conv.weight
    GE.attns.0.0.fn.*  GE.attns.0.1.fn.*    attention, and what follows it

The learning rate factor of the mapping (lr_mlp, 0.1 where nobody changed it) is not in the file, nor is its noise,
which it draws anew for each picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from installation.training.convert.attention import attention, norm
from installation.training.convert.branches import Arrays, Converted
from installation.training.convert.state_dicts import Taken, part_of, tables, taken

FAMILY = "StyleGAN2 of lucidrains"
LEARNING = 0.1
MOST_BLOCKS = 11
"""Of 4 px, 8 px and so on: 4096 px."""
AVERAGED, LATEST = ("SE.", "GE."), ("S.", "G.")
IGNORED = r".*\.upsample\.1\.f"
"""What a state dict has besides: the blur's constant."""
STYLE = 1.0
"""What the program adds to every style."""


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network of a file's content, or None where it is another. Raises ModelError for what does not fit."""
    for table in tables(root):
        for styles, paints in (AVERAGED, LATEST):
            generator, mapping = part_of(table, [paints]), part_of(table, [styles])
            if generator and mapping and "blocks.0.to_style1.weight" in generator:
                return converted(taken(generator, FAMILY, where), taken(mapping, FAMILY, where))
    return None


def converted(held: Taken, styles: Taken) -> Converted:
    blocks = held.count(r"blocks\.\d+\.to_style1\.weight")
    if blocks > MOST_BLOCKS:
        raise held.refuse(f"has {blocks} blocks; {MOST_BLOCKS} are supported")
    tensors, widths = mapped(styles)
    first, started = start(held, widths[-1])
    tensors |= started
    arch: dict[str, Any] = {
        "z_dim": widths[0],
        "w_dim": widths[-1],
        "widths": widths,
        "first": first,
        "channels": [],
        "attention": [],
        "steered": "first" in tensors,
        "resolution": 4 * 2 ** (blocks - 1),
    }
    before = first
    for number in range(blocks):
        attended, inner = attentive(held, number, before)
        painted, before = block(held, number, before, widths[-1])
        tensors |= attended | painted
        arch["channels"].append(before)
        arch["attention"].append(inner)
    held.finish(IGNORED)
    side = arch["resolution"]
    tensors["noise"] = np.random.default_rng(0).random((side, side)).astype(np.float32)
    arch["colours"] = len(tensors["0.rgb.weight"])
    return Converted("stylegan2_pytorch", arch, tensors, FAMILY)


def mapped(held: Taken) -> tuple[Arrays, list[int]]:
    """The mapping's tensors and widths. It begins with z of length 1, ours with mean square 1, and its activations are
    not made louder by the square root of 2."""
    tensors: Arrays = {}
    widths: list[int] = []
    quieter = LEARNING / np.sqrt(2)
    for index in range(held.count(r"net\.\d+\.weight")):
        weight = held.take(f"net.{2 * index}.weight", None, widths[-1] if widths else None)
        widths = widths or [weight.shape[1]]
        factor = quieter if index else quieter / np.sqrt(weight.shape[1])
        tensors[f"mapping.{index}.weight"] = weight * np.float32(factor)
        tensors[f"mapping.{index}.bias"] = held.take(f"net.{2 * index}.bias", len(weight)) * np.float32(quieter)
        widths.append(len(weight))
    held.finish("")
    return tensors, widths


def start(held: Taken, w_dim: int) -> tuple[int, Arrays]:
    """Its width, and the tensors of the constant and of the plain convolution."""
    if "to_initial_block.weight" in held:
        begins = {"first": held.take("to_initial_block.weight", w_dim, None, 4, 4)}
        first = begins["first"].shape[1]
    else:
        begins = {"const": held.take("initial_block", 1, None, 4, 4)}
        first = begins["const"].shape[1]
    initial = held.take("initial_conv.weight", first, first, 3, 3)
    return first, {**begins, "initial.weight": initial, "initial.bias": held.take("initial_conv.bias", first)}


def attentive(held: Taken, number: int, width: int) -> tuple[Arrays, int]:
    """The attention before a block and the width inside of it, 0 without."""
    theirs = f"attns.{number}"
    if f"{theirs}.0.fn.norm.g" not in held:
        return {}, 0
    tensors, inner = attention(held, f"{theirs}.0.fn", f"{number}.attention", width)
    tensors |= norm(held, f"{theirs}.1.fn.norm", f"{number}.after", width)
    for index, layer, wide_in, wide_out in ((0, 0, width, 2 * width), (1, 2, 2 * width, width)):
        tensors[f"{number}.after.{index}.weight"] = held.take(
            f"{theirs}.1.fn.fn.{layer}.weight", wide_out, wide_in, 1, 1
        )
        tensors[f"{number}.after.{index}.bias"] = held.take(f"{theirs}.1.fn.fn.{layer}.bias", wide_out)
    return tensors, inner


def block(held: Taken, number: int, before: int, w_dim: int) -> tuple[Arrays, int]:
    """A block's tensors and its width."""
    tensors: Arrays = {}
    theirs = f"blocks.{number}"
    for part in ("1", "2"):
        name, weight = f"{number}.conv{part}", held.take(f"{theirs}.conv{part}.weight", None, before, 3, 3)
        tensors |= {f"{name}.weight": weight} | style(held, f"{theirs}.to_style{part}", name, before, w_dim)
        before = len(weight)
        tensors[f"{name}.noise"] = held.take(f"{theirs}.to_noise{part}.weight", before, 1)[:, 0]
        tensors[f"{name}.bias"] = held.take(f"{theirs}.to_noise{part}.bias", before)
    tensors[f"{number}.rgb.weight"] = held.take(f"{theirs}.to_rgb.conv.weight", None, before, 1, 1)
    return tensors | style(held, f"{theirs}.to_rgb.to_style", f"{number}.rgb", before, w_dim), before


def style(held: Taken, theirs: str, name: str, width: int, w_dim: int) -> Arrays:
    return {
        f"{name}.style.weight": held.take(f"{theirs}.weight", width, w_dim),
        f"{name}.style.bias": held.take(f"{theirs}.bias", width) + np.float32(STYLE),
    }
