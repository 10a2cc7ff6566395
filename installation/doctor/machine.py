"""What can be asked of a machine. Every answer is plain data, or None where the machine does not tell."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

Question = tuple[str, ...]
"""What kind of thing is asked (file, files, variable, run, fact, look), and its words."""

Ask = Callable[[Question], Any]
"""Answers a question with JSON, in bounded time and size; None where it is not told."""


class Ran(NamedTuple):
    """A command that ended: its exit status, and what it printed on stdout and stderr."""

    status: int
    out: str


@dataclass(frozen=True, slots=True)
class Machine:
    """The one that is asked, or a recording of one."""

    ask: Ask

    @property
    def system(self) -> str:
        """``linux``, ``darwin`` or ``win32``, as sys.platform has it."""
        return str(self.fact("system") or "")

    def file(self, path: str) -> str | None:
        """The text of a file."""
        text = self.ask(("file", path))
        return text if isinstance(text, str) else None

    def files(self, pattern: str) -> list[str]:
        """The paths that fit a pattern of glob, sorted."""
        paths = self.ask(("files", pattern))
        return [path for path in paths if isinstance(path, str)] if isinstance(paths, list) else []

    def variable(self, name: str) -> str:
        """An environment variable, empty where there is none."""
        value = self.ask(("variable", name))
        return value if isinstance(value, str) else ""

    def run(self, *words: str) -> Ran | None:
        """What a command answers; None where there is no such command, or it does not end in time."""
        told = self.ask(("run", *words))
        if not isinstance(told, dict) or not isinstance(told.get("status"), int):
            return None
        return Ran(told["status"], str(told.get("out", "")))

    def says(self, *words: str) -> str | None:
        """What a command prints, stripped; None where it fails."""
        ran = self.run(*words)
        return ran.out.strip() if ran and ran.status == 0 else None

    def fact(self, name: str, *words: str) -> Any:
        """One of the facts that probes.py reads by itself."""
        return self.ask(("fact", name, *words))

    def look(self, name: str, *words: str) -> Any:
        """What looking.py finds in a process of its own: it opens what may crash or never answer."""
        return self.ask(("look", name, *words))
