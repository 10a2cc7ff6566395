"""The page's own words in several languages (``words.json``), and which language a visitor wants."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from installation.web.messages import Text

LONGEST_HEADER = 256
"""The most characters of an Accept-Language header that are read."""

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})


@cache
def languages() -> Mapping[str, Mapping[str, str]]:
    """Language tag -> key -> words. Every language has every key."""
    known: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
    return known


@dataclass(frozen=True, slots=True)
class Tongue:
    """A visitor's languages, the best first. ``asked`` is the one of them that the address names, if it does."""

    wants: tuple[str, ...]
    asked: str = ""

    @property
    def page(self) -> str:
        """The language of the page's own words."""
        return _nearest(self.wants, languages()) or "en"

    def words(self, key: str, **values: str) -> str:
        """The words of a key in the page's language."""
        return languages()[self.page][key].format(**values)

    def text(self, found: Text) -> tuple[str, str]:
        """The words that suit best, and their language tag (empty: not known). Without a wanted one, the first."""
        if not found:
            return "", ""
        tag = _nearest(self.wants, found) or next(iter(found))
        return found[tag], tag


def tongue(asked: str, header: str, show: Sequence[str]) -> Tongue:
    """``asked`` (from the address) before what the browser's header says, before the show's own languages."""
    known = {*languages(), *show}
    asked = asked.lower() if asked.lower() in {tag.lower() for tag in known} else ""
    wanted = [asked] if asked else []
    return Tongue(tuple(dict.fromkeys([*wanted, *_accepted(header), *show])), asked)


def _accepted(header: str) -> Iterable[str]:
    """``nl-BE,nl;q=0.9,en;q=0.8`` -> nl-be, nl, en. What is no such list gives nothing."""
    weighed = []
    for place, entry in enumerate(header[:LONGEST_HEADER].split(",")):
        tag, _, weight = entry.partition(";q=")
        try:
            quality = float(weight or 1.0)
        except ValueError:
            continue
        if tag.strip() and quality > 0.0:
            weighed.append((-quality, place, tag.strip().lower()))
    return [tag for _, _, tag in sorted(weighed)]


def _nearest(wants: Iterable[str], there: Iterable[str]) -> str | None:
    """The first wanted tag that is there, or whose language is: ``nl-be`` finds ``nl``, ``pt`` finds ``pt-BR``."""
    exact = {tag.lower(): tag for tag in there}
    loose: dict[str, str] = {}
    for tag in exact.values():
        loose.setdefault(tag.lower().partition("-")[0], tag)
    for want in wants:
        found = exact.get(want.lower()) or loose.get(want.lower().partition("-")[0])
        if found is not None:
            return found
    return None
