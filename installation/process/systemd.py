"""Reports a service's state to systemd: the protocol of sd_notify(3), a datagram to the socket that NOTIFY_SOCKET
names."""

import os
import socket
from collections.abc import Mapping
from contextlib import suppress


class Notifier:
    """Does nothing where the program is no service. ``environment`` names the socket and the watchdog's interval."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "").replace("@", "\0", 1)
        self._interval = _interval(environment) / 2.0
        self._due = 0.0
        self._said = ""

    @property
    def is_service(self) -> bool:
        """Whether a service manager started the program."""
        return bool(self._address)

    def say(self, *words: str) -> None:
        """Sends a state such as ``READY=1``. Never waits for the service manager."""
        if not self._address:
            return
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
            out.setblocking(False)
            out.sendto("\n".join(words).encode(), self._address)

    def status(self, text: str) -> None:
        """One line for ``systemctl status``, sent when it has changed."""
        if text != self._said:
            self._said = text
            self.say(f"STATUS={text}")

    def tick(self, now: float) -> None:
        """Notifies the watchdog twice in its interval; to be called more often than that."""
        if self._interval and now >= self._due:
            self._due = now + self._interval
            self.say("WATCHDOG=1")


def _interval(environment: Mapping[str, str]) -> float:
    """Seconds after which the service manager considers a silent service failed; 0 where it does not watch this one."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    mine = environment.get("WATCHDOG_PID", str(os.getpid())) == str(os.getpid())
    return int(microseconds) / 1e6 if mine and microseconds.isascii() and microseconds.isdigit() else 0.0
