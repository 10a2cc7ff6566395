"""The networks of a VAE for a picture size, and their computational cost."""

from __future__ import annotations

from installation.networks.vae import Architecture


def architecture(resolution: int, width: int = 256, latent: int = 64) -> Architecture:
    """For a picture size: up to `width` feature maps up to 8 px, then half as many at each doubling, at least 16; the
    encoder has at most half of that. What a VAE paints is smooth, so most of its work is at few pixels."""
    sizes = [4 * 2**i for i in range(resolution.bit_length() - 2)]
    channels = tuple(min(width, max(16, width * 8 // size)) for size in sizes)
    return Architecture(resolution, latent, channels, tuple(max(16, min(c, width // 2)) for c in channels))


def effort(arch: Architecture, resolution: int) -> float:
    """What a step costs for each picture at a resolution: multiplications of one pass through both, about."""
    arch = arch.at(resolution)
    decoder, encoder = (
        sum(9 * (b * b + a * b / 4) * r * r for a, b, r in zip((wide[0], *wide), wide, arch.resolutions, strict=False))
        for wide in (arch.channels, arch.encoder_channels)
    )
    return decoder + encoder
