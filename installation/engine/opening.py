"""Opens the pieces of a show one after another beside the running loop, so that the wall is never waited for."""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence

from installation.core.contracts import Generator, Hastens
from installation.core.errors import VernissageError
from installation.engine.painter import Hung
from installation.showfile.load import Piece

log = logging.getLogger(__name__)


class Opening:
    """A thread that opens each piece's generator and walk and gives it to ``hang``, from the piece ``first`` on.

    ``fault`` is what stopped it: a generator that does not open stops a show, as its model is missing or wrong. When
    all hang, each generator that can looks for a faster way to paint; where it finds none, it paints as before.
    """

    def __init__(
        self, pieces: Sequence[Piece], device: str, seed: int, hang: Callable[[int, Hung], None], first: int = 0
    ) -> None:
        self.fault: Exception | None = None
        self.done = threading.Event()
        ordered = [*enumerate(pieces)]
        self._job = ([*ordered[first:], *ordered[:first]], device, seed, hang)
        self._thread = threading.Thread(target=self._run, name="opening", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _run(self) -> None:
        pieces, device, seed, hang = self._job
        opened: list[tuple[str, Generator]] = []
        try:
            for index, piece in pieces:
                generator = piece.generator.open(device)
                hang(index, Hung(generator, piece.walk.open(generator, seed)))
                log.info("%s is resident", piece.name)
                opened.append((piece.name, generator))
        except VernissageError as error:
            self.fault = error
        except Exception as error:  # the edge of the thread: a part's own mistake, told by the app as such
            log.exception("%s does not open", piece.name)
            self.fault = error
        else:
            hasten(opened)
        self.done.set()


def hasten(opened: Iterable[tuple[str, Generator]]) -> None:
    """Every generator, with the name of its piece, paints as fast as it can from here on."""
    for name, generator in opened:
        if isinstance(generator, Hastens):
            try:
                generator.hasten()
            except Exception:  # the edge: the picture that hangs is worth more than a faster one
                log.exception("%s goes on as it is", name)
            log.info("%s is painted by %s", name, generator.form)
