"""How long a show takes to be well again after a fault: each is done to a real one, again and again.

    python -m benchmarks.faults [--count 20] [--only kill freeze] [--csv faults.csv] [--plot faults.svg]
    python -m benchmarks.faults --read faults.csv --plot faults.svg

Faults of processes are done to a supervised, headless show; between two it has to be whole again, with its standby.
Faults of generators are done in a running loop: told is the longest time between two frames. Faults of a camera are
done to its real process. Times are in seconds, and those of a busy machine: the load average is told. ``--only`` takes
the beginning of names.
"""

import argparse
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.faults import generators, processes, sensing, votes
from benchmarks.faults.rows import Fault, Row
from benchmarks.faults.table import HEAD, grouped, line, plot, read_csv, write_csv

FAULTS: dict[str, Fault] = {**processes.FAULTS, **generators.FAULTS, **sensing.FAULTS, **votes.FAULTS}


def injected(only: Sequence[str], count: int) -> Iterator[Row]:
    """Every injection asked for. Those that give several rows are done once."""
    injections = {fault.inject: name for name, fault in FAULTS.items() if not only or any(map(name.startswith, only))}
    for inject, name in injections.items():
        print(f"... {name}", flush=True)
        for row in inject(count):
            print(f"    {row.fault}: {row.seconds:.2f} s {row.note}", flush=True)
            yield row


def main() -> None:
    logging.disable(logging.CRITICAL)  # the faults are on purpose
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--count", type=int, default=20, help="injections of each")
    options.add_argument("--only", nargs="+", default=[], help=f"of: {', '.join(FAULTS)}")
    options.add_argument("--csv", type=Path)
    options.add_argument("--plot", type=Path, help="an SVG file")
    options.add_argument("--read", type=Path, help="a file of --csv, instead of injecting anything")
    asked = options.parse_args()
    rows = read_csv(asked.read) if asked.read else list(injected(asked.only, asked.count))
    if asked.csv:
        write_csv(asked.csv, rows)
    load = f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    if asked.plot:
        asked.plot.write_text(plot(rows, FAULTS, "the bar is what is promised"))
    print("\n".join([HEAD, *(line(fault, those) for fault, those in grouped(rows, FAULTS)), "", load]))


if __name__ == "__main__":
    main()
