"""Changes to a cue of a show's cue file: its fade, and its place among the others. What else the file says stays."""

import tomllib
from collections.abc import MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from installation.core.atomic_write import write_whole
from installation.showfile.toml_source import LARGEST

LONGEST = 86400.0
"""Seconds of a fade, at most."""


@dataclass(frozen=True, slots=True)
class CueChange:
    """``fade`` in seconds, None where it stays; ``steps`` down the file, below 0 up."""

    name: str
    fade: float | None = None
    steps: int = 0


def changed(text: str, change: CueChange) -> str:
    """The text of a cue file after a change. Raises ValueError where the text is no TOML or has no such cue, and for a
    fade that is no time of a day at most."""
    import tomlkit  # imported here: cues are seldom edited

    document = tomlkit.parse(text)
    cues = document.get("cue", [])
    at = next((place for place, cue in enumerate(cues) if cue.get("name") == change.name), None)
    if at is None:
        raise ValueError(f'found no cue "{change.name}" there, expected one of {[cue.get("name") for cue in cues]}')
    if change.fade is not None:
        if not 0.0 <= change.fade <= LONGEST:
            raise ValueError(f"found a fade of {change.fade:g} s, expected 0 to {LONGEST:g}")
        cues[at]["fade"] = f"{change.fade:g} s"
    if change.steps:
        order = [*range(len(cues))]
        order.insert(max(0, min(at + change.steps, len(cues) - 1)), order.pop(at))
        _arrange(document, [cues[place] for place in order])
    made = tomlkit.dumps(document).rstrip() + "\n"
    tomllib.loads(made)
    return made


def _arrange(document: MutableMapping[str, Any], cues: list[Any]) -> None:
    """Puts the cues into this order."""
    import tomlkit

    document["cue"] = tomlkit.aot()
    for cue in cues:
        document["cue"].append(cue)


def change_cue(path: Path, change: CueChange) -> None:
    """Changes a cue of a cue file, which is written whole or not at all. Raises OSError, and ValueError as ``changed``
    does."""
    with path.open("rb") as file:
        raw = file.read(LARGEST + 1)
    made = changed(raw.decode("utf-8-sig"), change).encode()
    if max(len(raw), len(made)) > LARGEST:
        raise ValueError("more than 1 MiB, which no show reads")
    write_whole(path, made)
