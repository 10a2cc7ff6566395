"""Which network addresses are reached from this machine only."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is reached by this machine alone."""
    if host is None:
        return False
    host = host.partition("%")[0].lower()
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(netloc: str) -> str:
    """``Wall.local:8080`` -> ``wall.local``; an empty string where the text is no host."""
    try:
        return urlsplit(f"//{netloc}").hostname or ""
    except ValueError:
        return ""


def netloc_of(url: str) -> str:
    """``http://wall.local:8080/`` -> ``wall.local:8080``; an empty string where the text is no page address."""
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
