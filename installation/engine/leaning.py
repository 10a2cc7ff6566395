"""Visitors' wishes for the picture as a hand: where they want each control. Pure: the time is an argument."""

from collections.abc import Mapping
from math import exp

from installation.core.decision import Lean, Playback, Wishes
from installation.showfile.load import Show

GLIDE = 2.0
"""Time constant (s) in which a control follows: one more wish is seen within a second and is no jump."""

NO_WISHES = Wishes()


class Leaning:
    """Follows the visitors' wishes. ``step`` once a frame."""

    def __init__(self) -> None:
        self._piece = ""
        self._now = 0.0
        self._leans: dict[str, float] = {}

    def step(self, now: float, show: Show, playback: Playback, told: tuple[int, Mapping[str, Lean]]) -> Wishes:
        """What the visitors want of the piece that hangs at ``now`` (s): ``told`` is the round that their wishes are
        of, and the wishes by address. What nobody has a wish for is left to other hands, and all while it changes."""
        past, self._now = max(0.0, now - self._now), now
        number, leans = told
        if not leans or playback.coming is not None or playback.round != number:
            self._leans = {}
            return NO_WISHES
        piece = show.pieces[playback.piece]
        if piece.name != self._piece:
            self._piece, self._leans = piece.name, {}
        pairs = {pair.address: pair for pair in piece.pairs if pair.address in leans}
        share = 1.0 - exp(-past / GLIDE)
        before = {address: self._leans.get(address, 0.0) for address in pairs}
        self._leans = {address: lean + share * (leans[address].lean - lean) for address, lean in before.items()}
        rests = piece.rests()
        values = {address: _between(pair.out, rests[address], self._leans[address]) for address, pair in pairs.items()}
        words = {
            address: _told(leans[address], pair.less_in("en"), pair.more_in("en")) for address, pair in pairs.items()
        }
        return Wishes(votes=values, told=words)


def _between(ends: tuple[float, float], rest: float, lean: float) -> float:
    """From the rest towards the end that it leans to; all the way at -1 and 1."""
    return rest + abs(lean) * ((ends[1] if lean > 0.0 else ends[0]) - rest)


def _told(lean: Lean, less: str, more: str) -> str:
    """``5 visitors pull it 40 % towards older``."""
    many = "1 visitor pulls it" if lean.visitors == 1 else f"{lean.visitors} visitors pull it"
    towards = f"{100 * abs(lean.lean):.0f} % towards {more if lean.lean > 0.0 else less}"
    return f"{many} {towards if lean.lean else f'to both sides, {less} and {more}'}"
