"""``install-service`` and ``uninstall-service``: a show that starts with the machine, kept by the system's own means.

On Linux a unit of the user's systemd, on Windows a task of the task scheduler, on macOS a launchd agent. Both commands
write or remove a file and print what to type; they start and stop nothing themselves.
"""

import os
import plistlib
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from xml.sax.saxutils import escape

from installation.core import invocation
from installation.core.atomic_write import write_whole
from installation.core.errors import OptionError, ShowError
from installation.core.parts import ROOT
from installation.options import SERVICE_COMMANDS, Options, parse
from installation.showfile.load import load

LASTING = ("display", "size", "fps", "device", "seed", "always_open", "state")
"""The options that a service may have, besides where it hangs."""

UNIT = """\
[Unit]
Description=Vernissage: {title}
Documentation={page}
{session}StartLimitIntervalSec=0

[Service]
Type=notify
NotifyAccess=main
ExecStart={command}
WorkingDirectory={folder}
Environment={path}
Restart=on-failure
RestartSec=2
TimeoutStartSec=120
WatchdogSec=30
TimeoutStopSec=90
KillMode=mixed
# What a show never needs. It does need the screen, the graphics card, cameras, sound and the network.
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
UMask=0077
LimitCORE=0

[Install]
WantedBy={wanted}
"""

SESSION = "After=graphical-session.target\nPartOf=graphical-session.target\n"

# A priority of 4 is that of programs that a user starts; a task's own, 7, is that of work in the background. What
# restarts "on failure" is a task that cannot be started, at most 255 times: not one whose program ends with a fault.
TASK = """\
<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.4" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Vernissage: {title}</Description></RegistrationInfo>
  <Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
  <Principals>
    <Principal id="Author">
      <LogonType>InteractiveToken</LogonType><RunLevel>LeastPrivilege</RunLevel>
    </Principal>
  </Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <Priority>4</Priority>
    <RestartOnFailure><Interval>PT1M</Interval><Count>255</Count></RestartOnFailure>
  </Settings>
  <Actions Context="Author">
    <Exec>
      <Command>{program}</Command>
      <Arguments>{arguments}</Arguments>
      <WorkingDirectory>{folder}</WorkingDirectory>
    </Exec>
  </Actions>
</Task>
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A show as a service: ``command`` with absolute paths, run in ``folder``; ``headless`` needs no screen."""

    name: str
    command: tuple[str, ...]
    folder: Path
    headless: bool

    @classmethod
    def of(cls, options: Options) -> "Service":
        """The service of the show that is asked for. Raises OptionError for what only a run that ends can do."""
        show = options.show.resolve()
        entry = [str(ROOT / "run_show.py")] if (ROOT / "run_show.py").is_file() else ["-m", "installation.program"]
        words = (sys.executable, *entry, str(show), *_words(options))
        return cls(_name(show), words, Path.cwd(), options.mode == "headless")

    def unit(self) -> str:
        """A unit for ``systemctl --user``; see systemd.service(5), systemd.exec(5)."""
        session = "" if self.headless else SESSION
        wanted = "default.target" if self.headless else "graphical-session.target"
        return UNIT.format(
            title=self.name.replace("%", "%%"),
            page=(ROOT / "docs" / "running-an-exhibition.md").as_uri().replace("%", "%%"),
            session=session,
            command=" ".join(_quoted(word).replace("$", "$$") for word in self.command),
            folder=str(self.folder).replace("%", "%%"),
            path=_quoted(f"PYTHONPATH={ROOT}"),
            wanted=wanted,
        )

    def task(self) -> bytes:
        """A task for ``schtasks /Create /XML``: UTF-16, as Windows reads it."""
        program, *arguments = self.command
        text = TASK.format(
            title=escape(self.name),
            program=escape(program),
            arguments=escape(subprocess.list2cmdline(arguments)),
            folder=escape(str(self.folder)),
        )
        return text.replace("\n", "\r\n").encode("utf-16")

    def agent(self) -> bytes:
        """A property list for ``launchctl bootstrap``; see launchd.plist(5)."""
        return plistlib.dumps(
            {
                "Label": f"vernissage.{self.name}",
                "ProgramArguments": list(self.command),
                "WorkingDirectory": str(self.folder),
                "EnvironmentVariables": {"PYTHONPATH": str(ROOT)},
                "RunAtLoad": True,
                "KeepAlive": {"SuccessfulExit": False},
                "ProcessType": "Interactive",
                "ExitTimeOut": 90,
            }
        )


@dataclass(frozen=True, slots=True)
class ServiceFile:
    """Where a system keeps such a file, and what to type to start it, to see its state and to remove it."""

    path: Path
    content: bytes
    enable: tuple[str, ...]
    look: str
    disable: tuple[str, ...]


def service_file(service: Service, platform: str = sys.platform, home: Path | None = None) -> ServiceFile:
    """The service's file on a ``platform`` as sys.platform names it, in a user's ``home``."""
    home = home or Path.home()
    if platform == "win32":
        return _windows(service, home)
    if platform == "darwin":
        return _macos(service, home)
    return _linux(service, home)


def _linux(service: Service, home: Path) -> ServiceFile:
    unit = f"vernissage-{service.name}.service"
    path = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config") / "systemd" / "user" / unit
    lingering = ("loginctl enable-linger",) if service.headless else ()
    return ServiceFile(
        path,
        service.unit().encode(),
        ("systemctl --user daemon-reload", f"systemctl --user enable --now {unit}", *lingering),
        f"systemctl --user status {unit}",
        (f"systemctl --user disable --now {unit}",),
    )


def _windows(service: Service, home: Path) -> ServiceFile:
    folder = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    path, name = folder / "vernissage" / f"{service.name}.xml", f"Vernissage {service.name}"
    return ServiceFile(
        path,
        service.task(),
        (f'schtasks /Create /TN "{name}" /XML "{path}"', f'schtasks /Run /TN "{name}"'),
        f'schtasks /Query /TN "{name}" /V /FO LIST',
        (f'schtasks /End /TN "{name}"', f'schtasks /Delete /TN "{name}" /F'),
    )


def _macos(service: Service, home: Path) -> ServiceFile:
    label = f"vernissage.{service.name}"
    path = home / "Library" / "LaunchAgents" / f"{label}.plist"
    return ServiceFile(
        path,
        service.agent(),
        (f"launchctl bootstrap gui/$(id -u) {shlex.quote(str(path))}",),
        f"launchctl print gui/$(id -u)/{label}",
        (f"launchctl bootout gui/$(id -u)/{label}",),
    )


def program(words: Sequence[str]) -> int:
    """Does ``install-service SHOW [options]`` or ``uninstall-service SHOW``. Exit code 0, and 2 where it cannot."""
    command, *rest = words
    try:
        options = parse(rest)
        service = service_file(Service.of(options))
        if command != SERVICE_COMMANDS[0]:
            return uninstall(service)
        return install(service) or _tell_faults(options.show)
    except (OSError, OptionError) as error:
        print(f"{invocation.program()} {command}: {error}", file=sys.stderr)
        return 2


def install(service: ServiceFile) -> int:
    service.path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(service.path, service.content)
    print(f"{service.path} is written. To start the show now, and with this machine from now on, type:")
    print("".join(f"  {line}\n" for line in service.enable), end="")
    print(f"How it is:\n  {service.look}")
    return 0


def _tell_faults(show: Path) -> int:
    """A show with faults may be mended after this; that it does not start until then is told."""
    try:
        load(show, despite_damage=True)
    except ShowError as error:
        print(f"It does not start until these are mended:\n{error}", file=sys.stderr)
    return 0


def uninstall(service: ServiceFile) -> int:
    if not service.path.exists():
        print(f"found no {service.path}: this show is no service here")
        return 2
    service.path.unlink()
    print(f"{service.path} is removed. If the show runs as a service, or starts with this machine, type:")
    print("".join(f"  {line}\n" for line in service.disable), end="")
    return 0


def _words(options: Options) -> Iterator[str]:
    """The options as they are typed. Raises OptionError for one that a service cannot have."""
    given = {
        field.name: getattr(options, field.name) for field in fields(options) if field.name not in ("show", "mode")
    }
    given = {name: value for name, value in given.items() if value != getattr(Options(options.show), name)}
    if options.mode != "full":
        yield "--headless" if options.mode == "headless" else "--windowed"
    for name, value in given.items():
        word = f"--{name.replace('_', '-')}"
        if name not in LASTING:
            raise OptionError(f"found {word}, expected only what a show that runs for months can have")
        if value is True:
            yield word
        elif name == "size":
            yield from (word, f"{value[0]}x{value[1]}")
        else:
            yield from (word, str(value.resolve() if isinstance(value, Path) else value))


def _name(show: Path) -> str:
    """A show's name in letters that every service manager takes."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", show.stem) or "show"


def _quoted(word: str) -> str:
    """A word of ExecStart= or Environment=; see systemd.service(5), "Command lines"."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    return f'"{escaped}"'
