"""A second copy of a show does not start; the signals that end one; when --seconds begin and what the report counts."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from installation import metrics
from installation.core.errors import DeviceError
from installation.core.parts import ROOT
from installation.showfile.load import load
from installation.single import only_copy
from tests.timeout import TIMEOUT, until

SHOW = """
[show]
title = "One"

[web]
enabled = {web}
port = 18473

[operator]
enabled = false

[[piece]]
name = "one"
duration = "1 min"
generator = {{ kind = "plasma" }}
walk = {{ kind = "wander" }}
"""


def written(folder: Path, web: bool = False) -> Path:
    path = folder / "one.toml"
    path.write_text(SHOW.format(web=str(web).lower()))
    return path


def begun(show: Path, *more: str) -> "subprocess.Popen[str]":
    line = [sys.executable, "-m", "installation.program", str(show), "--headless", "--size", "160x90", *more]
    return subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_second_copy_is_refused_by_state_and_by_port(tmp_path: Path) -> None:
    show = load(written(tmp_path, web=True))
    with only_copy(show, tmp_path / "state"):
        with pytest.raises(DeviceError, match=rf"\(process {os.getpid()}\) keeps its state in .*--state"):
            only_copy(show, tmp_path / "state").__enter__()
        with pytest.raises(DeviceError, match=r"has port 18473; end it, or give this show another: port in \[web\]"):
            only_copy(show, tmp_path / "other").__enter__()
    with only_copy(show, tmp_path / "state"):
        """The first has let go."""


def test_a_state_folder_that_cannot_be_made_stops_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    with only_copy(load(written(tmp_path)), tmp_path / "file" / "state"):
        assert "would not be noticed" in caplog.text


@pytest.mark.gl
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_closed_terminal_ends_a_show_in_order_and_a_second_copy_says_one_line(tmp_path: Path) -> None:
    show, state, report = written(tmp_path), tmp_path / "state", tmp_path / "report.json"
    first = begun(show, "--state", str(state), "--report", str(report))
    until(lambda: (state / "playback.json").exists(), "a show that runs")
    try:
        second = begun(show, "--state", str(state))
        _, said = second.communicate(timeout=TIMEOUT)
        assert second.returncode == 2
        assert said.count("\n") == 1
        named = re.search(r"another show that runs here \(process (\d+)\)", said)
        assert named, said
        assert int(named[1]) in {
            first.pid,
            *(child.pid for child in psutil.Process(first.pid).children(recursive=True)),
        }
    finally:
        first.send_signal(signal.SIGHUP)
        first.communicate(timeout=TIMEOUT)
    assert first.returncode == 0
    assert json.loads(report.read_text())["ended"] is None


@pytest.mark.gl
def test_seconds_begin_with_the_first_painted_frame(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    process = begun(written(tmp_path), "--state", str(tmp_path / "state"), "--report", str(report), "--seconds", "1.5")
    _, said = process.communicate(timeout=TIMEOUT)
    assert process.returncode == 0, said
    told = json.loads(report.read_text())
    assert 1.3 <= told["seconds"] <= 3.0
    assert told["startup"]["first_painted_s"] > told["startup"]["first_picture_s"] > 0


def test_frames_count_from_the_first_painted_one() -> None:
    stats = metrics.ScreenStats(0.1)
    for now, painted in ((0.0, False), (0.9, False), (1.0, True), (1.1, True), (1.5, True)):
        stats.presented(now, metrics.Work(0.001, 0.001), painted, False)
    assert (stats.frames, stats.late, stats.late_before) == (2, 1, 1)
    stats.resident = 1.5
    stats.presented(2.0, metrics.Work(0.001, 0.001), True, False)
    assert (stats.late, stats.late_before) == (2, 1)
    assert stats.seconds() == 1.0
