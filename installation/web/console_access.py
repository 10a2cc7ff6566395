"""Who may use the operators' console: from where, under which name, with which PIN; and the sessions of those who may.

A session is a cookie that says until when it counts, signed with a key made of the show's secret and the PIN: it is
kept nowhere, outlives a restart of this process, and ends with another PIN.
"""

import hmac
import secrets
import socket
import time
from collections.abc import Callable
from ipaddress import ip_address

from aiohttp import web

from installation.core.addresses import host_of, is_loopback, netloc_of
from installation.web.limits import Buckets
from installation.web.messages import Entrance

SESSION = 12 * 3600
"""Seconds that a session lasts."""

GUESSES, AGAIN = 5, 30.0
"""Wrong PINs that one address may try at once, and the seconds after which it may try another."""

STRANGERS, STRANGER_RATE = 30, 0.1
"""The same for all addresses but this machine's together: at once, and then so many a second. At that rate eight digits
last for thirty years."""

LONGEST = 64
"""Characters of a PIN at most."""

FORWARDED = {"X-Forwarded-For", "Forwarded", "Via"}


class Access:
    """Of one console, in the web process at ``port``; ``url`` is the page's address as the show file has it. ``clock``
    is the civil one (s since 1970)."""

    def __init__(self, entrance: Entrance, port: int, url: str, clock: Callable[[], float] = time.time) -> None:
        self.network, self.clock = entrance.network, clock
        self.cookie = f"console{port}"
        self._pin = _digest(entrance.pin)
        self._key = hmac.digest(bytes.fromhex(entrance.key), b"session " + self._pin, "sha256")
        self._names = {name for name in (host_of(netloc_of(url)), *_machine()) if name}
        self._guesses = Buckets(1.0 / AGAIN, GUESSES, remember=4096)
        self._strangers = Buckets(STRANGER_RATE, STRANGERS, remember=1)

    def refusal(self, request: web.Request) -> str:
        """Why this request may not even see the door, in words; empty where it may."""
        near = is_loopback(request.remote) and not FORWARDED & {*request.headers}
        if not near and not self.network:
            return "The console is open to this machine alone. The show file opens it: [operator] console = network."
        if not self._is_known(host_of(request.host)):
            return "The console is not known by that name. Open it by the machine's address."
        return ""

    def _is_known(self, host: str) -> bool:
        """Whether a page of another site cannot have that name lead here (DNS rebinding): loopback, an address, or a
        name of this machine's."""
        if is_loopback(host) or (self.network and host in self._names):
            return True
        try:
            ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return self.network

    @staticmethod
    def is_own(request: web.Request) -> bool:
        """Whether the browser says that this comes from our own page. Without that word it does not count."""
        same = request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return same and netloc_of(request.headers.get("Origin", "")) == request.host != ""

    def may_guess(self, address: str, now: float) -> bool:
        """Whether a PIN from that address is looked at, at ``now`` (s, monotonic). Those that fit count, too."""
        near = is_loopback(address)
        return self._guesses.allow(address, now) and (near or self._strangers.allow("", now))

    def fits(self, pin: str) -> bool:
        """Whether that is the PIN; takes as long for any."""
        return hmac.compare_digest(_digest(pin[:LONGEST]), self._pin)

    def session(self) -> str:
        """A new session's cookie."""
        told = f"{int(self.clock()) + SESSION}.{secrets.token_hex(8)}"
        return f"{told}.{self._sign(told)}"

    def ends(self, cookie: str) -> float:
        """Until when a cookie's session counts (s since 1970); 0 for what is no session of ours, or is over."""
        told, _, mac = cookie[:128].rpartition(".")
        if not cookie.isascii() or not hmac.compare_digest(mac, self._sign(told)):
            return 0.0
        ends = float(told.partition(".")[0])
        return ends if ends > self.clock() else 0.0

    def _sign(self, told: str) -> str:
        return hmac.digest(self._key, told.encode(), "sha256").hex()


def _digest(pin: str) -> bytes:
    """Of a PIN, without the spaces that people write into it."""
    return hmac.digest(b"console pin", "".join(pin.split()).encode(errors="replace"), "sha256")


def _machine() -> tuple[str, str]:
    name = socket.gethostname().lower()
    return name, f"{name.partition('.')[0]}.local"
