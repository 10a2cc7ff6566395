"""Counts in words."""

import pytest

from installation.core.counts import counted


@pytest.mark.parametrize(("count", "told"), [(0, "0 blocked places"), (1, "1 blocked place"), (2, "2 blocked places")])
def test_one_is_no_plural(count: int, told: str) -> None:
    assert counted(count, "blocked place") == told
