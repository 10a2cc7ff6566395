"""The cue hand: stored states that are gone to in their time, and held. Pure: time, commands and signals are arguments.

A cue that is fired waits its ``wait``, then lets go of what it is to release and takes its controls to their values in
its ``fade``: a smooth way from where each is, for numbers; a switch for what counts or switches. When the fade is done
it fires what follows on. An address is held until another cue that sets it, a cue that releases it, or ``release``.

Each cue counts from its own instant, however late the step that evaluates it: after a gap (an hour, a night without
power) each missed cue is where it would be by now. Of one that was missed several times the last counts. While a cue
waits, firing it again does nothing. What fires and what begins in one step is taken in the order of its instants, as
steps in between would have taken it; what fires at an instant, before what begins at it.
"""

from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf, isfinite
from typing import Any, Protocol

from installation.core.controls import Control, Values
from installation.core.signals import Signal, Snapshot
from installation.engine.arbiter import words
from installation.showfile.schedule_tables import ALL, Cue

BACK = 1.5
"""Seconds in which ``back`` returns."""
UNDONE = 64
"""The most ``go``s that can be taken back."""
LOOK_BACK = 7 * 86400.0
"""Seconds back from now in which a missed cue still counts."""
REWIND = 2 * 3600.0
"""Seconds that the civil clock may step back within a programme without anything being fired again; further, or into
the hours of a programme with another cue, is a clock that is set."""
STEP = 1.0
"""Seconds that the civil clock may step back from one frame to the next, and count as the same."""
LONGEST_WAIT = 86400.0
"""Seconds that a cue may wait; a state with a longer wait is damaged."""
SAME = 1e-5
"""Seconds within which two instants are one: a civil time of today is told to a quarter of a microsecond."""
RISES, FALLS = 0.5, 0.25
"""A signal fires a cue when it reaches the first of its range; it may again once it was below the second."""


class Moments(Protocol):
    """When the clock fires cues, as engine/cue_times.py has it. Times are POSIX."""

    def latest(self, after: float, until: float) -> Sequence[tuple[float, str]]: ...

    def next(self, after: float) -> float | None: ...

    def entry(self, at: float) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Asks:
    """An operator's requests in this frame. ``go`` fires so many cues, each the next of the list; ``back`` undoes the
    last ``go`` back; ``fire`` names cues; ``release`` releases what is held; ``panic`` stops what runs and waits,
    too."""

    go: int = 0
    back: bool = False
    release: bool = False
    panic: bool = False
    fire: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """From ``start`` to ``target`` in ``fade`` seconds from ``since`` on, as ``cue`` wants it; empty where that is not
    known any more."""

    start: float
    target: float
    since: float
    fade: float
    cue: str = ""

    def at(self, now: float) -> float:
        """The value at ``now``: a smoothstep, exactly at both ends."""
        way = (now - self.since) / self.fade if self.fade > 0.0 else inf
        if way >= 1.0:
            return self.target
        mix = max(0.0, way) ** 2 * (3.0 - 2.0 * max(0.0, way))
        return self.start * (1.0 - mix) + self.target * mix


@dataclass(slots=True)
class _Before:
    """What a ``go`` is taken back to."""

    standby: int
    targets: dict[str, float] = field(default_factory=dict)


class _Ears:
    """Which cues the signals fire: at every pulse, and at a level as it rises."""

    def __init__(self, cues: Sequence[Cue], signals: Mapping[str, Signal]) -> None:
        self._heard = {cue.name: signals[cue.signal] for cue in cues if cue.signal and cue.signal in signals}
        self._armed = dict.fromkeys(self._heard, True)

    def deaf(self) -> list[str]:
        """The cues whose level is up: they are not fired again before it fell."""
        return [name for name, armed in self._armed.items() if not armed]

    def resume(self, deaf: object) -> None:
        """Takes up an earlier ``deaf()``."""
        known = deaf if isinstance(deaf, list) else []
        self._armed.update((name, False) for name in self._armed if name in known)

    def hear(self, heard: Snapshot) -> list[str]:
        """The cues that are fired now, in the order of the file."""
        return [name for name, signal in self._heard.items() if self._fires(name, signal, heard)]

    def _fires(self, cue: str, signal: Signal, heard: Snapshot) -> bool:
        if signal.pulse:
            return heard.pulses.get(signal.name, 0) > 0
        value = heard.values.get(signal.name, signal.rest)
        level = (value - signal.low) / ((signal.high - signal.low) or 1.0)
        rises = self._armed[cue] and level >= RISES
        self._armed[cue] = level < FALLS or (self._armed[cue] and not rises)
        return rises


class CuePlayer:
    """Plays ``cues`` on ``controls``; ``resume`` is an earlier ``state()``, of which invalid entries and names that the
    show has no more are ignored."""

    def __init__(
        self,
        cues: Sequence[Cue],
        controls: Mapping[str, Control],
        signals: Mapping[str, Signal],
        moments: Moments,
        resume: Mapping[str, Any] | None = None,
    ) -> None:
        self._cues = {cue.name: cue for cue in cues}
        self._order = tuple(self._cues)
        self._controls, self._moments = controls, moments
        self._held: dict[str, Way] = {}
        self._fired: list[tuple[float, str]] = []  # in this step, and when
        self.begun: list[Cue] = []
        """The cues that began in the last step."""
        self._waiting: dict[str, float] = {}  # when each that was fired begins
        self._ears = _Ears(cues, signals)
        self._undo: deque[_Before] = deque(maxlen=UNDONE)
        self._standby = 0
        self._now, self._civil, self._before = -inf, inf, inf
        self._heard: float | None = None  # up to where the civil clock has fired its cues
        self._deadline: float | None = None
        self._resume = resume

    @property
    def standby(self) -> str | None:
        """The cue that ``go`` fires."""
        return self._order[self._standby] if self._standby < len(self._order) else None

    @property
    def waiting(self) -> Mapping[str, float]:
        """How many seconds each cue that was fired waits yet."""
        return {name: max(0.0, begins - self._now) for name, begins in self._waiting.items()}

    def step(self, now: float, civil: float, asks: Asks, heard: Snapshot, values: Values) -> dict[str, float]:
        """The values of the cue hand at ``now`` (monotonic seconds) and civil time ``civil`` (POSIX).
        ``values`` is where the controls are: a fade begins there, where no cue holds them yet."""
        first, self._now = self._now == -inf, max(now, self._now)
        self._before, self._civil = self._civil, civil
        self.begun.clear()
        if first:
            self._take_up(self._resume)
        self._command(asks)
        for name in self._ears.hear(heard):
            self._fire(name, self._now)
        self._tick()
        self._play(values)
        return {address: way.at(self._now) for address, way in self._held.items()}

    def state(self) -> dict[str, Any]:
        """All that a ``resume`` needs to go on from the last step, for JSON; times are the civil clock's."""
        shift = self._civil - self._now
        return {
            "heard": self._heard,
            "standby": self.standby,
            "held": {
                at: [way.start, way.target, way.since + shift, way.fade, way.cue] for at, way in self._held.items()
            },
            "waiting": {name: begins + shift for name, begins in self._waiting.items()},
            "deaf": self._ears.deaf(),
            "undo": [[self._order[before.standby], before.targets] for before in self._undo],
        }

    # ------------------------------------------------------------ what fires a cue

    def _fire(self, name: str, when: float) -> None:
        if name in self._cues:
            self._fired.append((when, name))

    def _command(self, asks: Asks) -> None:
        if asks.panic:
            self._waiting.clear()
        if asks.panic or asks.release:
            self._held.clear()
        if asks.back:
            self._back()
        for _ in range(asks.go):
            self._go()
        for name in asks.fire:
            self._fire(name, self._now)

    def _go(self) -> None:
        name = self.standby
        if name is None:
            return
        self._undo.append(_Before(self._standby, {address: way.target for address, way in self._held.items()}))
        self._fire(name, self._now)
        self._standby += 1
        chain = _chain(self._cues, name)
        while self.standby in chain:
            self._standby += 1

    def _back(self) -> None:
        if not self._undo:
            return
        before = self._undo.pop()
        self._waiting.clear()
        self._standby = before.standby
        held = {address: way.at(self._now) for address, way in self._held.items()}
        self._held = {
            address: Way(held.get(address, target), target, self._now, _fade(self._controls.get(address), BACK))
            for address, target in before.targets.items()
        }

    # ------------------------------------------------------------ what the clock fires

    def _tick(self) -> None:
        """Fires what has fallen due since the civil clock's last reading."""
        civil = self._civil
        if self._heard is None:
            self._catch_up(civil - LOOK_BACK, fresh=True)
        elif civil < self._heard - REWIND or _another(
            self._moments, civil, min(self._before - STEP, self._heard), self._heard
        ):
            self._catch_up(civil - LOOK_BACK, fresh=False)
        elif civil > self._heard:
            if self._deadline is not None and civil >= self._deadline:
                self._catch_up(max(self._heard, civil - LOOK_BACK), fresh=False)
            self._heard = civil

    def _catch_up(self, after: float, fresh: bool) -> None:
        missed = list(self._moments.latest(after, self._civil))
        entry = self._moments.entry(self._civil) if fresh else None
        if entry is not None and entry not in (name for _, name in missed):
            missed.insert(0, (after, entry))
        for at, name in missed:
            self._fire(name, self._now - (self._civil - at))
        self._heard = self._civil
        self._deadline = self._moments.next(self._civil)

    # ------------------------------------------------------------ what a cue does

    def _play(self, values: Values) -> None:
        """Takes what fired, and begins what has waited long enough, in the order of their instants; those that begin
        at one instant in the file's order."""
        if not (self._fired or self._waiting):
            return
        fired = deque(sorted(self._fired, key=lambda one: one[0]))
        self._fired.clear()
        while fired or self._waiting:
            begins = min(self._waiting.values(), default=inf)
            if fired and fired[0][0] <= begins + SAME:
                when, name = fired.popleft()
                self._waiting.setdefault(name, when + self._cues[name].wait)
            elif begins > self._now + SAME:
                return
            else:
                name = next(one for one in self._order if self._waiting.get(one, inf) <= begins + SAME)
                self._begin(self._cues[name], self._waiting.pop(name), values)

    def _begin(self, cue: Cue, when: float, values: Values) -> None:
        self.begun.append(cue)
        for address in cue.release:
            if address == ALL:
                self._held.clear()
            self._held.pop(address, None)
        for address, target in cue.targets.items():
            held = self._held.get(address)
            start = held.at(when) if held else values.get(address, target)
            self._held[address] = Way(start, target, when, _fade(self._controls.get(address), cue.fade), cue.name)
        for name in cue.then:
            if name in self._cues:
                self._waiting.setdefault(name, when + cue.fade + self._cues[name].wait)

    # ------------------------------------------------------------ a state of before

    def _take_up(self, saved: Mapping[str, Any] | None) -> None:
        saved = saved if isinstance(saved, Mapping) else {}
        shift, heard = self._now - self._civil, _number(saved.get("heard"))
        standby = saved.get("standby", "")  # None: the list was gone down to its end
        self._standby = self._order.index(standby) if standby in self._order else len(self._order) * (standby is None)
        for address, told in _items(saved.get("held")):
            if address in self._controls and (way := _way(told, self._controls[address], shift, self._cues)):
                self._held[address] = way
        for name, told in _items(saved.get("waiting")):
            begins = _number(told)
            if name in self._cues and begins is not None and begins - self._civil <= LONGEST_WAIT:
                self._waiting[name] = begins + shift
        self._ears.resume(saved.get("deaf"))
        self._undo.extend(_undone(saved.get("undo"), self._order, self._controls))
        if heard is not None:
            # Fired cues stay fired; the deadline is set in the past, so that missed cues are looked for.
            self._heard, self._deadline = heard, heard


def _way(told: object, control: Control, shift: float, cues: Collection[str]) -> Way | None:
    """The way that a saved state has for a control, and which of ``cues`` wants it; None for junk."""
    listed = told if isinstance(told, list) else []
    numbers = [_number(one) for one in listed[:4]]
    if len(numbers) != 4 or None in numbers:
        return None
    start, target, since, fade = (float(one or 0.0) for one in numbers)
    cue = next((one for one in listed[4:] if isinstance(one, str) and one in cues), "")
    return Way(control.accept(start), control.accept(target), since + shift, fade, cue)


def cause(player: CuePlayer, address: str) -> str:
    """Which of the player's cues holds a control, as a clause; empty where none that is known does."""
    way = player._held.get(address)
    if way is None or not way.cue:
        return ""
    left = way.since + way.fade - player._now
    return f"the cue {way.cue} {f'fades it for {words(left)} more' if left > 0.0 else 'holds it'}"


def _another(moments: Moments, civil: float, before: float, heard: float) -> bool:
    """Whether the clock was set back in this step, to earlier than ``before``, into the hours of a programme whose cue
    is another than at ``heard``."""
    return civil < before and moments.entry(civil) != moments.entry(heard)


def _undone(saved: object, order: Sequence[str], controls: Mapping[str, Control]) -> Iterator[_Before]:
    """What each ``go`` is taken back to by a saved state, as far as the show still has it."""
    for entry in saved if isinstance(saved, list) else []:
        match entry:
            case [str(name), dict(targets)] if name in order:
                known = {at: _number(told) for at, told in targets.items() if at in controls}
                accepted = {at: controls[at].accept(told) for at, told in known.items() if told is not None}
                yield _Before(order.index(name), accepted)


def _chain(cues: Mapping[str, Cue], name: str) -> set[str]:
    """All that follows on a cue."""
    chain: set[str] = set()
    ahead = [name]
    while ahead:
        new = [one for one in cues[ahead.pop()].then if one in cues and one not in chain]
        chain.update(new)
        ahead += new
    return chain


def _fade(control: Control | None, fade: float) -> float:
    """What counts or switches has nothing between two values."""
    return fade if control is None or control.type == "float" else 0.0


def _items(value: object) -> list[tuple[str, object]]:
    return list(value.items()) if isinstance(value, Mapping) else []


def _number(value: object) -> float | None:
    """A finite number, or None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return None
    return float(value)
