"""Files that a folder of pictures should not hold but does, and colour profiles small enough to be written by hand."""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image


def scene(width: int = 64, height: int = 48, seed: int = 0) -> np.ndarray:
    """A smooth picture that is like no other seed's: (height, width, 3) uint8."""
    coarse = np.random.default_rng(seed).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


def raw_folder(folder: Path) -> Path:
    """0.png to 4.png and more/9.jpg, 64x48."""
    (folder / "more").mkdir(parents=True)
    for index in range(5):
        Image.fromarray(scene(seed=index)).save(folder / f"{index}.png")
    Image.fromarray(scene(seed=9)).save(folder / "more" / "9.jpg")
    return folder


def packed(picture: np.ndarray | Image.Image, kind: str, **options: Any) -> bytes:
    file = io.BytesIO()
    (picture if isinstance(picture, Image.Image) else Image.fromarray(picture)).save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def png(width: int, height: int, depth: int, colour: int, rows: bytes) -> bytes:
    """A PNG of any header (PNG specification, 11.2.1): true or not."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")


def film(path: Path, pictures: list[np.ndarray], rate: int = 10) -> None:
    with av.open(str(path), "w") as out:
        stream = out.add_stream("mpeg4", rate=rate)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.bit_rate = 4_000_000
        for picture in pictures:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        out.mux(stream.encode())


# -- colour profiles (ICC.1:2001-04) ----------------------------------------------------------------------------------


def s15(*values: float) -> bytes:
    return b"".join(struct.pack(">i", round(value * 65536)) for value in values)


def profile(space: bytes, kind: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"test\0" + bytes(78),
        b"cprt": b"text" + bytes(4) + b"none\0",
        b"wtpt": b"XYZ " + bytes(4) + s15(0.9642, 1.0, 0.8249),
        **tags,
    }
    table, data = struct.pack(">I", len(tags)), b""
    start = 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    head = struct.pack(">I4sI4s4s4s", start + len(data), b"none", 0x02400000, kind, space, connection)
    head += struct.pack(">6H4s", 2020, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + s15(0.9642, 1.0, 0.8249)
    return head.ljust(128, b"\0") + table + data


def gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))


SRGB = {"r": (0.4361, 0.2225, 0.0139), "g": (0.3851, 0.7169, 0.0971), "b": (0.1431, 0.0606, 0.7141)}
"""The primaries of sRGB, adapted to D50."""


def rgb_profile(red: str = "r", green: str = "g", blue: str = "b", power: float = 2.2) -> bytes:
    """Pixels whose first channel means the primary `red` of sRGB, and so on."""
    meanings = {b"r": red, b"g": green, b"b": blue}
    tags = {name + b"XYZ": b"XYZ " + bytes(4) + s15(*SRGB[means]) for name, means in meanings.items()}
    return profile(b"RGB ", b"mntr", b"XYZ ", {**tags, **{name + b"TRC": gamma(power) for name in meanings}})


def grey_profile(power: float) -> bytes:
    return profile(b"GRAY", b"mntr", b"XYZ ", {b"kTRC": gamma(power)})


def cmyk_profile() -> bytes:
    """Inks of another world: full cyan prints red, any black prints black, all else is paper white."""
    ramp = bytes(range(256))
    corners = b""
    for corner in range(16):
        cyan, black = corner & 8, corner & 1
        lab = (0, 0, 0) if black else (53.2, 80.1, 67.2) if cyan else (100, 0, 0)
        corners += bytes([round(lab[0] * 2.55), round(lab[1] + 128), round(lab[2] + 128)])
    identity = s15(1, 0, 0, 0, 1, 0, 0, 0, 1)
    table = b"mft1" + bytes(4) + bytes([4, 3, 2, 0]) + identity + ramp * 4 + corners + ramp * 3
    return profile(b"CMYK", b"prtr", b"Lab ", {b"A2B0": table, b"A2B1": table})
