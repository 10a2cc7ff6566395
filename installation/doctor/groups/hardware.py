"""Disk, memory, heat, power and how busy the processor is."""

import json
import re
from collections.abc import Iterator
from typing import Any

from installation.doctor.findings import Case, Check, Finding, Group, amber, green, red, untold

GB = 1e9
FULL, NEARLY = 2.0, 10.0
"""GB that are free on the disk, below which a show will stop keeping its state, or may within months."""
TIGHT, SMALL = 1.0, 2.0
"""GB of memory that are free, below which a show does not fit, or just so: it takes 1 to 2 GB with its models."""
HOT, TOO_HOT = 80.0, 95.0
"""°C from which processors and cards slow down, or are near their end."""
LIFE, END = 80, 100
"""Percent of a solid state disk's life that is used."""


def system(case: Case) -> Iterator[Finding]:
    if told := case.machine.fact("release"):
        yield green(str(told))


def disk(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("disk")
    if not told:
        return
    free, total = told["free"] / GB, told["total"] / GB
    text = f"{free:.0f} GB free of {total:.0f} GB, for {case.folder}"
    if not told["writable"]:
        yield red(f"{case.folder} cannot be written", "give the show a folder that it may write: --state FOLDER")
    elif free < FULL:
        yield red(text, "make room: without it the show keeps no log, no votes and no place")
    elif free < NEARLY:
        yield amber(text, "make room: logs and votes are bounded, but films of --record are not")
    else:
        yield green(text)


# ---------------------------------------------------------------- health of the disk


def health(case: Case) -> Iterator[Finding]:
    machine = case.machine
    if machine.system == "linux":
        yield from _linux_health(case)
    elif machine.system == "darwin":
        smart = re.search(r"SMART Status:\s+(.+)", machine.says("diskutil", "info", "/") or "")
        if smart:
            yield _state(smart[1].strip(), smart[1].strip() == "Verified")
    elif machine.system == "win32":
        command = "Get-PhysicalDisk | Select-Object FriendlyName,HealthStatus | ConvertTo-Json"
        told = json.loads(machine.says("powershell", "-NoProfile", "-Command", command) or "[]")
        for one in told if isinstance(told, list) else [told]:
            yield _state(f"{one['FriendlyName']}: {one['HealthStatus']}", one["HealthStatus"] in ("Healthy", 0))


def _state(text: str, good: bool) -> Finding:
    return green(text) if good else red(text, "copy what matters, and replace the disk before the exhibition opens")


def _linux_health(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("disk") or {}
    device = str(told.get("device", ""))
    errors = case.machine.says("journalctl", "-k", "-b", "-p", "err", "-n", "500", "--no-pager", "-o", "cat") or ""
    bad = [line for line in errors.splitlines() if re.search(r"I/O error|medium error|EXT4-fs error", line)]
    if bad:
        yield red(f"the kernel tells of {len(bad)} errors: {bad[-1].strip()[:120]}", "replace the disk, or its cable")
    if not device.startswith("/dev/"):
        yield untold(f"{case.folder} lies on {device or 'a disk without a name'}")
        return
    wear = case.machine.file(f"/sys/class/block/{device.rpartition('/')[2].partition('p')[0]}/device/life_time")
    if wear:  # of eMMC: two numbers in tenths of its life
        yield _worn(10 * max(int(one, 16) for one in wear.split()), "its memory card")
        return
    ran = case.machine.run("smartctl", "-H", "-A", "-j", device)
    if ran is None:
        yield untold("no smartctl", f"sudo apt install smartmontools; sudo smartctl -H {device}")
    else:
        yield _smart(json.loads(ran.out), device)


def _smart(told: dict[str, Any], device: str) -> Finding:
    passed = told.get("smart_status", {}).get("passed")
    if passed is None:
        return untold("smartctl may not read it without an administrator's rights", f"sudo smartctl -H {device}")
    if not passed:
        return _state("SMART: it will fail soon", False)
    used = told.get("nvme_smart_health_information_log", {}).get("percentage_used")
    return green("SMART: passed") if used is None else _worn(int(used), "SMART: passed;")


def _worn(percent: int, what: str) -> Finding:
    text = f"{what} {percent} % of its life is used"
    if percent >= END:
        return red(text, "replace it")
    return amber(text, "replace it before a long exhibition") if percent >= LIFE else green(text)


# ---------------------------------------------------------------- memory, heat, power


def memory(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("memory")
    if not told:
        return
    free = told["free"] / GB
    text = f"{free:.1f} GB free of {told['total'] / GB:.1f} GB"
    if free < TIGHT:
        yield red(text, "end other programs, or add memory: a show with its models takes 1 to 2 GB")
    elif free < SMALL:
        yield amber(text, "end other programs: a show with its models takes 1 to 2 GB")
    else:
        yield green(text)
    kills = re.search(r"^oom_kill (\d+)", case.machine.file("/proc/vmstat") or "", re.MULTILINE)
    if kills and int(kills[1]):
        yield amber(
            f"since it was started the system has ended {kills[1]} processes for want of memory",
            "journalctl -k -g 'Out of memory' names them",
        )


def heat(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("heat") or []
    found = [(float(one["now"]), str(one["where"])) for one in told if one["now"]]
    card = case.machine.says("nvidia-smi", "--query-gpu=temperature.gpu", "--format=csv,noheader,nounits")
    found += [(float(line), "graphics card") for line in (card or "").splitlines() if line.strip().isdigit()]
    if found:
        degrees, where = max(found)
        text = f"{degrees:.0f} °C at most ({where})"
        if degrees >= TOO_HOT:
            yield red(text, "clean its fans and filters, and give the case air: it ends itself when it is hotter")
        elif degrees >= HOT:
            yield amber(text, "it slows down from here on: clean the fans, give the case air; look again after an hour")
        else:
            yield green(text)
    count = case.machine.file("/sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count")
    if count and int(count):
        yield amber(f"the processor has slowed down {int(count)} times for heat", "clean the fans, give the case air")


def power(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("battery")
    if not told:
        return
    if told["plugged"]:
        yield green(f"mains, battery {told['percent']} %")
    else:
        yield red(
            f"runs on its battery, {told['percent']} %", "plug it in; a battery that is always full should be out"
        )


def busy(case: Case) -> Iterator[Finding]:
    told = case.machine.fact("busy")
    if not told:
        return
    cores, load = int(told["cores"]), float(told["load"][1])
    text = f"{cores} cores; {load:.1f} tasks wanted one in the last five minutes"
    if load > cores:
        yield amber(text, "other programs take the show's time: end them, or look again when nothing else runs")
    else:
        yield green(text)


GROUP = Group(
    "Hardware",
    30,
    (
        Check("system", system),
        Check("disk", disk),
        Check("disk's health", health),
        Check("memory", memory),
        Check("temperature", heat),
        Check("power", power, quiet=True),
        Check("processor", busy),
    ),
)
