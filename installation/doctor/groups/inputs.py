"""Cameras and sound: what there is, and whether it is what the show asks for."""

from collections.abc import Iterator
from pathlib import Path

from installation.core.contracts import SensorConfig
from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red

FEW = 6
"""The most formats of a camera that are shown; --list-devices has all."""


def cameras(case: Case) -> Iterator[Finding]:
    """Those of this machine with their formats; then those that the show asks for."""
    told = _devices(case, "camera")
    wanted = [one for one in _sensors(case, "camera") if isinstance(getattr(one, "source", None), int | str)]
    yield from _listed(told, "camera", bool(wanted))


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
    devices = _folded(told["devices"])
    if not devices and wanted:
        yield red("none, and the show asks for one", "plug it in, allow access to it; without it the show goes on")
    elif not devices:
        yield green("none; nothing asks for one")
    yield from (_device(name, offers) for name, offers in devices)


def _folded(lines: list[str]) -> list[tuple[str, list[str]]]:
    """Each device with what it offers, which follows it in lines that are indented."""
    devices: list[tuple[str, list[str]]] = []
    for line in lines:
        if line.startswith(" ") and devices:
            devices[-1][1].append(line.strip())
        else:
            devices.append((line.strip(), []))
    return devices


def _device(name: str, offers: list[str]) -> Finding:
    if offers and offers[0].startswith("cannot be asked"):
        return amber(f"{name}; {offers[0]}", "sudo usermod -aG video $USER, and log in again; or end what has it")
    more = f"; {len(offers) - FEW} more" if len(offers) > FEW else ""
    return green(f"{name}{': ' if offers else ''}{'; '.join(offers[:FEW])}{more}")


GROUP = Group(
    "Cameras and sound",
    50,
    (Check("camera", cameras), Check("sound input", sound), Check("rehearsal", films, quiet=True)),
)
