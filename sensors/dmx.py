"""Channels of a lighting console as signals: a DMX universe over Art-Net or sACN."""

import ipaddress
import socket
import struct
import threading
import time
from collections.abc import Mapping
from contextlib import closing
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from installation.core.contracts import Emit, Sensor, SensorConfig
from installation.core.dmx import CHANNELS, LARGEST, LOST, PORTS, UNIVERSES, Merger, Protocol, multicast, read
from installation.core.errors import DeviceError, Refused
from installation.core.signals import Signal

WAIT = 0.25
"""Seconds between two checks of ``stop``."""


def _here(text: str) -> str:
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise Refused('"0.0.0.0", "127.0.0.1" or another IPv4 address of this machine') from None


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text, strict=False))
    except ValueError:
        raise Refused('an address or network, such as "192.168.1.20" or "192.168.1.0/24"') from None


class Channel(BaseModel):
    """One channel, or with 16 bits two, that become a signal: 0 is ``low``, full is ``high``. A ``pulse`` is said when
    it rises over the middle."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    channel: int = Field(ge=1, le=CHANNELS)
    bits: Literal[8, 16] = 8
    low: float = 0.0
    high: float = 1.0
    pulse: bool = False

    @model_validator(mode="after")
    def _in_range(self) -> Self:
        if self.low >= self.high:
            raise Refused("low below high", found=f"low {self.low:g}, high {self.high:g}")
        if self.channel + self.bits // 8 - 1 > CHANNELS:
            raise Refused(f"16 bits that end by channel {CHANNELS}", found=f"channel {self.channel}")
        return self

    def level(self, data: bytes) -> float | None:
        """0..1; None where the universe is shorter."""
        size = self.bits // 8
        found = data[self.channel - 1 : self.channel - 1 + size]
        return int.from_bytes(found, "big") / (256**size - 1) if len(found) == size else None


class Config(SensorConfig):
    kind: Literal["dmx"] = "dmx"
    protocol: Protocol = Field("sacn", description="sacn (E1.31) or artnet")
    universe: int = Field(1, ge=0, le=63999, description="sACN counts from 1, Art-Net from 0")
    bind: Annotated[str, AfterValidator(_here)] = Field("0.0.0.0", description="where it hears, of this machine")
    port: int = Field(0, ge=0, le=65535, description="0: the protocol's own")
    allow: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), max_length=256, description="addresses or networks that may send; all that reach it, without"
    )
    listen: Mapping[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Channel] = Field(
        min_length=1,
        max_length=CHANNELS,
        description="channels by signal, such as listen = { wash = { channel = 1 } }",
        examples=[{"wash": {"channel": 1}}],
    )

    @model_validator(mode="after")
    def _a_universe(self) -> Self:
        lowest, highest = UNIVERSES[self.protocol]
        if not lowest <= self.universe <= highest:
            raise Refused(f"a universe from {lowest} to {highest}", found=str(self.universe))
        return self

    def signals(self) -> tuple[Signal, ...]:
        listen = self.listen or {}  # None where it is listed without its options
        return tuple(
            Signal(name, f"DMX channel {one.channel}", one.low, one.high, one.low, one.pulse, LOST)
            for name, one in listen.items()
        )

    def open(self) -> "Dmx":
        return Dmx(self)


class Dmx(Sensor):
    """Raises DeviceError where the port is taken. What is no whole packet of its universe is passed over."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._allow = [ipaddress.ip_network(one) for one in config.allow]
        self._merger = Merger(config.universe)
        self._high: set[str] = set()
        self._socket = _opened(config)
        self.port = int(self._socket.getsockname()[1])

    def run(self, emit: Emit, stop: threading.Event) -> None:
        with closing(self._socket):
            while not stop.is_set():
                try:
                    raw, (host, port) = self._socket.recvfrom(LARGEST)
                except TimeoutError:
                    continue
                self._hear(raw, f"{host}:{port}", emit)

    def _hear(self, raw: bytes, sender: str, emit: Emit) -> None:
        host = ipaddress.ip_address(sender.rpartition(":")[0])
        if self._allow and not any(host in network for network in self._allow):
            return
        packet = read(self.config.protocol, raw)
        if packet is not None and self._merger.accept(packet, sender.encode(), time.monotonic()):
            for name, one in self.config.listen.items():
                self._say(name, one, one.level(packet.data), emit)

    def _say(self, name: str, one: Channel, level: float | None, emit: Emit) -> None:
        if level is None:
            return
        if not one.pulse:
            emit(name, one.low + level * (one.high - one.low))
        elif level >= 0.5 and name not in self._high:
            self._high.add(name)
            emit(name, 1.0)
        elif level < 0.5:
            self._high.discard(name)


def _opened(config: Config) -> socket.socket:
    """A socket that hears the universe: other programs of this machine may hear it, too."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((config.bind, config.port or PORTS[config.protocol]))
        opened.settimeout(WAIT)
        if config.protocol == "sacn":
            _join(opened, config)
    except OSError as error:
        opened.close()
        raise DeviceError(f'the sensor "{config.name}": DMX cannot be heard at {config.bind} ({error})') from error
    return opened


def _join(opened: socket.socket, config: Config) -> None:
    """Asks for the universe's multicast group; what is sent to this machine alone is heard without."""
    if not ipaddress.ip_address(config.bind).is_loopback:
        group = struct.pack("4s4s", socket.inet_aton(multicast(config.universe)), socket.inet_aton(config.bind))
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
