"""Plays a recording of decisions back, frame by frame: the same pictures again, however long each takes to paint."""

import logging
from collections.abc import Iterable
from pathlib import Path

from installation.core.contracts import Frame
from installation.core.decision import Decision
from installation.core.errors import DeviceError
from installation.core.recording import read
from installation.engine.compose import PLAIN, compose
from installation.engine.frames import Pair
from installation.engine.painter import Hung
from installation.engine.safety import Safety
from installation.engine.view import View
from installation.options import SIZE, Options
from installation.showfile.load import Show
from installation.stage import Mode, open_stage

log = logging.getLogger(__name__)


class Painting:
    """The pieces of a show, each opened when a Decision first names it; ``paint`` paints one Decision's lanes."""

    def __init__(self, show: Show, device: str) -> None:
        self.show, self.device = show, device
        self._hung: dict[int, Hung] = {}
        self._frames: dict[int, Frame] = {}

    def paint(self, decision: Decision) -> None:
        """Paints what the Decision names; a piece that is not named keeps its last picture."""
        for lane in decision.wall.lanes:
            hung = self._open(lane.piece)
            latent = hung.walk.at(lane.walk_time, lane.controls)
            hung.walk.look_ahead()
            self._frames[lane.piece] = Frame(hung.generator.paint(latent, lane.controls).copy(), decision.time)

    def frames(self, piece: int) -> Pair:
        return Pair(None, self._frames.get(piece), 0.0, 0.0)

    def _open(self, index: int) -> Hung:
        if index not in self._hung:
            piece = self.show.pieces[index]
            generator = piece.generator.open(self.device)
            self._hung[index] = Hung(generator, piece.walk.open(generator, self.show.seed))
        return self._hung[index]


def views(show: Show, decisions: Iterable[Decision], painting: Painting) -> Iterable[View]:
    """What the stage draws for each Decision. Raises DeviceError where a Decision is of another show."""
    safety = Safety(show.stage.burn_in)
    for decision in decisions:
        named = max(lane.piece for lane in decision.wall.lanes)
        if named >= len(show.pieces):
            raise DeviceError(
                f"the recording has a piece {named + 1}, {show.path} only {len(show.pieces)}; name its show"
            )
        painting.paint(decision)
        yield safety.step(compose(show, decision, painting.frames, 0.0), decision.time)


def replay(show: Show, options: Options, mode: Mode, recording: Path) -> int:
    """Draws a recording from its first frame to its last, and leaves: exit status 0. Its stills and films are written
    as those of a show are. Raises DeviceError where it cannot be read or drawn."""
    stage = open_stage(mode, options.size or SIZE, options.display, show.title_in(show.languages[0]))
    try:
        for index, piece in enumerate(show.pieces):
            stage.hang(index, piece.hang, piece.label, show.languages, piece.poster)
        for kind in sorted({piece.transition.kind for piece in show.pieces} | {PLAIN}):
            stage.prepare(kind)
        count = 0
        for view in views(show, read(recording), Painting(show, options.device)):
            stage.draw(view)
            stage.present()
            count += 1
            if "quit" in stage.events():
                break
        print(f"{recording}: {count} frames were played")
        if options.still and count:
            from installation.stage.stills import save_still

            save_still(options.still, stage.read())
    finally:
        stage.close()
    return 0
