"""Counts in words. Standard library only."""


def counted(count: int, noun: str) -> str:
    """``1 piece``, ``2 pieces``; for nouns whose plural ends in s."""
    return f"{count} {noun}{'s' * (count != 1)}"
