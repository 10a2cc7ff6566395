"""A running show under attack: spoiled packets and a flood by OSC, and its web page under siege (siege.py). For
comparison the same show in peace, and while the flood goes to another port, as an attacker on the same machine takes
processor time from it whatever it hears.

    python -m benchmarks.attack [--show shows/rehearsal.toml] [--packets 100000] [--rate 10000] [--seconds 60]

After each attack every control is asked of the show itself, over the values that it sends back to this program.
"""

import argparse
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks.first_light import machine
from benchmarks.siege import siege
from installation.core.osc_build import message
from installation.core.osc_packets import parse
from installation.showfile.load import load
from tests.core.test_osc_packets import KILLERS, spoiled

ROOT = Path(__file__).resolve().parent.parent
START = 25.0
"""Seconds until a show is up; the frames before do not count where it tells them apart."""


class Show:
    """A show in a process of its own, and what it says to port 9000."""

    def __init__(self, asked: argparse.Namespace, seconds: float, folder: Path) -> None:
        self.report = folder / "report.json"
        line = [sys.executable, "-m", "installation.program", str(asked.show), "--headless", "--size", asked.size]
        line += ["--always-open", "--fps", "30", "--state", str(folder / "state"), "--report", str(self.report)]
        self.run = subprocess.Popen([*line, "--seconds", str(START + seconds)], cwd=ROOT)
        self.here = ("127.0.0.1", asked.port)
        self.said: dict[str, Any] = {}
        self.mouth = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", 9000))
        self._ear.settimeout(0.2)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._hear)
        self._thread.start()

    def _hear(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                for one in parse(self._ear.recv(65536)):
                    self.said[one.address] = one.args[0] if len(one.args) == 1 else one.args

    def send(self, packet: bytes) -> None:
        self.mouth.sendto(packet, self.here)

    def until(self, true: Callable[[], bool], seconds: float) -> bool:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends and not true():
            self.send(message("/ping", 1))
            time.sleep(0.05)
        return true()

    def end(self) -> dict[str, Any]:
        status = self.run.wait()
        self._ended.set()
        self._thread.join()
        self._ear.close()
        told: dict[str, Any] = json.loads(self.report.read_text())
        return told["display"] | {"status": status, "osc": told.get("osc")}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--show", type=Path, default=ROOT / "shows" / "rehearsal.toml")
    options.add_argument("--packets", type=int, default=100_000, help="spoiled ones")
    options.add_argument("--rate", type=float, default=10_000.0, help="messages a second")
    options.add_argument("--seconds", type=float, default=60.0, help="of flood")
    options.add_argument("--size", default="640x360")
    options.add_argument("--port", type=int, default=8000, help="where the show hears OSC")
    options.add_argument("--web", type=int, default=8080, help="where its page is")
    options.add_argument("--only", default="peace,spoiled,aside,flood,web", help="some of them")
    asked = options.parse_args()
    print(f"\n{machine()}, {asked.size}\n\n| | load | frames | late | late, share | left with |\n" + "| --- " * 6 + "|")
    attacks = {"peace": peace, "spoiled": spoil, "aside": aside, "flood": flood, "web": web}
    for name, attack in ((name, attacks[name]) for name in asked.only.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            show = Show(asked, asked.seconds, Path(folder))
            show.until(lambda: "/show/heartbeat" in show.said, 2 * START)  # noqa: B023 it ends within the turn
            left = attack(show, asked)
            load1 = os.getloadavg()[0]
            told = show.end()
            share = told["late"] / max(1, told["frames"])
            print(f"| {name} | {load1:.1f} | {told['frames']} | {told['late']} | {share:.2%} | {left} |", flush=True)
    return 0


def peace(show: Show, asked: argparse.Namespace) -> str:
    time.sleep(asked.seconds)
    return "nothing to tell"


def spoil(show: Show, asked: argparse.Namespace) -> str:
    """Over the seconds of a flood: the killers of other servers among packets with any byte changed."""
    dice, killers = random.Random(7), list(KILLERS.values())
    began = time.monotonic()
    for number in range(asked.packets):
        show.send(killers[number % len(killers)] if number % 50 == 0 else spoiled(dice))
        wait = number / asked.packets * asked.seconds - (time.monotonic() - began)
        if wait > 0.01:
            time.sleep(wait)
    show.send(message("/stage/relief", 0.625))
    return "its value exact" if show.until(lambda: show.said.get("/stage/relief") == 0.625, 10.0) else "ITS VALUE WRONG"


def aside(show: Show, asked: argparse.Namespace) -> str:
    """The flood, to a socket that nobody reads; the show hears ten of each control's messages a second, as moved
    controls cost more drawing than those at rest."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sink:
        sink.bind(("127.0.0.1", 0))
        sent, _ = pour(show, asked, sink.getsockname())
        return f"nothing to tell after {sent:,} messages"


def flood(show: Show, asked: argparse.Namespace) -> str:
    """Every control of the show in turn, each message with another value; the last ones have to be exact."""
    sent, last = pour(show, asked)

    def wrong() -> list[str]:
        return [address for address, value in last.items() if abs(float(show.said.get(address, 1e9)) - value) > 1e-6]

    show.until(lambda: not wrong(), 15.0)
    return f"{len(last) - len(wrong())} of {len(last)} values exact after {sent:,} messages"


def web(show: Show, asked: argparse.Namespace) -> str:
    return siege(asked.web, asked.seconds)


def pour(show: Show, asked: argparse.Namespace, sink: tuple[str, int] | None = None) -> tuple[int, dict[str, float]]:
    """How many messages were sent, and the last value of each control. With ``sink`` the most of them go there."""
    controls = [one for one in load(asked.show).controls().values() if one.type == "float"]
    began, sent, last = time.monotonic(), 0, dict[str, float]()
    while (gone := time.monotonic() - began) < asked.seconds:
        while sent < gone * asked.rate:
            control = controls[sent % len(controls)]
            value = round(control.low + (control.high - control.low) * (sent * 7919 % 1024) / 1024, 9)
            heard = sink is None or sent // len(controls) % int(asked.rate / len(controls) / 10) == 0
            show.mouth.sendto(message(control.address, value), show.here if heard or sink is None else sink)
            last[control.address] = value
            sent += 1
        time.sleep(0.001)
    return sent, last


if __name__ == "__main__":
    sys.exit(main())
