"""The show file: ``load`` reads one and reports all its faults at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from installation.core.commands import VOTE_LEFT, VOTE_RIGHT, commands
from installation.core.contracts import OutputConfig, SensorConfig
from installation.core.controls import Control, fixed, table
from installation.core.errors import Refused, ShowError, did_you_mean
from installation.core.signals import Signal
from installation.core.words import PanelWords, Words, panel_words
from installation.showfile.alert_tables import Alerts
from installation.showfile.checks import check_outputs, check_pieces, check_ports, check_repeats
from installation.showfile.cue_file import Texts, join, place_of
from installation.showfile.damaged import Damaged, bare, damaged, damaged_calendar, stands_for
from installation.showfile.document import Document
from installation.showfile.messages import Source, validate
from installation.showfile.midi_tables import Midi, check_midi
from installation.showfile.parts import Reading, Table, Transition, controls_of, read_output, read_sensor
from installation.showfile.schedule_tables import Names, Plan, read_plan
from installation.showfile.tables import (
    LANGUAGE,
    Head,
    Label,
    Operator,
    Order,
    Piece,
    StageTable,
    Wall,
    Web,
    own_words,
)
from installation.showfile.toml_source import read_source, source_of
from installation.showfile.visitors_table import Visitors
from installation.showfile.votes_table import Votes
from installation.showfile.wires import Wire

__all__ = ["Label", "Operator", "Piece", "Show", "StageTable", "Transition", "Web", "Wire", "load"]

TABLES: dict[str, type[Table]] = {
    "show": Head,
    "stage": StageTable,
    "web": Web,
    "operator": Operator,
    "midi": Midi,
    "alerts": Alerts,
}
WORDS, VISITORS, VOTES = "words", "visitors", "votes"
LISTS = ("sensor", "output", "piece", "wall")
PLANS = ("schedule", "programme", "cue")
"""What read_plan reads, as these three name one another."""
RENAMED = {"house": "web", "desk": "operator"}
"""Names that tables had once, and the ones that they have now."""


@dataclass(frozen=True, slots=True)
class Show:
    """A show that can be played: checked, with every default filled in. ``title`` has a text for every language."""

    path: Path
    title: Mapping[str, str]
    languages: tuple[str, ...]
    order: Order
    seed: int
    stage: StageTable
    web: Web
    operator: Operator
    midi: Midi
    alerts: Alerts
    visitors: Visitors | None
    """What it does with visits; None where its file does not say."""
    votes: Votes
    sensors: tuple[SensorConfig, ...]
    pieces: tuple[Piece, ...]
    outputs: tuple[OutputConfig, ...]
    plan: Plan
    source: Source = field(repr=False, compare=False)
    """The file as it was read, to tell where a warning stands."""
    words: Words = field(default_factory=dict)
    """The show's own fixed words, of the visitors' page and the vote panel, by language and key."""
    panel_words: Mapping[str, PanelWords] = field(default_factory=dict)
    memory: int | None = None
    """Bytes that the models of its pieces may take; None: it depends on the machine."""

    @property
    def folder(self) -> Path:
        """Where its models and posters lie."""
        return self.path.absolute().parent

    @property
    def cue_file(self) -> Path:
        """Where the cues are kept that the program writes; it need not be there."""
        return place_of(self.path, self.source.data)

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file that was read for it, or would be: the show's own first. Of the models those that are damaged."""
        calendar = self.plan.schedule.calendar
        damage = [piece.generator.model for piece in self.pieces if isinstance(piece.generator, Damaged)]
        return (self.path, self.cue_file, *((calendar.path,) if calendar else ()), *damage)

    def own_cues(self) -> tuple[str, ...]:
        """The cues that stand in the show's own file."""
        return tuple(cue.name for at, cue in enumerate(self.plan.cues) if ("cue", at) not in self.source.files)

    @property
    def votes_by_side(self) -> bool:
        """Whether somebody may vote for the left or the right candidate: by standing there, or by a wire."""
        wired = {wire.address for piece in self.pieces for wire in piece.wires}
        return bool(self.votes.stand or self.votes.pad or wired & {VOTE_LEFT, VOTE_RIGHT})

    @property
    def stem(self) -> str:
        return self.path.stem

    def title_in(self, language: str) -> str:
        return self.title.get(language, self.title[self.languages[0]])

    def warnings(self) -> tuple[str, ...]:
        """The warnings: what is valid and probably not intended."""
        away = self.web.keeps_phones_away() if self.web.enabled and self.stage.panel else ""
        return (*((away,) if away else ()), *self.alerts.warnings())

    def signals(self) -> tuple[Signal, ...]:
        """The signals of its sensors, named as in wires: ``door.motion``."""
        return tuple(signal for sensor in self.sensors for signal in _signals(sensor))

    def controls(self) -> dict[str, Control]:
        """The control table of the whole show, by address."""
        return table(control for piece in self.pieces for control in piece.controls().values())

    def commands(self) -> dict[str, Control]:
        """What can be asked of the show, by address."""
        names = (piece.name for piece in self.pieces)
        return commands(names, (cue.name for cue in self.plan.cues), self.operator.arm)


def votes_in(order: Order, plan: Plan) -> bool:
    """Whether visitors vote in a show of that ``order``, in any programme."""
    return "votes" in (order, *(programme.order for programme in plan.programmes))


def load(path: Path | str, seed: int | None = None, despite_damage: bool = False, kept: Texts | None = None) -> Show:
    """The show in a file; ``seed`` replaces the file's own. Nothing is opened. Raises ShowError with every fault.
    ``kept`` is read in the place of what its file and its cue file have now.

    ``despite_damage`` has a piece whose model file is damaged fail when it is opened, and no sooner (see
    ``showfile.damaged``); where a cue or anything else needs that model, or no other piece is left, it is a fault. A
    calendar that is damaged has no events then.
    """
    source = read_source(Path(path), str(path)) if kept is None else source_of(kept.show, str(path))
    joined = join(Path(path), source, None if kept is None else kept.cues)
    document = Document(joined.source.data)
    show = _Reader(Path(path), joined.source, document).show(seed)
    if show is None and despite_damage:
        show = _despite_damage(Path(path), joined.source, document, seed)
    if show is None or joined.faults:
        raise ShowError((*map(joined.source.fault, document.findings), *joined.faults))
    return show


def _despite_damage(path: Path, source: Source, document: Document, seed: int | None) -> Show | None:
    """The show without what is damaged; None where that is not all that the ``document`` finds."""
    folder = path.absolute().parent
    no_calendar, others = damaged_calendar(document.findings, document.data, folder)
    damage = damaged(others, document.data, folder) if others else {}
    if others and not damage:
        return None
    return _Reader(path, source, Document(document.data), damage, no_calendar).show(seed)


def _signals(sensor: SensorConfig) -> list[Signal]:
    return [replace(signal, name=f"{sensor.name}.{signal.name}") for signal in sensor.signals()]


@dataclass(frozen=True)
class _Reader:
    """Reads the tables of a show in the order in which they need one another."""

    path: Path
    source: Source
    document: Document
    damage: Mapping[str, Damaged] = field(default_factory=dict)
    no_calendar: str = ""

    def show(self, seed: int | None) -> Show | None:
        """The show, or None where the document has findings."""
        self._check_tables()
        folder, languages = self.path.absolute().parent, self._languages()
        reading = Reading(folder, languages, damage=self.damage, no_calendar=self.no_calendar)
        tables: dict[str, Any] = {name: self.document.table(name, TABLES[name], reading.context) for name in TABLES}
        words = self.document.attempt((WORDS,), partial(own_words, self.source.data.get(WORDS, {})))
        sensors = self._sensors(reading)
        reading = self._reading(reading, tables["show"], tables["stage"], sensors)
        if VISITORS in self.source.data:
            tables[VISITORS] = self.document.table(VISITORS, Visitors, reading.context)
        tables[VOTES] = self.document.table(VOTES, Votes, reading.context)
        pieces = self._pieces(reading)
        check_repeats(self.document, "sensor", sensors)
        check_repeats(self.document, "piece", pieces)
        check_ports(self.document, tables["web"], tables["operator"], sensors)
        known = check_pieces(self.document, pieces)
        outputs = self._outputs(reading)
        names = self._names(pieces, known)
        if names.controls is not None:
            check_midi(self.document, tables["midi"], {**reading.commands, **known})
            check_outputs(self.document, outputs, known)
        self._check_walls(reading)
        plan = self.document.attempt((), partial(read_plan, self.source.data, reading, names))
        if self.document.findings or plan is None:
            return None
        return self._made(tables | {WORDS: words or {}, "output": tuple(outputs.values())}, sensors, pieces, plan, seed)

    def _made(
        self,
        tables: Mapping[str, Any],
        sensors: Mapping[int, SensorConfig],
        pieces: Mapping[int, Piece],
        plan: Plan,
        seed: int | None,
    ) -> Show:
        head, stage = tables["show"], tables["stage"]
        panel = votes_in(head.order, plan) if stage.panel is None else stage.panel
        return Show(
            path=self.path,
            title=head.title,
            languages=head.languages,
            order=head.order,
            seed=head.seed if seed is None else seed,
            stage=stage.model_copy(update={"panel": panel}),
            web=tables["web"],
            operator=tables["operator"],
            midi=tables["midi"],
            alerts=tables["alerts"],
            visitors=tables.get(VISITORS),
            votes=tables[VOTES],
            sensors=tuple(sensors.values()),
            pieces=tuple(pieces.values()),
            outputs=tables["output"],
            plan=plan,
            source=self.source,
            words=tables[WORDS],
            panel_words=panel_words(tables[WORDS], head.languages),
            memory=head.memory,
        )

    def _check_tables(self) -> None:
        known = (*TABLES, WORDS, VISITORS, VOTES, *LISTS, *PLANS)
        for name in self.source.data:
            if name in RENAMED:
                self.document.note((name,), "the old name of a table", f"[{RENAMED[name]}]", "its keys are the same")
            elif name not in known:
                hint = did_you_mean(name, known)
                self.document.note((name,), "an unknown table", f"one of {', '.join(known)}", hint)
        self.document.check_lists(LISTS)

    def _languages(self) -> tuple[str, ...]:
        """The languages before anything is checked, as texts are checked against them."""
        head = self.source.data.get("show")
        value = head.get("languages") if isinstance(head, dict) else None
        texts = [one for one in value if isinstance(one, str)] if isinstance(value, list) else []
        languages = [text for text in texts if re.match(LANGUAGE, text)]
        return tuple(dict.fromkeys(languages)) or ("en",)

    def _sensors(self, reading: Reading) -> dict[int, SensorConfig]:
        """The good ones, by their index in the file."""
        made = {}
        for index, data in enumerate(self.document.tables("sensor")):
            sensor = self.document.attempt(("sensor", index), partial(read_sensor, data, reading))
            if sensor is not None:
                made[index] = sensor
        return made

    def _outputs(self, reading: Reading) -> dict[int, OutputConfig]:
        """The good ones, by their index in the file."""
        listed = enumerate(self.document.tables("output"))
        read = {at: self.document.attempt(("output", at), partial(read_output, data, reading)) for at, data in listed}
        return {at: output for at, output in read.items() if output is not None}

    def _reading(self, reading: Reading, head: Any, stage: Any, sensors: Mapping[int, SensorConfig]) -> Reading:
        """What pieces are checked with; ``head`` and ``stage`` are None where they are at fault."""
        names = [data.get("name") if isinstance(data, dict) else None for data in self.document.tables("sensor")]
        return replace(
            reading,
            signals={signal.name: signal for sensor in sensors.values() for signal in _signals(sensor)},
            unsure=frozenset(str(name) for index, name in enumerate(names) if index not in sensors),
            fixed=fixed(stage.brightness if stage else 1.0),
            commands=commands(self.document.names("piece"), self.document.names("cue")),
            transition=head.transition if head else None,
        )

    def _pieces(self, reading: Reading) -> dict[int, Piece]:
        """The good ones, by their index in the file."""
        made = {}
        if not self.source.data.get("piece"):
            self.document.note(("piece",), "nothing", "at least one [[piece]]")
        for index, data in enumerate(self.document.tables("piece")):
            piece = self.document.attempt(("piece", index), partial(_piece, data, reading))
            if piece is not None:
                made[index] = piece
        return made

    def _names(self, pieces: Mapping[int, Piece], controls: Mapping[str, Control]) -> Names:
        """What programmes and cues may name."""
        sound = len(pieces) == len(self.document.tables("piece"))
        pieces_there = tuple(self.document.names("piece"))
        return Names(pieces_there, controls=controls if sound else None, any_cue=self.source.cues is None)

    def _check_walls(self, reading: Reading) -> None:
        """Walls are read, so that their grammar holds when there may be several."""
        walls = self.document.tables("wall")
        for index, data in enumerate(walls):
            table = data if isinstance(data, dict) else {}
            if self.document.attempt(("wall", index), partial(validate, Wall, table, reading.context)) is not None:
                self.document.note(("wall", index), f"{len(walls)} [[wall]]", "none: there is one wall for now")


def _piece(data: Any, reading: Reading) -> Piece:
    if not isinstance(data, dict):
        raise Refused("a table, written [[piece]]")
    data = {"label": {}, **data}
    if stands_for(data.get("generator"), reading.damage):
        data = bare(data)
    reading = replace(reading, controls=controls_of(data.get("generator"), data.get("walk"), reading))
    return validate(Piece, data, reading.context)
