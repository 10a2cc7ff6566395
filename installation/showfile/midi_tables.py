"""``[midi]``: a MIDI device whose keys and knobs move controls and ask for commands."""

from collections.abc import Mapping
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from installation.core.controls import Control
from installation.core.errors import ControlError, Refused, did_you_mean
from installation.core.midi import Kind, Source
from installation.core.paths import ShowPath
from installation.showfile.document import Document
from installation.showfile.messages import shown
from installation.showfile.parts import Table

Takeover = Literal["pickup", "jump"]

KINDS: tuple[Kind, ...] = ("note", "cc", "cc14", "nrpn")
"""The sources that have a number."""


def _slashed(address: str) -> str:
    return f"/{address.removeprefix('/')}"


class Binding(Table):
    """One key or knob of the device, and the control or command that it moves.

    ``out`` is what its two ends send, the control's range without. ``value`` is what a key sends when it is hit: for a
    choice the name of one, for a number that number. ``motor``: a fader that follows what it is told.
    """

    control: Annotated[str, AfterValidator(_slashed)] = Field(description='an address, such as control = "walk/speed"')
    note: int | None = Field(None, ge=0, le=127)
    cc: int | None = Field(None, ge=0, le=127)
    cc14: int | None = Field(None, ge=0, le=31)
    nrpn: int | None = Field(None, ge=0, le=16383)
    pitch: bool = False
    channel: int = Field(1, ge=1, le=16)
    out: tuple[float, float] | None = None
    value: str | float | None = None
    motor: bool = False
    feedback: bool = True

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        named = [kind for kind in KINDS if getattr(self, kind) is not None] + (["pitch"] if self.pitch else [])
        if len(named) != 1:
            raise Refused("one of note, cc, cc14, nrpn and pitch", found=" and ".join(named) or "none of them")
        if self.value is not None and self.note is None:
            raise Refused("a value with a note alone", found="a value, which a knob has of its own")
        return self

    @property
    def source(self) -> Source:
        kind = next((kind for kind in KINDS if getattr(self, kind) is not None), None)
        return Source(kind, self.channel, getattr(self, kind)) if kind else Source("pitch", self.channel)


class Midi(Table):
    """``device`` is a part of the device's name, empty without one; ``feedback`` of that which is told the values,
    where it has another name. ``takeover``: a knob waits until it passes the value that its control has, or jumps.
    ``rehearse`` is a standard MIDI file that plays as if it were the device."""

    device: str = Field("", max_length=200)
    feedback: str = Field("", max_length=200)
    takeover: Takeover = "pickup"
    rehearse: ShowPath | None = None
    map: tuple[Binding, ...] = Field((), max_length=1024)


def check_midi(document: Document, midi: Midi | None, known: Mapping[str, Control]) -> None:
    """Notes bindings to controls that the show has not, and values and ranges that they do not take."""
    for index, binding in enumerate(midi.map if midi else ()):
        control, loc = known.get(binding.control), ("midi", "map", index)
        if control is None:
            hint = did_you_mean(binding.control, known)
            document.note((*loc, "control"), shown(binding.control), "a control or command of this show", hint)
            continue
        if binding.value is not None:
            _check_value(document, (*loc, "value"), binding.value, control)
        if binding.out and control.type in ("float", "int") and not _within(binding.out, control):
            found = f"{binding.out[0]:g} to {binding.out[1]:g}"
            document.note((*loc, "out"), found, f"two ends from {control.low:g} to {control.high:g}")


def _check_value(document: Document, loc: tuple[str | int, ...], value: str | float, control: Control) -> None:
    try:
        control.accept(value)
    except ControlError:
        hint = did_you_mean(value, control.choices) if isinstance(value, str) else ""
        document.note(loc, shown(value), control.expects(), hint)


def _within(ends: tuple[float, float], control: Control) -> bool:
    return all(control.low <= end <= control.high for end in ends)
