"""Cameras and sound: what there is, and whether it is what the show asks for."""

import re
from collections.abc import Iterator
from pathlib import Path

from installation.core.contracts import SensorConfig
from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red

FEW = 6
"""The most lines of a device list that are shown."""


def cameras(case: Case) -> Iterator[Finding]:
    """Those of this machine with their formats; then those that the show asks for."""
    told = _devices(case, "camera")
    wanted = [one for one in _sensors(case, "camera") if isinstance(getattr(one, "source", None), int | str)]
    yield from _listed(told, "camera", bool(wanted))
    closed = case.machine.files("/dev/video*")
    groups = case.machine.says("id", "-nG")
    if (
        closed
        and groups is not None
        and not {"video", "root"} & set(groups.split())
        and not case.machine.says("getfacl", closed[0])
    ):
        yield amber("this user is not in the group video", "sudo usermod -aG video $USER; log in again")


def sound(case: Case) -> Iterator[Finding]:
    wanted = [one for one in _sensors(case, "microphone") if getattr(one, "file", None) is None]
    yield from _listed(_devices(case, "microphone"), "sound input", bool(wanted))


def films(case: Case) -> Iterator[Finding]:
    """Sensors that hear or see a file, not the room: right for a rehearsal, seldom for an opening."""
    for sensor in case.show.sensors if case.show else ():
        source = getattr(sensor, "source", None) or getattr(sensor, "file", None)
        if isinstance(source, Path):
            yield amber(f"{sensor.name} takes {source.name}, not the room", "name a device before the show opens")
        elif getattr(sensor, "kind", "") == "scripted":
            yield amber(f"{sensor.name} is scripted: visitors are made up", "a camera or microphone before it opens")


def _sensors(case: Case, kind: str) -> list[SensorConfig]:
    return [one for one in case.show.sensors if getattr(one, "kind", "") == kind] if case.show else []


def _devices(case: Case, kind: str) -> dict[str, list[str]] | None:
    found: dict[str, list[str]] | None = case.machine.look("devices", kind)
    return found


def _listed(told: dict[str, list[str]] | None, what: str, wanted: bool) -> Iterator[Finding]:
    if not told:
        return
    if "devices" not in told:
        trouble = f"{told['trouble']}"
        yield (red if wanted else amber)(
            trouble, f"the show's {what} needs it" if wanted else f"only a {what} needs it"
        )
        return
    lines = [re.sub(r"\s+", " ", line).strip() for line in told["devices"]]
    if not lines and wanted:
        yield red("none, and the show asks for one", "plug it in, allow access to it; without it the show goes on")
    elif not lines:
        yield green("none; nothing asks for one")
    for line in lines[:FEW]:
        yield green(line)
    if len(lines) > FEW:
        yield green(f"and {len(lines) - FEW} lines more: --list-devices has all")


GROUP = Group(
    "Cameras and sound",
    50,
    (Check("camera", cameras), Check("sound input", sound), Check("rehearsal", films, quiet=True)),
)
