"""What is told of trouble, and when, on a clock of ours."""

from itertools import pairwise

from installation.alerts.notices import MOST, Notices, Trouble, as_json

AFTER, EVERY = 30.0, 600.0
CAMERA = {"sensor door": Trouble("door: found no camera", "warning")}


def told(notices: Notices, at: float, found: dict[str, Trouble]) -> list[tuple[str, str, float]]:
    return [(one.event, one.what, one.lasted) for one in notices.take(at, 1e9 + at, found)]


def test_what_lasts_is_told_once_and_when_it_is_over() -> None:
    notices = Notices(AFTER, EVERY)
    assert told(notices, 0.0, CAMERA) == told(notices, 29.0, CAMERA) == []
    assert told(notices, 30.0, CAMERA) == [("trouble", "door: found no camera", 30.0)]
    assert told(notices, 5000.0, CAMERA) == []
    assert told(notices, 5001.0, {}) == told(notices, 5030.0, {}) == []
    assert told(notices, 5031.0, {}) == [("recovered", "door: found no camera", 5001.0)]
    assert told(notices, 9000.0, {}) == []


def test_what_is_gone_at_once_is_not_told() -> None:
    notices = Notices(AFTER, EVERY)
    assert not any(told(notices, float(at), CAMERA if at < 20 else {}) for at in range(100))


def test_what_comes_and_goes_is_one_trouble() -> None:
    notices = Notices(AFTER, EVERY)
    events = [event for at in range(300) for event, _, _ in told(notices, float(at), CAMERA if at % 10 < 5 else {})]
    assert events == ["trouble"]


def test_one_subject_is_told_at_most_once_in_its_time() -> None:
    """Trouble that comes back is told again when that time is over, if it is still there."""
    notices = Notices(AFTER, EVERY)
    events = []
    for at in range(3000):
        events += [(event, at) for event, _, _ in told(notices, float(at), CAMERA if at % 200 < 100 else {})]
    troubles = [at for event, at in events if event == "trouble"]
    assert all(later - earlier >= EVERY for earlier, later in pairwise(troubles))
    assert [event for event, _ in events] == ["trouble", "recovered"] * (len(events) // 2)
    assert len(troubles) == 5


def test_other_trouble_of_a_subject_is_told_later_and_not_lost() -> None:
    notices = Notices(AFTER, EVERY)
    other = {"sensor door": Trouble("door: ended with exit code 1", "warning")}
    told(notices, 0.0, CAMERA)
    assert [what for _, what, _ in told(notices, 40.0, CAMERA)] == ["door: found no camera"]
    assert told(notices, 50.0, other) == []
    assert [what for _, what, _ in told(notices, 640.0, other)] == ["door: ended with exit code 1"]


def test_a_count_that_goes_on_is_no_other_trouble() -> None:
    notices = Notices(AFTER, EVERY)
    events = [told(notices, at, {"p": Trouble(f"at one picture for {at:.0f} s", "error")}) for at in range(0, 4000, 10)]
    assert sum(map(len, events)) == 1


def test_several_subjects_are_told_apart_and_bounded() -> None:
    notices = Notices(0.0, EVERY)
    assert len(told(notices, 1.0, {str(at): Trouble("x", "error") for at in range(3 * MOST)})) == MOST


def test_a_webhook_gets_all_that_is_known() -> None:
    (notice,) = Notices(0.0, EVERY).take(0.0, 1e9, CAMERA)
    assert as_json(notice, "Show", "wall", "2001-09-09T01:46:40+00:00") == {
        "event": "trouble",
        "level": "warning",
        "subject": "sensor door",
        "what": "door: found no camera",
        "since": "2001-09-09T01:46:40+00:00",
        "lasted_s": 0.0,
        "show": "Show",
        "host": "wall",
        "text": "Show on wall: door: found no camera",
    }
