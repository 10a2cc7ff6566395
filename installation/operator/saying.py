"""What the surfaces are to show: the values and texts of the loop, and what is known beside them: the pairs of XY pads,
whether a command is armed, and that the show moves on."""

from collections.abc import Mapping

from installation.core.commands import ARM
from installation.core.controls import Control
from installation.core.osc_build import Said
from installation.operator.inbox import Inbox

BEAT, BEATS = "/show/heartbeat", 1.0
"""Where surfaces hear how many seconds the show has run, and after how many seconds again, as long as it moves on."""

TEXT = 500
"""Characters of a text to the surfaces, at most."""


class Saying:
    """``echo`` and ``say`` may be called by the loop, ``everything`` by the thread that sends: a new dict is put in the
    place of the last one, so neither waits. ``pairs`` are those of XY pads, by address; ``began`` is when the show did
    (s)."""

    def __init__(self, inbox: Inbox, pairs: Mapping[str, tuple[Control, Control]], began: float) -> None:
        self._inbox, self.pairs, self._began = inbox, pairs, began
        self._said: dict[str, Said] = {}
        self._moved, self._beat = False, -BEATS

    def echo(self, values: Mapping[str, float]) -> None:
        """The controls' values; the loop is alive that says them."""
        self._said = {**self._said, **values}
        self._moved = True

    def say(self, address: str, text: str) -> None:
        """A text for a label."""
        if self._said.get(address) != text:
            self._said = {**self._said, address: text[:TEXT].replace("\0", "")}

    def everything(self, now: float) -> dict[str, Said]:
        """By address, at ``now`` (s)."""
        said = dict(self._said)
        for address, pair in self.pairs.items():
            across, up = (said.get(control.address) for control in pair)
            if isinstance(across, float) and isinstance(up, float):
                said[address] = (across, up)
        if ARM in self._inbox.commands:
            said[ARM] = float(self._inbox.rules.armed(now))
        if self._moved and now - self._began >= self._beat + BEATS:
            self._beat, self._moved = now - self._began, False
        if self._beat >= 0.0:
            said[BEAT] = int(self._beat)
        return said
