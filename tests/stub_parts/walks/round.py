"""A walk with a time and a list of whole numbers."""

from typing import Annotated, Literal

from pydantic import Field

from installation.core.contracts import Generator, Walk, WalkConfig
from installation.core.durations import Seconds


class Config(WalkConfig):
    kind: Literal["round"] = "round"
    seeds: tuple[Annotated[int, Field(ge=0, le=99)], ...] = Field((3, 14), min_length=2, max_length=4)
    period: Seconds = Field(40.0, gt=0, le=3600, description="time once round")

    def open(self, generator: Generator, seed: int) -> Walk:
        raise NotImplementedError
