"""Counting votes. Pure: names and numbers in, names and numbers out."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence


def tally(choices: Iterable[str], candidates: Sequence[str]) -> dict[str, int]:
    """Votes of each candidate, in the candidates' order; a choice that is no candidate counts for nobody."""
    counts = Counter(choices)
    return {candidate: counts[candidate] for candidate in candidates}


def winner(votes: Mapping[str, int], order: Sequence[str]) -> str | None:
    """The candidate of ``order`` with most votes; of several with as many the first in ``order`` (give the one unseen
    the longest first). None when nobody voted."""
    best = max(order, key=lambda candidate: votes.get(candidate, 0), default=None)
    return best if best is not None and votes.get(best, 0) > 0 else None


def share(votes: Mapping[str, int]) -> float:
    """The leader's share of all votes, 0..1; 0 when nobody voted."""
    total = sum(votes.values())
    return max(votes.values()) / total if total else 0.0
