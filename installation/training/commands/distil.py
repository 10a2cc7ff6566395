"""distil: teaches a small network to paint as a model does."""

from __future__ import annotations

from installation.training.distil.options import DistilOptions

ORDER = 47
HELP = "teach a small, fast network to paint as a model does"
DESCRIPTION = """\
A network that takes a GPU, or a large one with its refiner, can be taught to a small one that a laptop without a GPU
paints in plain torch. The student has the teacher's latent space: the same seeds, directions, favourites, blocked
places and measured paces, and what a refiner paints is part of its picture. No pictures are needed, as the teacher
paints what is learnt from.

  PROGRAM distil mine.safetensors --out small.safetensors --minutes 600

Any kind of model can teach whose pictures are squares of 8, 16, 32 ... px. What the student does not have are the
knobs of one kind of network: bending, mixing, blending, and how much is refined. In a show file it is kind "mobile",
with the psi of its teacher's piece.

sheet.png in the work folder shows by turns a row of the teacher's and one of the student's. "off" is how far the two
are apart, in levels of 255. Minutes give the light and the pose; sharp detail takes hours. More --width and
--layers paint nearer to the teacher, and slower.

The same command goes on after Ctrl-C or a power cut, and with more --minutes after its end; meanwhile
  PROGRAM export small.work --out look.safetensors       gives the model as it is
Where other programs need the processor too, give --threads 1, and begin with nice -n 19
"""


Options = DistilOptions


def run(options: DistilOptions) -> None:
    from installation.training.distil.session import train

    train(options)
