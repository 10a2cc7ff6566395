"""The network for a picture size, and its computational cost."""

from __future__ import annotations

from dataclasses import replace

from installation.networks.stylegan2_generator import Architecture

MOVED = 1500
"""Fits what a core learns from at 32, 64 and 128 px, of the width 256: 7.4, 3.7 and 1.8 pictures a second."""


def architecture(resolution: int, width: int = 256, like: Architecture | None = None) -> Architecture:
    """For a picture size: `width` feature maps up to 16 px, then half as many at each doubling, at least 48 up to
    128 px, 32 at 256 px and 16 beyond, where a map of one picture takes megabytes. `like`: of that version and form, to
    go on from a network that was trained before; version 1 had at least 32 up to 128 px."""
    sizes = [4 * 2**i for i in range(resolution.bit_length() - 2)]
    version = like.version if like else 2
    fewest = [(48 if version > 1 else 32) if size <= 128 else 32 if size <= 256 else 16 for size in sizes]
    channels = tuple(min(width, max(few, width * 16 // size)) for size, few in zip(sizes, fewest, strict=True))
    form = like or Architecture(version=2, noise=True, replicate=True, fine=max(8, resolution // 2))
    return replace(form, resolution=resolution, z_dim=width, w_dim=width, channels=channels)


def effort(arch: Architecture, resolution: int) -> float:
    """What learning from one picture costs at a resolution, in any unit: the multiplications of both networks' blocks,
    and MOVED more for each activation, which has to be moved as well."""
    sizes = arch.at(resolution).resolutions
    blocks = zip((arch.channels[0], *arch.channels), arch.channels, sizes, strict=False)
    return float(sum((9 * b * b + 9 * a * b / 4 + MOVED * b) * size**2 for a, b, size in blocks))


def grown_from(old: Architecture, now: Architecture) -> bool:
    """Whether `now` is `old`, or `old` with blocks added on top."""
    return now.resolution >= old.resolution and now.at(old.resolution) == old
