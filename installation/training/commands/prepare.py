"""prepare: makes square pictures of one size from folders, zips and films, for training."""

from __future__ import annotations

from shlex import quote

from installation.core.invocation import program
from installation.training.dataset.options import PrepareOptions

ORDER = 10
HELP = "crop pictures to squares"
DESCRIPTION = """\
Crops every picture of one or more sources to squares of the same size and keeps them in one folder, with a sheet to
look at (sheet.png), a ledger to fill in (ledger.csv) and a list of all files, also of those left out and why
(prepared.json). A source is a folder (with the folders in it), a picture, a zip or a film.

  --crop centre  the largest square in the middle (the default)
  --crop face    turned, scaled and shifted so that eyes and mouth always lie at the same place. Needs --landmarks FILE:
                 JSON {"file name": [[x, y] of left eye, right eye, nose, left and right mouth corner], ...} in pixels
                 of the upright picture. Profiles, faces that lean far or lie too close to the edge are left out.
  --crop tiles   a grid of squares: for textures, or a few large pictures. Near-flat ones are left out.

Pictures are turned as their camera says and brought to sRGB by their colour profiles; transparent parts become white;
of an animation the first frame is taken. What is broken, too small, too large (over 64 million pixels) or no picture
is listed and left out. The same command again does only what is new or has changed, also after Ctrl-C.

  prepare my_pictures --out ready --size 256
  prepare scans.zip photos --out ready --size 128 --ledger sources.csv --min-detail 128
  prepare fresco.jpg walk.mp4 --every 0.5 --out ready --size 256 --crop tiles --tile-scale 2
"""


Options = PrepareOptions


def run(options: PrepareOptions) -> None:
    from installation.training.dataset.reading import prepare, tell

    try:
        done = prepare(options.sources, options.out, options.source, options.size)
    except KeyboardInterrupt:
        tell(f"{options.out}: what is done is kept; the same command goes on from here.")
        raise
    resumed = f", {done.resumed} from the run that was interrupted" if done.resumed else ""
    what = "nothing new" if done.unchanged else f"files: {done.made} new{resumed}, {done.before} as before"
    print(f"{options.out}: {done.pictures} pictures of {options.size} px ({what}).")
    print(f"Look at {options.out / 'sheet.png'}. Next: {program()} screen {quote(str(options.out))}")
