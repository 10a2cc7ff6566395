"""Lights that follow the show: controls, or the picture's mean colour, as DMX channels over Art-Net or sACN."""

import ipaddress
import logging
import socket
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from installation.core.contracts import Output, OutputConfig, Pixels, Surroundings, Wanted
from installation.core.controls import Control
from installation.core.decision import Decision
from installation.core.dmx import CHANNELS, PORTS, UNIVERSES, Packet, Protocol, build, multicast
from installation.core.errors import Refused
from installation.core.latest import Latest
from installation.core.repeats import Repeats

log = logging.getLogger(__name__)

KEPT_ALIVE = 0.8
"""Seconds after which a universe that has not changed is sent again, so that no light takes its source for gone."""

FAREWELLS = 3
"""Packets that say that a source ends (E1.31, 6.2.6)."""

LINEAR = 2.2
"""The exponent from sRGB to light; lamps dim in light, as their current is switched."""

COLOURS: dict[str, int] = {"white": 1, "rgb": 3, "rgbw": 4}
"""What a lamp that shows the picture has, and how many channels that is."""


def _host(text: str) -> str:
    try:
        return text and str(ipaddress.ip_address(text))
    except ValueError:
        raise Refused('the address of a node, such as "192.168.1.60"; empty: to all (sACN by multicast)') from None


class Fixture(BaseModel):
    """What one lamp follows, from its first channel on. ``range`` are the control's values at 0 and at full; its own
    range without. ``dims`` is a control by which all of it is dimmed besides."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    channel: int = Field(ge=1, le=CHANNELS)
    control: str | None = None
    picture: Literal["white", "rgb", "rgbw"] | None = None
    bits: Literal[8, 16] = 8
    range: tuple[float, float] | None = None
    dims: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.control is None) == (self.picture is None):
            raise Refused("a control, or picture = ...", found="both" if self.control else "neither")
        if self.channel + self.width - 1 > CHANNELS:
            raise Refused(f"a fixture that ends by channel {CHANNELS}", found=f"channel {self.channel}")
        return self

    @property
    def width(self) -> int:
        """Its channels."""
        return (COLOURS[self.picture] if self.picture else 1) * self.bits // 8


class Config(OutputConfig):
    in_show: ClassVar[bool] = True
    kind: Literal["dmx"] = "dmx"
    protocol: Protocol = Field("sacn", description="sacn (E1.31) or artnet")
    universe: int = Field(1, ge=0, le=63999, description="sACN counts from 1, Art-Net from 0")
    host: Annotated[str, AfterValidator(_host)] = Field("", description="of the node; empty: to all")
    port: int = Field(0, ge=0, le=65535, description="0: the protocol's own")
    rate: float = Field(20.0, gt=0.0, le=44.0, description="packets a second at most; DMX itself carries 44")
    priority: int = Field(100, ge=0, le=200, description="of sACN: among several sources the highest counts")
    blackout: bool = Field(True, description="dark while the wall is")
    fixture: tuple[Fixture, ...] = Field(
        min_length=1, max_length=CHANNELS, description='lamps, such as [[output.fixture]] channel = 1, picture = "rgb"'
    )

    @model_validator(mode="after")
    def _a_universe(self) -> Self:
        lowest, highest = UNIVERSES[self.protocol]
        if not lowest <= self.universe <= highest:
            raise Refused(f"a universe from {lowest} to {highest}", found=str(self.universe))
        return self

    def follows(self) -> tuple[str, ...]:
        named = (address for one in self.fixture for address in (one.control, one.dims))
        return tuple(slashed(address) for address in named if address)

    def open(self, surroundings: Surroundings) -> "Dmx":
        return Dmx(self, surroundings.controls)


def slashed(address: str) -> str:
    return f"/{address.removeprefix('/')}"


class Dmx(Output):
    """Sends in a thread of its own, without ever waiting for a network; of universes that wait, the newest counts."""

    def __init__(self, config: Config, controls: Mapping[str, Control]) -> None:
        self.config = config
        self._lamps = [(one, _range(one, controls)) for one in config.fixture]
        self._wanted: Wanted = "small" if any(one.picture for one in config.fixture) else "decision"
        self._length = max(one.channel + one.width - 1 for one in config.fixture)
        self._due = 0.0
        self._values: dict[str, float] = {}
        self._waiting: Latest[bytes] = Latest()
        self._place = (_target(config), config.port or PORTS[config.protocol])
        self._socket = _opened()
        self._trouble = Repeats()
        self._packet = Packet(config.universe, bytes(self._length), 0, uuid.uuid4().bytes, config.priority)
        self._thread = threading.Thread(target=self._send_all, name="dmx", daemon=True)
        self._thread.start()

    def wants(self, now: float) -> Wanted:
        return self._wanted if now >= self._due else "nothing"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        self._due = decision.time + 1.0 / self.config.rate
        wall = decision.wall
        self._values.update(decision.kept)
        self._values.update(wall.controls)
        dark = self.config.blackout and wall.blackout
        colour = np.zeros(3) if pixels is None or dark else mean_light(pixels)
        self._waiting.put(bytes(self._length) if dark else self._universe(colour))

    def _universe(self, colour: NDArray[np.float64]) -> bytes:
        data = bytearray(self._length)
        for fixture, ends in self._lamps:
            levels = self._levels(fixture, ends, colour)
            at, size = fixture.channel - 1, fixture.bits // 8
            for number, level in enumerate(levels):
                whole = round(min(max(level, 0.0), 1.0) * (256**size - 1))
                data[at + number * size : at + (number + 1) * size] = whole.to_bytes(size, "big")
        return bytes(data)

    def _levels(self, fixture: Fixture, ends: tuple[float, float], colour: NDArray[np.float64]) -> list[float]:
        """0..1 for each of a fixture's colours."""
        dimmed = 1.0 if fixture.dims is None else self._values.get(slashed(fixture.dims), 0.0)
        if fixture.control is not None:
            value = self._values.get(slashed(fixture.control), ends[0])
            span = ends[1] - ends[0]
            return [dimmed * (value - ends[0]) / span if span else 0.0]
        return [dimmed * level for level in _split(colour, fixture.picture or "rgb")]

    def close(self) -> None:
        self._waiting.close()
        self._thread.join(2.0)

    # ------------------------------------------------------------ the thread

    def _send_all(self) -> None:
        data: bytes | None = None
        with self._socket:
            while not self._waiting.closed:
                data = self._waiting.wait(KEPT_ALIVE) or data
                if data is not None and not self._waiting.closed:
                    self._send(replace(self._packet, data=data))
            if self.config.protocol == "sacn" and data is not None:
                for _ in range(FAREWELLS):
                    self._send(replace(self._packet, data=data, ended=True))

    def _send(self, packet: Packet) -> None:
        sequence = self._packet.sequence % 255 + 1
        self._packet = replace(self._packet, sequence=sequence)
        try:
            self._socket.sendto(
                build(self.config.protocol, replace(packet, sequence=sequence), "Vernissage"), self._place
            )
        except OSError as error:  # no network, or a full queue: the next universe counts
            if line := self._trouble.line(f"DMX to {self._place[0]} is not sent ({error})", time.monotonic()):
                log.warning("%s", line)


def mean_light(pixels: Pixels) -> NDArray[np.float64]:
    """The mean of a picture (h, w, 3) as light: red, green and blue, 0..1."""
    table = (np.arange(256) / 255.0) ** LINEAR
    sampled = pixels[:: max(1, pixels.shape[0] // 64), :: max(1, pixels.shape[1] // 64)]
    mean: NDArray[np.float64] = table[sampled].mean(axis=(0, 1))
    return mean


def _split(colour: NDArray[np.float64], picture: str) -> list[float]:
    """A colour for the lamp's own: white is the luminance (Rec. 709), or what all three have in common besides RGB."""
    if picture == "white":
        return [float(colour @ (0.2126, 0.7152, 0.0722))]
    if picture == "rgb":
        return [float(part) for part in colour]
    white = float(colour.min())
    return [*(float(part) - white for part in colour), white]


def _range(fixture: Fixture, controls: Mapping[str, Control]) -> tuple[float, float]:
    if fixture.range or fixture.control is None:
        return fixture.range or (0.0, 1.0)
    control = controls[slashed(fixture.control)]
    return control.low, control.high


def _target(config: Config) -> str:
    if config.host:
        return config.host
    return multicast(config.universe) if config.protocol == "sacn" else "255.255.255.255"


def _opened() -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 4)
    return opened
