"""The forms in which a network paints: they paint what plain torch paints, into memory that is used again."""

import json
import logging
import subprocess
import sys
import tracemalloc
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from installation.core import parts
from installation.core.contracts import Accelerates, Latent, Pixels
from installation.core.parts import ROOT
from installation.engine.opening import accelerate
from installation.networks import choose_runtime as _fastest
from installation.networks import openvino as _openvino
from installation.networks.choose_runtime import FARTHEST, Shelf, farthest, fastest, race, rival_name
from installation.networks.model_generator import proofs
from installation.networks.runtime import REUSED, Eager, Form, levels, ring
from installation.networks.stylegan2 import Network, effective_tensors
from installation.networks.stylegan2_generator import Architecture, Generator
from installation.networks.vae import Architecture as VaeArchitecture
from installation.networks.vae import Decoder, decoder_tensors
from installation.networks.vae import Network as VaeNetwork

SIZE = 64
ARCH = Architecture(SIZE, 16, 16, (16, 16, 16, 16, 16), 2)
VAE = VaeArchitecture(SIZE, 8, (16, 16, 16, 16, 16), (8, 8, 8, 8, 8))
PORTRAITS = ROOT / "shows" / "models" / "portraits.safetensors"


def gan(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return Network(ARCH, effective_tensors(Generator(ARCH), SIZE))


def second(seed: int = 0) -> Any:
    """The same in the second version of its architecture, with noise of some strength."""
    torch.manual_seed(seed)
    generator = Generator(replace(ARCH, version=2, noise=True, replicate=True, fine=32))
    with torch.no_grad():
        for name, weight in generator.named_parameters():
            if name.endswith("strength"):
                weight.fill_(0.3)
    return Network(generator.arch, effective_tensors(generator, SIZE))


def vae() -> Any:
    torch.manual_seed(0)
    return VaeNetwork(VAE, decoder_tensors(Decoder(VAE), SIZE))


@pytest.fixture(scope="module", params=[gan, second, vae])
def network(request: pytest.FixtureRequest) -> Any:
    return request.param()


@pytest.fixture(scope="module")
def forms(network: Any) -> list[Form]:
    """Every form that a processor can paint a network in; plain torch is the first."""
    places = proofs(network)
    found: list[Form] = [Eager(network.synthesis, places)]
    if _openvino.version():
        found.append(_openvino.OpenVino(_openvino.compiled(network.synthesis, places)))
    return found


@pytest.fixture(scope="module")
def portraits() -> Any:
    from installation.networks.model_generator import opened

    return opened(PORTRAITS, 0, "cpu")[0]


@dataclass
class Flat:
    """A form that paints one level everywhere; ``seconds`` each of its paints takes, on the clock that it moves."""

    name: str
    level: int = 0
    seconds: float = 0.0
    clock: list[float] = field(default_factory=lambda: [0.0])
    painted: int = 0

    def paint(self, place: Latent) -> Pixels:
        self.clock[0] += self.seconds
        self.painted += 1
        return np.full((4, 4, 3), self.level, np.uint8)


# -- plain torch ------------------------------------------------------------------------------------------------------


def test_plain_torch_paints_what_the_network_paints(network: Any) -> None:
    places = proofs(network)
    form = Eager(network.synthesis, places)
    assert form.name == "eager fp32"
    for place in places:
        np.testing.assert_array_equal(form.paint(place), network.paint(place))


def test_an_array_is_painted_into_again_after_as_many_paints_as_the_contract_permits(
    network: Any, forms: list[Form]
) -> None:
    places = proofs(network)
    for form in forms:
        first = form.paint(places[0])
        kept = first.copy()
        for place in places[1:REUSED]:
            assert not np.shares_memory(form.paint(place), first)
        np.testing.assert_array_equal(first, kept)
        assert np.shares_memory(form.paint(places[1]), first)


def test_a_frame_allocates_no_picture(network: Any, forms: list[Form]) -> None:
    """In Python's and numpy's memory there is nothing new but the views through which it is handed about."""
    places = proofs(network)
    for form in forms:
        for place in places:
            form.paint(place)
        tracemalloc.start()
        for place in places:
            form.paint(place)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < SIZE * SIZE * 3 / 2, form.name


def test_a_ring_is_memory_that_both_see() -> None:
    slots = ring((2, 2, 3))
    tensor, pixels = next(slots)
    tensor.fill_(7)
    assert (pixels == 7).all()
    assert pixels.dtype == np.uint8


def test_float16_stays_within_the_levels_allowed(portraits: Any) -> None:
    """As a GPU would compute it, as far as a processor can tell; bfloat16 does not, which is why nobody offers it."""
    places = proofs(portraits)[:2]
    plain = Eager(portraits.synthesis, places)
    assert farthest(Eager(portraits.synthesis, places, "cpu", torch.float16), plain, places) <= FARTHEST
    assert farthest(Eager(portraits.synthesis, places, "cpu", torch.bfloat16), plain, places) > FARTHEST


# -- judging ----------------------------------------------------------------------------------------------------------

PLACES = np.zeros((3, 4), np.float32)


def test_the_farthest_level_counts_either_way() -> None:
    assert farthest(Flat("a", 0), Flat("b", 255), PLACES) == 255
    assert farthest(Flat("a", 255), Flat("b", 0), PLACES) == 255
    assert farthest(Flat("a", 9), Flat("b", 9), PLACES) == 0


@pytest.mark.parametrize(("rival", "plain", "winner"), [(0.010, 0.020, "rival"), (0.020, 0.010, "plain")])
def test_the_faster_one_wins(rival: float, plain: float, winner: str) -> None:
    clock = [0.0]
    runners = Flat("rival", 0, rival, clock), Flat("plain", 0, plain, clock)
    verdict = race(*runners, PLACES, clock=lambda: clock[0])
    assert verdict == {"form": winner, "ms": {"rival": 1000 * rival, "plain": 1000 * plain}}
    assert runners[0].painted == runners[1].painted


def test_what_is_hardly_faster_does_not_win() -> None:
    clock = [0.0]
    verdict = race(Flat("rival", 0, 0.99, clock), Flat("plain", 0, 1.0, clock), PLACES, clock=lambda: clock[0])
    assert verdict["form"] == "plain"


def test_a_device_has_one_rival_to_plain_torch() -> None:
    assert rival_name("cuda")
    assert rival_name("mps") == "fp16"
    assert rival_name("cpu") == (f"openvino {_openvino.version()}" if _openvino.version() else None)


# -- the shelf --------------------------------------------------------------------------------------------------------


def test_a_shelf_keeps_and_notices_what_was_spoiled(tmp_path: Path) -> None:
    shelf = Shelf.of(tmp_path, "key")
    assert shelf.read("blob") is None
    shelf.keep(b"compiled", "blob")
    assert shelf.read("blob") == b"compiled"
    assert Shelf.of(tmp_path, "another").read("blob") is None
    file = shelf.path.with_suffix(".blob")
    file.write_bytes(file.read_bytes()[:-1] + b"D")
    assert shelf.read("blob") is None
    shelf.drop("blob")
    shelf.drop("blob")
    assert not list(tmp_path.iterdir())


def test_a_shelf_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_fastest, "KEPT", 3)
    for number in range(6):
        Shelf.of(tmp_path, str(number)).keep(b"", "json")
    assert len(list(tmp_path.iterdir())) == 3


def test_a_disk_that_takes_nothing_costs_a_line(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    Shelf.of(tmp_path / "file", "key").keep(b"", "json")
    assert "it is looked for again next time" in caplog.text


# -- OpenVINO ---------------------------------------------------------------------------------------------------------

openvino = pytest.mark.skipif(not _openvino.version(), reason="OpenVINO is not installed")


@openvino
def test_openvino_paints_the_same(network: Any, forms: list[Form]) -> None:
    plain, form = forms
    assert form.name == "openvino fp32"
    assert farthest(form, plain, proofs(network)) <= 1


@pytest.fixture(scope="module")
def model() -> Any:
    """The first GAN as OpenVINO has it."""
    return _openvino.compiled(gan().synthesis, proofs(gan()))


@openvino
def test_pieces_on_one_network_paint_beside_one_another(model: Any) -> None:
    first, second = _openvino.OpenVino(model), _openvino.OpenVino(model)
    places = proofs(gan())
    one, other = first.paint(places[0]).copy(), second.paint(places[1]).copy()
    painted = [(first.paint(places[0]), second.paint(places[1])) for _ in range(REUSED)]
    for here, there in painted:
        np.testing.assert_array_equal(here, one)
        np.testing.assert_array_equal(there, other)


@openvino
def test_a_packed_network_paints_the_same(model: Any) -> None:
    place = proofs(gan())[0]
    kept = _openvino.OpenVino(_openvino.unpacked(_openvino.packed(model)))
    np.testing.assert_array_equal(kept.paint(place), _openvino.OpenVino(model).paint(place))


@openvino
def test_the_library_tells_nobody_that_it_is_used() -> None:
    code = (
        "import sys; sys.addaudithook(lambda event, _: event.startswith('socket') and sys.exit(event));"
        "from installation.networks.openvino import library; library();"
        "sys.exit(any(name.startswith('openvino_telemetry.') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


@dataclass
class Conversions:
    count: int = 0


@pytest.fixture
def conversions(monkeypatch: pytest.MonkeyPatch, model: Any) -> Conversions:
    """How often a network is converted from here on. Whatever it is, it becomes the first GAN."""
    found = Conversions()

    def counted(*details: Any) -> Any:
        found.count += 1
        return model

    monkeypatch.setattr(_openvino, "compiled", counted)
    return found


def verdict_is(folder: Path, form: str) -> None:
    """Makes a race's verdict another."""
    (file,) = folder.glob("*.json")
    Shelf(file.with_suffix("")).keep(json.dumps({"form": form}).encode(), "json")


@openvino
def test_what_was_found_is_kept(tmp_path: Path, conversions: Conversions) -> None:
    network = gan()
    find = partial(fastest, network.synthesis, proofs(network), "cpu", "digest", tmp_path)
    find()
    assert conversions.count == 1
    verdict_is(tmp_path, "rival")
    assert find()().name == "openvino fp32"
    assert conversions.count == 1
    verdict_is(tmp_path, "plain")
    assert find()().name == "eager fp32"
    (blob,) = tmp_path.glob("*.blob")
    blob.write_bytes(b"spoiled")
    verdict_is(tmp_path, "rival")
    assert find()().name == "openvino fp32"
    assert conversions.count == 2


@openvino
def test_a_form_that_paints_something_else_is_refused(
    tmp_path: Path, conversions: Conversions, caplog: pytest.LogCaptureFixture
) -> None:
    other = gan(seed=1)
    assert fastest(other.synthesis, proofs(other), "cpu", "digest", tmp_path)().name == "eager fp32"
    assert "levels of 255 off eager fp32, 2 at most are allowed" in caplog.text
    assert conversions.count == 1
    assert not list(tmp_path.iterdir())


@openvino
def test_the_portraits_accelerate(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    config = parts.config("generator", "stylegan2")
    generator = config(kind="stylegan2", model=PORTRAITS).open("cpu")
    assert isinstance(generator, Accelerates)
    assert generator.runtime == "eager fp32"
    place = generator.place(3)
    before = generator.paint(place, {}).copy()
    accelerate("sitters", generator)
    assert f"sitters is painted by {generator.runtime}" in caplog.text
    assert np.abs(generator.paint(place, {}).astype(int) - before).max() <= FARTHEST


def test_plain_torch_can_be_asked_for() -> None:
    generator = parts.config("generator", "stylegan2")(kind="stylegan2", model=PORTRAITS, form="eager").open("cpu")
    generator.accelerate()
    assert generator.runtime == "eager fp32"


class Stuck:
    """A generator that finds no faster way."""

    form = "slow"

    def hasten(self) -> None:
        raise RuntimeError("no kernel for this")


def test_a_generator_that_does_not_get_faster_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name, one in (("sitters", Stuck()), ("plasma", object())):
        accelerate(name, one)  # type: ignore[arg-type]
    assert "sitters goes on as it is" in caplog.text
    assert "no kernel for this" in caplog.text
    assert "sitters is painted by slow" in caplog.text


def test_a_synthesis_of_another_size_is_painted_whole() -> None:
    """Pictures need not be square."""

    def stripes(place: torch.Tensor) -> torch.Tensor:
        return place[:, :1, None, None] * torch.ones(1, 3, 2, 4)

    form = Eager(stripes, np.ones((1, 1), np.float32))
    assert form.paint(np.full(1, 2.0, np.float32)).shape == (2, 4, 3)
    assert levels(stripes, torch.ones(1, 1)).max() == 255
