"""pace: measures how much the picture changes along a walk, and stores it in the model file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.training.command_line.options import model_argument, option, repeated

ORDER = 95
HELP = "measure the walks of a show, so that it starts even"
DESCRIPTION = """\
A walk looks even when its pace follows how much the picture changes. That is measured by painting the way once, and
kept in the model file, so that no show has to do it: the gallery of all favourites, and every walk that a show file
hangs on this model, under --show. What is known already is not measured again, so this also brings an old model up to
date:

  PROGRAM pace MODEL
  PROGRAM pace MODEL --show shows/mine.toml

A show whose model has no pace for a walk estimates it, and measures it beside the picture.
"""


@dataclass(frozen=True)
class Options:
    model: Path = model_argument()
    show: tuple[Path, ...] = repeated("a show; repeatable", Path, "SHOW")
    fresh: bool = option(False, "forget what was measured before")


def run(options: Options) -> None:
    from installation.networks.model_file import read_header
    from installation.training.latent.pace import amend, gallery_of, walks_of

    model = options.model
    walks = gallery_of(model, read_header(model))
    for show in options.show:
        walks += walks_of(show, model)
    measured = amend(model, walks, options.fresh)
    print("\n".join([f"{model}: measured {len(measured)} of {len(walks)} walks; the others were known.", *measured]))
