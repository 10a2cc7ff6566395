"""What moves a piece's controls, in a show file: wires from signals, and the values at which controls rest."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, cast

from pydantic import (
    AfterValidator,
    AliasChoices,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    create_model,
)

from installation.core.commands import CUE_SNAPSHOT, TASTE_RESET
from installation.core.controls import Control
from installation.core.durations import Seconds
from installation.core.errors import Refused, did_you_mean
from installation.showfile.messages import validate
from installation.showfile.parts import Reading, Table, reading_of

Curve = Literal["linear", "ease", "exp", "log"]


class Knobs(Table):
    model_config = ConfigDict(title="control of the piece or the stage")


def signal_name(name: str, info: ValidationInfo) -> str:
    reading = reading_of(info)
    if name not in reading.signals and name.partition(".")[0] not in reading.unsure:
        raise _no_such("signal", name, reading.signals)
    return name


def _no_such(what: str, name: str, known: Iterable[str]) -> Refused:
    """Names them all, unless they are many and one is near."""
    known = list(known)
    hint = did_you_mean(name, known)
    if not known:
        return Refused(f"a {what}, but no [[sensor]] says one")
    return Refused(f"one of {len(known)} {what}s" if hint and len(known) > 6 else f"a {what}: {', '.join(known)}", hint)


def _bare(address: str) -> str:
    return address.removeprefix("/")


def _control(name: str, info: ValidationInfo) -> str:
    reading, name = reading_of(info), _bare(name)
    if reading.controls is None:
        return name
    control, signal = reading.controls.get(f"/{name}"), reading.signals.get(info.data.get("signal", ""))
    if control is None:
        control = _wired_command(name, reading)
    if control.type == "pulse" and signal and not signal.pulse:
        raise Refused("a control that has a value", f'"{name}" is a pulse and "{signal.name}" is none')
    return name


def _wired_command(name: str, reading: Reading) -> Control:
    """The command of that name, which a pulse may ask for. Raises Refused for one that is no pulse, and for none."""
    by_hand = (CUE_SNAPSHOT, TASTE_RESET)
    asked = {address: one for address, one in reading.commands.items() if address not in by_hand}
    command = asked.get(f"/{name}")
    pulses = [_bare(address) for address, one in asked.items() if one.type == "pulse"]
    if command is None:
        raise _no_such("control", name, (*map(_bare, reading.controls or ()), *pulses))
    if command.type != "pulse":
        hint = f'"{name}" is the operator\'s command; a wire can ask for {" or ".join(pulses)}'
        raise Refused("a control, or a command that is a pulse", hint)
    return command


def _wired(info: ValidationInfo) -> Control | None:
    return (reading_of(info).controls or {}).get(f"/{info.data.get('control')}")


def _in_default(value: object, info: ValidationInfo) -> object:
    signal = reading_of(info).signals.get(info.data.get("signal", ""))
    return _ends(value, (signal.low, signal.high) if signal and not signal.pulse else (0.0, 1.0))


def _out_default(value: object, info: ValidationInfo) -> object:
    control = _wired(info)
    return _ends(value, (control.low, control.high) if control else (0.0, 1.0))


def _ends(value: object, default: tuple[float, float]) -> object:
    """A tuple for a list, as pydantic's strict mode makes none of what a validator returns."""
    return default if value is None else tuple(value) if isinstance(value, list) else value


def _in(ends: tuple[float, float]) -> tuple[float, float]:
    if ends[0] == ends[1]:
        raise Refused("two numbers that differ")
    return ends


def _out(ends: tuple[float, float], info: ValidationInfo) -> tuple[float, float]:
    control = _wired(info)
    if control and not all(control.low <= end <= control.high for end in ends):
        raise Refused(f"two numbers from {control.low:g} to {control.high:g}")
    return ends


def _smooth(seconds: float, info: ValidationInfo) -> float:
    signal, control = reading_of(info).signals.get(info.data.get("signal", "")), _wired(info)
    if seconds == 0.0 and signal and signal.pulse and control and control.type != "pulse":
        raise Refused(f'a time to fall back in, as "{signal.name}" is a pulse')
    return seconds


def _push(push: bool, info: ValidationInfo) -> bool:
    signal = reading_of(info).signals.get(info.data.get("signal", ""))
    if push and signal and signal.pulse:
        raise Refused("push = false", f'"{signal.name}" is a pulse, which has no speed')
    if push and info.data.get("smooth") == 0.0:
        raise Refused("a time in smooth, in which the control comes back")
    return push


Ends = tuple[float, float]


Out = Annotated[Ends, BeforeValidator(_out_default), AfterValidator(_out)]


def even_control(name: str, info: ValidationInfo) -> str:
    """A control that has values between two values."""
    known = {_bare(address): one for address, one in (reading_of(info).controls or {}).items() if one.type == "float"}
    if reading_of(info).controls is not None and _bare(name) not in known:
        raise _no_such("control", _bare(name), known)
    return _bare(name)


class Wire(Table):
    """Signal to control: ``in`` (of the signal) goes to ``out`` (of the control) along ``curve``, smoothed with the
    time constant ``smooth`` (s). What is not given is the whole range of the one and of the other."""

    signal: Annotated[str, AfterValidator(signal_name)] = Field(description='a signal, such as "door.motion"')
    control: Annotated[str, AfterValidator(_control)] = Field(description='a control, such as "walk/speed"')
    in_: Annotated[Ends, BeforeValidator(_in_default), AfterValidator(_in)] = Field(
        cast(Any, None), alias="in", validate_default=True
    )
    out: Out = Field(cast(Any, None), validate_default=True)
    curve: Curve = "linear"
    smooth: Annotated[Seconds, AfterValidator(_smooth)] = Field(0.25, le=600.0)
    push: Annotated[bool, AfterValidator(_push)] = False
    """Whether the signal is a speed that pushes the control, which comes back with the time constant ``smooth``."""

    @property
    def address(self) -> str:
        """The control's, as the control table has it: ``/walk/speed``."""
        return f"/{self.control}"


def _rests(value: object, info: ValidationInfo) -> dict[str, float]:
    return values_of(value, reading_of(info).controls)


def values_of(value: object, controls: Mapping[str, Control] | None) -> dict[str, float]:
    """Values by address. Commands are neither a piece's nor a cue's to give. Without
    ``controls`` what is written cannot be told to be right or wrong. Raises Refused or Unfit."""
    if not isinstance(value, dict):
        raise Refused("a table of controls and their values")
    if controls is None:
        return {}
    known = {_bare(address): control for address, control in controls.items() if control.type != "pulse"}
    named = {_bare(str(name)) for name in value}
    fields = {name: _rest(name, known[name]) for name in (named if named <= known.keys() else known)}
    model = create_model("Rests", __base__=Knobs, **cast(Any, fields))
    made = validate(model, value, {})
    return {f"/{name}": known[name].accept(getattr(made, name)) for name in made.model_fields_set}


def _rest(name: str, control: Control) -> tuple[Any, Any]:
    either = AliasChoices(name, f"/{name}")
    if control.type == "bool":
        return bool, Field(None, validation_alias=either)
    if control.type == "choice":
        return Literal[control.choices], Field(None, validation_alias=either)
    number = int if control.type == "int" else float
    return number, Field(None, validation_alias=either, ge=control.low, le=control.high)


Rests = Annotated[Mapping[str, float], PlainValidator(_rests, json_schema_input_type=dict[str, bool | float | str])]
