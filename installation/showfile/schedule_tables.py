"""When what hangs: ``[schedule]``, ``[[programme]]`` and ``[[cue]]``, frozen and checked against one another.

``read_plan`` reads the three of a document, so that each fault stands at its own key. What only the calendar can tell,
such as a window that never opens, is no fault: engine/schedule_check.py warns of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Annotated, Any, cast

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationInfo

from installation.core.commands import CUE_NAMES, is_cue_name
from installation.core.controls import Control, Values
from installation.core.durations import Seconds
from installation.core.errors import Refused, did_you_mean
from installation.core.paths import beside
from installation.showfile.calendar_file import Calendar, read_calendar
from installation.showfile.document import Document
from installation.showfile.messages import Unfit, shown, validate, value_at
from installation.showfile.parts import Reading, Table, reading_of
from installation.showfile.tables import Order, one_line
from installation.showfile.timezones import machine_zone, zone
from installation.showfile.toml_lines import Loc
from installation.showfile.windows import OWN_HOURS, SUN, Instant, Window, read_instant, read_window
from installation.showfile.wires import signal_name, values_of

BLACKOUT = "blackout"
ALL = "all"
"""The programme that hangs where the show names none: every piece, in the show's order."""
OPEN, CLOSED = "open", "closed"
"""What an event of the calendar may be called to open or close the exhibition for its time."""
OPEN_ELSE = 'leave it out where it is always open; closed = "daily" closes it until further notice'
PIECES_ELSE = "leave it out for all of the show's"
DAY = 86400.0
LISTS = ("programme", "cue")


@dataclass(frozen=True, slots=True)
class Names:
    """What the rest of the show is called. ``controls`` is None where a piece is at fault, as they cannot be told;
    ``any_cue``: those of the cue file cannot be."""

    pieces: tuple[str, ...] = ()
    programmes: tuple[str, ...] = ()
    cues: tuple[str, ...] = ()
    controls: Mapping[str, Control] | None = None
    any_cue: bool = False


def _names(info: ValidationInfo) -> Names:
    return cast(Names, cast(dict[str, Any], info.context)["names"])


def _among(what: str, name: str, known: Sequence[str]) -> str:
    if name not in known:
        there = ", ".join(known) if known else f"but there is no [[{what}]]"
        raise Refused(f"a {what}: {there}" if known else f"a {what}, {there}", did_you_mean(name, known))
    return name


def _piece(name: str, info: ValidationInfo) -> str:
    return _among("piece", name, _names(info).pieces)


def _cue(name: str, info: ValidationInfo) -> str:
    names = _names(info)
    return name if names.any_cue else _among("cue", name, names.cues)


def _listed(value: object) -> object:
    """One text is a list of one. A tuple, as pydantic's strict mode makes none of what a validator returns."""
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _window(own_hours: bool, value: object) -> Window:
    if not isinstance(value, str):
        raise Refused("days and hours in quotes")
    return read_window(value, own_hours)


def _instant(value: object) -> Instant:
    if not isinstance(value, str):
        raise Refused("a moment in quotes")
    return read_instant(value)


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    twice = [name for at, name in enumerate(names) if name in names[:at]]
    if twice:
        raise Refused("each name once", found=f"{shown(twice[0])} twice")
    return names


def _some(else_: str, values: tuple[Any, ...]) -> tuple[Any, ...]:
    """Refuses a list of nothing, which reads as none and would count as all."""
    if not values:
        raise Refused("one or more", else_, "an empty list")
    return values


ONE_OR_MORE = BeforeValidator(_listed, json_schema_input_type=str | list[str])
"""A list, or one that is written without brackets."""

Windows = Annotated[
    tuple[Annotated[Window, PlainValidator(partial(_window, False))], ...],
    ONE_OR_MORE,
]
ProgrammeWindows = Annotated[
    tuple[Annotated[Window, PlainValidator(partial(_window, True))], ...],
    ONE_OR_MORE,
]
Instants = Annotated[
    tuple[Annotated[Instant, PlainValidator(_instant)], ...],
    ONE_OR_MORE,
]
CueName = Annotated[str, AfterValidator(_cue)]
Name = Annotated[str, AfterValidator(one_line)]


class Place(Table):
    """Where the wall is, in degrees: north and east are positive."""

    latitude: float = Field(ge=-90.0, le=90.0, description="degrees north, such as latitude = 52.36")
    longitude: float = Field(ge=-180.0, le=180.0, description="degrees east, such as longitude = 4.88")


def _timezone(value: object) -> tzinfo:
    if value is None:
        return machine_zone()
    if not isinstance(value, str):
        raise Refused('a time zone in quotes, such as "Europe/Amsterdam"')
    return zone(value)


def _calendar(value: object, info: ValidationInfo) -> Calendar | None:
    path = beside(value, info)
    if path.suffix.lower() != ".ics":
        raise Refused("a calendar that ends in .ics")
    if why := reading_of(info).no_calendar:
        return Calendar(path, (), {}, why)
    names, own = _names(info), info.data.get("timezone")
    if own is None:  # at fault itself
        return None
    return read_calendar(path, {*names.programmes, *names.cues, OPEN, CLOSED}, own)


def _cues(name: str, info: ValidationInfo) -> str:
    """Read by cue_file.join, as its cues are checked with the show's own."""
    folder = reading_of(info).folder
    if not name.endswith(".toml") or not (folder / name).parent.is_dir():
        raise Refused('a file for cues that ends in .toml, such as "my_show.cues.toml"; it need not be there yet')
    return name


def _outside(name: str, info: ValidationInfo) -> str:
    return _among("programme", name, tuple(dict.fromkeys((BLACKOUT, *_names(info).programmes))))


class Schedule(Table):
    """``open`` and ``closed`` say when the exhibition is open: without ``open`` at all hours. ``outside`` those hours
    the wall is dark, or shows that programme. ``timezone`` is the machine's without a name. ``cues`` is a file of
    further cues; without a name it is that of the show with ``.cues.toml``."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    timezone: Annotated[tzinfo, PlainValidator(_timezone)] = Field(cast(Any, None), validate_default=True)
    place: Place | None = None
    open: Annotated[Windows, AfterValidator(partial(_some, OPEN_ELSE))] = Field((), max_length=64)
    closed: Windows = Field((), max_length=256)
    calendar: Annotated[Calendar | None, PlainValidator(_calendar)] = None
    cues: Annotated[str, AfterValidator(_cues)] | None = None
    outside: Annotated[str, AfterValidator(_outside)] = BLACKOUT


class Programme(Table):
    """Which pieces hang, and when. The first without ``when`` is what hangs at all other hours that are open.
    ``pieces`` are all of the show's without a list, ``order`` is the show's, ``cue`` is fired as it begins."""

    name: Name = Field(min_length=1, max_length=64, description='a name, such as name = "late"')
    when: ProgrammeWindows = Field((), max_length=64)
    pieces: Annotated[
        tuple[Annotated[str, AfterValidator(_piece)], ...],
        ONE_OR_MORE,
        AfterValidator(_once),
        AfterValidator(partial(_some, PIECES_ELSE)),
    ] = Field((), max_length=256)
    order: Order | None = None
    cue: CueName | None = None


def _held(value: object, info: ValidationInfo) -> dict[str, float]:
    return values_of(value, _names(info).controls)


def _address(name: str, info: ValidationInfo) -> str:
    """``all``, or the address of a control: ``/walk/speed``."""
    bare, controls = name.removeprefix("/"), _names(info).controls
    known = [address.removeprefix("/") for address in controls or ()]
    if controls is not None and bare != ALL and bare not in known:
        raise Refused('a control, or "all"', did_you_mean(bare, [ALL, *known]))
    return bare if bare == ALL else f"/{bare}"


def cue_name(name: str) -> str:
    """A cue's name, as its OSC address ends in it. Raises Refused for what is none."""
    if not is_cue_name(name):
        raise Refused(CUE_NAMES)
    return name


class Cue(Table):
    """A state to go to. ``wait`` seconds after it was fired it lets go of what it is to ``release``, and takes each
    control of ``set`` to its value in ``fade`` seconds; when that is done it fires ``then``. It is fired by name, by a
    programme that begins, by another cue, ``at`` its moments, ``every`` so many seconds from midnight, by a ``signal``.
    """

    name: Annotated[str, AfterValidator(cue_name)] = Field(description='a name, such as name = "dim"')
    wait: Seconds = Field(0.0, le=DAY)
    fade: Seconds = Field(0.0, le=DAY)
    set_: Annotated[Mapping[str, float], PlainValidator(_held)] = Field(cast(Any, {}), alias="set")
    release: Annotated[
        tuple[Annotated[str, AfterValidator(_address)], ...],
        ONE_OR_MORE,
    ] = ()
    then: Annotated[tuple[CueName, ...], ONE_OR_MORE, AfterValidator(_once)] = Field((), max_length=32)
    at: Instants = Field((), max_length=64)
    every: Seconds | None = Field(None, ge=1.0, le=DAY)
    signal: Annotated[str, AfterValidator(signal_name)] | None = None

    @property
    def targets(self) -> Values:
        """Where it takes the controls, by address."""
        return self.set_


WHOLE = Programme.model_validate({"name": ALL})
"""The programme that is there in every show: all pieces, at all open hours."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a show says of time. Without a ``schedule`` the exhibition is always open."""

    schedule: Schedule
    programmes: tuple[Programme, ...] = ()
    cues: tuple[Cue, ...] = ()

    @property
    def default(self) -> str:
        """The programme of all open hours that no other has."""
        return next((one.name for one in self.programmes if not one.when), ALL)

    def programme(self, name: str) -> Programme:
        """The programme of that name; ``all`` is there in every show."""
        return next((one for one in self.programmes if one.name == name), WHOLE)


def read_plan(data: Mapping[str, Any], reading: Reading, names: Names) -> Plan:
    """The plan of a whole document, of which ``names`` are the other names. Raises Unfit, with every fault's own place
    in the document."""
    return _PlanReader(data, reading, names).plan()


class _PlanReader:
    """Reads table by table, so that a fault in one hides none in another."""

    def __init__(self, data: Mapping[str, Any], reading: Reading, names: Names) -> None:
        self.document = Document(data)
        programmes, cues = (tuple(dict.fromkeys(self.document.names(kind))) for kind in LISTS)
        self.context = {**reading.context, "names": replace(names, programmes=programmes, cues=cues)}

    def plan(self) -> Plan:
        self.document.check_lists(LISTS)
        table = self.document.data.get("schedule", {})
        schedule = self.document.attempt(("schedule",), partial(validate, Schedule, table, self.context))
        programmes = self._tables("programme", Programme)
        cues = self._tables("cue", Cue)
        self._check_names()
        self._check_moments(schedule, programmes, cues)
        self._check_circles(cues)
        if self.document.findings or schedule is None:
            raise Unfit(self.document.findings)
        return Plan(schedule, tuple(programmes.values()), tuple(cues.values()))

    def _tables(self, kind: str, model: type[Any]) -> dict[int, Any]:
        """The good ones, by their place in the file."""
        made = {}
        for index, table in enumerate(self.document.tables(kind)):
            if not isinstance(table, dict):
                self.document.note((kind, index), shown(table), f"a table, written [[{kind}]]")
            elif one := self.document.attempt((kind, index), partial(validate, model, table, self.context)):
                made[index] = one
        return made

    def _check_names(self) -> None:
        """No name twice, and none that means something else."""
        taken = {"programme": (BLACKOUT, ALL, OPEN, CLOSED), "cue": (OPEN, CLOSED)}
        for kind in LISTS:
            first: dict[str, int] = {}
            for index, table in enumerate(self.document.tables(kind)):
                name, loc = value_at(table, ("name",)), (kind, index, "name")
                if not isinstance(name, str):
                    continue
                if name.casefold() in taken[kind]:
                    self.document.note(loc, shown(name), "a name that means nothing else here")
                elif first.setdefault(name.casefold(), index) != index:
                    where = f"{kind}[{first[name.casefold()] + 1}] has it"
                    self.document.note(loc, shown(name), f"a name that no other {kind} has", where)

    def _check_moments(self, schedule: Any, programmes: Mapping[int, Any], cues: Mapping[int, Any]) -> None:
        """Sun needs a place, the exhibition's own moments need hours."""
        if schedule is None:
            return
        windows: list[tuple[Loc, Window | Instant]] = []
        for key in (OPEN, CLOSED):
            windows += [(("schedule", key, at), one) for at, one in enumerate(getattr(schedule, key))]
        for index, programme in programmes.items():
            windows += [(("programme", index, "when", at), one) for at, one in enumerate(programme.when)]
        for index, cue in cues.items():
            windows += [(("cue", index, "at", at), one) for at, one in enumerate(cue.at)]
        for loc, window in windows:
            self._check_window(loc, window, schedule)

    def _check_window(self, loc: Loc, window: Window | Instant, schedule: Schedule) -> None:
        if not isinstance(value_at(self.document.data, loc[:-1]), list):
            loc = loc[:-1]  # one text in the place of a list
        if schedule.place is None and any(moment in SUN for moment in window.moments):
            hint = "add place = { latitude = 52.36, longitude = 4.88 } to [schedule], with your own numbers"
            self.document.note(loc, shown(window.text), "a place, as the sun's hours differ from one to the next", hint)
        if not schedule.open and any(moment in OWN_HOURS for moment in window.moments):
            hint = 'add open = ["Tue-Sun 10:00-17:00"] to [schedule], with your own hours'
            self.document.note(loc, shown(window.text), "opening hours, as this one is measured by them", hint)

    def _check_circles(self, cues: Mapping[int, Any]) -> None:
        """Refuses cues whose follow-ons form a cycle."""
        index = {cue.name: at for at, cue in cues.items()}
        ways = {cue.name: [name for name in cue.then if name in index] for cue in cues.values()}
        try:
            TopologicalSorter(ways).prepare()
        except CycleError as error:
            circle = list(reversed(error.args[1]))  # graphlib gives the cycle from its end
            first = min(range(len(circle) - 1), key=lambda at: index[circle[at]])
            way = [*circle[first:-1], *circle[: first + 1]]
            loc = ("cue", index[way[0]], "then")
            self.document.note(
                loc, shown(list(cues[index[way[0]]].then)), "follow-ons that end", f"here {' → '.join(way)}"
            )
