"""One line for each step of a long job: rewritten in place on a terminal, printed now and then elsewhere."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

PAUSE = 2.0
"""Seconds between two lines where a line cannot be rewritten, such as a log."""


@dataclass(slots=True)
class Progress:
    """Shows how far ``steps`` steps are. ``clock`` counts seconds."""

    steps: int
    out: TextIO
    clock: Callable[[], float] = time.monotonic
    _step: int = 0
    _name: str = ""
    _began: float = 0.0
    _detail: str = ""
    _printed: tuple[str, float] = ("", 0.0)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """The next step, with its time."""
        self._step, self._name, self._began, self._printed = self._step + 1, name, self.clock(), ("", 0.0)
        self.now("")
        yield
        if self.out.isatty() or self._detail != self._printed[0]:
            self._print()
        self._end()

    def now(self, detail: str) -> None:
        """What is being done at this moment."""
        self._detail = detail
        before, when = self._printed
        if self.out.isatty() or (detail != before and self.clock() - when >= PAUSE):
            self._print()

    def note(self, text: str) -> None:
        """A line of its own, kept on the screen above the step's."""
        self._end()
        print(f"       {text}", file=self.out, flush=True)

    def _print(self) -> None:
        self._printed = (self._detail, self.clock())
        minutes, seconds = divmod(int(self.clock() - self._began), 60)
        line = f"  {self._step}/{self.steps}  {self._name:<12}  {self._detail}"
        if self.out.isatty():
            width = max(20, shutil.get_terminal_size().columns - 8)
            print(f"\r{line[:width]:<{width}} {minutes:3}:{seconds:02}", end="", file=self.out, flush=True)
        else:
            print(f"{line}  ({minutes}:{seconds:02})", file=self.out, flush=True)

    def _end(self) -> None:
        if self.out.isatty():
            print(file=self.out, flush=True)
