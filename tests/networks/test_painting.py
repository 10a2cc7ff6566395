"""The runtimes in which a network paints: they paint what plain torch paints, into memory that is used again."""

import gc
import itertools
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
from installation.core.disk_cache import DiskCache
from installation.core.parts import ROOT
from installation.engine.opening import accelerate
from installation.networks import choose_runtime
from installation.networks import compile_apart as _compile_apart
from installation.networks import openvino as _openvino
from installation.networks.choose_runtime import (
    COMPILED,
    FARTHEST,
    VERDICT,
    candidate_name,
    farthest,
    fastest,
    kept,
    race,
)
from installation.networks.compile_apart import Form, compile_apart
from installation.networks.model_generator import proofs
from installation.networks.runtime import REUSED, Eager, Runtime, levels, ring
from installation.networks.stylegan2 import Network, effective_tensors
from installation.networks.stylegan2_generator import Architecture, StyleGan2
from installation.networks.vae import Architecture as VaeArchitecture
from installation.networks.vae import Decoder, decoder_tensors
from installation.networks.vae import Network as VaeNetwork
from tests.tiny_models import tiny_vae

SIZE = 64
ARCH = Architecture(SIZE, 16, 16, (16, 16, 16, 16, 16), 2)
VAE = VaeArchitecture(SIZE, 8, (16, 16, 16, 16, 16), (8, 8, 8, 8, 8))
LANDSCAPES = ROOT / "shows" / "models" / "landscapes.safetensors"


def gan(seed: int = 0) -> Any:
    torch.manual_seed(seed)
    return Network(ARCH, effective_tensors(StyleGan2(ARCH), SIZE))


def second(seed: int = 0) -> Any:
    """The same in the second version of its architecture, with noise of some strength."""
    torch.manual_seed(seed)
    generator = StyleGan2(replace(ARCH, version=2, noise=True, replicate=True, fine=32))
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
def runtimes(network: Any) -> list[Runtime]:
    """Every runtime that a processor can paint a network in; plain torch is the first."""
    latents = proofs(network)
    opened: list[Runtime] = [Eager(network.synthesis, latents)]
    if _openvino.version():
        opened.append(_openvino.OpenVino(_openvino.compiled(network.synthesis, latents)))
    return opened


@pytest.fixture(scope="module")
def landscapes() -> Any:
    from installation.networks.model_generator import opened

    return opened(LANDSCAPES, 0, "cpu").network


@dataclass
class Flat:
    """A runtime that paints one level everywhere; ``seconds`` each of its paints takes, on the clock that it moves."""

    name: str
    level: int = 0
    seconds: float = 0.0
    clock: list[float] = field(default_factory=lambda: [0.0])
    painted: int = 0

    def paint(self, latent: Latent) -> Pixels:
        self.clock[0] += self.seconds
        self.painted += 1
        return np.full((4, 4, 3), self.level, np.uint8)


# -- plain torch ------------------------------------------------------------------------------------------------------


def test_plain_torch_paints_what_the_network_paints(network: Any) -> None:
    latents = proofs(network)
    runtime = Eager(network.synthesis, latents)
    assert runtime.name == "eager fp32"
    for latent in latents:
        np.testing.assert_array_equal(runtime.paint(latent), network.paint(latent))


def test_an_array_is_painted_into_again_after_as_many_paints_as_the_contract_permits(
    network: Any, runtimes: list[Runtime]
) -> None:
    latents = proofs(network)
    for runtime in runtimes:
        first = runtime.paint(latents[0])
        kept = first.copy()
        for latent in latents[1:REUSED]:
            assert not np.shares_memory(runtime.paint(latent), first)
        np.testing.assert_array_equal(first, kept)
        assert np.shares_memory(runtime.paint(latents[1]), first)


def test_a_frame_allocates_no_picture(network: Any, runtimes: list[Runtime]) -> None:
    """In Python's and numpy's memory there is nothing new but the views through which it is handed about."""
    latents = proofs(network)
    for runtime in runtimes:
        for latent in latents:
            runtime.paint(latent)
        tracemalloc.start()
        for latent in latents:
            runtime.paint(latent)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < SIZE * SIZE * 3 / 2, runtime.name


def test_a_ring_is_memory_that_both_see() -> None:
    slots = ring((2, 2, 3))
    tensor, pixels = next(slots)
    tensor.fill_(7)
    assert (pixels == 7).all()
    assert pixels.dtype == np.uint8


def test_float16_stays_within_the_levels_allowed(landscapes: Any) -> None:
    """As a GPU would compute it, as far as a processor can tell; bfloat16 does not, which is why it is not offered."""
    latents = proofs(landscapes)[:2]
    plain = Eager(landscapes.synthesis, latents)
    assert farthest(Eager(landscapes.synthesis, latents, "cpu", torch.float16), plain, latents) <= FARTHEST
    assert farthest(Eager(landscapes.synthesis, latents, "cpu", torch.bfloat16), plain, latents) > FARTHEST


# -- judging ----------------------------------------------------------------------------------------------------------

LATENTS = np.zeros((3, 4), np.float32)


def test_the_farthest_level_counts_either_way() -> None:
    assert farthest(Flat("a", 0), Flat("b", 255), LATENTS) == 255
    assert farthest(Flat("a", 255), Flat("b", 0), LATENTS) == 255
    assert farthest(Flat("a", 9), Flat("b", 9), LATENTS) == 0


@pytest.mark.parametrize(("candidate", "plain", "winner"), [(0.010, 0.020, "candidate"), (0.020, 0.010, "plain")])
def test_the_faster_one_wins(candidate: float, plain: float, winner: str) -> None:
    clock = [0.0]
    runners = Flat("candidate", 0, candidate, clock), Flat("plain", 0, plain, clock)
    verdict = race(*runners, LATENTS, clock=lambda: clock[0])
    assert verdict == {"runtime": winner, "ms": {"candidate": 1000 * candidate, "plain": 1000 * plain}}
    assert runners[0].painted == runners[1].painted


def test_other_work_does_not_decide_a_race() -> None:
    """Three of four paints of the faster one were disturbed."""
    clock, disturbed = [0.0], itertools.cycle([0.030, 0.030, 0.030, 0.010])

    class Disturbed(Flat):
        def paint(self, latent: Latent) -> Pixels:
            self.seconds = next(disturbed)
            return super().paint(latent)

    runners = Disturbed("candidate", 0, 0.0, clock), Flat("plain", 0, 0.020, clock)
    assert race(*runners, LATENTS, clock=lambda: clock[0])["ms"] == {"candidate": 10.0, "plain": 20.0}


def test_what_is_hardly_faster_does_not_win() -> None:
    clock = [0.0]
    verdict = race(Flat("candidate", 0, 0.99, clock), Flat("plain", 0, 1.0, clock), LATENTS, clock=lambda: clock[0])
    assert verdict["runtime"] == "plain"


@pytest.mark.parametrize(
    ("half", "full", "taken"), [(FARTHEST, 0, "float16"), (FARTHEST + 1, 0, "float32"), (9, FARTHEST + 1, "plain")]
)
def test_a_graph_that_is_too_far_off_is_captured_in_float32(
    half: int, full: int, taken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At this start and at the next, which knows who won."""
    off = {torch.float16: half, torch.float32: full}
    monkeypatch.setattr(choose_runtime, "Eager", lambda *given: Flat("plain"))
    graph = lambda _synthesis, _latents, dtype: Flat(str(dtype).removeprefix("torch."), off[dtype])  # noqa: E731
    monkeypatch.setattr(choose_runtime, "CudaGraph", graph)
    won = {"runtime": "candidate", "ms": {}}
    monkeypatch.setattr(choose_runtime, "race", lambda runtime, trusted, *_: won)
    for _ in range(2):
        assert fastest(gan().synthesis, LATENTS, "cuda", "digest", DiskCache(tmp_path))().name == taken


def test_a_device_has_one_candidate_beside_plain_torch() -> None:
    assert candidate_name("cuda")
    assert candidate_name("mps") == "fp16"
    assert candidate_name("cpu") == (f"openvino {_openvino.version()}" if _openvino.version() else None)


# -- OpenVINO ---------------------------------------------------------------------------------------------------------

openvino = pytest.mark.skipif(not _openvino.version(), reason="OpenVINO is not installed")


@openvino
def test_openvino_paints_the_same(network: Any, runtimes: list[Runtime]) -> None:
    plain, runtime = runtimes
    assert runtime.name == "openvino fp32"
    assert farthest(runtime, plain, proofs(network)) <= 1


@pytest.fixture(scope="module")
def model() -> Any:
    """The first GAN as OpenVINO has it."""
    return _openvino.compiled(gan().synthesis, proofs(gan()))


@openvino
def test_pieces_on_one_network_paint_beside_one_another(model: Any) -> None:
    first, second = _openvino.OpenVino(model), _openvino.OpenVino(model)
    latents = proofs(gan())
    one, other = first.paint(latents[0]).copy(), second.paint(latents[1]).copy()
    painted = [(first.paint(latents[0]), second.paint(latents[1])) for _ in range(REUSED)]
    for here, there in painted:
        np.testing.assert_array_equal(here, one)
        np.testing.assert_array_equal(there, other)


@openvino
def test_a_packed_network_paints_the_same(model: Any) -> None:
    latent = proofs(gan())[0]
    kept = _openvino.OpenVino(_openvino.unpacked(_openvino.packed(model)))
    np.testing.assert_array_equal(kept.paint(latent), _openvino.OpenVino(model).paint(latent))


@openvino
def test_nobody_keeps_a_compiled_network_but_by_a_request(model: Any) -> None:
    """Letting the network itself go would hold up the frames (see Compiled)."""
    kept = _openvino.OpenVino(model)
    kept.paint(proofs(gan())[0])
    held = [one for one in gc.get_objects() if type(one).__name__.startswith("CompiledModel")]
    assert not held
    assert model.models[0].input(0).shape[1] == proofs(gan()).shape[1], "it can be had all the same"


@openvino
def test_the_library_sends_no_word_of_its_use() -> None:
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
    counter = Conversions()

    def counted(*_: Any, **__: Any) -> Any:
        counter.count += 1
        return model

    monkeypatch.setattr(_openvino, "compiled", counted)
    return counter


def verdict_is(cache: DiskCache, runtime: str) -> None:
    """Makes a race's verdict another."""
    cache.put(VERDICT, key(cache), json.dumps({"runtime": runtime}).encode())


def key(cache: DiskCache) -> str:
    return kept(cache, "digest", candidate_name("cpu") or "").key


@openvino
def test_what_was_found_is_kept(tmp_path: Path, conversions: Conversions) -> None:
    network, cache = gan(), DiskCache(tmp_path)
    find = partial(fastest, network.synthesis, proofs(network), "cpu", "digest", cache)
    find()
    assert conversions.count == 1
    verdict_is(cache, "candidate")
    assert find()().name == "openvino fp32"
    assert conversions.count == 1
    verdict_is(cache, "plain")
    assert find()().name == "eager fp32"
    cache.path(COMPILED, key(cache)).write_bytes(b"spoiled")
    verdict_is(cache, "candidate")
    assert find()().name == "openvino fp32"
    assert conversions.count == 2


@openvino
def test_it_is_compared_once_at_a_start(
    tmp_path: Path, conversions: Conversions, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, cache = gan(), DiskCache(tmp_path)
    compared: list[int] = []
    monkeypatch.setattr(choose_runtime, "farthest", lambda *given: compared.append(1) or 0)

    def find(cache: DiskCache) -> Runtime:
        return fastest(network.synthesis, proofs(network), "cpu", "digest", cache)()

    find(cache)
    verdict_is(cache, "candidate")
    assert find(cache).name == "openvino fp32"
    assert len(compared) == 1, "a piece that was let go comes again"
    assert find(DiskCache(tmp_path)).name == "openvino fp32"
    assert len(compared) == 2, "at the next start"


@openvino
def test_a_runtime_that_paints_something_else_is_refused(
    tmp_path: Path, conversions: Conversions, caplog: pytest.LogCaptureFixture
) -> None:
    other = gan(seed=1)
    assert fastest(other.synthesis, proofs(other), "cpu", "digest", DiskCache(tmp_path))().name == "eager fp32"
    assert "levels of 255 off eager fp32, 2 at most are allowed" in caplog.text
    assert conversions.count == 1
    assert not list(tmp_path.iterdir())


@openvino
def test_the_landscapes_accelerate(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What is compiled is compiled in another process, which ends with this one."""
    caplog.set_level(logging.INFO)
    config = parts.config("generator", "stylegan2")
    generator = config(kind="stylegan2", model=LANDSCAPES).open("cpu")
    assert isinstance(generator, Accelerates)
    assert generator.runtime == "eager fp32"
    latent = generator.latent(3)
    before = generator.paint(latent, {}).copy()
    accelerate("sitters", generator, DiskCache(tmp_path))
    assert list(tmp_path.glob("verdict-*"))
    assert f"sitters is painted by {generator.runtime}" in caplog.text
    assert np.abs(generator.paint(latent, {}).astype(int) - before).max() <= FARTHEST


def test_plain_torch_can_be_asked_for(tmp_path: Path) -> None:
    generator = parts.config("generator", "stylegan2")(kind="stylegan2", model=LANDSCAPES, runtime="eager").open("cpu")
    generator.accelerate(DiskCache(tmp_path))
    assert not list(tmp_path.iterdir())
    assert generator.runtime == "eager fp32"


class Stuck:
    """A generator that finds no faster way."""

    runtime = "slow"

    def accelerate(self, cache: DiskCache) -> None:
        raise RuntimeError("no kernel for this")


def test_a_generator_that_does_not_get_faster_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for name, one in (("sitters", Stuck()), ("plasma", object())):
        accelerate(name, one, DiskCache(tmp_path))  # type: ignore[arg-type]
    assert "sitters goes on as it is" in caplog.text
    assert "no kernel for this" in caplog.text
    assert "sitters is painted by slow" in caplog.text


def test_a_synthesis_of_another_size_is_painted_whole() -> None:
    """Pictures need not be square."""

    def stripes(latent: torch.Tensor) -> torch.Tensor:
        return latent[:, :1, None, None] * torch.ones(1, 3, 2, 4)

    runtime = Eager(stripes, np.ones((1, 1), np.float32))
    assert runtime.paint(np.full(1, 2.0, np.float32)).shape == (2, 4, 3)
    assert levels(stripes, torch.ones(1, 1)).max() == 255


@openvino
def test_a_model_is_compiled_in_another_process_which_ends_well(tmp_path: Path) -> None:
    model, cache = tiny_vae(tmp_path / "tiny.safetensors"), DiskCache(tmp_path / "cache")
    spoiled = tmp_path / "spoiled.safetensors"
    spoiled.write_bytes(b"no model")
    told = dict(compile_apart([Form(spoiled), Form(model)], cache))
    assert "spoiled.safetensors" in told[Form(spoiled)]
    assert told[Form(model)] == ""
    verdict = kept(cache, Form(model).digest(), candidate_name("cpu") or "").verdict()
    assert set(verdict["ms"]) == {"openvino fp32", "eager fp32"}


def test_where_the_process_that_compiles_ends_or_hangs_another_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_compile_apart, "MODULE", "tests.networks.bad_compiler")
    models = [Form(tmp_path / name) for name in ("good", "ends", "other", "hangs", "last")]
    told = list(compile_apart(models, DiskCache(tmp_path / "cache"), longest=10.0))
    assert [model for model, _ in told] == models
    assert [not why for _, why in told] == [True, False, True, False, True]
    assert told[1][1].endswith("with status 7: no memory for this")
