"""The report of a day: one HTML page that needs nothing else. Its text is in templates/day.html, which escapes all that
is put into it; this module supplies the values."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from installation import __version__
from installation.core.atomic_write import write_whole
from installation.core.errors import Refused
from installation.days import plots
from installation.days.figures import Day, Hour, Span, figures
from installation.days.files import read, report_of
from installation.days.rows import Head, Round, Row, Started
from installation.showfile.timezones import machine_zone, zone

ROUNDS, FAULTS = 400, 400
"""The most lines of a table."""

RESTART = 60.0
"""Seconds without the show's process over which a programme is drawn as one."""

DARK = 5.0
"""Seconds without the show's process that are drawn at least."""

KWH = 3.6e6
"""Joules."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure at the top of the page: what it is of, the figure, and what is to be said to it."""

    name: str
    figure: str
    note: str = ""


def make(folder: Path, day: date) -> Path:
    """Writes the page of a day and returns its path. Raises DeviceError where there is no record of it, OSError."""
    rows = read(folder, day)
    path = report_of(folder, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, written(figures(rows, day, _zone(rows)), datetime.now().astimezone()).encode())
    return path


def _zone(rows: Sequence[Row]) -> tzinfo:
    """The zone that the record names last; the machine's where this machine does not know it."""
    name = next((row.zone for row in reversed(rows) if isinstance(row, Head)), "")
    try:
        return zone(name) if name else machine_zone()
    except Refused:
        return machine_zone()


def _environment() -> Environment:
    loader = FileSystemLoader(Path(__file__).with_name("templates"))
    environment = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["spoken"] = spoken
    return environment


def written(day: Day, now: datetime) -> str:
    """The page; ``now`` is when it is made."""
    along = plots.axis(day)
    return (
        _environment()
        .get_template("day.html")
        .render(
            head=day.head,
            date=plots.long_date(day),
            odd=plots.is_short_or_long(day),
            verdict=_verdict(day),
            tiles=_tiles(day),
            axis=along,
            timeline=_timeline(day, along),
            visitors=_visitors(day, along),
            votes=_votes(day),
            rates=_rates(day, along),
            memory=_memory(day, along),
            energy=_energy(day, along),
            starts=_starts(day),
            faults=_faults(day),
            made=f"{now:%Y-%m-%d %H:%M}",
            version=__version__,
        )
    )


# ---------------------------------------------------------------- at the top


def _verdict(day: Day) -> str:
    """The day in a sentence."""
    restarts, faults = len(day.restarts()), len(day.faults)
    if not any(span.piece for span in day.spans):
        return "Nothing hung on this day."
    if not restarts and not faults:
        return "The show hung without a restart and without a fault."
    parts = [_count(restarts, "restart") if restarts else "", _count(faults, "line") + " of trouble" if faults else ""]
    return f"{' and '.join(part for part in parts if part)}: see below."


def _tiles(day: Day) -> list[Tile]:
    total, hung = day.total, sum(day.hung().values())
    opened = sum(span.seconds for span in day.spans if span.open)
    votes = sum(sum(row.votes.values()) for row in day.rounds)
    return [
        Tile("a piece hung for", spoken(hung), f"the exhibition was open for {spoken(opened)}"),
        Tile("somebody was there", spoken(total.present), _share_of(total))
        if total.sensed
        else Tile("somebody was there", "not told", _unsensed(day)),
        Tile("votes counted", f"{votes:,}", f"in {_count(len(day.rounds), 'round')}")
        if day.head.voting
        else Tile("votes counted", "none", "visitors do not vote in this show"),
        Tile("late frames", f"{total.late:,}", f"of {total.frames:,}{_percent(total.late, total.frames)}"),
        Tile("restarts", str(len(day.restarts())), _away(day)),
        Tile("energy", *_energy_in_short(total, day)),
    ]


def _share_of(total: Hour) -> str:
    share = 100.0 * total.present / total.sensed
    return f"{share:.0f}\u00a0% of {spoken(total.sensed)} watched; came {_times(total.came)}"


def _unsensed(day: Day) -> str:
    return "the sensors did not work" if day.head.sensing else "no sensor of this show tells presence"


def _away(day: Day) -> str:
    away = sum(row.away or 0.0 for row in day.restarts())
    return f"without the show for {spoken(away)} in all" if away else ""


def _percent(part: float, whole: float) -> str:
    if not part or not whole:
        return ""
    share = 100.0 * part / whole
    return f", {share:.2g}\u00a0%" if share >= 0.001 else ", under 0.001\u00a0%"


def _energy_in_short(total: Hour, day: Day) -> tuple[str, str]:
    told = [joules for joules in (total.processor, total.graphics) if joules is not None]
    if not told:
        return "not told", "by this machine"
    return f"{sum(told) / KWH:.2f} kWh", "of what this machine measures"


# ---------------------------------------------------------------- sections


def _timeline(day: Day, along: plots.Axis) -> dict[str, Any]:
    hung, words = day.hung(), plots.Words(day)
    marks = plots.lanes(day.spans, list(hung), along, words)
    opened = _joined([span for span in day.spans if span.open], lambda span: "open")
    open_for = [along.bar(start, end, words.between(start, end)) for start, end, _ in opened]
    gone = [row for row in day.starts if row.away and row.at - row.away >= day.begins]
    away = [along.bar(row.at - max(DARK, row.away or 0.0), row.at, _gone_words(day, row), "away") for row in gone]
    rows = [
        {"title": _title(day, name), "marks": lane, "seconds": seconds, "times": len(lane)}
        for (name, seconds), lane in zip(hung.items(), marks, strict=True)
    ]
    return {"rows": rows, "open": open_for, "programmes": _programmes(day, along), "away": away}


def _programmes(day: Day, along: plots.Axis) -> list[plots.Mark]:
    """Bars of the programmes, each as long as it lasted."""
    joined = _joined(day.spans, lambda span: span.programme or "")
    return [along.bar(start, end, name) for start, end, name in joined if name and end > along.start]


def _joined(spans: Iterable[Span], name: Callable[[Span], str]) -> list[tuple[float, float, str]]:
    """(start, end, name) of what goes on under the same name, also over a restart."""
    joined: list[tuple[float, float, str]] = []
    for span in spans:
        if joined and joined[-1][2] == name(span) and span.start - joined[-1][1] < RESTART:
            joined[-1] = (joined[-1][0], span.end, name(span))
        else:
            joined.append((span.start, span.end, name(span)))
    return joined


def _gone_words(day: Day, row: Started) -> str:
    return f"not running until {plots.clock(day, row.at, seconds=True)}"


def _title(day: Day, name: str) -> str:
    return day.head.pieces.get(name, name) or name


def _visitors(day: Day, along: plots.Axis) -> dict[str, Any] | None:
    if not day.total.sensed:
        return None
    hours = [(hour, found) for hour, found in sorted(day.hours.items()) if found.sensed]
    values = [
        (hour, found.present / 60.0, f"{found.present / 60:.0f}" if found.present >= 30.0 else "")
        for hour, found in hours
    ]
    rows = [
        {"hour": f"{hour}:00", "present": spoken(found.present), "watched": spoken(found.sensed), "came": found.came}
        for hour, found in hours
    ]
    top = 120.0 if any(value > 60.5 for _, value, _ in values) else 60.0  # the hour that comes twice
    lines = plots.scale(top)[1]
    return {"columns": plots.columns(day, along, values, top), "lines": lines, "rows": rows}


def _votes(day: Day) -> dict[str, Any] | None:
    if not day.head.voting:
        return None
    totals: dict[str, int] = {}
    for row in day.rounds:
        for name, votes in row.votes.items():
            totals[name] = totals.get(name, 0) + votes
    won = {name: sum(row.won == name and row.votes.get(name, 0) > 0 for row in day.rounds) for name in totals}
    most = max(totals.values(), default=1) or 1
    pieces = [
        {"title": _title(day, name), "votes": votes, "won": won[name], "width": round(100.0 * votes / most, 2)}
        for name, votes in sorted(totals.items(), key=lambda item: -item[1])
        if votes
    ]
    return {"pieces": pieces, "rounds": [_round(day, row) for row in day.rounds[:ROUNDS]], "count": len(day.rounds)}


def _round(day: Day, row: Round) -> dict[str, Any]:
    votes = sorted(((name, count) for name, count in row.votes.items() if count), key=lambda item: -item[1])
    words = ", ".join(f"{_title(day, name)} {count}" for name, count in votes)
    return {"at": plots.clock(day, row.at), "votes": words, "won": _title(day, row.won)}


def _rates(day: Day, along: plots.Axis) -> dict[str, Any] | None:
    whole = [row for row in day.minutes if row.seconds >= 5.0]
    if not whole:
        return None
    top, lines = plots.scale(max([day.head.target_fps, *(row.frames / row.seconds for row in whole)]))
    middle = [(row.at + row.seconds / 2, row) for row in whole]
    late = [(hour, float(found.late), str(found.late)) for hour, found in sorted(day.hours.items()) if found.late]
    most, late_lines = plots.scale(max([1.0, *(count for _, count, _ in late)]))
    return {
        "screen": plots.curve([(at, row.frames / row.seconds) for at, row in middle], along, top),
        "painted": plots.curve([(at, row.painted / row.seconds) for at, row in middle], along, top),
        "lines": lines,
        "late": plots.columns(day, along, late, most),
        "late_lines": late_lines,
        "mean": f"{sum(row.frames for row in whole) / sum(row.seconds for row in whole):.1f}",
        "mean_painted": f"{sum(row.painted for row in whole) / sum(row.seconds for row in whole):.1f}",
        "target": f"{day.head.target_fps:g}",
    }


def _memory(day: Day, along: plots.Axis) -> dict[str, Any] | None:
    if not day.minutes:
        return None
    found = [row.memory for row in day.minutes]
    top, lines = plots.scale(max(found))
    points = [(row.at + row.seconds / 2, row.memory) for row in day.minutes]
    told = {"first": f"{found[0]:.0f}", "last": f"{found[-1]:.0f}", "most": f"{max(found):.0f}"}
    return {"curve": plots.curve(points, along, top), "lines": lines, **told}


def _energy(day: Day, along: plots.Axis) -> dict[str, Any]:
    total = day.total
    parts = [("the processor", total.processor), ("the graphics cards", total.graphics)]
    told = [(name, f"{joules / KWH:.2f}") for name, joules in parts if joules is not None]
    hours = [(hour, found.processor or 0.0, found.graphics or 0.0) for hour, found in sorted(day.hours.items())]
    values = [(hour, (one + other) / KWH, f"{(one + other) / KWH:.2f}") for hour, one, other in hours if one or other]
    top, lines = plots.scale(max([0.01, *(value for _, value, _ in values)]))
    return {"told": told, "columns": plots.columns(day, along, values, top), "lines": lines, "missing": day.head.energy}


def _starts(day: Day) -> list[dict[str, str]]:
    return [
        {
            "at": plots.clock(day, row.at, seconds=True),
            "what": _start_words(row),
            "away": "" if row.away is None else spoken(row.away),
        }
        for row in day.starts[:FAULTS]
    ]


def _start_words(row: Started) -> str:
    what = f"started again, as the show {row.why}" if row.restarts else "started"
    return what + (", in safe mode: stills and labels only" if row.safe else "")


def _faults(day: Day) -> list[dict[str, Any]]:
    """Each with how often it was told, where the first one was."""
    times = Counter((row.level, row.text) for row in day.faults)
    first = {(row.level, row.text): row.at for row in reversed(day.faults)}
    rows = sorted(first.items(), key=lambda item: item[1])
    return [
        {"at": plots.clock(day, at, seconds=True), "level": key[0], "text": key[1], "times": times[key]}
        for key, at in rows[:FAULTS]
    ]


# ---------------------------------------------------------------- words


def spoken(seconds: float) -> str:
    """``25320`` as ``7 h 02 min``, ``75`` as ``1 min 15 s``, ``0.4`` as ``0.4 s``; it is not broken into lines."""
    if seconds < 10.0:
        return f"{seconds:.1f}\u00a0s".replace(".0", "")
    minutes, left = divmod(round(seconds), 60)
    if seconds < 60 * 60:
        return f"{minutes}\u00a0min {left:02d}\u00a0s" if minutes else f"{left}\u00a0s"
    hours, minutes = divmod(round(seconds / 60.0), 60)
    return f"{hours}\u00a0h {minutes:02d}\u00a0min"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number:,} times"
