"""How the piece that hangs was chosen, and what became of one's own vote."""

import pytest

from installation.engine.playlist import Asks, Entry, Playlist
from installation.web.messages import Playback, Tally
from installation.web.outcome import Cast, Outcome, outcome


@pytest.mark.parametrize(
    ("votes", "how"),
    [
        ({"a": 3, "b": 1, "c": 0}, "won"),
        ({"a": 2, "b": 2, "c": 0}, "tie"),
        ({"a": 0, "b": 0, "c": 0}, "novotes"),
        ({"a": 1, "b": 2, "c": 0}, "house"),
        ({"b": 2, "a": 2}, "house"),
        ({"b": 1, "c": 0}, "house"),
    ],
)
def test_how_it_was_chosen(votes: dict[str, int], how: str) -> None:
    told = outcome(Playback("a", 8), Tally(7, votes))
    assert told is not None
    assert (told.how, told.votes, told.total) == (how, votes.get("a", 0), sum(votes.values()))


def test_it_is_told_from_the_start_of_the_change() -> None:
    ended = Tally(7, {"a": 1, "b": 0})
    expected = Outcome("a", "won", 1, 1, "b", 0)
    assert outcome(Playback("z", 7, coming="a"), ended, Cast(7, "b")) == expected
    assert outcome(Playback("a", 8), ended, Cast(7, "b")) == expected
    assert outcome(Playback("a", 9), ended) is None
    assert outcome(Playback("a", 8), None) is None
    assert outcome(None, ended) is None


def test_a_vote_of_another_round_or_for_nothing_is_no_choice() -> None:
    ended = Tally(7, {"a": 1, "b": 0})
    for cast in (Cast(6, "a"), Cast(7, "x"), None):
        told = outcome(Playback("a", 8), ended, cast)
        assert told is not None
        assert told.mine is None


@pytest.mark.parametrize(
    ("votes", "how"),
    [({"b": 1, "c": 2}, "won"), ({"b": 2, "c": 2}, "tie"), ({}, "novotes")],
    ids=["won", "tie", "none"],
)
def test_the_page_tells_what_the_playlist_does(votes: dict[str, int], how: str) -> None:
    """The rule is the playlist's; the page says the same of what it chose."""
    names = "abc"
    playlist = Playlist([Entry(name, 1.0, 0.5) for name in names], "votes")
    before = playlist.step(0.0, Asks(), {}, {0, 1, 2})
    now = playlist.step(1.1, Asks(), votes, {0, 1, 2})
    assert now.coming is not None
    ended = Tally(before.round, {names[index]: votes.get(names[index], 0) for index in before.candidates})
    told = outcome(Playback(names[now.piece], now.round, names[now.coming]), ended)
    assert told is not None
    assert told.how == how
