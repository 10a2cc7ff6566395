"""What the machine says of its energy: the processor's counters of the Linux kernel (RAPL), and nvidia-smi.

RAPL counts microjoules of each processor package and wraps; see the kernel's Documentation/power/powercap. nvidia-smi
tells the power drawn now (W), which is multiplied with the time since the last look. Neither counts the screen, the
power supply or other devices.
"""

import math
import re
import shutil
import subprocess
from pathlib import Path

from installation.days.counting import Energy

POWERCAP = Path("/sys/class/powercap")

TIMEOUT = 10.0
"""Seconds that nvidia-smi may take; a driver that hangs is not asked again."""


class Meter:
    """``read`` tells the joules since it was read before. To be called by a thread that may wait, once a minute."""

    def __init__(self, powercap: Path = POWERCAP, smi: str = "nvidia-smi") -> None:
        self._packages = _packages(powercap)
        self._smi = shutil.which(smi)
        self._counts: dict[Path, int] = {}
        self._read_at: float | None = None
        self.notes = self._missing()
        """What is not told, and why, as a sentence; empty where all is."""

    def read(self, now: float) -> Energy:
        """At ``now`` (s of a clock that never goes back)."""
        since, self._read_at = self._read_at, now
        seconds = 0.0 if since is None else now - since
        watts = None if since is None else self._watts()
        return Energy(self._processor(), None if watts is None else watts * seconds)

    def _processor(self) -> float | None:
        """Joules of all packages since the last time; None where they are not told, or not known yet."""
        before, self._counts = self._counts, {}
        total = 0.0
        for package in self._packages:
            count = _number(package / "energy_uj")
            if count is None:
                return None
            self._counts[package] = count
            used = count - before.get(package, count)
            total += used if used >= 0 else used + (_number(package / "max_energy_range_uj") or 0)
        return total / 1e6 if before else None

    def _watts(self) -> float | None:
        """The power of all graphics cards; None where it is not told."""
        if self._smi is None:
            return None
        line = [self._smi, "--query-gpu=power.draw", "--format=csv,noheader,nounits"]
        try:
            done = subprocess.run(line, capture_output=True, text=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
            watts = [float(word) for word in done.stdout.split("\n")[:64] if word.strip()]
        except (OSError, subprocess.SubprocessError):
            self._smi = None
            return None
        except ValueError:  # "[N/A]": a card that does not tell it
            return None
        return sum(watts) if done.returncode == 0 and watts and math.isfinite(sum(watts)) else None

    def _missing(self) -> str:
        notes = []
        closed = [package for package in self._packages if _number(package / "energy_uj") is None]
        if not self._packages:
            notes.append(f"{POWERCAP} has no counter of the processor's")
        elif closed:
            notes.append(f"the processor's energy is told to root alone ({closed[0] / 'energy_uj'})")
        if self._smi is None:
            notes.append("there is no nvidia-smi to tell a graphics card's")
        return "; ".join(notes)


def _packages(powercap: Path) -> list[Path]:
    """The counters of whole processors, ``intel-rapl:0`` and so on (AMD's are called so, too), without their parts and
    without psys, which counts them once more."""
    found = [path for path in powercap.glob("intel-rapl:*") if re.fullmatch(r"intel-rapl:\d+", path.name)]
    return sorted(path for path in found if not _text(path / "name").startswith("psys"))


def _number(path: Path) -> int | None:
    text = _text(path)
    return int(text) if text.isascii() and text.isdigit() else None


def _text(path: Path) -> str:
    try:
        return path.read_text("ascii", "replace")[:40].strip()
    except OSError:
        return ""
