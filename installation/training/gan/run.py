"""Training a StyleGAN2-type network, at one size or growing, at most 1024 px.

The recipe, and why; its formulas are in losses.py, what it is made of in recipe.py:

* **Non-saturating loss with lazy R1**, or the relativistic pairing loss with R1 and R2 (losses.py). R1 begins at four
  times the reference's heuristic and ends at it: calm at first, detail at last.
* **LeCam regularisation** and **DiffAugment with an adaptive share** (arXiv 2104.03310, 2006.10738, 2006.06676): a
  thousand pictures are not enough without.
* **Further judges** (judges.py): of the band round the eyes of aligned faces; on the features of a pretrained network,
  as a small term.
* **One batch of paintings** for the judges and for the generator's own step: a fifth of a step less.
* **Noise and mixed styles** (arXiv 1812.04948): what texture is made of, and styles that can be steered by size.
* **Growing** (arXiv 1710.10196) where the stages say so: the budget is first spent where a picture costs little. New
  sizes are faded in slowly; a level that was trained long alone leaves texture of its own in what comes after it.
* **A moving average of the generator**, with a ramp for one that begins anew (arXiv 2006.06676).
* **Equalised learning rate, Adam with beta1 0** (arXiv 1710.10196, 1912.04958).
* Activations in bfloat16 and channels last where the device multiplies bfloat16 natively; losses, styles and the
  discriminator's end stay in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from installation.core.errors import TrainingError
from installation.networks.stylegan2_generator import Architecture
from installation.training.dataset.supply import Supply
from installation.training.gan import checkpoint
from installation.training.gan.architecture import architecture as architecture
from installation.training.gan.architecture import effort
from installation.training.gan.augment import Share
from installation.training.gan.export import export as export
from installation.training.gan.judges import Lesson, judges_of
from installation.training.gan.learner import Learner
from installation.training.gan.options import CLOSEST, EYES, GanOptions
from installation.training.gan.recipe import R1_HEURISTIC, Recipe
from installation.training.loop.devices import Devices
from installation.training.loop.figures import RunningMeans
from installation.training.loop.numbers import Numbers
from installation.training.loop.options import TrainOptions
from installation.training.loop.run import Progress
from installation.training.loop.samples import Samples
from installation.training.loop.schedule import Phase, Timetable, softened
from installation.training.loop.windows import show

Facts = dict[str, Any]

FIGURES = ("sure", "loss_d", "loss_g")
"""Running means of: how often the real picture scores above the other (or above 0), as -1..1; the losses. Beside them
stands `share`, the probability of each augmentation, and the discriminator's loss of each further judge."""
MEMORY = (0.05, 0.02, 0.02)
"""How fast the running means decay, per step."""
RUNAWAY = 50.0
"""A loss beyond this does not recover; it normally stays below 5."""
HOPELESS = 12.0
"""The generator's loss at which its gradient has nearly vanished: its pictures score e**-12."""
AVERAGE = 312.5
"""Steps that the half-life of the moving average has at least (arXiv 2006.06676: 10,000 pictures of 32 a step)."""
PIXELS_AT_ONCE = 16 * 256 * 256
"""Pictures of this many pixels in all fit a device with 8 GB at once; a larger batch is learnt from in parts."""


class Gan:
    """One training run of a GAN: networks, optimisers and progress. The methods of run.Run are the loop's."""

    model = "gan"

    def __init__(
        self, supply: Supply, arch: Architecture, recipe: Recipe, devices: Devices, facts: Facts | None = None
    ) -> None:
        """`facts` are the sources of the pictures and the options; they are written into the model's header."""
        torch.manual_seed(recipe.seed)  # the weights that a run begins with are the same on every device
        self.supply, self.arch, self.recipe, self.devices = supply, arch, recipe, devices
        self.facts, self.progress = dict(facts or {}), Progress()
        self.learner = Learner(arch, recipe, devices)
        self.judges = judges_of(arch, recipe, devices)
        self.share = Share(recipe.augment, recipe.share_target, recipe.share_speed, devices.device)
        others = [f"loss_{judge.name}" for judge in self.judges[1:]]
        memory = (*MEMORY, *(MEMORY[1] for _ in others))
        self.figures = RunningMeans((*FIGURES, *others), memory, devices.device)
        self.timetable = Timetable(recipe, lambda size: effort(arch, size), lambda: self.progress.images)
        self.numbers = Numbers(recipe.seed, recipe.batch, devices)
        phase = self.timetable.phase
        self.shown = Samples(supply, phase, lambda n, psi: self.learner.painted(n, psi, *phase()))

    # -- one step -------------------------------------------------------------------------------------------------

    def step(self) -> None:
        """One step: each judge is trained, with its penalty where due, then the generator on their losses."""
        resolution, fade = self.timetable.phase()
        hand = self.numbers.hand(self.supply, resolution)
        real = softened(show(self.supply, hand, resolution, self.recipe.closest, self.numbers), fade)
        parts = list(self.numbers.parts(resolution, PIXELS_AT_ONCE, self.recipe.at_once))
        r1 = self.recipe.r1_at(self.progress.images / self.timetable.total)
        lesson = Lesson(self.numbers, parts, fade, self.share.value, r1)
        resting = self.progress.images < self.recipe.head_start
        with torch.set_grad_enabled(not resting):
            fakes = self.learner.painted_once(self.learner.draw(self.numbers), resolution, fade, len(parts))
        told = [judge.learn(real, fakes, lesson) for judge in self.judges]
        for judge in self.judges:
            judge.penalise(real, lesson, self.progress.steps)
        loss_g = self.figures.values[2] if resting else self.learner.learn(self.judges, real, fakes, lesson)[0]
        self.progress.steps += 1
        self.progress.images += self.recipe.batch
        self.learner.follow(self.progress.images)
        self.follow(told, loss_g)

    def follow(self, told: Sequence[Tensor], loss_g: Tensor) -> None:
        """The running means, and from them how much is augmented."""
        seen = torch.stack([*told[0], loss_g, *(loss for _, loss in told[1:])])
        self.devices.mean_([seen])
        self.figures.follow(seen)
        self.share.follow(self.figures.values[0], self.recipe.batch)

    # -- how it goes ----------------------------------------------------------------------------------------------

    def read(self) -> dict[str, float]:
        self.progress.figures = {"share": float(self.share.value), **self.figures.read()}
        return self.progress.figures

    def weights(self) -> list[Tensor]:
        nets = [self.learner.net, *(judge.net for judge in self.judges)]
        return [weight for net in nets for weight in net.parameters()]

    def alarm(self) -> str | None:
        figures = self.progress.figures
        loss_d, loss_g = figures["loss_d"], figures["loss_g"]
        if max(abs(loss_d), abs(loss_g)) > RUNAWAY:
            return f"the losses have run away to {loss_d:.3g} and {loss_g:.3g}"
        if loss_g > HOPELESS:
            return f"the discriminator cannot be fooled any more (losses {loss_d:.3g} and {loss_g:.3g})"
        return None

    # -- keeping --------------------------------------------------------------------------------------------------

    def state(self) -> dict[str, Any]:
        return checkpoint.state(self)

    def load(self, state: dict[str, Any]) -> list[str]:
        return checkpoint.load(self, state)


def begin(
    options: TrainOptions[GanOptions],
    supply: Supply,
    devices: Devices,
    facts: Facts,
    kept: Mapping[str, Any] | None = None,
) -> Gan:
    """The run that the command's options ask for, with the network that its checkpoint `kept`, or the model that it
    starts from, has. Raises TrainingError where the pictures do not suit an option."""
    recipe = recipe_of(options, facts)
    form = checkpoint.form_of(options.schedule.start_from, kept)
    arch = architecture(recipe.stages[-1].resolution, options.width, form)
    run = Gan(supply, arch, recipe, devices, facts)
    if options.schedule.start_from:
        checkpoint.start_from(run, options.schedule.start_from)
    return run


def recipe_of(options: TrainOptions[GanOptions], facts: Facts) -> Recipe:
    """The recipe for the options. Faces aligned by `prepare --crop face` (stated in prepared.json) are trained on whole
    and with a judge of the eyes, other pictures in windows."""
    asked, aligned = options.own, facts.get("crop") == "face"
    if asked.eyes and not aligned:
        raise TrainingError(
            f"--eyes {asked.eyes:g}: the pictures were prepared with --crop {facts.get('crop', 'centre')}, so it "
            "is not known where the eyes are. Prepare them with --crop face --landmarks FILE, or leave --eyes out."
        )
    r1 = 4 * R1_HEURISTIC / options.batch if asked.r1 is None else asked.r1
    return Recipe(
        stages=tuple(Phase(size, kimg) for size, kimg in options.stages),
        batch=options.batch,
        at_once=options.devices.batch_gpu,
        learning_rate=options.recipe.learning_rate or Recipe.learning_rate,
        loss=asked.loss,
        r1=r1,
        r1_end=r1 / 4 if asked.r1_end is None else asked.r1_end,
        lecam=asked.lecam,
        eyes=(EYES if aligned else 0.0) if asked.eyes is None else asked.eyes,
        projected=asked.projected,
        closest=options.recipe.closest or (1.0 if aligned else CLOSEST),
        fade=asked.fade * 1000,
        average=max(Recipe.average, AVERAGE * options.batch),
        augment=asked.augment,
        seed=options.recipe.seed,
    )
