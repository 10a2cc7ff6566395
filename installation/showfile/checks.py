"""Checks that involve several tables of a show file."""

from collections.abc import Mapping
from typing import Any

from installation.core.contracts import OutputConfig, SensorConfig
from installation.core.controls import Control, table
from installation.core.durations import spoken
from installation.core.errors import ControlError, did_you_mean
from installation.showfile.document import Document
from installation.showfile.messages import key_text, shown, value_at
from installation.showfile.tables import Operator, Piece, Web
from installation.showfile.toml_lines import Loc


def check_repeats(document: Document, kind: str, made: Mapping[int, Any]) -> None:
    """No name twice in a list of tables; ``made`` has the good ones by their index."""
    first: dict[str, int] = {}
    for index, data in enumerate(document.tables(kind)):
        name = made[index].name if index in made else value_at(data, ("name",))
        if isinstance(name, str) and first.setdefault(name, index) != index:
            expected, hint = f"a name that no other {kind} has", f"{kind}[{first[name] + 1}] has it"
            document.note((kind, index, "name"), shown(name), expected, hint)


def check_ports(
    document: Document, web: Web | None, operator: Operator | None, sensors: Mapping[int, SensorConfig]
) -> None:
    """Everything that listens, each at a port of its own; 0 is any that is free."""
    listeners: list[tuple[Loc, Any]] = [(("web",), web), (("operator",), operator)]
    listeners += [(("sensor", index), sensor) for index, sensor in sensors.items()]
    taken: dict[int, Loc] = {}
    if operator and operator.enabled and operator.oscquery and operator.oscquery_port:
        taken[operator.oscquery_port] = ("operator", "oscquery_port")
    for loc, listener in listeners:
        port = getattr(listener, "port", 0) if getattr(listener, "enabled", True) else 0
        if isinstance(port, int) and port and taken.setdefault(port, loc) != loc:
            _note_port(document, port, loc, taken[port])


def _note_port(document: Document, port: int, loc: Loc, other: Loc) -> None:
    """The fault is reported at a port that is written, as the other one may be a default."""
    if value_at(document.data, (*loc, "port")) is None:
        loc, other = other, loc
    document.note((*loc, "port"), str(port), "a port of its own", f"{key_text(other, document.data)} has it")


def check_outputs(document: Document, outputs: Mapping[int, OutputConfig], known: Mapping[str, Control]) -> None:
    """Every control that an output follows is one of the show's."""
    for index, output in outputs.items():
        for address in output.follows():
            if address not in known:
                hint = did_you_mean(address, known)
                document.note(("output", index), shown(address), "a control of this show", hint)


def check_pieces(document: Document, pieces: Mapping[int, Piece]) -> Mapping[str, Control]:
    """The controls of all of them together. Notes pieces that change too slowly, and controls that disagree."""
    known: dict[str, Control] = {}
    for index, piece in pieces.items():
        # Without one of its own it has the show's, which is None where [show] is at fault.
        if piece.transition and piece.transition.duration > piece.duration / 2:
            document.note(*_too_slow(index, piece))
        try:
            known = table((*known.values(), *piece.controls().values()))
        except ControlError as error:
            found = "a control that an earlier piece has too"
            document.note(("piece", index, "generator"), found, "one of the same type", str(error))
    return known


def _too_slow(index: int, piece: Piece) -> tuple[Loc, str, str]:
    """What is wrong with a piece that has hardly come when it has to go; told of its own transition or its duration."""
    change, time = spoken(piece.transition.duration), spoken(piece.duration)
    if "transition" in piece.model_fields_set:
        return ("piece", index, "transition", "duration"), change, f"no more than half of the piece's {time}"
    return ("piece", index, "duration"), time, f"at least twice the {change} of show.transition"
