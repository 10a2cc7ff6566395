"""Clocks: the machine's, and one that goes on only when it is told to."""

from datetime import UTC, datetime, timedelta

import pytest

from installation.core.clock import RealClock, SimulatedClock


def test_the_real_clock_never_goes_back_and_knows_its_offset() -> None:
    clock = RealClock()
    before = clock.now()
    assert clock.now() >= before
    assert clock.civil().utcoffset() is not None


def test_a_simulated_clock_goes_on_when_told() -> None:
    clock = SimulatedClock(datetime(2026, 12, 31, 23, 59, tzinfo=UTC))
    clock.advance(90.0)
    assert clock.now() == 90.0
    assert clock.civil() == datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=30)
    with pytest.raises(ValueError, match="time does not go back"):
        clock.advance(-1.0)
