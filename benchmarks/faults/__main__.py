"""How long a show takes to be well again after a fault: each is done to a real one, again and again.

    python -m benchmarks.faults [--count 20] [--only kill freeze] [--csv faults.csv] [--plot faults.svg]
    python -m benchmarks.faults --docs [--only web]
    python -m benchmarks.faults --read faults.csv --plot faults.svg

Faults of processes, disks and votes are done to one supervised, headless show; between two it is whole again, with the
processes that wait. Faults of generators are done in a running loop: told is the longest time between two frames.
Faults of a camera or a sound server are done to their real processes. Times are in seconds, and those of a busy
machine: the load average is told. ``--only`` takes the beginning of names. ``--docs`` writes the table, the figure and
the numbers of the documentation; what is not injected this time stays there as it was.
"""

import argparse
import logging
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.faults import generators, processes, sensing, surroundings, votes
from benchmarks.faults.rows import TIMEOUT, Fault, Row
from benchmarks.faults.supervised import Place
from benchmarks.faults.table import document, plot, read_csv, table, write_csv
from benchmarks.first_light import machine
from installation.core.parts import ROOT

FAULTS: dict[str, Fault] = {
    **processes.FAULTS,
    **surroundings.FAULTS,
    **votes.FAULTS,
    **generators.FAULTS,
    **sensing.FAULTS,
}

PAGE, NUMBERS, FIGURE = (ROOT / "docs" / name for name in ("running-an-exhibition.md", "faults.csv", "faults.svg"))

BEGIN = 15.0
"""Seconds, roughly, until the first show is ready."""


class Progress:
    """Tells how far it is, and what is left at the pace so far."""

    def __init__(self, total: float) -> None:
        self.began, self.total, self.done = time.monotonic(), total + BEGIN, BEGIN

    def tell(self, name: str, count: int, each: float) -> None:
        gone = time.monotonic() - self.began
        pace = max(1.0, gone / self.done)
        left = pace * (self.total - self.done + BEGIN * (gone == 0.0)) / 60.0
        print(
            f"... {name}, {count} times {each * pace:.0f} s; after {gone / 60:.1f} min, about {left:.0f} left",
            flush=True,
        )
        self.done += count * each


def injected(only: Sequence[str], count: int) -> Iterator[Row]:
    """Every injection asked for. Those that give several rows are done once."""
    asked = {name: fault for name, fault in FAULTS.items() if not only or any(map(name.startswith, only))}
    injections = {fault.inject: name for name, fault in reversed(asked.items())}
    progress, place = Progress(count * sum(FAULTS[name].each for name in injections.values())), Place()
    try:
        for inject, name in reversed(injections.items()):
            progress.tell(name, count, FAULTS[name].each)
            try:
                for row in inject(place, count):
                    print(f"    {row.fault}: {row.seconds:.2f} s {row.note}", flush=True)
                    yield row
            except (TimeoutError, psutil.Error) as error:
                print(f"    {name}: {error}", flush=True)
                place.leave()
                yield Row(name, TIMEOUT, str(error), fine=False)
    finally:
        place.leave()


def main() -> None:
    logging.disable(logging.CRITICAL)  # the faults are on purpose
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=20, help="injections of each")
    options.add_argument("--only", nargs="+", default=[], help=f"of: {', '.join(FAULTS)}")
    options.add_argument("--csv", type=Path)
    options.add_argument("--plot", type=Path, help="an SVG file")
    options.add_argument("--docs", action="store_true", help="the table, figure and numbers of docs")
    options.add_argument("--read", type=Path, help="a file of --csv, instead of injecting anything")
    asked = options.parse_args()
    before = os.getloadavg()[0]
    rows = read_csv(asked.read) if asked.read else list(injected(asked.only, asked.count))
    on = f"{machine()}; load average {before:.1f} before, {os.getloadavg()[0]:.1f} after"
    if asked.docs:
        fresh = {row.fault for row in rows}
        kept = read_csv(NUMBERS) if NUMBERS.exists() else []
        rows = [*(row for row in kept if row.fault not in fresh), *rows]
        line = " ".join(("python -m benchmarks.faults", *(["--only"] if asked.only else []), *asked.only))
        document(PAGE, table(rows, FAULTS), f"`{line}` on {on}{'; other rows are from before' if asked.only else ''}.")
    for path in filter(None, (asked.csv, NUMBERS if asked.docs else None)):
        write_csv(path, rows)
    for path in filter(None, (asked.plot, FIGURE if asked.docs else None)):
        path.write_text(plot(rows, FAULTS, "the bar is what is promised"))
    print(f"{table(rows, FAULTS)}\n\n{on}")


if __name__ == "__main__":
    main()
