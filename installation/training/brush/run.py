"""Training a brush: as a refiner's, by other pairs (see windows.py), of a smaller network.

Its recipe differs in what the pairs are worn by: what a refiner paints is nearly as sharp as pictures, and holds no
threads and no weave.
"""

from __future__ import annotations

from installation.training.brush.export import CHANNELS
from installation.training.brush.export import export as export
from installation.training.loop.devices import Devices
from installation.training.refiner.pairs import PairSupply
from installation.training.refiner.projection import feature_networks
from installation.training.refiner.recipe import Recipe
from installation.training.refiner.run import Facts, Refining

MODEL = "brush"


class Brushing(Refining):
    """One training run of a brush. The methods of run.Run are the loop's."""

    model = MODEL

    def __init__(self, pairs: PairSupply, recipe: Recipe, devices: Devices, facts: Facts) -> None:
        super().__init__(pairs, recipe, devices, *feature_networks(recipe, devices), facts=facts, channels=CHANNELS)
