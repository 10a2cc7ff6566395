"""A visitor's languages, and texts in them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from installation.core.words import FIRST, Words, languages, nearest, phrase
from installation.web.messages import Text

LONGEST_HEADER = 256
"""The most characters of an Accept-Language header that are read."""


@dataclass(frozen=True, slots=True)
class VisitorLanguages:
    """A visitor's languages, the best first. ``asked`` is the one of them that the address names, if it does;
    ``known`` are the page's own words."""

    wants: tuple[str, ...]
    asked: str = ""
    known: Words = field(default_factory=languages)

    @property
    def page(self) -> str:
        """The language of the page's own words."""
        return nearest(self.wants, self.known) or FIRST

    def words(self, key: str) -> str:
        """The page's own words of a key, with what is to be filled in still in braces."""
        return phrase(self.known, self.wants, key)

    def text(self, texts: Text) -> tuple[str, str]:
        """The words that suit best, and their language tag (empty: not known). Without a wanted one, the first."""
        if not texts:
            return "", ""
        tag = nearest(self.wants, texts) or next(iter(texts))
        return texts[tag], tag


def visitor_languages(asked: str, header: str, show: Sequence[str], words: Words | None = None) -> VisitorLanguages:
    """``asked`` (from the address) before those of the browser's header, before the show's own languages."""
    words = languages() if words is None else words
    known = {*words, *show}
    asked = asked.lower() if asked.lower() in {tag.lower() for tag in known} else ""
    wanted = [asked] if asked else []
    return VisitorLanguages(tuple(dict.fromkeys([*wanted, *_accepted(header), *show])), asked, words)


def _accepted(header: str) -> Iterable[str]:
    """``nl-BE,nl;q=0.9,en;q=0.8`` -> nl-be, nl, en. What is no such list gives nothing."""
    weighed = []
    for number, entry in enumerate(header[:LONGEST_HEADER].split(",")):
        tag, _, weight = entry.partition(";q=")
        try:
            quality = float(weight or 1.0)
        except ValueError:
            continue
        if tag.strip() and quality > 0.0:
            weighed.append((-quality, number, tag.strip().lower()))
    return [tag for _, _, tag in sorted(weighed)]
