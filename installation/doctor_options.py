"""The command line of ``doctor``. Standard library only: it is read before there is an environment."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from installation.core.argument_types import new_file
from installation.core.invocation import program
from installation.options import Device, show_file, unknown_argument

EPILOG = """\
Each finding is good, something to LOOK at, BAD, or not told by this machine, with what to do about it.
Exit code 0: all is well; 1: something to look at; 2: something is bad. What is not told does not count.

With a show, its ports, sensors, exposure to the network and models are looked at, too, and each model is
measured, for which the show should not be running.
"""


@dataclass(frozen=True, slots=True)
class DoctorOptions:
    """What was asked for. Without ``show`` the machine alone is looked at. ``record`` is written, ``replay`` read."""

    show: Path | None = None
    json: bool = False
    record: Path | None = None
    replay: Path | None = None
    device: Device = "auto"
    headless: bool = False
    state: Path | None = None


class _Parser(argparse.ArgumentParser):
    """argparse's own, but an error is one message and no page of usage before it."""

    def error(self, message: str) -> NoReturn:
        message = message.removeprefix("argument ")
        self.exit(2, f"{self.prog}: {message}\n{self.prog} --help lists what there is\n")


def parse(words: Sequence[str]) -> DoctorOptions:
    """The options of ``words``, without the program's name and command. Leaves with exit code 2 on a wrong one, with 0
    after ``--help``."""
    parser = _Parser(
        prog=f"{program()} doctor",
        description="Is this machine ready to hang a show alone? The field engineer's checklist.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("show", nargs="?", type=show_file, metavar="SHOW", help="a show file, or the name of one")
    parser.add_argument("--json", action="store_true", help="the findings as JSON, for other programs")
    parser.add_argument(
        "--record",
        type=new_file(".json"),
        metavar="FILE.json",
        help="write down all that the machine told, to be looked at elsewhere; it names processes and addresses",
    )
    parser.add_argument("--replay", type=_recorded, metavar="FILE.json", help="look at a recorded machine instead")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda", "mps"), default="auto", help="for the models")
    parser.add_argument("--headless", action="store_true", help="the show needs no screen")
    parser.add_argument("--state", type=Path, metavar="FOLDER", help="where the show keeps its state")
    given, unknown = parser.parse_known_args(words)
    if unknown:
        parser.error(unknown_argument(parser, unknown[0]))
    return DoctorOptions(**vars(given))


def _recorded(text: str) -> Path:
    path = Path(text)
    if not path.is_file():
        raise argparse.ArgumentTypeError(f'found no file "{path}", expected one of --record')
    return path
