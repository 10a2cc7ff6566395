"""The findings for a terminal, and as JSON."""

import json
import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence

from installation.core.clean_text import clean
from installation.doctor.findings import Finding, Group, Light

MARKS: dict[Light, tuple[str, str]] = {
    "green": ("good", "32"),
    "amber": ("LOOK", "33"),
    "red": ("BAD ", "1;31"),
    "untold": ("  ? ", "2"),
}
"""What stands before a line, without colour too, and the colour's code (ECMA-48, SGR)."""
SUBJECT = 18
"""Columns for the subject."""
MARGIN = " " * (2 + 4 + 2 + SUBJECT + 1)


def group_page(group: Group, findings: Iterable[Finding], width: int, colour: bool) -> str:
    """A heading and its findings, each with what to do below it."""
    lines = [_painted(group.title.upper(), "1", colour)]
    for finding in findings:
        lines += _lines(finding, max(width, 60), colour)
    return "\n".join([*lines, ""])


def _lines(finding: Finding, width: int, colour: bool) -> list[str]:
    mark, code = MARKS[finding.light]
    room = width - len(MARGIN)
    first, *more = textwrap.wrap(clean(finding.found), room) or [""]
    lines = [f"  {_painted(mark, code, colour)}  {clean(finding.subject):{SUBJECT}} {first}"]
    lines += [MARGIN + line for line in more]
    advice = textwrap.wrap(clean(finding.advice), room - 2, break_long_words=False, break_on_hyphens=False)
    return lines + [MARGIN + ("→ " if not at else "  ") + line for at, line in enumerate(advice)]


def _painted(text: str, code: str, colour: bool) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text


def summary(findings: Sequence[Finding]) -> str:
    """How many of each, and what is bad by its subject."""
    count = Counter(finding.light for finding in findings)
    words: dict[Light, str] = {"red": "bad", "amber": "to look at", "green": "good", "untold": "not told"}
    bad = ", ".join(dict.fromkeys(one.subject for one in findings if one.light == "red"))
    return ", ".join(f"{count[light]} {word}" for light, word in words.items() if count[light]) + (
        f". First of all: {bad}" if bad else ""
    )


def as_json(show: str | None, light: Light, groups: Sequence[tuple[Group, Sequence[Finding]]]) -> str:
    """``{"show", "light", "findings": [{"group", "subject", "light", "found", "advice"} ...]}``."""
    findings = [
        {"group": group.title, "subject": one.subject, "light": one.light, "found": one.found, "advice": one.advice}
        for group, found in groups
        for one in found
    ]
    return json.dumps({"show": show, "light": light, "findings": findings}, indent=1, ensure_ascii=False)
