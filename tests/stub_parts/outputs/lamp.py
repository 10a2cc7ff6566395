"""A lamp that follows a control, and is never lit."""

from typing import ClassVar, Literal

from pydantic import Field

from installation.core.contracts import Output, OutputConfig, Surroundings


class Config(OutputConfig):
    in_show: ClassVar[bool] = True
    kind: Literal["lamp"] = "lamp"
    control: str = Field(description="which it follows")
    rate: float = Field(20.0, gt=0.0, le=44.0)

    def follows(self) -> tuple[str, ...]:
        return (f"/{self.control}",)

    def open(self, surroundings: Surroundings) -> Output:
        raise NotImplementedError
