"""How a show that was edited follows on the one that runs: when, with which piece, and what of it stays. Pure.

It is taken over as a change of piece begins: the change is begun anew by the new show, which chooses the piece that
comes. Where no change will come, as of a single piece, and where the wall is dark, it is taken over at once. The piece
that hangs at that moment stays on the wall as it is until the change is done, be it edited or gone: one that is gone
is *retired*, the last of the show's pieces for so long.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from installation.core.decision import Decision, Playback
from installation.engine.decide import Decider
from installation.showfile.load import Show
from installation.showfile.tables import Piece

Before = Mapping[int, int]
"""The number that a piece had, by the number that it has."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What lies between the show that runs, ``old``, and ``new``."""

    old: Show
    new: Show
    paints: Before = field(default_factory=dict)
    """Of the pieces whose generator and walk stay as they are."""
    looks: Before = field(default_factory=dict)
    """Of the pieces whose wall, label and poster stay as they are."""

    @property
    def cues_only(self) -> bool:
        """Whether nothing else is new: that is taken over as soon as no piece changes."""
        return without_cues(self.old) == without_cues(self.new)

    def words(self) -> str:
        """What is new, changed and gone, for people."""
        old, new = ({piece.name: piece for piece in show.pieces} for show in (self.old, self.new))
        lists = {
            "new": [name for name in new if name not in old],
            "changed": [name for name in new if name in old and not new[name].is_as(old[name])],
            "gone": [name for name in old if name not in new],
        }
        return "; ".join(f"{what}: {', '.join(names)}" for what, names in lists.items() if names)


def without_cues(show: Show) -> Show:
    return replace(show, plan=replace(show.plan, cues=()))


def edit(old: Show, new: Show) -> Edit:
    """What of the ``old`` show stays in the ``new`` one; pieces are the same by their names."""
    number = {piece.name: at for at, piece in enumerate(old.pieces)}
    both = [(at, number[piece.name], piece) for at, piece in enumerate(new.pieces) if piece.name in number]
    seed, languages = old.seed == new.seed, old.languages == new.languages
    return Edit(
        old,
        new,
        {at: before for at, before, piece in both if seed and _paint(piece) == _paint(old.pieces[before])},
        {at: before for at, before, piece in both if languages and _look(piece) == _look(old.pieces[before])},
    )


def _paint(piece: Piece) -> tuple[object, ...]:
    return piece.generator, piece.walk


def _look(piece: Piece) -> tuple[object, ...]:
    return piece.hang, piece.label, piece.poster


@dataclass(frozen=True, slots=True)
class Moment:
    """Whether a frame is one to take over in. ``begins``: a change of piece began with it."""

    decision: Decision
    before: Decision | None

    @property
    def begins(self) -> bool:
        before = self.before
        return self._playback.coming is not None and (before is None or before.wall.playback.coming is None)

    @property
    def calm(self) -> bool:
        """Whether one piece hangs alone."""
        return self._playback.coming is None

    @property
    def no_change_comes(self) -> bool:
        """Whether it hangs and nothing will replace it, or nobody sees it."""
        playback = self._playback
        ever = playback.hold or (playback.seconds_left or 0.0) > 0.0
        return self.calm and (self.decision.wall.blackout or not ever)

    @property
    def _playback(self) -> Playback:
        return self.decision.wall.playback


@dataclass(frozen=True, slots=True)
class Takeover:
    """The new ``decider``; ``paints`` and ``looks`` are of the pieces that stay for now. ``waits`` is the piece that
    hangs as it was until the change is done, by its new number; None where nothing waits for that."""

    decider: Decider
    paints: Before
    looks: Before
    waits: int | None = None


def takeover(edit: Edit, decider: Decider, ready: Decider, moment: Moment, civil: datetime) -> Takeover:
    """How ``edit`` follows on the frame of ``moment``, which ``decider`` has decided; ``ready`` is a decider of the new
    show that has not decided anything yet."""
    hangs = moment.decision.wall.playback.piece
    name = edit.old.pieces[hangs].name
    new = {piece.name: at for at, piece in enumerate(edit.new.pieces)}
    begins = moment.begins
    gone = name not in new
    at = len(new) if gone else new[name]
    show = replace(edit.new, pieces=(*edit.new.pieces, edit.old.pieces[hangs])) if gone and begins else edit.new
    made = ready
    if show is not edit.new:
        made = Decider(show, ready.programming.always_open, ready.programming.timetable, (name,))
    state = decider.state()
    state["playback"] = _playback(edit, decider, state["playback"], begins)
    made.succeed(decider, state | {"cues": _cues(state["cues"], decider, made, civil)}, decider.guest)
    waits = begins and (gone or edit.paints.get(at) != hangs or edit.looks.get(at) != hangs)
    held = {at: hangs} if waits else {}
    return Takeover(made, {**edit.paints, **held}, {**edit.looks, **held}, at if waits else None)


def settled(edit: Edit, decider: Decider, ready: Decider) -> Decider:
    """The decider once the change is done, without a retired piece."""
    if len(decider.show.pieces) == len(edit.new.pieces):
        return decider
    ready.succeed(decider, decider.state(), decider.guest)
    return ready


def _playback(edit: Edit, decider: Decider, state: Mapping[str, Any], begins: bool) -> Mapping[str, Any]:
    """Where the playlist goes on: as it is, but for a change that the new show is to begin itself, and for a piece that
    is gone."""
    following = _following(edit, state["piece"])
    if begins:
        asked = state["coming"] == decider.guest
        jump = state["coming"] if asked else following if decider.playlist.order == "listed" else None
        return {**state, "coming": None, "elapsed": 0.0, "next": True, "jump": jump}
    if following is None:
        return state
    return {**state, "piece": following, "elapsed": 0.0, "age": 0.0, "round": state["round"] + 1}


def _following(edit: Edit, name: str) -> str | None:
    """What comes after a piece that is gone where pieces come in the order of the file: what stands after the nearest
    of those before it that is still there. None for a piece that is there."""
    old, new = ([piece.name for piece in show.pieces] for show in (edit.old, edit.new))
    if name in new or name not in old:
        return None
    earlier = [one for one in old[: old.index(name)] if one in new]
    return new[(new.index(earlier[-1]) + 1) % len(new)] if earlier else new[0]


def _cues(state: Mapping[str, Any], old: Decider, new: Decider, civil: datetime) -> Mapping[str, Any]:
    """What the cues go on from: as they are, and the cue of a programme that hangs now and did not before is fired."""
    before, now = old.scheduled, new.programming.at(civil)
    if now.programme is None or (before is not None and before.programme == now.programme):
        return state
    plan = new.show.plan
    entry = plan.programme(now.programme).cue
    waits = {cue.name: civil.timestamp() + cue.wait for cue in plan.cues if cue.name == entry}
    return {**state, "waiting": {**waits, **state["waiting"]}}
