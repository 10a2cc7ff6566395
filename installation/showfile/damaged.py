"""A show some of whose models, or whose calendar, is damaged, as the disk of an exhibition that restarts unattended, or
another program that writes the calendar, may leave them.

A file that is not there is a fault of the show file, and so is a name that is no model's. A model that is there and
cannot be read takes only its own pieces off the wall; a calendar, only its events.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from installation.core.contracts import Generator, GeneratorConfig
from installation.core.errors import ModelError
from installation.showfile.messages import UNUSABLE, Finding, value_at

SUFFIX = ".safetensors"
CALENDAR = ("schedule", "calendar")


class Damaged(GeneratorConfig):
    """Stands for a generator whose ``model`` file is damaged; ``why`` is told whenever it shall be opened."""

    kind: Literal["damaged"] = "damaged"
    model: Path
    why: str

    def verify(self) -> None:
        raise ModelError(self.why)

    def open(self, device: str) -> Generator:
        raise ModelError(self.why)


def damaged(findings: Sequence[Finding], data: Mapping[str, Any], folder: Path) -> dict[str, Damaged]:
    """What stands for the generators of damaged models, by the model as the show file names it. Empty where anything
    else is at fault or no other piece is left."""
    found = [finding for finding in findings if _is_damaged(finding, data, folder)]
    if len(found) < len(findings) or len(found) == len(data.get("piece", ())):
        return {}
    named = {str(value_at(data, finding.loc)): finding.hint for finding in found}
    return {name: Damaged(model=folder / name, why=why) for name, why in named.items()}


def damaged_calendar(
    findings: Sequence[Finding], data: Mapping[str, Any], folder: Path
) -> tuple[str, Sequence[Finding]]:
    """Why the calendar cannot be read, where it is there, else nothing; and the other findings."""
    for at, finding in enumerate(findings):
        if finding.loc == CALENDAR and (folder / str(value_at(data, CALENDAR))).is_file():
            why = f"found {finding.found}, expected {finding.expected}" + (f"; {finding.hint}" if finding.hint else "")
            return why, [*findings[:at], *findings[at + 1 :]]
    return "", findings


def _is_damaged(finding: Finding, data: Mapping[str, Any], folder: Path) -> bool:
    at = finding.loc
    if finding.expected != UNUSABLE or (at[0], *at[2:]) != ("piece", "generator", "model"):
        return False
    model = value_at(data, at)
    return isinstance(model, str) and model.endswith(SUFFIX) and (folder / model).is_file()


def stands_for(generator: object, damage: Mapping[str, Damaged]) -> Damaged | None:
    """What stands for the generator of this table, None where its model is not damaged."""
    return damage.get(str(generator.get("model"))) if isinstance(generator, dict) else None


def bare(piece: Mapping[str, Any]) -> dict[str, Any]:
    """A piece's table with its name, time, label and poster, and nothing that depends on its model."""
    kept = {name: value for name, value in piece.items() if name not in ("wire", "set")}
    return {**kept, "walk": {"kind": "wander"}}
