"""What is written to disk beside the frames: a disk that fills or hangs costs the file, never the show."""

import logging
import threading
from pathlib import Path

import pytest

from installation.outputs._writer_thread import WriterThread


def test_all_is_written_in_order_before_it_ends() -> None:
    written: list[int] = []
    writer = WriterThread[int](Path("file"), 8, written.append, lambda: written.append(-1), (OSError,))
    for number in range(8):
        writer.put(number)
    assert writer.close(30.0)
    assert written == [*range(8), -1]
    assert not writer.close(30.0), "it was closed already"


def hang(until: threading.Event) -> None:
    until.wait(60)


def test_a_hung_disk_neither_stops_the_show_nor_its_end(caplog: pytest.LogCaptureFixture) -> None:
    go = threading.Event()
    writer = WriterThread[int](Path("film.mp4"), 2, lambda _: hang(go), lambda: None, (OSError,))
    for number in range(10):
        writer.put(number)
    assert writer.left_out >= 7
    with caplog.at_level(logging.ERROR):
        assert writer.close(0.1), "no queue.Full"
    assert "film.mp4: could not be finished in 0 s: its end is missing" in caplog.text
    go.set()


def test_what_comes_after_a_fault_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    ended = []

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    writer = WriterThread[int](Path("film.mp4"), 2, full, lambda: ended.append(1), (OSError,))
    for number in range(100):
        writer.put(number)
    writer.close(30.0)
    writer.put(1)
    assert isinstance(writer.fault, OSError)
    assert caplog.text.count("the recording ends here") == 1
    assert not ended
