"""The directions in a model file as knobs: their addresses and their controls."""

import re
import unicodedata

from installation.core.controls import Control
from installation.networks.model_file import Header

REACH = 3.0
"""The most steps that a hand moves along a direction, either way."""


def slug(name: str) -> str:
    """A direction's name as the last word of an OSC address; empty for a name without any Latin letter or digit."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub("[^a-z0-9]+", "-", plain).strip("-")


def address(number: int, name: str) -> str:
    """The OSC address of a model's direction; ``number`` counts from 1 and stands in for a name in another script."""
    return f"/generator/direction/{slug(name) or number}"


def direction_controls(header: Header) -> tuple[Control, ...]:
    """A knob for each direction in the model file, at rest in the middle."""
    return tuple(
        Control(
            address(number, one["name"]),
            f"{_told(number, one['name'])}; 1 is the same visible step for every direction",
            "float",
            -REACH,
            REACH,
            0.0,
            "step",
        )
        for number, one in enumerate(header.get("directions") or (), start=1)
    )


def _told(number: int, name: str) -> str:
    return f"direction {number} of the model, not named yet" if name == str(number) else name
