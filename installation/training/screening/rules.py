"""Rules about the ledger's columns, such as ``artist_died < 1930``: what must be true of a picture that is kept.

    rule      =  column comparison value  |  column "missing"  |  column "not missing"
    comparison = "<" | "<=" | ">" | ">=" | "=" | "!=" | "contains" | "not contains"

A column or a value may stand in quotes. `<` and its like compare numbers; `=` compares numbers where both are, else
words without regard to capitals; `contains` finds any of several words, a|b|c. Nothing is evaluated. A cell that is
empty, or no number where one is needed, is not known to keep the rule and so breaks it: rights must be proven.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from installation.core.errors import VernissageError, did_you_mean

NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
EQUAL = ("!=", "=")
WORDS = ("not contains", "contains", "not missing", "missing")
LONGEST = 300
"""Characters of a rule."""
FREE = "public domain|cc0|publicdomain"
"""Licence texts without any condition."""


class RuleError(VernissageError, ValueError):
    """A rule that cannot be read, or is about a column that the ledger does not have."""


@dataclass(frozen=True)
class Rule:
    column: str
    comparison: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.column} {self.comparison} {self.value}".strip()

    def broken_by(self, row: Mapping[str, str]) -> str:
        """Why a row breaks this rule; empty if it keeps it."""
        value = row.get(self.column, "").strip()
        if self.holds(value):
            return ""
        return f"rule {self}: found {value}" if value else f"rule {self}: the ledger does not say"

    def holds(self, value: str) -> bool:
        if self.comparison in ("missing", "not missing"):
            return (not value) == (self.comparison == "missing")
        if not value:
            return False
        if self.comparison in ("contains", "not contains"):
            words = (word.strip().casefold() for word in self.value.split("|"))
            return any(word in value.casefold() for word in words if word) == (self.comparison == "contains")
        number, limit = to_number(value), to_number(self.value)
        if self.comparison in NUMBERS:
            return number is not None and limit is not None and NUMBERS[self.comparison](number, limit)
        same = (
            number == limit if number is not None and limit is not None else value.casefold() == self.value.casefold()
        )
        return same == (self.comparison == "=")


def to_number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if abs(value) < float("inf") else None  # neither infinite nor "nan"


def parse_rule(text: str) -> Rule:
    """Raises RuleError that says what a rule looks like."""
    if len(text) > LONGEST:
        raise RuleError(f"a rule of {len(text)} characters: at most {LONGEST} are read.")
    column, rest = split_column(text.strip())
    comparison = next((sign for sign in (*NUMBERS, *EQUAL) if rest.startswith(sign)), None)
    comparison = comparison or next((word for word in WORDS if starts_with_word(rest, word)), None)
    value = unquoted(rest[len(comparison) :].strip()) if comparison else ""
    if not column or comparison is None:
        raise unreadable(text, 'expected a column, a comparison and a value, such as "artist_died < 1930"')
    if bool(value) == comparison.endswith("missing"):
        raise unreadable(text, f"{comparison} takes {'no value' if value else 'a value behind it'}")
    if comparison in NUMBERS and to_number(value) is None:
        raise unreadable(text, f"{comparison} compares numbers, and {value} is none")
    return Rule(column, comparison, value)


def unreadable(text: str, why: str) -> RuleError:
    return RuleError(
        f'the rule "{text}" cannot be read: {why}. Comparisons are {", ".join((*NUMBERS, *EQUAL, *reversed(WORDS)))}.'
    )


def split_column(text: str) -> tuple[str, str]:
    """(the column, what follows it)."""
    if text[:1] in ('"', "'"):
        column, _, rest = text[1:].partition(text[0])
        return column.strip(), rest.strip()
    end = next((at for at in range(len(text)) if text[at] in "<>=!" or starts_a_word(text, at)), len(text))
    return text[:end].strip(), text[end:].strip()


def starts_a_word(text: str, at: int) -> bool:
    return at > 0 and text[at - 1].isspace() and any(starts_with_word(text[at:], word) for word in WORDS)


def starts_with_word(text: str, word: str) -> bool:
    return text.casefold().startswith(word) and not text[len(word) : len(word) + 1].strip()


def unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def check_columns(rules: Sequence[Rule], columns: Sequence[str], where: str) -> None:
    """Raises RuleError for a rule about a column that the ledger has not."""
    for rule in rules:
        if rule.column not in columns:
            hint = did_you_mean(rule.column, columns)
            raise RuleError(
                f'{where}: the rule "{rule}" is about the column {rule.column}, which is not there'
                f"{'; ' + hint if hint else '.'} Its columns are {', '.join(columns)}. "
                "Add it in any spreadsheet, or prepare again with a --ledger that has it."
            )


def public_domain(year: int, columns: Sequence[str]) -> list[Rule]:
    """The preset: seventy whole years after the artist's death, and a licence that says so, if there is that column."""
    rules = [Rule("artist_died", "<", str(year - 70))]
    return [*rules, Rule("licence", "contains", FREE)] if "licence" in columns else rules
