"""Counting votes. Pure: names and numbers in, names and numbers out."""

from collections import Counter
from collections.abc import Iterable, Sequence


def tally(choices: Iterable[str], candidates: Sequence[str]) -> dict[str, int]:
    """Votes of each candidate, in the candidates' order; a choice that is no candidate is not counted."""
    counts = Counter(choices)
    return {candidate: counts[candidate] for candidate in candidates}
