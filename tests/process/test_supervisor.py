"""The supervisor and real processes: what it starts again, what it tells, and that nothing is left behind."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from installation.core.log_file import log_file
from installation.core.parts import ROOT
from tests.timeout import TIMEOUT, until

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

RUN = """
import sys
from pathlib import Path
from installation.core.log_file import keep_log
from installation.process import supervisor
from installation.process.restarts import Rules
from installation.process.supervisor import Supervisor
supervisor.STANDBY_AFTER = {after}
folder = Path(sys.argv[1])
keep_log(folder, "supervisor", shared=True)
command = [sys.executable, "-m", "tests.stub_show", str(folder), *sys.argv[2:], "--supervised"]
sys.exit(Supervisor(command, folder, {seconds}, rules=Rules({rules})).run())
"""


class Watched:
    """A supervisor and its show, in processes of their own."""

    def __init__(
        self,
        folder: Path,
        *conducts: str,
        rules: str = "",
        seconds: float | None = None,
        after: float = 1e9,
        **more: str,
    ) -> None:
        """``after`` so many seconds there is a process on standby."""
        self.folder = folder
        code = RUN.format(rules=rules, seconds=seconds, after=after)
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(folder), *conducts],
            cwd=ROOT,
            env=os.environ | more,
            stderr=subprocess.PIPE,
            text=True,
        )

    def lives(self) -> list[dict[str, Any]]:
        with suppress(OSError):
            return [json.loads(line) for line in (self.folder / "lives.jsonl").read_text().splitlines()]
        return []

    def life(self, number: int) -> dict[str, Any]:
        """The life of that number, from 1, as soon as it has begun."""
        return until(lambda: len(self.lives()) >= number and self.lives()[number - 1], f"life {number}")

    def log(self) -> list[dict[str, Any]]:
        with suppress(OSError):
            return [json.loads(line) for line in log_file(self.folder).read_text().splitlines()]
        return []

    def messages(self) -> list[str]:
        return [line["message"] for line in self.log()]

    def leave(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, said

    def end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=TIMEOUT)
        for life in self.lives():
            for pid in (life["pid"], life["beside"]):
                if pid > 0:
                    until(lambda pid=pid: not running(pid), f"the end of {pid}")


class Manager:
    """A service manager's socket, as systemd gives one to a service."""

    def __init__(self, address: str) -> None:
        self.heard: list[str] = []
        self.environment = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "200000"}
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(TIMEOUT)

    def hears(self, word: str) -> None:
        while not any(word in said for said in self.heard):
            self.heard.append(self.socket.recv(4096).decode())


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.socket.close()


def running(pid: int) -> bool:
    with suppress(psutil.NoSuchProcess):
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    return False


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Any]:
    started: list[Watched] = []

    def watch(*conducts: str, **options: Any) -> Watched:
        started.append(Watched(tmp_path, *conducts, **options))
        return started[-1]

    yield watch
    for one in started:
        one.end()


def test_a_show_that_is_killed_is_there_again_and_told(watch: Any) -> None:
    watched = watch("plays")
    os.kill(watched.life(1)["pid"], signal.SIGKILL)
    again = watched.life(2)
    assert (again["restarts"], again["safe"], again["why"]) == (1, False, "was ended by SIGKILL")
    until(lambda: any("the picture is back after" in message for message in watched.messages()))
    assert "the show was ended by SIGKILL; it is started again" in watched.messages()
    code, said = watched.leave()
    assert code == 0
    assert "the show was ended by SIGKILL; it is started again" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("conduct", ["hangs", "hangs in a driver"])
def test_a_show_that_stands_still_leaves_its_stacks_and_is_started_again(watch: Any, conduct: str) -> None:
    watched = watch(conduct, "plays")
    assert watched.life(2)["why"] == "stood still for 3 s"
    fault = until(lambda: next((line for line in watched.log() if "stacks" in line), None), "the stacks")
    assert "stub_show.py" in fault["stacks"]
    assert "in act" in fault["stacks"] or "in stand_still" in fault["stacks"]
    assert watched.leave()[0] == 0


def test_a_show_that_is_stopped_is_killed_and_started_again(watch: Any) -> None:
    watched = watch("plays")
    first = watched.life(1)["pid"]
    time.sleep(0.5)  # a few beats
    stopped = time.monotonic()
    os.kill(first, signal.SIGSTOP)
    assert watched.life(2)["why"] == "stood still for 3 s"
    assert time.monotonic() - stopped > 2.0, "not before its time"
    assert not running(first)


def test_a_show_that_dies_again_and_again_is_started_in_safe_mode_and_then_in_full(watch: Any) -> None:
    rules = "most=3, first=0.05, longest=0.1, retry=1.0"
    watched = watch("dies", "dies", "dies", "plays", "plays", rules=rules)
    assert [watched.life(number)["safe"] for number in (1, 2, 3, 4)] == [False, False, False, True]
    fifth = watched.life(5)
    assert (fifth["safe"], fifth["why"]) == (False, "was in safe mode")
    assert any("safe mode, stills and labels only" in message for message in watched.messages())
    told = [message for message in watched.messages() if "it is started again" in message]
    assert told == ["the show ended with exit code 7; it is started again"], "once a minute at most"
    assert watched.leave()[0] == 0


def test_another_fault_is_told_at_once(watch: Any) -> None:
    """Only the same one is told once a minute."""
    watched = watch("dies", "hangs", "dies", "plays")
    watched.life(4)
    told = [message for message in watched.messages() if "it is started again" in message]
    assert told == [
        "the show ended with exit code 7; it is started again",
        "the show stood still for 3 s; it is started again",
    ]
    assert watched.leave()[0] == 0


def test_a_show_that_has_grown_is_started_again_which_is_no_failure(watch: Any) -> None:
    watched = watch("renews", "renews", "plays", rules="most=1")
    again = watched.life(3)
    assert (again["restarts"], again["safe"], again["why"]) == (2, False, "had grown by 1124 MB")
    assert "the show had grown by 1124 MB; it is started again" in watched.messages()
    assert watched.leave()[0] == 0


def test_a_show_that_ends_by_itself_ends_the_supervisor_with_its_exit_code(watch: Any) -> None:
    assert watch("ends").process.wait(TIMEOUT) == 5


def test_a_show_that_has_to_be_mended_is_not_tried_again(watch: Any) -> None:
    watched = watch("to mend")
    assert watched.process.wait(TIMEOUT) == 2
    assert len(watched.lives()) == 1
    assert watched.messages() == []


def test_a_show_for_so_many_seconds_plays_on_for_those_that_are_left(watch: Any, manager: Manager) -> None:
    watched = watch("plays", seconds=1000.0, **manager.environment)
    manager.hears("READY=1")  # the seconds count from the first picture that the supervisor was told of
    os.kill(watched.life(1)["pid"], signal.SIGKILL)
    assert watched.life(1)["seconds"] == 1000.0
    assert 900.0 < watched.life(2)["seconds"] < 1000.0


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_it_leaves_in_order_with_all_that_belongs_to_it(watch: Any, name: str) -> None:
    watched = watch("beside")
    life = watched.life(1)
    assert watched.leave(signal.Signals[name])[0] == 0
    for pid in (life["pid"], life["beside"]):  # what was killed is gone a moment later
        until(lambda pid=pid: not running(pid), f"the end of {pid}")


@pytest.mark.parametrize("after", [0.0, 0.03, 0.1, 0.4])
def test_it_does_not_matter_when_a_show_is_killed(watch: Any, after: float) -> None:
    watched = watch("plays")
    first = watched.life(1)["pid"]
    time.sleep(after)
    os.kill(first, signal.SIGKILL)
    assert watched.life(2)["why"] == "was ended by SIGKILL"
    assert watched.leave()[0] == 0


def test_a_show_that_stands_still_does_not_keep_anybody_from_leaving(watch: Any) -> None:
    watched = watch("hangs in a driver")
    life = watched.life(1)
    time.sleep(0.3)
    assert watched.leave(signal.SIGINT)[0] == 128 + signal.SIGKILL
    assert not running(life["pid"])
    assert len(watched.lives()) == 1


def test_a_dead_shows_children_die_before_the_next_one_starts(watch: Any) -> None:
    watched = watch("beside", "plays")
    first = watched.life(1)
    os.kill(first["pid"], signal.SIGKILL)
    watched.life(2)
    assert not running(first["beside"])


def test_no_show_outlives_its_supervisor(watch: Any) -> None:
    watched = watch("plays")
    life = watched.life(1)
    watched.process.kill()
    until(lambda: not running(life["pid"]), "the end of the show")


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_no_stopped_show_outlives_its_supervisor(watch: Any) -> None:
    watched = watch("plays")
    life = watched.life(1)
    os.kill(life["pid"], signal.SIGSTOP)
    watched.process.kill()
    until(lambda: not running(life["pid"]), "the end of the show")


@pytest.mark.slow
def test_no_show_that_hangs_in_a_driver_outlives_its_supervisor(watch: Any) -> None:
    watched = watch("hangs in a driver")
    life = watched.life(1)
    watched.process.kill()
    until(lambda: not running(life["pid"]), "the end of the show")


def test_a_supervisor_that_stood_still_itself_does_not_blame_the_show(watch: Any) -> None:
    watched = watch("plays")
    life = watched.life(1)
    os.kill(watched.process.pid, signal.SIGSTOP)
    time.sleep(4.0)
    os.kill(watched.process.pid, signal.SIGCONT)
    time.sleep(0.5)
    assert running(life["pid"])
    assert watched.leave()[0] == 0
    assert len(watched.lives()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="proc")
def test_a_show_tells_that_its_supervisor_is_stopped(watch: Any) -> None:
    watched = watch("tells its notes")
    notes = watched.folder / "notes"
    until(lambda: notes.exists() and not notes.read_text(), "a show without a note")
    os.kill(watched.process.pid, signal.SIGSTOP)
    until(lambda: notes.read_text().startswith("nobody would start the show again"), "the note")
    os.kill(watched.process.pid, signal.SIGCONT)
    until(lambda: not notes.read_text(), "no note")
    assert watched.leave()[0] == 0


def test_systemd_is_told_of_a_dark_wall(watch: Any, manager: Manager) -> None:
    watched = watch("is dark", **manager.environment)
    manager.hears("STATUS=the wall is dark")
    assert watched.leave()[0] == 0


def test_systemd_is_told(watch: Any, manager: Manager) -> None:
    watched = watch("plays", **manager.environment)
    manager.hears("READY=1")
    manager.hears('STATUS="stub" hangs')
    for _ in range(3):
        manager.heard.clear()
        manager.hears("WATCHDOG=1")
    os.kill(watched.life(1)["pid"], signal.SIGKILL)
    manager.hears("started again 1 times, the last time as it was ended by SIGKILL")
    assert watched.leave()[0] == 0
    manager.hears("STOPPING=1")


def test_where_nothing_can_be_written_it_goes_on_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    folder = tmp_path / "file" / "below"
    show = (
        "import sys; from pathlib import Path; from installation.process.heartbeat import Supervised\n"
        f"heart = Supervised(Path({str(folder)!r})); heart.beat(1, 'stub', True); heart.finishing()\n"
        "print('played', file=sys.stderr)"
    )
    code = RUN.format(seconds=None, rules="", after=1e9).partition("command = ")[0]
    code += f"sys.exit(Supervisor([sys.executable, '-c', {show!r}], folder).run())"
    line = [sys.executable, "-c", code, str(folder)]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert (done.returncode, done.stderr) == (0, "played\n")


def on_standby(watched: Watched, show: int) -> int:
    """The number of the process on standby, once there is one that hears: with a thread that reads its pipe."""

    def waiting() -> int:
        with suppress(psutil.NoSuchProcess):
            children = psutil.Process(watched.process.pid).children()
            return next((child.pid for child in children if child.pid != show and child.num_threads() > 1), 0)
        return 0

    return until(waiting, "a standby")


@pytest.fixture
def prepared(watch: Any) -> tuple[Watched, dict[str, Any], int]:
    """A supervisor, its show's first life, and the number of the process on standby."""
    watched = watch("plays", after=0.1)
    life = watched.life(1)
    return watched, life, on_standby(watched, life["pid"])


def test_a_process_on_standby_is_the_next_life(prepared: tuple[Watched, dict[str, Any], int]) -> None:
    watched, life, waiting = prepared
    assert len(watched.lives()) == 1, "it waits for its orders"
    os.kill(life["pid"], signal.SIGKILL)
    again = watched.life(2)
    assert (again["pid"], again["restarts"]) == (waiting, 1)
    assert on_standby(watched, waiting) != waiting
    assert watched.leave()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_standby_that_is_gone_or_stopped_is_done_without(
    prepared: tuple[Watched, dict[str, Any], int], number: int
) -> None:
    watched, life, waiting = prepared
    os.kill(waiting, number)
    os.kill(life["pid"], signal.SIGKILL)
    again = until(lambda: next((life for life in watched.lives()[1:] if life["pid"] != waiting), None), "a life")
    assert again["restarts"] in (1, 2), "one that does not answer is given up"
    until(lambda: not running(waiting), "the end of the standby")


def test_no_standby_outlives_its_supervisor(prepared: tuple[Watched, dict[str, Any], int]) -> None:
    watched, life, waiting = prepared
    watched.process.kill()
    for pid in (waiting, life["pid"]):
        until(lambda pid=pid: not running(pid), "the end of all")


def test_a_supervisor_that_leaves_takes_its_standby_along(prepared: tuple[Watched, dict[str, Any], int]) -> None:
    watched, _, waiting = prepared
    assert watched.leave()[0] == 0
    assert not running(waiting)
