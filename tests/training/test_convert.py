"""Networks of others: read without being run, and painting what they painted where they come from."""

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from generators.stylegan2_ada import Config
from installation.core.controls import table
from installation.core.errors import ModelError, ShowError
from installation.core.parts import ROOT
from installation.networks.model_file import load_model, read_header, save_model
from installation.networks.model_generator import rebuild
from installation.showfile.load import load
from installation.training.cli import main
from installation.training.convert.allowed import Part
from installation.training.convert.containers import read
from installation.training.convert.run import recognised
from installation.training.gan import export
from installation.training.latent import models
from tests.tiny_converted import PICKLES, ada, rosinality, waves, written

FIXTURES = sorted(PICKLES.glob("*.pkl"))
FARTHEST, FARTHEST_STYLE = 1e-3, 1e-5


def network(converted, name="test"):
    return rebuild({"kind": converted.kind, "architecture": converted.architecture}, converted.tensors, "cpu", name)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
def test_it_paints_what_the_original_painted(path: Path) -> None:
    """The expected pictures are the original implementation's, in float32 with constant noise."""
    expected = np.load(path.with_suffix(".expected.npz"))
    converted = recognised(read(path), str(path), None)
    whole = network(converted)
    w = whole.mapping(expected["z"]).reshape(len(expected["z"]), whole.classes, -1)
    labels = expected["c"].argmax(1) if expected["c"].size else np.zeros(len(w), int)
    w = w[np.arange(len(w)), labels]
    for psi in (1.0, 0.6):
        truncated = converted.mean + np.float32(psi) * (w - converted.mean)
        np.testing.assert_allclose(truncated, expected[f"w_{psi}"][:, 0], atol=FARTHEST_STYLE, rtol=0)
        pictures = whole.synthesis(truncated).numpy()[:, : expected[f"img_{psi}"].shape[1]]
        np.testing.assert_allclose(pictures, expected[f"img_{psi}"], atol=FARTHEST, rtol=0)


# -- the command ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("converted") / "mine.safetensors"
    source = PICKLES / "sg2-32-conditional.pkl"
    words = ["convert", str(source), "--out", str(out), "--classes", "2,0=dogs", "--licence", "CC-BY-4.0"]
    assert main(words) == 0
    return out


def test_the_header_keeps_what_the_file_told(conditional: Path) -> None:
    header = read_header(conditional)
    assert header["kind"] == "stylegan2_ada"
    assert header["classes"] == ["2", "dogs"]
    assert header["licence"]["weights"] == "CC-BY-4.0"
    assert header["training"]["training_set_kwargs"]["resolution"] == 32
    assert header["training"]["command"].startswith("python3 run_show.py convert sg2-32-conditional.pkl")
    assert header["source"]["file"] == "sg2-32-conditional.pkl"
    assert len(header["source"]["sha256"]) == 64
    assert header["latent"]["mean"] == "the file's own average style"


def test_of_a_network_that_paints_slowly_less_is_measured_and_a_bar_goes_on_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(models, "MANY_NUMBERS", 1000)
    painted = []
    levels = export.levels
    monkeypatch.setattr(export, "levels", lambda *given: painted.append(len(given[1])) or levels(*given))
    out = tmp_path / "mine.safetensors"
    assert main(["convert", str(PICKLES / "sg2-32-conditional.pkl"), "--out", str(out), "--classes", "0"]) == 0
    latent = read_header(out)["latent"]
    assert "at 3 places" in latent["gain"]
    assert latent["directions"] <= 64
    assert sum(painted) == 3 + 3 * latent["directions"]
    assert (
        f"measuring the latent space, then directions:   0%|          | 0/{3 * latent['directions']}"
        in capfd.readouterr().err
    )


def test_a_show_paints_its_classes_and_mixes_them(conditional: Path) -> None:
    config = Config(model=conditional, psi=1.0, runtime="eager")
    knobs = table(config.controls())
    assert knobs["/generator/class"].choices == ("2", "dogs")
    generator = config.open("cpu")
    converted = recognised(read(PICKLES / "sg2-32-conditional.pkl"), "test", None)
    whole, latent = network(converted), generator.latent(5)
    z = np.random.default_rng(5).standard_normal((1, whole.z_dim)).astype(np.float32)
    styles = whole.mapping(z).reshape(3, -1)
    np.testing.assert_allclose(latent.reshape(2, -1), styles[[2, 0]], atol=1e-6)

    def original(style):
        levels = whole.synthesis(style[None])[0] * 127.5 + 128
        return levels.clamp(0, 255).byte().permute(1, 2, 0).numpy()

    for chosen, label in enumerate((2, 0)):
        painted = generator.paint(latent, {"/generator/class": float(chosen)})
        assert np.abs(painted.astype(int) - original(styles[label])).max() <= 1
    half = generator.paint(latent, {"/generator/class": 0.0, "/generator/class-mix": 0.5})
    assert np.abs(half.astype(int) - original((styles[2] + styles[0]) / 2)).max() <= 1


def test_directions_sheet_and_a_curator_work_on_it(conditional: Path, tmp_path: Path) -> None:
    assert read_header(conditional)["directions"]
    assert main(["directions", str(conditional), "--count", "2", "--sheet", str(tmp_path / "d.png")]) == 0
    assert main(["sheet", str(conditional), "--count", "4", "--out", str(tmp_path / "s.png")]) == 0
    assert main(["curate", str(conditional), "--keep", "3:Anna", "--drop", "4"]) == 0
    assert Config(model=conditional).favourites() == ("Anna",)


def test_a_class_that_is_not_known(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [
        "convert",
        str(PICKLES / "sg2-32-conditional.pkl"),
        "--out",
        str(tmp_path / "m.safetensors"),
        "--classes",
        "7",
    ]
    assert main(words) == 2
    assert "knows the classes 0 to 2; there is no 7" in capsys.readouterr().err
    words = ["convert", str(PICKLES / "sg3-r-64.pkl"), "--out", str(tmp_path / "m.safetensors"), "--classes", "0"]
    assert main(words) == 2
    assert "knows no classes" in capsys.readouterr().err
    assert not (tmp_path / "m.safetensors").exists()


@pytest.mark.parametrize("suffix", [".pkl", ".pt", ".onnx"])
def test_a_show_that_names_the_original_is_told_about_convert(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"mine{suffix}"
    path.write_bytes(b"\x80\x04.")
    with pytest.raises(ModelError, match=r"python3 run_show\.py convert .*mine" + suffix):
        read_header(path)


# -- other shapes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("colours", [1, 4])
def test_grey_and_transparent_pictures_become_three_colours(colours: int) -> None:
    whole = network(ada(colours))
    picture = whole.synthesis(whole.mapping(np.ones((1, 8), np.float32)))
    assert picture.shape == (1, 3, 8, 8)
    assert torch.equal(picture[:, 0], picture[:, 1]) == (colours == 1)


def test_a_network_may_be_wide() -> None:
    whole = network(ada(start=(4, 7)))
    assert whole.resolution == 14
    assert whole.synthesis(np.zeros((2, 8), np.float32)).shape == (2, 3, 8, 14)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"channels": []}, "architecture.channels"), ({"join": "sum"}, "architecture.join"), ({"w_dim": "8"}, "w_dim"),
     ({"resolution": 99}, "do not fit each other"), ({"speed": 3}, "architecture.speed"),
     ({"channels": [8, 9]}, "shape")],
)  # fmt: skip
def test_a_header_that_does_not_fit_its_tensors(change: dict[str, object], message: str) -> None:
    converted = ada()
    with pytest.raises(ModelError, match=message):
        rebuild(
            {"kind": converted.kind, "architecture": converted.architecture | change},
            converted.tensors,
            "cpu",
            Path("mine"),
        )


@pytest.mark.parametrize(("change", "message"), [({"size": [9, 9]}, "do not fit"), ({"layers": []}, "layers")])
def test_a_header_of_waves_that_does_not_fit(change: dict[str, object], message: str) -> None:
    converted = waves()
    with pytest.raises(ModelError, match=message):
        rebuild(
            {"kind": converted.kind, "architecture": converted.architecture | change},
            converted.tensors,
            "cpu",
            Path("mine"),
        )


def test_names_of_classes_that_do_not_fit(tmp_path: Path) -> None:
    path = written(tmp_path / "tiny.safetensors", ada(classes=2))
    header, tensors = load_model(path)
    save_model(path, tensors, {**header, "classes": ["one"]})
    with pytest.raises(ModelError, match="2 names belong there"):
        Config(model=path).open("cpu")


# -- state dicts ------------------------------------------------------------------------------------------------------


def painted(state: dict[str, torch.Tensor], w: torch.Tensor) -> torch.Tensor:
    """The picture of a state dict of rosinality's layout, by the textbook: weights scaled for each picture alone."""

    def enlarged(x: torch.Tensor, kernel: torch.Tensor, pad: tuple[int, int]) -> torch.Tensor:
        x = torch.nn.functional.pad(x, [pad[0], pad[1], pad[0], pad[1]])
        return torch.nn.functional.conv2d(x.transpose(0, 1), kernel[None, None]).transpose(0, 1)

    def convolved(x: torch.Tensor, name: str, up: bool = False, demodulate: bool = True) -> torch.Tensor:
        weight = state[f"{name}.conv.weight"][0]
        affine = state[f"{name}.conv.modulation.weight"]
        style = w @ affine.t() / affine.shape[1] ** 0.5 + state[f"{name}.conv.modulation.bias"]
        weight = weight / weight[0].numel() ** 0.5 * style[0][None, :, None, None]
        if demodulate:
            weight = weight * (weight.square().sum((1, 2, 3), keepdim=True) + 1e-8).rsqrt()
        if not up:
            return torch.nn.functional.conv2d(x, weight, padding=weight.shape[-1] // 2)
        x = torch.nn.functional.conv_transpose2d(x, weight.transpose(0, 1), stride=2)
        return enlarged(x, state[f"{name}.conv.blur.kernel"], (1, 1))

    def layer(x: torch.Tensor, name: str, number: int, up: bool = False) -> torch.Tensor:
        x = convolved(x, name, up) + state[f"{name}.noise.weight"] * state[f"noises.noise_{number}"]
        return torch.nn.functional.leaky_relu(x + state[f"{name}.activate.bias"][None, :, None, None], 0.2) * 2**0.5

    x = layer(state["input.input"], "conv1", 0)
    picture = convolved(x, "to_rgb1", demodulate=False) + state["to_rgb1.bias"]
    for block in range(sum(name.startswith("to_rgbs") and name.endswith("conv.weight") for name in state)):
        x = layer(x, f"convs.{2 * block}", 2 * block + 1, up=True)
        x = layer(x, f"convs.{2 * block + 1}", 2 * block + 2)
        zeros = torch.zeros(1, 3, picture.shape[2] * 2, picture.shape[3] * 2)
        zeros[:, :, ::2, ::2] = picture
        picture = enlarged(zeros, state[f"to_rgbs.{block}.upsample.kernel"], (2, 1))
        picture = picture + convolved(x, f"to_rgbs.{block}", demodulate=False) + state[f"to_rgbs.{block}.bias"]
    return picture


@pytest.fixture(params=["zip", "legacy", "alone", "safetensors"])
def saved(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A checkpoint with optimiser and arguments, in both kinds of torch file; the state dict alone."""
    import argparse

    state = rosinality()
    path = tmp_path / ("mine.safetensors" if request.param == "safetensors" else "mine.pt")
    if request.param == "safetensors":
        save_file({name: np.ascontiguousarray(tensor.numpy()) for name, tensor in state.items()}, path)
        return path
    options = {"args": argparse.Namespace(size=16, channels=2), "g_optim": {"state": {0: torch.ones(3)}, "lr": 0.1}}
    whole = state if request.param == "alone" else {"g_ema": state, "latent_avg": torch.zeros(8), **options}
    torch.save(whole, path, _use_new_zipfile_serialization=request.param != "legacy")
    return path


def test_a_checkpoint_of_rosinality_paints_the_same(saved: Path) -> None:
    state = rosinality()
    converted = recognised(read(saved), str(saved), None)
    assert converted.family == "StyleGAN2 of rosinality"
    whole = network(converted)
    z = np.random.default_rng(0).standard_normal((1, 8)).astype(np.float32)
    w = torch.from_numpy(z) * (torch.from_numpy(z).square().mean(1, keepdim=True) + 1e-8).rsqrt()
    for index in (1, 2):
        weight, bias = state[f"style.{index}.weight"] * (0.01 / 8**0.5), state[f"style.{index}.bias"] * 0.01
        w = torch.nn.functional.leaky_relu(w @ weight.t() + bias, 0.2) * 2**0.5
    np.testing.assert_allclose(whole.mapping(z), w.numpy(), atol=FARTHEST_STYLE)
    np.testing.assert_allclose(whole.synthesis(w.numpy()).numpy(), painted(state, w).numpy(), atol=FARTHEST)


@pytest.mark.parametrize(
    ("name", "message"),
    [("to_rgbs.0.bias", "has no to_rgbs.0.bias"), ("conv1.conv.modulation.bias", "has no conv1.conv.modulation.bias")],
)
def test_a_tensor_that_is_missing(name: str, message: str, tmp_path: Path) -> None:
    state = rosinality()
    del state[name]
    torch.save({"g_ema": state}, tmp_path / "mine.pt")
    with pytest.raises(ModelError, match=message):
        recognised(read(tmp_path / "mine.pt"), "mine.pt", None)


def test_a_tensor_too_many(tmp_path: Path) -> None:
    torch.save({"g_ema": rosinality() | {"attention.weight": torch.ones(2)}}, tmp_path / "mine.pt")
    with pytest.raises(ModelError, match=r"no StyleGAN2 of rosinality of this kind has: attention\.weight"):
        recognised(read(tmp_path / "mine.pt"), "mine.pt", None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"to_rgbs.0.bias": torch.zeros(4)}, "to_rgbs.0.bias is 4; .* has 3"),
        ({"style.1.weight": torch.zeros(())}, "style.1.weight is one number; .* has any x any"),
        ({f"to_rgbs.{more}.conv.weight": torch.zeros(1) for more in range(20)}, "has 21 blocks; 11 are supported"),
        ({"conv1.activate.bias": torch.full((8,), torch.nan)}, "numbers that are not finite"),
        ({f"style.{layer}.weight": torch.zeros(8, 8) for layer in (1, 2)}, "gives the same style for every z"),
    ],
)
def test_a_network_that_cannot_be_one_is_told_in_a_line(
    change: dict[str, torch.Tensor], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.save({"g_ema": rosinality() | change}, tmp_path / "mine.pt")
    assert main(["convert", str(tmp_path / "mine.pt"), "--out", str(tmp_path / "m.safetensors")]) == 2
    (told,) = capsys.readouterr().err.strip().splitlines()
    assert re.search(message, told)
    assert not (tmp_path / "m.safetensors").exists()


def test_a_picture_that_no_memory_holds() -> None:
    converted = waves()
    layers = [{**layer, "up": 16, "down": 1, "pad": [0] * 4} for layer in converted.architecture["layers"]]
    with pytest.raises(ModelError, match="do not fit each other"):
        network(replace(converted, architecture=converted.architecture | {"layers": layers * 4}))


def test_bytes_as_protocol_0_writes_them(tmp_path: Path) -> None:
    """As a text in a line, of letters of one byte and of escapes."""
    path = tmp_path / "old.pkl"
    path.write_bytes(b"(c_codecs\nencode\n(V\xe9\\u000a" + b"\xff" * 50_000 + b"\nVlatin1\ntRI7\nt.")
    held, behind = read(path)
    assert bytes(held) == b"\xe9\n" + b"\xff" * 50_000
    assert behind == 7


def test_what_is_no_network_says_what_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch.save({"model": {"a.weight": torch.ones(2)}, "step": 3}, tmp_path / "mine.pt")
    assert main(["convert", str(tmp_path / "mine.pt"), "--out", str(tmp_path / "m.safetensors")]) == 2
    told = capsys.readouterr().err
    assert "no network was recognised in its 2 entries (model, step)" in told
    assert "StyleGAN2-ADA" in told


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"synthesis.b4.const": 1, "mapping.fc0.weight": 1}, "its .pkl tells more"),
        ({"G_ema": Part("Generator", {"_modules": {"synthesis": Part("FastganSynthesis", {})}})}, "class Generator"),
    ],
)
def test_a_network_that_is_known_and_not_supported_is_told_by_its_name(content: dict[str, object], told: str) -> None:
    with pytest.raises(ModelError, match=f"{told}.*not supported; supported is a .pkl of StyleGAN2-ADA"):
        recognised(content, "mine.pt", None)


def test_a_file_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["convert", str(tmp_path / "no.pkl"), "--out", str(tmp_path / "m.safetensors")]) == 2
    assert "no.pkl" in capsys.readouterr().err


def test_the_header_is_json_throughout(conditional: Path) -> None:
    assert json.loads(json.dumps(read_header(conditional))) == read_header(conditional)


def test_it_writes_a_show_that_hangs_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out, show = PICKLES / "sg3-r-64.pkl", tmp_path / "models" / "mine.safetensors", tmp_path / "mine.toml"
    show.write_text("what somebody wrote")
    words = ["convert", str(source), "--out", str(out), "--show", str(show)]
    assert main(words) != 0
    assert "is there already" in capsys.readouterr().err
    assert show.read_text() == "what somebody wrote"
    assert not out.exists()
    show.unlink()
    assert main(words) == 0
    assert re.search(f'model = "models/mine.safetensors"(?s:.*){show}', capsys.readouterr().out)
    (piece,) = load(show).pieces
    assert piece.name == "mine"
    assert piece.generator.kind == "stylegan3"
    assert piece.generator.model == out  # type: ignore[attr-defined]


def test_options_of_styled_kinds_are_told_where_the_kind_is_left_open(conditional: Path, tmp_path: Path) -> None:
    show = tmp_path / "mine.toml"
    model = json.dumps(str(conditional))
    show.write_text(
        f'[show]\ntitle = "a"\n[[piece]]\nname = "a"\nduration = "9 s"\nwalk = "wander"\n'
        f'generator = {{ kind = "auto", model = {model}, tiles = [4, 1] }}\n'
    )
    with pytest.raises(ShowError, match=r'tiles: .*"stylegan2_ada"'):
        load(show)
    show.write_text(show.read_text().replace('"auto"', '"stylegan2_ada"'))
    assert load(show).pieces[0].generator.tiles == (4, 1)  # type: ignore[attr-defined]


def test_what_a_vae_has_not_is_told(tmp_path: Path) -> None:
    show, model = tmp_path / "mine.toml", json.dumps(str(ROOT / "shows" / "models" / "portraits.safetensors"))
    show.write_text(
        f'[show]\ntitle = "a"\n[[piece]]\nname = "a"\nduration = "9 s"\nwalk = "wander"\n'
        f'generator = {{ kind = "vae", model = {model}, bend = ["coarse"] }}\n'
    )
    with pytest.raises(ShowError, match=r"bend: .*a VAE cannot be bent"):
        load(show)
