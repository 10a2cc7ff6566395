"""Patterns locked to a place, softness and lattices are found in pictures that were made to have them, in the measure
that theory gives."""

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from installation.training.evaluation import surface

Picture = NDArray[np.uint8]
SIDE = 128


def noise(count: int, seed: int = 0, side: int = SIDE, spread: float = 20.0) -> NDArray[np.float64]:
    """(count, side, side, 3), grey."""
    grey = np.random.default_rng(seed).normal(128, spread, (count, side, side, 1))
    return np.repeat(grey, 3, axis=3)


def rounded(pictures: NDArray[np.floating]) -> Picture:
    return pictures.round().clip(0, 255).astype(np.uint8)


def test_independent_pictures_have_nothing_locked_in_them() -> None:
    assert surface.locked(rounded(noise(48)), aligned=False)["ratio"] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("strength", [2.0, 8.0])
def test_a_locked_pattern_stands_out_by_the_root_of_the_number_of_pictures(strength: float) -> None:
    pattern = np.random.default_rng(9).normal(0, strength, (SIDE, SIDE, 1))
    ratio = surface.locked(rounded(noise(48) + pattern), aligned=False)["ratio"]
    assert ratio == pytest.approx(np.sqrt(1 + 48 * (strength / 20) ** 2), rel=0.04)


def test_of_aligned_faces_only_what_is_off_the_face_counts() -> None:
    pictures = noise(32)
    pictures[:, 50:75, 50:78] += np.random.default_rng(9).normal(0, 20, (25, 28, 1))  # eyes, at one place in all
    assert surface.locked(rounded(pictures), aligned=False)["ratio"] > 1.5
    assert surface.locked(rounded(pictures), aligned=True)["ratio"] == pytest.approx(1, abs=0.05)


def test_a_coarse_pattern_of_a_large_picture_is_found_on_its_level() -> None:
    threads = np.where(np.arange(512) // 8 % 2, 4.0, -4.0)[None, :, None]
    levels = surface.locked(rounded(noise(8, side=512) + threads), aligned=False)["levels"]
    assert list(levels) == ["512", "256", "128"]
    assert levels["128"] > 2 * levels["512"]


@pytest.mark.parametrize("sigma", [0.42, 0.6])
def test_a_blur_takes_the_power_that_its_transform_says(sigma: float) -> None:
    pictures = noise(24)
    ring = np.fft.fftfreq(SIDE)
    passed = np.exp(-2 * np.square(np.pi * sigma) * (np.square(ring)[:, None] + np.square(ring)))
    soft = np.fft.ifft2(np.fft.fft2(pictures, axes=(1, 2)) * passed[None, :, :, None], axes=(1, 2)).real
    power = surface.power(rounded(soft), rounded(pictures))
    assert list(power) == ["0.28", "0.41", "0.47"]
    for name, times in power.items():
        assert times == pytest.approx(np.exp(-np.square(2 * np.pi * sigma * float(name))), rel=0.06), name


def test_the_power_of_one_kind_of_pictures_is_the_same() -> None:
    power = surface.power(rounded(noise(24)), rounded(noise(24, seed=1)))
    assert list(power.values()) == pytest.approx([1, 1, 1], abs=0.05)


@pytest.mark.parametrize("strength", [4.0, 12.0])
def test_a_hatch_stands_above_the_noise_around_it(strength: float) -> None:
    """Under a Hann window a wave of this amplitude has strength^2 / 4 times (SIDE / 2)^4 at its frequency, a quarter of
    that on average over three by three cells; noise has its variance times (3 SIDE / 8)^2."""
    wave = strength * np.cos(2 * np.pi * 40 / SIDE * np.arange(SIDE))[None, :, None]
    peaks = surface.peaks(rounded(noise(12) + wave))
    wanted = strength**2 / 4 * (SIDE / 2) ** 4 / 4 / (20**2 * (3 * SIDE / 8) ** 2)
    assert float(np.median(peaks)) == pytest.approx(wanted, rel=0.2)


def test_large_shapes_are_no_hatch() -> None:
    soft = cv2.resize(np.random.default_rng(0).uniform(60, 200, (5, 5, 3)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    assert surface.strongest_peak(rounded(noise(1, spread=5)[0] - 128 + soft)) < 7
