"""The waits between the tries of what fails again and again."""


class Backoff:
    """``first`` seconds, then twice as many each time, to ``longest``. With ``at_once`` the first wait is 0."""

    def __init__(self, first: float, longest: float, at_once: bool = False) -> None:
        self.first, self.longest = first, longest
        self._begin = 0.0 if at_once else first
        self._wait = self._begin

    def next(self) -> float:
        """Seconds to wait until the next try."""
        wait, self._wait = self._wait, min(max(2.0 * self._wait, self.first), self.longest)
        return wait

    def reset(self) -> None:
        """After it worked: the waits are as at the beginning."""
        self._wait = self._begin
