"""encode: computes the latents of pictures."""

from __future__ import annotations

from installation.training.encoder.options import EncodeOptions

ORDER = 66
HELP = "find the places of pictures in a model's space"
DESCRIPTION = """\
Finds for each picture the place where the model paints it, as near as it can come: a photograph becomes a portrait of
the model's own school. For this the model needs an encoder: see `encoder --help` (a VAE has one).

Into the folder --out it writes for each picture
  NAME.npy     the place, (latent_dim,) float32, to be painted at --psi
  NAME.png     to look at: the picture, what the encoder found, and what was made of it by --refine
and places.json: how far each is off (mean |difference| in levels of 255), and how far from the mean of the space.

  --refine 200    comes nearer by so many steps of gradient descent, some seconds for each picture. A likeness that is
                  forced too far leaves what the model paints well; look at both before you choose.
  --landmarks     crops faces as `prepare --crop face` does; a model of faces needs them placed so.
  --favourite     keeps the place in the model file, as a favourite of that name for the walk `gallery`.
"""


Options = EncodeOptions


def run(options: EncodeOptions) -> None:
    from installation.training.encoder.encoding import encode

    encode(options)
