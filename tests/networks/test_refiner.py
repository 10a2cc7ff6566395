"""The refiner paints on what any network paints, in every runtime, and as much as it is asked to."""

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from installation.core.contracts import Generator
from installation.core.errors import ModelError
from installation.core.parts import config
from installation.networks import openvino as _openvino
from installation.networks.amounts import fully
from installation.networks.choose_runtime import FARTHEST, farthest
from installation.networks.grain import regrained
from installation.networks.model_file import amend_model, load_model, read_header
from installation.networks.model_generator import REFINE, opened, proofs
from installation.networks.refined import unrefined
from installation.networks.refiner import NOTCH, Architecture, Refiner, build, expected_shapes, read_architecture
from installation.networks.runtime import Eager
from installation.networks.tone import contrast, enlarged, toned
from installation.training.latent.models import open_model
from tests import tiny_gan
from tests.tiny_models import TINY, encoder_in, tiny_vae
from tests.tiny_refiner import ARCH, refined, stirred

MODELS = sorted((Path(__file__).resolve().parents[2] / "shows" / "models").glob("*.safetensors"))
WRITERS = {**TINY, "stylegan2": tiny_gan.written}


@pytest.fixture(params=["vae", "stylegan2", "stylegan2_ada"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture
def plain(folder: Path, kind: str) -> Path:
    path = folder / f"{kind}.safetensors"
    return path if path.exists() else WRITERS[kind](path)


@pytest.fixture
def model(plain: Path, tmp_path: Path) -> Path:
    return refined(Path(shutil.copyfile(plain, tmp_path / "m.safetensors")))


def generator_of(model: Path, **options: float) -> Generator:
    generator: Generator = of(model, **options).open("cpu")
    return generator


def of(model: Path, **options: float) -> Any:
    return config("generator", read_header(model)["kind"])(model=model, **options)


# -- the network ------------------------------------------------------------------------------------------------------


def test_how_large_it_is() -> None:
    count = sum(np.prod(shape) for name, shape in expected_shapes(Architecture()).items() if "grain" not in name)
    assert 300_000 < count < 600_000


def test_the_amount_goes_from_the_enlarged_picture_to_the_painted_one() -> None:
    refiner, soft = stirred(), torch.rand(3, 3, 16, 16)
    plain, painted = refiner(soft, amount=0.0), refiner(soft)
    torch.testing.assert_close(plain, enlarged(soft))
    assert painted.shape == (3, 3, 32, 32)
    assert (painted - plain).abs().mean() > 0.01
    some = refiner(soft, amount=torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(some, torch.stack([plain[0], (plain[1] + painted[1]) / 2, painted[2]]))


def test_grain_is_fixed_when_painting_and_new_when_learning() -> None:
    refiner, soft = stirred(), torch.rand(2, 3, 16, 16)
    torch.testing.assert_close(refiner(soft), refiner(soft), rtol=0, atol=0)
    chance = torch.Generator().manual_seed(0)
    one, other = (refiner(soft, refiner.grains(2, 16, chance)) for _ in range(2))
    assert (one - other).abs().mean() > 0.01


def test_every_strength_of_grain_is_felt() -> None:
    refiner, soft = stirred(), torch.rand(1, 3, 16, 16)
    before = refiner(soft)
    for name, strength in [(n, p) for n, p in refiner.named_parameters() if n.endswith("strength")]:
        for layer in range(2):
            kept = strength.clone()
            strength[layer] = 0
            assert (refiner(soft) - before).abs().max() > 1e-4, (name, layer)
            strength.copy_(kept)


def test_no_frame_is_painted() -> None:
    """Of one colour without grain, every place is painted alike, up to which pixel of the four it is."""
    refiner = stirred()
    for name, parameter in refiner.named_parameters():
        if name.endswith("strength"):
            parameter.zero_()
    painted = refiner(torch.full((1, 3, 16, 16), 0.3))[0].unflatten(2, (-1, 2)).unflatten(1, (-1, 2))
    assert painted.std((1, 3)).max() < 1e-5


def test_a_window_of_any_size_can_be_painted() -> None:
    refiner = Refiner(Architecture(32, (4, 4, 4)))
    grain = refiner.grains(2, 24, torch.Generator())
    assert [one.shape[-1] for one in grain] == [6, 6, 12, 12, 24, 24]
    assert refiner(torch.rand(2, 3, 24, 24), grain).shape == (2, 3, 48, 48)


def test_a_fixed_pattern_and_the_finest_detail_are_taken_away() -> None:
    refiner = stirred(replace(ARCH, clean=0.8))
    pattern = refiner.get_buffer("pattern")
    even = torch.full((2, 3, 16, 16), 0.2)
    torch.testing.assert_close(refiner.cleaned(even + pattern), even)
    checks = 0.5 * (torch.arange(16)[:, None] + torch.arange(16)).remainder(2)
    assert refiner.cleaned(even + pattern + checks)[..., 4:-4, 4:-4].std() < 0.01
    wide = even.repeat(1, 1, 2, 3)
    torch.testing.assert_close(refiner.cleaned(wide + pattern.repeat(1, 2, 3)), wide)


def test_what_lies_in_notches_is_taken_away() -> None:
    """Of whole pictures, and of several side by side."""
    refiner = stirred(replace(ARCH, clean=0.8, notches=2))
    refiner.get_buffer("pattern").zero_()
    at = torch.arange(NOTCH) - NOTCH // 2
    wave = torch.cos(0.4 * torch.pi * at)
    band = torch.hann_window(NOTCH + 1)[1:] * wave
    flat = torch.full((NOTCH,), 1 / NOTCH)
    both = torch.stack([torch.stack([band / (band * wave).sum(), flat]), torch.stack([flat, 0 * flat])])
    refiner.get_buffer("notches").copy_(both)
    waves = 0.3 * torch.cos(0.4 * torch.pi * torch.arange(48.0))[:, None].expand(1, 3, 48, 80)
    left = refiner.cleaned(0.1 + waves)[..., 15:-15, :]
    assert left.std() < 0.3 * waves.std()
    assert left.mean() == pytest.approx(0.1, abs=0.02)
    across = refiner.cleaned(0.1 + waves.transpose(2, 3)[..., :16])
    assert across.std() > 0.5 * waves.std()


def test_what_is_not_to_be_cleaned_stays_as_it_is() -> None:
    soft = torch.rand(1, 3, 16, 16)
    assert stirred().cleaned(soft) is soft


# -- the model file ---------------------------------------------------------------------------------------------------


def test_a_model_file_holds_it(model: Path) -> None:
    network = opened(model, 0, "cpu").network
    latents = torch.from_numpy(proofs(network))
    assert unrefined(unrefined(network)) is unrefined(network)
    soft = unrefined(network).synthesis(latents[:, :-1]).clamp(-1, 1)
    beside = stirred(read_architecture(read_header(model)["refiner"]["architecture"]))
    painted = beside(beside.cleaned(soft))
    torch.testing.assert_close(network.synthesis(latents), painted, atol=1e-4, rtol=1e-3)
    assert network.paint(latents[0].numpy()).shape == (2 * soft.shape[-1], 2 * soft.shape[-1], 3)


def test_the_tone_is_that_of_what_is_painted_by_as_much() -> None:
    soft, plain = torch.rand(1, 3, 16, 16) * 2 - 1, stirred()
    strong = Refiner(replace(ARCH, tone=(0.5, 1.5, 1.2), middle=(0.1, 0.0, -0.1))).requires_grad_(False)
    strong.load_state_dict(plain.state_dict())
    torch.testing.assert_close(strong(soft), toned(plain(soft), strong.arch.tone, strong.middle))
    torch.testing.assert_close(strong(soft, amount=0.0), plain(soft, amount=0.0))
    half = plain(soft, amount=0.5)
    torch.testing.assert_close(
        strong(soft, amount=torch.tensor([0.5])), (half + toned(half, strong.arch.tone, strong.middle)) / 2
    )


def test_what_is_locked_is_taken_as_a_share_of_the_contrast_there() -> None:
    plain, share = stirred(), torch.rand(3, 32, 32)
    unlocked = Refiner(replace(ARCH, unlock=True)).requires_grad_(False)
    unlocked.load_state_dict(plain.state_dict() | {"locked": share})
    soft = torch.rand(2, 3, 16, 16) * 2 - 1
    painted = plain(soft)
    torch.testing.assert_close(unlocked(soft), painted - contrast(painted) * share)
    torch.testing.assert_close(unlocked(soft, amount=0.0), plain(soft, amount=0.0))


def test_what_is_graded_is_the_mean_of_each_cell() -> None:
    plain, colours = stirred(), torch.randn(3, 3) * 0.2
    graded = Refiner(replace(ARCH, grade=True)).requires_grad_(False)
    graded.load_state_dict(plain.state_dict() | {"colours": colours, "light": torch.zeros(3, 16, 16)})
    soft = torch.rand(2, 3, 16, 16) * 2 - 1
    painted = plain(soft)
    cells = torch.einsum("ij,njhw->nihw", colours, torch.nn.functional.avg_pool2d(painted, 2))
    torch.testing.assert_close(graded(soft), painted + enlarged(cells))
    torch.testing.assert_close(graded(soft, amount=0.0), plain(soft, amount=0.0))


def test_what_an_earlier_version_told_of_softening_is_passed_over() -> None:
    tensors = {name: tensor.numpy() for name, tensor in stirred().state_dict().items()}
    before = {"resolution": 16, "channels": [8, 8, 8], "soften": 0.14}
    assert build({"architecture": before}, tensors).arch == ARCH


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"resolution": 18}, "header: refiner: 18 px cannot be halved 2 times"),
        ({"channels": [8, 0, 8]}, "must be whole numbers from 1 to 4096"),
        ({"channels": "many"}, "must be whole numbers from 1 to 4096"),
        ({"layers": 3}, "expected ['channels', 'clean', 'grade', 'middle', 'notches', 'resolution', 'tone', 'unlock']"),
        ({"channels": [8, 8]}, "refiner: "),
        ({"tone": [1.0, 4.5]}, "header: refiner: tone is [1.0, 4.5]; expected gains from 0 to 4"),
        ({"tone": [1.0] * 9}, "header: refiner: tone is"),
        ({"tone": "much"}, "header: refiner: tone is 'much'; expected gains"),
        ({"middle": [0.0]}, "header: refiner: middle is [0.0]; expected three numbers"),
        ({"notches": 2}, "header: refiner: notches is 2; expected 0 to 0"),
        ({"clean": 0.8, "notches": 33}, "header: refiner: notches is 33; expected 0 to 32"),
        ({"clean": 0.8, "notches": True}, "notches is True"),
        ({"clean": 2.0}, "header: refiner: clean is 2.0; expected 0 to 1.5 px"),
        ({"clean": 0.8}, "2 tensors are missing"),
        ({"unlock": 1}, "header: refiner: unlock is 1, of 32 px; expected false, or true of a multiple of 8 px"),
        ({"resolution": 24, "grade": True}, "header: refiner: grade is True, of 48 px; expected false, or true of"),
        ({"unlock": True}, "1 tensors are missing"),
    ],
)
def test_build_refuses_what_does_not_fit(change: dict[str, Any], text: str) -> None:
    tensors = {name: tensor.numpy() for name, tensor in stirred().state_dict().items()}
    with pytest.raises(ModelError, match=re.escape(text)):
        build({"architecture": {**ARCH.header(), **change}}, tensors)


def test_a_refiner_of_another_size_is_refused(tmp_path: Path) -> None:
    path, arch = tiny_vae(tmp_path / "m.safetensors"), Architecture(32, (8, 8, 8))
    tensors = {name: tensor.numpy() for name, tensor in stirred(arch).state_dict().items()}
    amend_model(path, "refiner", tensors, {"architecture": arch.header()})
    with pytest.raises(ModelError, match="its refiner is for pictures of 32 px, and it paints 16 px"):
        opened(path, 0, "cpu")


def test_tensors_without_their_entry_in_the_header_are_refused(model: Path) -> None:
    header, tensors = load_model(model)
    group = {name.removeprefix("refiner."): t for name, t in tensors.items() if name.startswith("refiner.")}
    with pytest.raises(ModelError, match="header: refiner: architecture is None"):
        build(header.get("no refiner"), group)


# -- the part ---------------------------------------------------------------------------------------------------------


def test_a_hand_says_how_much_is_painted(model: Path, plain: Path) -> None:
    generator = generator_of(model)
    latent = generator.latent(0)
    full, half, none = (generator.paint(latent, {REFINE: x}).copy().astype(int) for x in (1.0, 0.5, 0.0))
    side = full.shape[0]
    assert side == 2 * read_header(model)["architecture"]["resolution"]
    np.testing.assert_array_equal(generator.paint(latent, {}), full)
    assert np.abs(full - none).mean() > 1
    clear = (full > 0) & (full < 255) & (none > 0) & (none < 255)
    between = np.abs(half - (full + none) / 2)[clear]
    # grading, and what is locked as a share of the contrast, are of what is painted: no line
    assert (
        between.max() <= 1
        if read_header(model)["kind"] == "vae"
        else between.mean() < 0.25 * np.abs(full - none).mean()
    )
    soft = generator_of(plain).paint(latent, {})
    assert np.abs(none.mean((0, 1)) - soft.mean((0, 1))).max() < 4


def test_the_knob_is_there_where_the_model_has_a_refiner(model: Path, plain: Path) -> None:
    rest = {control.address: control.default for control in of(model, refine=0.4).controls()}
    assert rest[REFINE] == 0.4
    assert REFINE not in {control.address for control in of(plain).controls()}
    with pytest.raises(ValidationError, match=r"refine: .*.safetensors holds no refiner"):
        of(plain, refine=0.4)


def test_places_and_paces_are_as_they_were(model: Path, plain: Path) -> None:
    one, other = generator_of(model), generator_of(plain)
    np.testing.assert_array_equal(one.latent(3), other.latent(3))
    np.testing.assert_array_equal(one.space.mean, other.space.mean)
    assert of(model, refine=0.3).options() == of(plain).options()
    assert read_header(model)["architecture"] == read_header(plain)["architecture"]


@pytest.mark.parametrize("kind", ["vae"])
def test_the_encoder_is_as_it_was(model: Path, plain: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (16, 16, 3), np.uint8)
    one, other = (encoder_in(generator_of(path)) for path in (model, plain))
    np.testing.assert_array_equal(one(picture), other(picture))


def changes(network: Any, count: int) -> tuple[float, float]:
    """What a walk between two seeds in so many steps changes from frame to frame, levels of 255 in the mean: the
    pictures that are painted on last, and what is painted upon them."""
    before, latents = network.network, proofs(unrefined(network))
    walk = latents[:1] + (latents[1:2] - latents[:1]) * np.linspace(0, 0.1, count, dtype=np.float32)[:, None]
    soft = enlarged(before.synthesis(fully(before, walk)).clamp(-1, 1))
    fine = network.synthesis(fully(network, walk)) - soft
    low, high = (x.diff(dim=0).abs().mean() * 127.5 for x in (soft, fine))
    return float(low), float(high)


def test_nothing_flickers_along_a_walk(model: Path) -> None:
    """A flicker is a change that stays however slow the walk is: what is painted changes as the plain picture does."""
    network = opened(model, 0, "cpu").network
    (low, high), (slow_low, slow_high) = changes(network, 5), changes(network, 17)
    assert slow_low < 0.3 * low
    assert slow_high < 0.3 * high


@pytest.mark.parametrize("shipped", [m for m in MODELS if read_header(m).get("refiner")], ids=lambda m: m.stem)
def test_the_detail_of_a_shipped_model_changes_less_than_what_it_is_painted_on(shipped: Path) -> None:
    low, high = changes(opened(shipped, 0, "cpu").network, 9)
    assert high < low


@pytest.mark.skipif(not _openvino.version(), reason="without the extra openvino")
def test_openvino_paints_it_as_plain_torch_does(model: Path) -> None:
    network = opened(model, 0, "cpu").network
    latents = proofs(network)
    latents[1::2, -1] = (0.0, 0.3, 0.7)
    form = _openvino.OpenVino(_openvino.compiled(network.synthesis, latents))
    assert farthest(form, Eager(network.synthesis, latents), latents) <= FARTHEST
    assert form.paint(latents[0]).shape == Eager(network.synthesis, latents).paint(latents[0]).shape


def test_grain_that_is_drawn_anew_changes_the_paint_and_nothing_else(model: Path) -> None:
    network = open_model(model).network
    latent = np.zeros((1, len(open_model(model).space.mean) + 1), np.float32)
    latent[0, -1] = 1.0
    hangs = network.synthesis(latent)
    one, other = (regrained(network, seed).synthesis(latent) for seed in (1, 2))
    assert torch.equal(one, regrained(network, 1).synthesis(latent))
    assert (one - other).abs().mean() > 0.01
    assert torch.equal(network.synthesis(latent), hangs), "the model's own grain is as it was"
