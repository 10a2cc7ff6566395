"""The command line: one parser, for the bootstrap that makes the environment and for the app. Standard library."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, NoReturn

from installation import __version__
from installation.core import folders
from installation.core.argument_types import moment, new_file, number, recording, size, whole
from installation.core.errors import did_you_mean
from installation.core.invocation import program
from installation.training import cli

Mode = Literal["full", "windowed", "headless"]
Device = Literal["auto", "cpu", "cuda", "mps"]

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_SHOW = ROOT / "shows" / "next_rembrandt.toml"
SERVICE_COMMANDS = ("install-service", "uninstall-service")
"""Before a show's command line: installs or removes the service that starts with the machine."""
DOCTOR = "doctor"
"""The command that looks at the machine (doctor_options.py has its command line)."""

TODAY = datetime.min

SIZE = (1280, 720)
"""The wall's size in pixels where no screen gives one."""

EPILOG = """\
examples:
  PROGRAM                              the bundled exhibition, full screen
  PROGRAM rehearsal --windowed         in a window: needs no model, no camera
  PROGRAM my_show.toml --check         is it right? every fault with its line; exit code 0 or 2
  PROGRAM --headless --seconds 20 --still wall.png
                                       no screen: what a visitor would see after 20 seconds

  PROGRAM install-service my_show.toml
                                       starts the show with this machine; uninstall-service takes it back
  PROGRAM doctor my_show.toml          is this machine ready for it? a checklist, with what to do

Esc or Ctrl-C leaves. Everything else is in the show file: README.md teaches it in eight words.

for the artist, from pictures to a model that hangs; PROGRAM train --help teaches it:
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. ``size`` (width, height) in pixels; None is the screen's own, full screen only.

    ``display`` counts from 0. ``fps`` None is 60, and 30 where software draws. ``seconds`` None runs until it is
    stopped. ``fresh`` begins anew instead of where the last run ended; ``state`` is the folder that keeps where that
    was, None is a folder of its own (see ``core.folders``). ``supervised`` is the show's own process, whose supervisor
    is at the other end of stdin and stdout. The files are written at the end, the recordings while it runs. ``agenda``
    is a span of days as it was typed, empty for the week to come; ``day_report`` is a day or TODAY.
    """

    show: Path
    mode: Mode = "full"
    display: int = 0
    size: tuple[int, int] | None = None
    fps: float | None = None
    device: Device = "auto"
    seconds: float | None = None
    seed: int | None = None
    fresh: bool = False
    always_open: bool = False
    no_reload: bool = False
    rehearse: datetime | None = None
    speed: float = 60.0
    state: Path | None = None
    still: Path | None = None
    record: Path | None = None
    record_decisions: Path | None = None
    replay: Path | None = None
    report: Path | None = None
    touchosc: Path | None = None
    open_stage_control: Path | None = None
    midi_learn: str | None = None
    ics: Path | None = None
    agenda: str | None = None
    day_report: datetime | None = None
    test_alerts: bool = False
    check: bool = False
    schema: bool = False
    list: bool = False
    list_devices: bool = False
    no_supervisor: bool = False
    supervised: bool = False

    @property
    def state_folder(self) -> Path:
        """Where the show keeps what must survive a restart: its log, its votes, its position in the playlist."""
        return self.state or folders.state_folder() / self.show.stem

    @property
    def is_errand(self) -> bool:
        """Whether something shorter than a show was asked for."""
        asked = (
            self.agenda is not None,
            self.day_report is not None,
            self.check,
            self.schema,
            self.list,
            self.list_devices,
            self.test_alerts,
        )
        files = (self.ics, self.touchosc, self.open_stage_control, self.midi_learn, self.replay, self.rehearse)
        return any((*asked, *files))


def parse(argv: Sequence[str]) -> Options:
    """The options that ``argv`` (without the program's name) asks for.

    Leaves with exit code 2 and one clear message on a wrong one, with 0 after ``--help``.
    """
    parser = _parser()
    given, unknown = parser.parse_known_args(argv)
    if unknown:
        parser.error(unknown_argument(parser, unknown[0]))
    mode: Mode = "headless" if given.headless else "windowed" if given.windowed else "full"
    size = given.size or (None if mode == "full" else SIZE)
    if given.record and size and (size[0] % 2 or size[1] % 2):
        parser.error(f"--record: found --size {size[0]}x{size[1]}, expected even numbers, as video has them")
    rest = {name: value for name, value in vars(given).items() if name not in ("headless", "windowed", "mode", "size")}
    return Options(mode=mode, size=size, **rest)


class _Parser(argparse.ArgumentParser):
    """argparse's own, but an error is one message and no page of usage before it, and its help lists the chain."""

    def format_help(self) -> str:
        self.epilog = EPILOG.replace("PROGRAM", self.prog) + cli.listing()  # loads the chain's commands: for help alone
        return super().format_help()

    def error(self, message: str) -> NoReturn:
        message = message.removeprefix("argument ")
        self.exit(2, f"{self.prog}: {message}\n{self.prog} --help lists what there is\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=program(),
        usage="%(prog)s [SHOW] [options]\n       %(prog)s COMMAND [options]     the artist's, listed at the end",
        description="Hangs a show on the wall: a network paints, the room steers, the show file says what hangs.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "show",
        nargs="?",
        type=show_file,
        metavar="SHOW",
        default=DEFAULT_SHOW,
        help="a show file, or the name of one in shows/ (default: next_rembrandt)",
    )
    parser.add_argument("--version", action="version", version=f"Vernissage {__version__}")
    _add_where(parser)
    _add_how(parser)
    _add_files(parser)
    _add_questions(parser)
    return parser


def _add_where(parser: argparse.ArgumentParser) -> None:
    where = parser.add_argument_group("where it hangs").add_mutually_exclusive_group()
    where.add_argument("--headless", action="store_true", help="no screen; the live picture is on the web page")
    where.add_argument("--windowed", action="store_true", help="in a window, to try things out")
    where.add_argument(
        "--display",
        type=whole(0, 31),
        metavar="N",
        default=0,
        help="full screen on this display; 0 is the first (default: 0)",
    )


def _add_how(parser: argparse.ArgumentParser) -> None:
    how = parser.add_argument_group("how it runs")
    _add_picture(how)
    _add_course(how)
    _add_time(how)
    _add_process(how)


def _add_picture(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--size",
        type=size,
        metavar="1280x720",
        help="width x height of the wall in pixels, in a window or headless (default: 1280x720)",
    )
    how.add_argument(
        "--fps",
        type=number(1, 1000),
        metavar="60",
        help="frames a second on the screen: name your screen's rate where it is another than the default (60, and 30 "
        "where software draws); the network paints at its own rate, frames between its pictures are blended",
    )
    how.add_argument(
        "--device",
        choices=("auto", "cpu", "cuda", "mps"),
        default="auto",
        help="what the network runs on (default: auto, the fastest there is)",
    )


def _add_course(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--seconds",
        type=number(0.1, 1e7),
        metavar="N",
        help="leave so many seconds after the first painted picture (default: with Esc or Ctrl-C)",
    )
    how.add_argument(
        "--seed",
        type=whole(0, 2**32 - 1),
        metavar="N",
        help="for all that is left to chance: the same seed, the same order and ways (default: the show file's)",
    )
    how.add_argument(
        "--fresh",
        action="store_true",
        help="begin with the first piece (default: go on where the show was when it ended)",
    )


def _add_time(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--always-open",
        action="store_true",
        help="as if it never closed: look at a show whose [schedule] is closed now",
    )
    how.add_argument(
        "--no-reload",
        action="store_true",
        help="leave a changed show file for the next start (default: it is taken over with the next change of piece)",
    )
    how.add_argument(
        "--rehearse",
        type=moment,
        metavar="'2027-12-24 16:55'",
        help="play that day and hour instead of now, on a clock that runs --speed times as fast, and print each change",
    )
    how.add_argument(
        "--speed", type=number(0.1, 100_000), metavar="60", default=60.0, help="how fast --rehearse goes (default: 60)"
    )


def _add_process(how: argparse._ArgumentGroup) -> None:
    how.add_argument(
        "--state",
        type=Path,
        metavar="FOLDER",
        help="where the show keeps its log, votes and place (default: a folder of its own in state/, "
        "installed: in your data folder)",
    )
    how.add_argument(
        "--no-supervisor",
        action="store_true",
        help="this process alone: the show is not started again where it ends or stands still",
    )
    how.add_argument("--supervised", action="store_true", help=argparse.SUPPRESS)
    how.add_argument(
        "--replay",
        type=recording,
        metavar="FILE.jsonl.gz",
        help="play a recording of --record-decisions instead, frame by frame",
    )


def _add_files(parser: argparse.ArgumentParser) -> None:
    files = parser.add_argument_group("what it leaves behind")
    files.add_argument(
        "--still",
        type=new_file(".png"),
        metavar="FILE.png",
        help="the wall as a visitor sees it, full size, written at the end",
    )
    files.add_argument(
        "--record", type=new_file(".mp4"), metavar="FILE.mp4", help="a film of the wall, written while it runs"
    )
    files.add_argument(
        "--record-decisions",
        type=new_file(".gz"),
        metavar="FILE.jsonl.gz",
        help="what was decided in every frame, some 10 MB an hour; --replay draws it again",
    )
    files.add_argument(
        "--report",
        type=new_file(".json"),
        metavar="FILE.json",
        help="rates, times, memory and errors of this run, written at the end",
    )
    files.add_argument(
        "--touchosc",
        type=new_file(".tosc"),
        metavar="FILE.tosc",
        help="this show's TouchOSC layouts, for a tablet and, as FILE-phone.tosc, a phone; written without starting it",
    )
    files.add_argument(
        "--open-stage-control",
        type=new_file(".json"),
        metavar="FILE.json",
        help="this show's session for Open Stage Control; written without starting it",
    )
    files.add_argument(
        "--ics",
        type=new_file(".ics"),
        metavar="FILE.ics",
        help="the agenda as a calendar, for other programs; with --agenda, and without starting the show",
    )


def _add_questions(parser: argparse.ArgumentParser) -> None:
    ask = parser.add_argument_group("questions it answers, and leaves").add_mutually_exclusive_group()
    ask.add_argument(
        "--agenda",
        nargs="?",
        const="",
        metavar="DATE..DATE",
        help="what hangs when, from one day to another (default: the week from today on)",
    )
    ask.add_argument("--midi-learn", metavar="ADDRESS", help="the [[midi.map]] for the key or knob that you then move")
    ask.add_argument(
        "--day-report",
        nargs="?",
        const=TODAY,
        type=moment,
        metavar="2027-12-24",
        help="what a day was like, as a web page: makes it and prints where it is (default: today so far)",
    )
    ask.add_argument("--test-alerts", action="store_true", help="send a test message by all that [alerts] names")
    ask.add_argument("--check", action="store_true", help="is the show file right? opens nothing; exit code 0 or 2")
    ask.add_argument(
        "--schema",
        action="store_true",
        help="the grammar of a show file as a JSON schema, for editors; docs/show.schema.json is it",
    )
    ask.add_argument(
        "--list",
        action="store_true",
        help="every generator, sensor, transition and walk, with its options, signals and controls",
    )
    ask.add_argument(
        "--list-devices", action="store_true", help="the cameras and sound inputs of this machine, and what they offer"
    )


def unknown_argument(parser: argparse.ArgumentParser, argument: str) -> str:
    """The message about one that the parser does not know."""
    if not argument.startswith("-"):
        return f'found a second show "{argument}", expected one'
    flags = [flag for action in parser._actions for flag in action.option_strings]  # argparse has no public list
    hint = did_you_mean(argument.partition("=")[0], flags)
    return f"there is no {argument}" + (f"; {hint}" if hint else "")


def show_file(text: str) -> Path:
    """The file itself, or ``shows/NAME.toml``. Raises ArgumentTypeError where there is neither."""
    named = ROOT / "shows" / f"{text}.toml"
    if Path(text).is_file() or not named.is_file():
        return _existing(Path(text))
    return named


def _existing(path: Path) -> Path:
    if path.is_file():
        return path
    known = sorted(show.stem for show in DEFAULT_SHOW.parent.glob("*.toml") if "." not in show.stem)
    hint = did_you_mean(path.stem, [*known, *cli.names(), *SERVICE_COMMANDS, DOCTOR])
    raise argparse.ArgumentTypeError(
        f'found no file "{path}", expected a show file or one of {", ".join(known)}' + (f"; {hint}" if hint else "")
    )
