"""What a check finds, and what it is given to look at."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

from installation.doctor.machine import Machine
from installation.showfile.load import Show

Light = Literal["green", "amber", "red", "untold"]

UNTOLD = "not told by this machine"

STUMBLES = (OSError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError)
"""What a check may raise over an answer that is not as it expects: then it is not told."""


@dataclass(frozen=True, slots=True)
class Finding:
    """``subject`` is a word or two, ``found`` what is the case, ``advice`` what to do about it."""

    light: Light
    found: str
    advice: str = ""
    subject: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """What is examined: a machine and, where one is named, the show that is to hang there; ``faults`` where its file
    has some. ``folder`` is where it keeps its state, ``device`` what its networks run on."""

    machine: Machine
    show: Show | None = None
    faults: tuple[str, ...] = ()
    folder: str = "."
    device: str = "auto"
    headless: bool = False
    """Whether it needs no screen."""
    name: str = "run_show.py"
    """How this program is called, for advice that can be typed."""
    path: str = ""
    """The show's file as it was typed; empty without a show."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is looked at. ``examine`` yields what it finds; nothing, where the machine does not tell, or with
    ``quiet`` where there is nothing to say."""

    subject: str
    examine: Callable[[Case], Iterable[Finding]]
    quiet: bool = False

    def findings(self, case: Case) -> tuple[Finding, ...]:
        """What it finds, at least one unless it is ``quiet``. Raises nothing over what a machine answers."""
        try:
            found = tuple(self.examine(case))
        except STUMBLES as error:
            found = (untold(f"{type(error).__name__}: {error}"),)
        return tuple(replace(one, subject=one.subject or self.subject) for one in found or self._nothing())

    def _nothing(self) -> tuple[Finding, ...]:
        return () if self.quiet else (untold(),)


@dataclass(frozen=True, slots=True)
class Group:
    """Checks under one heading; ``place`` is where it stands on the page. ``alone``: one check after another."""

    title: str
    place: int
    checks: tuple[Check, ...]
    alone: bool = False


def green(found: str, subject: str = "") -> Finding:
    return Finding("green", found, "", subject)


def amber(found: str, advice: str, subject: str = "") -> Finding:
    """Something that may go wrong, or should be known."""
    return Finding("amber", found, advice, subject)


def red(found: str, advice: str, subject: str = "") -> Finding:
    """Something with which the show will not hang well."""
    return Finding("red", found, advice, subject)


def untold(why: str = "", advice: str = "", subject: str = "") -> Finding:
    return Finding("untold", UNTOLD + (f" ({' '.join(why.split())[:200]})" if why else ""), advice, subject)
