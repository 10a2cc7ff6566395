"""FastGAN's generator in the checkpoints of FastGAN-pytorch (its key g), and that of Projected GAN: the module G_ema of
its snapshots, whose tensors are named alike, or a state dict.

    init.init.0.weight_orig _u _v  init.init.1.*          spectral normalisation, and batch normalisation
    feat_8.1.weight_orig _u _v  .2.weight  .3.*  .5.*  .6.weight  .7.*    two convolutions with noise, at 8, 32 ...
    feat_16.1.weight_orig _u _v  .2.*                     one, at 16, 64, 256 ...
    feat_8.conv1.weight_orig  .bn1.gain.*  .bn1.bias.*  .bn1.stored_mean  .noise.weight ...  embed.weight
                                                          the same with classes
    se_64.main.1.weight_orig  .main.3.weight_orig
    to_big.weight_orig  .bias                             the bias is Projected GAN's, and so is what has no to_128

FastGAN brings its pictures of 1024 px alone to -1..1. Its own script paints with the statistics of the pictures that
are painted together; here those of the training are used, so that a picture depends on its latent alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from installation.training.convert import nvidia
from installation.training.convert.branches import Arrays, Converted, Floats, chosen_labels
from installation.training.convert.state_dicts import NORMAL, Taken, constant_noise, part_of, state_of, tables, taken

FASTGAN, PROJECTED = "FastGAN", "FastGAN of Projected GAN"
SIZES = [8 * 2**number for number in range(8)]


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network of a file's content, or None where it is another. Raises ModelError for what does not fit."""
    whole = nvidia.network(root, where)
    held_as = [state_of(whole.part, where)] if whole else list(tables(root))
    for table in held_as:
        for state in (part_of(table, ["synthesis."]), table):
            if state and any(name.startswith("init.init.0.weight") for name in state) and painting(state):
                projected = not any(name.startswith("to_128.") for name in state)
                held = taken(state, PROJECTED if projected else FASTGAN, where)
                return replace(converted(held, projected, labels, most), told=nvidia.told(root))
    return None


def painting(state: dict[str, Any]) -> bool:
    return any(name.startswith("to_big.weight") for name in state)


def converted(held: Taken, projected: bool, labels: Sequence[int] | None, most: int) -> Converted:
    out = convolution(held, "to_big", None, 3)
    sizes = blocks_of(held, out.shape[1])
    tensors, known, kept = classes(held, labels, most)
    first = convolution(held, "init.init.0", None, 4, axis=1)
    z_dim, twice = first.shape[:2]
    factor, shift = held.normalised("init.init.1", twice)
    tensors |= {"first.weight": first * factor[:, None, None], "first.bias": shift, "out.weight": out}
    bias = "to_big.bias" in held
    tensors["out.bias"] = held.take("to_big.bias", len(out)) if bias else np.zeros(len(out), np.float32)
    widths, blocks = [twice // 2], []
    for number, size in enumerate(sizes):
        made, width, noisy = (known_block if known else block)(held, size, widths[-1])
        excited = exciting(held, size, widths[number - 3], width) if number >= 3 else {}
        tensors |= made | excited
        widths.append(width)
        blocks.append({"width": width, "noisy": noisy, "excites": bool(excited)})
    larger = "|".join(str(size) for size in SIZES if size > sizes[-1])
    held.finish(rf"to_128\..*|(feat|se)_({larger})\..*")  # layers after the size that is painted
    arch = {
        "z_dim": z_dim,
        "classes": len(kept),
        "embedding": tensors["classes"].shape[1] if known else 0,
        "first": widths[0],
        "blocks": blocks,
        "normal": projected,
        "bounded": not projected and sizes[-1] == 1024,
        "colours": len(out),
        "resolution": sizes[-1],
    }
    return Converted("fastgan", arch, tensors, held.family, labels=kept, known=known)


def blocks_of(held: Taken, width: int) -> list[int]:
    """The sizes painted, up to the last one whose channels are those that become colours."""
    sizes = [size for size in SIZES if any(name.startswith(f"feat_{size}.") for name in held.held)]
    while sizes and width_of(held, sizes[-1]) != width:
        sizes.pop()
    if sizes != SIZES[: len(sizes)] or not sizes:
        raise held.refuse(f"no feat_ of it paints the {width} channels that to_big takes")
    return sizes


def width_of(held: Taken, size: int) -> int:
    """Channels that a block gives: half of its last convolution's."""
    counts = [
        len(tensor) // 2 for name, tensor in held.held.items() if name.startswith(f"feat_{size}.") and tensor.ndim == 4
    ]
    return counts[-1] if counts else 0


def convolution(held: Taken, name: str, before: int | None, kernel: int, axis: int = 0) -> Floats:
    """A convolution's weight, divided by its largest singular value where it has spectral normalisation (arXiv
    1802.05957), of which ``axis`` is that of the channels that come out."""
    if f"{name}.weight_orig" not in held:
        return held.take(f"{name}.weight", None, before, kernel, kernel)
    weight = held.take(f"{name}.weight_orig", None, before, kernel, kernel)
    return weight / spectral(held, name, np.moveaxis(weight, axis, 0).reshape(weight.shape[axis], -1))


def spectral(held: Taken, name: str, matrix: Floats) -> np.float32:
    left = held.take(f"{name}.weight_u", len(matrix))
    right = held.take(f"{name}.weight_v", matrix.shape[1])
    return np.float32(left @ matrix @ right)


def layer(held: Taken, theirs: str, norm: str, noise: str, name: str, before: int, size: int) -> tuple[Arrays, int]:
    """A convolution with its normalisation; ``noise`` is the name of its strength, empty without. Gives the width."""
    weight = convolution(held, theirs, before, 3)
    factor, shift = held.normalised(norm, len(weight))
    tensors = {f"{name}.weight": weight * factor[:, None, None, None], f"{name}.bias": shift}
    if noise:
        tensors |= {f"{name}.noise": noise_of(name, size), f"{name}.loud": factor * held.take(noise, 1)}
    return tensors, len(weight) // 2


def noise_of(name: str, size: int) -> Floats:
    return constant_noise(int(name.rpartition(".")[2]), size)


def block(held: Taken, size: int, before: int) -> tuple[Arrays, int, list[bool]]:
    """The tensors of a block, its width, and which of its convolutions have noise."""
    theirs = f"feat_{size}"
    if f"{theirs}.5.weight_orig" not in held and f"{theirs}.5.weight" not in held:
        tensors, width = layer(held, f"{theirs}.1", f"{theirs}.2", "", f"{size}.0", before, size)
        return tensors, width, [False]
    tensors, width = layer(held, f"{theirs}.1", f"{theirs}.3", f"{theirs}.2.weight", f"{size}.0", before, size)
    more, width = layer(held, f"{theirs}.5", f"{theirs}.7", f"{theirs}.6.weight", f"{size}.1", width, size)
    return tensors | more, width, [True, True]


def exciting(held: Taken, size: int, before: int, width: int) -> Arrays:
    theirs, name = f"se_{size}.main", f"{size}.excite"
    if not any(one.startswith(f"{theirs}.") for one in held.held):
        return {}
    first, second = convolution(held, f"{theirs}.1", before, 4), convolution(held, f"{theirs}.3", width, 1)
    return {f"{name}.0.weight": first, f"{name}.1.weight": second}


# -- with classes -----------------------------------------------------------------------------------------------------


def classes(held: Taken, labels: Sequence[int] | None, most: int) -> tuple[Arrays, int, tuple[int, ...]]:
    """The embeddings of the classes kept, how many the network knows, and which were kept."""
    if "embed.weight" not in held:
        return {}, 0, ()
    rows = held.take("embed.weight", None, None)
    kept = chosen_labels(labels, len(rows), most, held.where)
    return {"classes": rows[list(kept)]}, len(rows), kept


def known_block(held: Taken, size: int, before: int) -> tuple[Arrays, int, list[bool]]:
    """``block`` of a network with classes, whose convolutions share one strength of noise."""
    tensors: Arrays = {}
    theirs = f"feat_{size}"
    twice = f"{theirs}.noise.weight" in held
    strength = held.take(f"{theirs}.noise.weight", 1) if twice else None
    for index, ending in enumerate(("1", "2") if twice else ("",)):
        weight = convolution(held, f"{theirs}.conv{ending}", before, 3)
        name, norm, before = f"{size}.{index}", f"{theirs}.bn{ending}", len(weight) // 2
        mean, variance = (held.take(f"{norm}.stored_{what}", len(weight)) for what in ("mean", "var"))
        factor = 1 / np.sqrt(np.maximum(variance, 0) + np.float32(NORMAL))
        tensors |= {f"{name}.weight": weight * factor[:, None, None, None], f"{name}.bias": -mean * factor}
        if strength is not None:
            tensors |= {f"{name}.noise": noise_of(name, size), f"{name}.loud": factor * strength}
        tensors |= steered(held, f"{norm}.gain", f"{name}.gain", 1.0) | steered(
            held, f"{norm}.bias", f"{name}.shift", 0.0
        )
    return tensors, before, [twice] * (2 if twice else 1)


def steered(held: Taken, theirs: str, name: str, rest: float) -> Arrays:
    """A layer that makes numbers for each channel of an embedding; ``rest`` is added to them."""
    weight = held.take(f"{theirs}.weight_orig", None, None)
    weight = weight / spectral(held, theirs, weight)
    return {f"{name}.weight": weight, f"{name}.bias": held.take(f"{theirs}.bias", len(weight)) + np.float32(rest)}
