"""A child behind framed pipes: what it says and hears, how it ends and comes back; it never outlives its parent."""

import io
import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import NoneType
from typing import Any

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from installation.core.errors import FrameError
from installation.core.parts import ROOT
from installation.core.pipe import LIMIT, Message, encode, read_frame, read_frames
from installation.process import child as children
from installation.process.child import QUEUE, Child
from tests.timeout import TIMEOUT, until

BORN = (
    "import threading, queue; from installation.core.pipe import serve\n"
    "told = queue.SimpleQueue(); send = serve(told.put); send({'born': 1})\n"
)
"""A child that says so."""
ECHO = "\nwhile True: send(told.get())"
FOR_EVER = "\nthreading.Event().wait()"

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
messages = st.binary(max_size=200) | st.dictionaries(st.text(), json_values, max_size=4)


# ---------------------------------------------------------------- frames


@given(st.lists(messages, max_size=5))
def test_frames_come_back_as_they_went(sent: list[Message]) -> None:
    assert list(read_frames(io.BytesIO(b"".join(map(encode, sent))))) == sent


@given(st.binary(max_size=60))
def test_garbage_is_a_message_the_end_or_refused(garbage: bytes) -> None:
    with suppress(FrameError):
        assert isinstance(read_frame(io.BytesIO(garbage)), (dict, bytes, NoneType))


@pytest.mark.parametrize(
    "frame",
    [
        (LIMIT + 1).to_bytes(4, "big") + b"B",
        b"Hello, world",
        b"\0\0\0\3J[1]",
        b"\0\0\0\3J{{{",
        b"\0\0\0\x0cJ" + b'{"a": NaN}  ',
        (60_000).to_bytes(4, "big") + b"J" + b"[" * 60_000,
    ],
    ids=["too long", "text", "no object", "no JSON", "NaN", "too deep"],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(FrameError, match="expected"):
        read_frame(io.BytesIO(frame))


def test_a_frame_cut_short_is_the_end() -> None:
    assert read_frame(io.BytesIO(encode(b"whole")[:-1])) is None
    assert read_frame(io.BytesIO(b"\0\0")) is None


@pytest.mark.parametrize("message", [b"x" * (LIMIT + 1), {"a": float("nan")}, {"a": object()}])
def test_what_cannot_be_said_is_refused_where_it_is_said(message: Message) -> None:
    with pytest.raises(FrameError, match="found a message"):
        encode(message)


# ---------------------------------------------------------------- processes

Start = Callable[..., tuple[Child, SimpleQueue[Message]]]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts children that run a piece of Python, and stops them at the end."""
    children: list[Child] = []

    def start(code: str, **options: Any) -> tuple[Child, SimpleQueue[Message]]:
        heard: SimpleQueue[Message] = SimpleQueue()
        children.append(Child("it", [sys.executable, "-c", code], heard.put, **options))
        children[-1].start()
        return children[-1], heard

    yield start
    for child in children:
        child.stop()
        assert not child.alive


def test_it_is_told_hello_first_and_answers(start: Start) -> None:
    child, heard = start(BORN + ECHO, hello={"hello": "é"})
    child.send({"a": [1, 2.5]})
    child.send_latest(b"picture")
    assert heard.get(timeout=TIMEOUT) == {"born": 1}
    assert heard.get(timeout=TIMEOUT) == {"hello": "é"}
    assert heard.get(timeout=TIMEOUT) == {"a": [1, 2.5]}
    assert heard.get(timeout=TIMEOUT) == b"picture"
    assert child.alive
    assert child.trouble == ""


def test_prints_go_to_the_log_and_not_between_the_frames(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    code = BORN + "print('stray', flush=True); import os; os.write(1, b'from C\\n'); send({'b': 1});" + FOR_EVER
    _, heard = start(code)
    assert [heard.get(timeout=TIMEOUT), heard.get(timeout=TIMEOUT)] == [{"born": 1}, {"b": 1}]
    until(lambda: "it: stray" in caplog.text and "it: from C" in caplog.text)


def test_killed_it_is_started_within_three_seconds_and_told_hello_again(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    child, heard = start(BORN + ECHO, hello={"hello": 1})
    assert [heard.get(timeout=TIMEOUT), heard.get(timeout=TIMEOUT)] == [{"born": 1}, {"hello": 1}]
    assert child.pid is not None
    killed, first = time.monotonic(), child.pid
    psutil.Process(first).kill()
    until(lambda: child.pid not in (first, None))
    assert time.monotonic() - killed < 3.0
    assert [heard.get(timeout=TIMEOUT), heard.get(timeout=TIMEOUT)] == [{"born": 1}, {"hello": 1}]
    assert child.restarts == 1
    assert [record.message for record in caplog.records if record.levelno >= logging.WARNING] == [
        f"it: ended with exit code {-9 if os.name == 'posix' else 15}; the show goes on, it is started again"
    ]


def test_deaths_of_the_same_kind_are_logged_once_a_minute(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    child, _ = start("raise SystemExit('no such port')")
    until(lambda: child.restarts >= 3)
    warnings = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    line = "it: ended with exit code 1; its last line: no such port; the show goes on, it is started again"
    assert warnings == [line]
    assert child.trouble.startswith("ended with exit code 1")


def test_garbage_gets_it_stopped_and_started_again(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    child, _ = start("import time; print('Hello, world', flush=True); time.sleep(60)")
    until(lambda: "it: wrote what is no frame: found b'Hello', expected a frame" in caplog.text)
    until(lambda: child.restarts)


def test_silence_gets_it_stopped_and_started_again(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    child, heard = start(BORN + ECHO, silence=0.4)
    until(lambda: child.restarts)
    assert "it: said nothing for too long and was stopped" in caplog.text
    assert heard.get(timeout=TIMEOUT) == {"born": 1}


def test_a_heartbeat_keeps_it_running_and_is_passed_to_no_one(start: Start) -> None:
    beats = "import time\nfor i in range(40): send({'alive': 0.0}); time.sleep(0.1)\nsend({'done': 1})\n"
    child, heard = start(BORN + beats + FOR_EVER, silence=3.0)
    assert [heard.get(timeout=TIMEOUT), heard.get(timeout=TIMEOUT)] == [{"born": 1}, {"done": 1}]
    assert child.restarts == 0


def test_it_may_ask_for_more_time(start: Start) -> None:
    ask = "send({'alive': 20.0});"
    code = f"{BORN}{ask} import time; time.sleep(1.5); send({{'opened': 1}}); {ask}{FOR_EVER}"
    child, heard = start(code, silence=1.0)
    assert [heard.get(timeout=TIMEOUT), heard.get(timeout=TIMEOUT)] == [{"born": 1}, {"opened": 1}]
    assert child.restarts == 0


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_one_that_is_stopped_by_a_signal_cannot_have_asked_for_more_time(start: Start) -> None:
    child, heard = start(BORN + "send({'alive': 30.0}); send({'asked': 1});" + FOR_EVER, silence=0.4)
    assert [heard.get(timeout=TIMEOUT), heard.get(timeout=TIMEOUT)] == [{"born": 1}, {"asked": 1}]
    assert child.pid is not None
    stopped = time.monotonic()
    psutil.Process(child.pid).suspend()
    until(lambda: child.restarts)
    assert time.monotonic() - stopped < 25.0


# ---------------------------------------------------------------- a spare process

GREETED = BORN.replace("send({'born': 1})", "send({'told': told.get()}); send({'alive': 30.0})")
"""A child that says nothing until it has its hello, and then what that was."""


def waiting(child: Child) -> int:
    """The number of the process that waits beside it, as soon as it reads its pipe."""

    def found() -> int:
        others = [one for one in psutil.Process().children() if one.pid != child.pid and one.num_threads() > 1]
        return others[0].pid if others else 0

    return until(found, "a spare process")


@pytest.fixture
def spared(start: Start, monkeypatch: pytest.MonkeyPatch) -> tuple[Child, SimpleQueue[Message], int]:
    """A child that has said its hello, its messages, and the number of the process that waits."""
    monkeypatch.setattr(children, "SPARE_AFTER", 0.0)
    child, heard = start(GREETED + FOR_EVER, hello={"hello": 1}, silence=0.4, spare=True)
    assert heard.get(timeout=TIMEOUT) == {"told": {"hello": 1}}
    return child, heard, waiting(child)


def test_a_spare_process_is_the_next_one_and_gets_the_hello_of_now(
    spared: tuple[Child, SimpleQueue[Message], int],
) -> None:
    child, heard, second = spared
    child.greet({"hello": 2})
    assert child.pid is not None
    psutil.Process(child.pid).kill()
    assert heard.get(timeout=TIMEOUT) == {"told": {"hello": 2}}
    assert child.pid == second


@pytest.mark.parametrize("blow", ["kill", "suspend"])
def test_a_spare_process_that_is_gone_or_stopped_is_done_without(
    spared: tuple[Child, SimpleQueue[Message], int], blow: str
) -> None:
    child, heard, second = spared
    getattr(psutil.Process(second), blow)()
    assert child.pid is not None
    psutil.Process(child.pid).kill()
    assert heard.get(timeout=TIMEOUT) == {"told": {"hello": 1}}
    assert child.pid != second


def test_a_spare_process_leaves_with_its_child(spared: tuple[Child, SimpleQueue[Message], int]) -> None:
    child, _, second = spared
    child.stop()
    until(lambda: not psutil.pid_exists(second), "its end")


STOPPED = """
import os, signal, subprocess, sys, threading
from installation.process.child import Child

class Stopped(subprocess.Popen):
    many = 0

    def __init__(self, *line, **how):
        Stopped.many += 1
        stop = (lambda: os.kill(os.getpid(), signal.SIGSTOP)) if Stopped.many == 1 else None
        super().__init__(*line, preexec_fn=stop, **how)

subprocess.Popen, heard = Stopped, threading.Event()
code = "import sys, threading; from installation.core.pipe import serve; serve(print)({}); threading.Event().wait()"
child = Child("it", [sys.executable, "-c", code], lambda message: heard.set())
child.start()
heard.wait()
print(child.last_trouble)
child.stop()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
def test_one_that_is_stopped_before_its_program_begins_is_killed_and_started_again() -> None:
    line = [sys.executable, "-c", STOPPED]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.stdout == "ended with exit code -9\n", done.stderr


def test_a_program_that_is_not_there_is_trouble_and_no_exception(caplog: pytest.LogCaptureFixture) -> None:
    child = Child("it", ["/no/such/program"], print)
    child.start()
    until(lambda: child.trouble)
    child.stop()
    assert "it: does not start" in caplog.text


def test_sending_never_blocks_and_the_newest_wins(start: Start, tmp_path: Path) -> None:
    """A child that does not read until all is said, told far more than a pipe holds."""
    read = tmp_path / "read"
    code = (
        "import os, sys, time; from installation.core.pipe import encode, read_frames\n"
        f"while not os.path.exists({str(read)!r}): time.sleep(0.01)\n"
        "for m in read_frames(sys.stdin.buffer):\n"
        "    sys.stdout.buffer.write(encode({'n': m[0] if type(m) is bytes else m}))\n"
        "    sys.stdout.buffer.flush()"
    )
    child, heard = start(code)
    for number in range(100):
        child.send_latest(bytes([number]) * 300_000)
    for number in range(10 * QUEUE):
        child.send({"n": number, "fill": "x" * 10_000})
    read.touch()
    got = []
    while (message := heard.get(timeout=TIMEOUT)) != {"n": 99}:
        got.append(message)
    numbers = [message["n"]["n"] for message in got if isinstance(message, dict) and isinstance(message["n"], dict)]
    assert numbers[-1] == 10 * QUEUE - 1
    assert len(numbers) <= QUEUE + 20, "the oldest give way"


def test_stopping_ends_one_that_ignores_it() -> None:
    child = Child("it", [sys.executable, "-c", "import time\nwhile True: time.sleep(600)"], print)
    child.start()
    until(lambda: child.alive)
    process = psutil.Process(child.pid)
    child.send({"a": 1})
    child.stop(timeout=0.3)
    until(lambda: not process.is_running())  # of its own will it would be there for minutes
    child.stop()


def test_stopping_one_that_never_started_does_nothing() -> None:
    Child("it", [sys.executable], print).stop()


def test_what_waits_is_said_before_the_end(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = (
        "from installation.core.pipe import serve; import threading\n"
        f"serve(lambda m: open({str(told)!r}, 'wb').write(m))\n"
    )
    child = Child("it", [sys.executable, "-c", code + FOR_EVER], print)
    child.start()
    child.send_latest(b"the last word")
    child.stop(timeout=TIMEOUT)
    assert told.read_bytes() == b"the last word"


def test_one_that_is_told_that_it_ends_may_end_by_itself(tmp_path: Path) -> None:
    told = tmp_path / "told"
    code = (
        "from installation.core.pipe import serve; import threading\n"
        f"end = threading.Event(); serve(print, end.set); end.wait(); open({str(told)!r}, 'w').write('closed')"
    )
    child = Child("it", [sys.executable, "-c", code], print)
    child.start()
    until(lambda: child.alive)
    child.stop(timeout=TIMEOUT)
    assert told.read_text() == "closed"


@pytest.mark.parametrize("stuck_in", ["threading.Event().wait()", "time.sleep(1000)", "ctypes.CDLL(None).sleep(1000)"])
def test_no_orphan_when_the_parent_is_killed(stuck_in: str, tmp_path: Path) -> None:
    if "CDLL" in stuck_in and os.name != "posix":
        pytest.skip("there is no C library to hang in by this name")
    child = f"from installation.core.pipe import serve; import ctypes, threading, time\nserve(print); {stuck_in}"
    parent = (
        "import sys, time; from installation.process.child import Child\n"
        f"c = Child('it', [sys.executable, '-c', {child!r}], print); c.start()\n"
        "while not c.pid: time.sleep(0.01)\n"
        "print(c.pid, flush=True); time.sleep(1000)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        orphan = psutil.Process(int(process.stdout.readline()))
        process.kill()
    orphan.wait(timeout=TIMEOUT)


def test_an_ending_parent_needs_no_stop(tmp_path: Path) -> None:
    child = f"[sys.executable, '-c', {BORN + ECHO!r}]"
    code = f"import sys\nfrom installation.process.child import Child\nChild('it', {child}, print).start()"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, timeout=TIMEOUT, check=False).returncode == 0


def test_nothing_comes_where_nothing_was_said(start: Start) -> None:
    _, heard = start("import threading; from installation.core.pipe import serve; serve(print);" + FOR_EVER)
    with pytest.raises(Empty):
        heard.get(timeout=0.3)


PARENT = """
import sys, threading
from installation.process.child import Child
child = Child("it", [sys.executable, "-c", sys.argv[1]], print)
child.start()
while child.pid is None:
    pass
print(child.pid, flush=True)
threading.Event().wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_no_stopped_child_outlives_its_parent() -> None:
    code = "import time\n" + BORN + "\nprint('here', flush=True)" + FOR_EVER
    line = [sys.executable, "-c", PARENT, code]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        assert "born" in parent.stdout.readline(), "it serves"
        child.suspend()
        until(lambda: child.status() == psutil.STATUS_STOPPED)
        parent.kill()
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the end of the child")
