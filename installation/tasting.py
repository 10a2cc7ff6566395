"""Hears what visitors like and how those without a phone vote, has it kept, and says what walks make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from math import exp
from pathlib import Path

from installation.core.commands import TASTE_RESET, Command
from installation.core.contracts import TASTE, TASTE_MEAN, TASTE_PLACE, TASTE_PORTRAIT, TASTE_STD, Space
from installation.core.controls import Values
from installation.core.decision import Decision, Playback, Wishes
from installation.engine.painter import Painter
from installation.engine.taste import Belief, Floats, coordinates, model_of
from installation.engine.voices import Voices
from installation.opinions import Opinions, Reset, Said, Turn
from installation.portraits import Days, Portraits, Sitting
from installation.process.web import WebProcess
from installation.showfile.load import Show
from installation.web.messages import Ballots, Liked

GLIDE = 5.0
"""Time constant (s) in which a walk takes up what is believed anew."""

TELL, LOOK = 1.0, 0.1
"""Seconds after which the web process is told again what it was told, and between two looks for what has changed."""

NOBODY = Belief()


@dataclass(slots=True)
class Eased:
    """What a walk is told of a belief, which it follows without a jump."""

    mean: Floats
    std: Floats

    def step(self, belief: Belief, share: float) -> None:
        self.mean = self.mean + share * (belief.mean - self.mean)
        self.std = self.std + share * (belief.std - self.std)

    def values(self) -> Values:
        means = dict(zip(TASTE_MEAN, self.mean.tolist(), strict=True))
        return {**means, **dict(zip(TASTE_STD, self.std.tolist(), strict=True))}


class Models:
    """Names the model that paints a piece, found once for each generator that hangs."""

    def __init__(self, painter: Painter) -> None:
        self.painter = painter
        self._known: dict[int, tuple[Space, str]] = {}

    def name(self, piece: int) -> str:
        """Empty while the piece is not open."""
        hung, known = self.painter.hung.get(piece), self._known.get(piece)
        if hung is None:
            return ""
        if known is None or known[0] is not hung.generator.space:
            known = self._known[piece] = hung.generator.space, model_of(hung.generator.space)
        return known[1]


class Tasting:
    """``step`` once a frame. ``web`` is None in a show without the visitors' page; ``today`` is the show's day."""

    def __init__(
        self, show: Show, folder: Path, painter: Painter, web: WebProcess | None, today: Callable[[], date]
    ) -> None:
        self.show, self.painter, self.web = show, painter, web
        self.opinions = Opinions(folder, show.votes.half_life, today)
        self.voices = Voices(show.votes.presses, show.votes.stand)
        self.portraits, self.days = Portraits(folder), Days()
        self.sides: dict[str, int] = {}
        """Who likes what hangs in this round: 1, -1, or 0 (taken back) by voter, with a phone or without."""
        self._learned: dict[str, int] = {}
        """Of these, what is learned: nothing is while the piece has not painted yet."""
        self._models = Models(painter)
        self._follows = follows_taste(show)
        self._round = -1
        self._heard: object = None
        self._eased: dict[str, Eased] = {}
        self._now = self._next = self._looks = 0.0
        self._told: tuple[Ballots, Liked] | None = None

    def start(self) -> None:
        self.opinions.start()
        self.portraits.start()

    def close(self) -> None:
        self.opinions.close()
        self.portraits.close()

    def take(self, show: Show) -> None:
        """Goes on with another version of the show."""
        self.show = show
        self._follows = follows_taste(show)
        self.opinions.half_life = show.votes.half_life
        self.voices = replace(self.voices, presses=show.votes.presses, stand=show.votes.stand)

    def step(
        self, decision: Decision, commands: Sequence[Command], wishes: Wishes, is_open: bool
    ) -> tuple[Wishes, Mapping[int, Values]]:
        """The wishes with what visitors like among them, and for each piece that hangs what its walk is told of it.
        ``is_open``: whether the exhibition is."""
        past, self._now = max(0.0, decision.time - self._now), decision.time
        playback = decision.wall.playback
        if playback.round != self._round:
            self._round, self.sides, self._learned = playback.round, {}, {}
            self.opinions.put(Turn(playback.round))
        self.voices.step(decision.time, playback, commands, decision.signals)
        if any(command.address == TASTE_RESET for command in commands):
            self._reset()
        self._hear(playback, commands)
        self._tell(playback)
        ended = self.days.ends(decision.time, is_open, decision.civil.partition("T")[0])
        if ended is not None and self.show.votes.portrait:
            self._portray(ended)
        return self._wishes(playback, wishes), self._taste(playback, 1.0 - exp(-past / GLIDE))

    # ------------------------------------------------------------ what is said

    def _reset(self) -> None:
        """Forgets all. What a phone said of this picture is not learned again; what devices say next is."""
        for voter in self.voices.sides:
            self.sides.pop(voter, None)
            self._learned.pop(voter, None)
        self.voices.sides = {}
        self.opinions.put(Reset())

    def _hear(self, playback: Playback, commands: Sequence[Command]) -> None:
        """What was said anew, by phones and by devices."""
        if playback.coming is not None:
            return
        if commands or len(self.sides) > len(self._learned):
            self._learn(playback, self.voices.sides)
        if self.web and self.web.opinions is not self._heard and self.web.opinions.round == playback.round:
            self._heard = self.web.opinions
            self._learn(playback, self.web.opinions.sides)

    def _learn(self, playback: Playback, sides: Mapping[str, int]) -> None:
        hung, latent = self.painter.hung.get(playback.piece), self.painter.places.get(playback.piece)
        self.sides.update(sides)
        if hung is None or latent is None:
            return
        place, model = coordinates(hung.generator.space, latent), self._models.name(playback.piece)
        for voter, side in self.sides.items():
            if self._learned.get(voter) != side:
                self._learned[voter] = side
                self.opinions.put(Said(playback.round, voter, side, model, place))

    def _tell(self, playback: Playback) -> None:
        """Tells the web process what changed, and once in TELL seconds what there is."""
        if self.web is None or playback.coming is not None or not playback.votes or self._now < self._looks:
            return
        self._looks = self._now + LOOK
        belief, pieces = self._belief(playback.piece), self.show.pieces
        choices = {voter: pieces[index].name for voter, index in self.voices.choices.items()}
        liked = Liked(playback.round, dict(self.sides), belief.likes, belief.passes, self._follows)
        told = (Ballots(playback.round, choices), liked)
        if told == self._told and (self._now < self._next or not (choices or self.sides)):
            return
        self._told, self._next = told, self._now + TELL
        for message in told:
            self.web.pass_on(message)

    # ------------------------------------------------------------ what walks make of it

    def _belief(self, piece: int) -> Belief:
        return self.opinions.beliefs.get(self._models.name(piece), NOBODY)

    def _wishes(self, playback: Playback, wishes: Wishes) -> Wishes:
        """With the hand of the votes on how much the taste counts, and why."""
        if not self.show.pieces[playback.lead].walk.follows_taste:
            return wishes
        belief = self._belief(playback.lead)
        if not belief.likes + belief.passes:
            return wishes
        votes, told = {**wishes.votes, TASTE: 1.0}, {**wishes.told, TASTE: _spoken(belief)}
        return replace(wishes, votes=votes, told=told)

    def _taste(self, playback: Playback, share: float) -> dict[int, Values]:
        told: dict[int, Values] = {}
        for piece in {playback.piece, playback.lead}:
            if not (self.show.pieces[piece].walk.follows_taste and (model := self._models.name(piece))):
                continue
            eased = self._eased.setdefault(model, Eased(NOBODY.mean, NOBODY.std))
            eased.step(self._belief(piece), share)
            told[piece] = {**eased.values(), **self._portrait(piece, playback)}
        return told

    # ------------------------------------------------------------ the portrait of the day

    def _portray(self, day: str) -> None:
        """Has a portrait painted by the piece whose walk follows what is liked, else by that of which most is known."""
        known = [index for index in self.painter.hung if self._belief(index).likes]
        if not known:
            return
        index = max(known, key=lambda one: (self.show.pieces[one].walk.follows_taste, self._belief(one).likes))
        piece = self.show.pieces[index]
        opened = partial(piece.generator.open, self.painter.hung[index].generator.device)
        self.portraits.ask(
            Sitting(day, piece.name, self._models.name(index), opened, piece.rests(), self._belief(index))
        )

    def _portrait(self, piece: int, playback: Playback) -> Values:
        """The last portrait, where that is of this model and of an earlier day, and how much it is shown."""
        newest = self.portraits.newest
        if newest is None or newest.model != self._models.name(piece) or not self.days.is_over(newest.day):
            return {}
        stands = self.days.stands(self._now, playback, piece)
        return {TASTE_PORTRAIT: stands, **dict(zip(TASTE_PLACE, newest.place, strict=True))} if stands else {}


def follows_taste(show: Show) -> bool:
    """Whether a walk of its pieces does."""
    return any(piece.walk.follows_taste for piece in show.pieces)


def _spoken(belief: Belief) -> str:
    """``12 likes, 1 pass are remembered``."""
    likes = f"{belief.likes} like{'' if belief.likes == 1 else 's'}"
    return f"{likes}, {belief.passes} pass{'' if belief.passes == 1 else 'es'} are remembered"
