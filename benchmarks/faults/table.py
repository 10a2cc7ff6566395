"""What the faults cost: as a table, as numbers for others, as a plot."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path

import numpy as np

from benchmarks.faults.rows import Fault, Row

WIDTH, LINE, LEFT, RIGHT, TOP, BOTTOM = 900, 24, 430, 24, 14, 34
SHORTEST, LONGEST = 0.01, 20.0
"""Seconds at the ends of the plot."""

HEAD = "| what happens | times | p50 | p99 | worst | promised | kept |\n| --- | --- | --- | --- | --- | --- | --- |"


def grouped(rows: Sequence[Row], faults: Mapping[str, Fault]) -> Iterator[tuple[Fault, list[Row]]]:
    """The faults that were injected, with their rows."""
    for name, fault in faults.items():
        those = [row for row in rows if row.fault == name]
        if those:
            yield fault, those


def line(fault: Fault, rows: Sequence[Row]) -> str:
    """One line of the table."""
    seconds = [row.seconds for row in rows]
    half, most, worst = np.percentile(seconds, 50), np.percentile(seconds, 99), max(seconds)
    wrong = sum(not row.fine for row in rows)
    kept = "yes" if worst <= fault.promised and not wrong else f"NO, {wrong} wrong" if wrong else "NO"
    return f"| {fault.what} | {len(rows)} | {half:.2f} | {most:.2f} | {worst:.2f} | {fault.promised:g} | {kept} |"


def table(rows: Sequence[Row], faults: Mapping[str, Fault]) -> str:
    return "\n".join([HEAD, *(line(fault, those) for fault, those in grouped(rows, faults))])


BEGINS, ENDS = "<!-- {} writes from here -->", "<!-- to here -->"


def document(page: Path, table: str, how: str, by: str = "benchmarks.faults") -> None:
    """Replaces the table that ``by`` writes in a page, and how it was measured, between its two marks."""
    begins = BEGINS.format(by)
    before, _, rest = page.read_text("utf-8").partition(begins)
    _, found, after = rest.partition(ENDS)
    if not found:
        raise SystemExit(f"{page}: found no {begins} and {ENDS}, expected them around the table")
    page.write_text(f"{before}{begins}\n{how}\n\n{table}\n{ENDS}{after}", "utf-8")


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("fault", "seconds", "fine", "note"))
        writer.writerows((row.fault, f"{row.seconds:.4f}", row.fine, row.note) for row in rows)


def read_csv(path: Path) -> list[Row]:
    with path.open(newline="") as file:
        return [
            Row(row["fault"], float(row["seconds"]), row["note"], row["fine"] == "True") for row in csv.DictReader(file)
        ]


def plot(rows: Sequence[Row], faults: Mapping[str, Fault], machine: str) -> str:
    """A dot for each injection, and a bar at what is promised, as SVG; seconds on a logarithmic axis."""
    groups = list(grouped(rows, faults))
    height = TOP + LINE * len(groups) + BOTTOM
    lines = [text for at, (fault, those) in enumerate(groups) for text in _strip(at, fault, those)]
    axis = [text for tick in (0.01, 0.1, 1.0, 10.0) for text in _tick(tick, height)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" '
        f'font-size="13"><title>Seconds until all is well again</title><rect width="100%" height="100%" fill="#fff"/>\n'
        + "\n".join(axis + lines)
        + f'\n<text x="{LEFT - 12}" y="{height - 12}" text-anchor="end" fill="#777">{escape(machine)}</text></svg>\n'
    )


def _x(seconds: float) -> float:
    way = math.log(min(max(seconds, SHORTEST), LONGEST) / SHORTEST) / math.log(LONGEST / SHORTEST)
    return LEFT + way * (WIDTH - LEFT - RIGHT)


def _tick(seconds: float, height: int) -> Iterator[str]:
    x = _x(seconds)
    yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{height - BOTTOM}" stroke="#e3ddd3"/>'
    yield f'<text x="{x:.1f}" y="{height - 12}" text-anchor="middle" fill="#555">{seconds:g} s</text>'


def _strip(at: int, fault: Fault, rows: Sequence[Row]) -> Iterator[str]:
    y = TOP + LINE * (at + 0.5)
    yield f'<text x="{LEFT - 12}" y="{y + 4:.1f}" text-anchor="end">{escape(fault.what)}</text>'
    for row in rows:
        colour = "#4b6475" if row.fine and row.seconds <= fault.promised else "#b3261e"
        yield f'<circle cx="{_x(row.seconds):.1f}" cy="{y:.1f}" r="3.5" fill="{colour}" fill-opacity="0.5"/>'
    x = _x(fault.promised)
    yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 9:.1f}" y2="{y + 9:.1f}" stroke="#9a5b13" stroke-width="2.5"/>'
