"""Names that an artist gives to a model's directions; see steps/rename.py."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from installation.core.errors import ModelError, OptionError, did_you_mean
from installation.core.invocation import program
from installation.networks.direction_controls import address, slug
from installation.networks.model_file import amend_model, group_of, load_model, read_header

LONGEST = 60
"""Characters of a name."""

Entries = list[dict[str, Any]]


def table(model: Path) -> str:
    """A line for each direction: its address, its name, how it was found."""
    return "\n".join(
        f"{address(number, entry['name']):44}{entry['name']:32}{entry['method']} {entry.get('component', '')}"
        for number, entry in enumerate(entries(model), start=1)
    )


def renamed(model: Path, changes: Iterable[str]) -> str:
    """Writes the new names into the model file; returns the addresses that have changed, a line each."""
    before = entries(model)
    after = with_names(before, changes)
    _, tensors = load_model(model)
    amend_model(model, "directions", group_of(tensors, "directions"), after)
    pairs = enumerate(zip(before, after, strict=True), start=1)
    moved = [(address(number, one["name"]), address(number, new["name"])) for number, (one, new) in pairs]
    return "\n".join(f"{one} is now {new}" for one, new in moved if one != new) or "No address has changed."


def entries(model: Path) -> Entries:
    """The directions in a model's header. Raises ModelError where it has none."""
    entries = read_header(model).get("directions")
    if entries == []:
        raise ModelError(f"{model}: has no directions: none that was tried changes what is seen enough.")
    if not entries:
        raise ModelError(f"{model}: has no directions yet: {program()} directions {model}")
    return list(entries)


def with_names(before: Entries, changes: Iterable[str]) -> Entries:
    """The entries with all changes made at once, so that two names can be swapped. Raises OptionError."""
    after = [dict(entry) for entry in before]
    done: set[int] = set()
    for change in changes:
        now, equals, name = change.partition("=")
        if not equals:
            raise OptionError(f"rename: found {change!r}, expected NOW=NAME, such as 1=age.")
        index = index_of(now.strip(), before)
        if index in done:
            raise OptionError(f'rename: "{now.strip()}" is given two names; give it one.')
        done.add(index)
        after[index]["name"] = checked(" ".join(name.split()), index)
    return distinct(after)


def index_of(now: str, before: Entries) -> int:
    """The index of the direction with this name, this last word of its address, or this number."""
    numbered = list(enumerate(before, start=1))
    for known in (
        [entry["name"] for _, entry in numbered],
        [address(number, entry["name"]).rpartition("/")[2] for number, entry in numbered],
        [str(number) for number, _ in numbered],
    ):
        if now in known:
            return known.index(now)
    names = [entry["name"] for entry in before]
    hint = did_you_mean(now, names) or f"it has {', '.join(names)}"
    raise OptionError(f'rename: the model has no direction "{now}"; {hint}')


def checked(name: str, index: int) -> str:
    """A valid name. The only number allowed is the direction's own, which removes its name."""
    if not name or not name.isprintable():
        raise OptionError(f"rename: direction {index + 1} needs a name of letters that can be read, found {name!r}.")
    if len(name) > LONGEST:
        raise OptionError(f"rename: {name!r} has {len(name)} characters; {LONGEST} are the most.")
    if (slug(name) or name).isdecimal() and name != str(index + 1):
        raise OptionError(f"rename: {name!r} is a number, and direction {index + 1} has its own; give it a word.")
    return name


def distinct(after: Entries) -> Entries:
    """The entries, if no two of them have the same address."""
    seen: dict[str, str] = {}
    for number, entry in enumerate(after, start=1):
        where, name = address(number, entry["name"]), entry["name"]
        if where in seen:
            raise OptionError(f'rename: "{seen[where]}" and "{name}" would both be {where}; give one another name.')
        seen[where] = name
    return after
