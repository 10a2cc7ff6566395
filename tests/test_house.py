"""The house as the app and a network meet it: a real process, real sockets, a real kill."""

import re
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import pytest
from PIL import Image

from installation.house import tokens
from installation.house.box import FILE, RESUME, Answer, Box, Vote
from installation.house.house import Health
from installation.house.limits import Buckets, known_host
from installation.house.live import PHONES, Hub
from installation.house.page import Scene, page, parts
from installation.house.preview import VIEWERS
from installation.house.programme import Cue, Hello
from installation.house.words import languages, tongue
from tests.house_driver import PIECES, Driver, Visitor


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One house for all tests that do not end it; each votes in a round of its own."""
    with Driver(tmp_path_factory.mktemp("state")) as driver:
        yield driver


@contextmanager
def streaming(house: Driver, path: str) -> Iterator[BinaryIO]:
    """A connection that reads a stream, past its headers."""
    with socket.create_connection(("127.0.0.1", house.port), timeout=10) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        with connection.makefile("rb") as stream:
            while stream.readline().strip():
                pass
            yield stream


def read_until(stream: BinaryIO, wanted: bytes) -> None:
    for line in stream:
        if wanted in line:
            return
    pytest.fail(f"the stream ended without {wanted!r}")


# ---------------------------------------------------------------- voting


def test_one_vote_for_each_visitor_and_it_can_be_changed(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as first, Visitor(house.port) as second:
        first.get()
        second.get()
        answer = first.vote("company", ballot)
        assert (answer.status, answer.headers["Location"]) == (303, "/#vote")
        assert second.vote("company", ballot).status == 303
        house.tally({"company": 2, "nobody": 0})
        assert first.vote("nobody", ballot).status == 303
        house.tally({"company": 1, "nobody": 1})
        assert first.vote("nobody", ballot).status == 303
        assert 'value="nobody" aria-pressed="true"' in first.get().text
        assert 'value="company" aria-pressed="true"' in second.get().text
        assert house.stored() == {"company": 1, "nobody": 1}


def test_the_app_knows_a_vote_within_a_second(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        began = time.monotonic()
        visitor.vote("company", ballot)
        house.tally({"company": 1, "nobody": 0})
        assert time.monotonic() - began < 1.0


def test_a_vote_for_a_closed_round_gets_the_new_one_and_is_not_counted(house: Driver) -> None:
    old = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        house.turn()
        answer = visitor.vote("company", old)
        assert answer.status == 409
        assert "That vote has closed. This is what you can vote on now." in answer.text
        assert 'name="choice" value="company"' in answer.text
        assert house.stored() == {}


def test_a_vote_while_no_round_is_open_is_told_so(house: Driver) -> None:
    old = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        visitor.vote("nobody", old)
        house.cue(house.round, coming="nobody", candidates=[])
        house.tally({"company": 0, "nobody": 1})  # the result of the round that has ended
        answer = visitor.vote("company", old)
        assert answer.status == 409
        assert "The wall is changing" in answer.text
        assert "Coming up: Nobody &lt;in&gt; particular" in re.sub("</?span[^>]*>", "", answer.text)


def test_a_piece_that_is_no_candidate_is_refused(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        answer = visitor.vote("sitters", ballot)
        assert answer.status == 409
        assert "That piece is not in this vote." in answer.text


def test_a_vote_without_cookie_gets_one_and_is_asked_again(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        answer = visitor.vote("company", ballot)
        assert answer.status == 403
        assert "your browser did not send our cookie back" in answer.text
        assert visitor.vote("company", ballot).status == 303


def test_a_forged_or_old_cookie_is_none(house: Driver) -> None:
    house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        ballot = house.turn()
        assert visitor.vote("company", ballot).status == 403
        visitor.cookies = {name: tokens.mint(tokens.new_key()) for name in visitor.cookies}
        assert visitor.vote("company", ballot).status == 403
        visitor.cookies = dict.fromkeys(visitor.cookies, "x" * 43)
        assert visitor.vote("company", ballot).status == 403


def test_the_cookie_is_strict_and_says_nothing_about_the_visitor(house: Driver) -> None:
    house.turn()
    with Visitor(house.port) as visitor:
        cookie = visitor.get().headers["Set-Cookie"]
        assert f"vote{house.port}=" in cookie
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert visitor.get().headers["Set-Cookie"] is None
    with Visitor(house.port) as stranger:
        assert stranger.get(Sec_Fetch_Site="cross-site").headers["Set-Cookie"] is None


def test_a_vote_from_another_page_is_refused(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
            answer = visitor.vote("company", ballot, **headers)
            assert answer.status == 403
            assert "That vote came from another page." in answer.text
        assert visitor.vote("company", ballot, Origin=f"http://127.0.0.1:{house.port}").status == 303


def test_one_visitor_cannot_vote_all_the_time(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get()
        answers = [visitor.vote(("company", "nobody")[turn % 2], ballot) for turn in range(8)]
        assert [answer.status for answer in answers[:6]] == [303] * 6
        assert answers[7].status == 429
        assert "Please wait a few seconds" in answers[7].text


def test_the_script_gets_the_parts_instead_of_a_page(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        fresh = visitor.get("/parts?lang=nl").json
        assert set(fresh["parts"]) == {"now", "ask", "status", "ballot"}
        assert "Wat moet hierna hangen?" in fresh["parts"]["ask"]
        voted = visitor.vote("company", ballot, Accept="application/json")
        assert (voted.status, voted.json["version"]) == (200, fresh["version"])
        assert "Your vote: The company" in voted.json["parts"]["status"]
        assert visitor.vote("company", 10**6, Accept="application/json").status == 409


def test_nothing_about_a_visitor_is_stored_and_the_end_of_a_round_forgets_the_tokens(house: Driver) -> None:
    ballot = house.turn()
    with Visitor(house.port) as visitor:
        visitor.get(User_Agent="a very special telephone")
        visitor.vote("company", ballot, User_Agent="a very special telephone")
        token = visitor.cookies[f"vote{house.port}"]
    with closing(sqlite3.connect(house.state / FILE)) as db:
        key, nonce = db.execute("SELECT key, token FROM rounds JOIN votes ON round = id").fetchone()
        assert tokens.read(key, token) == nonce
    house.turn()
    kept = b"".join(path.read_bytes() for path in house.state.iterdir())
    assert b"127.0.0.1" not in kept
    assert b"telephone" not in kept
    with closing(sqlite3.connect(house.state / FILE)) as db:
        assert db.execute("SELECT count(*) FROM votes").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM rounds WHERE key IS NOT NULL").fetchone() == (1,)
        assert db.execute("SELECT choice, votes FROM results WHERE round = ?", (ballot,)).fetchall() == [("company", 1)]


# ---------------------------------------------------------------- what is refused at the door


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /vote HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"GET /../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /static/..%2f..%2fserver.py HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /poster/sitters?width=99999 HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET / HTTP/1.1\r\nHost: rebound.example.com\r\n\r\n", 421),
        (b"GET /" + b"a" * 3000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\nCookie: " + b"a" * 9000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 200 + b"\r\n", 400),
        (b"POST /vote HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 1\r\n\r\nx", 415),
        (b"POST /vote HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
         b"Content-Length: 4000\r\n\r\n" + b"round=1&" * 500, 413),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)  # fmt: skip
def test_odd_requests_get_a_plain_no(house: Driver, request_line: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", house.port), timeout=5) as connection:
        connection.sendall(request_line)
        answer = connection.recv(65_536)
    assert answer.startswith(f"HTTP/1.{answer[7:8].decode()} {status} ".encode())
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "body", [b"", b"&&&===", b"round=x&choice=", b"\xff\xfe", b"round=" + b"9" * 400, b"choice=company&" * 30]
)
def test_a_form_that_is_none_is_answered_like_a_late_vote(house: Driver, body: bytes) -> None:
    house.turn()
    with Visitor(house.port) as visitor:
        answer = visitor.ask("POST", "/vote", body, Content_Type="application/x-www-form-urlencoded")
        assert answer.status == 409


def test_every_answer_is_closed_to_the_outside(house: Driver) -> None:
    with Visitor(house.port) as visitor:
        for path in ("/", "/nothing", "/preview", "/healthz"):
            headers = visitor.get(path).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Server"] is None


def test_the_streams_are_bounded(house: Driver) -> None:
    with ExitStack() as stack:
        for _ in range(VIEWERS):
            stack.enter_context(streaming(house, "/preview.mjpeg"))
        with Visitor(house.port) as visitor:
            answer = visitor.get("/preview.mjpeg")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
    hub = Hub()
    with ExitStack() as stack:
        for _ in range(PHONES):
            stack.enter_context(hub.connected())
        assert hub.full
    assert not hub.full


@pytest.mark.parametrize(
    ("host", "known"),
    [("192.168.1.7:8080", True), ("[::1]:8080", True), ("wall.local", True), ("localhost", True), ("gallery", True),
     ("vote.museum.example", True), ("evil.example", False), ("", False), ("[", False)],
)  # fmt: skip
def test_which_names_are_ours(host: str, known: bool) -> None:
    assert known_host(host, "https://vote.museum.example/") is known


def test_a_bucket_fills_again_and_forgets_the_oldest() -> None:
    buckets = Buckets(rate=1.0, burst=2, remember=2)
    assert [buckets.allow("a", 0.0) for _ in range(3)] == [True, True, False]
    assert buckets.allow("a", 1.0)
    assert buckets.allow("b", 1.0)
    assert buckets.allow("c", 1.0)
    assert [buckets.allow("a", 1.0) for _ in range(3)] == [True, True, False]


# ---------------------------------------------------------------- live


def test_phones_hear_the_tally_and_the_next_round(house: Driver) -> None:
    ballot = house.turn()
    with streaming(house, "/live") as stream, Visitor(house.port) as visitor:
        visitor.get()
        read_until(stream, b"event: version")
        visitor.vote("nobody", ballot)
        read_until(stream, b'data: {"company": 0, "nobody": 1}')
        house.turn("sitters", piece="nobody")
        read_until(stream, b"event: version")
        read_until(stream, b'data: {"sitters": 0}')


def jpeg(shade: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (16, 9), (shade, 0, 0)).save(out, "JPEG")
    return out.getvalue()


def test_a_viewer_has_the_newest_picture_at_once_and_the_app_knows_who_watches(house: Driver) -> None:
    house.send(jpeg(10))
    house.send(jpeg(20))
    with streaming(house, "/preview.mjpeg") as stream:
        while house.heard("watching")["watching"] != 1:
            pass
        read_until(stream, b"--frame")
        read_until(stream, b"Content-Type: image/jpeg")
        read_until(stream, jpeg(20)[:4])
        house.send(jpeg(30))
        read_until(stream, b"--frame")
        read_until(stream, b"--frame")
    while house.heard("watching")["watching"] != 0:
        pass


def test_a_still_is_the_picture_of_now(house: Driver) -> None:
    house.send(jpeg(40))
    time.sleep(0.05)
    with Visitor(house.port) as visitor:
        answer = visitor.get("/preview.jpg")
        assert (answer.body, answer.headers["Content-Type"]) == (jpeg(40), "image/jpeg")
        assert b"/preview.mjpeg" in visitor.get("/preview").body


def test_the_live_picture_is_on_the_page_for_this_machine_and_not_for_phones(house: Driver) -> None:
    with Visitor(house.port) as visitor:
        assert "/preview.mjpeg" in visitor.get("/").text
        assert "/preview.mjpeg" not in visitor.get("/", X_Forwarded_For="10.0.0.9").text
        assert "/preview.mjpeg" in visitor.get("/?live", X_Forwarded_For="10.0.0.9").text


# ---------------------------------------------------------------- health


def test_health_is_good_while_the_show_says_so_and_moves(house: Driver) -> None:
    house.send({"health": {"frames": 1}})
    with Visitor(house.port) as visitor:
        deadline = time.monotonic() + 5
        while (answer := visitor.get("/healthz")).status != 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (answer.status, answer.json["ok"], answer.json["reasons"]) == (200, True, [])
        house.send({"health": {"frames": 2, "running": False, "reasons": ["the generator is broken"]}})
        while (answer := visitor.get("/healthz")).status == 200 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert (answer.status, answer.json["ok"]) == (503, False)
        assert answer.json["reasons"] == ["the generator is broken", "the show is not running"]


def test_health_says_why_it_is_not_good() -> None:
    health = Health()
    assert health.reasons(0.0) == ["the show has not said anything yet"]
    health.heard({"frames": 7}, 0.0)
    assert health.reasons(2.9) == []
    health.heard({"frames": 7}, 3.0)
    assert health.reasons(4.0) == ["the picture has stood still for 4 s"]
    health.heard({"frames": 8}, 4.0)
    assert health.reasons(4.5) == []
    assert health.reasons(9.0) == ["the show has been silent for 5 s"]


# ---------------------------------------------------------------- the process


def test_votes_that_were_acknowledged_survive_a_kill(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    driver.start()
    ballot = driver.turn()
    acknowledged = []
    with ExitStack() as stack:
        visitors = [stack.enter_context(Visitor(driver.port)) for _ in range(300)]
        for visitor in visitors:
            visitor.get()
        killer = threading.Timer(0.05, driver.process.kill)
        killer.start()
        for visitor in visitors:
            try:
                answer = visitor.vote("company", ballot)
            except (OSError, HTTPException):
                break  # in the middle of this one
            assert answer.status == 303
            acknowledged.append(visitor)
        killer.join()
    driver.stop()
    assert 0 < len(acknowledged) < len(visitors)
    driver.start()
    driver.cue(driver.round)
    tally = driver.heard("tally")["tally"]
    assert tally["round"] == driver.round
    assert len(acknowledged) <= tally["votes"]["company"] <= len(acknowledged) + 1  # one may lack only its answer
    with Visitor(driver.port) as visitor:
        visitor.cookies = {f"vote{driver.port}": value for value in acknowledged[0].cookies.values()}
        assert 'value="company" aria-pressed="true"' in visitor.get().text
    assert driver.stop() == 0


def test_it_opens_in_half_a_second_and_closes_in_one_with_visitors_inside(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    times = []
    for _ in range(3):
        began = time.monotonic()
        ready = driver.start()
        times.append(time.monotonic() - began)
        assert ready == {"ready": {"port": driver.port, "url": f"http://127.0.0.1:{driver.port}/"}}
        with streaming(driver, "/live"), streaming(driver, "/preview.mjpeg"):
            began = time.monotonic()
            assert driver.stop() == 0
            assert time.monotonic() - began < 1.0
    assert min(times) < 0.5


def test_it_does_not_wait_for_an_app_that_does_not_read(tmp_path: Path) -> None:
    with Driver(tmp_path) as driver, Visitor(driver.port) as visitor:
        driver.turn()
        driver.hearing.clear()
        for turn in range(3000):
            driver.cue(driver.round, hold=bool(turn % 2))
        assert visitor.get().status == 200
        driver.hearing.set()


def test_a_port_in_use_is_one_clear_message_and_exit_code_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        driver = Driver(tmp_path, port=port)
        assert driver.start()["error"] == (
            f"port {port} is in use by another program on 127.0.0.1; end that program, or give the show another port: "
            f"[house] port = {port + 1}"
        )
        assert driver.process.wait(5) == 3
        driver.stop()


@pytest.mark.parametrize(
    ("hello", "message"),
    [
        ({"bind": "192.0.2.1"}, 'bind = "192.0.2.1" is not an address of this machine; use "127.0.0.1" or "0.0.0.0"'),
        ({"bind": "no such host"}, 'bind = "no such host" is no address of this machine'),
        ({"port": 70_000}, "port 70000 on 127.0.0.1 cannot be opened"),
    ],
)
def test_a_house_that_cannot_open_says_why(tmp_path: Path, hello: dict[str, str], message: str) -> None:
    driver = Driver(tmp_path, **hello)
    assert driver.start()["error"].startswith(message)
    assert driver.process.wait(5) == 3
    driver.stop()


def test_a_house_that_cannot_keep_votes_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    driver = Driver(tmp_path / "file" / "state")
    path = tmp_path / "file" / "state" / FILE
    assert driver.start()["error"].startswith(f"votes cannot be kept in {path} (")
    assert driver.process.wait(5) == 3
    driver.stop()


def test_it_leaves_when_told_nothing_at_all(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    driver.start()
    driver.process.send_signal(signal.SIGINT)  # Ctrl-C in the terminal is the app's to answer
    time.sleep(0.1)
    assert driver.process.poll() is None
    driver.process.terminate()
    assert driver.process.wait(5) == 0
    driver.stop()


# ---------------------------------------------------------------- the ballot box


def cast(box: Box, token: int, choice: str) -> Answer:
    assert box.round is not None
    with box.all_or_nothing():
        return box.cast([Vote(box.round.id, bytes([token]) * 16, choice)], 0.0)[0]


def turn(box: Box, number: int, *candidates: str, now: float = 0.0) -> None:
    with box.all_or_nothing():
        box.turn(number, candidates, now)


def test_a_round_goes_on_after_a_short_break_only(tmp_path: Path) -> None:
    for pause, goes_on in ((RESUME - 1, True), (RESUME + 1, False)):
        path = tmp_path / f"{pause}.sqlite3"
        box = Box(path)
        turn(box, 7, "a", "b")
        cast(box, 1, "a")
        box.close(100.0)
        box = Box(path)
        turn(box, 7, "b", "a", now=100.0 + pause)
        assert box.choices() == ({b"\1" * 16: "a"} if goes_on else {})
        box.close(0.0)


def test_another_number_or_other_pieces_are_another_round(tmp_path: Path) -> None:
    box = Box(tmp_path / FILE)
    turn(box, 1, "a", "b")
    cast(box, 1, "a")
    turn(box, 1, "a", "c")
    assert (box.choices(), box.ended()) == ({}, (1, {"a": 1, "b": 0}))
    turn(box, 2, "a", "c")
    assert box.ended() == (1, {"a": 0, "c": 0})
    turn(box, 2)
    assert (box.round, box.ended()) == (None, (2, {"a": 0, "c": 0}))
    box.close(0.0)


def test_a_commit_that_fails_leaves_all_as_it_was(tmp_path: Path) -> None:
    box = Box(tmp_path / FILE)
    turn(box, 1, "a")
    before = box.round
    with pytest.raises(sqlite3.ProgrammingError), box.all_or_nothing():
        box.turn(2, [("b")], object())  # type: ignore[arg-type]
    assert box.round == before
    assert cast(box, 1, "a") is Answer.COUNTED
    box.close(0.0)


@pytest.mark.parametrize("content", [b"SQLite format 3\0" + b"junk" * 2000, b"not a database, for sure" * 99])
def test_a_damaged_box_is_put_aside_and_kept(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / FILE
    path.write_bytes(content)
    box = Box(path)
    turn(box, 1, "a")
    assert cast(box, 1, "a") is Answer.COUNTED
    box.close(0.0)
    assert path.with_name(f"{FILE}.aside-1").read_bytes() == content


def test_nobody_else_may_read_the_box(tmp_path: Path) -> None:
    box = Box(tmp_path / FILE)
    turn(box, 1, "a")
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    box.close(0.0)


# ---------------------------------------------------------------- words and pages


def scene(**more: object) -> Scene:
    hello = Hello.read({"state": "state", "pieces": PIECES, "title": {"en": "A show"}, "languages": ["en", "nl"]})
    told = {"piece": "sitters", "round": 1, "candidates": ["company"], "seconds_left": 20.0}
    settings = {"tongue": tongue("", "", hello.languages), "round": 1, "votes": {"company": 3}} | more
    return Scene(hello, Cue.read(told, 0.0), **settings)  # type: ignore[arg-type]


ASSETS = {"house.css": "/c", "live.js": "/j", "icon.svg": "/i"}


def test_every_language_has_every_word() -> None:
    keys = {frozenset(words) for words in languages().values()}
    assert len(keys) == 1
    assert {"en", "nl", "de", "fr", "es"} <= set(languages())
    for words in languages().values():
        for key, text in words.items():
            assert re.findall(r"\{\w+\}", text) == re.findall(r"\{\w+\}", languages()["en"][key])


@pytest.mark.parametrize(
    ("asked", "header", "page_language", "title"),
    [
        ("", "nl-BE,nl;q=0.9,en;q=0.8", "nl", "Zitters die nooit zaten"),
        ("", "de;q=0.5, fr;q=0.9", "fr", "Sitters who never sat"),
        ("nl", "de", "nl", "Zitters die nooit zaten"),
        ("xx", "de", "de", "Sitters who never sat"),
        ("", "ja,zh;q=0.9", "en", "Sitters who never sat"),
        ("", ";q=,,;;q=nan,en;q=x,nl;q=0", "en", "Sitters who never sat"),
        ("", "es" + ",x" * 10_000, "es", "Sitters who never sat"),
    ],
)
def test_a_visitor_reads_their_own_language(asked: str, header: str, page_language: str, title: str) -> None:
    chosen = tongue(asked, header, ["en", "nl"])
    assert chosen.page == page_language
    assert chosen.text(PIECES[0]["title"])[0] == title  # type: ignore[arg-type]


def test_words_of_another_language_are_marked() -> None:
    german = scene(tongue=tongue("de", "", ["en", "nl"]))
    text = page(german, ASSETS)
    assert '<html lang="de">' in text
    assert '<span lang="en">Sitters who never sat</span>' in text
    assert "minutes" not in text
    assert 'action="/vote?lang=de"' in text
    arabic = Hello.read({"state": ".", "pieces": [{"name": "x", "title": {"ar": "باب"}}], "languages": ["ar"]})
    cue = Cue.read({"piece": "x", "round": 1}, 0.0)
    assert '<span lang="ar" dir="rtl">باب</span>' in page(Scene(arabic, cue, tongue("ar", "", ["ar"])), ASSETS)


def test_names_and_texts_are_text_not_html() -> None:
    hello = Hello.read({"state": ".", "pieces": [{"name": '"><script>', "title": "<b>&"}], "title": "<i>"})
    cue = Cue.read({"piece": '"><script>', "round": 1, "candidates": ['"><script>']}, 0.0)
    text = page(Scene(hello, cue, tongue("", "", ["en"]), 1, {'"><script>': 1}, '"><script>'), ASSETS)
    assert "<script>" not in text
    assert "<b>" not in text.replace("<b>1</b>", "")
    assert "<i>" not in text


def test_the_clock_is_words_without_a_script() -> None:
    assert "about 2 min" in parts(scene(left=130.0))["ask"]
    assert "less than a minute" in parts(scene(left=12.0))["ask"]
    assert "The vote is open" in parts(scene(left=None))["ask"]


def test_the_page_is_light_and_needs_nothing_from_elsewhere(house: Driver) -> None:
    house.turn()
    with Visitor(house.port) as visitor:
        answer = visitor.get("/", X_Forwarded_For="10.0.0.9")
        needed = re.findall(r'(?:src|href|action)="([^"]+)"', answer.text)
        assert all(path.startswith("/") for path in needed)
        files = [visitor.get(path) for path in needed if path.startswith("/static/")]
        assert [file.status for file in files] == [200] * 3
        assert all("immutable" in file.headers["Cache-Control"] for file in files)
        assert len(answer.body) + sum(len(file.body) for file in files) < 50_000
        assert not any(b"http://" in file.body.replace(b"http://www.w3.org/2000/svg", b"") for file in files)


def test_posters_come_at_the_size_of_a_phone(tmp_path: Path) -> None:
    poster = tmp_path / "poster.png"
    Image.effect_noise((1600, 1200), 20).convert("RGB").save(poster)
    (tmp_path / "bad.jpg").write_bytes(b"no picture")
    pieces = [
        {"name": "a b/c", "title": "A", "poster": str(poster)},
        {"name": "bad", "title": "B", "poster": str(tmp_path / "bad.jpg")},
    ]
    with Driver(tmp_path, pieces=pieces) as driver, Visitor(driver.port) as visitor:
        driver.turn("a b/c", "bad", piece="a b/c")
        sources = re.findall(r'src="(/poster/[^"]+)"', visitor.get("/", Via="1.1 proxy").text)
        assert len(sources) == 3
        sizes = []
        for source in sources[:2]:
            with Image.open(BytesIO(visitor.get(source).body)) as small:
                sizes.append(small.size)
        assert sizes == [(640, 480), (160, 120)]
        assert visitor.get(sources[2]).status == 404
