"""One file to upright sRGB pixels: every kind of pixels, profile, turn and damage."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from installation.training.dataset import crops, pictures
from installation.training.dataset.crops import crop_centre
from installation.training.dataset.decoding import PicturesError, decode
from tests.pictures_of_trouble import cmyk_profile, grey_profile, packed, png, rgb_profile, scene


def colour(content: bytes) -> list[int]:
    """Of the middle pixel."""
    picture = decode(content).picture
    return [int(level) for level in picture[picture.shape[0] // 2, picture.shape[1] // 2]]


RAMP16 = np.linspace(0, 65535, 64 * 64).reshape(64, 64).astype(">u2")


def deep(channels: int) -> bytes:
    """The rows of a 16-bit PNG that goes from black to white in every channel."""
    return b"".join(b"\0" + np.repeat(row[:, None], channels, 1).tobytes() for row in RAMP16)


@pytest.mark.parametrize(
    "content",
    [
        png(64, 64, 16, 0, deep(1)),
        png(64, 64, 16, 2, deep(3)),
        packed(Image.fromarray(RAMP16.astype(np.uint16)), "TIFF"),
    ],
    ids=["grey PNG", "RGB PNG", "grey TIFF"],
)
def test_sixteen_bits_keep_their_range(content: bytes) -> None:
    picture = decode(content).picture
    assert picture.shape == (64, 64, 3)
    np.testing.assert_allclose(picture[..., 0], RAMP16 / 257, atol=1.0)


def animation(kind: str) -> bytes:
    frames = [Image.new("RGB", (20, 20), name) for name in ("red", "lime", "blue")]
    return packed(frames[0], kind, save_all=True, append_images=frames[1:], duration=50, **LOSSLESS.get(kind, {}))


LOSSLESS = {"WEBP": {"lossless": True}}


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (animation("GIF"), [255, 0, 0]),
        (animation("WEBP"), [255, 0, 0]),
        (packed(Image.new("L", (9, 9), 77), "PNG"), [77, 77, 77]),
        (packed(Image.new("1", (9, 9), 1), "PNG"), [255, 255, 255]),
        (packed(Image.new("RGB", (9, 9), (10, 200, 30)).quantize(4), "PNG"), [10, 200, 30]),
        (packed(Image.new("RGBA", (9, 9), (0, 0, 0, 0)), "PNG"), [255, 255, 255]),
        (packed(Image.new("RGBA", (9, 9), (200, 0, 0, 51)), "PNG"), [244, 204, 204]),
        (packed(Image.new("LA", (9, 9), (100, 255)), "PNG"), [100, 100, 100]),
        (packed(Image.new("P", (9, 9), 0), "GIF", transparency=0), [255, 255, 255]),
        (packed(Image.new("CMYK", (9, 9), (255, 0, 0, 0)), "TIFF"), [0, 255, 255]),
        (packed(Image.new("CMYK", (9, 9), (0, 255, 255, 0)), "JPEG", quality=100), [255, 0, 0]),
        (packed(Image.new("YCbCr", (9, 9), (255, 128, 128)), "JPEG"), [255, 255, 255]),
    ],
    ids=[
        "GIF",
        "WebP",
        "grey",
        "bits",
        "palette",
        "clear",
        "glass",
        "grey+alpha",
        "clear-GIF",
        "CMYK-TIFF",
        "CMYK-JPEG",
        "YCbCr",
    ],
)
def test_every_kind_of_pixels_becomes_rgb(content: bytes, wanted: list[int]) -> None:
    np.testing.assert_allclose(colour(content), wanted, atol=2)


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (packed(Image.new("RGB", (9, 9), (255, 0, 0)), "PNG", icc_profile=rgb_profile("b", "g", "r")), [0, 0, 255]),
        (packed(Image.new("L", (9, 9), 128), "PNG", icc_profile=rgb_profile(power=1.0)), [188, 188, 188]),
        (packed(Image.new("L", (9, 9), 128), "PNG", icc_profile=grey_profile(1.0)), [188, 188, 188]),
        (packed(Image.new("CMYK", (9, 9), (255, 0, 0, 0)), "TIFF", icc_profile=cmyk_profile()), [255, 0, 0]),
        (packed(Image.new("CMYK", (9, 9), (255, 0, 0, 0)), "JPEG", icc_profile=cmyk_profile()), [255, 0, 0]),
        (packed(Image.new("RGBA", (9, 9), (255, 0, 0, 0)), "PNG", icc_profile=rgb_profile("b")), [255, 255, 255]),
        (
            packed(Image.new("RGBA", (9, 9), (255, 0, 0, 255)), "PNG", icc_profile=rgb_profile("b", "g", "r")),
            [0, 0, 255],
        ),
    ],
    ids=["RGB", "grey-as-RGB", "grey", "CMYK-TIFF", "CMYK-JPEG", "clear", "opaque"],
)
def test_colour_profiles_lead_to_srgb(content: bytes, wanted: list[int]) -> None:
    np.testing.assert_allclose(colour(content), wanted, atol=10)
    assert not decode(content).note


def test_a_profile_of_srgb_itself_changes_next_to_nothing() -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    decoded = decode(packed(scene(), "PNG", icc_profile=srgb)).picture
    assert np.abs(decoded.astype(int) - scene()).max() <= 2


@pytest.mark.parametrize(
    ("profile", "text"), [(b"not a profile", "its colour profile is damaged"), (grey_profile(2.2), "is for GRAY")]
)
def test_a_profile_that_does_not_fit_is_ignored_and_told(profile: bytes, text: str) -> None:
    decoded = decode(packed(scene(), "PNG", icc_profile=profile))
    assert np.array_equal(decoded.picture, scene())
    assert text in decoded.note


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_as_its_camera_says(orientation: int) -> None:
    """Saved so that a viewer that heeds the tag shows the same upright picture each time."""
    stored = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.swapaxes(0, 1),
        6: lambda a: np.rot90(a),
        7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
        8: lambda a: np.rot90(a, -1),
    }[orientation](scene())
    exif = Image.Exif()
    exif[0x0112] = orientation
    assert np.array_equal(decode(packed(np.ascontiguousarray(stored), "PNG", exif=exif)).picture, scene())


def test_damaged_exif_data_does_no_harm() -> None:
    exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x02\x01\x12\0\x09"
    decoded = decode(packed(scene(), "JPEG", exif=exif))
    assert decoded.picture.shape == scene().shape


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP", "AVIF"])
def test_no_damage_leads_to_anything_but_a_refusal(kind: str) -> None:
    """Whatever bytes are changed: a picture or PicturesError, no other exception and no warning."""
    whole = packed(scene(24, 20), kind)
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        content = bytearray(whole)
        for at in rng.integers(0, len(content), 6):
            content[at] = rng.integers(256)
        try:
            assert decode(bytes(content)).picture.dtype == np.uint8
        except PicturesError:
            refused += 1
    assert refused or kind == "BMP"


def test_a_large_jpeg_is_decoded_smaller_and_looks_the_same(tmp_path: Path) -> None:
    content = packed(scene(1600, 1200), "JPEG", quality=95)
    small = decode(content, 128)
    assert small.picture.shape == (150, 200, 3)
    assert small.scale == 0.125
    whole = crop_centre(decode(content).picture, 64).astype(int)
    assert np.abs(crop_centre(small.picture, 64) - whole).mean() < 1.5
    assert crops.centre(small.picture, 64, small.scale, 2).native_px == 1200


def test_read_picture_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(PicturesError, match=r"none.png: cannot be read \(No such file"):
        pictures.read_picture(tmp_path / "none.png")
    (tmp_path / "notes.png").write_bytes(b"hello")
    with pytest.raises(PicturesError, match=r"notes\.png: cannot be read as a picture"):
        pictures.read_picture(tmp_path / "notes.png")
