"""A refiner: paints detail on the soft pictures of a model and doubles their size, in one pass.

It is the generator of a conditional GAN (pix2pix, arXiv 1611.07004): a U-Net (arXiv 1505.04597) of few feature maps.
The soft picture is halved three times, so that what is painted at a pixel can depend on a whole face, and enlarged
again through the same sizes; the finest maps are shuffled into twice the pixels (arXiv 1609.05158). The result times
`amount` (0..1) is added to the plain enlargement of the soft picture. Then the tone of the whole is made that of real
pictures, by as much: a network that is not sure paints less contrast than there is.

Every layer on the way up takes noise with a strength for each map that is learnt (StyleGAN, arXiv 1812.04948): so
texture need not be derived from the position in the picture. While training it is drawn anew for each picture; the
model file holds one draw, so that the texture is constant during a walk, like the grain of a canvas. Convolutions pad
by repeating the border's pixels, which avoids an artefact like a frame.

A GAN draws a texture of its own over what it paints: a pattern at a fixed place, and a lattice of a few pixels. So its
picture is cleaned before it is refined: without the pattern (as fixed-pattern noise is taken from a photograph) and
what lies in notches, narrow bands of frequencies that it draws too strongly, and softened by a Gaussian.

A finished picture is graded: its large light and colour are made those of real pictures. And what is still locked to a
place is taken away. That is as strong as the detail around it, strong in woods and faint in skies, so it is taken as a
share of it.

Pictures are (n, 3, height, width), sRGB, -1..1, with sides that are multiples of 8.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import Any, TypeGuard

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from installation.core.errors import ModelError
from installation.networks.fitting import fitting
from installation.networks.model_file import Shapes
from installation.networks.tone import BLOCK, alongside, contrast, enlarged, regraded, toned

SCALE = 2
"""The factor by which the output is larger than the input."""
SLOPE = 0.2
"""The slope of the leaky ReLU below zero."""
STRONGEST = 4.0
"""The largest gain of a tone."""
SOFTEST = 1.5
"""Pixels: the largest deviation of the Gaussian."""
REACH = 3
"""Pixels on each side that a Gaussian takes in."""
NOTCH = 31
"""Pixels that a notch takes in, across and down: fewer would stop a wide band."""
MANY = 32
"""Notches at most."""
CELLS = 16
"""Large light and colour are looked at in a grid of so many cells, across and down."""
MEASURED = ("locked", "colours", "light")
"""The tensors that a finished picture is unlocked and graded by: measured as a model is exported."""
NOT_LEARNT = ("pattern", "notches", "gaussian", *MEASURED)
"""Those, and the tensors that a network's picture is cleaned by."""
LATER = {"clean": 0.0, "tone": [], "middle": [0.0] * 3, "unlock": False, "grade": False, "notches": 0}
"""What a header of an earlier version leaves out."""
QUIET = 0.1
"""What the last convolution of a residual block begins with, as a share of what keeps the variance."""


@dataclass(frozen=True)
class Architecture:
    """What must be known to rebuild a refiner. ``channels`` count the feature maps at ``resolution`` (the side of the
    soft picture in px), at half of it, a quarter ... ``tone`` are the gains on the bands of what is painted, as `toned`
    has them, around the colour ``middle``; none leave it as it is. ``clean`` is the deviation in px of the Gaussian
    that a network's picture is cleaned by; 0: it is not cleaned, and has no pattern. ``notches`` counts the separable
    filters of it whose sum is taken away. ``unlock`` is whether what is locked to a place is taken from the finished
    picture: the tensor ``locked``, as shares of the contrast; ``grade`` whether that is graded, by the tensors
    ``colours`` and ``light`` (see `regraded`)."""

    resolution: int = 128
    channels: tuple[int, ...] = (24, 48, 80, 112)
    clean: float = 0.0
    tone: tuple[float, ...] = ()
    middle: tuple[float, ...] = (0.0, 0.0, 0.0)
    unlock: bool = False
    grade: bool = False
    notches: int = 0

    @property
    def sides(self) -> tuple[int, ...]:
        return tuple(self.resolution >> level for level in range(len(self.channels)))

    @property
    def cell(self) -> int:
        """The side in px of a cell of the finished picture."""
        return SCALE * self.resolution // CELLS

    @property
    def grains(self) -> tuple[int, ...]:
        """Sides of the noise maps: two for each size on the way up, the smallest first."""
        return tuple(side for side in reversed(self.sides) for _ in range(2))

    def header(self) -> dict[str, Any]:
        """As a model file's header holds it."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}


class Conv(nn.Conv2d):
    """A convolution of odd size that keeps the picture's size and continues the border's pixels beyond it."""

    def __init__(self, wide_in: int, wide_out: int, kernel: int = 3, gain: float = 1.0) -> None:
        super().__init__(wide_in, wide_out, kernel)
        self.reach = kernel // 2
        if not self.weight.is_meta:
            nn.init.normal_(self.weight, std=gain / math.sqrt(wide_in * kernel**2))
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        if self.reach:
            x = F.pad(x, (self.reach,) * 4, mode="replicate")
        weight = self.weight.to(x.dtype, memory_format=torch.channels_last)
        return F.conv2d(x, weight, self.bias.to(x.dtype))


class Block(nn.Module):
    """A residual block of two convolutions, each with its own noise (n, 1, height, width)."""

    def __init__(self, wide: int) -> None:
        super().__init__()
        gain = math.sqrt(2 / (1 + SLOPE**2))
        self.conv0, self.conv1 = Conv(wide, wide, gain=gain), Conv(wide, wide, gain=gain * QUIET)
        self.strength = nn.Parameter(torch.zeros(2, wide))

    def forward(self, x: Tensor, grain: Sequence[Tensor]) -> Tensor:
        strengths = self.strength.to(x.dtype)[:, None, :, None, None]
        y = self.conv0(F.leaky_relu(x, SLOPE)) + strengths[0] * grain[0].to(x.dtype)
        return x + self.conv1(F.leaky_relu(y, SLOPE)) + strengths[1] * grain[1].to(x.dtype)


class Refiner(nn.Module):
    """Soft pictures (n, 3, h, w) -> painted ones (n, 3, 2h, 2w), not clipped."""

    def __init__(self, arch: Architecture) -> None:
        super().__init__()
        self.arch = arch
        steps = list(pairwise(arch.channels))
        gain = math.sqrt(2 / (1 + SLOPE**2))
        self.entrance = Conv(3, arch.channels[0])
        self.down = nn.ModuleList(Conv(a, b, gain=gain) for a, b in steps)
        self.up = nn.ModuleList(Conv(b, a, kernel=1) for a, b in reversed(steps))
        self.block = nn.ModuleList(Block(wide) for wide in reversed(arch.channels))
        self.out = Conv(arch.channels[0], 3 * SCALE**2, gain=QUIET)
        for index, side in enumerate(arch.grains):
            self.register_buffer(f"grain{index}", torch.randn(1, 1, side, side))
        if arch.clean:
            self.register_buffer("pattern", torch.zeros(3, arch.resolution, arch.resolution))
            self.register_buffer("gaussian", gaussian(torch.tensor(arch.clean)))
        if arch.notches:
            self.register_buffer("notches", torch.zeros(2, arch.notches, NOTCH))
        if arch.grade:
            self.register_buffer("colours", torch.zeros(3, 3))
            self.register_buffer("light", torch.zeros(3, CELLS, CELLS))
        if arch.unlock:
            self.register_buffer("locked", torch.zeros(3, SCALE * arch.resolution, SCALE * arch.resolution))
        self.register_buffer("middle", colour(arch), persistent=False)

    def cleaned(self, picture: Tensor) -> Tensor:
        """What a network painted (n, 3, height, width) as it is refined; whole pictures, or several side by side."""
        if not self.arch.clean:
            return picture
        picture = picture - alongside(self.get_buffer("pattern"), picture)
        if self.arch.notches:
            picture = between_notches(picture, self.get_buffer("notches"))
        return filtered(picture, self.get_buffer("gaussian"))

    def forward(self, soft: Tensor, grain: Sequence[Tensor] | None = None, amount: Tensor | float = 1.0) -> Tensor:
        """``grain`` as `grains` gives it; without, the fixed maps, for pictures of the architecture's size. ``amount``
        0..1 is a number or (n,)."""
        grain = self.fixed() if grain is None else grain
        if isinstance(amount, Tensor):
            amount = amount[:, None, None, None]
        painted = enlarged(soft) + amount * self.paint(soft, grain)
        if self.arch.tone:
            painted = painted + amount * (toned(painted, self.arch.tone, self.get_buffer("middle")) - painted)
        if self.arch.grade:
            colours, light, cell = self.get_buffer("colours"), self.get_buffer("light"), self.arch.cell
            painted = painted + amount * regraded(painted, colours, light, cell)
        if self.arch.unlock:
            painted = painted - amount * contrast(painted) * alongside(self.get_buffer("locked"), painted)
        return painted

    def paint(self, soft: Tensor, grain: Sequence[Tensor]) -> Tensor:
        """What is added to the enlarged picture."""
        x = self.entrance(soft.contiguous(memory_format=torch.channels_last))
        seen = [x]
        for down in self.down:
            x = down(F.leaky_relu(F.avg_pool2d(x, 2), SLOPE))
            seen.append(x)
        x = self.block[0](seen.pop(), grain[:2])
        for index, (up, block) in enumerate(zip(self.up, self.block[1:], strict=True), start=1):
            x = enlarged(up(x)) + seen.pop()
            x = block(x, grain[2 * index : 2 * index + 2])
        return F.pixel_shuffle(self.out(F.leaky_relu(x, SLOPE)), SCALE)

    def fixed(self) -> list[Tensor]:
        return [self.get_buffer(f"grain{index}") for index in range(len(self.arch.grains))]

    def regrained(self, seed: int) -> Refiner:
        """The same with other fixed maps."""
        made = copy.copy(self)
        made._buffers = dict(self._buffers)
        chance = torch.Generator().manual_seed(seed)
        for index, grain in enumerate(self.grains(1, self.arch.resolution, chance)):
            made._buffers[f"grain{index}"] = grain.to(self.fixed()[index])
        return made

    def grains(self, count: int, side: int, chance: torch.Generator) -> list[Tensor]:
        """New noise for so many pictures of this side, on the CPU, the smallest first."""
        sides = [side * grain // self.arch.resolution for grain in self.arch.grains]
        return [torch.randn(count, 1, grain, grain, generator=chance) for grain in sides]


def can_be_graded(side: int) -> bool:
    """Whether pictures of this side can be: their cells are doubled until they are as large."""
    cell, rest = divmod(side, CELLS)
    return not rest and cell > 0 and not cell & (cell - 1)


def colour(arch: Architecture) -> Tensor:
    """The colour that a tone is around, (3, 1, 1)."""
    return torch.tensor(arch.middle)[:, None, None]


def gaussian(deviation: Tensor) -> Tensor:
    """Its weights (..., 2 * REACH + 1), their sum 1, for deviations (...) in px."""
    at = torch.arange(-REACH, REACH + 1, dtype=torch.float32)
    return torch.softmax(-0.5 * (at / deviation[..., None]) ** 2, -1)


def between_notches(x: Tensor, notches: Tensor) -> Tensor:
    """Pictures (n, 3, height, width) without the sum of what separable filters (2, count, NOTCH), down and across, let
    through."""
    if not notches.shape[1]:
        return x
    down, across = notches.to(x.dtype)
    y = F.pad(x, (NOTCH // 2,) * 4, mode="reflect").flatten(0, 1)[:, None]
    y = F.conv2d(F.conv2d(y, down[:, None, :, None]), across[None, :, None])
    return x - y.unflatten(0, x.shape[:2])[:, :, 0]


def filtered(x: Tensor, weights: Tensor) -> Tensor:
    """Pictures (n, 3, height, width) by weights (2 * REACH + 1,), down and across."""
    y = F.pad(x, (REACH,) * 4, mode="replicate")
    y = F.conv2d(y, weights[:, None].expand(3, 1, -1, 1), groups=3)
    return F.conv2d(y, weights[None].expand(3, 1, 1, -1), groups=3)


# -- in a model file --------------------------------------------------------------------------------------------------


def expected_shapes(arch: Architecture) -> Shapes:
    """Name and shape of every tensor of the group ``refiner``."""
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in Refiner(arch).state_dict().items()}


def read_architecture(options: object, name: object = "model", group: str = "refiner") -> Architecture:
    """The architecture from a header, checked field by field. Raises ModelError."""
    wanted = {f.name for f in fields(Architecture)}
    told = {**LATER, **options} if isinstance(options, dict) else {}
    told.pop("soften", None)  # files of an earlier version have it, in place of a tone
    if told.keys() != wanted:
        raise ModelError(f"{name}: header: {group}: architecture is {options!r}; expected {sorted(wanted)}.")
    side, channels = told["resolution"], told["channels"]
    numbers = [side, *(channels if isinstance(channels, list) else [0])]
    if not all(isinstance(n, int) and 0 < n <= 4096 for n in numbers) or not 1 < len(numbers) <= 9:
        raise ModelError(f"{name}: header: {group}: architecture {options} must be whole numbers from 1 to 4096.")
    if side % (1 << (len(channels) - 1)):
        raise ModelError(f"{name}: header: {group}: {side} px cannot be halved {len(channels) - 1} times.")
    if not _numbers([told["clean"]], 0.0, SOFTEST):
        raise ModelError(f"{name}: header: {group}: clean is {told['clean']!r}; expected 0 to {SOFTEST:g} px.")
    most = MANY if told["clean"] and side > NOTCH // 2 else 0
    if not (type(told["notches"]) is int and 0 <= told["notches"] <= most):
        raise ModelError(f"{name}: header: {group}: notches is {told['notches']!r}; expected 0 to {most}.")
    for option, fits in (("unlock", SCALE * side % BLOCK == 0), ("grade", can_be_graded(SCALE * side))):
        if told[option] is not False and not (told[option] is True and fits):
            raise ModelError(
                f"{name}: header: {group}: {option} is {told[option]!r}, of {SCALE * side} px; expected false, or true "
                f"of a multiple of {BLOCK} px ({CELLS} times a power of two to grade)."
            )
    tone = _tone(told["tone"], told["middle"], SCALE * side, f"{name}: header: {group}")
    return Architecture(side, tuple(channels), told["clean"], *tone, told["unlock"], told["grade"], told["notches"])


def _tone(gains: object, middle: object, side: int, name: object) -> tuple[tuple[float, ...], tuple[float, ...]]:
    if not _numbers(gains, 0.0, STRONGEST) or (gains and (len(gains) < 2 or side % (1 << (len(gains) - 2)))):
        raise ModelError(f"{name}: tone is {gains!r}; expected gains from 0 to {STRONGEST:g}.")
    if not _numbers(middle, -1.0, 1.0) or len(middle) != 3:
        raise ModelError(f"{name}: middle is {middle!r}; expected three numbers from -1 to 1.")
    return tuple(map(float, gains)), tuple(map(float, middle))


def _numbers(listed: object, low: float, high: float) -> TypeGuard[list[float]]:
    return isinstance(listed, list) and all(isinstance(one, int | float) and low <= one <= high for one in listed)


def build(
    entry: Any, tensors: Mapping[str, NDArray[np.float32]], name: object = "model", group: str = "refiner"
) -> Refiner:
    """The refiner of a model file, ready to paint: ``entry`` is its header's, ``tensors`` are its ``group``'s. Raises
    ModelError, with the file's ``name``, where they do not fit."""
    arch = read_architecture(entry.get("architecture") if isinstance(entry, dict) else None, name, group)
    ready = fitting(tensors, expected_shapes(arch), f"{name}: {group}")
    with torch.device("meta"):
        refiner = Refiner(arch)
    refiner.load_state_dict(ready, assign=True)
    refiner.middle = colour(arch)
    return refiner.requires_grad_(False).eval()
