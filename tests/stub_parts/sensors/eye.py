"""A sensor that needs a name and says levels and a pulse."""

from typing import Annotated, Literal

from pydantic import Field

from installation.core.contracts import Sensor, SensorConfig
from installation.core.paths import ShowPath
from installation.core.signals import Signal


class Config(SensorConfig):
    kind: Literal["eye"] = "eye"
    source: Annotated[int, Field(ge=0, le=63)] | ShowPath = 0

    def signals(self) -> tuple[Signal, ...]:
        return (Signal("motion", "motion"), Signal("x", "centre", -1.0, 1.0), Signal("clap", "a clap", pulse=True))

    def open(self) -> Sensor:
        raise NotImplementedError
