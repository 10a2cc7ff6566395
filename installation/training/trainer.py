"""Training a small StyleGAN2-type network on two processor cores, growing from 32 px to 128 px.

The recipe, and why:

* **Growing** (arXiv 1710.10196): the budget is first spent where a picture costs little; new sizes are faded in.
* **Non-saturating loss with lazy R1** (arXiv 1801.04406, 1912.04958): a second derivative at every 16th step
  only. The relativistic R3GAN (arXiv 2501.05441) needs R1 and R2 at every step, about twice the work.
* **DiffAugment with an adaptive share** (arXiv 2006.10738, 2006.06676): a thousand pictures are not enough without.
* **A moving average of the generator** with a ramp, so early samples are not stale (arXiv 2006.06676).
* **Equalised learning rate, Adam with beta1 0** (arXiv 1710.10196, 1912.04958).
* Activations in bfloat16 and channels last where the processor multiplies bfloat16 natively; losses, styles and the
  discriminator's end stay in float32.
"""

from __future__ import annotations

import copy
import ctypes
import json
import math
import os
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from generators._stylegan2 import Architecture, Discriminator, Generator
from installation.errors import VernissageError
from installation.training.augment import MAX_SHARE, augment
from installation.training.pictures import Picture, contact_sheet

CHECKPOINT = "checkpoint.pt"
FORMAT = 1
CALMER = "Run the same command with a lower --learning-rate: it goes on from there."

Facts = dict[str, Any]


class TrainingError(VernissageError, RuntimeError):
    """Training cannot start or go on; says why and what to do."""


@dataclass(frozen=True)
class Stage:
    """Train at `resolution` px for `kimg` thousand real pictures."""

    resolution: int
    kimg: float


@dataclass(frozen=True)
class Recipe:
    """Everything that decides a training run apart from the pictures. Counts are in pictures, not in steps."""

    stages: tuple[Stage, ...] = (Stage(32, 60), Stage(64, 40), Stage(128, 100))
    batch: int = 16
    learning_rate: float = 0.0025
    r1: float = 5e-5
    """R1 weight per pixel of the picture: gamma = r1 * resolution**2."""
    r1_every: int = 16
    fade: float = 4000
    """Pictures over which a new resolution is blended in."""
    average: float = 6000
    """Half-life of the generator's moving average, in pictures; never more than a twentieth of what was seen."""
    share_target: float = 0.6
    share_speed: float = 60_000
    """Pictures in which the share of augmented pictures can go from 0 to 1."""
    seed: int = 0

    @classmethod
    def read(cls, text: str) -> Recipe:
        """From the JSON in a checkpoint."""
        values = json.loads(text)
        return cls(**{**values, "stages": tuple(Stage(**stage) for stage in values["stages"])})


@dataclass
class Progress:
    """What a run has done so far; saved with the weights."""

    images: int = 0
    steps: int = 0
    seconds: float = 0.0
    """Active time: processor seconds divided by threads, so a paused run does not age."""
    share: float = 0.3
    """Probability of each augmentation."""
    sure: float = 0.0
    """Running mean of the sign of the score of real pictures: 0 undecided, 1 learned by heart."""
    loss_d: float = 0.0
    loss_g: float = 0.0

    @classmethod
    def read(cls, text: str) -> Progress:
        """From the JSON in a checkpoint."""
        known = {f.name for f in fields(cls)}
        return cls(**{name: value for name, value in json.loads(text).items() if name in known})


class Trainer:
    """One training run: networks, optimisers and progress, saved to and resumed from a work folder."""

    def __init__(
        self,
        pictures: Picture,
        arch: Architecture,
        recipe: Recipe,
        threads: int,
        bf16: bool,
        facts: Facts | None = None,
    ) -> None:
        """`facts` say where the pictures came from and what was asked for; they end up in the model's header."""
        keep_memory()
        torch.manual_seed(recipe.seed)
        self.arch, self.recipe, self.threads, self.facts = arch, recipe, threads, dict(facts or {})
        self.dtype = torch.bfloat16 if bf16 else torch.float32
        self.progress = Progress()
        self.g, self.d = Generator(arch), Discriminator(arch)
        self.ema = copy.deepcopy(self.g).requires_grad_(False)
        lazy = recipe.r1_every / (recipe.r1_every + 1)
        lr = recipe.learning_rate
        self.opt_g = torch.optim.Adam(self.g.parameters(), lr=lr, betas=(0.0, 0.99), fused=True)
        self.opt_d = torch.optim.Adam(self.d.parameters(), lr=lr * lazy, betas=(0.0, 0.99**lazy), fused=True)
        self.pyramid = shrink(torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2))
        self.order: list[int] = []
        self.sample_z = torch.randn(64, arch.z_dim, generator=torch.Generator().manual_seed(1))

    # -- where in the schedule ------------------------------------------------------------------------------------

    @property
    def total(self) -> int:
        return int(sum(stage.kimg for stage in self.recipe.stages) * 1000)

    def place(self) -> tuple[int, float]:
        """(resolution, fade) for the images seen so far."""
        return stage_at(self.recipe, self.progress.images)

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One discriminator step, one generator step, every r1_every-th a gradient penalty."""
        resolution, fade = self.place()
        batch, progress = self.recipe.batch, self.progress
        real = self.draw(resolution, batch)
        if fade < 1:
            soft = F.interpolate(F.avg_pool2d(real, 2), scale_factor=2, mode="bilinear", align_corners=False)
            real = torch.lerp(soft, real, fade)
        loss_d, sure = self.step_d(real, resolution, fade)
        if progress.steps % self.recipe.r1_every == 0:
            self.step_r1(real, fade)
        loss_g = self.step_g(batch, resolution, fade)
        if not math.isfinite(loss_d + loss_g):
            raise TrainingError(
                f"the losses became {loss_d} and {loss_g} after {progress.images} pictures; "
                f"the last checkpoint is kept. {CALMER}"
            )
        progress.steps += 1
        progress.images += batch
        self.average(batch)
        self.adapt(sure, batch)
        progress.loss_d += 0.02 * (loss_d - progress.loss_d)
        progress.loss_g += 0.02 * (loss_g - progress.loss_g)

    def step_d(self, real: Tensor, resolution: int, fade: float) -> tuple[float, float]:
        with torch.no_grad():
            fake = self.g(torch.randn(len(real), self.arch.z_dim), resolution, fade, self.dtype)
        self.d.requires_grad_(True)
        both = augment(torch.cat([real, fake]), self.progress.share)
        score_real, score_fake = self.d(both, fade, self.dtype).chunk(2)
        loss = F.softplus(-score_real).mean() + F.softplus(score_fake).mean()
        self.descend(self.opt_d, loss)
        return float(loss.detach()), float(score_real.detach().sign().mean())

    def step_r1(self, real: Tensor, fade: float) -> None:
        """gamma/2 * |d score / d picture|^2 on real pictures, times r1_every because it is rare (arXiv 1912.04958)."""
        seen = augment(real, self.progress.share).requires_grad_(True)
        (slope,) = torch.autograd.grad(self.d(seen, fade, self.dtype).sum(), seen, create_graph=True)
        gamma = self.recipe.r1 * real.shape[-1] ** 2
        self.descend(self.opt_d, slope.float().square().sum((1, 2, 3)).mean() * (gamma / 2 * self.recipe.r1_every))

    def step_g(self, batch: int, resolution: int, fade: float) -> float:
        self.d.requires_grad_(False)
        fake = self.g(torch.randn(batch, self.arch.z_dim), resolution, fade, self.dtype)
        loss = F.softplus(-self.d(augment(fake, self.progress.share), fade, self.dtype)).mean()
        self.descend(self.opt_g, loss)
        self.d.requires_grad_(True)
        return float(loss.detach())

    def descend(self, optimiser: torch.optim.Optimizer, loss: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def average(self, batch: int) -> None:
        half_life = max(1.0, min(self.recipe.average, self.progress.images * 0.05))
        weight = 1 - 0.5 ** (batch / half_life)
        torch._foreach_lerp_(list(self.ema.parameters()), [p.data for p in self.g.parameters()], weight)

    def adapt(self, sure: float, batch: int) -> None:
        """Augment more when the discriminator is sure of the real pictures, less when it is not (arXiv 2006.06676)."""
        progress, recipe = self.progress, self.recipe
        progress.sure += 0.05 * (sure - progress.sure)
        move = math.copysign(batch / recipe.share_speed, progress.sure - recipe.share_target)
        progress.share = min(MAX_SHARE, max(0.0, progress.share + move))

    def draw(self, resolution: int, batch: int) -> Tensor:
        """A batch of real pictures (batch, 3, r, r) in -1..1: each is used once before any again; half are mirrored."""
        while len(self.order) < batch:
            self.order += torch.randperm(len(self.pyramid[resolution])).tolist()
        index, self.order = self.order[:batch], self.order[batch:]
        picture = self.pyramid[resolution][index].float() / 127.5 - 1
        return torch.where(torch.rand(batch, 1, 1, 1) < 0.5, picture.flip(3), picture)

    # -- keeping --------------------------------------------------------------------------------------------------

    def save(self, folder: Path) -> None:
        """Write the checkpoint beside the old one and rename it over: never half a file, never lost weights."""
        if not all(bool(torch.isfinite(p).all()) for p in (*self.g.parameters(), *self.d.parameters())):
            raise TrainingError(f"{folder}: weights are no longer finite; the checkpoint before is kept. {CALMER}")
        state = {
            "format": FORMAT,
            "arch": json.dumps(asdict(self.arch)),
            "recipe": json.dumps(asdict(self.recipe)),
            "progress": json.dumps(asdict(self.progress)),
            "facts": json.dumps(self.facts, ensure_ascii=False),
            "g": self.g.state_dict(),
            "d": self.d.state_dict(),
            "ema": self.ema.state_dict(),
            "opt_g": self.opt_g.state_dict(),
            "opt_d": self.opt_d.state_dict(),
        }
        partial = folder / (CHECKPOINT + ".partial")
        with partial.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / CHECKPOINT)

    def resume(self, folder: Path) -> None:
        """Go on from the checkpoint of a work folder; the architecture must be the same, the recipe may differ."""
        state = read_checkpoint(folder / CHECKPOINT)
        if json.loads(state["arch"]) != json.loads(json.dumps(asdict(self.arch))):
            raise TrainingError(
                f"{folder / CHECKPOINT}: holds another network ({state['arch']}). "
                "Use another --work folder, or delete it."
            )
        rates = [group["lr"] for optimiser in (self.opt_g, self.opt_d) for group in optimiser.param_groups]
        for name in ("g", "d", "ema", "opt_g", "opt_d"):
            getattr(self, name).load_state_dict(state[name])
        for rate, optimiser in zip(rates, (self.opt_g, self.opt_d), strict=True):
            optimiser.param_groups[0]["lr"] = rate  # the recipe's, not the checkpoint's
        self.progress = Progress.read(state["progress"])
        torch.manual_seed(self.recipe.seed + self.progress.images)

    def sheet(self, psi: float = 0.7, count: int = 36) -> Picture:
        """Painted by the averaged generator at the present resolution, always from the same seeds."""
        resolution, fade = self.place()
        with torch.inference_mode():
            centre = self.ema.mapping(torch.randn(2000, self.arch.z_dim, generator=torch.Generator().manual_seed(2)))
            w = torch.lerp(centre.mean(0), self.ema.mapping(self.sample_z[:count]), psi)
            painted = self.ema.synthesis(w, resolution, fade)
        return contact_sheet(to_uint8(painted))


def stage_at(recipe: Recipe, images: int) -> tuple[int, float]:
    """(resolution, fade): the stage after so many pictures, and how far its resolution is blended in, 0..1."""
    start, last = 0.0, len(recipe.stages) - 1
    for index, stage in enumerate(recipe.stages):
        if images < start + stage.kimg * 1000 or index == last:
            break
        start += stage.kimg * 1000
    return stage.resolution, min(1.0, (images - start) / recipe.fade) if index else 1.0


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Tensors and plain values only: a checkpoint is never a program."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise TrainingError(f"{path}: there is no checkpoint.") from None
    except Exception as error:  # noqa: BLE001 - torch raises a dozen kinds for a damaged file, by its version
        raise TrainingError(f"{path}: not a checkpoint, or a damaged one ({type(error).__name__}).") from None
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise TrainingError(f"{path}: not a checkpoint of this program.")
    return state


def shrink(pictures: Tensor) -> dict[int, Tensor]:
    """{resolution: (n, 3, r, r) uint8} from the full size down to 4 px, by averaging 2x2."""
    pyramid, x = {pictures.shape[-1]: pictures.contiguous()}, pictures.float()
    while x.shape[-1] > 4:
        x = F.avg_pool2d(x, 2)
        pyramid[x.shape[-1]] = x.round().to(torch.uint8)
    return pyramid


def keep_memory() -> None:
    """Tell glibc to keep freed memory: the page faults of giving it back cost a third of the speed at 128 px."""
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return  # another C library: nothing to tune
    for option, value in ((-1, 2**31 - 1), (-2, 2**28), (-4, 0)):  # M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX
        mallopt(option, value)


def to_uint8(painted: Tensor) -> Picture:
    """(n, 3, h, w) in -1..1 -> (n, h, w, 3) uint8."""
    levels = (painted.float() * 127.5 + 127.5).clamp_(0, 255).round_().to(torch.uint8)
    return np.ascontiguousarray(levels.permute(0, 2, 3, 1).numpy())


@dataclass(frozen=True)
class Habits:
    """When to stop and to save. Times in seconds; `minutes` of active time end a run that the schedule would not."""

    checkpoint: float = 180
    sheet: float = 240
    minutes: float = math.inf


def train(
    trainer: Trainer,
    folder: Path,
    tell: Callable[[Trainer], None],
    stop: Callable[[], bool] = lambda: False,
    habits: Habits = Habits(),
) -> bool:
    """Run to the end of the schedule, saving into the work folder as it goes. False: `stop` ended it before."""
    progress = trainer.progress
    clock = time.process_time() / trainer.threads - progress.seconds
    saved = shown = time.monotonic()
    while progress.images < trainer.total and progress.seconds < habits.minutes * 60 and not stop():
        trainer.step()
        progress.seconds = time.process_time() / trainer.threads - clock
        tell(trainer)
        if time.monotonic() - saved > habits.checkpoint:
            trainer.save(folder)
            saved = time.monotonic()
        if time.monotonic() - shown > habits.sheet:
            write_sheet(trainer, folder)
            shown = time.monotonic()
    trainer.save(folder)
    write_sheet(trainer, folder)
    return not stop()


def write_sheet(trainer: Trainer, folder: Path) -> None:
    resolution, _ = trainer.place()
    picture = Image.fromarray(trainer.sheet())
    picture.save(folder / f"sheet_{trainer.progress.images:08d}_{resolution}px.png")
    picture.save(folder / "sheet.png")
