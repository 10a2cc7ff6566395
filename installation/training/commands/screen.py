"""screen: which of the prepared pictures to train on, and why not the others."""

from __future__ import annotations

import argparse
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from installation.core.errors import OptionError
from installation.core.invocation import program
from installation.training.loop.options import Bounds

if TYPE_CHECKING:
    from installation.training.screening.rules import Rule
    from installation.training.screening.run import Screening

ORDER = 20
HELP = "leave out copies, blurred, grey, framed and unfree pictures"
DESCRIPTION = """\
Looks at every picture of a prepared folder and writes into its ledger.csv which ones to keep (column keep, yes or no),
with why, who and when. Training leaves out those that say no; nothing is deleted. Look at screen_kept.png and
screen_dropped.png afterwards, then decide for yourself what the measures cannot:

  PROGRAM screen FOLDER            measures, limits, rules
  PROGRAM screen FOLDER --review   a page in your browser: k keeps, d drops

What a person has decided stays as it is whenever this is run again, and only what is new is measured, also after an
interruption. What was measured of each picture is in screening.json.

Rules say what must be true of a picture that is kept, by the columns of the ledger:
  --rule "artist_died < 1930"               comparisons: <  <=  >  >=  =  !=
  --rule "licence contains public domain|CC0"    one of several words; not contains
  --rule "title not missing"                a cell that is empty; missing
A picture whose ledger does not say what a rule asks for is dropped: rights are proven or they are not there.
"""
WITHOUT = ("native", "blur", "monochrome", "border", "corner", "duplicate")


def options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="a folder that prepare has made")
    parser.add_argument("--dry-run", action="store_true", help="say what would be dropped; write nothing")
    rights = parser.add_argument_group("rights")
    rights.add_argument(
        "--rule", action="append", default=[], metavar="RULE", help='such as "artist_died < 1930"; may be given again'
    )
    rights.add_argument(
        "--public-domain",
        action="store_true",
        help="two rules: the artist died more than 70 whole years ago (column artist_died), which is public domain in "
        "the EU, the UK and most of the world; and if there is a column licence, it says public domain or CC0. "
        "It does not check who photographed the picture, nor the law where you show it",
    )
    add_limits(parser)
    review = parser.add_argument_group("reviewing")
    review.add_argument("--review", action="store_true", help="a page in your browser where you keep and drop pictures")
    review.add_argument("--no-browser", action="store_true", help="with --review: print the address, open nothing")
    review.add_argument("--who", metavar="NAME", help="your name, written beside what you decide")
    review.add_argument("--port", type=Bounds(int, 0, 65535), default=0, metavar="N", help="default: any free one")
    parser.add_argument("--when", metavar="DATE", help="the date written beside decisions, such as 2025-01-31; now")


def add_limits(parser: argparse.ArgumentParser) -> None:
    limits = parser.add_argument_group("limits")
    limits.add_argument(
        "--native",
        type=Bounds(float, 0, 4),
        default=0.5,
        metavar="SHARE",
        help="least real detail along the side, by the column native_px, in sizes of the prepared picture: 0.5 lets "
        "pictures be enlarged twice, 1 not at all (default 0.5)",
    )
    limits.add_argument(
        "--sharpness",
        type=Bounds(float, 0, 2),
        default=0.12,
        metavar="N",
        help="least sharpness, measured in the picture: 0.3 to 1 is sharp, 0.2 enlarged twice, 0.1 three times or out "
        "of focus (default 0.12)",
    )
    limits.add_argument(
        "--colour",
        type=Bounds(float, 0, 100),
        default=1.2,
        metavar="N",
        help="least colour, in CIELAB units: 0 is greyscale, below 1 sepia, an old brown portrait 2 to 5. Not judged "
        "where most pictures are below it (default 1.2)",
    )
    limits.add_argument(
        "--border",
        type=Bounds(float, 0, 1),
        default=0.01,
        metavar="SHARE",
        help="deepest frame, bar or edge of a scan at any side, in shares of the side (default 0.01)",
    )
    limits.add_argument(
        "--corner",
        type=Bounds(float, 0, 1),
        default=0.002,
        metavar="SHARE",
        help="largest corner cut off by an oval frame or a turned scan, in shares of the picture (default 0.002)",
    )
    limits.add_argument(
        "--bits",
        type=Bounds(int, 0, 32),
        default=12,
        metavar="N",
        help="copies, first look: how many of the 64 bits of their perceptual hashes may differ (default 12)",
    )
    limits.add_argument(
        "--likeness",
        type=Bounds(float, 0, 1),
        default=0.6,
        metavar="N",
        help="copies, second look: how much of their fine detail must be the same, as they are or mirrored, shifted or "
        "cropped a little: 1 is all, two different portraits reach 0.55 (default 0.6)",
    )
    limits.add_argument(
        "--without", action="append", default=[], choices=WITHOUT, metavar="KIND", help=f"not: {', '.join(WITHOUT)}"
    )


def run(arguments: argparse.Namespace) -> None:
    from installation.training.screening.decisions import date_given

    when = date_given(arguments.when)
    if arguments.dry_run and arguments.review:
        raise OptionError("--dry-run and --review: a page whose decisions are not written down helps nobody.")
    if arguments.review:
        from installation.training.pages.review import review

        review(arguments.folder, arguments.who, arguments.when, arguments.port, not arguments.no_browser)
        return
    judge(arguments, when)


def judge(arguments: argparse.Namespace, when: str) -> None:
    from installation.training.screening import run as screening
    from installation.training.screening.rules import parse_rule, public_domain
    from installation.training.screening.sheets import save_sheets

    found = screening.open_folder(arguments.folder)
    rules = [parse_rule(text) for text in arguments.rule]
    rules += public_domain(int(when[:4]), found.ledger.columns) if arguments.public_domain else []
    limits = screening.Limits(
        sharpness=arguments.sharpness,
        native=arguments.native,
        colour=arguments.colour,
        border=arguments.border,
        corner=arguments.corner,
        bits=arguments.bits,
        likeness=arguments.likeness,
        without=tuple(sorted(set(arguments.without))),
    )
    changed = screening.screen(found, limits, rules, when, dry=arguments.dry_run)
    tell(found, rules, changed)
    if arguments.dry_run:
        print("Dry run: nothing was written.")
        return
    screening.save(found, limits, rules, changed)
    save_sheets(found)
    folder, chain = quote(str(arguments.folder)), program()
    print(f"Look at {arguments.folder / 'screen_dropped.png'}. To decide yourself: {chain} screen {folder} --review")
    print(f"Next: {chain} train {folder} --out mine.safetensors")


def tell(found: Screening, rules: list[Rule], changed: int) -> None:
    from installation.training.screening.run import counts

    told = counts(found)
    kept, dropped, hand = (told.pop(name) for name in ("kept", "dropped", "by hand"))
    print(f"{found.folder}: {kept + dropped} pictures, {kept} kept, {dropped} dropped ({hand} decided by hand).")
    for rule in rules:
        print(f"  must be true: {rule}")
    for kind, number in told.items():
        print(f"  {kind:<11}{number:>6}")
    for note in found.notes:
        print(f"  {note}")
    print(f"{changed} decisions are new." if changed else "No decision is new.")
