"""The bounded OSC socket: who is heard, what is counted, and what a taken port says."""

import socket
import sys
import threading
from collections.abc import Iterator

import pytest

from installation.core.errors import DeviceError
from installation.core.osc_backlog import WAITING, Endpoint
from installation.core.osc_socket import LOG_EVERY, REASONS, Complaints, OscSocket
from tests.core.test_osc_packets import bundle, message

PACKET = message(b"/x")


def opened(bind: str = "127.0.0.1", port: int = 0, *allow: str) -> OscSocket:
    return OscSocket(bind, port, allow, owner="[operator]", wait=2.0)


@pytest.fixture
def ear() -> Iterator[OscSocket]:
    made = opened()
    yield made
    made.close()


def say(port: int, packet: bytes, host: str = "127.0.0.1") -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as mouth:
        mouth.sendto(packet, (host, port))


def test_it_hears_messages_and_their_sender(ear: OscSocket) -> None:
    say(ear.port, PACKET)
    heard = ear.hear()
    assert [one.address for one in heard.messages] == ["/x"]
    assert heard.source.host == "127.0.0.1"


def test_silence_is_nothing() -> None:
    ear = OscSocket("127.0.0.1", 0, (), owner="[operator]", wait=0.01)
    assert ear.hear().messages == ()
    ear.close()


@pytest.mark.parametrize("packet", [b"", b"x", message(b"/*"), b"\0" * 9000, b"\0" * 60000])
def test_what_is_no_packet_is_counted(ear: OscSocket, packet: bytes) -> None:
    say(ear.port, packet)
    assert ear.hear().messages == ()
    assert ear.refused == 1


@pytest.mark.parametrize(
    ("allow", "heard"),
    [((), 1), (("127.0.0.1",), 1), (("10.0.0.0/8", "127.0.0.0/8"), 1), (("10.0.0.0/8",), 0), (("::1",), 0)],
)
def test_who_may_send(allow: tuple[str, ...], heard: int, caplog: pytest.LogCaptureFixture) -> None:
    ear = opened("127.0.0.1", 0, *allow)
    for _ in range(2):
        say(ear.port, PACKET)
    waits = 2.0 if heard else 0.1  # what is refused is there already
    assert len(ear.hear(waits).messages) + len(ear.hear(waits).messages) == 2 * heard
    assert ear.refused == 2 - 2 * heard
    assert len(caplog.records) == 1 - heard  # said once, not twice
    ear.close()


@pytest.mark.parametrize(("allow", "count"), [("127.0.0.1", 2), ("10.0.0.0/8", 0)])
def test_who_may_send_is_told_what_does_not_count_and_nobody_else(allow: str, count: int) -> None:
    ear, told = opened("127.0.0.1", 0, allow), list[tuple[Endpoint, str]]()
    ear.tell = lambda source, text: told.append((source, text))
    expected = (": 1 bytes, expected a multiple of 4", "a message in a bundle from 127.0.0.1 is not heard")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        for packet in (b"x", bundle(message(b"/n", b"Z"), PACKET)):
            mouth.sendto(packet, ("127.0.0.1", ear.port))
            ear.hear(2.0 if count else 0.1)
        port = mouth.getsockname()[1]
    assert ear.refused == 2
    assert [source for source, _ in told] == [("127.0.0.1", port, False)] * count
    assert [part in text for part, (_, text) in zip(expected, told, strict=False)] == [True] * count
    ear.close()


def test_both_families_are_heard_as_what_they_are() -> None:
    try:
        ear = opened("::", 0, "127.0.0.0/8", "::1/128")
    except DeviceError as error:
        pytest.skip(str(error))
    for host in ("127.0.0.1", "::1"):
        say(ear.port, PACKET, host)
        assert len(ear.hear().messages) == 1
    ear.close()


def test_a_taken_port_says_what_to_do(ear: OscSocket) -> None:
    with pytest.raises(
        DeviceError, match=rf"port {ear.port} is in use at 127.0.0.1; .* give \[operator\] another port"
    ):
        opened("127.0.0.1", ear.port)


def test_an_address_of_another_machine_says_what_to_do() -> None:
    with pytest.raises(DeviceError, match=r"192\.0\.2\.1 is no address of this machine; .* 0\.0\.0\.0"):
        opened("192.0.2.1")


def test_what_cannot_be_sent_holds_nothing_up(ear: OscSocket, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        ear.send(PACKET, Endpoint("::1", 9000))  # the other family
    ear.send(PACKET, Endpoint("127.0.0.1", 9))  # nobody there
    assert len(caplog.records) == 1
    assert "cannot be told" in caplog.text


def test_a_complaint_is_due_once_a_minute() -> None:
    now = 0.0
    complaints = Complaints(lambda: now)
    assert complaints.due("a")
    assert complaints.due("b")
    assert not complaints.due("a")
    now = LOG_EVERY
    assert complaints.due("a")


def test_another_fault_of_the_same_subject_is_not_hidden_by_the_first_and_a_flood_of_them_is_bounded() -> None:
    now = 0.0
    complaints = Complaints(lambda: now)
    assert [complaints.due("a", reason) for reason in ("99", "nope", "99")] == [True, True, False]
    assert sum(complaints.due("a", f"found {number}") for number in range(1000)) == REASONS - 2
    now = LOG_EVERY
    assert complaints.due("a", "99")


def test_a_flood_ends_with_the_last_value() -> None:
    ear = OscSocket("127.0.0.1", 0, (), owner="[operator]", wait=2.0, levels={b"/n"})
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        for number in range(3 * WAITING):
            mouth.sendto(message(b"/n", b"i", number.to_bytes(4, "big")), ("127.0.0.1", ear.port))
            ear._empty()
    heard = []
    while (one := ear.hear(0.05)).messages:
        heard.append(one.messages[0].args[0])
    assert heard == sorted(heard)
    assert heard[-1] == 3 * WAITING - 1
    ear.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_what_the_system_had_no_room_for_is_told(ear: OscSocket, caplog: pytest.LogCaptureFixture) -> None:
    ear._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth:
        for _ in range(1000):
            mouth.sendto(PACKET, ("127.0.0.1", ear.port))
    heard = 0
    while ear.hear(0.05).messages:
        heard += 1
    assert heard + ear.lost == 1000
    assert f"{ear.lost} packets came faster than this machine takes them" in caplog.text


def test_what_another_thread_posts_is_heard_at_once(ear: OscSocket) -> None:
    thread = threading.Timer(0.05, ear.post, (PACKET, Endpoint("10.0.0.7", 5000)))
    thread.start()
    heard = ear.hear()
    assert [one.address for one in heard.messages] == ["/x"]
    assert heard.source == Endpoint("10.0.0.7", 5000)
    thread.join()


def test_a_large_packet_is_heard_from_this_machine_alone(ear: OscSocket) -> None:
    packet = bundle(*[message(b"/n", b"i", bytes(4))] * 1000)
    say(ear.port, packet)
    assert len(ear.hear().messages) == 1000
    ear.post(packet, Endpoint("10.0.0.7", 5000))
    assert ear.hear().messages == ()
    assert ear.refused == 1
