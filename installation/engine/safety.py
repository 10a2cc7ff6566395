"""What every view goes through before it is drawn: nothing burns into the display, and then nothing flashes."""

from installation.engine.burn_in import Areas, BurnIn
from installation.engine.flashes import FlashLimiter
from installation.engine.view import View


class Safety:
    """``step`` is one frame. ``burn_in``: whether what stands still is moved and dimmed."""

    def __init__(self, burn_in: bool) -> None:
        self._burn_in = BurnIn() if burn_in else None
        self._flashes = FlashLimiter()
        self.areas = Areas(burn_in)
        """Those of the wall that have stood still."""

    def step(self, view: View, now: float) -> View:
        """What is drawn instead of the view at ``now`` (s)."""
        if self._burn_in is not None:
            view = self._burn_in.step(view, now)
        return self._flashes.step(view, now)

    def forget(self) -> None:
        """The pieces have other numbers from now on."""
        self._flashes.forget()
