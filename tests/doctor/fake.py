"""A machine that is written down, and the check that looks at it."""

from pathlib import Path
from typing import Any

from installation.core.parts import ROOT
from installation.doctor.examine import all_groups
from installation.doctor.findings import Case, Finding
from installation.doctor.machine import Machine, Question
from installation.showfile.load import Show, load

REHEARSAL = ROOT / "shows" / "rehearsal.toml"
Answers = dict[Question, Any]


def printed(out: str, status: int = 0) -> dict[str, Any]:
    """What a command answers."""
    return {"status": status, "out": out}


def linux(more: Answers) -> Answers:
    return {("fact", "system"): "linux", **more}


def case(answers: Answers, show: Show | None = None, **more: Any) -> Case:
    return Case(Machine(answers.get), show=show, path="show.toml" if show else "", **more)


def look(subject: str, examined: Case) -> list[Finding]:
    """What the check of that subject finds."""
    check = next(one for group in all_groups() for one in group.checks if one.subject == subject)
    return list(check.findings(examined))


def show_with(folder: Path, more: str) -> Show:
    """The rehearsal with other tables at its end."""
    path = folder / "show.toml"
    path.write_text(REHEARSAL.read_text("utf-8") + more, "utf-8")
    return load(path)
