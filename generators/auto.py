"""Any model file: its header says of which kind it is, and that kind's generator paints it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, cast

from pydantic import Field, field_validator

from installation.core import parts
from installation.core.contracts import Generator
from installation.core.controls import Control
from installation.core.errors import ModelError
from installation.networks.model_file import read_header
from installation.networks.model_generator import ModelConfig
from installation.networks.style_generator import OWN

STYLED = (
    'it is an option of StyleGANs by the names of their kinds: write "stylegan2" for one that was trained here, '
    '"stylegan2_ada" or "stylegan3" as convert said'
)


class Config(ModelConfig):
    """Options that only some kinds have, such as ``bend``, need the kind by its name."""

    elsewhere: ClassVar[Mapping[str, str]] = dict.fromkeys(OWN, STYLED)
    kind: Literal["auto"] = "auto"
    psi: float = Field(
        0.7, ge=0.0, le=1.2, description="truncation psi; where it is left out, that of the model's own kind"
    )

    @field_validator("model")
    @classmethod
    def _is_a_model(cls, model: Path) -> Path:
        kind = read_header(model)["kind"]
        if kind not in parts.kinds("generator") or not issubclass(parts.config("generator", kind), ModelConfig):
            raise ModelError(f'{model}: a model of kind "{kind}", which nothing here paints.')
        return model

    def chosen(self) -> ModelConfig:
        """The options of the kind that paints the model."""
        given = {name: getattr(self, name) for name in self.model_fields_set if name != "kind"}
        return cast(ModelConfig, parts.config("generator", read_header(self.model)["kind"])(**given))

    def controls(self) -> tuple[Control, ...]:
        return self.chosen().controls() if self.model else super().controls()

    def options(self) -> dict[str, Any]:
        return self.chosen().options()

    def open(self, device: str) -> Generator:
        return self.chosen().open(device)
