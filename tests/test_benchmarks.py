"""Short forms of the benchmarks that prove what months of unattended running need."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks import growth, peers, residence
from benchmarks.faults import generators, surroundings, votes
from benchmarks.faults.__main__ import FAULTS
from benchmarks.faults.rows import Row
from benchmarks.faults.supervised import Place
from benchmarks.faults.table import BEGINS, ENDS, HEAD, document, grouped, line, plot, read_csv, write_csv
from benchmarks.soak import Look, kept, looks, no_more, slope, table, verdict, warm_up
from installation.engine.residence import residence_of
from installation.showfile.load import load

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


def test_steps_that_last_count_as_fewer_looks() -> None:
    """Each of twelve values seen ten times over says no more of the slope than seen once."""
    steps = [0.0, 1.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0, 1.0, 0.0]
    _, once = slope([float(at) for at in range(12)], steps)
    _, often = slope(
        [at + look / 10 for at in range(12) for look in range(10)], [one for one in steps for _ in range(10)]
    )
    assert once == pytest.approx(0.0455, abs=0.001)
    assert 0.9 * once <= often <= 2.0 * once


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


def test_growth_is_drawn_as_it_was_kept(tmp_path: Path) -> None:
    rows = [growth.Row("wires", count, 0.05 + count / 1000, 160.0, 0.5) for count in (1, 10, 100)]
    growth.write_csv(tmp_path / "growth.csv", rows)
    assert growth.read_csv(tmp_path / "growth.csv") == [
        growth.Row(row.axis, row.count, float(f"{row.tick_ms:.4g}"), 160.0, 0.5) for row in rows
    ]
    assert growth.table(rows).count("\n") == 4
    drawn = growth.plot(rows, "a machine")
    assert drawn.count("<polyline") == len(growth.FIGURES)
    assert drawn.count("<circle") == len(growth.FIGURES) * len(rows)


@slow
@pytest.mark.gl
def test_what_grows_costs_a_tick_no_more_than_it_must() -> None:
    """Ratios within one machine: wires cost their share, pieces that do not hang cost nothing."""
    few, many = growth.apart("wires", 10, 200), growth.apart("pieces", 30, 200)
    wired = growth.apart("wires", 200, 200)
    assert many.tick_ms < 3 * few.tick_ms
    assert wired.tick_ms < 20 * few.tick_ms
    assert many.memory_mb < few.memory_mb + 60


def test_a_peer_paints_the_same_file_beside_ours(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With the stand-in, which has the programs' own entry, in a process of its own."""
    peers.random_file(16, tmp_path / "network.pt", most=16)
    peers.main([str(tmp_path / "network.pt"), "--stylegan2-ada", str(peers.STAND_IN), "--rounds", "2", "--paints", "1"])
    rows = [line.strip("| ").split(" | ") for line in capfd.readouterr().out.splitlines() if line.startswith("| ")][2:]
    assert [row[0] for row in rows][:2] == ["StyleGAN2-ADA", "Vernissage, plain torch"]
    assert float(rows[0][3]) == 1.0
    assert all(int(row[5]) <= 2 and float(row[3]) > 0.0 for row in rows), "the same pictures"


def test_a_folder_that_is_no_checkout_is_told(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    peers.random_file(16, tmp_path / "network.pt", most=16)
    with pytest.raises(SystemExit, match="its process ended"):
        peers.main([str(tmp_path / "network.pt"), "--autolume", str(tmp_path)])
    assert "expected a checkout of the program" in capfd.readouterr().err


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
    seen = list(looks(0.15, day=60.0))
    assert len(seen) >= 2
    assert seen[-1].frames > seen[0].frames
    rows = list(table(seen, day=60.0))
    assert len(rows) == 10
    assert {row.count("|") for row in rows} == {8}


def test_a_soak_tells_what_an_hour_and_what_a_day_brings() -> None:
    """60 days an hour: a MiB in each of 4 hours is a sixtieth a day."""
    seen = [Look(float(hour), 100.0 + hour, 50.0, 90.0, 200.0, 46, 57, 20, 0, 1000 * hour, 0) for hour in range(5)]
    rows = list(table(seen, day=60.0))
    assert rows[2] == "| memory of the show, MiB | 101.0 | 104.0 | +1.00 ± 0.00 | +0.017 | 1 | yes |"
    assert rows[5] == "| memory of all its processes, MiB | 200.0 | 200.0 | +0.00 ± 0.00 | +0.000 | 1 | yes |"


def test_ten_minutes_do_not_count_where_a_run_has_as_many_more() -> None:
    assert [60 * warm_up(minutes / 60) for minutes in (4, 15, 20, 30, 120)] == pytest.approx([2, 7.5, 10, 10, 30])


def test_a_folder_is_no_file_and_what_there_is_of_each_day_does_not_count(tmp_path: Path) -> None:
    for name in ("vernissage.log", "cache/pace.kept", "days/2026-05-01.jsonl", "reports/2026-05-01.html"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert kept(tmp_path) == 2


def test_a_handle_that_comes_and_goes_is_no_growth() -> None:
    assert no_more([57, 57, 57, 57, 57, 57, 58, 57, 58, 57, 57, 57, 57, 57, 57])
    assert not no_more([57] * 10 + [58] * 5)


def test_the_shows_of_models_that_do_not_all_fit(tmp_path: Path) -> None:
    residence.written(tmp_path, residence.MODEL, 4)
    two, everything = (residence_of(load(tmp_path / f"{budget}.toml")) for budget in ("two", "all"))
    assert two.later(0) == {2, 3}
    assert everything.fits
    report = {
        "display": {
            "frames": 900,
            "late": 9,
            "in_change": {"frames": 200, "late": 3},
            "interval_ms": {"max_in_change": 70.4},
        },
        "startup": {"late": 2},
        "memory_mb": {"end": 512.3},
    }
    assert residence.row("two", 1, report) == "| two | 1 | 900 | 7 | 200 | 3 | 70 | 512 |"
