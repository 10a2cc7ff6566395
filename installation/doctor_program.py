"""The command line of ``doctor``: looks at this machine or a recorded one, and prints what it finds."""

import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from installation.core import folders, invocation
from installation.core.errors import ShowError, VernissageError
from installation.doctor import probes
from installation.doctor.examine import STATUS, examine, worst
from installation.doctor.findings import Case, Finding, Group
from installation.doctor.machine import Machine
from installation.doctor.page import as_json, group_page, summary
from installation.doctor.recorded import Recorder, replay
from installation.doctor_options import DoctorOptions, parse
from installation.showfile.load import load


def program(words: Sequence[str]) -> int:
    """Exit status: 0 all is well, 1 something to look at, 2 something that will not do, or a wrong command line."""
    options = parse(words)
    try:
        folder = state_folder(options)
        here = partial(probes.ask, show=str(options.show or ""), folder=str(folder))
        recorder = Recorder(replay(options.replay) if options.replay else here)
        found = _examined(case_of(options, Machine(recorder), folder), options)
        if options.record:
            recorder.write(options.record)
    except KeyboardInterrupt:
        return 2
    except (OSError, VernissageError) as error:
        print(f"{invocation.program()} doctor: {error}", file=sys.stderr)
        return 2
    light = worst([finding for _, findings in found for finding in findings])
    if options.json:
        print(as_json(str(options.show) if options.show else None, light, found))
    else:
        print(summary([finding for _, findings in found for finding in findings]))
    return STATUS[light]


def state_folder(options: DoctorOptions) -> Path:
    """Where the show keeps its state; without a show, where all do."""
    return options.state or folders.state_folder() / (options.show.stem if options.show else "")


def case_of(options: DoctorOptions, machine: Machine, folder: Path) -> Case:
    """What is to be examined."""
    case = Case(
        machine,
        folder=_short(folder),
        device=options.device,
        headless=options.headless,
        name=invocation.program(),
        path=_short(options.show) if options.show else "",
    )
    try:
        return replace(case, show=load(options.show)) if options.show else case
    except ShowError as error:
        return replace(case, faults=tuple(map(str, error.faults)))


def _short(path: Path) -> str:
    """As it is typed here."""
    return str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path)


def _examined(case: Case, options: DoctorOptions) -> list[tuple[Group, tuple[Finding, ...]]]:
    """All findings, each group printed as soon as it is there."""
    width, colour = shutil.get_terminal_size((110, 40)).columns, _colour()
    found = []
    for group, findings in examine(case):
        found.append((group, findings))
        if not options.json:
            print(group_page(group, findings, min(width, 130), colour), flush=True)
    return found


def _colour() -> bool:
    """On a terminal, unless NO_COLOR says no (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
