"""A sensor that listens at a port."""

from typing import Literal

from pydantic import Field

from installation.core.contracts import Sensor, SensorConfig
from installation.core.signals import Signal


class Config(SensorConfig):
    kind: Literal["ear"] = "ear"
    port: int = Field(7000, ge=1, le=65535)

    def signals(self) -> tuple[Signal, ...]:
        return (Signal("level", "loudness"),)

    def open(self) -> Sensor:
        raise NotImplementedError
