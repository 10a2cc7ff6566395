"""The file of further cues beside a show: the program writes snapshots into it, the show's own file stays as it is.

It holds ``[[cue]]`` and nothing else. It is ``NAME.cues.toml`` beside ``NAME.toml``, or what ``[schedule] cues`` names,
and need not be there.
"""

import tomllib
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from installation.core.atomic_write import write_whole
from installation.core.controls import Control, Values
from installation.core.errors import Fault, ShowError
from installation.showfile.messages import Finding, Source
from installation.showfile.toml_source import LARGEST, read_source, source_of

FADE = "5 s"
"""Of a cue that is written anew; what the file says of it later is kept."""

MOST = 256
"""Cues that the program writes into one file."""

HEAD = "Cues that the running show was asked to keep. Each may be edited, renamed or taken out."


def place_of(path: Path, data: Mapping[str, Any]) -> Path:
    """Where the cue file of the show in ``path``, whose tables are ``data``, is or would be."""
    schedule = data.get("schedule")
    named = schedule.get("cues") if isinstance(schedule, dict) else None
    folder = path.absolute().parent
    return folder / named if isinstance(named, str) and "\0" not in named else folder / f"{path.stem}.cues.toml"


@dataclass(frozen=True, slots=True)
class Texts:
    """What a show's own file says, and its cue file."""

    show: str
    cues: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """A show's tables with the cues of its cue file at their end; ``faults`` are those of the cue file itself."""

    source: Source
    faults: tuple[Fault, ...] = ()


def join(path: Path, source: Source, kept: str | None = None) -> Joined:
    """The show of ``path``, read as ``source``, with its cue file; ``kept`` is read in the place of what that has."""
    place, own = place_of(path, source.data), source.data.get("cue", [])
    if not isinstance(own, list) or (kept is None and not place.is_file()):
        return Joined(source)
    try:
        found = read_source(place, _called(path, place)) if kept is None else source_of(kept, _called(path, place))
    except ShowError as error:
        return Joined(replace(source, cues=None), error.faults)
    others = [name for name in found.data if name != "cue"]
    faults = [found.fault(Finding((name,), "another table", "[[cue]] and nothing else")) for name in others]
    cues = found.data.get("cue", [])
    if not isinstance(cues, list):
        faults.append(found.fault(Finding(("cue",), "no list of tables", "tables, each written [[cue]]")))
        return Joined(replace(source, cues=None), tuple(faults))
    return Joined(_together(source, found, own, cues), tuple(faults))


def _called(path: Path, place: Path) -> str:
    """What messages call the cue file: as the show of ``path`` is called, unless it lies elsewhere."""
    folder = path.absolute().parent
    return str(path.parent / place.relative_to(folder)) if place.is_relative_to(folder) else str(place)


def _together(source: Source, found: Source, own: list[Any], cues: list[Any]) -> Source:
    first = len(own)
    lines = {
        ("cue", loc[1] + first, *loc[2:]): line
        for loc, line in found.lines.items()
        if loc[:1] == ("cue",) and len(loc) > 1 and isinstance(loc[1], int)
    }
    return replace(
        source,
        data={**source.data, "cue": [*own, *cues]} if cues else source.data,
        lines={**source.lines, **lines},
        files={("cue", first + at): found.file for at in range(len(cues))},
        cues=found.text,
    )


# ---------------------------------------------------------------- writing


def written(control: Control, value: float) -> bool | int | float | str:
    """A control's value as a show file has it: six digits, within the control's range."""
    if control.type == "choice":
        return control.choices[round(value)]
    if control.type == "bool":
        return value >= 0.5
    number = control.clamp(float(f"{control.clamp(value):.6g}"))
    return int(number) if control.type == "int" else number


def with_cue(text: str, name: str, values: Values, controls: Mapping[str, Control]) -> str:
    """The text of a cue file in which the cue ``name`` has these values of ``controls``, by address: at the end, or in
    the place of one of that name, of which all but its values stays. Raises ValueError where the text is no TOML, or
    full."""
    import tomlkit  # imported here: snapshots are rare

    document = tomlkit.parse(f"{text.rstrip() or f'# {HEAD}'}\n\n")
    cues = document.get("cue", [])
    cue = next((one for one in cues if one.get("name") == name), None)
    if cue is None:
        if len(cues) >= MOST:
            raise ValueError(f"it holds {len(cues)} cues, expected {MOST} at most; take some out")
        document.setdefault("cue", tomlkit.aot()).append(tomlkit.table().add("name", name).add("fade", FADE))
        cue = document["cue"][-1]
    cue.setdefault("set", tomlkit.table())
    _put(cue["set"], {address[1:]: written(controls[address], value) for address, value in values.items()})
    made = tomlkit.dumps(document).rstrip() + "\n"
    tomllib.loads(made)
    return made


def _put(held: MutableMapping[str, Any], known: dict[str, Any]) -> None:
    """Replaces the values of a table; keys stay where they are, and as they are spelled."""
    for key in list(held):
        if key.removeprefix("/") in known:
            held[key] = known.pop(key.removeprefix("/"))
        else:
            del held[key]
    held.update(known)


def write_cue(path: Path, name: str, values: Values, controls: Mapping[str, Control]) -> None:
    """Writes a cue into a cue file, whole or not at all. Raises OSError, and ValueError as ``with_cue`` does."""
    raw = b""
    if path.exists():
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    made = with_cue(raw.decode("utf-8-sig"), name, values, controls).encode()
    if max(len(raw), len(made)) > LARGEST:
        raise ValueError("more than 1 MiB, which no show reads")
    write_whole(path, made)
