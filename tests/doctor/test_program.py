"""The command: what it prints, its exit code, a recorded machine, and that asking this one ends in time."""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from installation.doctor import probes
from installation.doctor.findings import Finding, Group
from installation.doctor.page import group_page
from installation.doctor.recorded import Recorder, replay
from installation.doctor_program import program
from tests.doctor.fake import REHEARSAL
from tests.timeout import until

MACHINE: dict[tuple[str, ...], Any] = {
    ("fact", "system"): "linux",
    ("look", "gl"): {"renderer": "AMD Radeon RX 7600", "software": False},
    ("fact", "memory"): {"free": 9e9, "total": 16e9},
    ("run", "timedatectl", "show"): {"status": 0, "out": "NTPSynchronized=yes\n"},
    ("look", "devices", "camera"): {"devices": []},
}
WELL = "good  memory             9.0 GB free of 16.0 GB"


def recorded(folder: Path, **more: Any) -> str:
    """The path of a machine on file."""
    recorder = Recorder(MACHINE.get, dict(MACHINE) | {("fact", name): answer for name, answer in more.items()})
    path = folder / "machine.json"
    recorder.write(path)
    return str(path)


def test_a_recorded_machine_is_looked_at_anywhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert program(["--replay", recorded(tmp_path)]) == 1
    page = capsys.readouterr().out
    assert f"  {WELL}\n" in page
    assert "  LOOK  display            none is connected" in page
    assert "\n                           → plug in the projector" in page
    assert "\x1b" not in page
    assert page.splitlines()[-1].endswith("not told")


def test_a_recording_of_a_recording_is_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, again = recorded(tmp_path), tmp_path / "again.json"
    program(["--replay", first, "--record", str(again)])
    page = capsys.readouterr().out
    program(["--replay", str(again)])
    assert capsys.readouterr().out == page
    assert replay(again)(("look", "gl")) == MACHINE[("look", "gl")]


def test_exit_code_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hot = [{"where": "Tctl", "now": 99.0, "critical": None}]
    assert program([str(REHEARSAL), "--json", "--replay", recorded(tmp_path, heat=hot)]) == 2
    told = json.loads(capsys.readouterr().out)
    assert told["light"] == "red"
    assert told["show"] == str(REHEARSAL)
    warm = next(one for one in told["findings"] if one["subject"] == "temperature")
    assert warm["group"] == "Hardware"
    assert "clean its fans" in warm["advice"]


def test_a_show_with_a_fault_is_told_as_a_finding(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    show = tmp_path / "broken.toml"
    show.write_text('[show]\ntitle = "x"\n')
    assert program([str(show), "--replay", recorded(tmp_path)]) == 2
    assert "BAD   show file" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2}', '{"format": 1, "answers": [{"asked": 3}]}', "\xff"])
def test_a_file_that_is_no_machine(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "machine.json"
    path.write_bytes(text.encode("latin-1"))
    assert program(["--replay", str(path)]) == 2
    assert "expected a file of doctor --record" in capsys.readouterr().err


def test_colour_is_for_a_terminal_and_nothing_else_depends_on_it() -> None:
    findings = [Finding("red", "hot \x1b[2J", "cool it", "heat")]
    plain = group_page(Group("Hardware", 1, ()), findings, 80, False)
    assert "\x1b" not in plain
    coloured = group_page(Group("Hardware", 1, ()), findings, 80, True)
    assert "\x1b[1;31mBAD \x1b[0m" in coloured
    assert "\x1b[2J" not in coloured


# ---------------------------------------------------------------- this machine


def test_a_command_that_does_not_end_is_ended_with_what_it_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "SECONDS", 0.5)
    child = "import subprocess, sys, time; subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    began = time.monotonic()
    assert probes.ask(("run", sys.executable, "-c", f"{child}; time.sleep(600)")) is None
    assert time.monotonic() - began < 60.0


def test_a_command_that_cannot_be_ended_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that waits for a driver: killing it changes nothing, and its pipe stays open."""
    monkeypatch.setattr(probes, "SECONDS", 0.1)
    monkeypatch.setattr(probes, "GRACE", 0.1)
    processes: list[Any] = []
    monkeypatch.setattr(probes, "_end", processes.append)
    assert probes.ask(("run", sys.executable, "-c", "import time; time.sleep(600)")) is None
    monkeypatch.undo()
    until(lambda: bool(processes), "the attempt to end it")
    probes._end(processes[0])


def test_what_is_read_is_bounded(tmp_path: Path) -> None:
    flood = "while True: print('x' * 1000)"
    assert len(probes.ask(("run", sys.executable, "-c", flood))["out"]) == probes.LARGEST
    (tmp_path / "large").write_bytes(b"x" * 2 * probes.LARGEST)
    assert len(probes.ask(("file", str(tmp_path / "large")))) == probes.LARGEST


def test_what_is_not_there_is_not_told(tmp_path: Path) -> None:
    assert probes.ask(("run", "no-such-program-anywhere")) is None
    assert probes.ask(("file", str(tmp_path / "none"))) is None
    assert probes.ask(("variable", "NO_SUCH_VARIABLE_ANYWHERE")) is None
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        assert probes.ask(("file", str(tmp_path / "pipe"))) is None


def test_this_machine_tells_its_facts(tmp_path: Path) -> None:
    for name in ("system", "release", "memory", "ports", "addresses", "processes", "busy", "home", "user"):
        assert probes.ask(("fact", name)), name
    assert probes.ask(("fact", "disk"), folder=str(tmp_path / "to" / "come"))["writable"]
    assert probes.ask(("fact", "running"), folder=str(tmp_path)) is False


def test_a_piece_is_measured_in_a_process_of_its_own(tmp_path: Path) -> None:
    told = probes.ask(("look", "piece", "umber", "cpu"), show=str(REHEARSAL), folder=str(tmp_path))
    assert told["fps"] > 0
    assert probes.ask(("look", "devices", "microphone"))
