"""Every clause of the OSCQuery proposal (github.com/Vidvox/OSCQueryProposal), against the real process.

The section that a test is of stands above it.
"""

import asyncio
import json
import struct
from collections.abc import Awaitable, Callable, Iterator
from http.client import HTTPConnection
from typing import Any, NamedTuple

import aiohttp
import pytest

from installation.core.commands import commands
from installation.core.controls import Control, fixed, table
from installation.core.osc_backlog import Endpoint
from installation.core.osc_packets import parse
from installation.process.oscquery import OscQuery, knobs
from installation.web.oscquery.messages import Hello
from tests.core.test_osc_packets import message
from tests.timeout import TIMEOUT, until

CONTROLS = table(
    [
        *fixed(),
        Control("/walk/speed", "how fast", "float", 0.0, 4.0, 1.0, "x"),
        Control("/walk/count", "how many", "int", 1, 9, 3),
        Control("/walk/wait", "how long", "float", 0.0, 60.0, 1.0, "s"),
        Control("/generator/unheard", "without a value yet"),
    ]
)
COMMANDS = commands(("sitters", "company"))
VALUES = {
    "/walk/speed": 1.5,
    "/walk/count": 4.0,
    "/walk/wait": 2.0,
    "/stage/lamp/x": -0.5,
    "/stage/lamp/y": 0.75,
    "/stage/lamp": (-0.5, 0.75),
    "/show/hold": 1.0,
    "/show/piece": 1.0,
    "/show/now": "Company",
    "/show/heartbeat": 7,
}


class Served(NamedTuple):
    """The process, and what its clients sent."""

    query: OscQuery
    posted: list[tuple[bytes, Endpoint]]


class Answer(NamedTuple):
    status: int
    type: str
    body: Any


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    posted: list[tuple[bytes, Endpoint]] = []
    hello = Hello("Reverie", "127.0.0.1", 0, 8000, (), knobs(CONTROLS, COMMANDS))
    query = OscQuery(hello, lambda data, source: posted.append((data, source)))
    query.tell(VALUES)
    query.start()
    until(lambda: query.port, "the port of OSCQuery")
    until(lambda: get(query.port, "/show/heartbeat?VALUE").body)
    yield Served(query, posted)
    query.stop()


def get(port: int, path: str, method: str = "GET", **headers: str) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
    finally:
        connection.close()
    kind = answer.getheader("Content-Type") or ""
    return Answer(answer.status, kind, json.loads(body) if "json" in kind else body)


@pytest.fixture
def ask(served: Served) -> Callable[[str], Any]:
    """The JSON at a path."""

    def asked(path: str) -> Any:
        answer = get(served.query.port, path)
        assert answer.status == 200
        return answer.body

    return asked


# ---------------------------------------------------------------- Core Functionality


def test_it_is_http_1_1_and_json(served: Served) -> None:
    connection = HTTPConnection("127.0.0.1", served.query.port, timeout=TIMEOUT)
    for path in ("/walk", "/"):  # persistent: the second on the same connection
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.version == 11
        assert (answer.getheader("Content-Type") or "").startswith("application/json")
        assert json.loads(answer.read())["FULL_PATH"] == path
    connection.close()


def test_the_path_is_the_osc_address(ask: Callable[[str], Any]) -> None:
    for path in (*CONTROLS, *COMMANDS, "/stage/lamp", "/show/now", "/walk", "/"):
        assert ask(path)["FULL_PATH"] == path


def test_a_query_asks_for_one_attribute(ask: Callable[[str], Any]) -> None:
    assert ask("/walk/speed?VALUE") == {"VALUE": [1.5]}
    assert ask("/walk/speed?RANGE") == {"RANGE": [{"MIN": 0.0, "MAX": 4.0}]}
    assert ask("/walk/speed?FULL_PATH") == {"FULL_PATH": "/walk/speed"}
    assert ask("/walk/speed?VALUE#nose") == {"VALUE": [1.5]}


def test_errors_are_those_of_http(served: Served) -> None:
    port = served.query.port
    assert get(port, "/walk/sped").status == 404
    assert get(port, "/walk/sped?TYPE").status == 404
    assert get(port, "/walk/speed?GABBAGABBAHEY").status == 400
    assert get(port, "/walk/speed?HTML") == Answer(204, get(port, "/walk/speed?HTML").type, b"")
    assert get(port, "/walk/speed", "POST").status == 405


# ---------------------------------------------------------------- Required Attributes


def nodes(described: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield described
    for inner in described.get("CONTENTS", {}).values():
        yield from nodes(inner)


def test_contents_hold_everything_by_name(ask: Callable[[str], Any]) -> None:
    whole = ask("/")
    for described in nodes(whole):
        for name, inner in described.get("CONTENTS", {}).items():
            assert inner["FULL_PATH"] == f"{described['FULL_PATH'].rstrip('/')}/{name}"
    methods = {described["FULL_PATH"] for described in nodes(whole) if "TYPE" in described}
    assert methods == {*CONTROLS, *COMMANDS, "/stage/lamp", "/show/now", "/show/heartbeat"}
    assert whole["CONTENTS"]["walk"] == ask("/walk")


def test_a_method_has_no_contents_and_a_container_no_type(ask: Callable[[str], Any]) -> None:
    assert "CONTENTS" not in ask("/walk/speed")
    assert ask("/walk?TYPE") == {}
    assert ask("/walk")["ACCESS"] == 0


@pytest.mark.parametrize(
    ("path", "tags"),
    [
        ("/walk/speed", "f"),
        ("/walk/count", "i"),
        ("/show/hold", "i"),
        ("/show/piece", "s"),
        ("/show/next", "I"),
        ("/stage/lamp", "ff"),
        ("/show/now", "s"),
        ("/show/heartbeat", "i"),
    ],
)
def test_the_type_is_an_osc_type_tag_string(ask: Callable[[str], Any], path: str, tags: str) -> None:
    assert ask(f"{path}?TYPE") == {"TYPE": tags}


@pytest.mark.parametrize("path", ["/", "/walk/speed", "/not/there"])
def test_host_info_is_the_same_at_every_path(ask: Callable[[str], Any], path: str) -> None:
    info = ask(f"{path}?HOST_INFO")
    assert info["NAME"] == "Reverie"
    assert info["OSC_PORT"] == 8000
    assert info["OSC_TRANSPORT"] == "UDP"
    assert "HOST_INFO" not in ask("/")


def test_extensions_are_what_is_served(ask: Callable[[str], Any]) -> None:
    extensions = ask("/?HOST_INFO")["EXTENSIONS"]
    seen = {key for described in nodes(ask("/")) for key in described}
    assert seen - {"FULL_PATH", "CONTENTS", "TYPE"} == {
        key for key, there in extensions.items() if there and key not in ("LISTEN",) and not key.startswith("PATH_")
    }
    assert extensions["LISTEN"] is extensions["PATH_CHANGED"] is True
    assert extensions["HTML"] is False


# ---------------------------------------------------------------- Optional Attributes


def test_access_and_value_agree(served: Served, ask: Callable[[str], Any]) -> None:
    for path, access in (("/walk/speed", 3), ("/show/next", 2), ("/show/now", 1), ("/stage/lamp", 3)):
        assert ask(f"{path}?ACCESS") == {"ACCESS": access}
    assert get(served.query.port, "/show/next?VALUE").status == 204
    assert get(served.query.port, "/walk?VALUE").status == 204


def test_what_has_no_value_yet_answers_with_an_empty_object(ask: Callable[[str], Any]) -> None:
    assert ask("/generator/unheard?VALUE") == {}


def test_there_is_one_value_and_range_for_each_type_tag(ask: Callable[[str], Any]) -> None:
    for described in nodes(ask("/")):
        for key in ("VALUE", "RANGE", "UNIT", "CLIPMODE", "EXTENDED_TYPE"):
            assert key not in described or len(described[key]) == len(described["TYPE"])


def test_values_are_of_the_json_of_their_type(ask: Callable[[str], Any]) -> None:
    assert ask("/stage/lamp?VALUE") == {"VALUE": [-0.5, 0.75]}
    assert ask("/show/piece?VALUE") == {"VALUE": ["company"]}
    assert ask("/show/hold?VALUE") == {"VALUE": [1]}
    assert ask("/walk/count?VALUE") == {"VALUE": [4]}
    assert ask("/show/now?VALUE") == {"VALUE": ["Company"]}


def test_ranges_are_min_and_max_or_the_only_values(ask: Callable[[str], Any]) -> None:
    assert ask("/stage/lamp?RANGE") == {"RANGE": [{"MIN": -1.0, "MAX": 1.0}, {"MIN": -1.0, "MAX": 1.0}]}
    assert ask("/show/piece?RANGE") == {"RANGE": [{"VALS": ["sitters", "company"]}]}
    assert ask("/show/hold?RANGE") == {"RANGE": [{"MIN": 0, "MAX": 1, "VALS": [0, 1]}]}
    assert ask("/walk/count?RANGE") == {"RANGE": [{"MIN": 1, "MAX": 9}]}


def test_the_rest_of_the_attributes(ask: Callable[[str], Any]) -> None:
    speed, following = ask("/walk/speed"), ask("/show/next")
    assert speed["DESCRIPTION"] == "how fast"
    assert speed["CLIPMODE"] == ["both"]
    assert (speed["CRITICAL"], following["CRITICAL"]) == (False, True)
    assert (speed["TAGS"], following["TAGS"], ask("/show/now")["TAGS"]) == (["control"], ["command"], ["state"])
    assert ask("/walk/wait?UNIT") == {"UNIT": ["time.second"]}
    assert ask("/stage/lamp?EXTENDED_TYPE") == {"EXTENDED_TYPE": ["position.cartesian.x", "position.cartesian.y"]}


def test_overloads_are_methods_of_another_type_without_contents(ask: Callable[[str], Any]) -> None:
    for described in nodes(ask("/")):
        for other in described.get("OVERLOADS", ()):
            assert other["TYPE"] != described["TYPE"]
            assert "CONTENTS" not in other
    assert [one["TYPE"] for one in ask("/show/hold")["OVERLOADS"]] == ["T", "F"]


# ---------------------------------------------------------------- Bi-Directional Communication


def connected(served: Served, work: Callable[[aiohttp.ClientWebSocketResponse], Awaitable[Any]], **headers: str) -> Any:
    """What ``work`` does with a WebSocket."""

    async def play() -> Any:
        async with aiohttp.ClientSession() as session:
            at, limit = f"http://127.0.0.1:{served.query.port}/", aiohttp.ClientWSTimeout(ws_receive=TIMEOUT)
            async with session.ws_connect(at, timeout=limit, headers=headers) as ws:
                return await asyncio.wait_for(work(ws), TIMEOUT)

    return asyncio.run(play())


async def listen(ws: aiohttp.ClientWebSocketResponse, path: str, command: str = "LISTEN") -> None:
    await ws.send_str(json.dumps({"COMMAND": command, "DATA": path}))


async def settled(ws: aiohttp.ClientWebSocketResponse, served: Served) -> None:
    """All that was sent so far is handled: so is a packet that was sent after it."""
    before = len(served.posted)
    await ws.send_bytes(message(b"/settled"))
    while len(served.posted) == before:
        await asyncio.sleep(0.01)


def test_who_listens_is_sent_osc_packets_of_that_address_alone(served: Served) -> None:
    async def work(ws: aiohttp.ClientWebSocketResponse) -> list[Any]:
        for path in ("/walk", "/walk/speed", "/show/piece", "/show/hold", "/stage/lamp", "/show/now"):
            await listen(ws, path)
        await settled(ws, served)
        served.query.tell({"/walk/speed": 2.5, "/walk/count": 5.0, "/show/piece": 0.0, "/stage/lamp": (0.5, 0.25)})
        served.query.tell({"/show/hold": 0.0, "/show/now": "Sitters"})
        return [parse(await ws.receive_bytes())[0][:2] for _ in range(5)]

    assert sorted(connected(served, work)) == [
        ("/show/hold", (0,)),
        ("/show/now", ("Sitters",)),
        ("/show/piece", ("sitters",)),
        ("/stage/lamp", (0.5, 0.25)),
        ("/walk/speed", (2.5,)),
    ]


def test_who_ignores_is_sent_nothing_more(served: Served) -> None:
    async def work(ws: aiohttp.ClientWebSocketResponse) -> Any:
        await listen(ws, "/walk/speed")
        await listen(ws, "/walk/count")
        await listen(ws, "/walk/speed", "IGNORE")
        await settled(ws, served)
        served.query.tell({"/walk/speed": 3.5})
        served.query.tell({"/walk/count": 8.0})
        return parse(await ws.receive_bytes())

    assert [one.address for one in connected(served, work)] == ["/walk/count"]


def test_a_connection_that_breaks_listens_to_nothing(served: Served) -> None:
    async def silent(ws: aiohttp.ClientWebSocketResponse) -> Any:
        served.query.tell({"/walk/speed": 0.25})
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.4)

    async def heard(ws: aiohttp.ClientWebSocketResponse) -> None:
        await listen(ws, "/walk/speed")

    connected(served, heard)
    connected(served, silent)


def test_osc_packets_come_in_over_the_websocket(served: Served) -> None:
    packet = message(b"/walk/speed", b"f", struct.pack(">f", 3.25))

    async def work(ws: aiohttp.ClientWebSocketResponse) -> None:
        await ws.send_bytes(packet)
        while (packet, Endpoint("127.0.0.1", 0)) not in served.posted:
            await asyncio.sleep(0.01)

    connected(served, work)


def test_a_change_of_what_there_is_is_told(served: Served) -> None:
    async def work(ws: aiohttp.ClientWebSocketResponse) -> list[Any]:
        await listen(ws, "/walk/wait")
        await settled(ws, served)
        less = {address: one for address, one in CONTROLS.items() if address != "/walk/wait"}
        more = {**less, "/walk/breath": Control("/walk/breath", "how deep")}
        served.query.change(knobs(more, COMMANDS))
        told = [json.loads(await ws.receive_str()) for _ in range(3)]
        served.query.change(knobs(CONTROLS, COMMANDS))
        return told + [json.loads(await ws.receive_str()) for _ in range(3)]

    assert connected(served, work) == [
        {"COMMAND": "PATH_REMOVED", "DATA": "/walk/wait"},
        {"COMMAND": "PATH_ADDED", "DATA": "/walk/breath"},
        {"COMMAND": "PATH_CHANGED", "DATA": "/walk"},
        {"COMMAND": "PATH_REMOVED", "DATA": "/walk/breath"},
        {"COMMAND": "PATH_ADDED", "DATA": "/walk/wait"},
        {"COMMAND": "PATH_CHANGED", "DATA": "/walk"},
    ]


# ---------------------------------------------------------------- what the proposal leaves to us


def test_a_page_of_another_site_may_not_ask(served: Served) -> None:
    port = served.query.port
    assert get(port, "/", Origin="http://evil.example").status == 403
    assert get(port, "/", Host="evil.example").status == 403  # a name that was made to lead here
    assert get(port, "/", Origin=f"http://127.0.0.1:{port}").status == 200

    async def work(ws: aiohttp.ClientWebSocketResponse) -> None:
        raise AssertionError

    with pytest.raises(aiohttp.WSServerHandshakeError):
        connected(served, work, Origin="http://evil.example")


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "[" * 5000, '{"COMMAND": "LISTEN"}', '{"COMMAND": [], "DATA": "/walk/speed"}', '"x"']
)
def test_what_is_no_command_does_no_harm(served: Served, text: str) -> None:
    async def work(ws: aiohttp.ClientWebSocketResponse) -> Any:
        await ws.send_str(text)
        await listen(ws, "/walk/speed")
        await settled(ws, served)
        served.query.tell({"/walk/speed": 1.75})
        return parse(await ws.receive_bytes())[0].args

    assert connected(served, work) == (1.75,)
