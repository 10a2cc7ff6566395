"""The mean of the refiners of two models, of which one went on from the other (model soups, arXiv 2203.05482).

python -m benchmarks.gpu.mean MODEL FURTHER PICTURES OUT [--share 0.5]

Large batches on a graphics card take a refiner far in a few minutes, and not only for the better. Between where it
began (MODEL) and where it came to (FURTHER) lies one that is better than both by most figures; --share says how far
towards FURTHER. PICTURES is the prepared folder: by it all that is measured is found anew (what a GAN's pictures are
cleaned of, the tone, what is locked, the grading).
"""

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from benchmarks.gpu.plainly import plainly
from installation.core.atomic_write import check_suffix
from installation.core.errors import TrainingError
from installation.networks.model_file import Tensors, group_of
from installation.networks.refined import unrefined
from installation.networks.refiner import NOT_LEARNT, SCALE, Architecture, Refiner, read_architecture
from installation.training.command_line.options import Bounds
from installation.training.dataset.pictures import Picture, PicturesError, load_prepared
from installation.training.latent.models import OpenModel, open_model
from installation.training.refiner.even import even_out
from installation.training.refiner.export import GROUP, amended, real_facts, same_model, tensors_of
from installation.training.refiner.network import source
from installation.training.refiner.session import some_of


def mean(one: OpenModel, further: OpenModel, share: float) -> Tensors:
    """The tensors between. Raises TrainingError for two that do not refine the same model in the same form."""
    a, b = (
        {name: tensor for name, tensor in group_of(model.tensors, GROUP).items() if name not in NOT_LEARNT}
        for model in (one, further)
    )
    shapes = [{name: tensor.shape for name, tensor in tensors.items()} for tensors in (a, b)]
    if not a or shapes[0] != shapes[1] or not same_model(one, further):
        raise TrainingError(
            f"{further.path}: its refiner is not of the same model and form as that of {one.path}. Give one that "
            "went on from that."
        )
    return {name: ((1 - share) * a[name] + share * b[name]).astype(np.float16) for name in a}


def tidied(tensors: Tensors, arch: Architecture, model: OpenModel, pictures: Picture) -> Refiner:
    """The refiner, evened, and cleaning what the model paints of what no pictures have."""
    state = {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}
    if arch.clean and (found := source(model, torch.device("cpu"), some_of(pictures, arch.resolution)).cleaning):
        state |= {"pattern": found.pattern, "notches": found.notches}
        arch = replace(arch, notches=found.notches.shape[1])
    refiner = Refiner(arch)
    refiner.load_state_dict(refiner.state_dict() | state)
    even_out(refiner.out)
    return refiner


def real(folder: Path, side: int) -> Picture:
    """Of a prepared folder. Raises PicturesError where its pictures are not of ``side`` px."""
    prepared = load_prepared(folder)
    if prepared.size != side:
        raise PicturesError(
            f"{folder}: holds pictures of {prepared.size} px, the model paints {side}. Prepare --size {side}."
        )
    return prepared.pictures


def between(one: OpenModel, further: OpenModel, pictures: Path, out: Path, share: float) -> None:
    """Writes the model. Raises TrainingError, or PicturesError for a folder that is not prepared; nothing is written
    then."""
    tensors = mean(one, further, share)
    known = real(pictures, SCALE * int(unrefined(one.network).resolution))
    plain = {"tone": [], "middle": [0.0] * 3, "unlock": False, "grade": False}
    arch = read_architecture({**further.header[GROUP]["architecture"], **plain}, further.path)
    refiner = tidied(tensors, arch, one, known)
    told = {
        **further.header[GROUP],
        "mean": {"share": share, "with": hashlib.sha256(one.path.read_bytes()).hexdigest()},
    }
    told["architecture"] = refiner.arch.header()
    amended(one.path, tensors_of(refiner), told, real_facts(known), out)


def main(words: Sequence[str] | None = None) -> None:
    """The command of that name. Ends the program with a line where something is wrong with what it was given."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu.mean", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("model", "further", "pictures", "out"):
        options.add_argument(name, type=Path)
    options.add_argument("--share", type=Bounds(float, 0, 1), default=0.5)
    asked = options.parse_args(words)
    with plainly():
        check_suffix(asked.out, ".safetensors", "model")
        between(open_model(asked.model), open_model(asked.further), asked.pictures, asked.out, asked.share)


if __name__ == "__main__":
    main()
