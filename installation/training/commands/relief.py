"""relief: a picture of a model as a relief for a 3D printer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.command_line.options import Bounds, argument, model_argument, option, required

ORDER = 55
HELP = "a picture as a relief for a 3D printer"
DESCRIPTION = """\
Paints one sample of a model of any kind and writes it as a height map to print: a closed surface in millimetres, on a
flat plate. Light paint stands up, as lead white does, and so do fine marks.
  PROGRAM relief mine.safetensors 42 --stl sitter.stl
  PROGRAM relief mine.safetensors 42 --stl sitter.stl --width 200 --height 1.2
"""


@dataclass(frozen=True)
class Options:
    model: Path = model_argument()
    seed: int = argument("the sample, as a show names it", Bounds(int, 0, 2**32 - 1), "SEED")
    stl: Path = required("the file to write", Path, "FILE.stl")
    psi: float = option(0.7, "0 the mean picture, 1 the whole variety (default 0.7)", Bounds(float, 0, 2))
    width: float = option(150.0, "mm from side to side (default 150)", Bounds(float, 10, 2000))
    height: float = option(1.5, "mm of relief (default 1.5)", Bounds(float, 0.1, 50))
    base: float = option(2.0, "mm of plate under it (default 2)", Bounds(float, 0.2, 50))
    pitch: float = option(0.4, "mm between two points, as fine as the nozzle (default 0.4)", Bounds(float, 0.05, 5))


def run(options: Options) -> None:
    from installation.core.atomic_write import check_place, write_whole
    from installation.core.errors import OptionError
    from installation.training.latent.models import open_model
    from installation.training.latent.relief import heights, solid, stl

    check_suffix(options.stl, ".stl", "relief")
    points = round(options.width / options.pitch) + 1
    if points > 2000:
        raise OptionError(
            f"relief: --width {options.width:g} at --pitch {options.pitch:g} makes {points} points a row, expected at "
            f"most 2000; take --pitch {options.width / 1999:.2g} or more."
        )
    model = open_model(options.model)
    check_place(options.stl)
    picture = model.pictures(model.latents([options.seed]), options.psi)[0]
    raised = heights(picture, points, options.height)
    triangles = solid(raised, options.width, options.base)
    write_whole(options.stl, stl(triangles))
    deep = options.width * (raised.shape[0] - 1) / (points - 1)
    size = f"{options.width:g} x {deep:.4g} x {options.base + raised.max():.3g} mm"
    print(f"{options.stl}: seed {options.seed} at psi {options.psi:g}, {size}, {len(triangles):,} triangles.")
