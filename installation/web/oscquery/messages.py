"""The messages between the app and the OSCQuery process: one definition, which both ends read and write.

To the OSCQuery process: ``Hello`` first, to every new process; ``Table`` when there is something else to move;
``Values`` with what changed. To the app: ``Ready``, then ``Packet`` for each OSC packet of a client, ``Note`` for what
does not work here, and the heartbeat of every child (installation/core/pipe.py).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from installation.core.typed_messages import pack, unpack

__all__ = ["TO_APP", "TO_OSCQUERY", "Hello", "Knob", "Note", "Packet", "Ready", "Table", "Values", "pack", "unpack"]


@dataclass(frozen=True, slots=True)
class Knob:
    """What stands at one address. ``type`` is that of a control, ``pair`` for two numbers, or ``text`` and ``count``
    for what can be read alone. ``low`` and ``high`` hold one number for each argument."""

    address: str
    doc: str
    type: str
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    unit: str = ""
    choices: tuple[str, ...] = ()
    command: bool = False


@dataclass(frozen=True, slots=True)
class Hello:
    """The show's title, where to listen, who may (networks, none: all), where its OSC is heard, what can be moved, and
    how it stands."""

    title: str
    bind: str
    port: int
    osc_port: int
    allow: tuple[str, ...] = ()
    knobs: tuple[Knob, ...] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """What can be moved from now on."""

    knobs: tuple[Knob, ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Values by address: a number, a text, or the two numbers of a pair."""

    said: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ready:
    """Clients may come, to this port. Whoever is ready is sent all values."""

    port: int


@dataclass(frozen=True, slots=True)
class Packet:
    """An OSC packet, in hexadecimal digits, from a client at ``host``."""

    host: str
    data: str


@dataclass(frozen=True, slots=True)
class Note:
    """What does not work here, for the log. ``closed``: the process cannot listen at all."""

    text: str
    closed: bool = False


TO_OSCQUERY = (Hello, Table, Values)
TO_APP = (Ready, Packet, Note)
