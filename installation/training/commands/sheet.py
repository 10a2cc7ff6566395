"""sheet: samples of a model on one picture."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.command_line.options import Bounds, model_argument, option, required

ORDER = 50
HELP = "paint a sheet of samples"
DESCRIPTION = "Paints samples of a model of any kind, seeds 0, 1, 2 ... as a show names them."


@dataclass(frozen=True)
class Options:
    model: Path = model_argument()
    out: Path = required("the picture to write", Path, "FILE.png")
    psi: float = option(0.7, "0 the mean picture, 1 the whole variety (default 0.7)", Bounds(float, 0, 2))
    count: int = option(64, "how many (default 64)", Bounds(int, 1, 400))
    brush: bool = option(False, "with the model's brush, as a show has it, at twice the size")


def run(options: Options) -> None:
    import numpy as np

    from installation.core.atomic_write import check_place, write_whole
    from installation.training.dataset.pictures import contact_sheet, png
    from installation.training.latent.models import at_once, in_parts, open_model, progress, with_brush

    check_suffix(options.out, ".png", "sheet")
    model = with_brush(open_model(options.model)) if options.brush else open_model(options.model)
    check_place(options.out)
    painted = []
    with progress("painting", options.count) as tick:
        for latents in in_parts(model.latents(range(options.count)), at_once(model.network)):
            painted.append(model.pictures(latents, options.psi))
            tick(len(latents))
    write_whole(options.out, png(contact_sheet(np.concatenate(painted))))
    print(f"{options.out}: {options.count} samples at psi {options.psi:g}.")
