"""Counting: what a tally, a winner and a share are, for any votes."""

from hypothesis import given
from hypothesis import strategies as st

from installation.web.tally import share, tally, winner

NAMES = st.lists(st.text("abc", min_size=1, max_size=2), unique=True, max_size=6)
CHOICES = st.lists(st.text("abcd", min_size=1, max_size=2), max_size=40)


@given(CHOICES, NAMES)
def test_every_vote_for_a_candidate_counts_once(choices: list[str], candidates: list[str]) -> None:
    votes = tally(choices, candidates)
    assert list(votes) == candidates
    assert votes == {name: choices.count(name) for name in candidates}


@given(CHOICES, NAMES)
def test_nobody_has_more_votes_than_the_winner_and_ties_go_to_the_first(choices: list[str], order: list[str]) -> None:
    votes = tally(choices, order)
    best = winner(votes, order)
    if best is None:
        assert not any(votes.values())
    else:
        assert votes[best] == max(votes.values()) > 0
        assert all(votes[name] < votes[best] for name in order[: order.index(best)])


@given(CHOICES, NAMES, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_does_not_matter(choices: list[str], names: list[str], random: object) -> None:
    shuffled = sorted(choices, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert tally(shuffled, names) == tally(choices, names)


@given(CHOICES, NAMES)
def test_a_share_is_a_part_of_all(choices: list[str], names: list[str]) -> None:
    votes = tally(choices, names)
    total = sum(votes.values())
    assert share(votes) == (max(votes.values()) / total if total else 0.0)
    assert 0.0 <= share(votes) <= 1.0


def test_without_votes_nobody_wins() -> None:
    assert winner({"a": 0, "b": 0}, ["b", "a"]) is None
    assert winner({}, ["a"]) is None
    assert winner({"a": 3}, []) is None


def test_a_tie_goes_to_the_first_in_order() -> None:
    assert winner({"a": 2, "b": 2, "c": 1}, ["c", "b", "a"]) == "b"
