"""directions: finds the latent directions that a visitor can control."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.command_line.options import Bounds, model_argument, option

ORDER = 60
HELP = "find what a hand can change, such as light or age"
DESCRIPTION = """\
Finds directions in a model's latent space that each change one visible thing, and scales them so that 1.0 is the same
visible step for every one. They are kept in the model file, and every piece that paints from it offers them as knobs:
/generator/direction/1, /generator/direction/2 ... from -3 to 3. `export` does this too; here you choose how many.

Candidates are the principal axes of the latent space (GANSpace, arXiv 2004.02546) and the common eigenvectors of the
style layers (SeFa, arXiv 2007.06600). Each is painted both ways at several places. What is hardly seen is left out, and
so is what looks like another. Look at the sheet, then name what you see; what you have named stays when you run this
again:
  PROGRAM directions mine.safetensors --sheet directions.png
  PROGRAM rename mine.safetensors 1=age 2="light from the left"
"""


@dataclass(frozen=True)
class Options:
    model: Path = model_argument()
    count: int = option(8, "at most so many (default 8)", Bounds(int, 1, 32), "N")
    fresh: bool = option(False, "forget the named ones too")
    sheet: Path | None = option(None, "paint each from -3 to 3 at two places", Path, "FILE.png")


def run(options: Options) -> None:
    from installation.core.atomic_write import check_place, write_whole
    from installation.networks.model_file import amend_model
    from installation.training.dataset.pictures import png
    from installation.training.latent.directions import effort, find, told
    from installation.training.latent.models import open_model, progress
    from installation.training.latent.sheet import sheet

    if options.sheet:
        check_suffix(options.sheet, ".png", "sheet")
    model = open_model(options.model)
    if options.sheet:
        check_place(options.sheet)
    with progress("looking at directions", effort(model, options.count)) as tick:
        directions = find(model, options.count, tick, keep_named=not options.fresh)
    amend_model(options.model, "directions", {"vectors": directions.vectors}, directions.facts)
    print(told(directions))
    if options.sheet and not directions.facts:
        print(f"{options.sheet}: not painted, as no direction is seen well enough.")
    elif options.sheet:
        write_whole(options.sheet, png(sheet(model, directions.vectors, [fact["name"] for fact in directions.facts])))
        print(f"Look: {options.sheet}")
