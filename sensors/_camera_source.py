"""The source of a camera's pictures: a number, a device, a part of its name, a network address, a film or a still."""

import re
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationInfo

from installation.core.errors import DeviceError, Refused, did_you_mean
from installation.core.paths import beside
from sensors._video_devices import Device

Source = int | Path | str
"""An int is a camera's number, a Path a film or still; text is an address, a device's path or part of a name."""

MOST = 63
"""The highest number that a camera may have, as on Linux."""
SCHEMES = ("rtsp", "rtsps", "http", "https", "rtmp", "udp", "tcp", "srt")
EXPECTED = (
    f"a camera's number from 0 to {MOST}, its device such as /dev/v4l/by-id/..., a part of its name, "
    "an address such as rtsp://192.168.1.9/stream, or a video file or still"
)
REHEARSE = 'or rehearse with source = "clip.mp4" or kind = "scripted"'


def parse_source(value: object, info: ValidationInfo) -> Source:
    """The source that an option's value names. Files are looked for beside the show file; whether a device or address
    is there is not asked, as a camera may be plugged in later. Raises Refused."""
    if type(value) is int and 0 <= value <= MOST:
        return value
    if not isinstance(value, (str, Path)) or not str(value).strip():
        raise Refused(EXPECTED)
    text = str(value).strip()
    if text.isascii() and text.isdigit():
        return parse_source(int(text), info)
    if isinstance(value, str) and (scheme := re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)):
        return _address(text, scheme[1].lower())
    return _named(text, info)


def _address(text: str, scheme: str) -> str:
    if scheme not in SCHEMES:
        raise Refused(f"an address that begins with {', '.join(SCHEMES)} and ://", did_you_mean(scheme, SCHEMES))
    return text


def _named(text: str, info: ValidationInfo) -> Source:
    """A file that is there, a device, or a name; what looks like a file and is none is refused as one."""
    path = Path((info.context or {}).get("folder", "."), text).absolute()
    if "\0" in text:
        raise Refused(EXPECTED)
    if text.startswith("/dev/") or _is_device(path):
        return text if text.startswith("/dev/") else str(path)
    looks_like_a_file = re.search(r"[/\\]|\.[A-Za-z0-9]{2,4}$", text) is not None
    return beside(text, info) if looks_like_a_file or _is_file(path) else text


def _is_device(path: Path) -> bool:
    try:
        return path.is_char_device()
    except OSError:  # a name that no disk takes
        return False


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def is_address(source: Source) -> bool:
    return isinstance(source, str) and "://" in source


def shown(source: Source) -> str:
    """How it is written in messages: an address without the password that may stand in it."""
    return re.sub(r"://[^/@]*@", "://...@", str(source)) if is_address(source) else str(source)


def find_device(source: int | str, devices: Sequence[Device], linux: bool) -> int | str:
    """What to open: the number of the camera, or the path of its device. ``devices`` are those that are here now.

    Raises DeviceError where no camera has that name, or none can be asked for by name on this system.
    """
    if isinstance(source, int) or source.startswith("/dev/"):
        return source
    if not linux:
        raise DeviceError(
            f'found the name "{source}", expected a number: names of cameras are read on Linux only; '
            f"try source = 0, then 1, {REHEARSE}"
        )
    matches = [device for device in devices if source.lower() in device.name.lower()]
    if matches:
        return str(matches[0].node)
    known = ", ".join(f'"{device.name}"' for device in devices) or "no camera"
    hint = did_you_mean(source, [device.name for device in devices])
    raise DeviceError(
        f'found {known}, expected one with "{source}" in its name; plug it in, {REHEARSE}'
        + (f"; {hint}" if hint else "")
    )


def trouble_with(source: Source, nodes: Sequence[Path], linux: bool) -> str:
    """The likely reason why a source gives no picture, and what to do. ``nodes`` are the /dev/video* of now."""
    if isinstance(source, Path):
        return f"{source}: found no picture that can be read in it, expected a video file or still, .mp4 or .jpg say"
    if is_address(source):
        return (
            f"found no picture at {shown(source)}; is the camera on, is the address right (try it in a video player), "
            "does the network let it through?"
        )
    if not linux:
        return (
            f"found no picture from camera {source}; plug it in, close what else uses it, "
            f"allow camera access in the system's privacy settings, {REHEARSE}"
        )
    return _linux_trouble(source, nodes)


def _linux_trouble(source: int | str, nodes: Sequence[Path]) -> str:
    wanted = Path(f"/dev/video{source}") if isinstance(source, int) else Path(source)
    if wanted not in nodes and not wanted.exists():
        found = ", ".join(map(str, nodes)) or "no /dev/video*"
        return f"found {found}, expected a camera at {wanted}; plug it in, name another as source, {REHEARSE}"
    if not wanted.resolve().name.startswith("video"):
        return f"found no picture from {wanted}, which is no camera; name another as source, {REHEARSE}"
    return (
        f"found no picture from {wanted}; close what else uses it, name another as source, "
        f"let this account use it (sudo usermod -aG video $USER, then log in again), {REHEARSE}"
    )
