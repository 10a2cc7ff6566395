"""Counting votes, whatever they are."""

from hypothesis import given
from hypothesis import strategies as st

from installation.web.tally import tally

NAMES = st.lists(st.text("abc", min_size=1, max_size=2), unique=True, max_size=6)
CHOICES = st.lists(st.text("abcd", min_size=1, max_size=2), max_size=40)


@given(CHOICES, NAMES)
def test_every_vote_for_a_candidate_counts_once(choices: list[str], candidates: list[str]) -> None:
    votes = tally(choices, candidates)
    assert list(votes) == candidates
    assert votes == {name: choices.count(name) for name in candidates}


@given(CHOICES, NAMES, st.randoms(use_true_random=False))
def test_the_order_of_the_votes_does_not_matter(choices: list[str], names: list[str], random: object) -> None:
    shuffled = sorted(choices, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert tally(shuffled, names) == tally(choices, names)
