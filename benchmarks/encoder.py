"""What an encoder learns in the same time from places alone, and from what is painted there as well.

python benchmarks/encoder.py [--model shows/models/landscapes.safetensors] [--pictures PREPARED] [--minutes 2]
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from installation.networks.encoder import Architecture  # noqa: E402
from installation.training.dataset.pictures import load_prepared  # noqa: E402
from installation.training.encoder.frozen import freeze  # noqa: E402
from installation.training.encoder.recipe import Recipe  # noqa: E402
from installation.training.encoder.run import Trainer  # noqa: E402
from installation.training.encoder.session import averaged  # noqa: E402
from installation.training.latent.models import open_model  # noqa: E402
from installation.training.loop.devices import open_devices  # noqa: E402

WHOLE = Recipe()
ALONE = replace(WHOLE, painted=0, real=0)
LARGER = Architecture(128, Architecture.directions, (24, 48, 96, 192, 256))


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, default=ROOT / "shows" / "models" / "landscapes.safetensors")
    options.add_argument("--pictures", type=Path, help="a prepared folder of real pictures")
    options.add_argument("--minutes", type=float, default=2.0, help="of active time for each row (default 2)")
    options.add_argument("--larger", action="store_true", help="also an encoder that looks at 128 px")
    chosen = options.parse_args()
    frozen = freeze(open_model(chosen.model))
    real = averaged(load_prepared(chosen.pictures).pictures, frozen.resolution) if chosen.pictures else None
    arch = Architecture.fitting(frozen.resolution, len(frozen.std))
    rows = {"places": (ALONE, arch), "places, painted pictures": (replace(WHOLE, painted=8, real=0), arch)}
    if real is not None:
        rows["places, painted and real pictures"] = (WHOLE, arch)
    if chosen.larger:
        rows["places, at 128 px"] = (ALONE, replace(LARGER, directions=len(frozen.std)))
    print("| learnt from | steps | place | generated | real |\n| --- | --- | --- | --- | --- |")
    with open_devices("cpu", 1, 1) as devices:
        for name, (recipe, shape) in rows.items():
            trainer = Trainer(frozen, shape, recipe, real, devices.dtype)
            end = devices.clock() + chosen.minutes * 60
            while devices.clock() < end:
                trainer.step()
            print(row(name, trainer), flush=True)
    print(row("nothing: the mean picture", trainer, "_of_mean"))


def row(name: str, trainer: Trainer, of: str = "") -> str:
    """Errors in standard deviations, weighed by what is seen of them, and in levels of 255."""
    error = {key: np.nan if value is None else value for key, value in trainer.errors().items()}
    latents, painted, real = (error[f"{key}{of}"] for key in ("w_rms_seen", "pixels_mae_generated", "pixels_mae_real"))
    return f"| {name} | {0 if of else trainer.steps} | {latents:.3f} | {painted:.1f} | {real:.1f} |"


if __name__ == "__main__":
    main()
