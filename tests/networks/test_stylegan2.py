"""Both versions of the network: the first paints as ever, the second makes texture of noise and not of place."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from installation.core.errors import ModelError
from installation.core.parts import ROOT
from installation.networks.model_file import load_model, read_header
from installation.networks.stylegan2 import (
    Network,
    build,
    effective_tensors,
    expected_shapes,
    load_effective,
    read_architecture,
)
from installation.networks.stylegan2_generator import SQRT2, Architecture, StyleGan2

FIRST = Architecture(16, 12, 12, (16, 16, 8), 2)
SECOND = replace(FIRST, version=2, noise=True, replicate=True, fine=16)
BUNDLED = sorted((ROOT / "shows/models").glob("*.safetensors"))


def stirred(arch: Architecture, seed: int = 0) -> StyleGan2:
    """Biases and noise are not zero, so that a forgotten one shows."""
    torch.manual_seed(seed)
    generator = StyleGan2(arch)
    with torch.no_grad():
        for name, weight in generator.named_parameters():
            if name.endswith(("bias", "strength")):
                weight.add_(torch.randn_like(weight) * 0.3)
    return generator


def network(arch: Architecture) -> Network:
    return Network(arch, effective_tensors(stirred(arch), arch.resolution))


def latents(count: int = 4) -> Tensor:
    return torch.randn(count, 12, generator=torch.Generator().manual_seed(1))


# -- the first version ------------------------------------------------------------------------------------------------


@torch.inference_mode()
def painted_at_first(tensors: dict[str, Tensor], sizes: tuple[int, ...], w: Tensor) -> Tensor:
    """As the first version painted when it was the only one, step by step."""

    def style(name: str) -> Tensor:
        weight = torch.cat([tensors[f"{one}.style.weight"] for one in names])
        bias = torch.cat([tensors[f"{one}.style.bias"] for one in names])
        widths = [len(tensors[f"{one}.style.bias"]) for one in names]
        return torch.addmm(bias, w, weight.t()).split(widths, 1)[names.index(name)]

    def layer(x: Tensor, name: str) -> Tensor:
        weight = tensors[f"{name}.weight"]
        squares = weight.square().sum((2, 3)).t().contiguous() / 2
        weight = weight.contiguous(memory_format=torch.channels_last)
        demod = torch.mm(style(name) * style(name), squares).add_(5e-9).rsqrt_()
        x = F.conv2d(x.mul_(style(name)[:, :, None, None]), weight, padding=1)
        x = up(x) if name.endswith("conv0") else x
        bias = (tensors[f"{name}.bias"] * SQRT2)[None, :, None, None]
        return F.leaky_relu_(x.mul_(demod[:, :, None, None]).add_(bias), 0.2)

    def up(x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)

    names = [f"{size}.{part}" for size in sizes for part in ("conv0", "conv1", "rgb") if size > 4 or part != "conv0"]
    x = tensors["const"].contiguous(memory_format=torch.channels_last).repeat(len(w), 1, 1, 1)
    x, rgb = x.contiguous(memory_format=torch.channels_last), torch.zeros(())
    for size in sizes:
        x = layer(x if size == 4 else layer(x, f"{size}.conv0"), f"{size}.conv1")
        steered = style(f"{size}.rgb")[:, :, None] * tensors[f"{size}.rgb.weight"][:, :, 0, 0].t()
        new = torch.matmul(x.permute(0, 2, 3, 1).flatten(1, 2), steered).add_(tensors[f"{size}.rgb.bias"])
        new = new.unflatten(1, (size, size)).permute(0, 3, 1, 2)
        rgb = new if size == 4 else up(rgb).add_(new)
    return rgb


@pytest.mark.parametrize("path", BUNDLED, ids=lambda path: path.stem)
def test_a_bundled_model_paints_to_the_bit_what_it_always_painted(path: Any) -> None:
    header = read_header(path)
    if header["kind"] != "stylegan2" or "version" in header["architecture"]:
        return  # another network, or made since
    header, tensors = load_model(path)
    painter = build(header, tensors)
    w = painter.mapping(np.random.default_rng(5).standard_normal((2, painter.z_dim)).astype(np.float32))
    before = painted_at_first(
        {name: torch.from_numpy(tensor) for name, tensor in tensors.items()}, painter.arch.resolutions, torch.tensor(w)
    )
    assert torch.equal(painter.synthesis(w), before)


def test_the_header_of_the_first_version_has_not_changed() -> None:
    assert FIRST.header() == {
        "resolution": 16,
        "z_dim": 12,
        "w_dim": 12,
        "channels": [16, 16, 8],
        "mapping_layers": 2,
    }
    assert read_architecture(FIRST.header()) == FIRST
    assert not any("noise" in name for name in expected_shapes(FIRST))


# -- the second -------------------------------------------------------------------------------------------------------


def test_the_header_of_the_second_version_says_what_it_is() -> None:
    header = SECOND.header()
    assert header == {**asdict(SECOND), "channels": [16, 16, 8]}
    assert read_architecture(header) == SECOND


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"version": 3}, "architecture version 3; this program paints versions 1 and 2"),
        ({"noise": 1}, "expected true or false for noise and replicate"),
        ({"fine": "all"}, "a whole number of pixels for fine"),
        ({"more": 1}, r"architecture has \['channels', 'fine', 'mapping_layers', 'more'"),
    ],
)
def test_a_form_that_is_unknown_is_refused(change: dict[str, Any], text: str) -> None:
    with pytest.raises(ModelError, match=text):
        read_architecture({**SECOND.header(), **change})


@pytest.mark.parametrize("arch", [FIRST, SECOND, replace(SECOND, fine=0), replace(SECOND, replicate=False)])
def test_the_painting_form_paints_what_the_training_form_paints(arch: Architecture) -> None:
    generator = stirred(arch)
    with torch.no_grad():
        for size in arch.resolutions:
            painter = Network(arch.at(size), effective_tensors(generator, size, 0.4))
            fade = 0.4 if size > 4 else 1.0
            if size == 4:
                painter = Network(arch.at(size), effective_tensors(generator, size))
            wanted = generator.synthesis(latents(), size, fade)
            torch.testing.assert_close(painter.synthesis(latents()), wanted, atol=1e-5, rtol=1e-4)


def test_weights_of_a_model_file_come_back_with_their_noise() -> None:
    one, other = stirred(SECOND), stirred(SECOND, seed=1)
    load_effective(other, effective_tensors(one, 16), 16)
    with torch.no_grad():
        torch.testing.assert_close(one(latents(), 16), other(latents(), 16), atol=1e-5, rtol=1e-4)


def test_the_same_place_is_always_the_same_picture() -> None:
    painter = network(SECOND)
    assert torch.equal(painter.synthesis(latents()), painter.synthesis(latents()))


def test_noise_of_its_own_changes_a_picture_as_far_as_it_has_strength() -> None:
    generator = stirred(SECOND)
    noise = torch.randn(4, SECOND.noises(16), generator=torch.Generator().manual_seed(2))
    assert noise.shape == (4, 16 + 2 * 64 + 2 * 256)
    with torch.no_grad():
        fixed, own = generator.synthesis(latents(), 16), generator.synthesis(latents(), 16, noise=noise)
        assert float((fixed - own).abs().mean()) > 0.05
        torch.testing.assert_close(own[1:], generator.synthesis(latents()[1:], 16, noise=noise[1:]), atol=1e-4, rtol=0)
        for block in generator.blocks:
            for layer in (block.conv0, block.conv1):
                if layer is not None:
                    layer.strength.zero_()
        assert torch.equal(generator.synthesis(latents(), 16), generator.synthesis(latents(), 16, noise=noise))


@pytest.mark.parametrize("replicate", [True, False])
def test_a_border_that_is_repeated_tells_nothing_of_the_place(replicate: bool) -> None:
    """Of a constant that is the same everywhere, and without noise, all is flat but for a frame of zeros."""
    generator = stirred(replace(SECOND, noise=False, replicate=replicate))
    with torch.no_grad():
        generator.const.copy_(generator.const.mean((2, 3), keepdim=True).expand(-1, -1, 4, 4))
        picture = generator.synthesis(latents(), 16)
    differs = float((picture - picture.mean((2, 3), keepdim=True)).abs().max())
    assert (differs < 1e-4) == replicate


def test_each_block_can_have_a_style_of_its_own() -> None:
    generator = stirred(SECOND)
    coarse, fine = latents(1), latents(2)[1:]
    mixed = torch.stack([coarse, coarse, fine], 1)
    with torch.no_grad():
        torch.testing.assert_close(
            generator.synthesis(torch.stack([coarse] * 3, 1), 16), generator.synthesis(coarse, 16)
        )
        torch.testing.assert_close(generator.synthesis(mixed, 8), generator.synthesis(coarse, 8))
        assert not torch.allclose(generator.synthesis(mixed, 16), generator.synthesis(coarse, 16), atol=0.01)


def test_the_largest_sizes_convolve_twice_at_the_fine_grid() -> None:
    """What the first convolution of a block makes of a dot, that is 2 px wide once it is enlarged, has sharp edges only
    where it convolves afterwards."""

    def finest(arch: Architecture) -> float:
        """Power of the upper half of the frequencies, of the whole."""
        layer = stirred(replace(arch, noise=False)).blocks[2].conv0
        with torch.no_grad():
            layer.bias.zero_()
            x = layer(torch.eye(8).expand(4, 16, 8, 8).contiguous(), latents())
        spectrum = torch.fft.fft2(x - x.mean((2, 3), keepdim=True)).abs().square().mean((0, 1))
        return float(spectrum[4:13, 4:13].sum() / spectrum.sum())

    assert finest(SECOND) > 1.5 * finest(replace(SECOND, fine=0))
