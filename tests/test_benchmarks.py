"""Short forms of the benchmarks that prove what months of unattended running need."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.faults import generators, surroundings, votes
from benchmarks.faults.__main__ import FAULTS
from benchmarks.faults.rows import Row
from benchmarks.faults.supervised import Place
from benchmarks.faults.table import BEGINS, ENDS, HEAD, document, grouped, line, plot, read_csv, write_csv
from benchmarks.soak import looks, slope, table, verdict

slow = pytest.mark.slow
ROWS = [
    Row("raises", 0.04),
    Row("raises", 0.05),
    Row("kill", 1.2),
    Row("kill", 7.0),
    Row("votes", 1.0, "1 lost", False),
]


def test_what_is_not_kept_is_said(tmp_path: Path) -> None:
    write_csv(tmp_path / "rows.csv", ROWS)
    rows = read_csv(tmp_path / "rows.csv")
    assert rows == ROWS
    kept = {fault.what: line(fault, those).split("|")[7].strip() for fault, those in grouped(rows, FAULTS)}
    assert kept == {
        FAULTS["kill"].what: "NO",
        FAULTS["raises"].what: "yes",
        FAULTS["votes"].what: "NO, 1 wrong",
    }
    assert HEAD.count("|") == 16
    drawn = plot(rows, FAULTS, "a machine")
    assert drawn.count("<circle") == len(ROWS)
    assert drawn.count("#b3261e") == 2, "what is above its promise, or wrong, is red"


def test_a_slope_has_an_error() -> None:
    rise, error = slope([0.0, 1.0, 2.0, 3.0], [10.0, 12.0, 14.0, 16.0])
    assert rise == pytest.approx(2.0)
    assert error == pytest.approx(0.0, abs=1e-9)
    assert [verdict(*case) for case in ((0.0, 0.1, 1.0), (3.0, 0.1, 1.0), (3.0, 9.0, 1.0))] == [
        "yes",
        "NO",
        "too short to tell",
    ]


def test_the_table_of_a_page_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    first, second = BEGINS.format("benchmarks.faults"), BEGINS.format("benchmarks.soak")
    page.write_text(f"above\n{first}\nold\n{ENDS}\nbelow\n{second}\nold\n{ENDS}\n")
    document(page, "| new |", "measured so.")
    document(page, "| soak |", "so, too.", "benchmarks.soak")
    assert page.read_text() == (
        f"above\n{first}\nmeasured so.\n\n| new |\n{ENDS}\nbelow\n{second}\nso, too.\n\n| soak |\n{ENDS}\n"
    )
    page.write_text("no marks")
    with pytest.raises(SystemExit, match="expected them around the table"):
        document(page, "| new |", "measured so.")


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    yield place
    place.leave()


@slow
@pytest.mark.parametrize("name", [name for name in generators.FAULTS if name != "hangs"])
def test_a_generator_that_fails_leaves_no_frame_empty(name: str, place: Place) -> None:
    for row in generators.FAULTS[name].inject(place, 1):
        assert row.fine, row.note


@slow
@pytest.mark.gl
@pytest.mark.skipif(os.name != "posix", reason="POSIX signals")
def test_processes_killed_at_random_moments_lose_no_vote(place: Place) -> None:
    assert all(row.fine for row in votes.kills(place, 3))


@slow
@pytest.mark.gl
@pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes")
@pytest.mark.parametrize("name", ["disk full", "disk read-only", "clock"])
def test_what_a_show_needs_around_it_may_be_missing(name: str, place: Place) -> None:
    for row in surroundings.FAULTS[name].inject(place, 1):
        assert row.fine, row.note


@slow
@pytest.mark.gl
def test_a_soak_is_told() -> None:
    seen = list(looks(0.25, day=60.0))
    assert len(seen) >= 2
    assert seen[-1].frames > seen[0].frames
    assert len(list(table(seen))) == 7
