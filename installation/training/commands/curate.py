"""curate: marks pictures of a model as favourites, or blocks them from being shown."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from installation.core.atomic_write import check_suffix
from installation.core.counts import counted
from installation.training.pages.options import CurateOptions

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


Options = CurateOptions


def run(options: CurateOptions) -> None:
    from installation.networks.model_file import load_model
    from installation.training.latent.curation import curation_of, go_on_from
    from installation.training.latent.models import open_model
    from installation.training.screening.decisions import date_given

    if options.out:
        check_suffix(options.out, ".safetensors", "model")
    date_given(options.when)
    model = open_model(options.model)
    chosen = go_on_from(options.model, options.out)
    if options.script.given:
        script(options, model, chosen)
        return
    from installation.training.pages.curate import curate

    curate(model, curation_of(*load_model(chosen)), options)
    measure_gallery(options.out or options.model)


def measure_gallery(path: Path) -> None:
    """Measures the pace of the gallery of all favourites, so that no show has to."""
    from installation.networks.model_file import read_header
    from installation.training.latent.pace import amend, gallery_of

    if path.exists():
        amend(path, gallery_of(path, read_header(path)), quiet=not sys.stderr.isatty())


def script(options: CurateOptions, model: OpenModel, chosen: Path) -> None:
    """Applies the options in the order --clear, --keep, --drop, --list, --check-eyes; saves once, if anything was
    changed."""
    from installation.networks.model_file import load_model
    from installation.training.latent.curation import SAMPLES, Curation, NamedLatent, curation_of, save, usual_radius
    from installation.training.screening.decisions import date_given, login

    asked = options.script
    curation = Curation() if asked.clear else curation_of(*load_model(chosen))
    for seed, name in asked.keep:
        curation = curation.keep(NamedLatent(name or f"Seed {seed}", model.latents([seed])[0], seed))
    radius = asked.radius or (usual_radius(model.latents(range(SAMPLES))) if asked.drop else 0.0)
    for seed, name in asked.drop:
        curation = curation.drop(NamedLatent(name or f"Seed {seed}", model.latents([seed])[0], seed, radius))
    if asked.chooses:
        who, when = options.who or login(), date_given(options.when)
        save(options.model, curation, len(model.space.mean), who, when, options.out)
        measure_gallery(options.out or options.model)
    if asked.list:
        show(curation)
    if asked.check_eyes:
        from installation.training.evaluation.eye_judge import check_favourites

        check_favourites(model, curation, options.landmarks_model)


def show(curation: Curation) -> None:
    from installation.training.latent.curation import blocked_by

    for number, one in enumerate(curation.favourites, 1):
        inside = blocked_by(one.latent, curation)
        note = f"   lies in the blocked place {inside.name}, so no walk shows it" if inside else ""
        print(f"favourite {number:>3}  {one.name}{told(one.seed)}{note}")
    for one in curation.blocked:
        print(f"blocked        {one.name}{told(one.seed)}, radius {one.radius:.3g}")
    print(f"{counted(len(curation.favourites), 'favourite')}, {counted(len(curation.blocked), 'blocked place')}.")


def told(seed: int | None) -> str:
    return "" if seed is None else f" (seed {seed})"
