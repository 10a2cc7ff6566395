"""The evidence lower bound of a variational autoencoder (arXiv 1312.6114), in nats a picture.

    log p(x) >= E[log p(x | z)] - KL(q(z | x) || N(0, 1))

p(x | z) is a Gaussian about the decoded picture, a proper density over all pixels and channels. It is diagonal not in
pixels but in an orthonormal basis (determinant 1, so that nats stay nats): Haar wavelets from pairs of pixels up to
4 px, of brightness and two colour differences. Each of these bands has one variance, shared by all its coefficients
and the one that makes the data likeliest, which is known in closed form (sigma-VAE, arXiv 2006.13202): the mean squared
error. So the weight between fine and coarse, colour and brightness, and against the KL, is not a knob: beta 1 is the
bound itself, and another beta (Higgins et al., ICLR 2017) is a choice against a known unit.

Pictures are whole levels 0..255; the bound is on the probability of these, as a density over levels plus uniform noise
of width 1 (arXiv 1511.01844). The noise has mean 0 and is independent of the error, so its effect is exact without
drawing it: 1/12 added to each squared error. Divided by log 2 and the number of values it is bits per dimension.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 127.5
"""Levels of 255 in one unit of a picture in -1..1."""
ROUNDING = 1 / 12
"""Variance of uniform noise of width 1, in levels squared."""
SMALLEST = 4
"""Pixels of the coarsest band, which holds the means of what the others differ from."""


@dataclass(frozen=True)
class Elbo:
    """Means over a batch: ``reconstruction`` is log p(x | z) and ``kl`` the divergence, both in nats a picture."""

    reconstruction: Tensor
    kl: Tensor
    values: int
    """Of a picture: height * width * channels."""
    variances: Tensor
    """The likeliest for this batch, of each band and colour (see `squared`), in levels squared."""

    def loss(self, beta: float) -> Tensor:
        """What is minimised: the negative bound with the KL weighted, in nats a value."""
        return (beta * self.kl - self.reconstruction) / self.values

    @property
    def bits(self) -> Tensor:
        """The bound in bits per dimension: an upper bound on what a lossless code of the picture needs."""
        return (self.kl - self.reconstruction) / (self.values * math.log(2))


def elbo(picture: Tensor, painted: Tensor, mean: Tensor, log_variance: Tensor, variances: Tensor | None = None) -> Elbo:
    """The bound for pictures and their reconstructions, both (n, 3, h, h) in -1..1, and posteriors (n, latent).

    ``variances`` are the likelihood's, as Elbo has them; without, they are the likeliest ones for this batch.
    """
    squares, counts = squared(bands((picture - painted) * LEVELS))
    nats = gaussian_nats(squares, counts, variances) / len(picture)
    best = best_variances(squares.detach(), counts)
    return Elbo(-nats, kl_to_normal(mean, log_variance).mean(), picture[0].numel(), best)


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """(n,) divergence of N(mean, exp(log_variance)) from N(0, 1), summed over latents (..., latent), in nats."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1)


def gaussian_nats(squares: Tensor, counts: Tensor, variances: Tensor | None = None) -> Tensor:
    """-log density, summed, of ``counts`` errors with sums of squares ``squares`` (both (bands,)), rounding included.

    Without ``variances`` each band has its likeliest, the mean square; the gradient is as if that were a constant.
    """
    squares = squares + ROUNDING * counts
    if variances is None:
        return 0.5 * (counts * ((2 * math.pi * squares / counts).log() + 1)).sum()
    return 0.5 * (counts * (2 * math.pi * variances).log() + squares / variances).sum()


def best_variances(squares: Tensor, counts: Tensor) -> Tensor:
    """(bands,) the likeliest variances, in levels squared."""
    return squares / counts + ROUNDING


def squared(parts: list[Tensor]) -> tuple[Tensor, Tensor]:
    """Sums of squares and numbers of the coefficients of each band and colour: two (3 * len(parts),), finest first."""
    squares = torch.cat([part.float().square().sum((0, 2, 3, 4)) for part in parts])
    counts = torch.tensor([part[:, 0].numel() for part in parts for _ in range(3)], device=squares.device)
    return squares, counts.to(squares.dtype)


def bands(x: Tensor) -> list[Tensor]:
    """(n, 3, h, h) RGB -> orthonormal coefficients, a tensor (n, 3 colours, orientations, r, r) for each band.

    Finest first: three orientations of differences at h/2 ... 4 px, then the means at 4 px.
    """
    x = torch.einsum("kc,nchw->nkhw", colours(x), x)
    bands = []
    while x.shape[-1] > SMALLEST:
        quads = F.pixel_unshuffle(x, 2).unflatten(1, (3, 4))
        quads = torch.einsum("ij,ncjhw->ncihw", haar(x), quads)
        bands.append(quads[:, :, 1:])
        x = quads[:, :, 0]
    return [*bands, x[:, :, None]]


def colours(like: Tensor) -> Tensor:
    """(3, 3) orthonormal: brightness, red against blue, green against both."""
    rows = torch.tensor([[1.0, 1, 1], [1, 0, -1], [-1, 2, -1]], device=like.device, dtype=like.dtype)
    return F.normalize(rows, dim=1)


def haar(like: Tensor) -> Tensor:
    """(4, 4) orthonormal: mean, left against right, top against bottom, diagonal, of the four pixels of a square."""
    rows = [[1.0, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]
    return torch.tensor(rows, device=like.device, dtype=like.dtype) / 2
