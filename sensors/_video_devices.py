"""The cameras of a Linux system (Video4Linux2), their names, and the formats, sizes and rates that they offer.

Structures and numbers are those of linux/videodev2.h. Querying a camera does not block its use by other programs.
"""

import os
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

NAMES = Path("/sys/class/video4linux")
NODES = Path("/dev")

ENUM_FMT, ENUM_FRAMESIZES, ENUM_FRAMEINTERVALS = 0xC0405602, 0xC02C564A, 0xC034564B
"""_IOWR('V', 2, struct v4l2_fmtdesc), ('V', 74, struct v4l2_frmsizeenum), ('V', 75, struct v4l2_frmivalenum)."""
CAPTURE, DISCRETE = 1, 1
"""V4L2_BUF_TYPE_VIDEO_CAPTURE; V4L2_FRMSIZE_TYPE_DISCRETE and V4L2_FRMIVAL_TYPE_DISCRETE."""
ANSWERS = 100
"""The most answers that are taken to one question."""

Ask = Callable[[int, bytearray], None]
"""An ioctl on one open camera: fills the buffer in place. Raises OSError after the last answer."""


@dataclass(frozen=True, slots=True)
class Device:
    """A camera: its ``node`` such as /dev/video0, the ``name`` that its maker gave it, its ``stable`` paths."""

    node: Path
    name: str
    stable: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Mode:
    """What a camera can be set to: four letters, (width, height) in pixels, pictures a second."""

    format: str
    size: tuple[int, int]
    rates: tuple[float, ...]

    def __str__(self) -> str:
        rates = ", ".join(f"{rate:g}" for rate in self.rates) or "?"
        return f"{self.format} {self.size[0]}x{self.size[1]} at {rates} fps"


def nodes(folder: Path = NODES) -> list[Path]:
    """Every /dev/video*, lowest number first; one camera may have several, of which not all give pictures."""
    nodes = [path for path in folder.glob("video*") if path.name.removeprefix("video").isdigit()]
    return sorted(nodes, key=lambda path: int(path.name.removeprefix("video")))


def devices(names: Path = NAMES, folder: Path = NODES) -> tuple[Device, ...]:
    """The cameras that are here now; of each the node that gives the pictures, which the kernel counts as its first."""
    links = [link for kind in ("by-id", "by-path") for link in sorted((folder / "v4l" / kind).glob("*"))]
    devices = []
    for node in nodes(folder):
        entry = names / node.name
        if _read(entry / "index") in ("", "0"):
            stable = tuple(link for link in links if link.resolve() == node.resolve())
            devices.append(Device(node, _read(entry / "name") or node.name, stable))
    return tuple(devices)


def _read(path: Path) -> str:
    with suppress(OSError):
        return path.read_text("utf-8", errors="replace").strip()
    return ""


def modes(ask: Ask) -> tuple[Mode, ...]:
    """All that one camera offers."""
    return tuple(
        Mode(letters.decode("ascii", errors="replace").strip(), size, tuple(_rates(ask, letters, size)))
        for letters in _formats(ask)
        for size in _sizes(ask, letters)
    )


def _answers(ask: Ask, request: int, layout: str, length: int, *question: int | bytes) -> Iterator[bytes]:
    """Gets answer 0, 1, 2 ... until there is no more; ``layout`` packs (number, *question)."""
    for number in range(ANSWERS):
        buffer = bytearray(struct.pack(layout, number, *question).ljust(length, b"\0"))
        try:
            ask(request, buffer)
        except OSError:  # EINVAL after the last; a driver without this query returns ENOTTY
            return
        yield bytes(buffer)


def _formats(ask: Ask) -> Iterator[bytes]:
    for answer in _answers(ask, ENUM_FMT, "=II", 64, CAPTURE):
        yield answer[44:48]


def _sizes(ask: Ask, letters: bytes) -> Iterator[tuple[int, int]]:
    """Of a range of sizes, the largest."""
    for answer in _answers(ask, ENUM_FRAMESIZES, "=I4s", 44, letters):
        kind, *sides = struct.unpack_from("=5I", answer, 8)
        yield (sides[0], sides[1]) if kind == DISCRETE else (sides[1], struct.unpack_from("=I", answer, 28)[0])


def _rates(ask: Ask, letters: bytes, size: tuple[int, int]) -> Iterator[float]:
    """Of a range of rates, the highest."""
    for answer in _answers(ask, ENUM_FRAMEINTERVALS, "=I4sII", 52, letters, *size):
        above, below = struct.unpack_from("=II", answer, 20)
        if above:
            yield round(below / above, 2)


def describe(device: Device) -> Iterator[str]:
    """Lines for a person: the camera, then what it offers."""
    number = device.node.name.removeprefix("video")
    yield f'{number}: "{device.name}" at {", ".join(map(str, (*device.stable[:1], device.node)))}'
    try:
        yield from (f"  {mode}" for mode in _ask_camera(device.node))
    except OSError as error:
        yield f"  cannot be asked what it offers: {error.strerror or error}"


def _ask_camera(node: Path) -> tuple[Mode, ...]:
    import fcntl

    file = os.open(node, os.O_RDWR | os.O_NONBLOCK)
    try:

        def ask(request: int, buffer: bytearray) -> None:
            fcntl.ioctl(file, request, buffer, True)

        return modes(ask)
    finally:
        os.close(file)
