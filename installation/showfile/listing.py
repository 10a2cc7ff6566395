"""What --list prints: every part there is, with its options and what it offers."""

import inspect
from collections.abc import Iterator
from typing import Any

from installation.core import parts
from installation.core.contracts import SensorConfig
from installation.core.errors import VernissageError
from installation.showfile.transitions import read_transition

ROOMS = {"generator": "generators", "sensor": "sensors", "walk": "walks", "output": "outputs"}


def listing() -> str:
    """All generators, sensors, walks, outputs and transitions, found by their files."""
    lines: list[str] = []
    for room, title in ROOMS.items():
        lines.append(f"{title.upper()}")
        for kind in parts.kinds(room):
            lines.extend(_part(room, kind))
        lines.append("")
    lines.append("TRANSITIONS")
    for kind in parts.kinds("transition"):
        lines.extend(_transition(kind))
    return "\n".join(lines)


def _transition(kind: str) -> Iterator[str]:
    try:
        transition = read_transition(parts.path("transition", kind))
    except VernissageError as error:
        yield f"  {kind}: cannot be read: {error}"
        return
    yield f"  {kind}: {transition.doc}" if transition.doc else f"  {kind}"
    yield from (f"    option {option.name} = {option.default} ({option.type})" for option in transition.options)


def device_listing() -> str:
    """The devices of this machine by the kind of sensor that opens them, or why they cannot be told."""
    lines: list[str] = []
    for kind in parts.kinds("sensor"):
        try:
            config: type[SensorConfig] = parts.config("sensor", kind)
            devices = config.devices()
        except VernissageError as error:
            devices = (str(error),)
        if devices is not None:
            lines += [kind.upper(), *(f"  {line}" for line in devices or ("none found",)), ""]
    return "\n".join(lines).rstrip()


def _part(room: str, kind: str) -> Iterator[str]:
    try:
        config = parts.config(room, kind)
    except VernissageError as error:
        yield f"  {kind}: cannot be read: {error}"
        return
    module = inspect.getmodule(config)
    yield f"  {kind}: {(inspect.getdoc(module) or 'no description').splitlines()[0]}"
    for name, option in config.model_fields.items():
        if name != "kind":
            yield f"    option {name}{_default(option)}{': ' + option.description if option.description else ''}"
    # Options may be required; what a part offers by default is told from an unvalidated sample of it.
    sample = config.model_construct(kind=kind, **{n: None for n, o in config.model_fields.items() if o.is_required()})
    if room == "sensor":
        yield from (f"    signal {signal.name}: {signal.doc}" for signal in sample.signals())
    elif room != "output":
        yield from (
            f"    control {control.address}: {control.doc} ({control.expects()})" for control in sample.controls()
        )


def _default(option: Any) -> str:
    return " (required)" if option.is_required() else f" = {option.get_default(call_default_factory=True)!r}"
