"""Reads a document table by table, so that a fault in one hides none in another."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from pydantic import BaseModel

from installation.core.errors import Refused
from installation.showfile.messages import Finding, Unfit, shown, validate, value_at
from installation.showfile.toml_lines import Loc

Made = TypeVar("Made")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(slots=True)
class Document:
    """The tables of a document as TOML has them, and what is wrong with them so far."""

    data: Mapping[str, Any]
    findings: list[Finding] = field(default_factory=list)

    def note(self, loc: Loc, found: str, expected: str, hint: str = "") -> None:
        """One more thing that is wrong, ``loc`` being the way to it."""
        self.findings.append(Finding(loc, found, expected, hint))

    def attempt(self, loc: Loc, read: Callable[[], Made]) -> Made | None:
        """What ``read`` returns for what stands at ``loc``, or None once its findings are noted."""
        try:
            return read()
        except Unfit as unfit:
            self.findings.extend(finding.below(loc) for finding in unfit.findings)
        except Refused as refused:
            self.note(loc, refused.found or shown(value_at(self.data, loc)), refused.expected, refused.hint)
        return None

    def table(self, name: str, model: type[Model], context: Mapping[str, Any]) -> Model | None:
        """``[name]``, by its defaults where it is not there."""
        data = self.data.get(name, {})
        if not isinstance(data, dict):
            self.note((name,), shown(data), f"a table, written [{name}]")
            return None
        return self.attempt((name,), partial(validate, model, data, context))

    def tables(self, name: str) -> list[Any]:
        """All of ``[[name]]``, unread; none where it is no list."""
        value = self.data.get(name, [])
        return value if isinstance(value, list) else []

    def check_lists(self, names: tuple[str, ...]) -> None:
        """Notes what should be a list of tables and is none."""
        for name in names:
            value = self.data.get(name, [])
            if not isinstance(value, list):
                self.note((name,), shown(value), f"a list of tables, each written [[{name}]]")

    def names(self, kind: str) -> list[str]:
        """The names in a list of tables, as far as they are text, whether the rest of each is right or not."""
        names = (table.get("name") for table in self.tables(kind) if isinstance(table, dict))
        return [name for name in names if isinstance(name, str)]
