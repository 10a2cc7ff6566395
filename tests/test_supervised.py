"""The door's own way: a real show under its supervisor, killed, stopped, asked to leave."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from installation.core.log_file import log_file
from installation.core.parts import ROOT
from installation.options import parse
from installation.supervised import alone
from tests.timeout import TIMEOUT, until

REHEARSAL = ROOT / "shows" / "rehearsal.toml"
SMALL = ("--headless", "--size", "320x180")


@pytest.mark.parametrize(
    "words",
    [
        "--list",
        "--check",
        "--agenda",
        "--schema",
        "--list-devices",
        "--no-supervisor",
        "--rehearse 2027-01-01",
        "--ics a.ics",
    ],
)
def test_errands_need_no_supervisor(words: str) -> None:
    assert alone(parse([str(REHEARSAL), *words.split()]))
    assert not alone(parse([str(REHEARSAL), *SMALL, "--seconds", "3"]))


def children(pid: int) -> list[Any]:
    """The show's process first, then the one on standby; numbers of processes begin again at some time."""
    return sorted(psutil.Process(pid).children(), key=lambda child: child.create_time())


class Show:
    """A supervised show in a state folder of its own."""

    def __init__(self, folder: Path, *more: str, web: str = "enabled = false") -> None:
        self.folder = folder
        show = folder / "quiet.toml"
        show.write_text(f"[web]\n{web}\n[operator]\nenabled = false\n{REHEARSAL.read_text()}")
        line = [
            sys.executable,
            "-m",
            "installation.program",
            str(show),
            *SMALL,
            "--state",
            str(folder / "state"),
            *more,
        ]
        self.process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def messages(self) -> list[str]:
        with suppress(OSError):
            lines = log_file(self.folder / "state").read_text().splitlines()
            return [json.loads(line)["message"] for line in lines]
        return []

    def says(self, words: str, times: int = 1) -> None:
        def said() -> bool:
            assert self.process.poll() is None, self.process.communicate()[1]
            return sum(words in message for message in self.messages()) >= times

        until(said, words)

    def child(self) -> Any:
        return until(lambda: next(iter(children(self.process.pid)), None), "the show's process")

    def leave(self, number: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, said


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Any]:
    started: list[Show] = []

    def start(*more: str, **how: str) -> Show:
        started.append(Show(tmp_path, *more, **how))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_a_killed_show_comes_back_and_its_supervisor_is_small(show: Any, tmp_path: Path) -> None:
    still = tmp_path / "wall.png"
    running = show("--still", str(still))
    running.says("is resident", 3)
    assert psutil.Process(running.process.pid).memory_info().rss < 40 * 2**20
    child = running.child()
    child.kill()
    running.says("the show was ended by SIGKILL; it is started again")
    running.says("the picture is back after")
    running.says("is resident", 6)
    again = running.child()
    assert again.pid != child.pid
    code, said = running.leave()
    assert code == 0
    assert "Traceback" not in said
    assert still.stat().st_size > 1000
    assert not again.is_running()


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_the_page_of_a_show_that_takes_over_was_ready(show: Any) -> None:
    running, page = show(web="port = 0"), "visitors vote and look at"
    running.says(page)

    def waits() -> Any:
        """The web process of the show on standby."""
        _, *standby = children(running.process.pid)
        with suppress(psutil.NoSuchProcess):
            return next((one for each in standby for one in each.children() if "installation.web" in one.cmdline()), 0)

    web = until(waits, "a web process that waits")
    assert [one for one in web.net_connections("tcp") if one.status == "LISTEN"] == []
    running.child().kill()
    running.says(page, 2)
    assert [one.status for one in web.net_connections("tcp")].count("LISTEN") == 1
    assert running.leave()[0] == 0
    until(lambda: not web.is_running(), "its end")


@pytest.mark.gl
@pytest.mark.slow
def test_a_run_for_some_seconds_leaves_its_report_and_the_exit_code_of_the_show(show: Any, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    running = show("--seconds", "2", "--report", str(report))
    assert running.process.wait(2 * TIMEOUT) == 0
    startup = json.loads(report.read_text())["startup"]
    assert 0.0 < startup["first_picture_s"] <= startup["first_painted_s"]


def test_a_show_file_with_a_fault_is_told_once(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(REHEARSAL.read_text().replace('"plasma"', '"plasm"'))
    line = [sys.executable, "-m", "installation.program", str(wrong), *SMALL, "--state", str(tmp_path / "state")]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 2
    assert done.stderr.count("nothing was started") == 1
    assert "again" not in done.stderr


SAFE = """
import sys
from pathlib import Path
from installation.process.restarts import Rules
from installation.process.supervisor import Supervisor
show, folder = sys.argv[1:]
command = [sys.executable, "-m", "installation.app", show, "--headless", "--size", "320x180", "--state", folder]
sys.exit(Supervisor([*command, "--supervised"], Path(folder), rules=Rules(most=1, first=0.1)).run())
"""

PIECES = """
[show]
title = "Try-out"
transition = {{ kind = "dissolve", duration = "0.2 s" }}

[web]
port = {port}

[operator]
enabled = false
"""

PIECE = """
[[piece]]
name = "{name}"
duration = "2 s"
generator = {{ kind = "plasma" }}
walk = {{ kind = "wander" }}
poster = "{poster}"
hang = "bleed"
"""


@pytest.mark.gl
@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_safe_mode_shows_the_stills_of_all_pieces_and_says_so_in_health(tmp_path: Path) -> None:
    show, folder, poster = tmp_path / "safe.toml", tmp_path / "state", tmp_path / "still.png"
    Image.new("RGB", (320, 180), (200, 30, 30)).save(poster)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    show.write_text(PIECES.format(port=port) + "".join(PIECE.format(name=name, poster=poster) for name in "ab"))
    process = subprocess.Popen([sys.executable, "-c", SAFE, str(show), str(folder)], cwd=ROOT)
    try:
        until(lambda: ask(port, "/healthz").get("ok"), "health")
        children(process.pid)[0].kill()
        until(lambda: any("safe mode" in reason for reason in ask(port, "/healthz").get("reasons", ())), "safe mode")
        seen = set()
        until(lambda: seen.add(ask(port, "/healthz").get("piece")) or {"a", "b"} <= seen, "both pieces")
        health = ask(port, "/healthz")
        assert health["show"]["painted"] == 0
        assert any("ended by SIGKILL" in note for note in health["notes"])
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/thumbnail.jpg", timeout=TIMEOUT) as answer:
            brightest = np.asarray(Image.open(answer)).max()
        assert brightest > 60, "a still, and not the dark"
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT) == 0
    finally:
        process.kill()
        process.wait()


def ask(port: int, path: str) -> Any:
    """The JSON of an answer, whatever its status; nothing where there is none."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        return json.load(error)
    except (OSError, ValueError):
        return {}


INTERRUPTED = """
import os, signal, sys

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == os.environ["INTERRUPTED_AT"]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder())
"""


@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
@pytest.mark.parametrize("ignored", [False, True])
@pytest.mark.parametrize(
    ("line", "module"),
    [
        (["run_show.py"], "installation.bootstrap"),
        (["-m", "installation.program"], "installation.options"),
        (["-m", "installation.program"], "installation.process.supervisor"),
    ],
)
def test_ctrl_c_while_it_is_being_loaded_ends_it_without_a_traceback(
    tmp_path: Path, line: list[str], module: str, ignored: bool
) -> None:
    (tmp_path / "sitecustomize.py").write_text(INTERRUPTED)
    own = {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}", "INTERRUPTED_AT": module}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN if ignored else signal.SIG_DFL)
    try:
        words = [sys.executable, *line, "rehearsal", "--seconds", "soon"]
        words = words if ignored else words[:-2]
        done = subprocess.run(words, cwd=ROOT, env=os.environ | own, capture_output=True, text=True, timeout=TIMEOUT)
    finally:
        signal.signal(signal.SIGINT, before)
    if ignored:
        assert done.returncode == 2
        assert "--seconds" in done.stderr
    else:
        assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
