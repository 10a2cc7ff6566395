"""From a brush's checkpoint to the model file that is shown: the model with the averaged brush in float16.

It has learnt to go from a half of a picture's pixels to all of them; what is written goes from all to twice as many.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch

from installation.networks.model_file import Header, amend_model
from installation.networks.refiner import SCALE, Refiner
from installation.training.loop.saving import read_checkpoint
from installation.training.refiner.export import base_for, entry, learnt, tensors_of, write_ledger

GROUP = "brush"
CHANNELS = (16, 32, 48)
"""Feature maps at the size of what is painted on, a half and a quarter of it: 88 thousand weights."""
SEED = 0
"""Of the grain."""


def export(checkpoint: Path, out: Path, licence: str = "") -> Header:
    """Write the model file of a training checkpoint, whose folder holds its model; returns its header. All else is as a
    refiner's export has it."""
    state = read_checkpoint(checkpoint)
    brush = doubled(learnt(state))
    told = {**entry(state), "architecture": brush.arch.header()}
    header = amend_model(base_for(checkpoint.parent, out), GROUP, tensors_of(brush), told, out, licence)
    write_ledger(json.loads(state["facts"]), out, GROUP)
    return header


def doubled(brush: Refiner) -> Refiner:
    """The same for pictures of twice the size, with a grain of its own."""
    torch.manual_seed(SEED)
    large = Refiner(replace(brush.arch, resolution=SCALE * brush.arch.resolution))
    grain = {name: tensor for name, tensor in large.state_dict().items() if name.startswith("grain")}
    large.load_state_dict(brush.state_dict() | grain)
    return large.requires_grad_(False)
