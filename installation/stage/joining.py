"""Letters as they are drawn from right to left where no shaping library is there: joined Arabic, mirrored brackets.

The forms are Unicode's own presentation forms, found by their decompositions; what a font has not stays as it is.
"""

import unicodedata
from collections.abc import Callable
from functools import cache

BLOCKS = (range(0xFB50, 0xFE00), range(0xFE70, 0xFEFD))
JOINS_BOTH = "\u0640\u200d"
MIRRORED = str.maketrans("()[]{}<>«»‹›", ")(][}{><»«›‹")

Has = Callable[[str], bool]


@cache
def forms() -> dict[tuple[str, str], str]:
    """(letter or letters, ``isolated``, ``initial``, ``medial`` or ``final``) -> their presentation form."""
    forms: dict[tuple[str, str], str] = {}
    for code in (code for block in BLOCKS for code in block):
        kind, *parts = unicodedata.decomposition(chr(code)).split(" ") or [""]
        if kind in ("<isolated>", "<initial>", "<medial>", "<final>") and len(parts) <= 2:
            forms.setdefault(("".join(chr(int(part, 16)) for part in parts), kind[1:-1]), chr(code))
    return forms


def seen(text: str, has: Has) -> str:
    """Text that runs from right to left as its letters are seen from left to right; ``has`` says which the font has."""
    clusters: list[str] = []
    for letter in joined(text, has):
        if clusters and unicodedata.combining(letter):
            clusters[-1] += letter
        else:
            clusters.append(letter.translate(MIRRORED))
    return "".join(reversed(clusters))


def joined(text: str, has: Has) -> str:
    """Arabic letters in the forms that their neighbours require, lam and alef as a ligature."""
    made = ""
    bases = [position for position, letter in enumerate(text) if not unicodedata.combining(letter)]
    position = 0
    while position < len(text):
        letter = text[position]
        before = next((text[at] for at in reversed(bases) if at < position), "")
        pair = text[position : position + 2]
        if (pair, "isolated") in forms() and has(forms()[pair, "isolated"]) and pair[0] == "\u0644":
            made += forms()[pair, "final" if _reaches(before, letter) else "isolated"]
            position += 2
            continue
        after = next((text[at] for at in bases if at > position), "")
        form = forms().get((letter, _kind(_reaches(before, letter), _reaches(letter, after))), letter)
        made += form if has(form) else letter
        position += 1
    return made


def _kind(before: bool, after: bool) -> str:
    return {(False, False): "isolated", (False, True): "initial", (True, True): "medial", (True, False): "final"}[
        before, after
    ]


def _reaches(letter: str, after: str) -> bool:
    """Whether a letter joins the one that is written after it."""
    gives = letter in JOINS_BOTH or (letter, "initial") in forms()
    return bool(letter and after) and gives and (after in JOINS_BOTH or (after, "final") in forms())
