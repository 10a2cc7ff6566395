"""Times as people write them."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.core.durations import EXPECTED, seconds, spoken
from installation.core.errors import Refused


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("4 min", 240.0),
        ("1 h 30 min", 5400.0),
        ("1h30min", 5400.0),
        ("30 min 1 h", 5400.0),
        ("0.5 s", 0.5),
        ("250 ms", 0.25),
        (" 40s ", 40.0),
        (3, 3.0),
        (2.5, 2.5),
        (0, 0.0),
    ],
)
def test_times(written: Any, expected: float) -> None:
    assert seconds(written) == expected


WRONG = ["", "4", "4 minutes", "4 m", "-1 s", "5 s 5 s", "1 s,", "s", "1,5 s", "9" * 400 + " h", "1e3 s", "٣ s x"]


@pytest.mark.parametrize("written", [*WRONG, True, None, -1, math.nan, math.inf, 10**400, [1]], ids=str)
def test_what_is_no_time(written: Any) -> None:
    with pytest.raises(Refused) as caught:
        seconds(written)
    assert caught.value.expected == EXPECTED


@pytest.mark.parametrize(
    ("time", "words"),
    [(0, "0 s"), (0.25, "250 ms"), (1, "1 s"), (90, "1 min 30 s"), (5400, "1 h 30 min"), (86400, "24 h")],
)
def test_spoken(time: float, words: str) -> None:
    assert spoken(time) == words


@given(st.integers(0, 10**7), st.sampled_from([1.0, 0.5, 0.001]))
def test_what_is_spoken_reads_back(count: int, unit: float) -> None:
    assert seconds(spoken(count * unit)) == pytest.approx(count * unit, rel=1e-4, abs=1e-3)
