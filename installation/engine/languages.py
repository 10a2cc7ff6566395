"""Which language the label shows: of three or more, each in turn for a while, with a slow fade between them."""

from collections.abc import Sequence

FADE = 1.2
"""Seconds that a label takes to go, and the next language's to come."""


def shown_language(languages: Sequence[str], now: float, period: float) -> tuple[str, float]:
    """The language at ``now`` (s), and how much of the label is seen (0..1): nothing when it changes.

    One or two languages stand on the label together and stay, as all do with a ``period`` of 0.
    """
    if len(languages) <= 2 or period <= 0.0:
        return languages[0], 1.0
    periods, since = divmod(max(now, 0.0), period)
    near = min(since if periods else period, period - since) / FADE
    return languages[int(periods) % len(languages)], _eased(min(near, 1.0))


def _eased(x: float) -> float:
    return x * x * (3.0 - 2.0 * x)
