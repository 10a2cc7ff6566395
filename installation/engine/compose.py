"""From a Decision and the frames that were painted to what the stage draws. Pure: the time is the Decision's."""

from collections.abc import Callable, Collection

from installation.core.decision import Decision, Wall
from installation.engine.frames import Pair
from installation.engine.languages import shown_language
from installation.engine.view import Picture, Surface, View
from installation.showfile.load import Show

PLAIN = "dissolve"
"""The transition that replaces one that does not work on this machine."""

Frames = Callable[[int], Pair]
"""The two newest frames of a piece, by its index."""


def compose(
    show: Show, decision: Decision, frames: Frames, interval: float, refused: Collection[str] = (), wall: int = 0
) -> View:
    """One frame of a wall. ``interval`` is that of the screen (s); ``refused`` names transitions that this machine's
    driver does not take."""
    chosen = decision.walls[wall]
    playback, controls = chosen.playback, chosen.controls
    change = show.pieces[playback.lead].transition
    plain = change.kind in refused
    coming = playback.coming
    inviting = chosen.attract if show.visitors is not None and show.visitors.invite else 0.0
    return View(
        current=_picture(playback.piece, chosen, frames, decision.time, interval),
        coming=None if coming is None else _picture(coming, chosen, frames, decision.time, interval),
        transition=PLAIN if plain else change.kind,
        options={} if plain else change.options,
        progress=playback.progress,
        brightness=controls.get("/stage/brightness", 1.0),
        blackout=float(chosen.blackout),
        label=controls.get("/stage/label", 1.0) * _legible(show, decision, inviting) * _turned(chosen.portrait),
        invites=inviting >= 0.5,
        portrait=chosen.portrait >= 0.5,
        marks=chosen.marks,
        language=chosen.language,
        panel=chosen.panel,
        words=show.panel_words,
    )


def _legible(show: Show, decision: Decision, inviting: float) -> float:
    """How much of a label is seen (0..1): nothing while its language changes, or whether it invites."""
    language = shown_language(show.languages, decision.time, show.stage.rotate)[1]
    return language * _turned(inviting)


def _turned(way: float) -> float:
    """How much of a label is seen whose words change in the middle of the way (0..1)."""
    return abs(1.0 - 2.0 * way)


def _picture(piece: int, wall: Wall, frames: Frames, now: float, interval: float) -> Picture:
    pair = frames(piece)
    return Picture(piece, pair.earlier, pair.later, pair.mix(now, interval), Surface.of(wall.controls_of(piece)))
