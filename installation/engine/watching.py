"""Watches the files of a running show: an edited one is read, checked wholly and made ready, by a thread of its own.

Ready means that the models of its new pieces are open and have painted once, and that its next change is found out:
what takes it over has nothing to wait for.
"""

import gc
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from installation.core.contracts import Pixels
from installation.core.controls import Control
from installation.core.disk_cache import DiskCache
from installation.core.errors import ShowError
from installation.core.signals import Signal
from installation.engine.decide import Decider
from installation.engine.opening import Opening
from installation.engine.painter import Hung
from installation.engine.residence import residence_of
from installation.engine.takeover import Edit, edit
from installation.showfile.cue_file import join
from installation.showfile.good import keep_good
from installation.showfile.load import Show, load
from installation.showfile.toml_source import read_source
from installation.showfile.verify import verify

log = logging.getLogger(__name__)

EVERY = 1.0
"""Seconds between two looks at the files."""

RETRY = 10.0
"""Seconds after which a faulty show is read again, although its own files are as they were: a model may have come."""

LIVE: Mapping[str, tuple[str, ...]] = {"web": ("url",), "operator": ("release",)}
"""Of these tables, what is taken over; all else in them only a start takes up."""

WHOLE: Mapping[str, str] = {"midi": "[midi]", "alerts": "[alerts]", "outputs": "[[output]]"}
"""Tables that only a start takes up, by the field of the show that has them."""

Stamps = Mapping[Path, tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Machine:
    """What pieces are opened with: the device, where measured paces and runtimes are kept, what hangs where nothing
    opens, the loop's time (s), the date and time of day, and whether the show never closes."""

    device: str
    cache: DiskCache
    stand_in: Callable[[], Hung]
    now: Callable[[], float]
    civil: Callable[[], datetime]
    always_open: bool = False


@dataclass(slots=True, eq=False)
class Prepared:
    """An edited show that can be taken over. ``hung`` has what was opened for it, by index, ``pictures`` the first that
    each painted."""

    edit: Edit
    decider: Decider
    opening: Opening
    hung: dict[int, Hung]
    pictures: dict[int, Pixels] = field(default_factory=dict)
    controls: Mapping[str, Control] = field(default_factory=dict)
    commands: Mapping[str, Control] = field(default_factory=dict)
    signals: tuple[Signal, ...] = ()


class Watching:
    """``ready`` is the edited show, until it is ``taken``. ``running`` is called for the show that runs and what of it
    is resident, or None while it cannot be told; ``seed`` replaces the file's own."""

    def __init__(
        self,
        show: Show,
        seed: int | None,
        machine: Machine,
        running: Callable[[], tuple[Show, Mapping[int, Hung]] | None],
    ) -> None:
        self.show, self.seed, self.machine, self.running = show, seed, machine, running
        self.ready: Prepared | None = None
        calendar = show.plan.schedule.calendar
        self.trouble = calendar.trouble if calendar else ""
        """What is wrong with the files as they are now; empty while they are good."""
        if self.trouble:
            log.warning("the show goes on without its calendar, which is looked at again: %s", self.trouble)
        self.restart = ""
        """What of the edited show only a restart takes up."""
        self._files = show.files
        self._edited = show.path
        self._seen: Stamps = {}
        self._read: Stamps = _stamps(self._files) if _is_as_it_stands(show) else {}
        keep_good(show, machine.cache)
        self._again = 0.0
        self._left_behind = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._closing.set()

    def taken(self, prepared: Prepared) -> None:
        """``prepared`` runs."""
        if self.ready is prepared:
            self.ready = None

    def settled(self) -> None:
        """What the edit left behind is of no use any more."""
        self._left_behind = True

    def notes(self) -> list[str]:
        """For the health report; empty when all is well."""
        return [note for note in (self.trouble, self.restart) if note]

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        while not self._closing.wait(EVERY):
            if self._left_behind:
                self._left_behind = False
                gc.collect()  # soon, and not in a frame: models may be among it
            try:
                self.look(time.monotonic())
            except Exception:  # the thread's edge: whatever an edit brings, the show goes on
                log.exception("%s cannot be taken over", self.show.path)

    def look(self, now: float) -> None:
        """Looks at the files once, at ``now`` (s, monotonic). A file that was written between the last look and this
        one is left for the next, as an editor may be in the middle of it."""
        stamps = _stamps(self._files)
        still, self._seen = stamps == self._seen, stamps
        again = bool(self.trouble) and now >= self._again
        if not still or (stamps == self._read and not again):
            return
        running = self.running()
        if running is None:
            return
        changed = [path for path in self._files if stamps[path] != self._read.get(path)]
        if changed:
            self._edited = changed[0] if self._read and len(changed) == 1 else self.show.path
        self._read, self._again = stamps, now + RETRY
        show = self._checked()
        if show is not None:
            self._files = show.files
            keep_good(show, self.machine.cache)
            self._seen = self._read = {path: stamps.get(path, _stamp(path)) for path in self._files}
            self._take_up(show, *running)

    def _checked(self) -> Show | None:
        """The show as its files are now; None where they have faults, which are told once."""
        try:
            show = load(self.show.path, self.seed)
            verify(show)
        except ShowError as error:
            count = len(error.faults)
            trouble = f"{self._edited.name} was edited and has {count} fault{'s' * (count > 1)}: {error.faults[0]}"
            if not self.trouble or self.trouble not in trouble:
                log.warning("%s was edited and has faults; the show goes on as it was\n%s", self._edited, error)
                self.trouble = trouble
            return None
        self.trouble = ""
        return show

    def _take_up(self, found: Show, running: Show, hung: Mapping[int, Hung]) -> None:
        show, waits = as_it_can(running, found)
        restart = f"{self.show.path.name} needs a restart: {', '.join(waits)}" if waits else ""
        if restart and restart != self.restart:
            log.warning("%s; all else is taken over", restart)
        self.restart = restart
        if show == running:
            if self.ready is not None:
                log.info("%s is again as it runs", self.show.path)
            self.ready = None
            return
        made = edit(running, show)
        prepared = self._prepare(made, hung)
        if prepared is not None:
            words = made.words()
            when = "at once" if made.cues_only else "with the next change of piece"
            log.info(
                "%s was edited and is good%s; it is taken over %s", self._edited, f" ({words})" * bool(words), when
            )
            self.ready = prepared

    def _prepare(self, made: Edit, resident: Mapping[int, Hung]) -> Prepared | None:
        """Opens what is new; None where the show ends meanwhile."""
        machine, new, fresh = self.machine, made.new, self._at_hand(made)
        opened = {at: resident[before] for at, before in made.paints.items() if before in resident} | fresh
        opening = Opening(
            new.pieces,
            machine.device,
            new.seed,
            fresh.__setitem__,
            machine.stand_in,
            machine.now,
            machine.cache,
            opened=opened,
            later=residence_of(new).later(next(iter(fresh or opened), 0), opened),
        )
        opening.start()
        while not opening.done.wait(0.1):
            opening.watch(machine.now(), {})
            if self._closing.is_set():
                return None
        prepared = Prepared(made, self._decider(new), opening, fresh)
        prepared.pictures = {
            at: picture for at, hung in dict(fresh).items() if (picture := _painted(new, at, hung)) is not None
        }
        prepared.controls, prepared.commands, prepared.signals = new.controls(), new.commands(), new.signals()
        return prepared

    def _decider(self, show: Show) -> Decider:
        """A decider that knows what is due now, and what is next."""
        made, civil = Decider(show, self.machine.always_open), self.machine.civil()
        until = made.programming.at(civil).until
        if until is not None:
            made.programming.timetable.foresee(until)
        return made

    def _at_hand(self, made: Edit) -> dict[int, Hung]:
        """What was opened for an edit before this one, which nobody has taken over yet."""
        before = self.ready
        if before is None:
            return {}
        same = edit(before.edit.new, made.new).paints
        return {at: before.hung[old] for at, old in same.items() if at not in made.paints and old in before.hung}


def _is_as_it_stands(show: Show) -> bool:
    """Whether the files have the text by now that the show was read from."""
    try:
        now = join(show.path, read_source(show.path, str(show.path))).source
    except ShowError:
        return False
    return (now.text, now.cues) == (show.source.text, show.source.cues)


def as_it_can(running: Show, found: Show) -> tuple[Show, list[str]]:
    """The show that was ``found``, but for what only a restart can change; and the names of that: ``[web] port``."""
    waits: list[str] = []
    kept: dict[str, Any] = {name: getattr(running, name) for name in WHOLE}
    for table, live in LIVE.items():
        old, new = getattr(running, table), getattr(found, table)
        fixed = [name for name in type(new).model_fields if name not in live]
        waits += [f"[{table}] {name}" for name in fixed if getattr(old, name) != getattr(new, name)]
        kept[table] = new.model_copy(update={name: getattr(old, name) for name in fixed})
    waits += [table for name, table in WHOLE.items() if getattr(found, name) != kept[name]]
    return replace(found, **kept), waits


def _painted(show: Show, at: int, hung: Hung) -> Pixels | None:
    """A piece's first picture, which also makes it warm; None where it does not paint, which the painter will tell."""
    values = show.pieces[at].rests()
    try:
        return hung.generator.paint(hung.walk.at(0.0, values), values)
    except Exception:  # the edge: a part may raise anything
        log.exception("%s does not paint", show.pieces[at].name)
        return None


def _stamps(files: tuple[Path, ...]) -> Stamps:
    return {path: _stamp(path) for path in files}


def _stamp(path: Path) -> tuple[int, int] | None:
    """The size and the time of the last change; None for a file that is not there."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size
