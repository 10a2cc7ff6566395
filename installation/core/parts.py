"""Finds parts by the name of their file: each generator, sensor, walk, output and transition is one file."""

from functools import lru_cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from installation.core.errors import MissingDependency, PartError, did_you_mean

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {
    "generator": (ROOT / "generators", ".py", "generators"),
    "sensor": (ROOT / "sensors", ".py", "sensors"),
    "output": (ROOT / "installation" / "outputs", ".py", "installation.outputs"),
    "walk": (ROOT / "installation" / "walks", ".py", "installation.walks"),
    "transition": (ROOT / "installation" / "stage" / "transitions", ".glsl", ""),
}


def kinds(room: str) -> tuple[str, ...]:
    """The names of all parts of a kind, sorted; files that start with ``_`` are helpers. Imports nothing."""
    folder, ending, _ = ROOMS[room]
    return _listed(folder, ending, folder.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _listed(folder: Path, ending: str, changed: int) -> tuple[str, ...]:
    """``changed``: when a file came or went (ns). A show of a hundred pieces asks a thousand times."""
    return tuple(sorted(path.stem for path in folder.glob(f"*{ending}") if not path.stem.startswith("_")))


def check(room: str, kind: str) -> str:
    """``kind`` itself when there is such a part. Raises PartError, with the nearest name, when it has none."""
    known = kinds(room)
    if kind not in known:
        hint = did_you_mean(kind, known)
        raise PartError(f'no {room} "{kind}"; there are {", ".join(known)}' + (f"; {hint}" if hint else ""))
    return kind


def path(room: str, kind: str) -> Path:
    """The file of a part."""
    folder, ending, _ = ROOMS[room]
    return folder / f"{check(room, kind)}{ending}"


def config(room: str, kind: str) -> Any:
    """The ``Config`` class of a part that is a Python file (a subclass of contracts.PartConfig)."""
    module = import_module(f"{ROOMS[room][2]}.{check(room, kind)}")
    if not hasattr(module, "Config"):
        raise PartError(f"{path(room, kind)}: found no class Config, expected one (see installation/core/contracts.py)")
    return module.Config


def require(module: str, need: str, install: str) -> ModuleType:
    """Imports an optional library. Raises MissingDependency: ``need`` says what for, ``install`` the line to type."""
    try:
        return import_module(module)
    except (ImportError, OSError) as error:  # OSError: sounddevice without PortAudio
        raise MissingDependency(f"{need} needs {module}, which does not load ({error}); {install}") from error
