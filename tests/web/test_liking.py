"""Like and pass: from the page's buttons to the app, and what visitors without a phone say, back on the page."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlencode

import pytest

from installation.web.liking import VOICES, Likings, voter_of
from tests.timeout import until
from tests.web_driver import Answer, Driver, Visitor


def test_one_opinion_for_each_visitor_which_can_be_changed_and_taken_back() -> None:
    likings = Likings(1)
    for side in (1, -1, 1):
        assert likings.say(b"a", side)
    assert (likings.of(b"a"), likings.of(b"b"), likings.of(None), likings.counts()) == (1, 0, 0, (1, 0))
    likings.known = {voter_of(b"a"): -1, "keyboard 0": -1}
    assert (likings.of(b"a"), likings.counts()) == (1, (1, 1))
    likings.say(b"a", 0)
    assert likings.counts() == (0, 1)
    likings.turn(2)
    assert likings.counts() == (0, 0)


def test_memory_is_bounded() -> None:
    likings = Likings(1)
    for visitor in range(VOICES):
        assert likings.say(visitor.to_bytes(16, "big")[::-1], 1)
    assert not likings.say(b"one more", 1)
    assert likings.say(bytes(16), -1)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with Driver(tmp_path_factory.mktemp("state")) as driver:
        yield driver


def like(visitor: Visitor, number: int, side: str, **headers: str) -> Answer:
    headers["Content_Type"] = "application/x-www-form-urlencoded"
    return visitor.ask("POST", "/like", urlencode({"round": number, "like": side}), **headers)


def heard(web: Driver, sides: list[int]) -> None:
    """Waits until the app was told just these."""
    while sorted(web.heard("opinions")["opinions"]["sides"].values()) != sides:
        continue


def test_a_visitor_likes_the_picture_changes_it_and_takes_it_back(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor, Visitor(web.port) as other:
        assert visitor.get().text.count('name="like"') == 2
        other.get()
        answer = like(visitor, number, "1")
        assert (answer.status, answer.headers["Location"]) == (303, "/#like")
        heard(web, [1])
        text = visitor.get().text
        assert "You like this picture." in text
        assert 'name="like" value="0" aria-pressed="true"' in text
        assert "You like this picture." not in other.get().text
        assert like(other, number, "-1").status == 303
        heard(web, [-1, 1])
        assert like(visitor, number, "-1").status == 303
        heard(web, [-1, -1])
        assert "not for you" in visitor.get().text
        assert like(visitor, number, "0").status == 303
        heard(web, [-1, 0])


def test_what_is_no_such_opinion_is_refused(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        assert like(visitor, number, "1").status == 403, "nobody we know"
        visitor.get()
        for side in ("2", "", "-2", "1e9", "١"):
            assert like(visitor, number, side).status == 409
        assert like(visitor, number + 1, "1").status == 409
        assert like(visitor, number, "1", Origin="http://elsewhere.example").status == 403


def test_who_is_hasty_is_asked_to_wait(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        statuses = [like(visitor, number, str(1 - 2 * (press % 2))).status for press in range(8)]
        assert statuses == [303] * 6 + [429] * 2


def test_without_the_room_code_nobody_likes(tmp_path: Path) -> None:
    with Driver(tmp_path, room_key="ab" * 32) as web, Visitor(web.port) as visitor:
        number = web.open_round()
        assert 'name="like" value="1" aria-pressed="false" disabled' in visitor.get().text
        assert like(visitor, number, "1").status == 403


def test_what_visitors_without_a_phone_say_is_on_the_page_and_in_the_ballot(web: Driver) -> None:
    number = web.open_round()
    web.send({"liked": {"round": web.round, "sides": {"keyboard 0": 1, "wire 0": -1, "osc 0": 1}, "likes": 41}})
    web.send({"ballots": {"round": web.round, "choices": {"keyboard 0": "company", "door 1": "company"}}})
    web.tally({"company": 2, "nobody": 0})
    with Visitor(web.port) as visitor:
        until(lambda: '<span>Like</span> <b class="count">2</b>' in visitor.get().text, "the likes")
        assert "“like” 41 ×" in visitor.get().text
        assert like(visitor, number, "1").status == 303
        assert '<span>Like</span> <b class="count">3</b>' in visitor.get().text
    web.send({"ballots": {"round": web.round, "choices": {"keyboard 0": "nobody", "door 1": "company"}}})
    web.tally({"company": 1, "nobody": 1})
    with closing(sqlite3.connect(web.state / "votes.sqlite3")) as db:
        assert db.execute("SELECT count(*) FROM votes").fetchone() == (2,), "one for each voter, told again or not"


def test_a_web_process_that_was_killed_shows_again_what_one_said(tmp_path: Path) -> None:
    with Driver(tmp_path) as web, Visitor(web.port) as visitor:
        number = web.open_round()
        visitor.get()
        like(visitor, number, "1")
        while not (told := web.heard("opinions")["opinions"])["sides"]:
            continue
        web.kill()
        web.hello["port"] = web.port
        web.start()
        web.playback(web.round)
        web.tally({"company": 0, "nobody": 0})
        web.send({"liked": {"round": web.round, "sides": told["sides"]}})
        with Visitor(web.port) as again:
            again.cookies = visitor.cookies
            until(lambda: "You like this picture." in again.get().text, "the opinion")
