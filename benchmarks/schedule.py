"""What a year of opening hours costs: python -m benchmarks.schedule [SHOW]

Without a show: the week that docs/opening-hours.md walks through. Prints the time for the first answer, for one while
nothing changes, for the changes of 400 days, and for the warnings of --check.
"""

import re
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from installation.engine.schedule import Timetable
from installation.engine.schedule_check import warnings
from installation.showfile.load import Show, load

ROOT = Path(__file__).resolve().parent.parent
FIRST, DAYS = date(2027, 1, 1), 400
PIECES = "".join(
    f'[[piece]]\nname = "{name}"\nduration = "1 min"\ngenerator = "plasma"\nwalk = "wander"\n'
    for name in ("sitters", "nobody", "reverie", "country")
)


def page_show() -> Show:
    """The first show file of the curator's page, with pieces that need no model."""
    page = (ROOT / "docs/opening-hours.md").read_text("utf-8")
    (block, *_) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "page.toml"
        path.write_text(f'[show]\ntitle = "Page"\n{block}{PIECES}', "utf-8")
        return load(path)


def seconds(work: Callable[[], object], times: int = 1) -> float:
    """The time that one call takes."""
    start = time.perf_counter()
    for _ in range(times):
        work()
    return (time.perf_counter() - start) / times


def main() -> None:
    show = load(sys.argv[1]) if len(sys.argv) > 1 else page_show()
    timetable = Timetable(show.plan)
    noon = timetable.almanac.start(FIRST) + 43200.0
    rows = {
        "the first answer": seconds(lambda: timetable.state(noon)),
        "an answer while nothing changes": seconds(lambda: timetable.state(noon), 100_000),
        f"{DAYS} days": seconds(lambda: list(timetable.changes(FIRST, DAYS))),
        "the warnings of --check": seconds(lambda: warnings(show, Timetable(show.plan), FIRST)),
    }
    for name, took in rows.items():
        print(f"{name:34} {took * 1000:10.4f} ms")


if __name__ == "__main__":
    main()
