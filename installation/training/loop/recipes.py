"""The hyperparameters of a training, as its checkpoint holds them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any


def known_values(kind: type[Any], text: str) -> dict[str, Any]:
    """What the JSON in a checkpoint says of the fields of a recipe, a dataclass; what newer or older versions had
    besides is left out."""
    known = {f.name for f in fields(kind)}
    return {name: value for name, value in json.loads(text).items() if name in known}
