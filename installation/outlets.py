"""Opens the outputs of a running show: recordings, the preview, the values sent to surfaces."""

import logging
from contextlib import ExitStack
from pathlib import Path

from installation.core import parts
from installation.core.contracts import Output, OutputConfig, Surfaces, Surroundings, Viewers
from installation.core.decision import Decision
from installation.core.errors import DeviceError, MissingDependency
from installation.options import Options
from installation.showfile.load import Show
from installation.stage import Stage

log = logging.getLogger(__name__)


class Outlets:
    """Opens what was asked for, and what operators and visitors always have; ``rooms`` closes them.

    Raises DeviceError for a file that cannot be written.
    """

    def __init__(
        self,
        show: Show,
        stage: Stage,
        interval: float,
        options: Options,
        viewers: Viewers | None,
        surfaces: Surfaces | None,
        rooms: ExitStack,
    ) -> None:
        """``interval`` is the screen's, in seconds."""
        self.stage = stage
        wanted: list[tuple[str, dict[str, Path]]] = [("preview", {})] if viewers else []
        wanted += [("echo", {})] if surfaces else []
        wanted += [("record", {"path": options.record})] if options.record else []
        wanted += [("decisions", {"path": options.record_decisions})] if options.record_decisions else []
        names = tuple(piece.name for piece in show.pieces)
        surroundings = Surroundings(stage.size, interval, viewers, surfaces, names, show.controls())
        self.outputs: list[Output] = []
        for kind, settings in wanted:
            output = parts.config("output", kind)(kind=kind, **settings).open(surroundings)
            rooms.callback(output.close)
            self.outputs.append(output)
        for config in show.outputs:
            self._open(config, surroundings, rooms)

    def _open(self, config: OutputConfig, surroundings: Surroundings, rooms: ExitStack) -> None:
        """One of the show's own: without it the show goes on."""
        try:
            output = config.open(surroundings)
        except (DeviceError, MissingDependency) as error:
            log.warning("%s; the show goes on without this output", error)
            return
        rooms.callback(output.close)
        self.outputs.append(output)

    def show(self, decision: Decision) -> None:
        """Gives the frame that was drawn to every output that takes it; the picture is read back only for those that
        take one."""
        for output in self.outputs:
            wanted = output.wants(decision.time)
            if wanted != "nothing":
                small, screen = wanted == "small", wanted == "screen"
                output.show(decision, self.stage.read_small() if small else self.stage.read() if screen else None)
