"""A variational autoencoder that was trained by installation.training, painting from its latent space."""

from typing import Literal

from pydantic import Field, model_validator

from installation.core.contracts import Latent
from installation.core.controls import Control, Values
from installation.core.invocation import program
from installation.networks.model_file import read_header
from installation.networks.model_generator import ModelConfig, ModelGenerator, with_refine

REFINE = "/generator/refine"


class Config(ModelConfig):
    kind: Literal["vae"] = "vae"
    psi: float = Field(1.0, ge=0.0, le=1.2, description="truncation psi: 0 is the mean picture, 1 the whole variety")
    refine: float = Field(
        1.0, ge=0.0, le=1.0, description="how much the model's refiner paints: 0 the soft picture, 1 all detail"
    )

    @model_validator(mode="after")
    def _refines_if_asked(self) -> "Config":
        if "refine" in self.model_fields_set and not read_header(self.model).get("refiner"):
            raise ValueError(
                f"refine: {self.model} holds no refiner; leave it out, or train one: {program()} refiner {self.model}"
            )
        return self

    def controls(self) -> tuple[Control, ...]:
        """That of the refiner, too, where the model has one."""
        own = super().controls()
        if not self.model or not read_header(self.model).get("refiner"):
            return own
        return (*own, Control(REFINE, "how much detail is painted: 0 soft, 1 all", default=self.refine))

    def open(self, device: str) -> "VAE":
        return VAE(self, device)


class VAE(ModelGenerator):
    """Latents are spread about those of real pictures; ``latent`` draws from the Gaussian that fits these."""

    def __init__(self, config: Config, device: str) -> None:
        super().__init__(config, device)
        self.refine = config.refine

    def asked(self, latent: Latent, controls: Values) -> Latent:
        w = self.steered(latent, controls)
        return with_refine(w, controls.get(REFINE, self.refine)) if self.network.refines else w
