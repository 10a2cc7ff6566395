"""Several kinds of surfaces that are told the same."""

from collections.abc import Sequence

from installation.core.contracts import Surfaces
from installation.core.controls import Values


class FanOut:
    """Passes on what each of them is told; none of them waits."""

    def __init__(self, surfaces: Sequence[Surfaces]) -> None:
        self._surfaces = tuple(surfaces)

    @property
    def listening(self) -> bool:
        """Whether any of them is."""
        return any(one.listening for one in self._surfaces)

    def echo(self, values: Values) -> None:
        for one in self._surfaces:
            one.echo(values)

    def say(self, address: str, text: str) -> None:
        for one in self._surfaces:
            one.say(address, text)


def fan_out(*surfaces: Surfaces | None) -> Surfaces | None:
    """Those that there are, as one; None where there is none."""
    told = [one for one in surfaces if one is not None]
    return FanOut(told) if told else None
