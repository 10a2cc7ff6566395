"""What the operators' console is told of a running show, and what it asks for.

A thread of its own puts it into messages for the web process; the frame loop only leaves what it has decided. All of it
comes from the show's tables of controls, commands, signals and cues.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from installation.core.commands import ARM, CUE_SNAPSHOT, DANGEROUS, Command
from installation.core.controls import MASTER, Values
from installation.core.decision import Decision
from installation.core.errors import ControlError
from installation.core.latest import Latest
from installation.engine import agenda
from installation.engine.decide import Decider, next_piece
from installation.engine.schedule import Timetable
from installation.operator.inbox import Inbox
from installation.process.sensors import Sensors
from installation.process.web import WebProcess
from installation.showfile.cue_edit import CueChange
from installation.showfile.load import Show
from installation.web.messages import Agenda, Cue, Desk, Due, Edited, Moment, Moved, SensorState

log = logging.getLogger(__name__)

INTERVAL = 0.2
"""Seconds between two moments that an open console is told."""

IDLE = 1.0
"""Seconds between two checks whether the web process was started anew."""

DIGITS = 4
"""Decimals of a value or a signal that are sent."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the frame loop leaves: its decision, the show that it is of, and what belongs to it that is not in it."""

    show: Show
    decision: Decision
    switches: dict[str, bool]
    expected: int | None
    standby: str | None
    waiting: dict[str, float]


class Failing:
    """Remembers since when each sensor does not work (s, monotonic)."""

    def __init__(self) -> None:
        self._since: dict[str, float] = {}

    def states(self, sensors: Sensors | None, names: Sequence[str], now: float) -> dict[str, SensorState]:
        """How the sensors of these names are at ``now``."""
        trouble = sensors.trouble() if sensors else dict.fromkeys(names, "not opened")
        attempts = sensors.attempts() if sensors else {}
        self._since = {name: self._since.get(name, now) for name in trouble}
        return {
            name: SensorState(
                trouble.get(name, ""), float(int(now - self._since.get(name, now))), attempts.get(name, 0)
            )
            for name in names
        }


class Console:
    """Tells ``web`` what its consoles show. ``sensors`` is set once they run."""

    def __init__(self, web: WebProcess) -> None:
        self.web = web
        self.sensors: Sensors | None = None
        self._due = 0.0
        self._told: tuple[Show, int] | None = None
        self._day: date | None = None
        self._timetable = Timetable(web.show.plan)
        self._failing = Failing()
        self._seen: Latest[Seen] = Latest()
        self._thread = threading.Thread(target=self._run, name="console", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._seen.close()
        if self._thread.ident is not None:
            self._thread.join(2.0)

    def look(self, decision: Decision, decider: Decider) -> None:
        """To be called every frame, by the loop's thread; leaves something only while a console is open."""
        if not self.web.consoles or decision.time < self._due:
            return
        self._due = decision.time + INTERVAL
        player = decider.programming.player
        switches, expected = decider.transport.switches(), next_piece(decider, decision, self.web.tally)
        self._seen.put(Seen(decider.show, decision, switches, expected, player.standby, dict(player.waiting)))

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._seen.closed:
            seen = self._seen.wait(IDLE)
            if self.sensors and self.web.consoles:
                self.sensors.look()
            self._tell_tables(self.web.show, self.web.starts)
            if seen is not None:
                self.web.pass_on(self._moment(seen))

    def _tell_tables(self, show: Show, starts: int) -> None:
        """Tells the desk and the day where they are others by now: another show, another day, another web process."""
        if self._told is None or self._told[0] is not show:
            self._timetable = Timetable(show.plan)
        today = datetime.now(self._timetable.almanac.zone).date()
        if self._told != (show, starts):
            self.web.pass_on(desk(show))
        if self._told != (show, starts) or self._day != today:
            self.web.pass_on(day_of(show, self._timetable, today))
        self._told, self._day = (show, starts), today

    def _moment(self, seen: Seen) -> Moment:
        wall, pieces = seen.decision.wall, seen.show.pieces
        playback = wall.playback
        left, names = playback.seconds_left, [sensor.name for sensor in seen.show.sensors]
        return Moment(
            civil=seen.decision.civil,
            piece=pieces[playback.piece].name,
            coming=None if playback.coming is None else pieces[playback.coming].name,
            expected=None if seen.expected is None else pieces[seen.expected].name,
            progress=round(playback.progress, 2),
            seconds_left=None if left is None else round(left, 1),
            programme=wall.programme,
            dark=wall.blackout,
            switches=seen.switches,
            values=_rounded(wall.controls),
            hands=wall.hands,
            signals=_rounded(seen.decision.signals),
            sensors=self._failing.states(self.sensors, names, time.monotonic()),
            sights=self.sensors.sights() if self.sensors else {},
            standby=seen.standby,
            waiting=_rounded(seen.waiting),
        )


def acting(
    inbox: Inbox, clock: Callable[[], float], change: Callable[[CueChange, str], None]
) -> Callable[[Moved | Edited], str]:
    """Passes on what an operator did on a console: into the inbox, or to ``change`` a cue of the cue file (with who
    asked). Returns why it does not count; empty where it does. ``clock`` is the loop's (s)."""

    def act(done: Moved | Edited) -> str:
        try:
            if isinstance(done, Edited):
                change(CueChange(done.cue, done.fade, done.steps), done.who)
            elif why := _move(inbox, done, clock()):
                log.info("%s: %s", done.who, why)
                return why
        except ControlError as error:
            log.warning("%s: %s", done.who, error)
            return str(error)
        return ""

    return act


def _move(inbox: Inbox, moved: Moved, now: float) -> str:
    """Why it does not count; empty where it does. Raises ControlError."""
    control = inbox.find(moved.address)
    if moved.text and moved.address == CUE_SNAPSHOT:
        return inbox.ask(Command(CUE_SNAPSHOT, 1.0, now, moved.who, moved.text))
    if control is not None and moved.value is not None:
        return inbox.put(moved.address, control.accept(moved.value), now, moved.who)
    if moved.address not in inbox.controls:
        raise ControlError(f"asked for {moved.address}, which this show has not")
    inbox.let_go(moved.address, now, moved.who)
    return ""


def desk(show: Show) -> Desk:
    """All that an operator can move and see in a show."""
    own = show.own_cues()
    cues = (Cue(cue.name, cue.wait, cue.fade, cue.targets, cue.then, cue.name not in own) for cue in show.plan.cues)
    return Desk(
        controls=tuple(show.controls().values()),
        commands=tuple(show.commands().values()),
        armed=DANGEROUS,
        arm=ARM if ARM in show.commands() else "",
        snapshot=CUE_SNAPSHOT,
        master=MASTER,
        signals=show.signals(),
        sensors={sensor.name: sensor.kind for sensor in show.sensors},
        cues=tuple(cues),
    )


def day_of(show: Show, timetable: Timetable, today: date) -> Agenda:
    """The schedule of one day."""
    entries = agenda.agenda(timetable, [piece.name for piece in show.pieces], today, today)
    return Agenda(today.isoformat(), tuple(map(_due, entries)))


def _due(entry: agenda.Entry) -> Due:
    return Due(entry.start.isoformat(), entry.end.isoformat(), entry.programme, entry.cue, entry.pieces)


def _rounded(values: Values) -> dict[str, float]:
    return {name: round(value, DIGITS) for name, value in values.items()}
