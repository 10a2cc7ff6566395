"""screen: decides which prepared pictures to train on, and records the reasons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

from installation.core.counts import counted
from installation.core.errors import OptionError
from installation.core.invocation import program
from installation.training.screening.options import ScreenOptions

if TYPE_CHECKING:
    from installation.training.screening.rules import Rule
    from installation.training.screening.run import Screening

ORDER = 20
MODELS = Path("shows", "models")
"""Where a checkout keeps its models; it is advised only where it is."""
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
A picture whose ledger does not say what a rule requires is dropped: rights are proven or they are not there.
"""
Options = ScreenOptions


def run(options: ScreenOptions) -> None:
    from installation.training.screening.decisions import date_given

    when = date_given(options.when)
    page = options.reviewing
    if options.dry_run and page.review:
        raise OptionError("--dry-run and --review: the page's decisions would not be written. Leave one of them out.")
    if page.review:
        from installation.training.pages.review import review

        review(options.folder, page.who, options.when, page.port, page.browser)
        return
    judge(options, when)


def judge(options: ScreenOptions, when: str) -> None:
    from installation.training.screening import run as screening
    from installation.training.screening.rules import parse_rule, public_domain
    from installation.training.screening.sheets import save_sheets

    work = screening.open_folder(options.folder)
    rules = [parse_rule(text) for text in options.rights.rule]
    rules += public_domain(int(when[:4]), work.ledger.columns) if options.rights.public_domain else []
    limits = replace(options.limits, without=tuple(sorted(set(options.limits.without))))
    changed = screening.screen(work, limits, rules, when, dry=options.dry_run)
    tell(work, rules, changed)
    if options.dry_run:
        print("Dry run: nothing was written.")
        return
    screening.save(work, limits, rules, changed)
    save_sheets(work)
    folder, chain = quote(str(options.folder)), program()
    print(f"Look at {options.folder / 'screen_dropped.png'}. To decide yourself: {chain} screen {folder} --review")
    model = MODELS / "mine.safetensors" if MODELS.is_dir() else Path("mine.safetensors")
    print(f"Next: {chain} train {folder} --out {model}")


def tell(work: Screening, rules: list[Rule], changed: int) -> None:
    from installation.training.screening.run import counts

    told = counts(work)
    kept, dropped, hand = (told.pop(name) for name in ("kept", "dropped", "by hand"))
    print(f"{work.folder}: {kept + dropped} pictures, {kept} kept, {dropped} dropped ({hand} decided by hand).")
    for rule in rules:
        print(f"  must be true: {rule}")
    for kind, number in told.items():
        print(f"  {kind:<11}{number:>6}")
    for note in work.notes:
        print(f"  {note}")
    print(f"New: {counted(changed, 'decision')}." if changed else "No decision is new.")
