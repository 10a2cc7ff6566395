"""The evidence lower bound against closed forms: torch's distributions, a linear Gaussian model, plain sampling."""

import math

import pytest
import torch
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal, kl_divergence

from installation.training.vae.elbo import (
    LEVELS,
    ROUNDING,
    bands,
    best_variances,
    elbo,
    gaussian_nats,
    kl_to_normal,
    squared,
)


@pytest.fixture(autouse=True)
def same_numbers():
    torch.manual_seed(0)


def flattened(parts: list[Tensor]) -> Tensor:
    return torch.cat([part.flatten(1) for part in parts], 1)


def test_the_divergence_is_the_one_of_torch() -> None:
    mean, log_variance = torch.randn(5, 7) * 2, torch.randn(5, 7)
    wanted = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1)
    torch.testing.assert_close(kl_to_normal(mean, log_variance), wanted)
    assert kl_to_normal(torch.zeros(1, 3), torch.zeros(1, 3)).item() == 0


def test_the_divergence_is_what_sampling_finds() -> None:
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[-1.0, 0.3]])
    posterior = Normal(mean, (log_variance / 2).exp())
    z = posterior.sample((200_000,))
    sampled = (posterior.log_prob(z) - Normal(0.0, 1.0).log_prob(z)).sum(-1).mean()
    assert float(kl_to_normal(mean, log_variance)) == pytest.approx(float(sampled), rel=0.02)


@pytest.mark.parametrize("size", [4, 8, 16])
def test_the_bands_are_an_orthonormal_basis(size: int) -> None:
    count = 3 * size * size
    matrix = flattened(bands(torch.eye(count, dtype=torch.float64).view(count, 3, size, size)))
    assert matrix.shape == (count, count)
    torch.testing.assert_close(matrix @ matrix.T, torch.eye(count, dtype=torch.float64))


def test_each_band_holds_what_it_says() -> None:
    grey = torch.full((1, 3, 8, 8), 2.0)
    squares, counts = squared(bands(grey))
    assert counts.tolist() == [48] * 3 + [16] * 3
    assert squares.tolist() == pytest.approx([0, 0, 0, 3 * 64 * 4, 0, 0], abs=1e-4)  # means, of brightness alone
    stripes = grey * torch.tensor([1.0, -1.0]).repeat(4)
    assert squared(bands(stripes))[0].tolist() == pytest.approx([3 * 64 * 4, 0, 0, 0, 0, 0], abs=1e-4)


def test_nats_are_the_log_density_of_a_normal() -> None:
    """In an orthonormal basis with one variance for all, it is that of the pixels."""
    error = torch.randn(3, 3, 8, 8) * 5
    squares, counts = squared(bands(error))
    wanted = -Normal(0.0, 3.0).log_prob(error).sum() + ROUNDING * error.numel() / 18
    torch.testing.assert_close(gaussian_nats(squares, counts, torch.full((6,), 9.0)), wanted)


def test_rounding_is_what_uniform_noise_does() -> None:
    error, variance = torch.randn(48) * 2, torch.tensor([0.7])
    noisy = error + torch.rand(20_000, 48) - 0.5
    sampled = -Normal(0.0, variance.sqrt()).log_prob(noisy).sum(1).mean()
    exact = gaussian_nats(error.square().sum()[None], torch.tensor([48.0]), variance)
    assert float(exact) == pytest.approx(float(sampled), rel=1e-3)


def test_the_likeliest_variances_are() -> None:
    squares, counts = torch.tensor([50.0, 3.0]), torch.tensor([10.0, 20.0])
    best = best_variances(squares, counts)
    least = gaussian_nats(squares, counts, best)
    torch.testing.assert_close(gaussian_nats(squares, counts), least)
    for change in (0.9, 1.1):
        assert gaussian_nats(squares, counts, best * change) > least


def test_the_gradient_is_as_if_the_likeliest_variances_were_constants() -> None:
    error = torch.randn(20, requires_grad=True)
    counts = torch.tensor([20.0])
    (free,) = torch.autograd.grad(gaussian_nats(error.square().sum()[None], counts), error)
    squares = error.square().sum()[None]
    (fixed,) = torch.autograd.grad(gaussian_nats(squares, counts, best_variances(squares.detach(), counts)), error)
    torch.testing.assert_close(free, fixed)


def test_a_linear_gaussian_model_reaches_its_evidence() -> None:
    """x = W z + noise, with the exact posterior: the bound is then log p(x) itself, which is known in closed form."""
    values, latent, variance = 48, 3, 16.0
    w = torch.linalg.qr(torch.randn(values, latent))[0] * torch.tensor([30.0, 12.0, 5.0])  # columns at right angles
    levels = torch.randn(latent) @ w.T + torch.randn(values) * math.sqrt(variance)
    precision = 1 + w.square().sum(0) / variance
    mean, log_variance = (levels @ w / variance) / precision, -precision.log()
    count = 20_000
    z = mean + torch.randn(count, latent) * (log_variance / 2).exp()
    picture = (levels / LEVELS).view(1, 3, 4, 4).expand(count, -1, -1, -1)
    painted = (z @ w.T / LEVELS).view(count, 3, 4, 4)
    estimate = elbo(
        picture, painted, mean.expand(count, -1), log_variance.expand(count, -1), torch.full((3,), variance)
    )
    evidence = MultivariateNormal(torch.zeros(values), w @ w.T + variance * torch.eye(values)).log_prob(levels)
    wanted = float(evidence) - values * ROUNDING / (2 * variance)
    assert float(estimate.reconstruction - estimate.kl) == pytest.approx(wanted, abs=0.1)
    assert float(estimate.loss(1.0)) == pytest.approx(-wanted / values, abs=0.01)
    assert float(estimate.bits) == pytest.approx(-wanted / values / math.log(2), abs=0.01)


def test_another_posterior_only_lowers_the_bound() -> None:
    """The same model: with a posterior that is off, the bound falls by exactly its divergence from the right one."""
    w, variance, count = torch.zeros(48, 1), 16.0, 50_000
    w[:, 0] = 2.0
    levels = torch.randn(48) * 8
    precision = 1 + 48 * 4 / variance
    right = Normal(levels.sum() * 2 / variance / precision, torch.tensor(precision**-0.5))
    wrong = Normal(right.mean + 0.3, right.stddev * 1.5)

    def bound(posterior: Normal) -> float:
        z = posterior.sample((count, 1))
        picture = (levels / LEVELS).view(1, 3, 4, 4).expand(count, -1, -1, -1)
        painted = (z @ w.T / LEVELS).view(count, 3, 4, 4)
        posteriors = posterior.mean.view(1, 1), 2 * posterior.stddev.log().view(1, 1)
        terms = elbo(picture, painted, *posteriors, torch.full((3,), variance))
        return float(terms.reconstruction - terms.kl)

    lost = bound(right) - bound(wrong)
    assert lost == pytest.approx(float(kl_divergence(wrong, right)), rel=0.05)


def test_bits_are_those_of_noise_that_cannot_be_foreseen() -> None:
    picture = torch.randn(64, 3, 16, 16) * 20 / LEVELS
    measured = elbo(picture, torch.zeros_like(picture), torch.zeros(64, 2), torch.zeros(64, 2))
    assert float(measured.bits) == pytest.approx(0.5 * math.log2(2 * math.pi * math.e * 400), abs=0.01)
    assert measured.values == 3 * 16 * 16
    torch.testing.assert_close(measured.variances, torch.full((9,), 400.0), rtol=0.2, atol=0)


@pytest.mark.parametrize("log_variance", [-12.0, 0.0, 4.0])
def test_gradients_are_finite(log_variance: float) -> None:
    mean = torch.randn(2, 4, requires_grad=True)
    log = torch.full((2, 4), log_variance, requires_grad=True)
    picture, painted = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8, requires_grad=True)
    elbo(picture, painted, mean, log).loss(4.0).backward()
    elbo(picture, picture.clone().requires_grad_(True), mean, log).loss(1.0).backward()  # no error at all
    for tensor in (mean, log, painted):
        assert tensor.grad is not None
        assert torch.isfinite(tensor.grad).all()
