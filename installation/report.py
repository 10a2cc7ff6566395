"""The state of a running show: its health, read every second, and the report at its end."""

import platform
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from installation import metrics
from installation.core import interpreter
from installation.core.contracts import Accelerates
from installation.core.decision import Decision, Tally
from installation.days.counting import Sample
from installation.days.recorder import Recorder
from installation.days.rows import Head
from installation.engine.decide import Decider
from installation.engine.loop import Loop
from installation.engine.opening import Opening
from installation.engine.painter import Painter
from installation.engine.reasons import why
from installation.process.heartbeat import Heartbeat
from installation.process.sensors import Sensors
from installation.process.web import WebProcess
from installation.renewal import GivingBack
from installation.showfile.load import Show, votes_in
from installation.state import StateFile
from installation.web.messages import Health

HANGS = 3.0
"""Seconds at one picture after which the painter counts as hanging."""

BARE_PAINTS, BARE_SECONDS = 50, 3.0
"""Paints of the generator alone that are timed for the report, and how long that may take at most."""


def tells_presence(signal: str) -> bool:
    """Whether a signal, named as in wires, says that somebody is there: ``door.presence``."""
    return signal.endswith(".presence")


def head_of(show: Show, at: float, target_fps: float) -> Head:
    """The head of a day's record that begins at ``at`` (POSIX)."""
    return Head(
        at=at,
        show=show.title_in(show.languages[0]),
        host=platform.node(),
        zone=getattr(show.plan.schedule.timezone, "key", None) or "",
        pieces={piece.name: piece.title_in(show.languages[0]) for piece in show.pieces},
        target_fps=round(target_fps, 2),
        sensing=any(tells_presence(signal.name) for signal in show.signals()),
        voting=show.web.enabled and votes_in(show.order, show.plan),
    )


@dataclass(frozen=True, slots=True)
class Look:
    """One moment of a running show: what was decided, by which decider of which version of the show, the votes, and how
    many frames were shown, late, and painted so far."""

    show: Show
    decision: Decision
    decider: Decider
    tally: Tally
    frames: int
    late: int
    painted: int


@dataclass(slots=True)
class Standing:
    """The components of a running show that the report is made from."""

    loop: Loop
    painter: Painter
    opening: Opening
    stats: metrics.ScreenStats
    state: StateFile
    heartbeat: Heartbeat
    web: WebProcess | None = None
    sensors: Sensors | None = None
    recorder: Recorder | None = None
    ended: str = ""
    """What ended the show, where it was neither an operator nor --seconds."""
    ports: Callable[[], dict[str, str]] = dict
    """What does not work of the operators' ports, a sentence by name."""
    edits: Callable[[], list[str]] = list
    """What is wrong with the show file as it is by now."""
    growing: bool = True
    """Whether memory growth still belongs to the start-up: faster runtimes are still looked for."""
    giving_back: GivingBack = field(default_factory=GivingBack)

    @property
    def show(self) -> Show:
        """The show as it runs, which may be edited meanwhile."""
        return self.loop.show

    def something_hangs(self) -> bool:
        """Whether something was painted, or nothing is to be seen, as the exhibition is closed."""
        decision = self.loop.decision
        painted = self.painter.stats.painted_first is not None or self.heartbeat.orders.safe
        return painted or (decision is not None and decision.wall.blackout)

    def count(self, now: float, engine: metrics.Work, prepared: bool) -> None:
        """One frame was shown at ``now`` (s) after the ``engine``'s work; ``prepared``: all walls and transitions
        are ready."""
        stats, orders, started_by = self.stats, self.heartbeat.orders, self.heartbeat.started_by
        painted = self.painter.stats.painted_first is not None
        if stats.first_picture is None:
            stats.first_picture = metrics.since_process_start(started_by)
        if painted and stats.first_painted is None:
            stats.first_painted = metrics.since_process_start(started_by)
        painted = painted or orders.safe
        settled = painted and self.opening.done.is_set() and prepared
        if settled and stats.resident is None:  # the last moment of the start-up
            interpreter.settle()
            stats.memory_start, stats.resident = metrics.memory_mb(), metrics.since_process_start(started_by)
        if self.growing and self.opening.accelerated.is_set():  # memory of faster runtimes does not count as growth
            interpreter.settle()
            self.growing, stats.memory_start = False, metrics.memory_mb()
        if not self.growing:
            self.giving_back.look(now)
        decision = self.loop.decision
        changing = decision is not None and decision.wall.playback.coming is not None
        stats.presented(now, engine, painted, changing)
        lit = decision is not None and not decision.wall.blackout
        piece = self.show.pieces[decision.wall.playback.piece].name if decision and lit else ""
        self.heartbeat.beat(stats.presented_ever, piece, settled)

    def look(self) -> Look:
        """The present moment, for reports that another thread makes."""
        loop, stats = self.loop, self.stats
        assert loop.decision is not None
        painted = self.painter.stats.frames
        return Look(loop.show, loop.decision, loop.decider, loop.tally, stats.frames, stats.late, painted)

    def health_now(self) -> Callable[[], Health]:
        """What makes the content of /healthz of this moment, for a thread that has the time."""
        return partial(self.health, self.look())

    def health(self, look: Look) -> Health:
        """The content of /healthz."""
        wall = look.decision.wall
        details = {
            "piece": look.show.pieces[wall.playback.piece].name,
            "dark": wall.blackout,
            "late": look.late,
            "painted": look.painted,
            "runtime": self._runtime(wall.playback.piece),
            "votes": self.web.votes if self.web else 0,
            "restarts": self.heartbeat.orders.restarts,
            "safe_mode": self.heartbeat.orders.safe,
            "memory_mb": round(metrics.memory_mb(), 1),
            "resident": [look.show.pieces[at].name for at in sorted(self.painter.hung) if at < len(look.show.pieces)],
            "signals": dict(look.decision.signals),
            "controls": {address: (value, why(look.decider, address)) for address, value in wall.controls.items()},
        }
        reasons = (*self.heartbeat.reasons, *self.reasons().values())
        notes = (*self.heartbeat.notes, *self.notes().values())
        return Health(self.stats.presented_ever, True, reasons, notes, details)

    def sample(self, look: Look) -> Sample:
        """That moment, for the record of the day."""
        wall, civil = look.decision.wall, datetime.fromisoformat(look.decision.civil)
        return Sample(
            time=civil.timestamp(),
            open=look.decider.programming.is_open(civil),
            programme=wall.programme,
            piece=None if wall.blackout else look.show.pieces[wall.playback.lead].name,
            frames=look.frames,
            late=look.late,
            painted=look.painted,
            memory=metrics.memory_mb(),
            present=self._present(look.decision.signals),
            hanging=look.show.pieces[wall.playback.piece].name,
            round=wall.playback.round,
            votes=dict(look.tally.of(wall.playback.round)),
        )

    def report(self, renderer: str, size: tuple[int, int], ended: float) -> dict[str, Any]:
        """The report of ``--report``, at the end of a run whose painter stopped at ``ended`` (s)."""
        show, painted, stats = self.show, self.painter.stats, self.stats
        generator, hung = show.pieces[0].generator, self.painter.hung.get(0)
        return {
            "show": show.title_in(show.languages[0]),
            "device": hung.generator.device if hung else None,
            "runtime": self._runtime(0),
            "renderer": renderer,
            "size": list(size),
            "seconds": round(stats.seconds(), 2),
            "ended": self.ended or None,
            "startup": stats.startup(),
            "display": stats.display(),
            "painter": {
                "model": Path(getattr(generator, "model", generator.kind)).name,
                **metrics.painter(painted, ended),
                "bare_ms": None if self.ended else self._bare_ms(0),
            },
            "engine_ms": metrics.percentiles(stats.engine.values(), 50, 99),
            "engine_processor_ms": metrics.percentiles(stats.engine_processor.values(), 50, 99),
            "steer_to_frame_ms": metrics.percentiles(painted.steer.values(), 50, 99),
            "pieces": [
                {"name": piece.name, "seconds": round(seconds, 2)}
                for piece, seconds in zip(show.pieces, self.loop.decider.shown, strict=True)
            ],
            "votes": self.web.votes if self.web else 0,
            "memory_mb": {"start": stats.memory_start, "end": metrics.memory_mb()},
            "errors": [*self.reasons().values(), *self.heartbeat.notes, *self.notes().values()],
        }

    def _present(self, signals: Mapping[str, float]) -> bool | None:
        """Whether a sensor tells that somebody is there; None where none can."""
        trouble = self.sensors.trouble() if self.sensors else {}
        told = [
            value for name, value in signals.items() if tells_presence(name) and name.partition(".")[0] not in trouble
        ]
        return any(value >= 0.5 for value in told) if told and self.sensors else None

    def _runtime(self, index: int) -> str | None:
        """How a piece is painted, such as "openvino fp32"; None where that was not recorded."""
        hung = self.painter.hung.get(index)
        return hung.generator.runtime if hung and isinstance(hung.generator, Accelerates) else None

    def reasons(self) -> dict[str, str]:
        """Why the show is not well, a sentence by subject: pieces that cannot be opened, or painted any more, and a
        painter that hangs."""
        broken = {**self.opening.failed, **self.painter.broken}  # other threads may add to both meanwhile
        pieces = self.show.pieces
        names = {pieces[index].name: why for index, why in broken.items() if index < len(pieces)}
        reasons = {f"piece {name}": f"{name}: {why}" for name, why in names.items()}
        since = self.painter.busy_since
        if since is not None and (late := self.painter.clock() - since) > HANGS:
            reasons["the painter"] = f"the painter has been at one picture for {late:.0f} s"
        return reasons

    def troubles(self) -> tuple[dict[str, str], dict[str, str]]:
        """The reasons and notes that alerts are about, by subject: also what the web process finds by itself."""
        safe, reasons = self.heartbeat.reasons, self.reasons()
        reasons |= {"safe mode": "; ".join(safe)} if safe else {}
        uncounted = self.web.uncounted if self.web else ""
        return reasons | ({"votes": uncounted} if uncounted else {}), self.notes()

    def notes(self) -> dict[str, str]:
        """What is missing while the show goes on, a sentence by subject."""
        sensors = self.sensors.trouble() if self.sensors else {}
        notes = {f"sensor {name}": f"{name}: {why}" for name, why in sensors.items()}
        web = self.web.notes() if self.web else []
        notes |= {"the web process": "; ".join(web)} if web else {}
        edits = self.edits()
        notes |= {"the show file": "; ".join(edits)} if edits else {}
        notes |= self.ports()
        notes |= {"the record": self.recorder.trouble} if self.recorder and self.recorder.trouble else {}
        return notes | ({"the state": self.state.fault} if self.state.fault else {})

    def _bare_ms(self, index: int) -> float | None:
        """The median time of a piece's generator alone (ms), in this process, while nothing is drawn and nothing else
        painted. None where it does not paint any more."""
        hung, values = self.painter.hung.get(index), self.show.pieces[index].rests()
        if hung is None or self.painter.busy_since is not None:
            return None
        durations: list[float] = []
        while len(durations) < BARE_PAINTS and sum(durations) < BARE_SECONDS:
            latent = hung.walk.at(len(durations) / 30, values)
            began = time.perf_counter()
            hung.generator.paint(latent, values)
            durations.append(time.perf_counter() - began)
        return metrics.percentiles(durations, 50)["p50"]
