"""The training loop: train, check, save, draw, until the schedule, the time limit or the user ends it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from installation.training.loop.devices import Devices
from installation.training.loop.logs import Logs
from installation.training.loop.pace import Pace
from installation.training.loop.run import Run
from installation.training.loop.saving import save
from installation.training.loop.watch import Watch, look_at_figures

LOOK, LOG, SAVE, SHEET, END, STOP = 1, 2, 4, 8, 16, 32
TOGETHER = 8
"""Several devices agree on what is due at every so many steps: this costs a message, and they must not disagree."""

Tell = Callable[[Run, float], None]
"""Called with the run and its speed in pictures a second."""


@dataclass(frozen=True)
class Habits:
    """When to look, log, save and draw. Times in seconds; `minutes` by the clock, in all, end a run before its
    schedule."""

    look: float = 1
    log: float = 10
    checkpoint: float = 180
    sheet: float = 240
    minutes: float = math.inf


@dataclass
class Due:
    """What the first process's clock says is due."""

    habits: Habits
    since: dict[int, float] = field(default_factory=dict)

    def now(self, spent: float) -> int:
        """What is due after so many seconds in all, as a sum of the words above; each then waits its time again."""
        habits, at, due = self.habits, time.monotonic(), 0
        for what, wait in ((LOOK, habits.look), (LOG, habits.log), (SAVE, habits.checkpoint), (SHEET, habits.sheet)):
            if at - self.since.setdefault(what, at) >= wait:
                self.since[what] = at
                due |= what
        return due | (END if spent >= habits.minutes * 60 else 0)


def train(
    run: Run,
    folder: Path,
    devices: Devices,
    tell: Tell,
    stop: Callable[[], bool] = lambda: False,
    habits: Habits = Habits(),
    tensorboard: bool = True,
) -> bool:
    """Run to the end of the schedule, saving into the work folder as it goes. False: `stop` ended it before.

    Raises TrainingError if it cannot be saved, Collapse if it has collapsed; the earlier checkpoint is kept.
    """
    progress, due, keeper = run.progress, Due(habits), Keeper(run, folder, devices, tell, tensorboard)
    began = time.monotonic() - progress.seconds
    what = 0
    with closing(keeper):
        while progress.images < run.timetable.total and not what & (STOP | END):
            run.step()
            progress.seconds = time.monotonic() - began
            if devices.count == 1 or progress.steps % TOGETHER == 0:
                what = devices.agree(due.now(progress.seconds) | (STOP if stop() else 0))
                keeper.attend(what)
        keeper.finish()
    return not what & STOP


class Keeper:
    """Does what is due. Every process checks, so that all end together; only the first prints, saves and draws."""

    def __init__(self, run: Run, folder: Path, devices: Devices, tell: Tell, tensorboard: bool) -> None:
        self.run, self.folder, self.devices, self.tell = run, folder, devices, tell
        self.watch, self.pace = Watch(), Pace()
        self.logs = Logs(folder, run, tensorboard) if devices.first else None

    def attend(self, what: int) -> None:
        if what & LOOK:
            look_at_figures(self.run)
            self.tell(self.run, self.pace.seen(self.run.progress.images))
        if what & SAVE:
            self.save()
        if self.logs and what & LOG:
            self.logs.write(self.run, self.pace.rate)
        if self.logs and what & SHEET:
            self.logs.draw(self.run)

    def save(self, last: bool = False) -> None:
        """Of a run that looks well; one in doubt keeps its checkpoint from before."""
        self.devices.check_alike(self.run.weights())
        doubt = self.watch.look(self.run, last)
        if self.devices.first and not doubt:
            save(self.run, self.folder)

    def finish(self) -> None:
        self.save(last=True)
        self.attend(LOOK | LOG | SHEET)

    def close(self) -> None:
        if self.logs:
            self.logs.close()
