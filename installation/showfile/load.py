"""The show file: ``load`` reads one and tells everything that is wrong with it at once."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from installation.core.commands import commands
from installation.core.contracts import SensorConfig
from installation.core.controls import Control, fixed, table
from installation.core.durations import spoken
from installation.core.errors import ControlError, Fault, Refused, ShowError, did_you_mean
from installation.core.signals import Signal
from installation.core.words import PanelWords, Words, panel_words
from installation.showfile.messages import SHOWN, Finding, Source, Unfit, key_text, shown, validate, value_at
from installation.showfile.parts import Reading, Table, Transition, controls_of, read_sensor
from installation.showfile.schedule_tables import Names, Plan, read_plan
from installation.showfile.tables import (
    LANGUAGE,
    Head,
    Label,
    Operator,
    Order,
    Piece,
    Stage,
    Wall,
    Web,
    Wire,
    own_words,
)
from installation.showfile.toml_lines import Loc, key_lines

__all__ = ["Label", "Operator", "Piece", "Show", "Stage", "Transition", "Web", "Wire", "load"]

LARGEST = 1 << 20
"""Bytes of a show file at most."""
TABLES: dict[str, type[Table]] = {"show": Head, "stage": Stage, "web": Web, "operator": Operator}
WORDS = "words"
LISTS = ("sensor", "piece", "wall")
PLANS = ("schedule", "programme", "cue")
"""What read_plan reads, as these three name one another."""
RENAMED = {"house": "web", "desk": "operator"}
"""Names that tables had once, and the ones that they have now."""

HELP = (
    ("Cannot overwrite", "this key is there twice"),
    ("Cannot declare", "this table is there twice; [[double brackets]] begin one more of a list"),
    ("Unclosed array", "a list above is not closed with ]"),
    ("Unclosed inline table", "a table above is not closed with }"),
    ("Unterminated string", "a text above is not closed with quotes"),
    ("Illegal character", "a text is not closed on its line, or holds a letter that cannot be seen"),
)
"""What to do, by how tomllib's complaint begins."""

Made = TypeVar("Made")


@dataclass(frozen=True, slots=True)
class Show:
    """A show that can be played: checked, with every default filled in. ``title`` has a text for every language."""

    path: Path
    title: Mapping[str, str]
    languages: tuple[str, ...]
    order: Order
    seed: int
    stage: Stage
    web: Web
    operator: Operator
    sensors: tuple[SensorConfig, ...]
    pieces: tuple[Piece, ...]
    plan: Plan
    source: Source = field(repr=False, compare=False)
    """The file as it was read, to tell where a warning stands."""
    words: Words = field(default_factory=dict)
    """The show's own fixed words, of the visitors' page and the vote panel, by language and key."""
    panel_words: Mapping[str, PanelWords] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its models and posters lie."""
        return self.path.absolute().parent

    @property
    def stem(self) -> str:
        return self.path.stem

    def title_in(self, language: str) -> str:
        return self.title.get(language, self.title[self.languages[0]])

    def warnings(self) -> tuple[str, ...]:
        """What is no fault, and still hardly meant."""
        away = self.web.keeps_phones_away() if self.web.enabled and self.stage.panel else ""
        return (away,) if away else ()

    def signals(self) -> tuple[Signal, ...]:
        """What its sensors say, as wires call it: ``door.motion``."""
        return tuple(signal for sensor in self.sensors for signal in _signals(sensor))

    def controls(self) -> dict[str, Control]:
        """The control table of the whole show, by address."""
        return table(control for piece in self.pieces for control in piece.controls().values())

    def commands(self) -> dict[str, Control]:
        """What can be asked of the show, by address."""
        return commands((piece.name for piece in self.pieces), (cue.name for cue in self.plan.cues))


def load(path: Path | str, seed: int | None = None) -> Show:
    """The show in a file; ``seed`` replaces the file's own. Nothing is opened. Raises ShowError with every fault."""
    source = _read(Path(path), str(path))
    show, findings = _Reader(Path(path), source).show(seed)
    if show is None:
        raise ShowError(map(source.fault, findings))
    return show


def _signals(sensor: SensorConfig) -> list[Signal]:
    return [replace(signal, name=f"{sensor.name}.{signal.name}") for signal in sensor.signals()]


# ---------------------------------------------------------------- from bytes to tables


def _read(path: Path, file: str) -> Source:
    try:
        with path.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
    except OSError as error:
        beside = [each.name for each in path.parent.glob("*.toml")]
        hint = did_you_mean(path.name, beside)
        raise _stop(file, 1, "file", error.strerror or "an error", "a show file", hint) from None
    if len(raw) > LARGEST:
        raise _stop(file, 1, "file", "more than 1 MiB", "a show file")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{raw[error.start]:02x}"
        raise _stop(file, line, "file", found, "text in UTF-8", "save it as UTF-8 in your editor") from None
    return Source(file, _parse(text, file), key_lines(text))


def _stop(file: str, line: int, key: str, found: str, expected: str, hint: str = "") -> ShowError:
    return ShowError([Fault(file, line, key, found, expected, hint)])


def _parse(text: str, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise _stop(file, 1, "syntax", "lists in lists without end", "valid TOML") from None
    except ValueError as error:  # TOMLDecodeError is one; so is what Python says of a number of 5000 digits
        raise _stop(file, *_syntax(text, str(error))) from None


def _syntax(text: str, message: str) -> tuple[int, str, str, str, str]:
    """tomllib's complaint as line, key, found, expected and hint: the line as it stands, and what most often helps."""
    lines = text.split("\n")
    place = re.search(r" \(at (?:line (\d+), column \d+|end of document)\)$", message)
    number = int(place[1]) if place and place[1] else len(lines)
    said = message[: place.start()] if place else message
    line = "".join(letter for letter in lines[number - 1].strip()[:SHOWN] if letter.isprintable())
    unquoted = re.match(r"[\w\"'./-]+\s*=\s*[^\s\"'\[{#]", line)
    hint = next((help_ for start, help_ in HELP if said.startswith(start)), said[:1].lower() + said[1:])
    if unquoted and said.startswith(("Expected newline", "Invalid value")):
        hint = 'text and times stand in quotes, as in duration = "4 min"'
    return number, "syntax", line or "the end of the file", "valid TOML", hint


# ---------------------------------------------------------------- from tables to a show


@dataclass
class _Reader:
    """Reads a document table by table, so that a fault in one hides none in another."""

    path: Path
    source: Source
    findings: list[Finding] = field(default_factory=list)
    lists: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def data(self) -> Mapping[str, Any]:
        return self.source.data

    def show(self, seed: int | None) -> tuple[Show | None, list[Finding]]:
        """The show, or None and all that is wrong."""
        self._check_tables()
        self.lists = {name: self._list(name) for name in LISTS}
        reading = Reading(self.path.absolute().parent, self._languages())
        tables = {name: self._table(name, reading) for name in TABLES}
        head, stage, web, operator = (tables[name] for name in TABLES)
        words = self._try((WORDS,), partial(own_words, self.data.get(WORDS, {})))
        sensors = self._sensors(reading)
        reading = self._known(reading, head, stage, sensors)
        pieces = self._pieces(reading)
        self._check_repeats("sensor", sensors)
        self._check_repeats("piece", pieces)
        self._check_ports(web, operator, sensors)
        names = self._names(pieces, self._check_pieces(pieces))
        self._check_walls(reading)
        plan = self._try((), partial(read_plan, self.data, reading, names))
        if self.findings or plan is None:
            return None, self.findings
        panel = head.order == "votes" if stage.panel is None else stage.panel
        return Show(
            path=self.path,
            title=head.title,
            languages=head.languages,
            order=head.order,
            seed=head.seed if seed is None else seed,
            stage=stage.model_copy(update={"panel": panel}),
            web=web,
            operator=operator,
            sensors=tuple(sensors.values()),
            pieces=tuple(pieces.values()),
            plan=plan,
            source=self.source,
            words=words or {},
            panel_words=panel_words(words or {}, head.languages),
        ), []

    def _find(self, loc: Loc, found: str, expected: str, hint: str = "") -> None:
        self.findings.append(Finding(loc, found, expected, hint))

    def _try(self, loc: Loc, read: Callable[[], Made]) -> Made | None:
        """What ``read`` returns, or None once its findings are noted."""
        try:
            return read()
        except Unfit as unfit:
            self.findings.extend(finding.below(loc) for finding in unfit.findings)
        except Refused as refused:
            self._find(loc, refused.found or shown(value_at(self.data, loc)), refused.expected, refused.hint)
        return None

    def _check_tables(self) -> None:
        known = (*TABLES, WORDS, *LISTS, *PLANS)
        for name in self.data:
            if name in RENAMED:
                self._find((name,), "the old name of a table", f"[{RENAMED[name]}]", "its keys are the same")
            elif name not in known:
                self._find((name,), "an unknown table", f"one of {', '.join(known)}", did_you_mean(name, known))

    def _languages(self) -> tuple[str, ...]:
        """The languages before anything is checked, as texts are checked against them."""
        head = self.data.get("show")
        found = head.get("languages") if isinstance(head, dict) else None
        texts = [one for one in found if isinstance(one, str)] if isinstance(found, list) else []
        languages = [text for text in texts if re.match(LANGUAGE, text)]
        return tuple(dict.fromkeys(languages)) or ("en",)

    def _table(self, name: str, reading: Reading) -> Any:
        data = self.data.get(name, {})
        if not isinstance(data, dict):
            return self._find((name,), shown(data), f"a table, written [{name}]")
        return self._try((name,), partial(validate, TABLES[name], data, reading.context))

    def _list(self, name: str) -> list[Any]:
        found = self.data.get(name, [])
        if isinstance(found, list):
            return found
        self._find((name,), shown(found), f"a list of tables, each written [[{name}]]")
        return []

    def _sensors(self, reading: Reading) -> dict[int, SensorConfig]:
        """The good ones, by their place in the file."""
        made = {}
        for index, data in enumerate(self.lists["sensor"]):
            sensor = self._try(("sensor", index), partial(read_sensor, data, reading))
            if sensor is not None:
                made[index] = sensor
        return made

    def _known(self, reading: Reading, head: Any, stage: Any, sensors: Mapping[int, SensorConfig]) -> Reading:
        """The reading that pieces are checked with; ``head`` and ``stage`` are None where they are at fault."""
        names = [data.get("name") if isinstance(data, dict) else None for data in self.lists["sensor"]]
        pieces, cues = (self._named(name) for name in ("piece", "cue"))
        return replace(
            reading,
            signals={signal.name: signal for sensor in sensors.values() for signal in _signals(sensor)},
            unsure=frozenset(str(name) for index, name in enumerate(names) if index not in sensors),
            fixed=fixed(stage.brightness if stage else 1.0),
            commands=commands(pieces, cues),
            transition=head.transition if head else None,
        )

    def _named(self, kind: str) -> list[str]:
        """The names that a list of tables gives, as far as they are text."""
        found = self.data.get(kind)
        names = [one.get("name") for one in found if isinstance(one, dict)] if isinstance(found, list) else []
        return [name for name in names if isinstance(name, str)]

    def _pieces(self, reading: Reading) -> dict[int, Piece]:
        made = {}
        if not self.data.get("piece"):
            self._find(("piece",), "nothing", "at least one [[piece]]")
        for index, data in enumerate(self.lists["piece"]):
            piece = self._try(("piece", index), partial(_piece, data, reading))
            if piece is not None:
                made[index] = piece
        return made

    def _names(self, pieces: Mapping[int, Piece], controls: Mapping[str, Control]) -> Names:
        """What programmes and cues may name."""
        names = [data.get("name") for data in self.lists["piece"] if isinstance(data, dict)]
        told = tuple(name for name in names if isinstance(name, str))
        return Names(told, controls=controls if len(pieces) == len(self.lists["piece"]) else None)

    def _check_repeats(self, kind: str, made: Mapping[int, Any]) -> None:
        first: dict[str, int] = {}
        for index, data in enumerate(self.lists[kind]):
            name = made[index].name if index in made else value_at(data, ("name",))
            if isinstance(name, str) and first.setdefault(name, index) != index:
                expected, hint = f"a name that no other {kind} has", f"{kind}[{first[name] + 1}] has it"
                self._find((kind, index, "name"), shown(name), expected, hint)

    def _check_ports(self, web: Web | None, operator: Operator | None, sensors: Mapping[int, SensorConfig]) -> None:
        """Everything that listens, each at a port of its own; 0 is any that is free."""
        rooms: list[tuple[Loc, Any]] = [(("web",), web), (("operator",), operator)]
        rooms += [(("sensor", index), sensor) for index, sensor in sensors.items()]
        taken: dict[int, Loc] = {}
        for loc, room in rooms:
            port = getattr(room, "port", 0) if getattr(room, "enabled", True) else 0
            if isinstance(port, int) and port and taken.setdefault(port, loc) != loc:
                self._find_port(port, loc, taken[port])

    def _find_port(self, port: int, loc: Loc, other: Loc) -> None:
        """Told where a port is written, as the other one may be a default."""
        if value_at(self.data, (*loc, "port")) is None:
            loc, other = other, loc
        self._find((*loc, "port"), str(port), "a port of its own", f"{key_text(other, self.data)} has it")

    def _check_walls(self, reading: Reading) -> None:
        """Walls are read, so that their grammar holds when there may be several."""
        for index, data in enumerate(self.lists["wall"]):
            table = data if isinstance(data, dict) else {}
            if self._try(("wall", index), partial(validate, Wall, table, reading.context)) is not None:
                self._find(("wall", index), f"{len(self.lists['wall'])} [[wall]]", "none: there is one wall for now")

    def _check_pieces(self, pieces: Mapping[int, Piece]) -> Mapping[str, Control]:
        """The controls of all of them together."""
        known: dict[str, Control] = {}
        for index, piece in pieces.items():
            # Without one of its own it has the show's, which is None where [show] is at fault.
            if piece.transition and piece.transition.duration > piece.duration / 2:
                self._find(*_too_slow(index, piece))
            try:
                known = table((*known.values(), *piece.controls().values()))
            except ControlError as error:
                found = "a control that an earlier piece has too"
                self._find(("piece", index, "generator"), found, "one of the same type", str(error))
        return known


def _too_slow(index: int, piece: Piece) -> tuple[Loc, str, str]:
    """What is wrong with a piece that has hardly come when it has to go; told of its own transition or its duration."""
    change, time = spoken(piece.transition.duration), spoken(piece.duration)
    if "transition" in piece.model_fields_set:
        return ("piece", index, "transition", "duration"), change, f"no more than half of the piece's {time}"
    return ("piece", index, "duration"), time, f"at least twice the {change} of show.transition"


def _piece(data: Any, reading: Reading) -> Piece:
    if not isinstance(data, dict):
        raise Refused("a table, written [[piece]]")
    data = {"label": {}, **data}
    reading = replace(reading, controls=controls_of(data.get("generator"), data.get("walk"), reading))
    return validate(Piece, data, reading.context)
