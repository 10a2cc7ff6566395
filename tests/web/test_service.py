"""The web process as the app and a visitor meet it: a real process, real sockets, a real kill."""

import random
import re
import shutil
import signal
import socket
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPException
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import psutil
import pytest
from PIL import Image

from benchmarks.votes import measure
from installation.web import tokens
from installation.web.ballot_store import FILE
from installation.web.messages import VERSION, Health
from installation.web.service import ShowHealth
from tests.timeout import TIMEOUT, until
from tests.web_driver import Driver, Visitor, streaming


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One web process for all tests that do not end it; each votes in a round of its own."""
    with Driver(tmp_path_factory.mktemp("state")) as driver:
        yield driver


def read_until(stream: BinaryIO, wanted: bytes) -> None:
    for line in stream:
        if wanted in line:
            return
    pytest.fail(f"the stream ended without {wanted!r}")


# ---------------------------------------------------------------- voting


def test_one_vote_for_each_visitor_and_it_can_be_changed(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as first, Visitor(web.port) as second:
        first.get()
        second.get()
        answer = first.vote("company", ballot)
        assert (answer.status, answer.headers["Location"]) == (303, "/#vote")
        assert second.vote("company", ballot).status == 303
        web.tally({"company": 2, "nobody": 0})
        assert first.vote("nobody", ballot).status == 303
        web.tally({"company": 1, "nobody": 1})
        assert first.vote("nobody", ballot).status == 303
        assert 'value="nobody" aria-pressed="true"' in first.get().text
        assert 'value="company" aria-pressed="true"' in second.get().text
        assert web.stored() == {"company": 1, "nobody": 1}


def test_the_app_knows_a_vote_within_a_second(web: Driver) -> None:
    ballot, times = web.open_round(), []
    with Visitor(web.port) as visitor:
        visitor.get()
        for company in (1, 0, 1):
            began = time.monotonic()
            visitor.vote("company" if company else "nobody", ballot)
            web.tally({"company": company, "nobody": 1 - company})
            times.append(time.monotonic() - began)
    assert min(times) < 1.0


def test_a_vote_for_a_closed_round_gets_the_new_one_and_is_not_counted(web: Driver) -> None:
    old = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        web.open_round()
        answer = visitor.vote("company", old)
        assert answer.status == 409
        assert "That vote has closed. This is what you can vote on now." in answer.text
        assert 'name="choice" value="company"' in answer.text
        assert web.stored() == {}


def test_a_vote_while_no_round_is_open_is_told_so(web: Driver) -> None:
    old = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        visitor.vote("nobody", old)
        web.playback(web.round, coming="nobody", candidates=[])
        web.tally({"company": 0, "nobody": 1})  # the result of the round that has ended
        until(lambda: 'name="round"' not in visitor.get().text, "the end of the round")
        answer = visitor.vote("company", old)
        assert answer.status == 409
        assert "The wall is changing" in answer.text
        assert "Coming up: Nobody &lt;in&gt; particular" in re.sub("</?span[^>]*>", "", answer.text)


def test_a_piece_that_is_no_candidate_is_refused(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        answer = visitor.vote("sitters", ballot)
        assert answer.status == 409
        assert "That piece is not in this vote." in answer.text


def test_a_round_goes_on_with_its_votes_after_closed_hours_and_without_a_piece_that_broke(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        assert visitor.vote("nobody", ballot).status == 303
        web.tally({"company": 0, "nobody": 1})
        web.playback(web.round, candidates=[])
        until(lambda: 'name="round"' not in visitor.get().text, "the closed hours")
        web.playback(web.round, candidates=["nobody"])
        web.tally({"nobody": 1})
        assert visitor.vote("nobody", ballot).status == 303
        web.playback(web.round, candidates=["company", "nobody"])
        web.tally({"company": 0, "nobody": 1})


def test_a_vote_without_cookie_gets_one_and_is_asked_again(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        answer = visitor.vote("company", ballot)
        assert answer.status == 403
        assert "your browser did not send our cookie back" in answer.text
        assert visitor.vote("company", ballot).status == 303


def test_a_forged_or_old_cookie_is_none(web: Driver) -> None:
    web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        ballot = web.open_round()
        assert visitor.vote("company", ballot).status == 403
        visitor.cookies = {name: tokens.mint(tokens.new_key()) for name in visitor.cookies}
        assert visitor.vote("company", ballot).status == 403
        visitor.cookies = dict.fromkeys(visitor.cookies, "x" * 43)
        assert visitor.vote("company", ballot).status == 403


def test_the_cookie_is_strict_and_says_nothing_about_the_visitor(web: Driver) -> None:
    web.open_round()
    with Visitor(web.port) as visitor:
        cookie = visitor.get().headers["Set-Cookie"]
        assert f"vote{web.port}=" in cookie
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert visitor.get().headers["Set-Cookie"] is None
    with Visitor(web.port) as stranger:
        assert stranger.get(Sec_Fetch_Site="cross-site").headers["Set-Cookie"] is None


def test_a_vote_from_another_page_is_refused(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        for headers in ({"Origin": "http://evil.example"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}):
            answer = visitor.vote("company", ballot, **headers)
            assert answer.status == 403
            assert "That vote came from another page." in answer.text
        assert visitor.vote("company", ballot, Origin="http://[").status == 403
        assert visitor.vote("company", ballot, Origin=f"http://127.0.0.1:{web.port}").status == 303


def test_one_visitor_cannot_vote_all_the_time(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get()
        answers = [visitor.vote(("company", "nobody")[number % 2], ballot) for number in range(8)]
        assert [answer.status for answer in answers[:6]] == [303] * 6
        assert answers[7].status == 429
        assert "Please wait a few seconds" in answers[7].text


def test_the_script_gets_the_parts_instead_of_a_page(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        fresh = visitor.get("/parts?lang=nl").json
        assert set(fresh["parts"]) == {"notice", "now", "ask", "status", "ballot", "lean", "like"}
        assert "Wat moet hierna hangen?" in fresh["parts"]["ask"]
        voted = visitor.vote("company", ballot, Accept="application/json")
        assert (voted.status, voted.json["version"]) == (200, fresh["version"])
        assert "Your vote: The company" in voted.json["parts"]["status"]
        assert visitor.vote("company", 10**6, Accept="application/json").status == 409


def test_nothing_about_a_visitor_is_stored_and_the_end_of_a_round_forgets_the_tokens(web: Driver) -> None:
    ballot = web.open_round()
    with Visitor(web.port) as visitor:
        visitor.get(User_Agent="a very special telephone")
        visitor.vote("company", ballot, User_Agent="a very special telephone")
        token = visitor.cookies[f"vote{web.port}"]
    with closing(sqlite3.connect(web.state / FILE)) as db:
        key, nonce = db.execute("SELECT key, token FROM rounds JOIN votes ON round = id").fetchone()
        assert tokens.read(key, token) == nonce
    web.open_round()
    kept = b"".join(path.read_bytes() for path in web.state.iterdir())
    assert b"127.0.0.1" not in kept
    assert b"telephone" not in kept
    with closing(sqlite3.connect(web.state / FILE)) as db:
        assert db.execute("SELECT count(*) FROM votes").fetchone() == (0,)
        assert db.execute("SELECT count(*) FROM rounds WHERE key IS NOT NULL").fetchone() == (1,)
        assert db.execute("SELECT choice, votes FROM results WHERE round = ?", (ballot,)).fetchall() == [("company", 1)]


# ---------------------------------------------------------------- live


def test_phones_hear_the_tally_and_the_next_round(web: Driver) -> None:
    ballot = web.open_round()
    with streaming(web, "/live") as stream, Visitor(web.port) as visitor:
        visitor.get()
        read_until(stream, b"event: version")
        visitor.vote("nobody", ballot)
        read_until(stream, b'data: {"company": 0, "nobody": 1}')
        web.open_round("sitters", piece="nobody")
        read_until(stream, b"event: version")
        read_until(stream, b'data: {"sitters": 0}')


def jpeg(shade: int) -> bytes:
    out = BytesIO()
    Image.new("RGB", (16, 9), (shade, 0, 0)).save(out, "JPEG")
    return out.getvalue()


def test_a_viewer_has_the_newest_picture_at_once_and_the_app_knows_who_watches(web: Driver) -> None:
    web.send(jpeg(10))
    web.send(jpeg(20))
    with streaming(web, "/preview.mjpeg") as stream:
        while web.heard("watching")["watching"]["viewers"] != 1:
            pass
        read_until(stream, b"--frame")
        read_until(stream, b"Content-Type: image/jpeg")
        read_until(stream, jpeg(20)[:4])
        web.send(jpeg(30))
        read_until(stream, b"--frame")
        read_until(stream, b"--frame")
    while web.heard("watching")["watching"]["viewers"] != 0:
        pass


def test_a_still_is_the_picture_of_now(web: Driver) -> None:
    web.send(jpeg(40))
    with Visitor(web.port) as visitor:
        until(lambda: visitor.get("/preview.jpg").body == jpeg(40))
        assert visitor.get("/preview.jpg").headers["Content-Type"] == "image/jpeg"
        assert b"/preview.mjpeg" in visitor.get("/preview").body


def test_the_live_picture_is_on_the_page_for_this_machine_and_not_for_phones(web: Driver) -> None:
    with Visitor(web.port) as visitor:
        assert "/preview.mjpeg" in visitor.get("/").text
        assert "/preview.mjpeg" not in visitor.get("/", X_Forwarded_For="10.0.0.9").text
        assert "/preview.mjpeg" in visitor.get("/?live", X_Forwarded_For="10.0.0.9").text


# ---------------------------------------------------------------- health


def test_health_is_good_while_the_show_says_so_and_moves(web: Driver) -> None:
    web.send({"health": {"frames": 1}})
    with Visitor(web.port) as visitor:
        answer = until(lambda: (answer := visitor.get("/healthz")).status == 200 and answer)
        assert (answer.status, answer.json["ok"], answer.json["reasons"]) == (200, True, [])
        web.send({"health": {"frames": 2, "running": False, "reasons": ["the generator is broken"]}})
        answer = until(lambda: (answer := visitor.get("/healthz")).status != 200 and answer)
        assert (answer.status, answer.json["ok"]) == (503, False)
        assert answer.json["reasons"] == ["the generator is broken", "the show is not running"]


def test_health_says_why_it_is_not_good() -> None:
    health = ShowHealth()
    assert health.reasons(0.0) == ["the show has not said anything yet"]
    health.heard(Health(7), 0.0)
    assert health.reasons(2.9) == []
    health.heard(Health(7), 3.0)
    assert health.reasons(4.0) == ["the picture has stood still for 4 s"]
    health.heard(Health(8), 4.0)
    assert health.reasons(4.5) == []
    assert health.reasons(9.0) == ["the show has been silent for 5 s"]


# ---------------------------------------------------------------- the process


@pytest.mark.slow
def test_a_crowd_loses_no_vote_and_doubles_none_across_a_kill() -> None:
    figures = measure("crowd", phones=100, votes=100.0, seconds=4.0, kill=True)
    assert figures.acknowledged > 300
    assert (figures.lost, figures.doubled) == (0, 0)
    assert figures.heard > 100


def renamed(cookies: dict[str, str], port: int) -> dict[str, str]:
    """The vote's cookie, at another port."""
    return {f"vote{port}": value for name, value in cookies.items() if name.startswith("vote")}


def test_votes_that_were_acknowledged_survive_a_kill(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    driver.start()
    ballot = driver.open_round()
    acknowledged = []
    with ExitStack() as stack:
        visitors = [stack.enter_context(Visitor(driver.port)) for _ in range(300)]
        for visitor in visitors:
            visitor.get()
        killer = threading.Thread(target=driver.process.kill)
        for visitor in visitors:
            if len(acknowledged) == 20:
                killer.start()
            try:
                answer = visitor.vote("company", ballot)
            except (OSError, HTTPException):
                break  # in the middle of this one
            assert answer.status == 303
            acknowledged.append(visitor)
        killer.join()
    driver.stop()
    assert 20 <= len(acknowledged) < len(visitors)
    driver.start()
    driver.playback(driver.round)
    tally = driver.heard("tally")["tally"]
    assert tally["round"] == driver.round
    assert len(acknowledged) <= tally["votes"]["company"] <= len(acknowledged) + 1  # one may lack only its answer
    with Visitor(driver.port) as visitor:
        visitor.cookies = renamed(acknowledged[0].cookies, driver.port)
        assert 'value="company" aria-pressed="true"' in visitor.get().text
    assert driver.stop() == 0


def test_it_opens_and_closes_in_a_second_with_visitors_inside(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    opened, closed = [], []
    for _ in range(3):
        ready = driver.start()
        spent = psutil.Process(driver.process.pid).cpu_times()
        opened.append(spent.user + spent.system)  # of the processor: what others take of it is not its own
        url = f"http://127.0.0.1:{driver.port}/"
        assert ready == {"ready": {"port": driver.port, "url": url, "near": True, "version": VERSION}}
        with streaming(driver, "/live"), streaming(driver, "/preview.mjpeg"):
            began = time.monotonic()
            assert driver.stop() == 0
            closed.append(time.monotonic() - began)
    assert min(opened) < 1.0
    assert min(closed) < 1.0


def test_it_does_not_wait_for_an_app_that_does_not_read(tmp_path: Path) -> None:
    with Driver(tmp_path) as driver, Visitor(driver.port) as visitor:
        driver.open_round()
        driver.hearing.clear()
        for number in range(3000):
            driver.playback(driver.round, hold=bool(number % 2))
        assert visitor.get().status == 200
        driver.hearing.set()


def test_a_port_in_use_is_one_clear_message_and_exit_code_3(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        driver = Driver(tmp_path, port=port)
        assert driver.start()["error"]["message"] == (
            f"port {port} is in use by another program on 127.0.0.1; end that program, or give the show another port: "
            f"[web] port = {port + 1}"
        )
        assert driver.process.wait(TIMEOUT) == 3
        driver.stop()


@pytest.mark.parametrize(
    ("hello", "message"),
    [
        ({"bind": "192.0.2.1"}, 'bind = "192.0.2.1" is not an address of this machine; use "127.0.0.1" or "0.0.0.0"'),
        ({"bind": "no such host"}, 'bind = "no such host" is no address of this machine'),
        ({"port": 70_000}, "port 70000 on 127.0.0.1 cannot be opened"),
    ],
)
def test_a_process_that_cannot_open_says_why(tmp_path: Path, hello: dict[str, str], message: str) -> None:
    driver = Driver(tmp_path, **hello)
    assert driver.start()["error"]["message"].startswith(message)
    assert driver.process.wait(TIMEOUT) == 3
    driver.stop()


def test_where_no_votes_can_be_kept_the_page_says_so_and_opens_the_vote_once_they_can(tmp_path: Path) -> None:
    folder = tmp_path / "file"
    folder.touch()  # where the folder should be
    with Driver(folder / "state") as driver, Visitor(driver.port) as visitor:
        driver.playback()
        driver.send({"health": {"frames": 1}})
        until(lambda: "Votes cannot be counted just now" in visitor.get().text, "a word")
        assert driver.heard("uncounted")["uncounted"]["why"], "the app is told, too"
        until(lambda: "Four people who never lived." in visitor.get().text, "what hangs")
        answer = visitor.get("/healthz")
        assert answer.status == 503
        assert answer.json["reasons"][-1].startswith(f"votes cannot be kept in {folder / 'state' / FILE} (")
        assert visitor.vote("company", 1).status == 409
        folder.unlink()
        driver.tally({"company": 0, "nobody": 0}, round=1)
        ballot = int(visitor.get().text.partition('name="round" value="')[2].partition('"')[0])
        assert visitor.vote("company", ballot).status == 303
        driver.tally({"company": 1, "nobody": 0}, round=1)


def test_votes_outlive_the_removal_of_their_folder_and_then_a_kill(tmp_path: Path) -> None:
    driver = Driver(tmp_path / "state")
    driver.start()
    ballot = driver.open_round()
    with ExitStack() as stack:
        first, second, third = (stack.enter_context(Visitor(driver.port)) for _ in range(3))
        first.get()
        assert first.vote("company", ballot).status == 303
        shutil.rmtree(driver.state)
        note = until(lambda: first.get("/healthz").json["notes"], "a note")[-1]  # though nobody votes
        assert "written anew" in note
        assert driver.stored() == {"company": 1}
        shutil.rmtree(driver.state)
        second.get()
        assert second.vote("nobody", ballot).status == 303  # acknowledged: so it is on the disk
        assert driver.stored() == {"company": 1, "nobody": 1}
        driver.kill()
        driver.start()
        driver.playback(driver.round)
        driver.tally({"company": 1, "nobody": 1})
        third.connection.close()
        first.connection.close()
        with Visitor(driver.port) as again:
            again.cookies = renamed(first.cookies, driver.port)
            assert again.vote("nobody", ballot).status == 303  # the form that the phone still shows
        driver.tally({"company": 0, "nobody": 2})
    assert driver.stop() == 0


@pytest.mark.slow
def test_kills_at_any_moment_lose_no_acknowledged_vote(tmp_path: Path) -> None:
    """The next moment is drawn anew each time: in the middle of a start, of a commit, of a turn."""
    dice, driver, acknowledged = random.Random(1606), Driver(tmp_path), set()
    for _ in range(12):
        driver.start()
        driver.playback(1)
        killer = threading.Timer(dice.uniform(0.0, 0.4), driver.process.kill)
        killer.start()
        for _ in range(1000):
            if (cookie := voted(driver.port, "company", dice.randrange(3000))) is None:
                break
            acknowledged |= {cookie} - {""}
        killer.join()
        driver.stop()
    driver.start()
    with closing(sqlite3.connect(tmp_path / FILE)) as db:
        kept = {token for (token,) in db.execute("SELECT token FROM votes")}
        key = db.execute("SELECT key FROM rounds WHERE closed IS NULL").fetchone()[0]
    assert driver.stop() == 0
    assert acknowledged
    assert {tokens.read(key, cookie) for cookie in acknowledged} <= kept


def voted(port: int, choice: str, pause: int) -> str | None:
    """The cookie of a new visitor whose vote was acknowledged; None once nobody answers."""
    try:
        with Visitor(port) as visitor:
            page = visitor.get().text
            ballot = page.partition('name="round" value="')[2].partition('"')[0]
            if not ballot:  # the round is not open yet
                return ""
            time.sleep(pause / 1e6)
            return visitor.cookies[f"vote{port}"] if visitor.vote(choice, int(ballot)).status == 303 else ""
    except (OSError, HTTPException):
        return None


def test_it_leaves_when_told_nothing_at_all(tmp_path: Path) -> None:
    driver = Driver(tmp_path)
    driver.start()
    driver.process.send_signal(signal.SIGINT)  # Ctrl-C in the terminal is the app's to answer
    with Visitor(driver.port) as visitor:
        assert visitor.get().status == 200
    driver.process.terminate()
    assert driver.process.wait(TIMEOUT) == 0
    driver.stop()
