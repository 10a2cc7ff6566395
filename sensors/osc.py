"""Any OSC address as a signal: what other programs and boxes of the exhibition say, at a port of its own."""

import ipaddress
import socket
import threading
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from installation.contracts import Emit, Sensor, SensorConfig
from installation.errors import DeviceError
from installation.osc_packets import LARGEST, Malformed, Message, parse
from installation.signals import Signal

WAIT = 0.25
"""Seconds after which it looks whether it shall stop."""


def _network(text: str) -> str:
    return str(ipaddress.ip_network(text, strict=False))


class Listen(BaseModel):
    """One address that becomes a signal: which argument of it, from 0, and the signal's range."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    address: str = Field(pattern=r"^/[!-~]{1,254}$", description='an OSC address, such as "/pressure/1"')
    arg: int = Field(0, ge=0, le=15)
    low: float = 0.0
    high: float = 1.0
    rest: float = 0.0
    pulse: bool = False
    stale_after: float = Field(2.0, gt=0.0, le=86400.0)


class Config(SensorConfig):
    kind: Literal["osc"] = "osc"
    port: int = Field(8010, ge=0, le=65535, description="where it hears; the desk has one of its own")
    bind: str = Field("127.0.0.1", description="this machine only; 0.0.0.0 hears its networks")
    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = Field((), description="who may send; all, without")
    listen: Mapping[str, Listen] = Field(
        min_length=1,
        description='addresses by signal, such as listen = { weight = { address = "/floor/1" } }',
        examples=[{"weight": {"address": "/floor/1"}}],
    )

    def signals(self) -> tuple[Signal, ...]:
        return tuple(
            Signal(name, f"what comes at {one.address}", one.low, one.high, one.rest, one.pulse, one.stale_after)
            for name, one in (self.listen or {}).items()
        )

    def open(self) -> "Osc":
        return Osc(self)


class Osc(Sensor):
    """Raises DeviceError where the port is taken. What is malformed, or comes from elsewhere, is passed over."""

    def __init__(self, config: Config) -> None:
        self.networks = [ipaddress.ip_network(network) for network in config.allow]
        self.signals: dict[str, list[tuple[str, Listen]]] = {}
        for name, one in config.listen.items():
            self.signals.setdefault(one.address, []).append((name, one))
        family = socket.AF_INET6 if ":" in config.bind else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        try:
            self.socket.bind((config.bind, config.port))
        except OSError as error:
            self.socket.close()
            raise DeviceError(
                f"port {config.port} is in use or cannot be opened at {config.bind} ({error.strerror}); "
                f'close what uses it, or give the sensor "{config.name}" another port'
            ) from error
        self.port: int = self.socket.getsockname()[1]
        self.socket.settimeout(WAIT)

    def run(self, emit: Emit, stop: threading.Event) -> None:
        with self.socket:
            while not stop.is_set():
                try:
                    datagram, source = self.socket.recvfrom(LARGEST + 1)
                except TimeoutError:
                    continue
                if self._allowed(source[0]):
                    self._hear(datagram, emit)

    def _allowed(self, host: str) -> bool:
        return not self.networks or any(ipaddress.ip_address(host) in network for network in self.networks)

    def _hear(self, datagram: bytes, emit: Emit) -> None:
        try:
            messages = parse(datagram)
        except Malformed:
            return
        for message in messages:
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
