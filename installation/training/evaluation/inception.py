"""Features for KID and FID, from weights that the user provides: nothing is downloaded.

A TorchScript file: a function from pictures (n, 3, h, w) uint8, sRGB, 0..255, to features (n, d), with all resizing and
normalising inside; the features are comparable with published figures only if they are the 2,048 of the Inception-v3
of 2015 and are resized as there. If the function has a parameter `return_features`, it is set to true.
"""

from __future__ import annotations

import hashlib
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from installation.core.errors import OptionError
from installation.training.latent.models import progress

AT_ONCE = 16


def load(path: str) -> Any:
    """Loads the function. Raises OptionError for a file that is not TorchScript."""
    with warnings.catch_warnings():
        # Deprecated in favour of torch.export, but this is the form in which these weights are passed on.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return torch.jit.load(path, map_location="cpu").eval()
        except (RuntimeError, ValueError, OSError) as error:
            reason = str(error).strip().splitlines()[-1:] or [""]
            raise OptionError(
                f"--inception {path}: not a TorchScript file ({reason[0]}). Expected one that turns pictures "
                "(n, 3, h, w) uint8 into features (n, 2048)."
            ) from None


def features(network: Any, pictures: NDArray[np.uint8], words: str) -> NDArray[np.float32]:
    """(n, h, w, 3) uint8 -> (n, d). Raises OptionError where the file does not give such features."""
    asked = {"return_features": True} if takes_features(network) else {}
    done: list[NDArray[np.float32]] = []
    with progress(words, len(pictures)) as tell, torch.inference_mode():
        for some in np.split(pictures, range(AT_ONCE, len(pictures), AT_ONCE)):
            x = torch.from_numpy(np.ascontiguousarray(some.transpose(0, 3, 1, 2)))
            done.append(_checked(network, x, asked))
            tell(len(some))
    return np.concatenate(done)


def _checked(network: Any, x: torch.Tensor, asked: dict[str, bool]) -> NDArray[np.float32]:
    try:
        features = network(x, **asked)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1:]
        raise OptionError(
            f"--inception: the file's function fails on pictures {tuple(x.shape)} uint8: {reason}"
        ) from None
    if not isinstance(features, torch.Tensor) or features.ndim != 2 or len(features) != len(x):
        what = tuple(features.shape) if isinstance(features, torch.Tensor) else type(features).__name__
        raise OptionError(
            f"--inception: its answer to {len(x)} pictures is {what}; expected features ({len(x)}, 2048)."
        )
    return np.asarray(features.float().numpy(), np.float32)


def takes_features(network: Any) -> bool:
    return any(argument.name == "return_features" for argument in network.forward.schema.arguments)


def digest(path: str) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()
