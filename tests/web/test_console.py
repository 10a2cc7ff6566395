"""The operators' console as those meet it who may not use it, and what its WebSocket carries for those who may."""

import asyncio
import json
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType, WSServerHandshakeError
from aiohttp.test_utils import make_mocked_request

from installation.core.folders import REPORTS
from installation.web.console import BURST, LARGEST
from installation.web.console_access import GUESSES, SESSION, STRANGERS, Access
from installation.web.console_sections import changes
from installation.web.console_state import log_tail
from installation.web.messages import Answer, Entrance, pack
from tests.timeout import TIMEOUT
from tests.web.console_driver import PIN, Socket, entrance, log_in, moment, tell
from tests.web_driver import Driver, Visitor


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    state = tmp_path_factory.mktemp("state")
    with Driver(state, console=entrance(state)) as driver:
        driver.open_round()
        tell(driver)
        yield driver


@pytest.fixture(scope="module")
def operator(web: Driver) -> Iterator[Visitor]:
    """Somebody who is in."""
    with Visitor(web.port) as visitor:
        assert log_in(visitor, web.port).status == 303
        yield visitor


@asynccontextmanager
async def live(web: Driver, cookies: dict[str, str], **headers: str) -> AsyncIterator[Socket]:
    usual = {"Origin": f"http://127.0.0.1:{web.port}"} | headers
    async with ClientSession(cookies=cookies) as session:
        url = f"http://127.0.0.1:{web.port}/console/live"
        async with session.ws_connect(url, headers=usual) as connected:
            yield Socket(connected)


# ---------------------------------------------------------------- the door


def access(network: bool = False, url: str = "", clock: Any = time.time, pin: str = PIN) -> Access:
    return Access(Entrance(pin, "ab" * 32, Path("log"), network), 8080, url, clock)


def asked(host: str, remote: str = "127.0.0.1", **headers: str) -> Any:
    found = make_mocked_request(
        "GET", "/console", {"Host": host} | {k.replace("_", "-"): v for k, v in headers.items()}
    )
    return found.clone(remote=remote)


@pytest.mark.parametrize(
    ("host", "remote", "network", "enters"),
    [
        ("localhost:8080", "127.0.0.1", False, True),
        ("127.0.0.1:8080", "127.0.0.1", False, True),
        ("[::1]:8080", "::1", False, True),
        ("rebound.example.com", "127.0.0.1", False, False),
        ("192.168.1.7:8080", "127.0.0.1", False, False),
        ("wall.local:8080", "127.0.0.1", False, False),
        ("192.168.1.7:8080", "192.168.1.20", False, False),
        ("localhost:8080", "192.168.1.20", False, False),
        ("192.168.1.7:8080", "192.168.1.20", True, True),
        ("show.museum.example", "192.168.1.20", True, True),
        ("rebound.example.com", "192.168.1.20", True, False),
        ("gallery", "192.168.1.20", True, False),
    ],
)
def test_from_where_and_under_which_name_it_opens(host: str, remote: str, network: bool, enters: bool) -> None:
    door = access(network, "https://show.museum.example/")
    assert (door.refusal(asked(host, remote)) == "") is enters


def test_what_a_proxy_brings_is_not_this_machine() -> None:
    assert access().refusal(asked("localhost", X_Forwarded_For="10.0.0.1"))


def test_a_session_ends_and_belongs_to_one_pin() -> None:
    now = [1000.0]
    door = access(clock=lambda: now[0])
    cookie = door.session()
    assert door.ends(cookie) == 1000 + SESSION
    assert access(clock=lambda: now[0], pin="271828").ends(cookie) == 0
    for forged in ("", "1", cookie[:-1], "9" + cookie, cookie.replace(".", "!", 1), "ü" * 40, "x" * 9000):
        assert door.ends(forged) == 0
    now[0] += SESSION
    assert door.ends(cookie) == 0


def test_guessing_is_slow_for_one_and_for_all_together() -> None:
    door = access(network=True)
    assert [door.may_guess("10.0.0.1", 0.0) for _ in range(GUESSES + 1)] == [True] * GUESSES + [False]
    allowed = sum(door.may_guess(f"10.0.1.{host}", 0.0) for host in range(200))
    assert allowed == STRANGERS - GUESSES
    assert door.may_guess("127.0.0.1", 0.0), "an attacker locked the machine's own operator out"


@pytest.mark.parametrize(("pin", "fits"), [(PIN, True), ("314159", True), ("314158", False), ("", False)])
def test_a_pin_fits_with_and_without_its_spaces(pin: str, fits: bool) -> None:
    assert access().fits(pin) is fits


def test_wrong_pins_are_refused_then_not_looked_at(tmp_path: Path) -> None:
    with Driver(tmp_path, console=entrance(tmp_path)) as web, Visitor(web.port) as visitor:
        answers = [log_in(visitor, web.port, f"00000{guess}").status for guess in range(GUESSES)]
        assert answers == [403] * GUESSES
        late = log_in(visitor, web.port)
        assert (late.status, late.headers["Retry-After"]) == (429, "30")
        assert visitor.cookies == {}


def test_a_show_without_a_console_has_no_page(tmp_path: Path) -> None:
    with Driver(tmp_path) as web, Visitor(web.port) as visitor:
        assert visitor.get("/console").status == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec_Fetch_Site": "cross-site"},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
def test_another_sites_post_and_socket_are_refused(web: Driver, operator: Visitor, headers: dict[str, str]) -> None:
    assert log_in(operator, web.port, **headers).status == 403
    own = {"Origin": f"http://127.0.0.1:{web.port}"} | headers
    assert operator.ask("POST", "/console/logout", "", **own).status == 403

    async def connect() -> None:
        async with live(web, operator.cookies, **{k.replace("_", "-"): v for k, v in headers.items()}):
            pass

    with pytest.raises(WSServerHandshakeError, match="403"):
        asyncio.run(connect())


def test_without_a_session_there_is_the_door_alone(web: Driver) -> None:
    with Visitor(web.port) as visitor:
        door = visitor.get("/console")
        assert "transport" not in door.text
        assert 'name="pin"' in door.text
        assert visitor.get("/console/preview.mjpeg").status == 403

        async def connect() -> None:
            async with live(web, {}):
                pass

        with pytest.raises(WSServerHandshakeError, match="403"):
            asyncio.run(connect())


def test_a_days_report_is_for_those_who_are_in(tmp_path: Path) -> None:
    (tmp_path / REPORTS).mkdir()
    (tmp_path / REPORTS / "2026-11-26.html").write_text("<h1>A day</h1>")
    with Driver(tmp_path, console=entrance(tmp_path)) as web, Visitor(web.port) as visitor:
        assert visitor.get("/console/reports/2026-11-26.html").status == 403
        assert log_in(visitor, web.port).status == 303
        answer = visitor.get("/console/reports/2026-11-26.html")
        assert (answer.status, answer.text) == (200, "<h1>A day</h1>")
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        for name in ("2026-11-25.html", "..%2Fvotes.sqlite", "2026-11-26.html%00"):
            assert visitor.get(f"/console/reports/{name}").status == 404


def test_a_tablet_is_given_its_layout_by_a_code_for_those_who_are_in(web: Driver, operator: Visitor) -> None:
    answer = operator.get("/console/code-phone.svg")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
    assert "<svg" in answer.text
    assert operator.get("/console/code-watch.svg").status == 404
    with Visitor(web.port) as visitor:
        assert visitor.get("/console/code-tablet.svg").status == 403


def test_the_page_has_a_policy_of_its_own(web: Driver, operator: Visitor) -> None:
    answer = operator.get("/console")
    assert 'id="transport"' in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert "<script>" not in answer.text
    assert "style=" not in answer.text


def test_the_cookie_is_for_the_console_and_its_browser_alone(web: Driver) -> None:
    with Visitor(web.port) as visitor:
        cookie = str(log_in(visitor, web.port, PIN.replace(" ", "")).headers["Set-Cookie"])
    assert all(word in cookie for word in ("HttpOnly", "SameSite=Strict", "Path=/console", f"Max-Age={SESSION}"))


@pytest.mark.parametrize(
    ("head", "body", "status"),
    [
        ("Content-Type: application/x-www-form-urlencoded", b"pin=" + b"1" * 4000, 413),
        ("Content-Type: text/plain", b"pin=314159", 415),
        ("Content-Type: application/x-www-form-urlencoded", b"\xff\xfe", 403),
    ],
)
def test_what_is_too_large_or_no_form_is_refused(tmp_path: Path, head: str, body: bytes, status: int) -> None:
    with Driver(tmp_path, console=entrance(tmp_path)) as web, socket.create_connection(("127.0.0.1", web.port)) as at:
        at.settimeout(TIMEOUT)
        lines = [
            "POST /console/login HTTP/1.1",
            f"Host: 127.0.0.1:{web.port}",
            f"Origin: http://127.0.0.1:{web.port}",
            head,
            f"Content-Length: {len(body)}",
        ]
        at.sendall("\r\n".join([*lines, "", ""]).encode() + body)
        assert f" {status} " in at.recv(64).decode()


def test_slow_requests_are_ended_and_keep_nobody_out(web: Driver) -> None:
    """Slowloris: headers that never end, and bodies that never come, to every address that takes one."""
    head = f"POST {{}} HTTP/1.1\r\nHost: 127.0.0.1:{web.port}\r\nOrigin: http://127.0.0.1:{web.port}\r\n"
    form = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60\r\n\r\npin="
    slow = [f"{head.format(path)}{rest}" for path in ("/console/login", "/console/logout") for rest in (form, "X-A: ")]
    sockets = [socket.create_connection(("127.0.0.1", web.port), TIMEOUT) for _ in range(200)]
    for number, one in enumerate(sockets):
        one.sendall(slow[number % len(slow)].encode())
    with Visitor(web.port) as visitor:
        assert log_in(visitor, web.port).status == 303
        assert "transport" in visitor.get("/console").text
    answers = [one.recv(64).decode() for number, one in enumerate(sockets) if slow[number % len(slow)].endswith("pin=")]
    assert {answer.split()[1] for answer in answers} == {"408", "303"}
    for one in sockets:
        one.close()


# ---------------------------------------------------------------- what the socket carries


def test_what_an_operator_does_reaches_the_app_in_order(web: Driver, operator: Visitor) -> None:
    async def act() -> list[str]:
        async with live(web, operator.cookies) as console:
            await console.until("now")
            for value in range(40):
                await console.do("/walk/speed", value / 10)
            await console.do("/walk/speed", 99)
            await console.do("/walk/speed", None)
            await console.do("/show/piece", "company")
            await console.do("/show/next", True)
            refused = []
            for address, value in (("/walk/sped", 1), ("/show/piece", "compny"), ("/show/next", None)):
                await console.do(address, value)
                refused.append(await console.until("said"))
            return refused

    refused = asyncio.run(act())
    assert "did you mean" in refused[0]
    assert "company" in refused[1]
    assert "only a control can be let go of" in refused[2]
    moved = [web.heard("moved")["moved"] for _ in range(44)]
    speeds = [one["value"] for one in moved if one["address"] == "/walk/speed"]
    assert speeds == [value / 10 for value in range(40)] + [4.0, None]
    assert [(one["address"], one["value"]) for one in moved[-2:]] == [("/show/piece", 1.0), ("/show/next", 1.0)]
    assert {one["who"] for one in moved} == {"console 127.0.0.1"}


def test_the_cue_file_is_changed_and_nothing_else(web: Driver, operator: Visitor) -> None:
    async def act() -> list[str]:
        async with live(web, operator.cookies) as console:
            await console.until("desk")
            await console.do("/cue/snapshot", " late evening ")
            refused = []
            await console.do("/cue/snapshot", "late\x1b")
            refused.append(await console.until("said"))
            for cue, fade, steps in (("dusk", 3, 0), ("dusk", None, -1), ("evening", 3, 0), ("dusk", -1, 0)):
                await console.socket.send_str(json.dumps({"cue": cue, "fade": fade, "steps": steps}))
                if cue == "evening" or fade == -1:
                    refused.append(await console.until("said"))
            return refused

    refused = asyncio.run(act())
    assert (
        refused[0]
        == 'found "late\ufffd", expected a name of letters, digits, - and _, but not go, back, panic, snapshot'
    )
    assert "evening is no cue of the cue file" in refused[1]
    assert "found a fade of -1 s" in refused[2]
    assert web.heard("moved")["moved"]["text"] == "late_evening"
    edited = [web.heard("edited")["edited"] for _ in range(2)]
    assert [(one["cue"], one["fade"], one["steps"]) for one in edited] == [("dusk", 3.0, 0), ("dusk", None, -1)]


def test_who_asked_is_told_what_became_of_it_and_nobody_else(web: Driver, operator: Visitor) -> None:
    async def ask() -> tuple[Any, list[Any]]:
        async with live(web, operator.cookies) as console:
            await console.until("now")
            web.send(pack(Answer("console 10.0.0.7", "of another one")))
            web.send(pack(Answer("console 127.0.0.1", "a double press counts once")))
            said = await console.until("said")
        async with live(web, operator.cookies) as later:
            await later.until("now")
            web.send(moment(seconds_left=1.0))
            await later.until("now")
            return said, [later.state.get("said")]

    assert asyncio.run(ask()) == ("a double press counts once", [None])


def test_only_what_changes_is_sent_and_the_app_knows_who_looks(web: Driver, operator: Visitor) -> None:
    async def look() -> tuple[dict[str, Any], Any, Any]:
        async with live(web, operator.cookies) as console:
            await console.until("now")
            whole = dict(console.state)
            web.send(moment(values={"/stage/brightness": 0.25, "/walk/speed": 1.0}, seconds_left=92.0))
            changed = await console.until("values")
            return whole, changed, await console.until("health")

    whole, changed, _ = asyncio.run(look())
    assert whole["why"]["/walk/speed"] == "wire door.motion"
    assert whole["sensors"]["door"] == {"trouble": "no camera", "since": 12.0, "attempts": 3}
    assert [entry["cue"] for entry in whole["agenda"]["entries"]] == [None, None, "evening"]
    assert whole["votes"]["counts"] == {"company": 0, "nobody": 0}
    assert changed["/stage/brightness"] == 0.25
    assert changed["/stage/lamp/x"] is None
    assert "/walk/speed" not in changed
    told = [web.heard("consoles")["consoles"]["open"] for _ in range(2)]
    while told[-1] != 0:
        told.append(web.heard("consoles")["consoles"]["open"])
    assert 1 in told


def test_a_show_that_says_nothing_is_told(web: Driver, operator: Visitor) -> None:
    async def wait() -> tuple[int, int]:
        async with live(web, operator.cookies) as console:
            web.send(moment())
            while (silent := await console.until("silent")) < 3:
                pass
            web.send(moment())
            return silent, await console.until("silent")

    silent, after = asyncio.run(wait())
    assert silent >= 3
    assert after == 0


@pytest.mark.parametrize(
    "messages",
    [["x" * (LARGEST + 1)], ['{"address": "/walk/speed", "value": 1}'] * (BURST + 50)],
    ids=["too large", "too many"],
)
def test_a_flood_ends_the_connection(web: Driver, operator: Visitor, messages: list[str]) -> None:
    async def flood() -> WSMsgType:
        async with live(web, operator.cookies) as console:
            for message in messages:
                await console.socket.send_str(message)
            while (await console.socket.receive(timeout=TIMEOUT)).type is WSMsgType.TEXT:
                pass
            return WSMsgType.CLOSED

    assert asyncio.run(flood()) is WSMsgType.CLOSED


@pytest.mark.parametrize("text", ["", "[" * 2000, "[]", '{"address": 1, "value": 1}', '{"value": NaN}', '{"a": {}}'])
def test_what_is_no_message_is_answered_and_moves_nothing(web: Driver, operator: Visitor, text: str) -> None:
    async def say() -> str:
        async with live(web, operator.cookies) as console:
            await console.socket.send_str(text)
            return str(await console.until("said"))

    assert asyncio.run(say()).startswith("a message has an address and a value, or a cue")


def test_changes_of_sections() -> None:
    whole = {"values": {"a": 1.0, "b": 2.0}, "now": {"piece": "x"}, "silent": 0}
    assert changes({}, whole) == whole
    assert changes(whole, whole) == {}
    later = {"values": {"a": 1.0, "c": 3.0}, "now": {"piece": "y"}, "silent": 0}
    assert changes(whole, later) == {"values": {"c": 3.0, "b": None}, "now": {"piece": "y"}}


def test_the_end_of_a_log_whatever_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "vernissage.log"
    assert log_tail(path) == []
    lines = [json.dumps({"time": "t", "level": "info", "message": f"{number} " + "x" * 900}) for number in range(200)]
    path.write_text("\n".join([*lines, "[1]", "{half"]), "utf-8")
    told = log_tail(path)
    assert told[-1]["message"].startswith("199 ")
    assert all(len(line["message"]) <= 400 for line in told)
    assert len(told) <= 60
