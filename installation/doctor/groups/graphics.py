"""The graphics card, what draws, the displays and what stands between them."""

import json
import re
from collections.abc import Iterator
from typing import NamedTuple

from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red
from installation.doctor.machine import Machine

MAKERS = {"10DE": "NVIDIA", "1002": "AMD", "8086": "Intel", "1AF4": "virtio", "15AD": "VMware", "1234": "QEMU"}
NVIDIA = ("nvidia-smi", "--query-gpu=name,driver_version,memory.total,memory.free", "--format=csv,noheader,nounits")
WINDOWS = (
    "powershell",
    "-NoProfile",
    "-Command",
    "Get-CimInstance Win32_VideoController | Select-Object Name, DriverVersion, Current* | ConvertTo-Json",
)
MAC = ("system_profiler", "SPDisplaysDataType", "-json")
SLOW = 50.0
"""Hz of a display below which motion is seen in steps."""
USUAL = (59.0, 61.0)
"""Hz of a display for which nothing needs to be said."""


class Display(NamedTuple):
    """(width, height) in pixels and Hz, as it is set and as it would be best; None or 0 where that is not told."""

    name: str
    size: tuple[int, int]
    rate: float = 0.0
    best: tuple[int, int] | None = None


# ---------------------------------------------------------------- the card and its driver


def card(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        yield from _linux_card(machine)
    elif machine.system == "win32":
        yield from (green(f"{one['Name']}, driver {one['DriverVersion']}") for one in _windows(machine))
    elif machine.system == "darwin":
        yield from (green(str(one.get("sppci_model") or one["_name"])) for one in _mac(machine))


def _linux_card(machine: Machine) -> Iterator[Finding]:
    told = machine.run(*NVIDIA)
    if told and told.status == 0 and told.out.strip():
        yield from (_nvidia(line) for line in told.out.strip().splitlines())
    elif told and "mismatch" in told.out:
        yield red(
            "NVIDIA's driver was updated while the machine ran: its parts no longer fit one another",
            "start the machine again, and switch automatic updates of the driver off",
        )
    elif told and told.status:
        yield red(
            f"NVIDIA's driver does not answer: {told.out.strip()[:160]}", "install the card's driver anew; reboot"
        )
    else:
        yield from _drm(machine)


def _nvidia(line: str) -> Finding:
    name, driver, total, free = (word.strip() for word in line.split(","))
    text = f"{name}, driver {driver}, {float(total) / 1024:.0f} GB, {float(free) / 1024:.1f} GB free"
    if float(free) < 1500.0:
        return amber(text, "another program has most of its memory: nvidia-smi names it; end it before the show starts")
    return green(text)


def _drm(machine: Machine) -> Iterator[Finding]:
    """The cards that the kernel has a driver for (Direct Rendering Manager)."""
    found = 0
    for folder in machine.files("/sys/class/drm/card[0-9]"):
        about = dict(re.findall(r"^(\w+)=(.*)$", machine.file(f"{folder}/device/uevent") or "", re.MULTILINE))
        maker = about.get("PCI_ID", "").partition(":")[0].upper()
        driver, found = about.get("DRIVER", "unknown"), found + 1
        if driver == "nouveau":
            yield amber(
                "NVIDIA with the driver nouveau: slow, and no CUDA for the models",
                "install NVIDIA's own driver (Debian: nvidia-driver; Ubuntu: ubuntu-drivers install), and reboot",
            )
        else:
            yield green(f"{MAKERS.get(maker, maker or 'a card')}, driver {driver}")
    if not found and " 10de" in (machine.file("/proc/bus/pci/devices") or "").replace("\t", " "):
        yield red("an NVIDIA card without a driver", "install NVIDIA's driver, and reboot")
    elif not found:
        yield amber("no graphics card that this system has a driver for", "a wall at full size and rate needs one")


def renderer(case: Case) -> Iterator[Finding]:
    """What OpenGL draws with, which may be the processor although there is a card."""
    told = case.machine.look("gl")
    if not told:
        return
    if "renderer" not in told:
        yield red(f"no OpenGL: {told['trouble']}", "install the graphics card's driver; without it nothing is drawn")
    elif not told["software"]:
        yield green(str(told["renderer"]))
    elif case.machine.files("/dev/dri/renderD*") or case.machine.files("/dev/nvidia[0-9]"):
        yield red(
            f"{told['renderer']}: the processor draws, although there is a graphics card",
            "install the card's driver with its OpenGL, put this user into the groups video and render, and reboot",
        )
    else:
        yield amber(
            f"{told['renderer']}: the processor draws",
            "a card draws 60 frames a second at any size; without one keep to --size 1280x720 and 30, and on two "
            "cores to brush = 0",
        )


# ---------------------------------------------------------------- displays


def displays(case: Case) -> Iterator[Finding]:
    found = list(_displays(case.machine))
    if not found and case.machine.system in ("linux", "win32", "darwin"):
        if case.headless:
            yield green("none is connected, and the show needs none")
        else:
            yield amber(
                "none is connected, or this is not its session",
                "plug in the projector, switch it on, and run this in the desktop's session; or hang it --headless",
            )
    for one in found:
        yield _display(one)


def _display(one: Display) -> Finding:
    text = f"{one.name}: {one.size[0]}x{one.size[1]}" + (f" at {one.rate:g} Hz" if one.rate else "")
    if one.best and one.best != one.size:
        wish = f"{one.best[0]}x{one.best[1]}"
        return amber(f"{text}, its own is {wish}", f"set it to {wish}: scaled pictures and labels are soft")
    if 0 < one.rate < SLOW:
        return amber(text, "motion is seen in steps: choose 60 Hz; for 3840x2160 that takes a cable of HDMI 2.0")
    if one.rate and not USUAL[0] <= one.rate <= USUAL[1]:
        return amber(text, f"start the show with --fps {one.rate:.0f}, or set the display to 60 Hz")
    return green(text)


def _displays(machine: Machine) -> Iterator[Display]:
    if machine.system == "linux":
        yield from list(_xrandr(machine.says("xrandr", "--current") or "")) or _connected(machine)
    elif machine.system == "win32":
        for one in _windows(machine):
            if one["CurrentHorizontalResolution"]:
                size = (int(one["CurrentHorizontalResolution"]), int(one["CurrentVerticalResolution"]))
                yield Display(one["Name"], size, float(one["CurrentRefreshRate"]))
    elif machine.system == "darwin":
        for one in (screen for card in _mac(machine) for screen in card.get("spdisplays_ndrvs", [])):
            numbers = re.findall(r"[\d.]+", one["_spdisplays_resolution"])
            yield Display(one["_name"], (int(numbers[0]), int(numbers[1])), float(numbers[2]) if numbers[2:] else 0.0)


def _xrandr(text: str) -> Iterator[Display]:
    """The outputs in use; a star marks the mode that is set, a plus the display's own."""
    for block in re.split(r"^(?=\S)", text, flags=re.MULTILINE):
        head = re.match(r"(\S+) connected .*?(\d+)x(\d+)\+", block)
        if not head:
            continue
        rate = re.search(r"([\d.]+)\*", block)
        own = re.search(r"^\s+(\d+)x(\d+)i?\b[^\n]*\+", block, re.MULTILINE)
        best = (int(own[1]), int(own[2])) if own else None
        turned = best and {best, best[::-1]} & {(int(head[2]), int(head[3]))}
        size = (int(head[2]), int(head[3]))
        yield Display(head[1], size, float(rate[1]) if rate else 0.0, size if turned else best)


def _connected(machine: Machine) -> Iterator[Display]:
    """What the kernel knows without a session: which displays are there, and their own size."""
    for status in machine.files("/sys/class/drm/card*-*/status"):
        if (machine.file(status) or "").strip() == "connected":
            folder = status.rpartition("/")[0]
            size = re.match(r"(\d+)x(\d+)", machine.file(f"{folder}/modes") or "")
            if size:
                yield Display(folder.rpartition("/")[2].partition("-")[2], (int(size[1]), int(size[2])))


def compositor(case: Case) -> Iterator[Finding]:
    """What puts windows together on Linux; on X11 it may cost frames."""
    if case.machine.system != "linux":
        return
    session, desktop = case.machine.variable("XDG_SESSION_TYPE"), case.machine.variable("XDG_CURRENT_DESKTOP")
    running = set(case.machine.fact("processes") or [])
    if session == "wayland" or case.machine.variable("WAYLAND_DISPLAY"):
        yield green(f"Wayland{f', {desktop}' if desktop else ''}: a full screen is shown as it is")
    elif not case.machine.variable("DISPLAY"):
        yield green("no desktop session here, so none")
    elif (
        "xfwm4" in running
        and case.machine.says("xfconf-query", "-c", "xfwm4", "-p", "/general/use_compositing") == "true"
    ):
        yield amber("xfwm4 composes: it costs frames", "xfconf-query -c xfwm4 -p /general/use_compositing -s false")
    elif light := running & {"picom", "compton", "xcompmgr"}:
        yield amber(f"{min(light)} composes: it costs frames", f"end {min(light)}, and keep it from starting by itself")
    else:
        yield green(f"X11{f', {desktop}' if desktop else ''}")


def _windows(machine: Machine) -> list[dict[str, str]]:
    found = json.loads(machine.says(*WINDOWS) or "[]")
    return found if isinstance(found, list) else [found]


def _mac(machine: Machine) -> list[dict[str, list[dict[str, str]]]]:
    return list(json.loads(machine.says(*MAC) or "{}").get("SPDisplaysDataType", []))


GROUP = Group(
    "Graphics",
    10,
    (
        Check("graphics card", card),
        Check("OpenGL draws with", renderer),
        Check("display", displays),
        Check("compositor", compositor),
    ),
)
