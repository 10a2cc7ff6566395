"""The room code: a short text in the wall's QR code that changes every minute and proves that a visitor is in the room.

The show and the web process work it out each for itself, from a shared key and the monotonic clock, which Python
promises to be the same for all processes of a machine. Nothing has to be sent, and a dead clock battery does no harm.
"""

import hmac
from base64 import b32encode
from urllib.parse import urlencode

KEY_BYTES = 32

SECONDS = 60.0
"""Seconds after which the wall shows another code. The one before stays valid as long again."""

QUERY = "c"
"""The name of the code in the page's address."""

_BYTES = 5  # 40 bits: eight letters


def code(key: bytes, now: float) -> str:
    """Eight letters and digits, valid at ``now`` (seconds, monotonic)."""
    return _code(key, int(now // SECONDS))


def is_valid(key: bytes, text: str, now: float) -> bool:
    """Whether ``text`` is the present code, or the one before."""
    step = int(now // SECONDS)
    return text.isascii() and any(hmac.compare_digest(text, _code(key, recent)) for recent in (step, step - 1))


def address(url: str, key: bytes, now: float) -> str:
    """The page's address with the present code in it; ``url`` itself without a key, or where it is empty."""
    if not (key and url):
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode({QUERY: code(key, now)})}"


def _code(key: bytes, step: int) -> str:
    return b32encode(hmac.digest(key, b"room code" + step.to_bytes(8, "big", signed=True), "sha256")[:_BYTES]).decode()
