"""When a show that failed is restarted, and how: in full, or in safe mode. Pure: the time is an argument (s)."""

from dataclasses import dataclass

from installation.core.backoff import Backoff


@dataclass(frozen=True, slots=True)
class Rules:
    """``most`` failures within ``within`` seconds lead to safe mode; after ``retry`` seconds there all is tried again.

    The first restart comes at once, the following ones after ``first`` seconds, doubling to ``longest``, and where the
    fault is not the show's to ``longest_elsewhere``; a run of ``healthy`` seconds, and safe mode, reset the waits.
    """

    most: int = 5
    within: float = 600.0
    first: float = 1.0
    longest: float = 60.0
    longest_elsewhere: float = 4.0
    healthy: float = 60.0
    retry: float = 3600.0


class Restarts:
    """Counts failures. ``safe``: the next run has to be started in safe mode; ``count`` how many restarts there
    were."""

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.safe = False
        self.count = 0
        self._deaths: list[float] = []
        self._backoff = Backoff(rules.first, rules.longest, at_once=True)
        self._since = 0.0
        self._trial: float | None = None
        self._entered = False

    def died(self, now: float, lived: float, ours: bool = True) -> float:
        """Notes that a run of ``lived`` seconds ended at ``now``. Returns the seconds to wait until the next one. Where
        the fault was not ``ours``, safe mode is no help."""
        rules = self.rules
        self.count += 1
        self._deaths = [death for death in self._deaths if now - death < rules.within] + [now] * ours
        failed = ours and self._trial is not None and now - self._trial < rules.within
        if not self.safe and (failed or len(self._deaths) >= rules.most):
            self.safe = self._entered = True
            self._since, self._trial = now, None
            self._backoff.reset()
        if lived >= rules.healthy:
            self._backoff.reset()
        return min(self._backoff.next(), rules.longest if ours else rules.longest_elsewhere)

    def became_safe(self) -> bool:
        """Whether safe mode was entered since this was last asked."""
        entered, self._entered = self._entered, False
        return entered

    def due(self, now: float) -> bool:
        """Whether it is time to leave safe mode and to try everything again."""
        return self.safe and now - self._since >= self.rules.retry

    def retry(self, now: float) -> None:
        """The next run is a full one, on trial: if it ends soon, the one after is in safe mode again."""
        self.safe, self._trial, self._deaths = False, now, []
        self._backoff.reset()
        self.count += 1
