"""What a captured CUDA graph cannot have in it: numbers that come from the host, or go there, while a network paints.

Tensors of the device ``meta`` stand for those on a card: they have shapes and no numbers, so that reading one raises.
"""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from installation.core import parts
from installation.core.parts import ROOT
from installation.networks.model_file import read_header
from installation.networks.model_generator import opened, proofs
from installation.networks.refined import Refined, side_of
from installation.networks.runtime import Synthesis
from tests import tiny_models
from tests.networks.test_live import BENT, MAKE, every
from tests.tiny_brush import brushed
from tests.tiny_refiner import refined

CARD = "meta"
BUNDLED = sorted((ROOT / "shows" / "models").glob("*.safetensors"))
TINY = {**tiny_models.TINY, **MAKE}
KINDS = sorted(TINY.keys() - {"auto", "onnx"})
"""One of kind onnx is painted on the processor by another library."""

FROM_NUMBERS = ("lift_fresh", "detach_", "index")
"""What torch does where a tensor is made of numbers of Python's, as by torch.tensor, new_tensor or a list of places."""


class OnlyOnTheCard(TorchDispatchMode):
    """Refuses every step that takes something from the host. A single number that is not in a tensor is part of the
    step that it is given to."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        tensors = [one for one in tree_leaves((args, kwargs, made)) if isinstance(one, Tensor)]
        if func.overloadpacket.__name__ in FROM_NUMBERS or any(one.device.type != CARD for one in tensors):
            raise AssertionError(f"{func} takes what lies on the host")
        return made


def placed(thing: Any) -> Any:
    """The same on the card: a network, or anything that it consists of."""
    if isinstance(thing, Tensor):
        return thing.to(CARD)
    if isinstance(thing, nn.Module):
        return copy.deepcopy(thing).to(CARD)
    if isinstance(thing, Refined):
        return Refined(placed(thing.network), placed(thing.refiner), thing.knobs[-1])
    if isinstance(thing, dict):
        return {name: placed(one) for name, one in thing.items()}
    if isinstance(thing, list | tuple):
        return type(thing)(map(placed, thing))
    if not type(thing).__module__.startswith("installation.networks") or not hasattr(thing, "__dict__"):
        return thing
    made = copy.copy(thing)
    vars(made).update({name: CARD if name == "device" else placed(one) for name, one in vars(thing).items()})
    return made


def captured(synthesis: Synthesis, latents: Tensor) -> tuple[int, ...]:
    """The shape of what is painted a second time; the first is a graph's paint before its capture."""
    with torch.inference_mode():
        synthesis(latents)
        with OnlyOnTheCard():
            return tuple(synthesis(latents).shape)


def network_of(model: Path) -> Any:
    """As a show has it."""
    return opened(model, 0, "cpu", bool(read_header(model).get("brush"))).network


@pytest.mark.parametrize(
    "spoiled",
    [
        lambda x: x + x.new_tensor([0.5]),
        lambda x: x + torch.tensor([0.5], device=CARD),
        lambda x: x * torch.ones(4).to(CARD),
        lambda x: x @ torch.ones(4, 4),
        lambda x: x[:, [0, 1]],
        lambda x: x.index_select(1, (x[0] > 0).nonzero()[:, 0]),
        lambda x: x * float(x.sum()),
    ],
)
def test_what_cannot_be_captured_is_noticed(spoiled: Callable[[Tensor], Tensor]) -> None:
    with pytest.raises((AssertionError, NotImplementedError, RuntimeError)):
        captured(spoiled, torch.zeros(1, 4, device=CARD))
    assert captured(lambda x: torch.where(x > 0, x * 2.0, 1.0), torch.zeros(1, 4, device=CARD)) == (1, 4)


@pytest.mark.parametrize("model", BUNDLED, ids=lambda path: path.stem)
def test_a_model_that_ships_is_painted_on_the_card_alone(model: Path) -> None:
    network = network_of(model)
    latents = torch.from_numpy(proofs(network)[:1]).to(CARD)
    side = side_of(network)
    assert captured(placed(network).synthesis, latents) == (1, 3, side, side)


@pytest.mark.parametrize("kind", KINDS)
def test_a_network_of_each_kind_is(kind: str, tmp_path: Path) -> None:
    model = TINY[kind](tmp_path / "tiny.safetensors")
    network = network_of(model)
    latents = torch.from_numpy(proofs(network)[:1]).to(CARD)
    assert captured(placed(network).synthesis, latents)[:2] == (1, 3)


def test_a_network_with_a_refiner_and_a_brush_is(tmp_path: Path) -> None:
    network = network_of(brushed(refined(tiny_models.tiny_vae(tmp_path / "tiny.safetensors"))))
    latents = torch.from_numpy(proofs(network)[:1]).to(CARD)
    assert captured(placed(network).synthesis, latents) == (1, 3, 64, 64)


MOVED = {
    "bend": {"rotate": 0.1, "scale": 1.5, "move/x": 0.2, "gain": 2.0, "noise": 0.5, "threshold": 0.5, "ablate": 0.5},
    "features": {"features": 2.0, "rotate": 0.1, "noise": 0.5},
}


@pytest.fixture(scope="module", params=BENT)
def live(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """A kind and a model of it, with a refiner."""
    return request.param, refined(MAKE[request.param](tmp_path_factory.mktemp("live") / "tiny.safetensors"))


@pytest.mark.parametrize("moved", ["nothing", *MOVED])
@pytest.mark.parametrize("tiles", [(1, 1), (3, 1)])
def test_a_network_that_is_bent_mixed_and_blended_is(
    live: tuple[str, Path], moved: str, tiles: tuple[int, int]
) -> None:
    """At rest and in use: all that the host says is said before it paints."""
    kind, model = live
    made = parts.config("generator", kind)(kind=kind, model=model, tiles=tiles, **every(kind, model))
    generator = made.open("cpu")
    bent = [(name.replace(".", "-"), *one) for name in BENT[kind] for one in MOVED.get(moved, {}).items()]
    controls = {f"/generator/bend/{name}/{control}": value for name, control, value in bent}
    if bent:
        controls |= {f"/generator/{name}": 0.5 for name in ("mix/amount", "blend/amount", "noise/amount")}
    painter, latent = placed(generator._painter), generator.latent(3)[: generator.network.w_dim]
    styles = [painter.styles(latent, generator.second(controls), latent * 0, controls)] * tiles[0]
    synthesis = painter._refined(painter.asked(controls).synthesis, [0.5])
    shape = captured(synthesis, torch.from_numpy(np.stack(styles)).to(CARD))
    assert shape[:2] == (1, 3)
    assert shape[3] == tiles[0] * shape[2]
