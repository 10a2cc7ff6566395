"""OSC in the frames of a TCP connection: both framings, any division into pieces, and bounds."""

import random
import socket
import struct
from collections.abc import Iterator

import pytest

from installation.core.errors import DeviceError
from installation.core.osc_socket import OscSocket
from installation.operator.stream import CLIENTS, UNSENT, Broken, Frames, Stream
from tests.core.test_osc_packets import message
from tests.timeout import TIMEOUT, until

PACKETS = [message(b"/x", b"i", bytes([number, 0xC0, 0xDB, 0xDC])) for number in range(256)]
"""Every byte that SLIP escapes is in them."""


def speaking(slip: bool) -> Frames:
    frames = Frames(8192)
    frames.slip = slip
    return frames


@pytest.mark.parametrize("slip", [True, False])
def test_packets_come_whole_however_they_are_cut(slip: bool) -> None:
    data, dice = b"".join(map(speaking(slip).framed, PACKETS)), random.Random(1)
    frames, packets = Frames(8192), []
    while data:
        cut = dice.randrange(1, 40)
        packets += frames.feed(data[:cut])
        data = data[cut:]
    assert packets == PACKETS
    assert frames.slip is slip
    assert frames.refused == 0


def test_one_end_between_two_packets_is_enough() -> None:
    assert list(Frames(8192).feed(b"\xc0/a\0\0\xc0/b\0\0\xc0")) == [b"/a\0\0", b"/b\0\0"]


@pytest.mark.parametrize("frame", [b"\xdbX/a\0\0", b"/a\0\0\xdb", b"x" * 9000])
def test_a_misspelt_or_long_frame_loses_itself_alone(frame: bytes) -> None:
    frames = Frames(8192)
    assert list(frames.feed(b"\xc0" + frame + b"\xc0" + speaking(True).framed(PACKETS[0]))) == PACKETS[:1]
    assert frames.refused == 1


def test_a_frame_without_end_takes_no_room() -> None:
    frames = Frames(8192)
    for _ in range(100):
        assert list(frames.feed(b"x" * 8192)) == []
        assert len(frames._rest) <= 2 * 8192
    assert frames.refused == 1
    assert list(frames.feed(b"\xc0/a\0\0\xc0")) == [b"/a\0\0"]


@pytest.mark.parametrize("size", [-1, 8193, 2**31 - 1])
def test_a_length_that_cannot_be_ends_the_stream(size: int) -> None:
    frames = speaking(False)
    with pytest.raises(Broken, match=f"a packet of {size} bytes, expected up to 8192"):
        list(frames.feed(struct.pack(">i", size)))


@pytest.fixture
def ear() -> Iterator[tuple[OscSocket, Stream]]:
    osc = OscSocket("127.0.0.1", 0, (), owner="[operator]", wait=0.05)
    stream = Stream("127.0.0.1", 0, osc, lambda endpoint: None)
    yield osc, stream
    stream.close()
    osc.close()


def test_what_is_no_frame_closes_the_connection_and_is_told(
    ear: tuple[OscSocket, Stream], caplog: pytest.LogCaptureFixture
) -> None:
    osc, stream = ear
    with socket.create_connection(("127.0.0.1", stream.port), TIMEOUT) as client:
        client.sendall(struct.pack(">i", 2**20))
        until(lambda: osc.hear() and osc.refused)
        client.settimeout(TIMEOUT)
        assert client.recv(1) == b""
    assert "OSC over TCP from 127.0.0.1 is not heard by [operator]: a packet of 1048576 bytes" in caplog.text


def test_who_connects_once_too_often_is_refused(ear: tuple[OscSocket, Stream]) -> None:
    osc, stream = ear
    clients = [socket.create_connection(("127.0.0.1", stream.port), TIMEOUT) for _ in range(CLIENTS + 1)]
    until(lambda: osc.hear() and osc.refused == 1)
    for client in clients:
        client.close()
    until(lambda: osc.hear() and not stream._clients)


def test_who_is_not_allowed_is_not_connected() -> None:
    osc = OscSocket("127.0.0.1", 0, ("10.0.0.0/8",), owner="[operator]", wait=0.05)
    stream = Stream("127.0.0.1", 0, osc, lambda endpoint: None)
    with socket.create_connection(("127.0.0.1", stream.port), TIMEOUT) as client:
        until(lambda: osc.hear() and osc.refused == 1)
        client.settimeout(TIMEOUT)
        assert client.recv(1) == b""
    stream.close()
    osc.close()


def test_who_does_not_read_is_closed(ear: tuple[OscSocket, Stream]) -> None:
    osc, stream = ear
    with socket.create_connection(("127.0.0.1", stream.port), TIMEOUT) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        until(lambda: osc.hear() and stream._clients)
        (endpoint,) = stream._clients
        sent = 0
        while stream._clients:
            stream.send(bytes(8192), endpoint)
            sent += 8192
            assert sent < 200 * UNSENT


def test_a_taken_port_is_told(ear: tuple[OscSocket, Stream]) -> None:
    osc, stream = ear
    with pytest.raises(DeviceError, match=rf"port {stream.port} is in use at 127.0.0.1"):
        Stream("127.0.0.1", stream.port, osc, lambda endpoint: None)
