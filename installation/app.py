"""The program: reads the options, does what they ask for, and prints an error as a sentence without traceback."""

import logging
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Literal, NoReturn

from installation.core import interpreter
from installation.core.controls import Control
from installation.core.counts import counted
from installation.core.disk_cache import DiskCache
from installation.core.errors import LOST, DisplayLost, ShowError, VernissageError
from installation.core.log_file import keep_log, log_file
from installation.options import SIZE, TODAY, Options, parse
from installation.process.heartbeat import Heartbeat, Orders, Supervised
from installation.process.systemd import Notifier
from installation.showfile.good import last_good
from installation.showfile.load import Show, load

log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 success, 1 a bug in this program (traceback in the log), 2 a fault of the show, model or machine,
    3 the display is gone: start again."""
    interpreter.while_loading()
    options = parse(sys.argv[1:] if argv is None else argv)
    try:
        return run(options)
    except ShowError as error:
        print(error, file=sys.stderr)
        print(f"{counted(len(error.faults), 'fault')} in {options.show}; nothing was started", file=sys.stderr)
        return 2
    except DisplayLost as error:
        log.error("%s", error)
        return LOST
    except VernissageError as error:
        print(f"vernissage: {error}", file=sys.stderr)
        return 2
    except (KeyboardInterrupt, BrokenPipeError):  # Ctrl-C; "--list | head"
        return 0
    except Exception:  # the program's outermost handler: a sentence on the screen, the traceback in the log
        where = _logged_in(options)
        log.exception("stopped over an unexpected fault")
        print(f"vernissage: stopped over a fault of its own; the details are in {where}", file=sys.stderr)
        return 1


def _logged_in(options: Options) -> Path:
    """The log file, which is opened where the show has not come so far."""
    if not log.hasHandlers():
        keep_log(options.state_folder, "show")
    return log_file(options.state_folder)


def run(options: Options) -> int:
    """Does what the options ask for: one of the short commands, or the show."""
    if options.list or options.list_devices or options.schema:
        _tell_of_all_shows(options)
        return 0
    heartbeat = Heartbeat()
    if options.supervised:
        heartbeat = Supervised(options.state_folder, lambda: _warm(options.show))
        options = ordered(options, heartbeat.orders)
    show = _loaded(options, heartbeat)
    if options.check:
        _check(show, options)
        return 0
    if options.test_alerts:
        return _test_alerts(show)
    if _answered(show, options):
        return 0
    return _play(show, options, heartbeat)


def _loaded(options: Options, heartbeat: Heartbeat) -> Show:
    """The show. One that nobody watches being started, again or as a service, hangs as it was when its files were
    good the last time, where an edit of one has faults."""
    try:
        return load(options.show, seed=options.seed, despite_damage=not options.is_errand)
    except ShowError:
        kept = None
        if heartbeat.orders.restarts or Notifier().is_service:
            kept = last_good(options.show, DiskCache(options.state_folder / "cache"))
        if kept is None:
            raise
        return load(options.show, seed=options.seed, despite_damage=True, kept=kept)


def _tell_of_all_shows(options: Options) -> None:
    from installation.showfile.listing import device_listing, listing
    from installation.showfile.schema import written

    if options.list:
        print(listing())
    elif options.list_devices:
        print(device_listing())
    else:
        print(written(), end="")


def _check(show: Show, options: Options) -> None:
    from installation.engine.residence import residence_of
    from installation.showfile.verify import verify
    from installation.stage.advice import languages

    verify(show)
    counts = {"piece": show.pieces, "sensor": show.sensors, "control": show.controls()}
    told = [counted(len(what), name) for name, what in counts.items()]
    print(f"{options.show}: good: {', '.join(told)}, {languages(show.languages)}")
    residence = residence_of(show)
    if not residence.fits:
        print(residence.told())
    _warn(show, options.size)


def _play(show: Show, options: Options, heartbeat: Heartbeat) -> int:
    folder = options.state_folder
    if options.replay:
        from installation.replay import replay

        keep_log(folder, "show")
        return replay(show, options, _mode(options), options.replay)
    if options.rehearse:
        from installation.rehearsal import rehearse

        keep_log(folder, "show")
        return rehearse(show, options, _mode(options), options.rehearse)
    return _hang(show, options, folder, heartbeat)


def _answered(show: Show, options: Options) -> bool:
    """Answers a question that needs the show file and no show; false where none was asked."""
    if options.agenda is not None or options.ics:
        _tell_agenda(show, options)
    elif options.day_report is not None:
        from installation.days.page import make

        asked = options.day_report
        day = datetime.now(show.plan.schedule.timezone) if asked == TODAY else asked
        print(make(options.state_folder, day.date()))
    elif options.touchosc or options.open_stage_control or options.midi_learn:
        _make_surfaces(show, options)
    else:
        return False
    return True


def _test_alerts(show: Show) -> int:
    """Exit status: 0 where every message was taken, else 2."""
    from installation.alerts.trial import trial

    if not show.alerts.wanted:
        print(
            "this show tells nobody of trouble: it has no [alerts]; docs/running-an-exhibition.md shows how it is done"
        )
        return 2
    works = []
    for sent, line in trial(show):
        works.append(sent)
        print(line, flush=True)
    return 0 if all(works) else 2


def ordered(options: Options, orders: Orders) -> Options:
    """The options of a restarted show: it resumes, and records to new files beside the earlier ones."""
    if not orders.restarts:
        return options
    record, decisions = (
        path and path.with_name(f"{orders.restarts + 1}-{path.name}")
        for path in (options.record, options.record_decisions)
    )
    return replace(options, fresh=False, seconds=orders.seconds, record=record, record_decisions=decisions)


def _warm(show: Path) -> Any:
    """Imports all that a show's first picture needs, and reads the show's file for the parts that it names. Returns its
    web process, which waits, too."""
    import installation.run
    import installation.stage  # noqa: F401
    from installation.process.web import web_that_waits

    with suppress(VernissageError, OSError):  # the show that hangs it tells what is wrong
        return web_that_waits(load(show))
    return None


def _hang(show: Show, options: Options, folder: Path, heartbeat: Heartbeat) -> int:
    """The show itself, unless another copy of it runs."""
    from installation.single import only_copy

    with only_copy(show, folder):
        keep_log(folder, "show")
        if show.alerts.wanted and not options.supervised:
            log.warning("nobody is told of trouble: [alerts] needs the supervisor")
        from installation.stage import open_stage

        mode = _mode(options, heartbeat.orders.screen)
        if mode != "headless":
            heartbeat.has_screen()
        stage = open_stage(mode, options.size or SIZE, options.display, show.title_in(show.languages[0]))
        stage.announce([show.title_in(language) for language in show.languages[:2]])
        from installation.run import Exhibition  # imported here: the title is shown meanwhile

        return Exhibition(show, options, stage, folder, heartbeat, live=mode == "headless").run()


def _warn(show: Show, size: tuple[int, int] | None) -> None:
    """Logs warnings: what is valid in the show file and is probably not intended."""
    from installation.engine.schedule import Timetable
    from installation.engine.schedule_check import warnings
    from installation.stage import advice

    looks = advice.warnings(show.title, show.pieces, size or advice.WALL)
    for warning in (*show.warnings(), *warnings(show, Timetable(show.plan), date.today()), *looks):
        print(f"warning: {warning}")


def _tell_agenda(show: Show, options: Options) -> None:
    """What hangs when, as a table and, where one is asked for, as a calendar."""
    from installation.engine.agenda import agenda, ics, read_span, table
    from installation.engine.schedule import Timetable

    timetable = Timetable(show.plan)
    first, last = read_span(options.agenda or "", date.today())
    entries = agenda(timetable, [piece.name for piece in show.pieces], first, last)
    if options.ics:
        options.ics.write_bytes(ics(entries, show.title_in(show.languages[0]), datetime.now(UTC)))
    print(table(timetable, entries))


def _make_surfaces(show: Show, options: Options) -> None:
    """The files for control surfaces, and the line for a key or knob of a MIDI device."""
    from installation.operator.midi_learn import learn
    from installation.surfaces import write_surfaces

    write_surfaces(show, options.touchosc, options.open_stage_control)
    if options.midi_learn:
        print(learn(show.midi, options.midi_learn, table_of(show)))


def table_of(show: Show) -> dict[str, Control]:
    """Everything that an operator can move or ask for, by address: the commands, then the knobs."""
    return {**show.commands(), **show.controls()}


def _mode(options: Options, had_screen: bool = False) -> Literal["headless", "windowed", "fullscreen"]:
    """Where the show is drawn: as asked for; headless where there is no screen. Raises DisplayLost where there was
    one before."""
    from installation.stage import has_display

    if options.mode == "headless":
        return "headless"
    if not has_display():
        if had_screen:
            raise DisplayLost("the display is still gone; the show is started again until it is back")
        print("there is no display here: the show runs headless", file=sys.stderr)
        return "headless"
    if options.mode == "windowed":
        return "windowed"
    if options.size:
        print("--size is for --windowed and --headless: full screen has the screen's own", file=sys.stderr)
    return "fullscreen"


def program() -> NoReturn:
    """The whole program. Leaves at once where a thread is still at work in torch, opening a piece or painting one
    without end: the interpreter's normal shutdown would interrupt that thread and abort."""
    status = main()
    logging.shutdown()
    if threading.active_count() > 1 or status == LOST:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)


if __name__ == "__main__":
    program()
