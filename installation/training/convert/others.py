"""Networks that are recognised by tensor names but cannot be converted, so that the error message can name them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from installation.training.convert.allowed import Part
from installation.training.convert.nvidia import network

PATTERNS = {
    "StyleGAN2 of the first kind for TensorFlow": r"G_synthesis/.*",
    "StyleGAN2-ADA or StyleGAN3 as a state dict (its .pkl tells more and is needed)": r"synthesis\.(b4|input)\..*",
}
"""{family: a tensor name that occurs in its state dict}."""


def family(root: Any, where: str) -> str | None:
    """The family of a content that no converter takes, or None."""
    whole = network(root, where)
    if whole is not None:
        synthesis = whole.maybe("synthesis")
        inside = ", ".join((synthesis or whole).children[:4])
        return f"a network of NVIDIA's kind of file with the class {whole.part.kind[:60]} and the parts {inside[:100]}"
    names = list(tensor_names(root))
    families = (kind for kind, pattern in PATTERNS.items() if any(re.fullmatch(pattern, name) for name in names))
    return next(families, None)


def tensor_names(root: Any) -> Iterator[str]:
    """The names in a dict and in the dicts that it holds."""
    if not isinstance(root, dict) or isinstance(root, Part):
        return
    for name, value in list(root.items())[:10_000]:
        yield str(name)[:200]
        if isinstance(value, dict):
            yield from (str(inner)[:200] for inner in list(value)[:10_000])
