"""The interface of a training run to the training loop, for any kind of network: a GAN or a VAE.

`train --model NAME` loads the module `installation.training.NAME.run`, which has two functions:

    begin(options, supply, devices, facts, kept) -> Run      the run that the command's options ask for; `kept` is what
                                                             its checkpoint holds, or None (see saving.py)
    export(checkpoint, out, licence="") -> header            the model file of its checkpoint

Loop, saving, exact resume, logs, sheets, collapse watch, devices and the pyramid of pictures are common to all.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Protocol

from torch import Tensor

from installation.training.dataset.pictures import Picture


@dataclass
class Progress:
    """What a run has done so far; saved with the weights."""

    images: int = 0
    steps: int = 0
    seconds: float = 0.0
    """Seconds by the clock on the wall, of all sessions together; what is between two sessions does not count."""
    spread: float = 0.0
    """How much the samples differ from one another, as a share of what the real pictures do (see watch.py)."""
    widest: float = 0.0
    """The largest spread so far, at most 1: an untrained network has larger ones."""
    figures: dict[str, float] = field(default_factory=dict)
    """The kind's own running figures (losses ...), as last read from the device; flat beside the others in JSON."""

    @classmethod
    def read(cls, text: str) -> Progress:
        """From the JSON in a checkpoint."""
        values = json.loads(text)
        own = {f.name: values.pop(f.name) for f in fields(cls) if f.name in values}
        return cls(**own, figures=values)

    def text(self) -> str:
        """To the JSON in a checkpoint."""
        values = asdict(self)
        figures = values.pop("figures")
        return json.dumps({**values, **figures})


class Timetable(Protocol):
    """Where a run is in its schedule."""

    @property
    def total(self) -> int:
        """Pictures of the whole schedule."""

    def phase(self) -> tuple[int, float]:
        """(resolution, fade) for the pictures seen so far; fade is 1 where nothing is being blended in."""

    def left(self) -> float:
        """What is left of the schedule, counted in pictures of the present size: one twice as costly counts two."""


class Shown(Protocol):
    """Pictures that tell how a run goes."""

    def samples(self) -> Picture:
        """(n, r, r, 3) uint8: paintings of the averaged network, always from the same seeds, not truncated."""

    def reals(self) -> Picture:
        """(n, r, r, 3) uint8: training pictures of the present resolution, evenly chosen, always the same."""

    def sheet(self) -> Picture:
        """(h, w, 3) uint8: what an artist looks at, always from the same seeds."""


class Run(Protocol):
    """One training run. Its random numbers come from one generator of its own, whose state is part of `state`."""

    model: str
    """"gan" or "vae": the name of its module."""
    progress: Progress

    @property
    def timetable(self) -> Timetable: ...

    @property
    def shown(self) -> Shown: ...

    def step(self) -> None:
        """Learn from one batch; counts `progress.images` and `progress.steps`. Never waits for the device."""

    def read(self) -> dict[str, float]:
        """The running figures into `progress.figures`, and back. Waits for the device: called about once a second."""

    def alarm(self) -> str | None:
        """What is wrong with the figures as last read, in words that end a sentence; None where all is well."""

    def weights(self) -> list[Tensor]:
        """All that is being learnt."""

    def state(self) -> dict[str, Any]:
        """All that `load` needs to go on, bit for bit: tensors, numbers and JSON text (see saving.py)."""

    def load(self, state: dict[str, Any]) -> list[str]:
        """Go on from there; returns messages, a sentence each. Raises TrainingError where it cannot."""
