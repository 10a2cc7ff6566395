"""Plans for tests: the text of a show file's tables of time, read as they are there."""

import tomllib
from datetime import datetime
from pathlib import Path

from installation.core.controls import Control, fixed, table
from installation.core.signals import Signal
from installation.engine.schedule import Timetable
from installation.showfile.parts import Reading
from installation.showfile.schedule_tables import Names, Plan, read_plan

PIECES = ("one", "two", "three")
SPEED = Control("/walk/speed", "speed", "float", 0.0, 4.0, 1.0, "x")
LAYERS = Control("/generator/layers", "layers", "int", 1.0, 9.0, 5.0)
CONTROLS = table((*fixed(), SPEED, LAYERS))
SIGNALS = {
    "door.presence": Signal("door.presence", "whether anybody is there"),
    "door.clap": Signal("door.clap", "a clap", pulse=True),
}


def plan(text: str, folder: Path = Path()) -> Plan:
    """The plan of a text. Raises Unfit."""
    return read_plan(tomllib.loads(text), Reading(folder, signals=SIGNALS), Names(PIECES, controls=CONTROLS))


def timetable(text: str, folder: Path = Path()) -> Timetable:
    return Timetable(plan(text, folder))


def at(timetable: Timetable, wall: str) -> float:
    """The instant of ``2027-03-26 17:00`` by the show's clock."""
    return datetime.fromisoformat(wall).replace(tzinfo=timetable.almanac.zone).timestamp()


def wall(timetable: Timetable, instant: float | None) -> str:
    """The other way round; with the offset, as a clock may show a time twice."""
    return "" if instant is None else f"{datetime.fromtimestamp(instant, timetable.almanac.zone):%Y-%m-%d %H:%M:%S%z}"
