"""The mean of the refiners of two models, of which one went on from the other (model soups, arXiv 2203.05482).

python -m benchmarks.gpu.mean MODEL FURTHER PICTURES OUT [--share 0.5]

Large batches on a graphics card take a refiner far in a few minutes, and not only for the better. Between where it
began (MODEL) and where it came to (FURTHER) lies one that is better than both by most figures; --share says how far
towards FURTHER. PICTURES is the prepared folder: from it the tone of what is painted is found anew.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np

from installation.core.errors import TrainingError
from installation.networks.model_file import Tensors, amend_model, group_of
from installation.training.dataset.pictures import load_prepared
from installation.training.latent.models import OpenModel, open_model
from installation.training.refiner.export import GROUP, same_model
from installation.training.refiner.tone import fitted, power_of


def mean(one: OpenModel, further: OpenModel, share: float) -> Tensors:
    """The tensors between. Raises TrainingError for two that do not refine the same model in the same form."""
    a, b = (group_of(model.tensors, GROUP) for model in (one, further))
    shapes = [{name: tensor.shape for name, tensor in tensors.items()} for tensors in (a, b)]
    if not a or shapes[0] != shapes[1] or not same_model(one, further):
        raise TrainingError(f"{further.path}: its refiner is not of the same model and form as that of {one.path}.")
    return {name: ((1 - share) * a[name] + share * b[name]).astype(np.float16) for name in a}


def between(one: OpenModel, further: OpenModel, pictures: Path, out: Path, share: float) -> None:
    """Writes the model, first without a tone, which is then found of what it paints."""
    tensors = mean(one, further, share)
    told = {
        **further.header[GROUP],
        "mean": {"share": share, "with": hashlib.sha256(one.path.read_bytes()).hexdigest()},
    }
    told["architecture"] = {**told["architecture"], "tone": [], "middle": [0.0] * 3}
    amend_model(one.path, GROUP, tensors, told, out)
    told["architecture"] = fitted(open_model(out), power_of(load_prepared(pictures).pictures)).header()
    amend_model(out, GROUP, tensors, told)


if __name__ == "__main__":
    options = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu.mean", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ("model", "further", "pictures", "out"):
        options.add_argument(name, type=Path)
    options.add_argument("--share", type=float, default=0.5)
    asked = options.parse_args()
    between(open_model(asked.model), open_model(asked.further), asked.pictures, asked.out, asked.share)
