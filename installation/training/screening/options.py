"""Options of a screening. Standard library only, so that --help starts fast."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import Bounds, argument, group, option, repeated

WITHOUT = ("native", "blur", "monochrome", "border", "corner", "duplicate")
"""Kinds of measures that can be left out."""


@dataclass(frozen=True)
class RightsOptions:
    rule: tuple[str, ...] = repeated('such as "artist_died < 1930"; may be given again', metavar="RULE")
    public_domain: bool = option(
        False,
        "two rules: the artist died more than 70 whole years ago (column artist_died), which is public domain in "
        "the EU, the UK and most of the world; and if there is a column licence, it says public domain or CC0. "
        "It does not check who photographed the picture, nor the law where you show it",
    )


@dataclass(frozen=True)
class Limits:
    """What a picture must reach. ``without``: kinds that are not judged."""

    native: float = option(
        0.5,
        "least real detail along the side, by the column native_px, in sizes of the prepared picture: 0.5 lets "
        "pictures be enlarged twice, 1 not at all (default 0.5)",
        Bounds(float, 0, 4),
        "SHARE",
    )
    sharpness: float = option(
        0.12,
        "least sharpness, measured in the picture: 0.3 to 1 is sharp, 0.2 enlarged twice, 0.1 three times or out "
        "of focus (default 0.12)",
        Bounds(float, 0, 2),
        "N",
    )
    colour: float = option(
        1.2,
        "least colour, in CIELAB units: 0 is greyscale, below 1 sepia, an old brown portrait 2 to 5. Not judged "
        "where most pictures are below it (default 1.2)",
        Bounds(float, 0, 100),
        "N",
    )
    border: float = option(
        0.01,
        "deepest frame, bar or edge of a scan at any side, in shares of the side (default 0.01)",
        Bounds(float, 0, 1),
        "SHARE",
    )
    corner: float = option(
        0.002,
        "largest corner cut off by an oval frame or a turned scan, in shares of the picture (default 0.002)",
        Bounds(float, 0, 1),
        "SHARE",
    )
    bits: int = option(
        12,
        "copies, first look: how many of the 64 bits of their perceptual hashes may differ (default 12)",
        Bounds(int, 0, 32),
        "N",
    )
    likeness: float = option(
        0.6,
        "copies, second look: how much of their fine detail must be the same, as they are or mirrored, shifted or "
        "cropped a little: 1 is all, two different portraits reach 0.55 (default 0.6)",
        Bounds(float, 0, 1),
        "N",
    )
    without: tuple[str, ...] = repeated(f"not: {', '.join(WITHOUT)}", metavar="KIND", choices=WITHOUT)


@dataclass(frozen=True)
class ReviewOptions:
    review: bool = option(False, "a page in your browser where you keep and drop pictures")
    browser: bool = option(True, "with --review: print the address, open nothing")
    who: str | None = option(None, "your name, written beside what you decide", metavar="NAME")
    port: int = option(0, "default: any free one", Bounds(int, 0, 65535), "N")


@dataclass(frozen=True)
class ScreenOptions:
    """Of `screen`."""

    folder: Path = argument("a folder that prepare has made", Path, "FOLDER")
    dry_run: bool = option(False, "say what would be dropped; write nothing")
    rights: RightsOptions = group("rights", RightsOptions)
    limits: Limits = group("limits", Limits)
    reviewing: ReviewOptions = group("reviewing", ReviewOptions)
    when: str | None = option(None, "the date written beside decisions, such as 2025-01-31; now", metavar="DATE")
