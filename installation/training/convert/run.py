"""Conversion of another program's file: read, recognise, rebuild, measure, write. See commands/convert.py."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from installation.core.errors import ModelError
from installation.networks.model_file import NOT_TOLD, Header, Tensors, check_finite, whole
from installation.networks.model_generator import rebuild
from installation.training.convert import (
    fastgan,
    lightweight_gan,
    onnx_file,
    rosinality,
    stylegan2_ada,
    stylegan2_pytorch,
    stylegan3,
)
from installation.training.convert.branches import Converted
from installation.training.convert.containers import read
from installation.training.convert.measuring import measure, said
from installation.training.convert.others import family as family_of
from installation.training.latent.finishing import finish
from installation.training.latent.models import paints_slowly

FAMILIES = (stylegan2_ada, stylegan3, rosinality, stylegan2_pytorch, lightweight_gan, fastgan, onnx_file)
MOST_CLASSES = 16
"""The most classes that can be kept: a latent holds a style for each."""
SUPPORTED = (
    "a .pkl of StyleGAN2-ADA, StyleGAN3 (PyTorch) or Projected GAN, an .onnx, or a .pt, .pth or .safetensors with a "
    "state dict of rosinality's or lucidrains' stylegan2-pytorch, lightweight-gan, FastGAN or Projected GAN"
)


def convert(source: Path, out: Path, licence: str, classes: Mapping[int, str] | None, command: str) -> Header:
    """Writes the model file of a network in ``source``; returns its header. ``classes`` are those to keep, with names.

    Raises ModelError, in one line, for a file that is refused or not supported, OSError where the disk cannot."""
    converted = recognised(read(source), str(source), classes)
    tensors, header = model_of(converted, source, licence, classes, command)
    return finish(out, tensors, header)


def recognised(root: Any, where: str, classes: Mapping[int, str] | None) -> Converted:
    """The network of a file's content. Raises ModelError where it is of no known family."""
    wanted = None if classes is None else tuple(classes)
    for family in FAMILIES:
        with np.errstate(all="ignore"):  # numbers that are not finite are told when the model is made
            converted = family.recognise(root, where, wanted, MOST_CLASSES)
        if converted is not None:
            if classes is not None and not converted.known:
                raise ModelError(f"{where}: knows no classes; leave --classes out.")
            check_finite(where, converted.tensors)
            return converted
    known = family_of(root, where)
    raise ModelError(f"{where}: {f'is {known}, not supported' if known else seen(root)}; supported is {SUPPORTED}.")


def seen(root: Any) -> str:
    """A description of a file's content, for the error if no network was recognised."""
    if not isinstance(root, dict):
        return f"holds a {type(root).__name__.lower()}, in which no network was recognised"
    names = [str(key)[:40] for key in list(root)[:5]]
    return f"no network was recognised in its {len(root)} entries ({', '.join(names)}{' ...' if len(root) > 5 else ''})"


def model_of(
    converted: Converted, source: Path, licence: str, classes: Mapping[int, str] | None, command: str
) -> tuple[Tensors, Header]:
    """The content of the model file without directions: the network and its measured statistics."""
    header: Header = {
        "kind": converted.kind,
        "architecture": converted.architecture,
        "training": {"images": None, "command": command, **converted.told},
        "ledger_sha256": None,
        "licence": {"weights": licence or NOT_TOLD, "data": NOT_TOLD},
        "source": {
            "file": source.name,
            "family": converted.family,
            "bytes": source.stat().st_size,
            "sha256": digest(source),
            **({"notes": list(converted.notes)} if converted.notes else {}),
        },
    }
    if len(converted.labels) > 1:
        header["classes"] = [(classes or {}).get(label) or str(label) for label in converted.labels]
    tensors = whole(converted.tensors)
    network = rebuild(header, tensors, "cpu", source)
    slow = paints_slowly(header, tensors)
    facts = measure(network, converted.mean, slow, str(source))
    header["latent"] = said(network, facts, converted.mean is not None, slow)
    return {**tensors, **{f"latent.{name}": fact for name, fact in facts.items()}}, header


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
