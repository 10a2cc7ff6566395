"""What the web process refuses, and that all it gives is closed to the outside."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from installation.web import listener
from installation.web.limits import Buckets, known_host
from installation.web.live import PHONES, Hub
from installation.web.preview import VIEWERS
from tests.timeout import TIMEOUT
from tests.web_driver import Driver, Visitor, streaming


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """One web process for all tests that do not end it; each votes in a round of its own."""
    with Driver(tmp_path_factory.mktemp("state")) as driver:
        yield driver


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", 404),
        (b"GET /vote HTTP/1.1\r\nHost: x\r\n\r\n", 303),
        (b"DELETE /vote HTTP/1.1\r\nHost: x\r\n\r\n", 405),
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
def test_odd_requests_get_a_plain_no(web: Driver, request_line: bytes, status: int) -> None:
    with socket.create_connection(("127.0.0.1", web.port), timeout=TIMEOUT) as connection:
        connection.sendall(request_line)
        answer = connection.recv(65_536)
    assert answer.startswith(f"HTTP/1.{answer[7:8].decode()} {status} ".encode())
    assert b"Traceback" not in answer


@pytest.mark.parametrize(
    "body", [b"", b"&&&===", b"round=x&choice=", b"\xff\xfe", b"round=" + b"9" * 400, b"choice=company&" * 30]
)
def test_a_form_that_is_none_is_answered_like_a_late_vote(web: Driver, body: bytes) -> None:
    web.open_round()
    with Visitor(web.port) as visitor:
        answer = visitor.ask("POST", "/vote", body, Content_Type="application/x-www-form-urlencoded")
        assert answer.status == 409


def test_every_answer_is_closed_to_the_outside(web: Driver) -> None:
    with Visitor(web.port) as visitor:
        for path in ("/", "/nothing", "/preview", "/healthz"):
            headers = visitor.get(path).headers
            policy = headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Server"] is None


def test_the_streams_are_bounded(web: Driver) -> None:
    with ExitStack() as stack:
        for _ in range(VIEWERS):
            stack.enter_context(streaming(web, "/preview.mjpeg"))
        with Visitor(web.port) as visitor:
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


def test_who_may_do_all_again_is_not_remembered() -> None:
    """A day of visitors takes no more memory than those of the last seconds."""
    buckets = Buckets(rate=0.5, burst=6)
    for second in range(1000):
        assert buckets.allow(f"visitor {second}", float(second))
    assert len(buckets._left) == 2


def test_who_says_nothing_is_shown_out(monkeypatch: pytest.MonkeyPatch) -> None:
    class Connection:
        closed = False

        def force_close(self) -> None:
            self.closed = True

    class Server:
        connections = (Connection(), Connection())

    async def sweep() -> None:
        sweeping = asyncio.create_task(listener.sweep(Server(), {Server.connections[0]}))  # type: ignore[arg-type]
        while not any(connection.closed for connection in Server.connections):
            await asyncio.sleep(0.01)
        sweeping.cancel()

    monkeypatch.setattr(listener, "IDLE", 0.06)
    asyncio.run(sweep())
    assert [connection.closed for connection in Server.connections] == [False, True]


def test_the_surplus_is_turned_away_unread() -> None:
    async def serve() -> bytes:
        full = type("Full", (), {"connections": [None] * listener.CONNECTIONS})()
        server = await asyncio.get_running_loop().create_server(listener.admit(full), "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            with closing(writer):
                return await reader.read()

    assert asyncio.run(serve()).startswith(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 10\r\n")


@pytest.mark.slow
def test_a_viewer_who_does_not_read_is_dropped(web: Driver) -> None:
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.connect(("127.0.0.1", web.port))
        connection.sendall(b"GET /preview.mjpeg HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while web.heard("watching")["watching"]["viewers"] != 1:
            pass
        for shade in range(40):
            web.send(bytes([shade]) * 100_000)
            time.sleep(0.01)
        while web.heard("watching")["watching"]["viewers"] != 0:
            pass
