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
    serve(Review(open_folder(folder), who or login(), when).page(), port, browser)


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


class Review:
    """A screened folder as a person reviews it. The ledger is read anew before each decision, so that what others have
    written into it meanwhile stays."""

    def __init__(self, screened: Screening, who: str, when: str | None) -> None:
        self.screened, self.who, self.when = screened, who, when
        self.reasons = reasons_of(screened.folder)
        self.before: list[tuple[str, dict[str, str]]] = []

    def page(self) -> Page:
        acts = {"decide": self.decide, "undo": self.undo}
        return Page("Review", "review.html", {"state": self.state, "picture": self.picture}, acts)

    # ------------------------------------------------------------ what the page shows

    def state(self, _: Mapping[str, str]) -> Table:
        self.read()
        self.reasons = reasons_of(self.screened.folder)
        pictures = [self.card(index) for index in range(len(self.screened.names))]
        return {"folder": self.screened.folder.name, "size": self.screened.size, "who": self.who, "pictures": pictures}

    def card(self, index: int) -> Table:
        name, row = self.screened.names[index], self.screened.row(index)
        told = {column: row[column] for column in ("artist", "title", "year", "licence") if row.get(column)}
        decided = {column: row.get(column, "") for column in DECISION}
        return {"index": index, "name": name, "told": told, "reasons": self.reasons.get(name, []), **decided}

    def picture(self, asked: Mapping[str, str]) -> bytes:
        return jpeg(self.screened.pictures[whole(asked, "index", 0, len(self.screened.names) - 1)])

    # ------------------------------------------------------------ what the person decides

    def decide(self, given: Mapping[str, Any]) -> Table:
        """{"index", "keep": "yes" or "no", "who", "why"} -> the card as it is now."""
        index = whole(given, "index", 0, len(self.screened.names) - 1)
        keep = given.get("keep")
        if keep not in ("yes", "no"):
            raise PageError("keep: expected yes or no.")
        who = words(given, "who", NAME)
        if not who or who.casefold() == SCREEN:
            raise PageError("Write your name first: the ledger says who decided.")
        row = self.read().rows[self.screened.names[index]]
        self.before = [*self.before, (self.screened.names[index], {name: row.get(name, "") for name in DECISION})][
            -UNDONE:
        ]
        row.update(
            keep=keep, why=words(given, "why", WORDS) or self.silent_why(index, keep), who=who, when=self.when or now()
        )
        self.screened.ledger.write(self.screened.folder / LEDGER)
        return {"card": self.card(index)}

    def silent_why(self, index: int, keep: str) -> str:
        """The ledger's reason if a person gives none: the reasons of the screening."""
        says = "; ".join(reason["says"] for reason in self.reasons.get(self.screened.names[index], []))
        return f"in spite of: {says}" if says and keep == "yes" else says

    def undo(self, _: Mapping[str, Any]) -> Table:
        """The last decision is taken back; {} where there is none."""
        if not self.before:
            return {}
        name, row = self.before[-1]
        self.read().rows[name].update(row)
        self.screened.ledger.write(self.screened.folder / LEDGER)
        self.before.pop()
        return {"card": self.card(self.screened.names.index(name))}

    def read(self) -> Ledger:
        """Raises PageError where a picture's row is gone."""
        self.screened.ledger = Ledger.read(self.screened.folder / LEDGER)
        self.screened.ledger.add_columns(DECISION)
        missing = [name for name in self.screened.names if name not in self.screened.ledger.rows]
        if missing:
            raise PageError(f"{LEDGER} has no row for {one_line(missing[0])} any more. Prepare the folder again.")
        return self.screened.ledger
