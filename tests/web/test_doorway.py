"""The room code at the page's door: who scanned it votes, once a round, for the visit."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from installation.core import room_code
from installation.web import doorway
from tests.web_driver import Driver, Visitor

KEY = bytes(range(32))
VIA = {"Via": "1.1 wifi"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    with Driver(tmp_path_factory.mktemp("state"), room_key=KEY.hex()) as driver:
        yield driver


def scanned() -> str:
    return f"/?c={room_code.code(KEY, time.monotonic())}"


def test_who_did_not_scan_the_code_sees_all_and_has_no_vote(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        for path in ("/", "/?c=AAAAAAAA", "/?c=%C3%A9"):
            text = visitor.get(path).text
            assert "scan the code on the wall" in text
            assert text.count(" disabled>") == 4  # two candidates, like and pass
        refused = visitor.vote("company", number)
        assert refused.status == 403
        assert "scan the code on the wall" in refused.text
        assert visitor.cookies == {}
    assert web.stored() == {}


def test_the_code_lets_in_for_the_visit_and_through_every_round(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        assert " disabled>" not in visitor.get(scanned()).text
        assert visitor.vote("company", number).status == 303
        cookies = dict(visitor.cookies)
        assert " disabled>" not in visitor.get("/").text
        assert visitor.vote("nobody", web.open_round()).status == 303
        visit = f"visit{web.port}"
        assert visitor.cookies[visit] == cookies[visit]
        web.tally({"company": 0, "nobody": 1})


def test_who_discards_the_other_cookies_has_the_same_vote(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get(scanned())
        visit = dict(visitor.cookies)
        for choice in ("company", "nobody", "company"):
            visitor.cookies = dict(visit)
            assert visitor.vote(choice, number).status == 303
    assert web.stored() == {"company": 1}


def test_a_browser_that_refuses_cookies_is_told_so(web: Driver) -> None:
    number = web.open_round()
    with Visitor(web.port) as visitor:
        body = f"round={number}&choice=company"
        kind = "application/x-www-form-urlencoded"
        refused = visitor.ask("POST", scanned().replace("/", "/vote"), body, Content_Type=kind)
        assert refused.status == 403
        assert "did not send our cookie back" in refused.text
        assert visitor.vote("company", number).status == 303  # this one kept the cookie that came with it


def test_one_address_cannot_begin_visits_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Driver(tmp_path, room_key=KEY.hex()) as web:
        web.open_round()
        visits = set()
        for _ in range(int(doorway.ARRIVALS["burst"]) + 20):
            with Visitor(web.port) as visitor:
                visitor.get(scanned())
                visits |= set(visitor.cookies.values())
    assert doorway.ARRIVALS["burst"] <= len(visits) < doorway.ARRIVALS["burst"] + 20


def test_the_picture_of_the_wall_which_has_the_code_in_it_is_for_those_inside(web: Driver) -> None:
    with Visitor(web.port) as visitor:
        for path in ("/preview.jpg", "/preview.mjpeg"):
            assert visitor.get(path, **VIA).status == 403


def test_a_crowd_from_one_address_is_bounded(tmp_path: Path) -> None:
    with Driver(tmp_path, votes_per_address=3) as web:
        number = web.open_round()
        statuses = []
        for _ in range(5):
            with Visitor(web.port) as visitor:
                visitor.get(**VIA)
                statuses.append(visitor.vote("company", number, **VIA).status)
        assert statuses.count(303) in (3, 4)  # one more after twenty seconds, where the machine is as slow as that
        assert statuses[-1] == 429 or statuses.count(303) == 4
        with Visitor(web.port) as near:
            near.get()
            assert near.vote("company", number).status == 303
