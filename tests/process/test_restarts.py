"""When a show that dies is started again: waits, safe mode, the hourly trial. No process, no real time."""

import pytest

from installation.process.restarts import Restarts, Rules


@pytest.fixture
def restarts() -> Restarts:
    return Restarts(Rules())


def test_the_first_restart_comes_at_once_and_the_next_ones_later_and_later() -> None:
    restarts = Restarts(Rules(most=99))
    waits = [restarts.died(10.0 * number, 1.0) for number in range(9)]
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_safe_mode_is_there_at_once_and_waits_longer_and_longer_where_it_dies_too(restarts: Restarts) -> None:
    waits = [restarts.died(float(now), 1.0) for now in range(9)]
    assert waits == [0.0, 1.0, 2.0, 4.0, 0.0, 1.0, 2.0, 4.0, 8.0]


def test_a_healthy_life_begins_the_row_anew(restarts: Restarts) -> None:
    assert [restarts.died(1.0, 1.0), restarts.died(3.0, 1.0), restarts.died(99.0, 90.0)] == [0.0, 1.0, 0.0]


def test_five_in_ten_minutes_are_safe_mode(restarts: Restarts) -> None:
    for now in (0.0, 100.0, 200.0, 300.0):
        restarts.died(now, 90.0)
    assert not restarts.safe
    restarts.died(599.0, 90.0)
    assert restarts.safe
    assert restarts.became_safe()
    assert not restarts.became_safe(), "told once"


def test_one_every_three_minutes_is_none(restarts: Restarts) -> None:
    for number in range(100):
        restarts.died(180.0 * number, 179.0)
    assert not restarts.safe
    assert restarts.count == 100


def test_all_is_tried_again_every_hour(restarts: Restarts) -> None:
    for now in range(5):
        restarts.died(float(now), 1.0)
    assert not restarts.due(3603.0)
    assert restarts.due(3604.0)
    restarts.retry(3604.0)
    assert not restarts.safe
    restarts.died(3610.0, 6.0)
    assert restarts.safe, "one death on trial is enough"
    assert restarts.became_safe()
    assert not restarts.due(7000.0)
    assert restarts.due(7210.0)


def test_a_display_that_is_gone_is_waited_for_without_safe_mode(restarts: Restarts) -> None:
    waits = [restarts.died(float(now), 1.0, ours=False) for now in range(20)]
    assert waits[-1] == Rules().longest_elsewhere
    assert not restarts.safe


def test_a_trial_that_lasts_ten_minutes_is_passed(restarts: Restarts) -> None:
    for now in range(5):
        restarts.died(float(now), 1.0)
    restarts.retry(3604.0)
    restarts.died(4300.0, 696.0)
    assert not restarts.safe


def test_a_death_in_safe_mode_leaves_the_hour_as_it_was(restarts: Restarts) -> None:
    for now in range(5):
        restarts.died(float(now), 1.0)
    restarts.died(3000.0, 2990.0)
    assert restarts.safe
    assert restarts.due(3604.0)
