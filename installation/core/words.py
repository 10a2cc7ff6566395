"""The show's fixed words (``words.json``): those of the visitors' page and those of the vote panel on the wall.

A show file adds languages, or changes words, with ``[words.ja]`` and the keys of words.json. What it leaves out is as
in the nearest language that has it, in the end English.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

RIGHT_TO_LEFT = frozenset({"ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"})
"""Languages that are written from right to left."""

FIRST = "en"
"""The language that has every key, and stands in where no other does."""

Words = Mapping[str, Mapping[str, str]]
"""Language tag -> key -> words."""


@dataclass(frozen=True, slots=True)
class PanelWords:
    """The wall's texts: those of the vote panel, in which ``{time}`` and ``{count}`` are filled in, and what a label
    says while nobody is there, and of the portrait of the day before."""

    call: str
    left: str
    more: str
    invite: str = ""
    portrait: str = ""


@cache
def languages() -> Words:
    """The languages that come with the program. Every one has every key."""
    known: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("words.json").read_text("utf-8"))
    return known


def merged(own: Words) -> Words:
    """All languages, with the show's ``own`` words before those that come with the program."""
    known = languages()
    added = {tag: {**known[nearest([tag], known) or FIRST], "name": tag, **words} for tag, words in own.items()}
    for tag in added:
        if tag in known and "name" not in own[tag]:
            added[tag]["name"] = known[tag]["name"]
    return {**known, **added}


def phrase(words: Words, wanted: Iterable[str], key: str) -> str:
    """The words of a key in the first of the ``wanted`` languages that is known, with what is to be filled in still in
    braces: ``{time} left``."""
    return words[nearest(wanted, words) or FIRST][key]


def panel_words(own: Words, wanted: Iterable[str]) -> dict[str, PanelWords]:
    """The vote panel's words in each of the ``wanted`` languages, with the show's ``own`` first."""
    words = merged(own)
    return {
        tag: PanelWords(*(phrase(words, [tag], key) for key in ("call", "left", "more", "invite", "portrait_shown")))
        for tag in wanted
    }


def blanks(text: str) -> list[str]:
    """What a text leaves to be filled in: ``{time}`` of "closes in {time}"."""
    return sorted(re.findall(r"\{\w*\}", text))


def nearest(wants: Iterable[str], there: Iterable[str]) -> str | None:
    """The first wanted tag that is there, or whose language is: ``nl-be`` finds ``nl``, ``pt`` finds ``pt-BR``."""
    exact = {tag.lower(): tag for tag in there}
    loose: dict[str, str] = {}
    for tag in exact.values():
        loose.setdefault(tag.lower().partition("-")[0], tag)
    for want in wants:
        nearest = exact.get(want.lower()) or loose.get(want.lower().partition("-")[0])
        if nearest is not None:
            return nearest
    return None
