"""curate: which of a model's pictures are favourites, and which nobody shall see."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from installation.core.atomic_write import check_suffix
from installation.training.commands._options import add_model
from installation.training.loop.options import Bounds

if TYPE_CHECKING:
    from installation.training.latent.curation import Curation
    from installation.training.latent.models import OpenModel

ORDER = 90
HELP = "choose favourites and block what shall not be seen"
DESCRIPTION = """\
Opens a page in your browser that shows what the model paints, seed by seed. Keep what you like: the walk "gallery" goes
from favourite to favourite, in your order and under the names that you give. Drop what shall not be seen: no walk then
enters that place and its surroundings. Every choice is saved in the model file at once.

  PROGRAM curate MODEL
  PROGRAM curate MODEL --keep 14 --keep 38:"The merchant" --drop 7 --list    without a page
  PROGRAM curate MODEL --check-eyes    which favourites are faces whose two eyes do not agree

A dropped place is a ball in the latent space, around the picture's own place. Its usual radius is half of the median
distance between a sample and its nearest neighbour; the page shows what lies at its edge.

With the landmark network at hand (npm pack @mediapipe/face_mesh; see evaluate --help) the page marks faces whose eyes
do not agree, and --check-eyes lists the favourites as they hang; it fails if one of them does not pass.
"""


def choice(text: str) -> tuple[int, str]:
    """From 38:"The merchant" to (38, "The merchant"); the name may be left out."""
    number, _, name = text.partition(":")
    try:
        seed = int(number)
    except ValueError:
        seed = -1
    if not 0 <= seed < 2**31 or len(name) > 80:
        raise argparse.ArgumentTypeError(f'{text!r} is not a seed from 0, or SEED:NAME such as 38:"The merchant"')
    return seed, " ".join(name.split())


def options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument("--out", type=Path, metavar="FILE", help="write here and leave MODEL alone (.safetensors)")
    parser.add_argument("--who", metavar="NAME", help="your name, written into the model; default: as you log in here")
    parser.add_argument("--when", metavar="DATE", help="the date written beside it, such as 2025-01-31; default: now")
    parser.add_argument(
        "--psi", type=Bounds(float, 0, 1.5), default=0.7, help="of the page at first: 0 the mean, 1 all (default 0.7)"
    )
    parser.add_argument("--no-browser", action="store_true", help="print the page's address, open nothing")
    parser.add_argument("--port", type=Bounds(int, 0, 65535), default=0, metavar="N", help="default: any free one")
    script = parser.add_argument_group("without a page")
    script.add_argument("--clear", action="store_true", help="first forget all favourites and blocked places")
    script.add_argument(
        "--keep", type=choice, action="append", default=[], metavar="SEED[:NAME]", help="one more favourite"
    )
    script.add_argument(
        "--drop", type=choice, action="append", default=[], metavar="SEED[:NAME]", help="one more blocked place"
    )
    script.add_argument(
        "--radius", type=Bounds(float, 1e-3, 1e6), metavar="R", help="of what --drop blocks (default: the usual one)"
    )
    script.add_argument("--list", action="store_true", help="print what is chosen")
    script.add_argument("--check-eyes", action="store_true", help="say of each favourite whether its two eyes agree")
    parser.add_argument(
        "--landmarks-model", type=Path, metavar="FILE", help="to judge eyes (default: the one in your data folder)"
    )


def run(arguments: argparse.Namespace) -> None:
    from installation.networks.model_file import load_model
    from installation.training.latent.curation import curation_of, go_on_from
    from installation.training.latent.models import open_model
    from installation.training.screening.decisions import date_given

    if arguments.out:
        check_suffix(arguments.out, ".safetensors", "model")
    date_given(arguments.when)
    model = open_model(arguments.model)
    chosen = go_on_from(arguments.model, arguments.out)
    if arguments.clear or arguments.keep or arguments.drop or arguments.list or arguments.check_eyes:
        script(arguments, model, chosen)
        return
    from installation.training.pages.curate import curate

    curate(model, curation_of(*load_model(chosen)), arguments)
    measure_gallery(arguments.out or arguments.model)


def measure_gallery(path: Path) -> None:
    """The gallery of all favourites, so that no show has to measure it."""
    from installation.networks.model_file import read_header
    from installation.training.latent.models import progress
    from installation.training.latent.pace import amend, gallery_of

    if path.exists():
        with progress("measuring the gallery") if sys.stderr.isatty() else nullcontext(lambda _: None) as tick:
            amend(path, gallery_of(path, read_header(path)), tick)


def script(arguments: argparse.Namespace, model: OpenModel, chosen: Path) -> None:
    """What the options say, in the order --clear, --keep, --drop, --list, --check-eyes; saved once, if anything was
    chosen."""
    from installation.networks.model_file import load_model
    from installation.training.latent.curation import SAMPLES, Curation, Place, curation_of, save, usual_radius
    from installation.training.screening.decisions import date_given, login

    curation = Curation() if arguments.clear else curation_of(*load_model(chosen))
    for seed, name in arguments.keep:
        curation = curation.keep(Place(name or f"Seed {seed}", model.places([seed])[0], seed))
    radius = arguments.radius or (usual_radius(model.places(range(SAMPLES))) if arguments.drop else 0.0)
    for seed, name in arguments.drop:
        curation = curation.drop(Place(name or f"Seed {seed}", model.places([seed])[0], seed, radius))
    if arguments.clear or arguments.keep or arguments.drop:
        who, when = arguments.who or login(), date_given(arguments.when)
        save(arguments.model, curation, len(model.space.mean), who, when, arguments.out)
        measure_gallery(arguments.out or arguments.model)
    if arguments.list:
        show(curation)
    if arguments.check_eyes:
        from installation.training.evaluation.eye_judge import check_favourites

        check_favourites(model, curation, arguments.landmarks_model)


def show(curation: Curation) -> None:
    from installation.training.latent.curation import blocked_by

    for number, one in enumerate(curation.favourites, 1):
        inside = blocked_by(one.latent, curation)
        note = f"   lies in the blocked place {inside.name}, so no walk shows it" if inside else ""
        print(f"favourite {number:>3}  {one.name}{told(one.seed)}{note}")
    for one in curation.blocked:
        print(f"blocked        {one.name}{told(one.seed)}, radius {one.radius:.3g}")
    print(f"{len(curation.favourites)} favourites, {len(curation.blocked)} blocked places.")


def told(seed: int | None) -> str:
    return "" if seed is None else f" (seed {seed})"
