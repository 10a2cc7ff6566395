"""Which pictures of a prepared folder to train on: measured, judged by limits and rules, and written into its ledger.

The ledger's columns `keep` (yes or no), `why`, `who` and `when` hold the decision about each picture. What a person
decided is never changed here; what this step decided is, when limits, rules or pictures have changed. `screening.json`
holds what was measured of each picture, so that the next run measures only what is new; until it is written, what a
run has measured so far is in `screening.measured`, so that one which was interrupted goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
from tqdm import tqdm

from installation.core.atomic_write import naming, write_whole
from installation.training.dataset.decoding import Picture
from installation.training.dataset.ledger import LEDGER, Ledger, is_kept
from installation.training.dataset.pictures import load_prepared
from installation.training.screening import measures as measuring
from installation.training.screening.measures import Measures, measure
from installation.training.screening.options import Limits
from installation.training.screening.rules import Rule, check_columns, to_number

DECISION = ("keep", "why", "who", "when")
"""The ledger's columns that hold it."""
SCREEN = "screen"
"""The value of `who` for decisions by this step."""
REPORT = "screening.json"
JOURNAL = "screening.measured"
"""JSON, one picture a line: the version of the measures, the digest of its pixels, what was measured."""
FORMAT = 1
KINDS = ("rule", "native", "blur", "monochrome", "border", "corner", "duplicate")
"""The kinds of reasons, in the order of the report."""
SIDES = ("top", "right", "bottom", "left")

Row = dict[str, str]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Reason:
    """Why a picture is dropped. ``twin`` is the picture that is kept instead of a copy."""

    kind: str
    says: str
    twin: str = ""


@dataclass
class Screening:
    """A prepared folder with what is known of its pictures, all lists in the order of ``names``."""

    folder: Path
    pictures: Picture
    names: list[str]
    ledger: Ledger
    digests: list[str] = field(default_factory=list)
    measures: list[Measures] = field(default_factory=list)
    reasons: list[list[Reason]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        return int(self.pictures.shape[1])

    def row(self, index: int) -> Row:
        return self.ledger.rows[self.names[index]]

    def native(self, index: int) -> float | None:
        """Pixels of real detail along the side, as the ledger has it; None if it does not say."""
        return to_number(self.row(index).get("native_px", ""))

    def kept(self, index: int) -> bool:
        return is_kept(self.row(index))


def open_folder(folder: Path) -> Screening:
    """Everything of a prepared folder. Raises PicturesError for one that is none."""
    prepared = load_prepared(folder, screened=False)
    names = list(prepared.facts["files"])
    path = folder / LEDGER
    ledger = Ledger.read(path) if path.exists() else Ledger(["file"], {name: {"file": name} for name in names})
    return Screening(folder, prepared.pictures, names, ledger)


def screen(work: Screening, limits: Limits, rules: Sequence[Rule], when: str, dry: bool = False) -> int:
    """Measure, judge and decide, in memory; returns how many decisions are not what the ledger says. Unless `dry`, each
    measure is put into the folder at once, for a run that goes on after this one was interrupted."""
    check_columns(rules, work.ledger.columns, str(work.folder / LEDGER))
    measure_all(work, dry)
    if forgotten := rules_before(work.folder / REPORT) - {str(rule) for rule in rules}:
        work.notes.append(f"no longer asked for, unlike the last time: {', '.join(sorted(forgotten))}")
    limits = for_size(work, limits)
    work.reasons = [own_reasons(work, index, limits, rules) for index in range(len(work.names))]
    if "monochrome" not in limits.without:
        judge_colour(work, limits.colour)
    if "duplicate" not in limits.without:
        judge_copies(work, limits)
    return decide(work, when)


def rules_before(path: Path) -> set[str]:
    """The rules of the last screening; none where there was none, or its report is damaged."""
    try:
        return {str(rule) for rule in json.loads(path.read_text("utf-8"))["rules"]}
    except (OSError, ValueError, KeyError, TypeError):
        return set()


def for_size(work: Screening, limits: Limits) -> Limits:
    """The limits without what pictures of this size do not show; a note says so."""
    hidden = [kind for kind in ("border", "corner", "duplicate") if kind not in limits.without]
    if work.size >= measuring.LEAST or not hidden:
        return limits
    work.notes.append(
        f"{work.size} px are too few to tell {', '.join(hidden)}: not judged. "
        f"Prepare at {measuring.LEAST} px or more to have them judged; training can still end at {work.size} px"
    )
    return replace(limits, without=tuple(sorted({*limits.without, *hidden})))


def save(work: Screening, limits: Limits, rules: Sequence[Rule], changed: int) -> None:
    """The report and, if decisions have changed, the ledger."""
    if changed:
        work.ledger.write(work.folder / LEDGER)
    content = report(work, limits, rules)
    path = work.folder / REPORT
    if not path.exists() or path.read_bytes() != content:
        write_whole(path, content)
    (work.folder / JOURNAL).unlink(missing_ok=True)


# -- measuring --------------------------------------------------------------------------------------------------------


def measure_all(work: Screening, dry: bool) -> None:
    """What an earlier run has measured of the same pixels is taken over."""
    path = work.folder / JOURNAL
    known = earlier(work.folder / REPORT) | interrupted(path)
    with naming(path), open(os.devnull if dry else path, "a", encoding="utf-8", buffering=1) as journal:
        journal.write("\n")  # ends a line that was cut off
        for picture in progress(work.pictures, "measuring"):
            picture = np.ascontiguousarray(picture)
            digest = hashlib.blake2b(picture.data, digest_size=16).hexdigest()
            if digest not in known:
                known[digest] = measure(picture)
                entry = {"measures": measuring.VERSION, "digest": digest, **known[digest].as_json()}
                journal.write(json.dumps(entry) + "\n")
            work.digests.append(digest)
            work.measures.append(known[digest])


def earlier(path: Path) -> dict[str, Measures]:
    """{digest of the pixels: measures} of an earlier run; nothing from a report that is damaged or of other code."""
    try:
        report = json.loads(path.read_text("utf-8"))
        if (report["format"], report["measures"]) != (FORMAT, measuring.VERSION):
            return {}
        return {entry["digest"]: Measures.from_json(entry) for entry in report["pictures"].values()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def interrupted(path: Path) -> dict[str, Measures]:
    """The same of a run that did not come to its end; nothing from lines that are damaged or of other code."""
    known: dict[str, Measures] = {}
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        with suppress(ValueError, KeyError, TypeError):
            entry = json.loads(line)
            if entry["measures"] == measuring.VERSION:
                known[str(entry["digest"])] = Measures.from_json(entry)
    return known


def progress(items: Iterable[Item], words: str, total: int | None = None) -> Iterable[Item]:
    """A bar for what takes longer than a second; in a log a line every 20 s."""
    interval, delay = (0.2, 1.0) if sys.stderr.isatty() else (20.0, 20.0)
    return tqdm(items, words, total, unit="picture", mininterval=interval, miniters=1, leave=False, delay=delay)


# -- judging ----------------------------------------------------------------------------------------------------------


def own_reasons(work: Screening, index: int, limits: Limits, rules: Sequence[Rule]) -> list[Reason]:
    """The reasons against a picture that need no other picture."""
    measures, native, least = work.measures[index], work.native(index), limits.native * work.size
    deepest = int(np.argmax(measures.borders))
    reasons = [Reason("rule", why) for rule in rules if (why := rule.broken_by(work.row(index)))]
    if native is not None and native < least:
        reasons.append(Reason("native", f"{native:g} px of real detail, {least:g} wanted"))
    if measures.sharpness < limits.sharpness:
        reasons.append(Reason("blur", f"blurred: sharpness {measures.sharpness:.2f}, below {limits.sharpness:g}"))
    if measures.borders[deepest] > limits.border:
        reasons.append(Reason("border", f"a border of {measures.borders[deepest]:.1%} at the {SIDES[deepest]}"))
    if measures.corner > limits.corner:
        reasons.append(Reason("corner", f"a corner is cut off: {measures.corner:.1%} of the picture"))
    return [reason for reason in reasons if reason.kind not in limits.without]


def judge_colour(work: Screening, least: float) -> None:
    """Grey and toned pictures, unless the set is one of them."""
    if float(np.median([measures.colour for measures in work.measures])) < least:
        work.notes.append("most pictures are greyscale or toned, so none is dropped for it")
        return
    for measures, reasons in zip(work.measures, work.reasons, strict=True):
        if measures.colour < least:
            kind = "greyscale" if measures.colour < 0.2 else "of one tone"
            reasons.append(Reason("monochrome", f"{kind} in a set of colour: {measures.colour:.1f}, below {least:g}"))


def judge_copies(work: Screening, limits: Limits) -> None:
    """Of copies the one with most detail stays; one that a person kept comes first."""
    copies = find_copies(work, limits)
    taken: set[int] = set()
    for index in sorted(copies, key=lambda index: standing(work, index), reverse=True):
        decided = by_hand(work.row(index))
        if index in taken or decided == "no" or (work.reasons[index] and not decided):
            continue
        for other in copies[index].keys() - taken:
            taken.add(other)
            says = f"a copy of {work.names[index]} (likeness {copies[index][other]:.2f})"
            work.reasons[other].append(Reason("duplicate", says, work.names[index]))


def standing(work: Screening, index: int) -> tuple[bool, float, float]:
    """What is kept of copies is the greatest: kept by a person, more real detail as far as it is seen, sharper."""
    native = work.native(index) or work.size
    return by_hand(work.row(index)) == "yes", min(native, work.size), work.measures[index].sharpness


def find_copies(work: Screening, limits: Limits) -> dict[int, dict[int, float]]:
    """{picture: {its copy: their likeness}}, both ways: near by their hashes and alike in their detail, or mirrored."""

    @lru_cache(maxsize=8192)
    def detail(index: int, mirrored: bool) -> measuring.Grey:
        picture = work.pictures[index]
        return measuring.detail(np.ascontiguousarray(picture[:, ::-1] if mirrored else picture))

    copies: dict[int, dict[int, float]] = {}
    pairs = near_pairs(work.measures, limits.bits)
    for first, second, mirrored in progress(pairs, "comparing"):
        alike = measuring.likeness(detail(first, False), detail(second, mirrored))
        if alike >= limits.likeness:
            copies.setdefault(first, {})[second] = copies.setdefault(second, {})[first] = alike
    return copies


def near_pairs(measures: Sequence[Measures], bits: int) -> list[tuple[int, int, bool]]:
    """(one, a later one, whether as its mirror image) wherever at most so many bits of the hashes differ."""
    plain = np.array([each.phash for each in measures], np.uint64)
    pairs: list[tuple[int, int, bool]] = []
    for mirrored in (False, True):
        others = np.array([each.mirrored for each in measures], np.uint64) if mirrored else plain
        for index in range(len(plain) - 1):
            near = np.flatnonzero(np.bitwise_count(others[index + 1 :] ^ plain[index]) <= bits)
            pairs += [(index, index + 1 + int(offset), mirrored) for offset in near]
    return pairs


# -- deciding ---------------------------------------------------------------------------------------------------------


def by_hand(row: Mapping[str, str]) -> str:
    """A person's decision, yes or no; empty if there is none."""
    decided = row.get("keep", "").strip().casefold()
    return decided if decided in ("yes", "no") and row.get("who", "").strip() != SCREEN else ""


def verdict(reasons: Sequence[Reason]) -> dict[str, str]:
    told = sorted(reasons, key=lambda reason: KINDS.index(reason.kind))
    return {"keep": "no" if told else "yes", "why": "; ".join(reason.says for reason in told), "who": SCREEN}


def decide(work: Screening, when: str) -> int:
    """Put the verdicts into the ledger's rows, where no person has; returns how many are new."""
    work.ledger.add_columns(DECISION)
    changed = 0
    for index, reasons in enumerate(work.reasons):
        row, says = work.row(index), verdict(reasons)
        if not by_hand(row) and any(row.get(column, "") != value for column, value in says.items()):
            row.update(says, when=when)
            changed += 1
    return changed


# -- telling ----------------------------------------------------------------------------------------------------------


def report(work: Screening, limits: Limits, rules: Sequence[Rule]) -> bytes:
    """screening.json: limits, rules, counts, and of each picture its measures and the reasons against it."""
    pictures = {
        name: {"digest": digest, **measures.as_json(), "reasons": [asdict(reason) for reason in reasons]}
        for name, digest, measures, reasons in zip(work.names, work.digests, work.measures, work.reasons, strict=True)
    }
    whole = {
        "format": FORMAT,
        "measures": measuring.VERSION,
        "limits": asdict(limits),
        "rules": [str(rule) for rule in rules],
        "counts": counts(work),
        "notes": work.notes,
        "pictures": pictures,
    }
    return (json.dumps(whole, ensure_ascii=False, indent=1) + "\n").encode()


def counts(work: Screening) -> dict[str, int]:
    """How many are kept, dropped, decided by hand, and how many have a reason of each kind against them."""
    kept = sum(work.kept(index) for index in range(len(work.names)))
    hand = sum(bool(by_hand(work.row(index))) for index in range(len(work.names)))
    kinds = Counter(kind for reasons in work.reasons for kind in {reason.kind for reason in reasons})
    return {"kept": kept, "dropped": len(work.names) - kept, "by hand": hand} | {
        kind: kinds[kind] for kind in KINDS if kinds[kind]
    }
