"""Which requests are accepted, and how often. Kept in memory for seconds, never on disk."""

from collections import OrderedDict
from ipaddress import ip_address

from installation.core.addresses import host_of, netloc_of


class Buckets:
    """A token bucket for each key: ``burst`` at once, then ``rate`` a second. Keeps ``remember`` keys."""

    def __init__(self, rate: float, burst: float, remember: int = 16_384) -> None:
        self.rate, self.burst, self.remember = rate, burst, remember
        self._left: OrderedDict[bytes | str, tuple[float, float]] = OrderedDict()

    def allow(self, key: bytes | str, now: float) -> bool:
        """Whether one more is allowed at ``now`` (seconds, monotonic)."""
        left, when = self._left.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - when) * self.rate)
        allowed = left >= 1.0
        self._left[key] = (left - 1.0 if allowed else left, now)
        self._forget(now)
        return allowed

    def _forget(self, now: float) -> None:
        """Leaves out the oldest who may do all again, as if never seen, and who is beyond ``remember``."""
        while self._left:
            key, (left, when) = next(iter(self._left.items()))
            full = left + (now - when) * self.rate >= self.burst
            if not full and len(self._left) <= self.remember:
                return
            del self._left[key]


def known_host(netloc: str, url: str) -> bool:
    """Whether a request's Host is accepted: an address, a name of the local network, or the name in ``url``. This
    prevents DNS rebinding, where another site's public name resolves to this machine.
    """
    host = host_of(netloc)
    if not host:
        return False
    if "." not in host or host.endswith((".local", ".localhost", ".lan", ".home", ".internal", ".test")):
        return True
    try:
        ip_address(host)
    except ValueError:
        return host == host_of(netloc_of(url))
    return True
