"""A visitor's token: a random number signed with the round's key. It permits voting and does not identify the
visitor."""

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64

KEY_BYTES = 32
NONCE_BYTES = 16
_MAC_BYTES = 16
_TEXT_LENGTH = 43  # 32 bytes in base64 without padding


def new_key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def mint(key: bytes, ending: bytes = b"") -> str:
    """A fresh token as cookie text, invalid without ``key``. Its number is random but for the ``ending``."""
    nonce = secrets.token_bytes(NONCE_BYTES - len(ending)) + ending
    return urlsafe_b64encode(nonce + _sign(key, nonce)).decode().rstrip("=")


def read(key: bytes, text: str) -> bytes | None:
    """The random number (NONCE_BYTES) in a token that this key signed, or None for anything else."""
    if len(text) != _TEXT_LENGTH or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=")
    except NotBase64:
        return None
    nonce, mac = raw[:NONCE_BYTES], raw[NONCE_BYTES:]
    return nonce if hmac.compare_digest(mac, _sign(key, nonce)) else None


def of_visit(key: bytes, visit: bytes) -> bytes:
    """The one random number (NONCE_BYTES) that a visit has in the round of that key."""
    return hmac.digest(key, b"visit" + visit, "sha256")[:NONCE_BYTES]


def _sign(key: bytes, nonce: bytes) -> bytes:
    return hmac.digest(key, nonce, "sha256")[:_MAC_BYTES]
