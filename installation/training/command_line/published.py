"""A command as it is written into a model's header, a report and a card."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath

from installation.core import invocation


def command_line(words: Sequence[str]) -> str:
    """The command that reproduces this run. Of paths to other folders only the last part is kept, so that no private
    path is published."""
    return shlex.join(without_place(word) for word in [*shlex.split(invocation.program()), *words])


def published(command: str) -> str:
    """The command in a header with its paths shortened, as older versions wrote full paths."""
    try:
        return shlex.join(without_place(word) for word in shlex.split(command))
    except ValueError:  # an unclosed quote
        return command


def without_place(word: str) -> str:
    option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
    path = PurePath(value)
    if path.is_absolute() or ".." in path.parts:
        value = path.name
    return f"{option}{equals}{value}"
