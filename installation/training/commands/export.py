"""export: the model file of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from installation.core.atomic_write import check_suffix
from installation.training.command_line.options import argument, option, required
from installation.training.commands._kinds import EXPORTED

ORDER = 40
HELP = "write a model from a checkpoint"
DESCRIPTION = """\
Writes the model of a checkpoint (training may go on meanwhile), measures its latent space and finds its directions.

Where MODEL is there already, what people chose in it is carried over as far as it still holds: names of directions,
favourites, blocked places, the licence. Where anything does not, the old file is kept as MODEL.bak.

The header says by what right a model may be used: of the pictures, what the column licence of their ledger says; of the
weights, what you say here:
  PROGRAM export mine.work --out mine.safetensors --licence CC-BY-4.0
The rows of the ledger lie beside the model, in mine.ledger.csv; their digest is in its header.
"""


@dataclass(frozen=True)
class Options:
    checkpoint: Path = argument("a checkpoint, or the work folder it is in", Path, "CHECKPOINT")
    out: Path = required("the model file to write (.safetensors)", Path, "MODEL")
    licence: str = option("", "of the weights (default: that of MODEL so far, or not told)", metavar="TEXT")


def run(options: Options) -> None:
    from installation.core.atomic_write import check_place
    from installation.core.errors import TrainingError
    from installation.networks.model_file import BEHIND
    from installation.training.loop.saving import CHECKPOINT, read_checkpoint

    check_suffix(options.out, ".safetensors", "model")
    path = options.checkpoint / CHECKPOINT if options.checkpoint.is_dir() else options.checkpoint
    model = read_checkpoint(path)["model"]
    if model not in EXPORTED:
        raise TrainingError(f"{path}: trains a {model!r}; this program knows {' and '.join(EXPORTED)}.")
    check_place(options.out)
    header = import_module(f"installation.training.{model}.run").export(path, options.out, options.licence)
    size, images = header["architecture"]["resolution"], header["training"]["images"]
    learnt = "" if images is None else f", after {images} pictures"  # not told of a converted one
    behind = f"; its {model}, after {header[model]['images']} pictures" if model in BEHIND else ""
    print(f"{options.out}: {size} px{learnt}{behind}.")
