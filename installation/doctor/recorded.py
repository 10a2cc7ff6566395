"""A machine on file: every question that was asked, with its answer. ``doctor --replay`` asks it, not this one."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from installation.core.atomic_write import write_whole
from installation.core.errors import OptionError
from installation.doctor.machine import Ask, Question

FORMAT = 1
LARGEST = 16 * 2**20
"""Bytes of a recording; a real one has some 50 KB."""


@dataclass(frozen=True)
class Recorder:
    """Asks each question once, and keeps the answers."""

    ask: Ask
    answers: dict[Question, Any] = field(default_factory=dict)

    def __call__(self, question: Question) -> Any:
        if question not in self.answers:
            self.answers[question] = self.ask(question)
        return self.answers[question]

    def write(self, path: Path) -> None:
        """Raises OSError."""
        told = [{"asked": list(asked), "told": answer} for asked, answer in sorted(self.answers.items())]
        write_whole(path, json.dumps({"format": FORMAT, "answers": told}, indent=1, ensure_ascii=False).encode())


def replay(path: Path) -> Ask:
    """The machine in a file; it does not tell what it was not asked. Raises OptionError for a file that is none."""
    try:
        text = path.read_bytes()[: LARGEST + 1]
        told = json.loads(text) if len(text) <= LARGEST else None
        if not isinstance(told, dict) or told.get("format") != FORMAT:
            raise ValueError("not of this format")
        answers = {tuple(map(str, one["asked"])): one["told"] for one in told["answers"]}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise OptionError(f"{path}: found no machine in it ({error}), expected a file of doctor --record") from error
    return answers.get
