"""What visitors want of the picture that hangs, from the page's buttons to the app."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from installation.core.decision import Lean
from installation.web.leanings import LASTS, PRIOR, VOICES, Wished
from tests.web_driver import PIECES, Driver, Visitor

AGE = "/generator/direction/age"


def test_one_wish_for_each_visitor_which_can_be_changed_and_taken_back() -> None:
    wished = Wished(1)
    for side in (1, -1, 1):
        assert wished.wish(b"a", AGE, side, 0.0)
    assert wished.leans(0.0) == {AGE: Lean(1 / (1 + PRIOR), 1)}
    assert (wished.of(b"a", 0.0), wished.of(b"b", 0.0), wished.of(None, 0.0)) == ({AGE: 1}, {}, {})
    wished.wish(b"b", AGE, -1, 0.0)
    assert wished.leans(0.0) == {AGE: Lean(0.0, 2)}
    wished.wish(b"a", AGE, 0, 0.0)
    assert wished.leans(0.0) == {AGE: Lean(-1 / (1 + PRIOR), 1)}


def test_many_who_agree_pull_farther_and_never_past_the_end() -> None:
    wished = Wished(1)
    pulls = []
    for visitor in range(50):
        wished.wish(b"%d" % visitor, AGE, 1, 0.0)
        pulls.append(wished.leans(0.0)[AGE].lean)
    assert pulls == sorted(pulls)
    assert 0.9 < pulls[-1] < 1.0


def test_who_left_pulls_no_more_and_a_round_forgets_all() -> None:
    wished = Wished(1)
    wished.wish(b"a", AGE, 1, 0.0)
    assert wished.leans(LASTS - 0.1)
    assert not wished.leans(LASTS)
    assert not wished.of(b"a", LASTS)
    wished.turn(1)
    assert wished.leans(0.0)
    wished.turn(2)
    assert not wished.leans(0.0)


def test_memory_is_bounded() -> None:
    wished = Wished(1)
    for visitor in range(VOICES):
        assert wished.wish(b"%d" % visitor, AGE, 1, 0.0)
    assert not wished.wish(b"one more", AGE, 1, 0.0)
    assert wished.wish(b"0", AGE, -1, 0.0)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    pair = {"address": AGE, "less": {"en": "younger"}, "more": {"en": "older"}}
    pieces: list[dict[str, Any]] = [{**PIECES[0], "pairs": [pair]}, *PIECES[1:]]
    with Driver(tmp_path_factory.mktemp("state"), pieces=pieces) as driver:
        yield driver


def lean(visitor: Visitor, number: int, wish: str) -> int:
    kind = "application/x-www-form-urlencoded"
    return visitor.ask("POST", "/lean", urlencode({"round": number, "lean": wish}), Content_Type=kind).status


def test_a_visitor_pulls_at_the_picture_and_the_app_hears_it(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        text = visitor.get().text
        assert f'value="{AGE} 1" aria-pressed="false">older<' in text
        assert lean(visitor, number, f"{AGE} 1") == 303
        while not (told := web.heard("leanings")["leanings"])["leans"]:
            continue
        assert told == {"round": web.round, "leans": {AGE: pytest.approx(1 / 3)}, "visitors": {AGE: 1}}
        assert f'value="{AGE} 0" aria-pressed="true">older<' in visitor.get().text
        assert lean(visitor, number, f"{AGE} 0") == 303
        assert web.heard("leanings")["leanings"]["leans"] == {}


def test_what_is_no_such_wish_is_refused(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        assert lean(visitor, number, f"{AGE} 1") == 403
        for wish in (f"{AGE} 2", "/walk/speed 1", "", f"{AGE} 1e9"):
            assert lean(visitor, number, wish) == 409
        assert lean(visitor, number + 1, f"{AGE} 1") == 409
