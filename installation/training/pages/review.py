"""The page in which a person looks through screened pictures, and keeps or drops them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from installation.training.dataset.ledger import LEDGER, Ledger
from installation.training.pages.given import NAME, WORDS, jpeg, one_line, whole, words
from installation.training.pages.server import Page, PageError, Table, serve
from installation.training.screening.decisions import login, now
from installation.training.screening.run import DECISION, REPORT, SCREEN, Screening, open_folder

UNDONE = 1000
"""How many decisions can be taken back."""


def review(folder: Path, who: str | None, when: str | None, port: int, browser: bool) -> None:
    """Serves the page until Ctrl-C; every decision is in the ledger as soon as it is made."""
    desk = Desk(open_folder(folder), who or login(), when)
    serve(desk.page(), port, browser)


def reasons_of(folder: Path) -> dict[str, list[dict[str, str]]]:
    """{name: reasons} of the last screening. Raises PageError where there was none."""
    path = folder / REPORT
    try:
        report = json.loads(path.read_text("utf-8"))
        return {name: list(entry["reasons"]) for name, entry in report["pictures"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise PageError(
            f"{path}: there is no screening to review, or it is damaged. First run screen {folder} without --review."
        ) from None


class Desk:
    """A screened folder on the reviewer's desk. The ledger is read anew before each decision, so that what others have
    written into it meanwhile stays."""

    def __init__(self, found: Screening, who: str, when: str | None) -> None:
        self.found, self.who, self.when = found, who, when
        self.reasons = reasons_of(found.folder)
        self.before: list[tuple[str, dict[str, str]]] = []

    def page(self) -> Page:
        acts = {"decide": self.decide, "undo": self.undo}
        return Page("Review", "review.html", {"state": self.state, "picture": self.picture}, acts)

    # ------------------------------------------------------------ what the page shows

    def state(self, _: Mapping[str, str]) -> Table:
        self.read()
        self.reasons = reasons_of(self.found.folder)
        pictures = [self.card(index) for index in range(len(self.found.names))]
        return {"folder": self.found.folder.name, "size": self.found.size, "who": self.who, "pictures": pictures}

    def card(self, index: int) -> Table:
        name, row = self.found.names[index], self.found.row(index)
        told = {column: row[column] for column in ("artist", "title", "year", "licence") if row.get(column)}
        decided = {column: row.get(column, "") for column in DECISION}
        return {"index": index, "name": name, "told": told, "reasons": self.reasons.get(name, []), **decided}

    def picture(self, asked: Mapping[str, str]) -> bytes:
        return jpeg(self.found.pictures[whole(asked, "index", 0, len(self.found.names) - 1)])

    # ------------------------------------------------------------ what the person decides

    def decide(self, given: Mapping[str, Any]) -> Table:
        """{"index", "keep": "yes" or "no", "who", "why"} -> the card as it is now."""
        index = whole(given, "index", 0, len(self.found.names) - 1)
        keep = given.get("keep")
        if keep not in ("yes", "no"):
            raise PageError("keep: expected yes or no.")
        who = words(given, "who", NAME)
        if not who or who.casefold() == SCREEN:
            raise PageError("Write your name first: the ledger says who decided.")
        row = self.read().rows[self.found.names[index]]
        self.before = [*self.before, (self.found.names[index], {name: row.get(name, "") for name in DECISION})][
            -UNDONE:
        ]
        row.update(
            keep=keep, why=words(given, "why", WORDS) or self.silent_why(index, keep), who=who, when=self.when or now()
        )
        self.found.ledger.write(self.found.folder / LEDGER)
        return {"card": self.card(index)}

    def silent_why(self, index: int, keep: str) -> str:
        """What the ledger says where a person gives no reason: what the measures said."""
        says = "; ".join(reason["says"] for reason in self.reasons.get(self.found.names[index], []))
        return f"in spite of: {says}" if says and keep == "yes" else says

    def undo(self, _: Mapping[str, Any]) -> Table:
        """The last decision is taken back; {} where there is none."""
        if not self.before:
            return {}
        name, row = self.before[-1]
        self.read().rows[name].update(row)
        self.found.ledger.write(self.found.folder / LEDGER)
        self.before.pop()
        return {"card": self.card(self.found.names.index(name))}

    def read(self) -> Ledger:
        """Raises PageError where a picture's row is gone."""
        self.found.ledger = Ledger.read(self.found.folder / LEDGER)
        self.found.ledger.add_columns(DECISION)
        missing = [name for name in self.found.names if name not in self.found.ledger.rows]
        if missing:
            raise PageError(f"{LEDGER} has no row for {one_line(missing[0])} any more. Prepare the folder again.")
        return self.found.ledger
