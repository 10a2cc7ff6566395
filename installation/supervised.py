"""What the entry point starts: a show under a supervisor, in a small process, or for all else the app itself."""

import os
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from installation.core import invocation
from installation.core.disk_cache import DiskCache
from installation.core.log_file import keep_log
from installation.options import Options, parse

COMMAND = (sys.executable, "-m", "installation.app")


def main(argv: Sequence[str]) -> int:
    """Exit status: the show's own, see app.main."""
    from installation.process.alerts import AlertsProcess
    from installation.process.beginning import allow_watching
    from installation.process.supervisor import Supervisor

    options = parse(argv)
    os.environ[invocation.VARIABLE] = invocation.program()  # the show's process prints the command line as typed
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it has none, and looking for some takes time
    allow_watching()
    folder = options.state_folder
    keep_log(folder, "supervisor", shared=True)
    alerts = AlertsProcess(options.show, folder) if has_alerts(options.show, folder) else None
    try:
        return Supervisor([*COMMAND, *argv, "--supervised"], folder, options.seconds, alerts=alerts).run()
    finally:
        if alerts:
            alerts.stop()


def has_alerts(show: Path, folder: Path) -> bool:
    """Whether a show file has ``[alerts]``, or had them when it could be read the last time, so that a process for
    them is worth while. What is wrong with the file is told by the show's process."""
    try:
        return "alerts" in tomllib.loads(show.read_text("utf-8"))
    except (OSError, ValueError):
        from installation.showfile.good import had_table  # imported here: this process stays small

        return had_table("alerts", show, DiskCache(folder / "cache"))


def program() -> NoReturn:
    """The whole program."""
    arguments = sys.argv[1:]
    if alone(parse(arguments)):
        from installation import app

        invocation.heed_interrupts()
        app.program()
    sys.exit(main(arguments))


def alone(options: Options) -> bool:
    """Whether this process does what was asked for by itself."""
    return options.is_errand or options.no_supervisor or options.supervised
