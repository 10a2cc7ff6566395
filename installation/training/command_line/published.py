"""A command as it is published in a model's header, a report and a card."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from installation.core import invocation


def command_line(words: Sequence[str]) -> str:
    """What to type to get this again. Folders elsewhere are told by their name alone: where somebody's disk keeps
    things is nobody's business."""
    return shlex.join(without_place(word) for word in [*shlex.split(invocation.program()), *words])


def published(command: str) -> str:
    """A command as a header tells it, which an older program may have written with places in it."""
    try:
        return shlex.join(without_place(word) for word in shlex.split(command))
    except ValueError:  # quotes that do not end
        return command


def without_place(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    path = PurePath(value)
    if path.is_absolute() or ".." in path.parts:
        value = path.name
    return f"{option}{equals}{value}"
