"""State dicts of lucidrains' programs, FastGAN and Projected GAN: painted as the original programs paint them.

In peers/ lies, of each network, what its own code painted on the processor in float32: ``z``, the class ``c`` where it
knows some, the ``pictures`` (-1..1, of large ones but ``every`` so many pixels), and the ``shapes`` of its state dict.
The weights follow from these (filled_weights.py); the noise was that of ``convert``. Those of lucidrains were painted
by the packages stylegan2-pytorch 1.9.0 and lightweight-gan 1.2.1, the others by a transcription of their published
layers.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from installation.core.errors import ModelError
from installation.networks.model_generator import rebuild
from installation.training.cli import main
from installation.training.convert.branches import Converted
from installation.training.convert.containers import read
from installation.training.convert.run import recognised
from tests.training.filled_weights import filled

PEERS = sorted((Path(__file__).resolve().parent / "peers").glob("*.npz"))
FAMILIES = {
    "stylegan2": "StyleGAN2 of lucidrains",
    "lightweight": "lightweight-gan",
    "fastgan": "FastGAN",
    "projected": "FastGAN of Projected GAN",
}


def state_of(path: Path) -> dict[str, torch.Tensor]:
    shapes = json.loads(str(np.load(path)["shapes"]))
    return {name: torch.from_numpy(tensor) for name, tensor in filled(shapes).items()}


def checkpoint(path: Path) -> dict[str, Any]:
    """As its program saves it."""
    state, counter = state_of(path), {"bn.num_batches_tracked": torch.tensor(7)}
    if path.stem.startswith("fastgan"):
        averages = [torch.ones(2)]
        return {"g": {f"module.{name}": tensor for name, tensor in state.items()}, "d": counter, "g_ema": averages}
    if path.stem.startswith("projected"):
        return {f"synthesis.{name}": tensor for name, tensor in state.items()}
    latest = {name.removeprefix("SE").removeprefix("GE"): tensor for name, tensor in state.items()}
    return {"GAN": {**{f"G{name}": 9 * tensor for name, tensor in latest.items()}, **state}, "version": "1.9.0"}


def converted(content: object, folder: Path) -> Converted:
    torch.save(content, folder / "mine.pt")
    return recognised(read(folder / "mine.pt"), "mine.pt", None)


@pytest.mark.parametrize("path", PEERS, ids=lambda path: path.stem)
def test_it_paints_what_the_original_painted(path: Path, tmp_path: Path) -> None:
    expected, made = np.load(path), converted(checkpoint(path), tmp_path)
    assert made.family == FAMILIES[path.stem.partition("-")[0].removesuffix("-pytorch")]
    network = rebuild({"kind": made.kind, "architecture": made.architecture}, made.tensors, "cpu", path)
    w = network.mapping(expected["z"]).reshape(len(expected["z"]), network.classes, -1)
    w = w[np.arange(len(w)), expected.get("c", 0)]
    if "w" in expected:
        np.testing.assert_allclose(w, expected["w"], atol=1e-5)
    pictures = network.synthesis(w).numpy()
    every = int(expected["every"])
    if every > 1:
        pictures = pictures[:, :, 3::every, 2::every]
    np.testing.assert_allclose(pictures, expected["pictures"], atol=1e-3)


@pytest.mark.parametrize(
    ("peer", "name", "message"),
    [
        ("stylegan2-pytorch-32-attention", "GE.blocks.{}.to_style1.weight", "has 34 blocks; 11 are supported"),
        ("lightweight-gan-128-attention", "GE.layers.{}.0.2.1.weight", "has 35 layers; 10 are supported"),
    ],
)
def test_a_network_of_more_layers_than_any_picture_has(peer: str, name: str, message: str, tmp_path: Path) -> None:
    """Before its noise is made, which no memory would hold."""
    content = state_of(PEERS[0].with_name(f"{peer}.npz"))
    content |= {name.format(100 + more): torch.zeros(1) for more in range(30)}
    with pytest.raises(ModelError, match=message):
        converted(content, tmp_path)


def test_the_line_for_a_show_says_where_the_model_lies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And only networks of NVIDIA's programs may be NVIDIA's."""
    torch.save(checkpoint(PEERS[0].with_name("stylegan2-pytorch-16-transparent-no-const.npz")), tmp_path / "mine.pt")
    assert main(["convert", str(tmp_path / "mine.pt"), "--out", str(tmp_path / "mine.safetensors")]) == 0
    told = capsys.readouterr().out
    assert f'model = "{(tmp_path / "mine.safetensors").resolve().as_posix()}"' in told
    assert "Say it with --licence." in told
    assert "NVIDIA" not in told
