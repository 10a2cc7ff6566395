"""How this machine is asked: files, commands, and what psutil knows. Each answer is bounded in time and in size."""

import glob
import json
import os
import platform
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from installation.core.file_lock import locked
from installation.core.parts import ROOT
from installation.doctor.machine import Question

LARGEST = 256 * 1024
"""Bytes of a file or of what a command prints; the rest is not read."""
MOST = 1000
"""The most paths that fit a pattern."""
SECONDS = 10.0
"""For a file, a fact or a command."""
LOOKS = {"piece": 90.0}
"""Seconds that a look may take where it is another time than LOOK."""
LOOK = 60.0
GRACE = 5.0
"""Seconds more after which a command is given up that cannot be ended, as one that waits for a driver."""


OF_FOLDER = (("fact", "disk"), ("fact", "running"))
"""What is asked about the folder of the show's state."""


def ask(question: Question, show: str = "", folder: str = ".") -> Any:
    """This machine's answer, about the show in a file that keeps its state in ``folder`` where one is asked about.
    Raises nothing over what the machine does or has not."""
    kind, *words = question
    if kind == "run":
        return _within(SECONDS + GRACE, lambda: _run(words, SECONDS))
    if kind == "look":
        words += [show, folder] if words[0] == "piece" else []
        return _within(LOOKS.get(words[0], LOOK) + GRACE, lambda: _look(words))
    if question in OF_FOLDER:
        words.append(folder)
    return _within(SECONDS, lambda: _READ[kind](*words))


def _within(seconds: float, read: Callable[[], Any]) -> Any:
    """What ``read`` returns; None where it fails, or is not done in time, as on a network drive that is gone."""
    answers: list[Any] = []

    def work() -> None:
        with suppress(OSError, ValueError, psutil.Error, RuntimeError, AttributeError):
            answers.append(read())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else None


# ---------------------------------------------------------------- commands


def _run(words: list[str], seconds: float, folder: Path | None = None) -> dict[str, Any] | None:
    program = shutil.which(words[0])
    if program is None:
        return None
    environment = {**os.environ, "LC_ALL": "C", "PYTHONPATH": str(ROOT)}
    try:
        process = subprocess.Popen(
            [program, *words[1:]],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError:
        return None
    return _heard(process, seconds)


def _heard(process: "subprocess.Popen[bytes]", seconds: float) -> dict[str, Any] | None:
    """What a process says until it ends, or is ended: after ``seconds``, or at the limit of what is read. None where
    it says nothing in that time."""
    timer = threading.Timer(seconds, _end, [process])
    timer.daemon = True
    timer.start()
    with process:
        assert process.stdout is not None
        out = process.stdout.read(LARGEST)
        late = not timer.is_alive()
        timer.cancel()
        with suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
        _end(process)
    return None if late and not out else {"status": process.returncode, "out": out.decode("utf-8", "replace")}


def _end(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process and those that it started."""
    if process.poll() is None or os.name == "posix":
        with suppress(OSError):
            if sys.platform == "win32":
                process.kill()
            else:
                os.killpg(process.pid, signal.SIGKILL)


def _look(words: list[str]) -> Any:
    """The last whole line of JSON that looking.py prints: it may be ended early."""
    told = _run([sys.executable, "-m", "installation.doctor.looking", *words], LOOKS.get(words[0], LOOK))
    for line in reversed((told or {"out": ""})["out"].splitlines()):
        with suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return None


# ---------------------------------------------------------------- files and facts


def _file(path: str) -> str | None:
    if not stat.S_ISREG(os.stat(path).st_mode):
        return None
    with open(path, "rb") as file:
        return file.read(LARGEST).decode("utf-8", "replace")


def _files(pattern: str) -> list[str]:
    return sorted(glob.glob(os.path.expanduser(pattern)))[:MOST]


def _fact(name: str, *words: str) -> Any:
    return _FACTS[name](*words)


def _disk(folder: str) -> dict[str, Any]:
    """Of the disk under a folder, or under what there is of it: bytes, its device, whether it can be written."""
    path = Path(folder).absolute()
    while not path.exists():
        path = path.parent
    usage = psutil.disk_usage(str(path))
    mounts = sorted(psutil.disk_partitions(all=True), key=lambda one: len(one.mountpoint))
    mine = [one for one in mounts if path.is_relative_to(one.mountpoint)]
    device, kind = (mine[-1].device, mine[-1].fstype) if mine else ("", "")
    told = {"free": usage.free, "total": usage.total, "device": device, "kind": kind}
    return {**told, "writable": os.access(path, os.W_OK)}


def _running(folder: str) -> bool:
    """Whether a show runs on a state folder: then it holds the lock there."""
    path = Path(folder) / "running.lock"
    if not path.exists():
        return False
    with path.open("r+b") as file:
        return not locked(file)


def _memory() -> dict[str, Any]:
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    return {"total": memory.total, "free": memory.available, "swap": swap.total, "swapped": swap.used}


def _heat() -> list[dict[str, Any]]:
    ask_heat = getattr(psutil, "sensors_temperatures", dict)  # Linux alone
    return [
        {"where": one.label or chip, "now": one.current, "critical": one.critical}
        for chip, ones in ask_heat().items()
        for one in ones
    ]


def _battery() -> dict[str, Any] | None:
    found = psutil.sensors_battery()
    return found and {"plugged": found.power_plugged, "percent": round(found.percent)}


def _ports() -> list[dict[str, Any]]:
    """Who listens: TCP sockets that wait for connections, UDP sockets with a port."""
    heard = []
    for one in psutil.net_connections("inet"):
        udp = int(one.type) == 2  # SOCK_DGRAM
        if one.laddr and (one.status == psutil.CONN_LISTEN or (udp and not one.raddr)):
            where = {"kind": "udp" if udp else "tcp", "address": one.laddr.ip, "port": one.laddr.port}
            heard.append({**where, "process": one.pid, **_holder(one.pid)})
    return heard


def _holder(pid: int | None) -> dict[str, str]:
    if pid is None:
        return {"name": "", "command": ""}
    try:
        process = psutil.Process(pid)
        return {"name": process.name(), "command": " ".join(process.cmdline())[:300]}
    except psutil.Error:
        return {"name": "", "command": ""}


def _addresses() -> dict[str, list[str]]:
    """The IPv4 addresses by the network cards that have a link."""
    stats = psutil.net_if_stats()
    return {
        name: [one.address for one in addresses if one.family.name == "AF_INET"]
        for name, addresses in psutil.net_if_addrs().items()
        if name in stats and stats[name].isup
    }


def _processes() -> list[str]:
    """The names of all that runs, each once."""
    return sorted({str(one.info["name"] or "") for one in psutil.process_iter(["name"])})[:MOST]


def _busy() -> dict[str, Any]:
    return {"cores": os.cpu_count(), "load": [round(one, 2) for one in psutil.getloadavg()]}


_FACTS: dict[str, Callable[..., Any]] = {
    "system": lambda: sys.platform,
    "release": platform.platform,
    "disk": _disk,
    "running": _running,
    "memory": _memory,
    "heat": _heat,
    "battery": _battery,
    "ports": _ports,
    "addresses": _addresses,
    "processes": _processes,
    "busy": _busy,
    "home": lambda: str(Path.home()),
    "user": lambda: psutil.Process().username(),
}
_READ: dict[str, Callable[..., Any]] = {"file": _file, "files": _files, "variable": os.environ.get, "fact": _fact}
