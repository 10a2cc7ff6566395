"""Any OSC address as a signal: messages from other programs and devices of the exhibition, at a port of its own."""

import ipaddress
import threading
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.durations import Seconds
from installation.core.errors import Refused
from installation.core.osc_packets import ADDRESS, ARGUMENTS, Message
from installation.core.osc_socket import OscSocket
from installation.core.signals import Signal

WAIT = 0.25
"""Seconds between two checks of ``stop``."""


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise Refused('an address or network, such as "192.168.1.20" or "192.168.1.0/24"') from None


def _address(text: str) -> str:
    if not ADDRESS.fullmatch(text.encode()):
        raise Refused('an OSC address without blanks or # * , ? [ ] { }, such as "/pressure/1"')
    return text


class Listen(BaseModel):
    """One address that becomes a signal: which of its arguments (0 is the first), in what range.

    ``rest`` is 0 where the range has it, the nearest to it else. A pulse counts each message that does not say 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    address: Annotated[str, AfterValidator(_address)]
    arg: int = Field(0, ge=0, lt=ARGUMENTS)
    low: float = 0.0
    high: float = 1.0
    rest: float | None = None
    pulse: bool = False
    stale_after: Annotated[Seconds, Field(gt=0.0, le=86400.0)] = 2.0

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if self.low >= self.high:
            raise Refused("low below high", found=f"low {self.low:g}, high {self.high:g}")
        if self.rest is not None and not self.low <= self.rest <= self.high:
            raise Refused(f"a rest from {self.low:g} to {self.high:g}", found=f"{self.rest:g}")
        return self

    def signal(self, name: str) -> Signal:
        rest = min(max(0.0, self.low), self.high) if self.rest is None else self.rest
        doc = f"what comes at {self.address}" + (f", argument {self.arg}" if self.arg else "")
        return Signal(name, doc, self.low, self.high, rest, self.pulse, self.stale_after)


class Config(SensorConfig):
    kind: Literal["osc"] = "osc"
    port: int = Field(8010, ge=0, le=65535, description="where it hears; the operator's OSC has one of its own")
    bind: str = Field("127.0.0.1", description="this machine only; 0.0.0.0 hears its networks")
    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), max_length=256, description="addresses or networks that may send; all that reach it, without"
    )
    listen: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Listen] = Field(
        min_length=1,
        max_length=64,
        description='addresses by signal, such as listen = { weight = { address = "/floor/1", high = 100 } }',
        examples=[{"weight": {"address": "/floor/1", "high": 100}}],
    )

    def signals(self) -> tuple[Signal, ...]:
        listen = self.listen or {}  # None where it is listed without its options
        return tuple(one.signal(name) for name, one in listen.items())

    def open(self) -> "Osc":
        return Osc(self)


class Osc(Sensor):
    """Raises DeviceError where the port is taken. Malformed messages and other senders' are ignored."""

    def __init__(self, config: Config) -> None:
        self.signals: dict[str, list[tuple[str, Listen]]] = {}
        for name, one in config.listen.items():
            self.signals.setdefault(one.address, []).append((name, one))
        owner = f'the sensor "{config.name}"'
        levels = {address.encode() for address, told in self.signals.items() if not any(one.pulse for _, one in told)}
        self.socket = OscSocket(config.bind, config.port, config.allow, owner=owner, wait=WAIT, levels=levels)
        self.port = self.socket.port

    def run(self, emit: Emit, stop: threading.Event) -> None:
        with closing(self.socket):
            while not stop.is_set():
                for message in self.socket.hear().messages:
                    self._hear(message, emit)

    def _hear(self, message: Message, emit: Emit) -> None:
        for name, one in self.signals.get(message.address, ()):
            value = _number(message, one)
            if value is not None and (value or not one.pulse):
                emit(name, value)


def _number(message: Message, one: Listen) -> float | None:
    """The argument as a number; a pulse without any is one. None for text and what else is no number."""
    if not message.args and one.pulse:
        return 1.0
    if one.arg >= len(message.args):
        return None
    value = message.args[one.arg]
    return float(value) if isinstance(value, (int, float)) else None
