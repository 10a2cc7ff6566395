"""Which piece hangs: duration, order, wishes, rounds, lateness over days, and going on after a power cut."""

import json
import math
from collections.abc import Collection, Iterator, Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from installation.engine.playlist import STALL, Asks, Entry, Order, Playback, Playlist, shuffled

NOTHING = Asks()
ORDERS: tuple[Order, ...] = ("listed", "shuffle", "votes")


def pieces(count: int = 4, duration: float = 10.0, change: float = 2.0) -> list[Entry]:
    return [Entry("abcdefghij"[piece], duration, change) for piece in range(count)]


def play(playlist: Playlist, begin: float, end: float, dt: float = 0.5, **still: object) -> Iterator[Playback]:
    """Cues every ``dt`` seconds with the same asks, votes and ready pieces."""
    asks, tally, ready = still.get("asks", NOTHING), still.get("tally", {}), still.get("ready", range(99))
    for frame in range(math.ceil((end - begin) / dt) + 1):
        yield playlist.step(begin + frame * dt, asks, tally, ready)  # type: ignore[arg-type]


def last(cues: Iterator[Playback]) -> Playback:
    *_, cue = cues
    return cue


def hung(cues: Iterator[Playback]) -> list[int]:
    """The pieces in the order in which they came to hang."""
    order: list[int] = []
    for cue in cues:
        if not order or order[-1] != cue.piece:
            order.append(cue.piece)
    return order


def test_one_round_trip_in_detail() -> None:
    entries = [Entry("a", 10.0, 2.0), Entry("b", 20.0, 4.0, "hold")]
    playlist = Playlist(entries)
    assert playlist.step(100.0, NOTHING, {}, (0, 1)) == Playback(0, None, 0.0, 1, (1,), 10.0, False, 100.0, "play")
    assert last(play(playlist, 100.5, 109.5)).seconds_left == 0.5
    begun = playlist.step(110.0, NOTHING, {}, (0, 1))
    assert begun == Playback(0, 1, 0.0, 1, (), 0.0, False, 100.0, "hold")
    assert last(play(playlist, 110.5, 112.0)).progress == 0.5
    assert last(play(playlist, 112.5, 114.0)) == Playback(1, None, 0.0, 2, (0,), 20.0, False, 114.0, "hold")
    assert last(play(playlist, 114.5, 134.0)) == Playback(1, 0, 0.0, 2, (), 0.0, False, 114.0, "play")
    assert last(play(playlist, 134.5, 136.0)) == Playback(0, None, 0.0, 3, (1,), 10.0, False, 136.0, "play")


def test_listed_goes_round_from_start() -> None:
    assert hung(play(Playlist(pieces(), start=2), 0.0, 55.0)) == [2, 3, 0, 1, 2]


def test_votes_without_votes_are_listed_at_first() -> None:
    assert hung(play(Playlist(pieces(), "votes", start=2), 0.0, 55.0)) == [2, 3, 0, 1, 2]


def test_candidates_are_all_others_the_longest_unseen_first() -> None:
    playlist = Playlist(pieces(), "votes")
    assert playlist.step(0.0, NOTHING, {}, ()).candidates == (1, 2, 3)
    assert last(play(playlist, 0.5, 12.0, tally={"c": 1})).candidates == (1, 3, 0)
    assert last(play(playlist, 12.5, 24.0, tally={"a": 1})).candidates == (1, 3, 2)


def test_most_votes_win_and_a_tie_goes_to_the_longest_unseen() -> None:
    assert last(play(Playlist(pieces(), "votes"), 0.0, 10.0, tally={"c": 2, "d": 5, "nobody": 9})).coming == 3
    assert last(play(Playlist(pieces(), "votes"), 0.0, 10.0, tally={"d": 5, "c": 5})).coming == 2


def test_a_piece_that_is_not_ready_is_passed_over() -> None:
    assert last(play(Playlist(pieces(), "votes"), 0.0, 10.0, tally={"d": 5}, ready=(0, 1, 2))).coming == 1
    assert last(play(Playlist(pieces()), 0.0, 10.0, ready={0, 3})).coming == 3
    assert last(play(Playlist(pieces(), "shuffle"), 0.0, 10.0, ready={0, 3})).coming == 3


def test_where_none_is_ready_the_present_one_stays_and_it_is_asked_again() -> None:
    playlist = Playlist(pieces())
    cue = last(play(playlist, 0.0, 500.0, ready={0}))
    assert (cue.piece, cue.coming, cue.seconds_left) == (0, None, 0.0)
    cue = playlist.step(500.5, NOTHING, {}, {0, 2})
    assert cue.coming == 2
    assert cue.progress < 0.2, "it begins when it can, not when it should have"


def test_next_changes_now_and_begins_at_nought() -> None:
    playlist = Playlist(pieces())
    playlist.step(0.0, NOTHING, {}, range(4))
    cue = playlist.step(1.0, Asks(next=True), {}, range(4))
    assert (cue.coming, cue.progress) == (1, 0.0)


def test_next_during_a_change_is_kept_once() -> None:
    playlist = Playlist(pieces())
    list(play(playlist, 0.0, 10.0))
    list(play(playlist, 10.5, 11.5, asks=Asks(next=True)))
    assert playlist.step(12.0, NOTHING, {}, range(4)).piece == 1
    assert playlist.step(12.1, NOTHING, {}, range(4)).coming == 2
    assert hung(play(playlist, 12.5, 20.0)) == [1, 2]


def test_next_in_the_very_first_step_is_not_lost() -> None:
    playlist = Playlist(pieces())
    assert playlist.step(0.0, Asks(next=True), {}, range(4)).coming is None
    assert playlist.step(0.1, NOTHING, {}, range(4)).coming == 1


def test_next_waits_for_a_ready_piece() -> None:
    playlist = Playlist(pieces())
    playlist.step(0.0, NOTHING, {}, ())
    assert playlist.step(1.0, Asks(next=True), {}, {0}).coming is None
    assert playlist.step(2.0, NOTHING, {}, {0, 2}).coming == 2


def test_jump_wins_over_votes_and_next() -> None:
    playlist = Playlist(pieces(), "votes")
    playlist.step(0.0, NOTHING, {}, range(4))
    assert playlist.step(1.0, Asks(next=True, jump=3), {"b": 9}, range(4)).coming == 3


def test_jump_during_a_change_is_done_after_it() -> None:
    playlist = Playlist(pieces())
    list(play(playlist, 0.0, 10.0))
    playlist.step(10.5, Asks(jump=0), {}, range(4))
    assert hung(play(playlist, 11.0, 15.0)) == [0, 1, 0]


@pytest.mark.parametrize("jump", [0, -1, 4, 99])
def test_jump_to_the_present_piece_or_to_none_does_nothing(jump: int) -> None:
    playlist = Playlist(pieces())
    playlist.step(0.0, NOTHING, {}, range(4))
    assert hung(play(playlist, 0.5, 5.0, asks=Asks(jump=jump))) == [0]
    assert playlist.state()["jump"] is None


def test_jump_waits_for_its_piece_until_another_change_begins() -> None:
    playlist = Playlist(pieces())
    playlist.step(0.0, NOTHING, {}, ())
    assert playlist.step(1.0, Asks(jump=3), {}, {0, 1}).coming is None
    assert playlist.step(2.0, NOTHING, {}, {0, 1, 3}).coming == 3
    playlist = Playlist(pieces())
    playlist.step(0.0, Asks(jump=3), {}, {0, 1})
    assert hung(play(playlist, 0.5, 13.0, ready={0, 1})) == [0, 1]
    assert playlist.step(13.5, NOTHING, {}, range(4)).coming is None, "too old a wish"


def test_hold_stops_the_clock_and_only_the_clock() -> None:
    playlist = Playlist(pieces())
    list(play(playlist, 0.0, 4.0))
    held = last(play(playlist, 4.5, 1000.0, asks=Asks(hold=True)))
    assert (held.piece, held.coming, held.seconds_left, held.hold) == (0, None, None, True)
    assert playlist.step(1000.5, NOTHING, {}, range(4)).seconds_left == 5.5
    assert playlist.step(1001.0, Asks(hold=True, next=True), {}, range(4)).coming == 1
    assert last(play(playlist, 1001.5, 1003.0, asks=Asks(hold=True))).piece == 1, "a change is finished on hold"
    assert playlist.step(1004.0, Asks(hold=True, jump=3), {}, range(4)).coming == 3


@pytest.mark.parametrize("order", ORDERS)
def test_a_single_piece_never_changes(order: Order) -> None:
    cues = list(play(Playlist(pieces(1), order), 0.0, 100.0, asks=Asks(next=True, jump=0)))
    assert {(cue.piece, cue.coming, cue.seconds_left, cue.round) for cue in cues} == {(0, None, None, 1)}


@pytest.mark.parametrize("order", ORDERS)
def test_two_pieces_alternate(order: Order) -> None:
    assert hung(play(Playlist(pieces(2), order, seed=5, start=1), 0.0, 60.0)) == [1, 0, 1, 0, 1, 0]


def test_a_cut_takes_no_time() -> None:
    cues = list(play(Playlist(pieces(3, 10.0, 0.0)), 0.0, 25.0))
    assert {cue.coming for cue in cues} == {None}
    assert [cue.piece for cue in cues[19:22]] == [0, 1, 1]


def test_an_endless_piece_waits_for_next() -> None:
    playlist = Playlist(pieces(2, math.inf))
    assert last(play(playlist, 0.0, 100.0)).seconds_left is None
    assert playlist.step(101.0, Asks(next=True), {}, (0, 1)).coming == 1


def test_after_a_suspend_the_show_goes_on_where_it_was() -> None:
    playlist = Playlist(pieces())
    list(play(playlist, 0.0, 4.0))
    assert playlist.step(3604.0, NOTHING, {}, range(4)).seconds_left == 6.0 - STALL
    assert hung(play(playlist, 3604.5, 3613.0)) == [0, 1]


def test_a_clock_that_goes_back_stands_still() -> None:
    playlist = Playlist(pieces())
    list(play(playlist, 100.0, 111.0))
    before = playlist.step(111.5, NOTHING, {}, range(4))
    assert playlist.step(50.0, NOTHING, {}, range(4)) == before
    assert playlist.step(111.5, NOTHING, {}, range(4)) == before


def test_a_shuffle_starts_with_start_and_skips_no_turn_for_a_jump() -> None:
    playlist = Playlist(pieces(), "shuffle", seed=7, start=2)
    trip = [shuffled(position, 4, 7, 2) for position in range(4)]
    assert trip[0] == 2
    playlist.step(0.0, NOTHING, {}, range(4))
    playlist.step(1.0, Asks(jump=trip[3]), {}, range(4))
    assert hung(play(playlist, 1.5, 30.0))[1:] == [trip[3], trip[1], trip[2]]


@pytest.mark.parametrize("start", [-1, 3])
def test_a_start_that_is_no_piece_is_refused(start: int) -> None:
    with pytest.raises(ValueError, match=f"start {start}"):
        Playlist(pieces(3), start=start)


@pytest.mark.parametrize("entries", [[], [Entry("a", 1.0, 1.0), Entry("a", 2.0, 2.0)]])
def test_no_pieces_and_two_of_a_name_are_refused(entries: list[Entry]) -> None:
    with pytest.raises(ValueError, match="names that differ"):
        Playlist(entries)


# --- shuffle ---------------------------------------------------------------------------------------------------------


@given(count=st.integers(1, 12), seed=st.integers(), first=st.integers(0, 11), trips=st.integers(1, 12))
def test_a_shuffle_shows_every_piece_once_a_round_trip_and_none_twice_running(
    count: int, seed: int, first: int, trips: int
) -> None:
    first %= count
    order = [shuffled(position, count, seed, first) for position in range(count * trips)]
    assert order[0] == first
    for trip in range(trips):
        assert sorted(order[trip * count : (trip + 1) * count]) == list(range(count))
    assert count == 1 or all(one != other for one, other in pairwise(order))


def test_shuffles_differ_by_seed_and_by_round_trip() -> None:
    def trip(number: int, seed: int) -> tuple[int, ...]:
        return tuple(shuffled(position, 8, seed, 0) for position in range(number * 8, number * 8 + 8))

    assert len({trip(number, seed) for number in range(5) for seed in range(5)}) == 25


# --- properties of whole runs ----------------------------------------------------------------------------------------

orders = st.sampled_from(ORDERS)
lists = st.lists(st.tuples(st.floats(1.0, 30.0), st.floats(0.0, 5.0)), min_size=1, max_size=6).map(
    lambda times: [Entry(f"p{piece}", *both) for piece, both in enumerate(times)]
)
asks = st.builds(Asks, st.sampled_from([False, False, True]), st.booleans(), st.none() | st.integers(-1, 6))
frames = st.lists(
    st.tuples(
        st.sampled_from([0.016, 0.3, 1.0, 1.9]) | st.floats(-5.0, 5.0) | st.just(3600.0),
        st.just(NOTHING) | asks,
        st.dictionaries(st.sampled_from([f"p{piece}" for piece in range(7)]), st.integers(0, 3)),
        st.just(range(6)) | st.sets(st.integers(0, 5)),
    ),
    min_size=1,
    max_size=80,
)
Frame = tuple[float, Asks, Mapping[str, int], Collection[int]]


def run(playlist: Playlist, frames: list[Frame], now: float = 1000.0) -> Iterator[tuple[float, Frame, Playback]]:
    for frame in frames:
        now += frame[0]
        yield now, frame, playlist.step(now, *frame[1:])


@given(entries=lists, order=orders, frames=frames)
def test_whatever_happens_a_cue_is_sound(entries: list[Entry], order: Order, frames: list[Frame]) -> None:
    before, clock = None, -math.inf
    for now, (_, asked, _, _), cue in run(Playlist(entries, order, seed=3), frames):
        clock = max(clock, now)
        assert cue.coming != cue.piece
        assert 0.0 <= cue.progress < 1.0
        assert cue.coming is not None or cue.progress == 0.0
        assert sorted((*cue.candidates, cue.piece)) == list(range(len(entries))) or cue.coming is not None
        assert cue.hold == asked.hold
        assert not cue.hold or cue.seconds_left is None
        assert cue.seconds_left is None or cue.seconds_left >= 0.0
        assert cue.since <= clock
        if before is not None:
            assert_follows(before, cue)
        before = cue


def assert_follows(before: Playback, cue: Playback) -> None:
    """At most one change between two steps, whole rounds, and a change that only goes forward."""
    assert cue.round - before.round == (cue.piece != before.piece)
    if before.coming is not None:
        assert (cue.piece, cue.coming) in {(before.piece, before.coming), (before.coming, None)}
    if before.coming is not None and cue.coming is not None:
        assert cue.progress >= before.progress
    if cue.piece == before.piece:
        assert cue.since == before.since


@given(entries=lists, order=orders, frames=frames)
def test_only_what_is_ready_comes(entries: list[Entry], order: Order, frames: list[Frame]) -> None:
    for (_, _, before), (_, (_, _, _, ready), cue) in pairwise(run(Playlist(entries, order), frames)):
        assert came(before, cue) in {None, *ready}


@given(entries=lists, frames=frames)
def test_the_votes_winner_is_the_most_of_what_is_ready(entries: list[Entry], frames: list[Frame]) -> None:
    no_jumps = [(dt, Asks(asked.next, asked.hold), tally, ready) for dt, asked, tally, ready in frames]
    for (_, _, before), (_, (_, _, tally, ready), cue) in pairwise(run(Playlist(entries, "votes"), no_jumps)):
        if (piece := came(before, cue)) is not None:
            there = {piece: tally.get(entries[piece].name, 0) for piece in before.candidates if piece in ready}
            assert piece == next(other for other, votes in there.items() if votes == max(there.values()))


def came(before: Playback, cue: Playback) -> int | None:
    """The piece whose change began between two steps, which may be done already, if any."""
    if before.coming is not None:
        return None
    return cue.coming if cue.piece == before.piece else cue.piece


@given(entries=lists, order=orders, seed=st.integers(), frames=frames, cut=st.integers(0, 79))
def test_a_resume_at_any_moment_goes_on_identically(
    entries: list[Entry], order: Order, seed: int, frames: list[Frame], cut: int
) -> None:
    """The power goes after any step; the state has been through JSON; the new clock begins at the last step's time."""
    playlist = Playlist(entries, order, seed)
    head, tail = frames[: cut + 1], frames[cut + 1 :]
    cues = list(run(playlist, head))
    now = max(then for then, _, _ in cues)
    _, (_, asked, tally, ready), cue = cues[-1]
    again = Playlist(entries, order, seed, resume=json.loads(json.dumps(playlist.state())))
    assert_same(again.step(now, Asks(hold=asked.hold), tally, ready), cue)
    for (_, _, ours), (_, _, theirs) in zip(run(playlist, tail, now), run(again, tail, now), strict=True):
        assert_same(theirs, ours)
    assert again.state() | {"age": 0.0} == playlist.state() | {"age": 0.0}


def assert_same(one: Playback, other: Playback) -> None:
    assert one.since == pytest.approx(other.since, abs=1e-6)
    assert [getattr(one, name) for name in Playback.__slots__ if name != "since"] == [
        getattr(other, name) for name in Playback.__slots__ if name != "since"
    ]


@given(
    count=st.integers(2, 7),
    order=orders,
    seed=st.integers(),
    duration=st.floats(1.0, 20.0),
    change=st.floats(0.0, 5.0),
    dt=st.floats(0.01, 0.9),
)
@settings(max_examples=40)
def test_every_piece_hangs_once_a_round_trip_when_it_should(
    count: int, order: Order, seed: int, duration: float, change: float, dt: float
) -> None:
    """Three round trips: the nth piece is fully on n cycles after the start, to the frame."""
    playlist, cycle = Playlist(pieces(count, duration, change), order, seed), duration + change
    came: list[int] = []
    for frame in range(math.ceil(3 * count * cycle / dt)):
        cue = playlist.step(frame * dt, NOTHING, {}, range(count))
        if not came or cue.piece != came[-1]:
            assert -1e-6 <= frame * dt - cycle * len(came) <= dt + 1e-6
            came.append(cue.piece)
    assert len(came) == 3 * count
    for trip in range(3):
        assert sorted(came[trip * count : (trip + 1) * count]) == list(range(count))


@pytest.mark.slow
def test_ten_days_are_on_time_to_the_frame() -> None:
    """Steps of one second, times with fractions of it: what is late once must not add up."""
    entries = [Entry("a", 240.3, 6.7), Entry("b", 181.9, 0.0), Entry("c", 300.1, 0.4), Entry("d", 59.99, 12.01)]
    playlist, due, piece, asked = Playlist(entries), 0.0, 0, Asks()
    for now in range(10 * 86_400):
        cue = playlist.step(float(now), asked, {}, (0, 1, 2, 3))
        if cue.piece != piece:
            due += entries[piece].duration + entries[cue.piece].transition_seconds
            assert -1e-6 <= now - due <= 1.0 + 1e-6
            assert cue.since == pytest.approx(due, abs=1e-5)
            piece = cue.piece
    assert cue.round > 3_250


# --- the state on disk -----------------------------------------------------------------------------------------------


def saved() -> dict[str, object]:
    playlist = Playlist(pieces(), "votes")
    list(play(playlist, 0.0, 30.0))
    return playlist.state()


def test_the_state_names_pieces() -> None:
    assert saved() == {
        "piece": "c",
        "coming": None,
        "elapsed": 6.0,
        "age": 6.0,
        "round": 3,
        "unseen": ["d", "a", "b"],
        "place": 0,
        "next": False,
        "jump": None,
    }


def test_a_show_edited_meanwhile_is_resumed_by_name() -> None:
    edited = [Entry(name, 10.0, 2.0) for name in "xcdb"]  # a is gone, x is new, the order is another
    cue = Playlist(edited, "votes", resume=saved()).step(0.0, NOTHING, {}, range(4))
    assert (cue.piece, cue.candidates, cue.seconds_left, cue.since) == (1, (0, 2, 3), 4.0, -6.0)


@pytest.mark.parametrize(
    "damage",
    [
        {"piece": "gone"},
        {"piece": ["c"]},
        {"coming": "gone"},
        {"coming": "c"},
        {"elapsed": math.nan},
        {"elapsed": -1.0},
        {"age": "long"},
        {"round": None},
        {"round": math.inf},
        {"place": -1},
        {"unseen": 7},
        {"unseen": [[]]},
    ],
)
def test_a_damaged_state_opens_afresh(damage: dict[str, object]) -> None:
    fresh = Playlist(pieces(), "votes", start=1).state()
    assert Playlist(pieces(), "votes", start=1, resume=saved() | damage).state() == fresh
    assert Playlist(pieces(), "votes", start=1, resume={}).state() == fresh


scraps = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from("abcdz")


@given(state=st.dictionaries(st.sampled_from(sorted(saved())), scraps | st.lists(scraps, max_size=5)))
def test_any_json_is_survived(state: dict[str, object]) -> None:
    for order in ORDERS:
        playlist = Playlist(pieces(), order, resume=saved() | state)
        assert {cue.piece for cue in play(playlist, 0.0, 60.0, dt=1.0)} <= set(range(4))


@pytest.mark.parametrize("order", ["listed", "shuffle", "votes"])
def test_what_is_expected_comes_and_asking_changes_nothing(order: Order) -> None:
    entries = [Entry(name, 10.0, 1.0) for name in "abcd"]
    asked, other = Playlist(entries, order, seed=3), Playlist(entries, order, seed=3)
    for second in range(200):
        expected = asked.expected({"c": 1}, range(4))
        found = asked.step(second, Asks(), {"c": 1}, range(4))
        assert found == other.step(second, Asks(), {"c": 1}, range(4))
        if found.coming is not None and found.progress == 0.0:
            assert found.coming == expected
