"""A generator whose control is of another type than that of its neighbour."""

from typing import Literal

from installation.core.contracts import Generator, GeneratorConfig
from installation.core.controls import Control


class Config(GeneratorConfig):
    kind: Literal["etch"] = "etch"

    def controls(self) -> tuple[Control, ...]:
        return (Control("/generator/detail", "lines", "int", 1, 9, 3),)

    def open(self, device: str) -> Generator:
        raise NotImplementedError
