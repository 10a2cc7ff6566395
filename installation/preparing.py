"""Prepares walls and transitions, one a frame, so that the first picture does not wait for all of them."""

import logging
from collections.abc import Callable
from pathlib import Path

from installation.core.errors import VernissageError
from installation.engine.compose import PLAIN
from installation.showfile.load import Show
from installation.stage import Stage

log = logging.getLogger(__name__)


class Preparing:
    """``step`` makes one more ready, until all are (``done``). ``refused`` names the transitions that this machine's
    driver does not take. ``first`` says what hangs of a piece, whose poster is given, until its first picture."""

    def __init__(self, stage: Stage, show: Show, first: Callable[[int, Path | None], Path | None]) -> None:
        self.stage, self.show, self.first = stage, show, first
        self.refused: set[str] = set()
        self._walls = list(range(len(show.pieces)))
        self._transitions = sorted({piece.transition.kind for piece in show.pieces})

    @property
    def done(self) -> bool:
        return not (self._walls or self._transitions)

    def step(self) -> None:
        if self._walls:
            index = self._walls.pop(0)
            piece = self.show.pieces[index]
            self.stage.hang(index, piece.hang, piece.label, self.show.languages, self.first(index, piece.poster))
        elif self._transitions:
            kind = self._transitions.pop()
            try:
                self.stage.prepare(kind)
            except VernissageError as error:  # this machine's driver rejects it, which --check cannot find out
                log.warning("%s; pieces change by %s instead of %s", error, PLAIN, kind)
                self.refused.add(kind)
