"""Convolutions with fewer multiplications are the same convolutions."""

from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from benchmarks.peers import random_file
from installation.networks import winograd
from installation.networks.model_generator import rebuild
from installation.networks.stylegan2_ada import Network
from installation.training.convert.containers import read
from installation.training.convert.run import recognised


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Network:
    """One with enough channels at 32 px, where it pays."""
    path: Path = tmp_path_factory.mktemp("winograd") / "wide.pt"
    random_file(32, path, winograd.FEWEST)
    converted = recognised(read(path), path.name, None)
    header = {"kind": converted.kind, "architecture": converted.architecture}
    network = rebuild(header, converted.tensors, "cpu", path)
    assert isinstance(network, Network)
    return network


@pytest.mark.parametrize(
    ("height", "width", "several"), [(32, 32, False), (32, 64, False), (64, 32, True)], ids=["square", "wide", "tiled"]
)
def test_the_same_features(height: int, width: int, several: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd, "AT_ONCE", 100_000)  # so that a picture is worked on in parts
    torch.manual_seed(0)
    x = torch.randn(1, 6, height, width).contiguous(memory_format=torch.channels_last)
    weight, across = torch.randn(5, 6, 3, 3) / 54**0.5, width if several else 1
    style, demodulation = torch.rand(1, 6, 1, across) + 0.5, torch.rand(1, 5, 1, across) + 0.5
    made = winograd.convolved(x, style, winograd.transformed(weight), demodulation)
    wanted = F.conv2d((x * style).double(), weight.double(), padding=1) * demodulation.double()
    assert made.is_contiguous(memory_format=torch.channels_last)
    assert float((made - wanted).abs().max()) < 1e-4


@pytest.mark.parametrize("padding", [1, 2])
@pytest.mark.parametrize(("height", "width"), [(33, 38), (36, 35)])
def test_sizes_need_be_no_multiples_and_there_may_be_more_zeros_around(height: int, width: int, padding: int) -> None:
    torch.manual_seed(0)
    x, weight = torch.randn(2, 6, height, width), torch.randn(5, 6, 3, 3) / 54**0.5
    style, demodulation = torch.rand(2, 6, 1, 1) + 0.5, torch.rand(2, 5, 1, 1) + 0.5
    made = winograd.convolved(x, style, winograd.transformed(weight), demodulation, padding)
    wanted = F.conv2d((x * style).double(), weight.double(), padding=padding) * demodulation.double()
    assert made.shape == wanted.shape
    assert float((made - wanted).abs().max()) < 1e-4


def test_a_network_paints_by_it_what_it_paints_without(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    w = network.mapping(np.random.default_rng(1).standard_normal((1, network.z_dim)).astype(np.float32))
    used = []
    convolved = winograd.convolved
    monkeypatch.setattr(winograd, "convolved", lambda *given: used.append(1) or convolved(*given))
    quick = network.synthesis(w)
    assert used, "one picture is painted by it"
    used.clear()
    plain = network.pictures(torch.from_numpy(w))
    assert not used, "nothing that is differentiated is"
    assert float((quick - plain.detach()).abs().max()) < 1e-4
    other = network.mapping(np.random.default_rng(2).standard_normal((1, network.z_dim)).astype(np.float32))
    both = network.synthesis(np.concatenate([w, other]))
    assert used, "two at once are, each by itself"
    assert float((both[0] - quick[0]).abs().max()) < 1e-4
    assert float((both[1] - network.synthesis(other)[0]).abs().max()) < 1e-4


def test_where_it_pays() -> None:
    wide = torch.empty(winograd.FEWEST, winograd.FEWEST, 3, 3)
    assert winograd.pays(wide, 32, 64)
    assert not winograd.pays(wide[:1], 32, 64)
    assert not winograd.pays(wide, 16, 64), "the kernel's memory is worth more"
    assert winograd.pays(wide, 34, 65), "need be no whole tiles"
    assert not winograd.pays(wide[..., :1], 32, 64), "a kernel of 3x1"
