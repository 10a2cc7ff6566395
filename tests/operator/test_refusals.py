"""Who is told why a message does not count, second by second."""

from installation.core.osc_backlog import Endpoint
from installation.core.osc_packets import parse
from installation.operator.feedback import Feedback
from installation.operator.refusals import ALL, EACH, SAME, Refusals

TABLET, PHONE = Endpoint("10.0.0.5", 51000), Endpoint("10.0.0.6", 51000)


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def refusing(clock: Time) -> tuple[Refusals, Feedback]:
    feedback = Feedback({}, [], 0)
    return Refusals(feedback, clock), feedback


def heard(feedback: Feedback) -> list[tuple[Endpoint, object]]:
    return [(receiver, parse(packet)[0].args[0]) for receiver, packet in feedback.packets({}, 0.0)]


def test_two_that_make_the_same_mistake_are_both_told() -> None:
    refusals, feedback = refusing(Time())
    for sender in (TABLET, PHONE, TABLET._replace(port=51001), TABLET._replace(tcp=True)):
        refusals.tell(sender, "no /walk/sped")
        assert heard(feedback) == [(sender, "no /walk/sped")]


def test_one_that_errs_twice_is_told_twice_and_of_the_same_once_a_second() -> None:
    clock = Time()
    refusals, feedback = refusing(clock)
    for text in ("no /walk/sped", "no /stage/lable", "no /walk/sped"):
        refusals.tell(TABLET, text)
    assert heard(feedback) == [(TABLET, "no /walk/sped"), (TABLET, "no /stage/lable")]
    clock.now += SAME - 0.01
    refusals.tell(TABLET, "no /walk/sped")
    assert heard(feedback) == []
    clock.now += 0.02
    refusals.tell(TABLET, "no /walk/sped")
    assert heard(feedback) == [(TABLET, "no /walk/sped")]


def test_a_flood_of_mistakes_is_told_in_part_and_then_how_many_more() -> None:
    clock = Time()
    refusals, feedback = refusing(clock)
    for number in range(EACH + 100):
        refusals.tell(TABLET, f"no /{number}")
    refusals.rest()
    assert [text for _, text in heard(feedback)] == [f"no /{number}" for number in range(EACH)]
    clock.now += SAME
    refusals.rest()
    refusals.rest()
    assert heard(feedback) == [(TABLET, "100 more messages do not count")]


def test_forged_senders_have_few_words_found() -> None:
    refusals, _ = refusing(Time())
    due = [refusals.due(Endpoint(f"10.1.{number // 250}.{number % 250}", 5000), "no /x") for number in range(1000)]
    assert sum(map(len, due)) == ALL
