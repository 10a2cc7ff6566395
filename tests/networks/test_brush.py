"""The brush paints on all that a model paints, in a show alone, and costs nothing where it is left out."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from installation.core.disk_cache import DiskCache
from installation.core.errors import ModelError
from installation.core.parts import config
from installation.networks import openvino as _openvino
from installation.networks.amounts import knobs_of
from installation.networks.choose_runtime import COMPILED, FARTHEST, candidate_name, farthest, fastest, kept
from installation.networks.compile_apart import Form
from installation.networks.grain import regrained
from installation.networks.model_file import amend_model, painted_side, read_header
from installation.networks.model_generator import BRUSH, REFINE, check_whole, opened, proofs
from installation.networks.refined import refiners_of, split, unrefined
from installation.networks.runtime import Eager
from installation.networks.tone import enlarged
from installation.training.latent.models import open_model
from tests import tiny_gan
from tests.networks.test_refiner import changes
from tests.tiny_brush import brushed
from tests.tiny_models import tiny_vae
from tests.tiny_refiner import refined, stirred

MODELS = sorted((Path(__file__).resolve().parents[2] / "shows" / "models").glob("*.safetensors"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_vae(tmp_path_factory.mktemp("models") / "plain.safetensors")


@pytest.fixture
def model(plain: Path, tmp_path: Path) -> Path:
    """With a refiner and a brush."""
    return brushed(refined(Path(shutil.copyfile(plain, tmp_path / "m.safetensors"))))


def of(model: Path, **options: Any) -> Any:
    return config("generator", read_header(model)["kind"])(model=model, **options)


def test_it_paints_on_what_the_refiner_paints(model: Path) -> None:
    network = opened(model, 0, "cpu", True).network
    assert knobs_of(network) == ("refine", "brush")
    latents = proofs(network)
    before = opened(model, 0, "cpu").network.synthesis(latents[:, :-1]).clamp(-1, 1)
    painted = refiners_of(network)[1](before)
    torch.testing.assert_close(network.synthesis(latents), painted, atol=1e-4, rtol=1e-3)
    assert painted.shape[-1] == 4 * unrefined(network).resolution == painted_side(read_header(model))


def test_it_paints_on_a_model_without_a_refiner(plain: Path, tmp_path: Path) -> None:
    path = brushed(Path(shutil.copyfile(plain, tmp_path / "m.safetensors")))
    check_whole(path)
    generator = of(path).open("cpu")
    picture = generator.paint(generator.latent(0), {})
    assert picture.shape == (32, 32, 3)
    assert np.abs(picture.astype(int) - generator.paint(generator.latent(0), {BRUSH: 0.0})).mean() > 1


def test_a_hand_says_how_much_is_painted(model: Path) -> None:
    generator = of(model).open("cpu")
    latent = generator.latent(0)
    full, half, none = (generator.paint(latent, {BRUSH: x}).copy().astype(int) for x in (1.0, 0.5, 0.0))
    np.testing.assert_array_equal(generator.paint(latent, {}), full)
    clear = (full > 0) & (full < 255) & (none > 0) & (none < 255)
    assert np.abs(full - none).mean() > 1
    assert np.abs(half - (full + none) / 2)[clear].max() <= 1
    soft = of(model, brush=0).open("cpu").paint(latent, {})
    wanted = enlarged(torch.from_numpy(soft.copy()).permute(2, 0, 1)[None].float())[0].permute(1, 2, 0).numpy()
    assert np.abs(none - wanted).max() <= 2
    assert np.abs(generator.paint(latent, {REFINE: 0.0}).astype(int) - full).mean() > 1


def test_left_out_it_is_as_if_there_were_none(model: Path, plain: Path) -> None:
    without = of(model, brush=0)
    assert BRUSH not in {control.address for control in without.controls()}
    assert {control.address: control.default for control in of(model, brush=0.4).controls()}[BRUSH] == 0.4
    generator = without.open("cpu")
    assert generator.paint(generator.latent(0), {}).shape == (32, 32, 3)
    assert of(model, brush=0.3).options() == without.options() == of(plain).options()
    with pytest.raises(ValidationError, match=r"brush: .*.safetensors holds no brush; leave it out, or train one"):
        of(plain, brush=0.4)


def test_one_of_another_size_is_refused(plain: Path, tmp_path: Path) -> None:
    path = brushed(Path(shutil.copyfile(plain, tmp_path / "m.safetensors")))
    refined(path)
    with pytest.raises(ModelError, match="its brush is for pictures of 16 px, and it paints 32 px"):
        check_whole(path)


def test_a_wrong_header_names_it(model: Path) -> None:
    amend_model(model, "brush", {}, {"architecture": {}})
    amend_model(model, "brush", {"out.bias": np.zeros(12, np.float32)}, {"architecture": {"resolution": 3}})
    with pytest.raises(ModelError, match="header: brush: architecture is"):
        opened(model, 1, "cpu", True)


def test_tools_look_at_the_model_without_it(model: Path) -> None:
    network = open_model(model).network
    assert knobs_of(network) == ("refine",)


def test_both_forms_are_compiled_apart(model: Path, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache")
    forms = {of(model, brush=amount).open("cpu").to_compile(cache) for amount in (0.0, 0.5, 1.0)}
    assert forms == ({Form(model), Form(model, True)} if _openvino.version() else {None})
    assert Form(model).digest() != Form(model, True).digest()


@pytest.mark.skipif(not _openvino.version(), reason="without the extra openvino")
def test_openvino_paints_it_as_plain_torch_does(model: Path) -> None:
    network = opened(model, 0, "cpu", True).network
    latents = proofs(network)
    latents[1::2, -1] = (0.0, 0.3, 0.7)
    form = _openvino.OpenVino(_openvino.compiled(network.synthesis, latents))
    assert farthest(form, Eager(network.synthesis, latents), latents) <= FARTHEST


@pytest.mark.skipif(not _openvino.version(), reason="without the extra openvino")
def test_one_that_adds_little_is_painted_with_less_precision(model: Path) -> None:
    network = calm(opened(model, 0, "cpu", True).network)
    latents = proofs(network)
    plain = Eager(network.synthesis, latents)
    parts = _openvino.compiled(network.synthesis, latents, split=split(network))
    again = _openvino.unpacked(_openvino.packed(parts))
    assert len(again.models) == len(parts.models) == (2 if _openvino.has_bfloat16() else 1)
    for form in map(_openvino.OpenVino, (parts, again)):
        assert farthest(form, plain, latents) <= FARTHEST
    with pytest.raises(RuntimeError):
        _openvino.unpacked(b"no network")


@pytest.mark.skipif(not _openvino.version(), reason="without the extra openvino")
def test_one_that_is_too_far_off_so_is_compiled_in_float32(model: Path, tmp_path: Path) -> None:
    cache = DiskCache(tmp_path / "cache")
    for network, precise in (
        (opened(model, 0, "cpu", True).network, True),
        (calm(opened(model, 1, "cpu", True).network), False),
    ):
        latents = proofs(network)
        opening = fastest(network.synthesis, latents, "cpu", f"it {precise}", cache, split(network))
        found = kept(cache, f"it {precise}", candidate_name("cpu") or "")
        blob = cache.get(COMPILED, found.key)
        assert blob is not None
        assert len(_openvino.unpacked(blob).models) == (1 if precise or not _openvino.has_bfloat16() else 2)
        assert farthest(opening(), Eager(network.synthesis, latents), latents) <= FARTHEST


def calm(network: Any) -> Any:
    """With a brush that paints a few levels, as a learnt one does."""
    network.refiner.out.weight.mul_(0.02)
    network.refiner.out.bias.mul_(0.02)
    return network


def test_live_controls_paint_with_it(tmp_path: Path) -> None:
    path = brushed(refined(tiny_gan.written(tmp_path / "gan.safetensors")))
    still, live = of(path).open("cpu"), of(path, bend=["coarse"], tiles=[2, 1]).open("cpu")
    latent = still.latent(0)
    one, wide = still.paint(latent, {}), live.paint(latent, {})
    assert wide.shape == (one.shape[0], 2 * one.shape[1], 3)
    soft = live.paint(latent, {BRUSH: 0.0}).astype(int)
    assert np.abs(wide - soft).mean() > 1


def test_its_grain_is_drawn_anew_with_the_refiner_s(model: Path) -> None:
    network = opened(model, 0, "cpu", True).network
    other = regrained(network, 1)
    assert knobs_of(other) == knobs_of(network)
    for mine, theirs in zip(refiners_of(network), refiners_of(other), strict=True):
        assert not torch.equal(mine.fixed()[0], theirs.fixed()[0])


@pytest.mark.parametrize("shipped", [m for m in MODELS if read_header(m).get("brush")], ids=lambda m: m.stem)
def test_a_shipped_brush_does_not_flicker(shipped: Path) -> None:
    """Along a walk what it paints changes less than what it is painted on, and the less the slower the walk is."""
    network = opened(shipped, 0, "cpu", True).network
    (low, high), (slow_low, slow_high) = changes(network, 3), changes(network, 9)
    assert high < low
    assert slow_low < 0.35 * low
    assert slow_high < 0.35 * high


def test_the_stirred_brush_would_be_seen_to_change(model: Path) -> None:
    """So that a test above can fail: of a tiny model the brush paints much."""
    assert stirred()(torch.rand(1, 3, 16, 16)).std() > 0.01
    assert len(refiners_of(opened(model, 0, "cpu", True).network)) == 2
