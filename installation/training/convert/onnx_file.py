"""Generators in ONNX files: what is taken and what is refused, networks/onnx.py says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from installation.core.errors import ModelError
from installation.networks import onnx
from installation.training.convert.branches import Converted, Floats
from installation.training.convert.containers import OnnxFile

FAMILY = "ONNX"
TRIED = 8
"""Pictures painted to see in which range their numbers are."""
DARKEST, BRIGHTEST = -0.05, 2.0
"""Below the one they are not 0..1, above the other 0..255."""


def recognise(root: Any, where: str, labels: Sequence[int] | None, most: int) -> Converted | None:
    """The network of a file's content, or None where it is no ONNX file. Raises ModelError for one that is refused."""
    if not isinstance(root, OnnxFile):
        return None
    opened = onnx.session(root.raw, where)
    options = onnx.described(onnx.checked(root.raw, where), where)
    arch = onnx.Architecture(**options, range="-1..1")
    z = np.random.default_rng(0).standard_normal((TRIED, arch.z_dim)).astype(np.float32)
    pictures = tried(onnx.Network(arch, opened), z, where)
    told = range_of(pictures)
    held = {onnx.FILE: np.frombuffer(root.raw, np.uint8)}
    note = f"Its pictures were taken as {told}, as those of {TRIED} seeds are."
    return Converted("onnx", {**options, "range": told}, held, FAMILY, notes=(note,))


def tried(network: onnx.Network, z: Floats, where: str) -> Floats:
    """Pictures of some seeds. Raises ModelError where they are no function of z."""
    try:
        pictures, again = (network.synthesis(z).numpy() for _ in range(2))
    except ModelError as error:
        raise ModelError(f"{where}: {error}") from None
    if not np.isfinite(pictures).all():
        raise ModelError(f"{where}: paints numbers that are not finite.")
    if not np.array_equal(pictures, again):
        raise ModelError(f"{where}: paints another picture each time; export it with constant noise.")
    if float(np.ptp(pictures, axis=0).max()) == 0.0:
        raise ModelError(f"{where}: paints the same picture for every z, so it is no generator.")
    return pictures


def range_of(pictures: Floats) -> onnx.Range:
    if float(pictures.min()) < DARKEST:
        return "-1..1"
    return "0..255" if float(pictures.max()) > BRIGHTEST else "0..1"
