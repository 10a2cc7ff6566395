"""From a VAE's checkpoint to the model file that is shown: the averaged networks in float16, and the
distribution of real pictures in the latent space.

    latent.mean   (latent,)    mean of the encoder's answers for the training pictures: what truncation pulls towards
    latent.basis  (k, latent)  their orthonormal principal directions, by falling variance; those not in use left out
    latent.std    (k,)         their standard deviation along each
    latent.gain   (k,)         mean absolute change of the picture, in levels of 255, per one std along each

Seeds and walks draw from this Gaussian and not from the standard normal prior: the latents of real pictures fill only
a part of that, and only there has the decoder learned what to paint.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from installation.networks.vae import (
    Architecture,
    Decoder,
    Network,
    VaeEncoder,
    build,
    decoder_tensors,
    encoder_tensors,
    read_architecture,
)
from installation.training.gan.export import (
    PSI,
    STEP,
    Floats,
    axes,
    gains,
    half,
    licences,
    training_facts,
    write_ledger,
)
from installation.training.latent.finishing import finish
from installation.training.loop.run import Progress
from installation.training.loop.saving import read_checkpoint
from installation.training.loop.schedule import phase_at
from installation.training.vae.recipe import LOOKED_AT, Recipe

LATENTS = 16
IN_USE = 0.1
"""A latent direction that real pictures differ by less along, in standard deviations of the prior, says nothing."""

GAIN = (
    f"mean |change| of the clipped picture in levels of 255 per std, at psi {PSI}, step {STEP}; "
    f"the first directions at {LATENTS} places, those beyond 64 at one"
)


def export(checkpoint: Path, out: Path, licence: str = "") -> dict[str, Any]:
    """Write the model file of a training checkpoint; returns its header. ``licence`` as in export.py."""
    state = read_checkpoint(checkpoint)
    whole = read_architecture(json.loads(state["arch"]))
    recipe, progress = Recipe.read(state["recipe"]), Progress.read(state["progress"])
    resolution, fade = phase_at(recipe, progress.images)
    net = torch.nn.ModuleDict({"encoder": VaeEncoder(whole), "decoder": Decoder(whole)})
    net.load_state_dict(state["ema"])
    tensors = {name: half(tensor) for name, tensor in decoder_tensors(net["decoder"], resolution, fade).items()}
    encoder = encoder_tensors(net["encoder"], resolution, fade)
    tensors |= {f"encoder.{name}": half(tensor) for name, tensor in encoder.items()}
    data = json.loads(state["facts"])
    about = header_of(whole.at(resolution), recipe, progress, data, json.loads(state["bound"]), licence)
    network = build(about, {name: tensor.astype(np.float32) for name, tensor in tensors.items()})
    facts = measure(network, state["latents"])
    header = finish(out, {**tensors, **{f"latent.{name}": value for name, value in facts.items()}}, about)
    write_ledger(out, data)
    return header


def header_of(
    arch: Architecture,
    recipe: Recipe,
    progress: Progress,
    data: Mapping[str, Any],
    bound: Mapping[str, Any],
    licence: str,
) -> dict[str, Any]:
    """``data`` are the facts of the run, ``bound`` the evidence lower bound that it reached."""
    return {
        "kind": "vae",
        "architecture": {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(arch).items()},
        "training": {**training_facts(recipe, progress, data), "elbo": bound},
        "ledger_sha256": data.get("ledger_sha256"),
        "licence": licences(licence, data),
        "latent": {"samples": LOOKED_AT, "gain": GAIN},
        "encoder": {
            "method": "the mean of the posterior; trained together with the decoder",
            "images": progress.images,
            "error": {"pixels_mae_real": (bound.get("held_out") or bound.get("training") or {}).get("error")},
        },
    }


def measure(network: Network, latents: Mapping[str, torch.Tensor]) -> dict[str, Floats]:
    """mean, basis, std and gain, from mean and covariance of the latents of real pictures."""
    mean, basis, std = axes(latents["mean"].double().numpy(), latents["covariance"].double().numpy())
    used = max(2, int((std > IN_USE).sum()))
    basis, std = basis[:used], np.maximum(std[:used], np.float32(1e-3))
    z = np.random.default_rng(0).standard_normal((LATENTS, used)).astype(np.float32)
    some = (mean + PSI * (z * std) @ basis).astype(np.float32)
    return {"mean": mean, "basis": basis, "std": std, "gain": gains(network, some, basis * std[:, None])}
