"""A show as a service of the system: what is written, what a person is told to type, and that it is taken back."""

import plistlib
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from installation.core.errors import OptionError
from installation.core.parts import ROOT
from installation.options import parse
from installation.services import Service, install, program, service_file

REHEARSAL = ROOT / "shows" / "rehearsal.toml"
ODD = 'a "show" 100% of $HOME & more'


@pytest.fixture
def odd(tmp_path: Path) -> Service:
    """A show whose name has all that needs quoting."""
    path = tmp_path / f"{ODD}.toml"
    path.write_text(REHEARSAL.read_text())
    return Service.of(parse([str(path), "--headless", "--size", "640x360", "--state", str(tmp_path / "state")]))


def test_the_command_line_comes_back_as_it_was(odd: Service, tmp_path: Path) -> None:
    show, rest = odd.command[2], odd.command[3:]
    assert odd.command[:2] == (sys.executable, str(ROOT / "run_show.py"))
    assert parse([show, *rest]) == parse([show, "--headless", "--size", "640x360", "--state", str(tmp_path / "state")])


def test_what_only_a_run_that_ends_can_have_is_refused() -> None:
    with pytest.raises(OptionError, match="found --seconds"):
        Service.of(parse([str(REHEARSAL), "--seconds", "3"]))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
@pytest.mark.parametrize("which", ["plain", "odd"])
def test_systemd_takes_the_unit(which: str, odd: Service, tmp_path: Path) -> None:
    service = odd if which == "odd" else Service.of(parse([str(REHEARSAL)]))
    unit = tmp_path / f"vernissage-{service.name}.service"
    unit.write_text(service.unit())
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr


def test_a_show_without_a_screen_does_not_wait_for_one(odd: Service) -> None:
    assert "graphical-session" not in odd.unit()
    assert "WantedBy=graphical-session.target" in Service.of(parse([str(REHEARSAL)])).unit()


def test_the_task_is_one(odd: Service) -> None:
    """Its arguments are those of the command, as Windows takes a command line apart."""
    task = ET.fromstring(odd.task().decode("utf-16"))
    space = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"
    assert task.findtext(f".//{space}Command") == sys.executable
    assert task.findtext(f".//{space}Arguments") == subprocess.list2cmdline(odd.command[1:])
    assert task.findtext(f".//{space}ExecutionTimeLimit") == "PT0S"
    assert task.findtext(f".//{space}Priority") == "4", "not that of work in the background"
    assert 1 <= int(task.findtext(f".//{space}Count") or 0) <= 255, "as its schema has it"


def test_the_agent_is_one(odd: Service) -> None:
    agent = plistlib.loads(odd.agent())
    assert agent["ProgramArguments"] == list(odd.command)
    assert agent["RunAtLoad"]


@pytest.mark.parametrize(
    ("platform", "file", "typed"),
    [
        ("linux", ".config/systemd/user/vernissage-rehearsal.service", "systemctl --user enable --now vernissage-rehe"),
        ("win32", "AppData/Local/vernissage/rehearsal.xml", 'schtasks /Create /TN "Vernissage rehearsal" /XML "'),
        ("darwin", "Library/LaunchAgents/vernissage.rehearsal.plist", "launchctl bootstrap gui/$(id -u) "),
    ],
)
def test_it_is_written_and_a_person_is_told_what_to_type(
    platform: str,
    file: str,
    typed: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    service = service_file(Service.of(parse([str(REHEARSAL)])), platform, tmp_path)
    assert service.path == tmp_path / file
    assert install(service) == 0
    assert typed in capsys.readouterr().out
    assert service.path.read_bytes() == service.content


@pytest.mark.skipif(sys.platform != "linux", reason="systemd")
def test_it_comes_and_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert program(["install-service", str(REHEARSAL), "--headless"]) == 0
    assert "loginctl enable-linger" in capsys.readouterr().out
    assert program(["uninstall-service", str(REHEARSAL)]) == 0
    assert "systemctl --user disable --now vernissage-rehearsal.service" in capsys.readouterr().out
    assert program(["uninstall-service", str(REHEARSAL)]) == 2
    assert not list(tmp_path.rglob("*.service"))


@pytest.mark.skipif(sys.platform != "linux", reason="where the unit lies is asked of Linux")
def test_a_show_with_faults_is_told_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    show = tmp_path / "faulty.toml"
    show.write_text(REHEARSAL.read_text().replace("[show]", "[show]\nordr = 3", 1))
    assert program(["install-service", str(show)]) == 0
    told = capsys.readouterr()
    assert "vernissage-faulty.service is written" in told.out
    assert told.err.startswith(f"It does not start until these are mended:\n{show}:")
    assert 'did you mean "order"?' in told.err
    assert program(["uninstall-service", str(show)]) == 0
