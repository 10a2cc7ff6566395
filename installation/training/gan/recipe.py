"""The hyperparameters of training a GAN."""

from __future__ import annotations

from dataclasses import dataclass

from installation.training.loop.recipes import known_values
from installation.training.loop.schedule import Phase

LOSSES = ("non-saturating", "relativistic")
R1_HEURISTIC = 0.0002
"""R1 for each pixel of a picture, divided by the pictures in a step (the heuristic of StyleGAN2-ADA, arXiv 2006.06676:
gamma = 0.0002 * resolution**2 / batch)."""
BEFORE = {"mixing": 0.0, "lecam": 0.0, "eyes": 0.0, "projected": 0.0, "closest": 1.0, "average_ramp": True}
"""The values for a checkpoint of an older version, which does not state them."""


@dataclass(frozen=True)
class Recipe:
    """The hyperparameters of a training run. Counts are in pictures, not in steps."""

    stages: tuple[Phase, ...] = (Phase(64, 60), Phase(128, 100))
    batch: int = 16
    """Pictures in a step, over all devices; a multiple of 4 for each of them."""
    at_once: int | None = None
    """Most pictures on a device at a time; a larger batch is learnt from in parts. None: as fits (see numbers.py)."""
    learning_rate: float = 0.0025
    """Of generator and discriminators alike (the mapping network's is a hundredth)."""
    loss: str = "non-saturating"
    """One of LOSSES."""
    r1: float = 4 * R1_HEURISTIC / 16
    """R1 weight per pixel of the picture at the beginning: gamma = r1 * resolution**2. The relativistic loss has an R2
    of the same."""
    r1_end: float | None = None
    """The same at the end of the schedule, falling evenly until there; None: it stays."""
    r1_every: int = 16
    """The non-saturating loss is penalised at every so many steps, the relativistic one at each."""
    lecam: float = 3e-7
    """Weight of the LeCam regularisation (arXiv 2104.03310), of the non-saturating loss; 3e-7 is its authors' for
    StyleGAN2."""
    mixing: float = 0.9
    """Share of painted pictures that take their coarse blocks' style from one seed and the fine ones' from another."""
    eyes: float = 0.0
    """Weight, for the generator, of a second discriminator of the band round the eyes alone; 0: there is none.
    Pictures must be aligned faces (see EyeBand in judges.py)."""
    projected: float = 0.0
    """Weight, for the generator, of a discriminator on the features of a pretrained network; 0: none."""
    closest: float = 1.0
    """Side of the smallest window that is learnt from, as a share of a picture's own; 1: always the whole picture."""
    head_start: float = 0
    """Pictures that the discriminator learns from before the generator does, where that is already a good one."""
    fade: float = 20_000
    """Pictures over which a new resolution is blended in, at most half of its stage."""
    average: float = 6000
    """Half-life of the generator's moving average, in pictures."""
    average_ramp: bool = True
    """Shorter at the beginning: never more than a twentieth of what was seen. Off where a trained generator goes on."""
    augment: bool = True
    share_target: float = 0.6
    share_speed: float = 60_000
    """Pictures in which the share of augmented pictures can go from 0 to 1."""
    seed: int = 0

    def r1_at(self, done: float) -> float:
        """R1 weight per pixel after this share of the schedule, 0..1."""
        end = self.r1 if self.r1_end is None else self.r1_end
        return self.r1 + (end - self.r1) * min(1.0, done)

    @classmethod
    def read(cls, text: str) -> Recipe:
        """From the JSON in a checkpoint; what an older one does not have is as it was then."""
        values = known_values(cls, text)
        return cls(**{**BEFORE, **values, "stages": tuple(Phase(**stage) for stage in values["stages"])})
