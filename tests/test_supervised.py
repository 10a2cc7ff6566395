"""The door's own way: a real show under its supervisor, killed, stopped, asked to leave."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

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


class Show:
    """A supervised show in a state folder of its own."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        show = folder / "quiet.toml"
        show.write_text(f"[web]\nenabled = false\n[operator]\nenabled = false\n{REHEARSAL.read_text()}")
        line = [
            sys.executable,
            "-m",
            "installation.supervised",
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
        until(lambda: sum(words in message for message in self.messages()) >= times, words)

    def child(self) -> Any:
        return until(lambda: next(iter(psutil.Process(self.process.pid).children()), None), "the show's process")

    def leave(self, number: int = signal.SIGINT) -> tuple[int, str]:
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=TIMEOUT)
        return self.process.returncode, said


@pytest.fixture
def show(tmp_path: Path) -> Iterator[Any]:
    started: list[Show] = []

    def start(*more: str) -> Show:
        started.append(Show(tmp_path, *more))
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
