"""Snapshots: the present of a running show, written as a cue into the show's cue file by a thread of its own, which
also makes the changes to that file that operators ask for."""

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import Full, Queue

from installation.core.clean_text import clean
from installation.core.commands import CUE_SNAPSHOT, Command, cue_address
from installation.core.contracts import Surfaces
from installation.core.controls import Values
from installation.core.errors import Refused, ShowError
from installation.showfile.cue_edit import CueChange, change_cue
from installation.showfile.cue_file import write_cue
from installation.showfile.load import Show, load
from installation.showfile.messages import shown
from installation.showfile.schedule_tables import CLOSED, OPEN, cue_name

log = logging.getLogger(__name__)

WAITING = 16
"""Snapshots that may wait to be written."""

AUTOMATIC = "snapshot-"
"""What a snapshot without a name is called, with the first number that is free."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Work on the cue file of the show that runs, which says what it did; ``who`` asked for it."""

    who: str
    work: Callable[[Show], str]


class Snapshots:
    """``take`` keeps the present as a cue. ``show`` says which show runs. The ``surfaces`` are told each result, and
    ``answer`` is called with it and with who asked."""

    def __init__(
        self,
        show: Callable[[], Show],
        surfaces: Surfaces | None = None,
        answer: Callable[[str, str], None] | None = None,
    ) -> None:
        self._show, self._surfaces, self._answer = show, surfaces, answer
        self._waiting: Queue[Asked | None] = Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="snapshots", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout: float = 3.0) -> None:
        """Writes what waits, for at most ``timeout`` seconds."""
        if self._thread.ident is not None:
            with suppress(Full):
                self._waiting.put(None, timeout=timeout)
            self._thread.join(timeout)

    def take(self, commands: Iterable[Command], values: Values) -> None:
        """Keeps ``values``, by address, for each of the commands that asks for a snapshot. Never waits."""
        for command in commands:
            if command.address == CUE_SNAPSHOT:
                self._put(Asked(command.who, partial(keep, name=command.text, values=values)))

    def change(self, change: CueChange, who: str) -> None:
        """Has a cue of the cue file changed. Never waits."""
        self._put(Asked(who, partial(change_kept, change=change)))

    def _put(self, asked: Asked) -> None:
        try:
            self._waiting.put_nowait(asked)
        except Full:
            log.warning("%d changes to the cue file wait to be written, one more was left out", WAITING)

    def _run(self) -> None:
        while (asked := self._waiting.get()) is not None:
            try:
                told = asked.work(self._show())
                log.info("%s", told)
            except (OSError, ValueError) as error:  # a full disk; a name, a file that cannot be taken
                told = f"the cue file stays as it is: {clean(str(error))}"
                log.warning("%s (%s asked)", told, asked.who or "nobody")
            self._tell(asked.who, told)

    def _tell(self, who: str, text: str) -> None:
        if self._surfaces:
            self._surfaces.say(CUE_SNAPSHOT, text)
        if self._answer:
            self._answer(who, text)


def keep(show: Show, name: str, values: Values) -> str:
    """Writes ``values`` as the cue ``name`` into the show's cue file, and says so. Raises OSError where the file cannot
    be written, and ValueError for a name that cannot be taken and for a file that cannot be read."""
    known = _cues(show)
    name = name or next(free for at in range(1, 10_000) if (free := f"{AUTOMATIC}{at}") not in known)
    _check(name, known, show)
    settable = {address: control for address, control in show.controls().items() if control.type != "pulse"}
    present = {address: value for address, value in values.items() if address in settable}
    write_cue(show.cue_file, name, present, settable)
    return f"the present is the cue {shown(name)} of {show.cue_file.name}; {cue_address(name)} fires it"


def change_kept(show: Show, change: CueChange) -> str:
    """Changes a cue of the show's cue file, and says so. Raises OSError and ValueError as ``keep`` does."""
    change_cue(show.cue_file, change)
    return f"the cue {shown(change.name)} of {show.cue_file.name} was changed"


def _check(name: str, known: Mapping[str, Path], show: Show) -> None:
    try:
        cue_name(name)
    except Refused as refused:
        raise ValueError(f"found {shown(name)}, {refused}") from None
    if name.casefold() in (OPEN, CLOSED):
        raise ValueError(f"found {shown(name)}, expected a name that means nothing else to the calendar")
    same = next((one for one in known if one.casefold() == name.casefold()), name)
    if same != name:
        raise ValueError(f"found {shown(name)}, expected {shown(same)} as it is spelled, or another name")
    if known.get(name, show.cue_file) != show.cue_file:
        raise ValueError(
            f"{shown(name)} is a cue of {show.path.name} itself, which is left as it is; give another name"
        )


def _cues(show: Show) -> Mapping[str, Path]:
    """The file of each cue as the files are now."""
    with suppress(ShowError):
        show = load(show.path)
    own = dict.fromkeys(show.own_cues(), show.path)
    return {**{cue.name: show.cue_file for cue in show.plan.cues}, **own}
