"""The operator's OSC, over real sockets, with clients that we did not write."""

import re
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import psutil
import pytest
from pythonosc.udp_client import SimpleUDPClient

from installation.core.commands import NOTHING, commands
from installation.core.controls import Control
from installation.core.errors import DeviceError
from installation.core.osc_packets import parse
from installation.operator.inbox import Inbox
from installation.operator.server import OscServer
from installation.operator.stream import Frames
from tests.core.test_osc_packets import KILLERS, bundle, message, ntp
from tests.timeout import TIMEOUT, until

CONTROLS = {
    control.address: control
    for control in (
        Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0, "x"),
        Control("/stage/lamp/x", "to the right", "float", -1.0, 1.0),
        Control("/stage/lamp/y", "up", "float", -1.0, 1.0),
    )
}
COMMANDS = commands(("sitters", "company"))


def told_speed(surface: socket.socket) -> float | None:
    """What the next packet says of the speed."""
    return {one.address: one.args[0] for one in parse(surface.recv(1500))}.get("/walk/speed")  # type: ignore[return-value]


TOOLS = pytest.mark.skipif(not shutil.which("oscsend"), reason="needs oscsend and oscdump (Debian: liblo-tools)")


def inbox() -> Inbox:
    return Inbox(CONTROLS, COMMANDS)


class Drained(NamedTuple):
    """What the inbox had: (value, when) by address, of every command that stays the latest; pulses in their order."""

    values: dict[str, tuple[float | None, float]]
    pulses: list[tuple[str, float]]


def drain(server: OscServer) -> Drained:
    asked = server.inbox.drain()
    pulses = [(one.address, one.when) for one in asked.commands if COMMANDS[one.address].type == "pulse"]
    stay = {one.address: (one.value, one.when) for one in asked.commands if COMMANDS[one.address].type != "pulse"}
    return Drained({address: (touch.value, touch.when) for address, touch in asked.touches.items()} | stay, pulses)


@pytest.fixture
def server() -> Iterator[OscServer]:
    made = OscServer(inbox(), port=0)
    yield made
    made.close()


@pytest.fixture
def client(server: OscServer) -> Iterator[SimpleUDPClient]:
    with SimpleUDPClient("127.0.0.1", server.port) as made:
        yield made


def settled(server: OscServer) -> bool:
    """Whether it has heard all that the system kept for it."""
    before = server.received
    time.sleep(0.2)
    return server.received == before


def values(server: OscServer, count: int) -> dict[str, float | None]:
    """What is drained once the server has heard ``count`` messages."""
    until(lambda: server.received + server.refused >= count)
    return {address: value for address, (value, _) in drain(server).values.items()}


@TOOLS
def test_what_oscsend_says_moves_the_controls(server: OscServer) -> None:
    for words in (["/walk/speed", "f", "2.5"], ["/show/hold", "T"], ["/show/piece", "s", "company"], ["/show/next"]):
        subprocess.run(["oscsend", "127.0.0.1", str(server.port), *words], check=True, timeout=TIMEOUT)
    until(lambda: server.received == 4)
    drained = drain(server)
    assert {address: value for address, (value, _) in drained.values.items()} == {
        "/walk/speed": 2.5,
        "/show/hold": 1.0,
        "/show/piece": 1.0,
    }
    assert [address for address, _ in drained.pulses] == ["/show/next"]
    assert not drain(server).values


def test_the_latest_value_wins_and_every_pulse_counts(server: OscServer, client: SimpleUDPClient) -> None:
    for number in range(50):
        client.send_message("/walk/speed", number / 25)
    for pressed in (1, 0, 1, 0):
        client.send_message("/show/next", pressed)
    until(lambda: server.received == 54)
    drained = drain(server)
    assert drained.values["/walk/speed"][0] == pytest.approx(49 / 25)
    assert len(drained.pulses) == 2


def test_a_value_outside_is_brought_into_its_range(server: OscServer, client: SimpleUDPClient) -> None:
    client.send_message("/walk/speed", 99.0)
    assert values(server, 1) == {"/walk/speed": 4.0}


def test_a_refusal_is_told_once(server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(20):
        client.send_message("/walk/sped", 1.0)
        client.send_message("/show/piece", "sitter")
    until(lambda: server.refused >= 40)
    said = [record.getMessage() for record in caplog.records]
    assert sum('did you mean "/walk/speed"?' in line for line in said) == 1
    assert sum('expected one of sitters, company; did you mean "sitters"?' in line for line in said) == 1


@pytest.mark.parametrize("killer", KILLERS.values(), ids=KILLERS)
def test_a_killer_does_no_harm(server: OscServer, client: SimpleUDPClient, killer: bytes) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as raw:
        raw.sendto(killer, ("127.0.0.1", server.port))
    client.send_message("/walk/speed", 3.0)
    assert until(lambda: drain(server).values.get("/walk/speed"))[0] == 3.0


def test_a_keepalive_is_taken_silently(
    server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.send_message("/ping", [])
    until(lambda: server.received == 1)
    assert server.refused == 0
    assert not caplog.records


def test_who_is_not_allowed_is_not_heard() -> None:
    server = OscServer(inbox(), port=0, allow=["10.0.0.0/8"])
    with SimpleUDPClient("127.0.0.1", server.port) as client:
        client.send_message("/walk/speed", 3.0)
    until(lambda: server.refused == 1)
    assert not drain(server).values
    server.close()


def test_a_taken_port_is_told(server: OscServer) -> None:
    with pytest.raises(DeviceError, match=rf"port {server.port} is in use .* give \[operator\] another port"):
        OscServer(inbox(), port=server.port)


@TOOLS
def test_a_surface_is_told_what_changed() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dump = subprocess.Popen(["oscdump", "-L", str(port)], stdout=subprocess.PIPE, text=True)
    server = OscServer(inbox(), port=0, surfaces=[f"127.0.0.1:{port}"])
    try:
        until(lambda: psutil.Process(dump.pid).net_connections("udp"), "the port of oscdump")
        server.echo({"/walk/speed": 1.25, "/show/hold": 0.0})
        server.say("/show/now", "Sitters")
        said = [dumped(dump) for _ in range(4)]
        server.echo({"/walk/speed": 1.5, "/show/hold": 0.0})
        said.append(until(lambda: found if "heartbeat" not in (found := dumped(dump)) else ""))
    finally:
        dump.kill()
        dump.communicate()
        server.close()
    assert sorted(said[:4]) == [
        "/show/heartbeat i 0",
        "/show/hold f 0.000000",
        '/show/now s "Sitters"',
        "/walk/speed f 1.250000",
    ]
    assert said[4] == "/walk/speed f 1.500000"


def dumped(dump: "subprocess.Popen[str]") -> str:
    """The next line of oscdump, without its time."""
    return re.sub(r"^\S+ ", "", dump.stdout.readline().strip())  # type: ignore[union-attr]


def test_the_finger_on_a_knob_is_not_fought() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(0.5)
        server = OscServer(inbox(), port=0, surfaces=[f"127.0.0.1:{surface.getsockname()[1]}"])
        with SimpleUDPClient("127.0.0.1", server.port) as client:
            client.send_message("/walk/speed", 2.0)
        until(lambda: server.received == 1)
        server.echo({"/walk/speed": 2.0, "/show/hold": 0.0})
        assert {one.address for one in parse(surface.recv(1000))} == {"/show/hold", "/show/heartbeat"}
        surface.settimeout(TIMEOUT)
        assert until(partial(told_speed, surface)) == 2.0
        server.close()


def test_who_sends_is_answered_at_the_reply_port() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as tablet:
        tablet.bind(("127.0.0.1", 0))
        tablet.settimeout(TIMEOUT)
        server = OscServer(inbox(), port=0, reply_port=tablet.getsockname()[1])
        with SimpleUDPClient("127.0.0.1", server.port) as client:
            client.send_message("/ping", [])
        until(lambda: server.received == 1)
        server.echo({"/walk/speed": 2.5})
        assert until(partial(told_speed, tablet)) == 2.5
        server.close()


@pytest.mark.parametrize(
    ("address", "argument", "expected"),
    [
        ("/walk/speed", "fast", 'found "fast", expected a number from 0 to 4'),
        ("/walk/speed", [], "found nothing, expected a number from 0 to 4"),
        ("/walk/speed", None, "found nothing, expected"),
        ("/walk/speed", b"blob", "found b'blob', expected"),
        ("/walk/speed", [[[1.0], 2.0]], r"found \(1.0,\), expected"),
        ("/show/hold", "on", 'found "on", expected 0 or 1'),
        ("/show/next", "now", 'found "now", expected 0 or 1'),
    ],
)
def test_another_type_is_refused_and_told(
    server: OscServer,
    client: SimpleUDPClient,
    caplog: pytest.LogCaptureFixture,
    address: str,
    argument: Any,
    expected: str,
) -> None:
    client.send_message(address, argument)
    until(lambda: server.refused == 1)
    assert re.search(expected, until(lambda: caplog.text))
    assert server.inbox.drain() == NOTHING


def test_a_second_refusal_at_the_same_address_is_told_as_well(
    server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.send_message("/show/piece", 99)
    client.send_message("/show/piece", "nope")
    until(lambda: server.refused == 2)
    assert "found 99" in until(lambda: caplog.text)
    until(lambda: 'found "nope"' in caplog.text)


@pytest.mark.parametrize("argument", [True, 1, 0.7, "company"])
def test_what_means_the_same_is_taken(server: OscServer, client: SimpleUDPClient, argument: Any) -> None:
    address = "/show/piece" if isinstance(argument, str) else "/show/hold"
    client.send_message(address, argument)
    assert values(server, 1) == {address: 1.0}


def test_a_flood_of_wrong_names_costs_little(server: OscServer, client: SimpleUDPClient) -> None:
    """Finding what was perhaps meant takes a millisecond: it is done once a minute, not for each."""
    began = time.process_time()
    for sent in range(100, 4100, 100):
        for _ in range(50):
            client.send_message("/walk/" + "speed" * 40, 1.0)
            client.send_message("/show/piece", "sitter" * 40)
        until(partial(lambda count: server.refused >= count, sent))
    assert time.process_time() - began < 2.0


def test_a_fault_does_not_take_the_operators_hand_away(
    server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("installation.operator.server.AGAIN", 0.01)
    with monkeypatch.context() as broken:
        broken.setattr(server._handling, "receive", None)
        client.send_message("/walk/speed", 1.0)
        until(lambda: "TypeError" in caplog.text)
    client.send_message("/walk/speed", 2.0)
    assert until(lambda: drain(server).values.get("/walk/speed"))[0] == 2.0


def test_it_closes_at_once_and_gives_its_port_back() -> None:
    took = []
    for _ in range(3):
        server = OscServer(inbox(), port=0)
        began = time.perf_counter()
        server.close()
        took.append(time.perf_counter() - began)
    assert min(took) < 1.0
    OscServer(inbox(), port=server.port).close()


def test_ten_thousand_messages_a_second_end_exactly(server: OscServer, client: SimpleUDPClient) -> None:
    """What is lost is in the system's hands; the last value is not, and the loop does not feel the rest."""
    took, sent, pulses, began = [], 0, 0, time.perf_counter()
    while (gone := time.perf_counter() - began) < 2.0:
        while sent < gone * 10_000:
            client.send_message("/walk/speed", sent % 400 / 100)
            sent += 1
        drained = time.perf_counter()
        pulses += len(drain(server).pulses)
        took.append(time.perf_counter() - drained)
        time.sleep(0.005)
    until(partial(settled, server))
    client.send_message("/walk/speed", 3.125)  # none before was that
    until(lambda: drain(server).values.get("/walk/speed", (None,))[0] == 3.125)
    assert not drain(server).values
    assert server.received > sent / 2
    assert pulses == server.refused == 0
    assert sorted(took)[len(took) * 99 // 100] < 0.1


def test_who_it_was_is_kept(server: OscServer, client: SimpleUDPClient) -> None:
    client.send_message("/walk/speed", 1.5)
    client.send_message("/show/next", 1)
    until(lambda: server.received == 2)
    asked = server.inbox.drain()
    assert asked.touches["/walk/speed"].who == asked.commands[0].who == "osc 127.0.0.1"


def test_a_piece_that_is_not_there_is_refused(
    server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.send_message("/show/piece", 99)
    until(lambda: server.refused == 1)
    assert "/show/piece: found 99, expected one of sitters, company, or 0 to 1" in until(lambda: caplog.text)
    assert server.inbox.drain() == NOTHING


def test_two_wrong_names_in_one_minute_are_both_told(
    server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.send_message("/walk/sped", 1.0)
    client.send_message("/stage/lable", 1.0)
    until(lambda: server.refused == 2)
    assert until(lambda: "/walk/sped" in caplog.text and "/stage/lable" in caplog.text)


def test_a_surface_that_gives_back_what_it_is_told_touches_nothing() -> None:
    """Some clients mirror every message: what comes back unchanged is no finger."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(TIMEOUT)
        server = OscServer(inbox(), port=0, surfaces=[f"127.0.0.1:{surface.getsockname()[1]}"])
        server.echo({"/walk/speed": 1.1})
        back = until(lambda: [one for one in parse(surface.recv(1000)) if one.address == "/walk/speed"])
        surface.sendto(message(b"/walk/speed", b"f", struct.pack(">f", back[0].args[0])), ("127.0.0.1", server.port))
        until(lambda: server.received == 1)
        assert server.inbox.drain() == NOTHING
        with SimpleUDPClient("127.0.0.1", server.port) as client:
            client.send_message("/walk/speed", 1.2)
        assert until(lambda: drain(server).values.get("/walk/speed"))[0] == pytest.approx(1.2)
        server.close()


def test_what_could_steer_a_terminal_reaches_no_log(
    server: OscServer, client: SimpleUDPClient, caplog: pytest.LogCaptureFixture
) -> None:
    client.send_message("/show/piece", "sit\x1b[2Jter\u202e")
    until(lambda: server.refused == 1)
    said = until(lambda: caplog.text)
    assert "sit\ufffd[2Jter\ufffd" in said
    assert "\x1b" not in said


# ---------------------------------------------------------------- what else is asked and answered


@pytest.fixture
def raw(server: OscServer) -> Iterator[Callable[[bytes], None]]:
    """Sends bytes to the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.connect(("127.0.0.1", server.port))
        yield mouth.send  # type: ignore[misc]


def test_a_ping_is_answered_where_it_came_from(server: OscServer) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        mouth.settimeout(TIMEOUT)
        mouth.sendto(message(b"/ping"), ("127.0.0.1", server.port))
        assert parse(mouth.recv(1000))[0].address == "/pong"


def test_who_asks_is_sent_everything() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(TIMEOUT)
        server = OscServer(inbox(), port=0, surfaces=[f"127.0.0.1:{surface.getsockname()[1]}"])
        for _ in range(2):
            server.echo({"/walk/speed": 1.5})
            assert until(partial(told_speed, surface)) == 1.5
            surface.sendto(message(b"/sync"), ("127.0.0.1", server.port))
        server.close()


def test_an_xy_pad_moves_both(server: OscServer, raw: Callable[[bytes], None]) -> None:
    raw(message(b"/stage/lamp", b"ff", struct.pack(">ff", 0.25, 3.0)))
    assert values(server, 1) == {"/stage/lamp/x": 0.25, "/stage/lamp/y": 1.0}


def test_half_a_pair_is_refused(
    server: OscServer, raw: Callable[[bytes], None], caplog: pytest.LogCaptureFixture
) -> None:
    raw(message(b"/stage/lamp", b"f", struct.pack(">f", 0.25)))
    until(lambda: server.refused == 1)
    expected = "/stage/lamp: found 1 number, expected two: a number from -1 to 1, and a number from -1 to 1"
    assert until(lambda: expected in caplog.text)


def test_a_long_list_moves_its_control_and_the_rest_is_told(
    server: OscServer, raw: Callable[[bytes], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    raw(message(b"/walk/speed", b"f" * 132, struct.pack(">132f", *range(1, 133))))
    assert values(server, 1) == {"/walk/speed": 1.0}
    assert "/walk/speed from 127.0.0.1: found 132 arguments, of which the first counts" in caplog.text


def test_a_bad_message_in_a_bundle_loses_itself_alone(
    server: OscServer, raw: Callable[[bytes], None], caplog: pytest.LogCaptureFixture
) -> None:
    good = message(b"/walk/speed", b"f", struct.pack(">f", 2.0))
    raw(bundle(message(b"/show/piece", b"Z"), good, message(b"/show/hold", b"f", struct.pack(">f", float("nan")))))
    until(lambda: server.received == 1)
    assert drain(server).values["/walk/speed"][0] == 2.0
    assert "a message in a bundle from 127.0.0.1 is not heard by [operator]: an unknown type tag" in caplog.text
    assert "a message in a bundle from 127.0.0.1 is not heard by [operator]: a number that is not finite" in caplog.text


def test_hundreds_of_messages_in_one_bundle(server: OscServer, raw: Callable[[bytes], None]) -> None:
    raw(bundle(*[message(b"/walk/speed", b"f", struct.pack(">f", number / 1000)) for number in range(1500)]))
    assert values(server, 1500)["/walk/speed"] == pytest.approx(1.499)


def test_a_bundle_for_later_counts_then(server: OscServer, raw: Callable[[bytes], None]) -> None:
    speed = [message(b"/walk/speed", b"f", struct.pack(">f", value)) for value in (1.0, 2.0, 3.0)]
    sent = time.monotonic()
    raw(bundle(speed[2], when=ntp(time.time() + 0.9)))
    raw(bundle(speed[1], when=ntp(time.time() + 0.6)))
    raw(bundle(speed[0], when=ntp(time.time() - 5.0)))
    seen: list[tuple[float, float]] = []
    until(partial(_see, server, seen))
    assert [value for value, _ in seen] == [1.0, 2.0, 3.0]
    assert [when - sent >= least for (_, when), least in zip(seen, (0.0, 0.55, 0.85), strict=True)] == [True] * 3


def _see(server: OscServer, seen: list[tuple[float, float]]) -> bool:
    """Takes the speed if it moved; whether it moved three times."""
    found = server.inbox.drain().touches.get("/walk/speed")
    if found is not None:
        seen.append((found.value, found.when))
    return len(seen) == 3


def test_a_far_future_is_refused(
    server: OscServer, raw: Callable[[bytes], None], caplog: pytest.LogCaptureFixture
) -> None:
    raw(bundle(message(b"/stage/blackout", b"T"), when=ntp(time.time() + 3600)))
    until(lambda: server.refused == 1)
    assert re.search(
        r"/stage/blackout: its time tag is 3[56]\d\d s ahead, more than 60 s; is 127.0.0.1's clock right\?",
        until(lambda: caplog.text),
    )
    assert server.inbox.drain() == NOTHING


def test_who_is_refused_is_told_why() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(TIMEOUT)
        server = OscServer(inbox(), port=0, reply_port=surface.getsockname()[1])
        surface.sendto(message(b"/walk/sped", b"i", bytes(4)), ("127.0.0.1", server.port))
        (one,) = parse(surface.recv(1000))
        assert one == ("/show/refused", ('this show has no /walk/sped; did you mean "/walk/speed"?',), 1)
        server.close()


def test_two_programs_that_make_one_mistake_are_both_told_where_they_sent_from(server: OscServer) -> None:
    for _ in range(2):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            program.settimeout(TIMEOUT)
            for value, found in ((b"fast\0\0\0\0", "fast"), (b"slow\0\0\0\0", "slow")):
                program.sendto(message(b"/walk/speed", b"s", value), ("127.0.0.1", server.port))
                (one,) = parse(program.recv(1000))
                assert one.args == (f'/walk/speed: found "{found}", expected a number from 0 to 4 (x)',)


def test_no_refusal_is_refused_in_turn(server: OscServer, raw: Callable[[bytes], None]) -> None:
    """Two shows that tell each other, or a surface that gives back everything."""
    for address in (b"/show/refused", b"/pong"):
        raw(message(address, b"s", b"no\0\0"))
    until(lambda: server.received == 2)
    assert server.refused == 0


def test_what_the_show_says_moves_nothing_and_may_come_back_unchanged() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as surface:
        surface.bind(("127.0.0.1", 0))
        surface.settimeout(TIMEOUT)
        here = f"127.0.0.1:{surface.getsockname()[1]}"
        server = OscServer(inbox(), port=0, surfaces=[here], bundles=False)
        server.say("/show/now", "Sitters")
        back = until(lambda: found if b"/show/now" in (found := surface.recv(1000)) else b"")
        surface.sendto(back, ("127.0.0.1", server.port))
        until(lambda: server.received == 1)
        assert server.refused == 0
        surface.sendto(message(b"/show/now", b"s", b"Mine\0\0\0\0"), ("127.0.0.1", server.port))
        why = until(lambda: found if b"/show/refused" in (found := surface.recv(1000)) else b"")
        assert parse(why)[0].args == ("/show/now is what the show says; nothing moves it",)
        server.close()


def test_what_is_not_armed_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    made = Inbox(CONTROLS, commands(("sitters",), arm=True), arm=True)
    server = OscServer(made, port=0)
    with SimpleUDPClient("127.0.0.1", server.port) as client:
        client.send_message("/stage/blackout", 1)
        until(lambda: server.refused == 1)
        assert "/stage/blackout is not armed: send /show/arm first, and this within 3 s" in until(lambda: caplog.text)
        client.send_message("/show/arm", 1)
        client.send_message("/stage/blackout", 1)
        until(lambda: server.received == 3)
    assert [one.address for one in made.drain().commands] == ["/show/arm", "/stage/blackout"]
    server.close()


# ---------------------------------------------------------------- over TCP


@TOOLS
def test_oscsend_over_tcp_and_its_answer() -> None:
    server = OscServer(inbox(), port=0, tcp=True)
    url = f"osc.tcp://127.0.0.1:{server.port}/"
    subprocess.run(["oscsend", url, "/walk/speed", "f", "2.5"], check=True, timeout=TIMEOUT)
    assert values(server, 1) == {"/walk/speed": 2.5}
    server.close()


@pytest.mark.parametrize("slip", [True, False])
def test_several_clients_over_tcp(slip: bool) -> None:
    server = OscServer(inbox(), port=0, tcp=True, reply_port=0)
    here = ("127.0.0.1", server.port)
    with socket.create_connection(here, TIMEOUT) as one, socket.create_connection(here, TIMEOUT) as other:
        for client, frames in ((one, Frames(8192)), (other, Frames(8192))):
            frames.slip = slip
            client.sendall(frames.framed(message(b"/ping")))
            assert next(heard(client, "/pong"))
        one.sendall(frames.framed(message(b"/walk/speed", b"f", struct.pack(">f", 3.0))))
        until(lambda: server.received == 3)
        server.echo({"/walk/speed": 3.0})
        assert next(heard(other, "/walk/speed")) == (3.0,)
    server.close()


def heard(client: socket.socket, address: str) -> Iterator[Any]:
    """The arguments of the messages that a client receives at an address."""
    frames = Frames(1 << 16)
    while data := client.recv(4096):
        for packet in frames.feed(data):
            yield from (one.args for one in parse(packet) if one.address == address)


def test_an_edited_shows_pads_are_heard_and_told(server: OscServer, client: SimpleUDPClient) -> None:
    pad = [Control(f"/stage/spot/{axis}", axis, "float", -1.0, 1.0) for axis in "xy"]
    told: dict[str, Any] = {}
    server.news = told.update
    server.inbox.describe({control.address: control for control in pad}, COMMANDS)
    server.follow()
    client.send_message("/stage/spot", [0.5, -0.25])
    touches = until(lambda: server.inbox.drain().touches)
    assert {address: touch.value for address, touch in touches.items()} == {
        "/stage/spot/x": 0.5,
        "/stage/spot/y": -0.25,
    }
    server.echo({"/stage/spot/x": 0.5, "/stage/spot/y": -0.25})
    assert until(lambda: told.get("/stage/spot")) == (0.5, -0.25)
    client.send_message("/stage/lamp", [0.5, 0.5])
    until(lambda: server.refused == 1)
