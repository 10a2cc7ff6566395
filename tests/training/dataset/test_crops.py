"""Squares out of pictures: no aliasing, faces at their place, tiles that show something."""

from typing import Any

import numpy as np
import pytest

from installation.training.dataset import crops
from installation.training.dataset.crops import FACE, Crop, LeftOut, crop_centre, crop_face, tiles
from installation.training.dataset.decoding import PicturesError
from tests.pictures_of_trouble import scene


def test_shrinking_does_not_alias() -> None:
    """Stripes finer than the result's pixels become their mean, in every crop."""
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    face = np.insert(FACE * 512, 2, 256, axis=0)
    for square in (crop_centre(stripes, 48), crop_face(stripes, face, 48), *(t.square for t in grid(stripes, 48, 10))):
        assert 118 < square.mean() < 137
        assert square.std() < 6


def grid(picture: np.ndarray, size: int, scale: float) -> list[Any]:
    return list(tiles(picture, size, scale, 2.0))


def test_a_face_is_brought_to_its_place() -> None:
    eyes_and_mouth = FACE * 100
    points = np.insert(eyes_and_mouth, 2, eyes_and_mouth.mean(0), axis=0) + np.array([30, 20])
    for scale in (1, 8):  # the second: a large photograph, made smaller before it is turned
        picture = np.zeros((200 * scale, 200 * scale, 3), np.uint8)
        x, y = (points[0] * scale).round().astype(int)
        picture[y - 2 * scale : y + 3 * scale, x - 2 * scale : x + 3 * scale] = 255
        cropped = crop_face(picture, points * scale, 64)
        centre = np.argwhere(cropped[..., 0] > 128).mean(0)[::-1] / 64
        np.testing.assert_allclose(centre, FACE[0], atol=0.02)


@pytest.mark.parametrize(
    ("points", "text"),
    [
        (FACE[:, ::-1] * (100, -100) + (0, 100), "leans too far"),
        (FACE * 100 - 60, "lies outside of the picture"),
        (FACE * 0 + 5, "leans too far"),
        (FACE * 1e9, "lies outside of the picture"),
    ],
)
def test_a_face_that_cannot_be_aligned_is_left_out(points: np.ndarray, text: str) -> None:
    with pytest.raises(PicturesError, match=text):
        crop_face(np.zeros((100, 100, 3), np.uint8), np.insert(points, 2, 0, axis=0), 32)


def test_a_face_too_small_for_the_square_is_left_out() -> None:
    with pytest.raises(PicturesError, match="a crop of 100 px is too small for 256 px"):
        crops.face(scene(120, 120), np.insert(FACE * 100, 2, 50, axis=0), 256, 2.0)


def test_tiles_are_a_centred_grid_without_the_flat_ones() -> None:
    picture = scene(150, 110).copy()
    picture[:55, :75] = 90
    parts = grid(picture, 16, 3)
    assert [part.at for part in parts] == [f"xywh={x},{y},48,48" for y in (7, 55) for x in (3, 51, 99)]
    flat = [part for part in parts if isinstance(part, LeftOut)]
    assert [part.at for part in flat] == ["xywh=3,7,48,48"]
    assert "near-flat" in flat[0].why
    whole = next(part for part in parts if part.at == "xywh=99,55,48,48")
    assert isinstance(whole, Crop)
    assert whole.native_px == 48
    assert np.array_equal(whole.square, crop_centre(picture[55:103, 99:147], 16))


@pytest.mark.parametrize(
    ("size", "scale", "text"),
    [(64, 1, "64x48 holds no tile of 64 px"), (64, 0.25, "a crop of 16 px is too small for 64 px")],
)
def test_tiles_that_cannot_be_are_told(size: int, scale: float, text: str) -> None:
    with pytest.raises(PicturesError, match=text):
        grid(scene(), size, scale)


def test_too_many_tiles_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops, "MAX_TILES", 11)
    with pytest.raises(PicturesError, match=r"12 tiles of 16 px, more than 11\. Give a larger --tile-scale"):
        grid(scene(), 16, 1)
