"""A FastGAN as Projected GAN's snapshots hold it, written from the published layers, with whole modules of torch: what
pickles of it name are classes of pg_modules and torch.nn."""

import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import spectral_norm

from installation.training.convert.state_dicts import constant_noise

WIDTHS = {2: 16, 4: 16, 8: 8, 16: 4, 32: 4, 64: 4, 128: 4, 256: 2}
"""Of a network of the smallest width at which this form makes sense."""


def convolution(before: int, after: int, kernel: int, **options: object) -> nn.Module:
    return spectral_norm(nn.Conv2d(before, after, kernel, **options))


class Gate(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.glu(x, 1)


class Noise(nn.Module):
    """The noise is constant, as ``convert`` has it: the program draws it anew for each picture."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.weight, self.number = nn.Parameter(torch.full((1,), 0.3)), number

    def forward(self, x: Tensor) -> Tensor:
        return x + self.weight * torch.from_numpy(constant_noise(self.number, x.shape[-1]))


def enlarging(before: int, after: int, lite: bool) -> nn.Sequential:
    first = [nn.Upsample(scale_factor=2, mode="nearest"), convolution(before, 2 * after, 3, padding=1, bias=False)]
    if lite:
        return nn.Sequential(*first, nn.BatchNorm2d(2 * after), Gate())
    second = [convolution(after, 2 * after, 3, padding=1, bias=False), Noise(1), nn.BatchNorm2d(2 * after), Gate()]
    return nn.Sequential(*first, Noise(0), nn.BatchNorm2d(2 * after), Gate(), *second)


class Start(nn.Module):
    def __init__(self, z_dim: int, wide: int) -> None:
        super().__init__()
        turned = spectral_norm(nn.ConvTranspose2d(z_dim, 2 * wide, 4, bias=False))
        self.init = nn.Sequential(turned, nn.BatchNorm2d(2 * wide), Gate())

    def forward(self, z: Tensor) -> Tensor:
        return self.init(z[:, :, None, None])


class Excite(nn.Module):
    def __init__(self, before: int, after: int) -> None:
        super().__init__()
        inner = convolution(before, after, 4, bias=False), nn.SiLU(), convolution(after, after, 1, bias=False)
        self.main = nn.Sequential(nn.AdaptiveAvgPool2d(4), *inner, nn.Sigmoid())

    def forward(self, small: Tensor, large: Tensor) -> Tensor:
        return large * self.main(small)


class Synthesis(nn.Module):
    """128 px; the block of 256 px is there and is not used, as in the program."""

    def __init__(self, z_dim: int, lite: bool) -> None:
        super().__init__()
        self.init = Start(z_dim, WIDTHS[2])
        for size in (8, 16, 32, 64, 128, 256):
            setattr(self, f"feat_{size}", enlarging(WIDTHS[size // 2], WIDTHS[size], lite))
        for size in (64, 128, 256):
            setattr(self, f"se_{size}", Excite(WIDTHS[size // 16], WIDTHS[size]))
        self.to_big = convolution(WIDTHS[128], 3, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x4 = self.init(z * (z.square().mean(1, keepdim=True) + 1e-8).rsqrt())
        x8 = self.feat_8(x4)
        x64 = self.se_64(x4, self.feat_64(self.feat_32(self.feat_16(x8))))
        return self.to_big(self.se_128(x8, self.feat_128(x64)))


class Generator(nn.Module):
    def __init__(self, z_dim: int = 12, lite: bool = False) -> None:
        super().__init__()
        self.z_dim, self.c_dim, self.img_resolution, self.img_channels = z_dim, 0, 128, 3
        self.synthesis = Synthesis(z_dim, lite)


def trained(lite: bool) -> Generator:
    """With statistics and singular vectors that are not those of a beginning."""
    torch.manual_seed(int(lite))
    made = Generator(lite=lite)
    with torch.no_grad():
        for module in made.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
        made.train()
        for _ in range(3):
            made.synthesis(torch.randn(2, 12))
    return made.eval().requires_grad_(False)


@contextmanager
def named_as_theirs() -> Iterator[None]:
    """Modules whose classes are pickled by the program's names."""
    theirs = {"networks_fastgan": (Generator, Synthesis), "blocks": (Gate, Noise, Start, Excite)}
    before = Generator.__module__
    sys.modules["pg_modules"] = ModuleType("pg_modules")
    for name, kinds in theirs.items():
        sys.modules[f"pg_modules.{name}"] = module = ModuleType(f"pg_modules.{name}")
        for kind in kinds:
            kind.__module__ = module.__name__
            setattr(module, kind.__name__, kind)
    try:
        yield
    finally:
        for kind in [kind for kinds in theirs.values() for kind in kinds]:
            kind.__module__ = before
        for name in ("pg_modules", *(f"pg_modules.{name}" for name in theirs)):
            del sys.modules[name]


def snapshot(generator: Generator, protocol: int) -> bytes:
    """As the program's training loop writes one."""
    with named_as_theirs():
        held = {"G": generator, "D": Excite(4, 4), "G_ema": generator, "training_set_kwargs": {"path": "a/faces.zip"}}
        return pickle.dumps(held, protocol)
