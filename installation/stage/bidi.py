"""Which way text runs: the Unicode bidirectional algorithm (UAX #9) for one line, without explicit embeddings.

Explicit embedding marks are ignored, as they are invisible and text from outside could reverse a label with them.
"""

import unicodedata
from collections.abc import Callable, Iterator
from itertools import groupby, pairwise

NEUTRAL = frozenset({"B", "S", "WS", "ON", "BN"})
IGNORED = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI", "BN"})
NUMBERS = ("EN", "AN")
TURNING = frozenset({"R", "AL", "AN"})
"""Without any of these a line that runs to the right is one part."""
BRACKETS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "〈": "〉", "《": "》", "「": "」", "『": "』", "【": "】"}

Kinds = list[str]


def is_rtl(text: str) -> bool:
    """Whether a paragraph runs from right to left: its first letter with a direction decides."""
    kinds = (unicodedata.bidirectional(letter) for letter in text)
    return next((kind != "L" for kind in kinds if kind in ("L", "R", "AL")), False)


def directions(text: str, rtl: bool) -> list[tuple[str, bool]]:
    """(part, whether it runs from right to left), in the order in which the parts are seen from left to right."""
    if not rtl and TURNING.isdisjoint(map(unicodedata.bidirectional, text)):
        return [(text, False)] if text else []
    runs = [(level, "".join(letter for _, letter in run)) for level, run in _level_runs(text, rtl)]
    for level in range(max((level for level, _ in runs), default=0), 0, -1):
        runs = list(_turned(runs, level))
    parts: list[tuple[str, bool]] = []
    for level, part in runs:
        if parts and parts[-1][1] == bool(level % 2):
            part = part + parts.pop()[0] if level % 2 else parts.pop()[0] + part
        parts.append((part, bool(level % 2)))
    return parts


def _level_runs(text: str, rtl: bool) -> Iterator[tuple[int, Iterator[tuple[int, str]]]]:
    return groupby(zip(levels(text, rtl), text, strict=True), key=lambda pair: pair[0])


def _turned(runs: list[tuple[int, str]], level: int) -> Iterator[tuple[int, str]]:
    """Rule L2: what stands at this level or above, turned round."""
    for high, group in groupby(runs, key=lambda run: run[0] >= level):
        stretch = list(group)
        yield from reversed(stretch) if high else stretch


def levels(text: str, rtl: bool) -> list[int]:
    """How deep each letter is embedded: even numbers run to the right, odd ones to the left."""
    base, outer = int(rtl), "R" if rtl else "L"
    kinds = [unicodedata.bidirectional(letter) or "L" for letter in text]
    trailing = len(text) - len(text.rstrip())
    _weak(kinds, outer)
    _brackets(text, kinds, outer)
    _neutral(kinds, outer)
    levels = [base + _deeper(kind, base) for kind in kinds]
    return levels[: len(levels) - trailing] + [base] * trailing


def _deeper(kind: str, base: int) -> int:
    """Rules I1 and I2."""
    if base:
        return 0 if kind == "R" else 1
    return {"L": 0, "R": 1}.get(kind, 2)


# ---------------------------------------------------------------- weak kinds: numbers and what belongs to them


def _weak(kinds: Kinds, outer: str) -> None:
    """Rules W1 to W7, in place."""
    for at, kind in enumerate(kinds):
        if kind == "NSM" or kind in IGNORED:
            kinds[at] = kinds[at - 1] if at else outer
    _after_strong(kinds, outer, lambda kind, strong: "AN" if kind == "EN" and strong == "AL" else kind)
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    for at in range(1, len(kinds) - 1):
        before, kind, after = kinds[at - 1 : at + 2]
        if before == after and before in NUMBERS and (kind == "CS" or (kind == "ES" and before == "EN")):
            kinds[at] = before
    _terminators(kinds)
    kinds[:] = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in kinds]
    _after_strong(kinds, outer, lambda kind, strong: "L" if kind == "EN" and strong == "L" else kind)


def _after_strong(kinds: Kinds, outer: str, change: Callable[[str, str], str]) -> None:
    strong = outer
    for at, kind in enumerate(kinds):
        strong = kind if kind in ("L", "R", "AL") else strong
        kinds[at] = change(kind, strong)


def _terminators(kinds: Kinds) -> None:
    """Rule W5: a percent sign or a currency beside a number belongs to it."""
    for first, last in _stretches(kinds, frozenset({"ET"})):
        if "EN" in (kinds[first - 1] if first else "", kinds[last] if last < len(kinds) else ""):
            kinds[first:last] = ["EN"] * (last - first)


def _stretches(kinds: Kinds, wanted: frozenset[str]) -> list[tuple[int, int]]:
    """Start and end index (exclusive) of each stretch of these kinds."""
    bounds = [0, *(at for at in range(1, len(kinds)) if (kinds[at] in wanted) != (kinds[at - 1] in wanted)), len(kinds)]
    return [(first, last) for first, last in pairwise(bounds) if kinds[first:last] and kinds[first] in wanted]


# ---------------------------------------------------------------- neutral kinds: spaces and signs


def _strong(kind: str) -> str:
    """Numbers count as what runs to the left, among neutrals."""
    return "R" if kind in NUMBERS else kind


def _brackets(text: str, kinds: Kinds, outer: str) -> None:
    """Rule N0: both brackets of a pair run as what is in them, or as what stands before them."""
    for first, last in sorted(_pairs(text, kinds)):
        within = {_strong(kind) for kind in kinds[first + 1 : last]} & {"L", "R"}
        if not within:
            continue
        before = next((_strong(kind) for kind in reversed(kinds[:first]) if _strong(kind) in ("L", "R")), outer)
        other = "L" if outer == "R" else "R"
        kinds[first] = kinds[last] = outer if outer in within or before != other else other


def _pairs(text: str, kinds: Kinds) -> Iterator[tuple[int, int]]:
    opened: list[tuple[str, int]] = []
    for position, letter in enumerate(text):
        if kinds[position] != "ON":
            continue
        if letter in BRACKETS:
            opened.append((BRACKETS[letter], position))
        match = next((at for at in range(len(opened) - 1, -1, -1) if opened[at][0] == letter), None)
        if match is not None:
            yield opened[match][1], position
            del opened[match:]


def _neutral(kinds: Kinds, outer: str) -> None:
    """Rules N1 and N2: what has no direction goes with its neighbours where they agree, else with the paragraph."""
    for first, last in _stretches(kinds, NEUTRAL):
        before = _strong(kinds[first - 1]) if first else outer
        after = _strong(kinds[last]) if last < len(kinds) else outer
        kinds[first:last] = [before if before == after else outer] * (last - first)
