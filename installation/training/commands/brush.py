"""brush: trains a small network that doubles the size of all that a model paints."""

from __future__ import annotations

from installation.training.brush.options import BrushOptions

ORDER = 46
HELP = "teach a model a finer brush, for the screen: twice the size again"
DESCRIPTION = """\
A wall shows a picture larger than any network of a laptop paints it, and the screen enlarges it softly. A brush is a
very small network that enlarges as paint is: it draws contours, hair and the grain of cloth where plain enlargement
blurs. It paints on all of what the model paints, with its refiner: 512 px for a model that paints 256. A frame costs a
few milliseconds more.

  PROGRAM prepare my_pictures --out large --size 256       as large as the model paints
  PROGRAM screen large --native 0.25 --without blur
  PROGRAM brush painted.safetensors large --out brushed.safetensors --minutes 90

No pictures of 512 px are needed. Paint looks alike at any scale, so it learns to go from a half of a picture's pixels
to all of them, and goes on from there; a quarter of what is judged are windows of what the model itself paints. Those
pictures that hold real detail for it teach most: --weight-by names the column of the ledger that says how much.

In a show the knob /generator/brush goes from 0, the plain enlargement, to 1. brush = 0 in the show file leaves it out,
and its cost. Reports, sheets and curation look at the model without it. Train one for each model.

sheet.png in the work folder shows, from above: pictures that are kept apart, softened, that painted, the pictures
themselves; then windows of samples, each row above what is painted on it.

The same command goes on after Ctrl-C or a power cut, and with more --minutes after its end; meanwhile
  PROGRAM export brushed.work --out look.safetensors     gives the model as it is
Where other programs need the processor too, give --threads 1, and begin with nice -n 19
"""


Options = BrushOptions


def run(options: BrushOptions) -> None:
    from installation.training.brush.session import train

    train(options)
