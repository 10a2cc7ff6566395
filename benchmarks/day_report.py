"""A day's report from a rehearsal: ``python -m benchmarks.day_report [SHOW] [DAY] [--out FOLDER]``.

What hangs when is decided by the show itself on a fast clock. Visitors, votes, frames, faults, memory and energy are
invented here, from one seed. Prints how long it took and how large the record and the page are.
"""

import argparse
import random
import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from installation.core.commands import NOTHING
from installation.core.decision import Decision, Tally
from installation.core.signals import Board
from installation.days.counting import Counting, Energy, Sample
from installation.days.files import append, record_of
from installation.days.page import make
from installation.days.rows import Fault, Head, Started
from installation.engine.decide import Decider, Heard
from installation.report import head_of
from installation.showfile.load import Show, load

FPS = 60.0
BUSY = {10: 0.25, 11: 0.4, 12: 0.45, 13: 0.5, 14: 0.7, 15: 0.75, 16: 0.6, 17: 0.4, 18: 0.45, 19: 0.6, 20: 0.5, 21: 0.2}
"""Hour -> the share of it in which somebody is there."""
STAY = 90.0
"""Seconds that a visitor stays on average."""
KILLED, AWAY = 14.62, 3.1
"""The hour at which the show is killed, and how long nothing runs then (s)."""


class Invented:
    """Visitors who come and go, vote, and now and then a late frame."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.present = False
        self.votes: dict[str, int] = {}
        self.round = -1
        self.frames = self.late = self.painted = 0
        self.memory = 612.0

    def step(self, civil: datetime, decision: Decision | None, show: Show) -> None:
        """One second."""
        busy = BUSY.get(civil.hour, 0.0)
        leaves, comes = 1.0 / STAY, busy / max(1e-3, 1.0 - busy) / STAY
        self.present = self.chance.random() > leaves if self.present else self.chance.random() < comes
        self.frames += int(FPS)
        self.painted += self.chance.choice((24, 25, 25, 26))
        self.late += self.chance.random() < (0.004 if civil.hour != 14 else 0.03)
        self.memory = min(655.0, self.memory + self.chance.random() * 0.002)
        if decision is not None:
            self._vote(decision, show)

    def _vote(self, decision: Decision, show: Show) -> None:
        playback = decision.wall.playback
        if playback.round != self.round:
            self.round, self.votes = playback.round, {}
        if self.present and playback.candidates and self.chance.random() < 0.02:
            name = show.pieces[self.chance.choice(playback.candidates)].name
            self.votes[name] = self.votes.get(name, 0) + 1

    def tally(self) -> Tally:
        return Tally("", self.round, dict(self.votes))


def samples(show: Show, day: date, invented: Invented) -> Iterator[Sample]:
    """A sample for each second of the day; none while the show is away."""
    zone = show.plan.schedule.timezone
    decider, board, decision = Decider(show), Board(), None
    board.declare(show.signals())
    begins = datetime.combine(day, datetime.min.time(), zone).timestamp()
    ends = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).timestamp()
    for at in range(int(begins), int(ends)):
        civil, now = datetime.fromtimestamp(at, zone), at - begins
        invented.step(civil, decision, show)
        heard = Heard(NOTHING, board.snapshot(now), range(len(show.pieces)), tally=invented.tally())
        decision = decider.decide(now, civil, heard)
        yield sample(show, decider, decision, invented, at)


def sample(show: Show, decider: Decider, decision: Decision, invented: Invented, at: float) -> Sample:
    wall, civil = decision.wall, datetime.fromisoformat(decision.civil)
    return Sample(
        time=at,
        open=decider.programming.is_open(civil),
        programme=wall.programme,
        piece=None if wall.blackout else show.pieces[wall.playback.lead].name,
        frames=invented.frames,
        late=invented.late,
        painted=invented.painted,
        memory=invented.memory,
        present=invented.present,
        hanging=show.pieces[wall.playback.piece].name,
        round=wall.playback.round,
        votes=dict(invented.tally().of(wall.playback.round)),
    )


def record(show: Show, day: date, folder: Path, seed: int) -> None:
    """Writes the day's record."""
    zone, path = show.plan.schedule.timezone, record_of(folder, day)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    head: Head = head_of(show, datetime.combine(day, datetime.min.time(), zone).timestamp(), FPS)
    counting, killed, first = Counting(zone), head.at + KILLED * 3600, True
    append(path, [Started(head.at + 1, away=60.0), head])
    for found in samples(show, day, Invented(seed)):
        if killed <= found.time < killed + AWAY:
            continue
        if found.time >= killed and first:
            first, counting = False, Counting(zone)
            append(path, restart(found.time, head))
        append(path, counting.take(found))
        if found.time % 60 == 59:
            counting.used(Energy(31.0 * 60, 118.0 * 60))
    append(path, counting.finish())


def restart(at: float, head: Head) -> list[Started | Head | Fault]:
    return [
        Started(at, 1, "was ended by SIGKILL", away=AWAY),
        head,
        Fault(at + 2, "warning", "door: found no camera 0; the show goes on without it, it is tried again"),
    ]


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("show", nargs="?", type=Path, default=Path("shows/next_rembrandt.toml"))
    words.add_argument("day", nargs="?", type=date.fromisoformat, default=date(2027, 5, 21))
    words.add_argument("--out", type=Path, default=Path("out/day"))
    words.add_argument("--seed", type=int, default=1606)
    options = words.parse_args()
    began = time.process_time()
    record(load(options.show), options.day, options.out, options.seed)
    recorded = time.process_time()
    page = make(options.out, options.day)
    made, size = time.process_time() - recorded, record_of(options.out, options.day).stat().st_size
    print(f"a day decided and recorded in {recorded - began:.1f} s, its page made in {made:.2f} s of processor time")
    print(f"{size:,} bytes of record, {page.stat().st_size:,} of page: {page}")


if __name__ == "__main__":
    main()
