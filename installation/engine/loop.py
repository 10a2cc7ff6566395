"""One frame of a running show: take the input, decide, send the painter its intent, compose what the stage draws."""

from collections.abc import Callable, Collection, Mapping

from installation.core.clock import Clock
from installation.core.commands import NOTHING, Asked
from installation.core.controls import Values
from installation.core.decision import Decision, Tally, Wishes
from installation.core.signals import Board
from installation.engine.compose import compose
from installation.engine.decide import Decider, Heard
from installation.engine.painter import Intent, Painter
from installation.engine.safety import Safety
from installation.engine.view import View
from installation.showfile.load import Show


class Loop:
    """``tick`` is one frame. It draws nothing and waits for nothing; the time is ``clock``'s.

    ``drain`` takes what operators asked since the last frame. ``tally``, ``wishes`` and ``taste`` are set from outside:
    the visitors' votes, the cues' values, and for walks what visitors like.
    """

    def __init__(
        self,
        show: Show,
        board: Board,
        painter: Painter,
        clock: Clock,
        interval: float,
        drain: Callable[[], Asked],
        always_open: bool = False,
    ) -> None:
        """``interval`` is the screen's, in seconds; ``always_open``: as if it never closed."""
        self.show, self.board, self.painter, self.clock = show, board, painter, clock
        self.interval, self.drain = interval, drain
        self.decider = Decider(show, always_open)
        self.decision: Decision | None = None
        self.tally, self.wishes = Tally(), Wishes()
        self.taste: Mapping[int, Values] = {}
        self.civil = clock.civil()
        """The date and time of day of the last frame."""
        self.asked = NOTHING
        """What operators asked for in the last frame."""
        self.refused: set[str] = set()
        """Transitions that do not work on this machine."""
        self.able: Collection[int] = ()
        """Pieces that are not resident and are opened when they are to come."""
        self.stills = False
        """Whether pieces hang as their posters: each may come, although none is resident."""
        self.safety = Safety(show.stage.burn_in)

    def take(self, decider: Decider) -> None:
        """Goes on with another decider, of another version of the show."""
        self.decider, self.show = decider, decider.show
        self.safety.forget()

    def tick(self) -> View:
        """Everything that decides one frame, in the order in which it is decided."""
        now, painter = self.clock.now(), self.painter
        ready = frozenset(range(len(self.show.pieces))) if self.stills else painter.hung
        asked = self.asked = self.drain()
        signals, able = self.board.snapshot(now), () if self.stills else self.able
        heard = Heard(asked, signals, ready, painter.broken, self.tally, self.wishes, self.taste, able)
        self.civil = self.clock.civil()
        decision = self.decision = self.decider.decide(now, self.civil, heard)
        painter.publish(Intent(now, decision.wall.lanes, decision.touched))
        view = compose(self.show, decision, painter.frames.pair, self.interval, self.refused)
        return self.safety.step(view, now)
