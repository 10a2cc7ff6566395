"""``[votes]`` of a show file: how visitors without a phone vote, and how long what was liked counts."""

from collections.abc import Mapping
from typing import Annotated, Literal, cast

from pydantic import AfterValidator, Field, ValidationInfo

from installation.core.errors import Refused, did_you_mean
from installation.showfile.messages import shown
from installation.showfile.parts import Table, reading_of

Vote = Literal["vote/like", "vote/pass", "vote/left", "vote/right"]

TAKEN = ("a", "n", "h", "b", "r", "s", "f", "f11", "escape")
"""Keys that are the operator's, or the window's."""

PAD = "button "
"""How the names of a gamepad's buttons begin: ``button 0``."""


def _keys(keys: Mapping[str, Vote]) -> Mapping[str, Vote]:
    for key in keys:
        if not key.strip() or key != key.lower() or len(key) > 24:
            raise Refused('the names of keys in small letters, such as "l", "left", "space" or "button 0"', shown(key))
        if key in TAKEN:
            raise Refused("keys that the operator has not", f'"{key}" is one of {", ".join(TAKEN)}')
        if key.startswith(PAD) and not key.removeprefix(PAD).isdecimal():
            raise Refused('a button of a gamepad by its number, such as "button 0"', f'"{key}" has none')
    return keys


def _placed(sensor: str, info: ValidationInfo) -> str:
    """A sensor that tells where visitors are."""
    reading = reading_of(info)
    ending = ".visitor1_x"
    known = [name.removesuffix(ending) for name in reading.signals if name.endswith(ending)]
    if sensor and sensor not in known and sensor not in reading.unsure:
        raise Refused(
            f"a sensor that tells places: {', '.join(known) or 'this show has none'}", did_you_mean(sensor, known)
        )
    return sensor


class Votes(Table):
    keys: Annotated[Mapping[str, Vote], AfterValidator(_keys)] = Field(
        cast(Mapping[str, Vote], {"l": "vote/like", "p": "vote/pass", "left": "vote/left", "right": "vote/right"}),
        max_length=32,
    )
    """Keys of the keyboard, as which button boxes count, and buttons of gamepads, by which visitors vote."""
    presses: int = Field(1, ge=1, le=100)
    """For how many visitors one device may vote in a round; after that each press takes the place of the oldest."""
    stand: Annotated[str, AfterValidator(_placed)] = ""
    """A camera: who stands on the left or on the right for two seconds votes for the first or the second candidate."""
    half_life: float = Field(14.0, ge=0.1, le=3650.0)
    """Days after which what was liked counts half."""
    portrait: bool = True
    """Whether the portrait of the day is painted at closing."""

    @property
    def pad(self) -> bool:
        """Whether buttons of gamepads are among the keys."""
        return any(key.startswith(PAD) for key in self.keys)

    @property
    def commands(self) -> dict[str, str]:
        """The address of each key's command."""
        return {key: f"/{vote}" for key, vote in self.keys.items()}
