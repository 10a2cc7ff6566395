"""A generator that has an option and a control of every type, and never opens."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from installation.core.contracts import Generator, GeneratorConfig
from installation.core.controls import Control
from installation.core.errors import ModelError
from installation.core.paths import ShowPath


class Config(GeneratorConfig):
    kind: Literal["paint"] = "paint"
    size: int = Field(256, ge=32, le=1024)
    detail: float = Field(1.0, ge=0.25, le=4.0)
    tint: Literal["warm", "cold"] = "warm"
    mirror: bool = False
    model: ShowPath | None = None

    @field_validator("model")
    @classmethod
    def _is_no_pickle(cls, model: Path | None) -> Path | None:
        if model and model.suffix == ".pkl":
            raise ModelError(f"{model.name}: a pickle is never read; convert it first")
        return model

    def controls(self) -> tuple[Control, ...]:
        return (
            Control("/generator/detail", "how fine", "float", 0.25, 4.0, self.detail),
            Control("/generator/layers", "how many", "int", 1, 8, 2),
            Control("/generator/mirror", "folded", "bool", default=float(self.mirror)),
            Control("/generator/tint", "colour", "choice", choices=("warm", "cold")),
            Control("/generator/splash", "a blot", "pulse"),
        )

    def open(self, device: str) -> Generator:
        raise NotImplementedError
