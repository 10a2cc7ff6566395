"""Double presses, and what has to be armed. Time is an argument."""

from installation.core.commands import (
    ARM,
    BLACKOUT,
    CUE_GO,
    CUE_PANIC,
    HOLD,
    NEXT,
    PIECE,
    TASTE_RESET,
    VOTE_LEFT,
    Command,
)
from installation.operator.rules import ARMED, OPERATORS, RECENT, Rules


def sent(rules: Rules, address: str, when: float, value: float | None = 1.0, who: str = "osc 10.0.0.5") -> bool:
    return not rules.refusal(Command(address, value, when, who))


def test_a_double_press_counts_once() -> None:
    rules = Rules(guard=0.3)
    assert [sent(rules, NEXT, when) for when in (0.0, 0.1, 0.29, 0.31, 0.5, 0.62)] == [
        True,
        False,
        False,
        True,
        False,
        True,
    ]


def test_it_counts_once_whoever_pressed() -> None:
    rules = Rules(guard=0.3)
    assert sent(rules, CUE_GO, 0.0)
    assert not sent(rules, CUE_GO, 0.1, who="keyboard")
    assert sent(rules, NEXT, 0.1)


def test_two_visitors_at_two_devices_may_vote_at_once() -> None:
    rules = Rules(guard=0.3)
    assert sent(rules, VOTE_LEFT, 0.0)
    assert sent(rules, VOTE_LEFT, 0.1, who="osc 10.0.0.6")
    assert not sent(rules, VOTE_LEFT, 0.2, who="osc 10.0.0.6")
    assert not sent(rules, VOTE_LEFT, 0.25)
    assert sent(rules, VOTE_LEFT, 0.4)


def test_a_crowd_of_devices_fills_no_memory_and_hides_no_double_press() -> None:
    rules = Rules(guard=0.3)
    assert all(sent(rules, VOTE_LEFT, number / 10_000, who=f"osc {number}") for number in range(2 * RECENT))
    assert len(rules._counted) <= RECENT
    assert sent(rules, NEXT, 0.06)
    assert not sent(rules, NEXT, 0.1)
    assert all(sent(rules, VOTE_LEFT, 1.0 + number, who=f"osc {number}") for number in range(2 * RECENT))
    assert len(rules._counted) <= RECENT


def test_a_switch_goes_on_and_back_at_any_speed() -> None:
    rules = Rules(guard=0.3)
    assert all(sent(rules, HOLD, number / 100, float(number % 2)) for number in range(10))
    assert sent(rules, PIECE, 0.0, 1.0)
    assert sent(rules, PIECE, 0.1, 2.0)
    assert not sent(rules, PIECE, 0.2, 2.0)


def test_without_a_guard_every_press_counts() -> None:
    rules = Rules()
    assert all(sent(rules, NEXT, 0.0) for _ in range(5))


def test_what_is_dangerous_is_armed_first_and_by_the_same_operator() -> None:
    rules = Rules(arm=True)
    assert not sent(rules, BLACKOUT, 0.0)
    assert sent(rules, ARM, 1.0)
    assert rules.armed(1.0)
    assert not sent(rules, BLACKOUT, 1.5, who="osc 10.0.0.6")
    assert sent(rules, BLACKOUT, 2.0)
    assert not rules.armed(2.0)
    assert not sent(rules, CUE_PANIC, 2.1)  # it is armed for one command


def test_light_comes_back_without_arming() -> None:
    assert sent(Rules(arm=True), BLACKOUT, 0.0, 0.0)


def test_what_is_armed_too_long_ago_or_disarmed_is_not() -> None:
    rules = Rules(arm=True)
    sent(rules, ARM, 0.0)
    assert not sent(rules, CUE_PANIC, ARMED)
    sent(rules, ARM, 10.0)
    sent(rules, ARM, 10.1, 0.0)
    assert not sent(rules, CUE_PANIC, 10.2)


def test_why_it_does_not_count_is_said() -> None:
    rules = Rules(guard=0.3, arm=True)
    assert rules.refusal(Command(BLACKOUT, 1.0, 0.0, "keyboard")) == (
        "/stage/blackout is not armed: send /show/arm first, and this within 3 s"
    )
    rules.refusal(Command(NEXT, 1.0, 0.0, "keyboard"))
    again = rules.refusal(Command(NEXT, 1.0, 0.1, "keyboard"))
    assert again == "/show/next came again within 0.3 s: a double press counts once"


def test_forged_operators_are_forgotten() -> None:
    rules = Rules(arm=True)
    for number in range(10 * OPERATORS):
        sent(rules, ARM, 0.0, who=f"osc {number}")
    assert sent(rules, ARM, ARMED + 1.0)
    assert sent(rules, BLACKOUT, ARMED + 1.0)


def test_what_forgets_for_good_is_sent_twice_or_armed() -> None:
    rules = Rules(guard=0.3)
    assert not sent(rules, TASTE_RESET, 0.0)
    assert not sent(rules, TASTE_RESET, 1.0, who="keyboard")
    assert sent(rules, TASTE_RESET, 1.0)
    assert not sent(rules, TASTE_RESET, 2.0)
    assert not sent(rules, TASTE_RESET, 2.0 + ARMED)
    assert sent(rules, TASTE_RESET, 9.0, who="console 10.0.0.9")
    armed = Rules(guard=0.3, arm=True)
    assert not sent(armed, TASTE_RESET, 0.0)
    assert not sent(armed, TASTE_RESET, 0.5)
    assert sent(armed, ARM, 1.0)
    assert sent(armed, TASTE_RESET, 1.5)
