"""The classes of a network that was trained with some, as knobs: which one is painted, and how much of the next is
mixed in.

Such a network's latents are the styles of all its classes side by side (see style_mapping.py), and its model file's
header names them: ``classes``, a list of names.
"""

from __future__ import annotations

from typing import Any

from installation.core.contracts import Latent
from installation.core.controls import Control, Values
from installation.core.errors import ModelError

CLASS, MIX = "/generator/class", "/generator/class-mix"


def names_of(header: dict[str, Any], name: object) -> tuple[str, ...]:
    """The names of a model's classes, none for most models. Raises ModelError where they are no names."""
    names = header.get("classes") or []
    if not isinstance(names, list) or not all(isinstance(one, str) and one for one in names):
        raise ModelError(f"{name}: header classes is no list of names.")
    if len(set(names)) < len(names):
        raise ModelError(f"{name}: header classes names one twice.")
    return tuple(names)


def class_controls(header: dict[str, Any], name: object) -> tuple[Control, ...]:
    names = names_of(header, name)
    if len(names) < 2:
        return ()
    return (
        Control(CLASS, "what is painted, of the classes that the model knows", "choice", choices=names),
        Control(MIX, "how much of the next class is mixed in; after the last comes the first", "float", 0.0, 1.0, 0.0),
    )


def of_class(latent: Latent, classes: int, controls: Values) -> Latent:
    """The style of the class that the knobs ask for, (w_dim,), out of those of all, (classes * w_dim,)."""
    if classes == 1:
        return latent
    styles = latent.reshape(classes, -1)
    chosen, mix = int(controls.get(CLASS, 0.0)) % classes, controls.get(MIX, 0.0)
    style: Latent = styles[chosen]
    if mix:
        style = style + latent.dtype.type(mix) * (styles[(chosen + 1) % classes] - style)
    return style
