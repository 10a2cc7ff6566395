"""refiner: trains a network that adds detail to a VAE's pictures."""

from __future__ import annotations

from installation.training.refiner.options import RefinerOptions

ORDER = 45
HELP = "teach a VAE to paint: detail, at twice the size"
DESCRIPTION = """\
A VAE's faces are whole and its walks are smooth, but it paints them soft. A refiner is a small network behind it that
paints on top: contours, hair, cloth, brushwork, and twice the size (256 px for a VAE of 128). It is trained here, on
pairs of what the VAE makes of a picture and that picture, against a network that tells painted ones from real ones.
The VAE itself stays as it is, and so do its places, directions, encoder and favourites.

  PROGRAM prepare my_pictures --out large --size 256       twice the VAE's size
  PROGRAM screen large --native 0.25 --without blur        soft ones help, too; see below
  PROGRAM refiner mine.safetensors large --out painted.safetensors --minutes 600

The new model holds the VAE and its refiner. In a show the knob /generator/refine goes from 0, the VAE alone enlarged,
to 1, all of the paint.

Twice the size is learnt from the pictures that have it: --weight-by names the column of the ledger that says how many
pixels of real detail a picture holds. One with 1.56 or more for each pixel of the VAE's picture (200 for 128 px) is
judged at full size; others are judged at the VAE's size, and seen the less often the less they hold. Every 32nd picture
is kept apart; sheet.png in the work folder shows, from above: what the VAE makes of such pictures, that painted, the
pictures themselves; then samples, each row above what is painted on it.

Five minutes of one core show firmer contours and a grain of canvas; hours are meant. --minutes counts by the clock from
the beginning on. The same command goes on after Ctrl-C or a power cut, and with more --minutes after its end; meanwhile
  PROGRAM export painted.work --out look.safetensors     gives the model as it is
Where other programs need the processor too, give --threads 1, and begin with nice -n 19
"""


Options = RefinerOptions


def run(options: RefinerOptions) -> None:
    from installation.training.refiner.session import train

    train(options)
