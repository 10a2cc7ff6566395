"""OSCQuery beside the operator's OSC: what the show says can be read, and what a client sends moves it."""

import asyncio
import json
import os
import re
import socket
import struct
from collections.abc import Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple

import aiohttp
import pytest

from installation.core.commands import commands
from installation.core.controls import fixed, table
from installation.operator.inbox import Inbox
from installation.operator.server import OscServer
from installation.process.oscquery import OscQuery, knobs
from installation.web.oscquery.announce import SERVICES
from installation.web.oscquery.messages import Hello
from tests.core.test_osc_packets import message
from tests.timeout import TIMEOUT, until

TITLE = f"The Next Rembrandt {os.getpid()}"


class Pair(NamedTuple):
    osc: OscServer
    query: OscQuery


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    osc = OscServer(Inbox(table(fixed()), commands(("sitters", "company"))), port=0, reply_port=0)
    hello = Hello(TITLE, "127.0.0.1", 0, osc.port, (), knobs(osc.inbox.controls, osc.inbox.commands))
    query = OscQuery(hello, osc.post)
    osc.news = query.tell
    query.start()
    until(lambda: query.port, "the port of OSCQuery")
    yield Pair(osc, query)
    query.stop()
    osc.close()


def value(pair: Pair, address: str) -> Any:
    connection = HTTPConnection("127.0.0.1", pair.query.port, timeout=TIMEOUT)
    connection.request("GET", f"{address}?VALUE")
    told = json.loads(connection.getresponse().read())
    connection.close()
    return told.get("VALUE")


def test_what_the_show_says_can_be_read(pair: Pair) -> None:
    pair.osc.echo({"/stage/relief": 0.75, "/stage/lamp/x": 0.5, "/stage/lamp/y": -0.5, "/show/piece": 1.0})
    pair.osc.say("/show/now", "Company")
    until(lambda: value(pair, "/stage/relief") == [0.75])
    assert value(pair, "/stage/lamp") == [0.5, -0.5]
    assert value(pair, "/show/piece") == ["company"]
    until(lambda: value(pair, "/show/now") == ["Company"])


def test_what_a_client_sends_moves_the_show_and_who_it_was_is_kept(pair: Pair) -> None:
    async def send() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"http://127.0.0.1:{pair.query.port}/") as ws,
        ):
            await ws.send_bytes(message(b"/stage/weave", b"f", struct.pack(">f", 0.25)))

    asyncio.run(send())
    touch = until(lambda: pair.osc.inbox.drain().touches.get("/stage/weave"))
    assert (touch.value, touch.who) == (0.25, "osc 127.0.0.1")


def test_a_process_that_ended_is_there_again_with_all_values(pair: Pair) -> None:
    pair.osc.echo({"/stage/varnish": 0.5})
    until(lambda: value(pair, "/stage/varnish") == [0.5])
    before, process = pair.query.port, pair.query.child._current
    assert process is not None
    process.popen.kill()
    until(lambda: pair.query.port != before, "another port")
    until(lambda: value(pair, "/stage/varnish") == [0.5])


def test_it_is_found_on_the_network(pair: Pair) -> None:
    zeroconf = pytest.importorskip("zeroconf")
    browser = zeroconf.Zeroconf(interfaces=["127.0.0.1"])
    try:
        for kind, port in zip(SERVICES, (pair.query.port, pair.osc.port), strict=True):
            service = until(lambda kind=kind: browser.get_service_info(kind, f"{TITLE}.{kind}", 2000))  # type: ignore[misc]
            assert service.parsed_addresses() == ["127.0.0.1"]
            assert service.port == port
    finally:
        browser.close()


def test_a_taken_port_is_told_and_not_tried_again_and_again(caplog: pytest.LogCaptureFixture) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        query = OscQuery(Hello(TITLE, "127.0.0.1", port, 8000), lambda data, source: None)
        query.start()
        expected = rf"port {port} is in use at 127.0.0.1; end the program that listens there, or give \[operator\] osc"
        until(lambda: re.search(expected, caplog.text))
        assert query.child.alive
        query.stop()
