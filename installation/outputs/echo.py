"""Sends the show's state to the operator's surfaces: every control, the lasting switches, and the readouts."""

from typing import Literal

from pydantic import Field

from installation.core import readouts
from installation.core.commands import BLACKOUT, FREEZE, HOLD, PIECE
from installation.core.contracts import Output, OutputConfig, Pixels, Surfaces, Surroundings, Wanted
from installation.core.decision import Decision
from installation.core.errors import DeviceError

IDLE = 1.0
"""Seconds between two answers while no surface listens: one that comes is sent what is not much older."""


class Config(OutputConfig):
    kind: Literal["echo"] = "echo"
    rate: float = Field(30.0, gt=0.0, le=30.0, description="answers a second")

    def open(self, surroundings: Surroundings) -> "Echo":
        if surroundings.surfaces is None:
            raise DeviceError(
                "echo: OSC is not heard in this show ([operator] enabled = false), so there is no surface to send to"
            )
        return Echo(surroundings.surfaces, 1.0 / self.rate, len(surroundings.pieces))


class Echo(Output):
    def __init__(self, surfaces: Surfaces, interval: float, pieces: int) -> None:
        self.surfaces, self.interval, self.pieces = surfaces, interval, pieces
        self._told = -IDLE

    def wants(self, now: float) -> Wanted:
        wait = self.interval if self.surfaces.listening else IDLE
        return "decision" if now >= self._told + wait else "nothing"

    def show(self, decision: Decision, pixels: Pixels | None) -> None:
        self._told = decision.time
        wall = decision.wall
        switches = {HOLD: wall.playback.hold, BLACKOUT: wall.blackout, FREEZE: wall.freeze}
        switched = {**{address: float(on) for address, on in switches.items()}, PIECE: float(wall.lead)}
        told = readouts.numbers(decision, self.pieces)
        self.surfaces.echo({**decision.kept, **wall.controls, **switched, **told})
        for address, text in readouts.texts(decision).items():
            self.surfaces.say(address, text)

    def close(self) -> None:
        """Nothing to finish: the surfaces are not opened here."""
