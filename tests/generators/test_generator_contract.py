"""The contract of every generator, run over each file in generators/ because it is there."""

from pathlib import Path

import numpy as np
import pytest

from installation.core import parts
from installation.core.contracts import Generator, GeneratorConfig
from installation.core.parts import ROOT
from tests.tiny_models import TINY

MODELS = ROOT / "shows" / "models"


def configs(kind: str, folder: Path) -> list[GeneratorConfig]:
    """Every way in which a generator can be opened here: without a model, with each shipped model of its kind, or with
    a tiny one that is made for it in ``folder`` (see tiny_models.py)."""
    made = parts.config("generator", kind)
    if "model" not in made.model_fields:
        return [made(kind=kind)]
    from installation.networks.model_file import read_header

    models = [model for model in sorted(MODELS.glob("*.safetensors")) if read_header(model)["kind"] == kind]
    if not models and kind in TINY:
        models = [TINY[kind](folder / f"{kind}.safetensors")]
    return [made(kind=kind, model=model) for model in models]


@pytest.fixture(scope="module", params=parts.kinds("generator"))
def config(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> GeneratorConfig:
    usable = configs(request.param, tmp_path_factory.mktemp("models"))
    assert usable, f"generators/{request.param}.py: there is no model of this kind in {MODELS} to try it with"
    return usable[0]


@pytest.fixture(scope="module")
def generator(config: GeneratorConfig) -> Generator:
    return config.open("cpu")


def test_it_says_what_it_is(config: GeneratorConfig) -> None:
    assert Path(parts.path("generator", config.kind)).read_text().startswith('"""')
    for control in config.controls():
        assert control.address.startswith("/generator/")
        assert control.doc
        assert control.low <= control.default <= control.high


def test_it_paints_pictures_of_one_size(config: GeneratorConfig, generator: Generator) -> None:
    values = {control.address: control.default for control in config.controls()}
    first = generator.paint(generator.latent(1), values).copy()
    second = generator.paint(generator.latent(2), values).copy()
    assert first.dtype == np.uint8
    assert first.ndim == 3
    assert first.shape[2] == 3
    assert first.shape == second.shape
    assert first.std() > 5, "one flat colour is no picture"
    assert np.abs(first.astype(int) - second).mean() > 2, "two seeds give the same picture"


def test_a_seed_names_a_place(generator: Generator) -> None:
    np.testing.assert_array_equal(generator.latent(7), generator.latent(7))
    assert generator.latent(7).dtype == np.float32
    same = generator.paint(generator.latent(7), {}).copy()
    np.testing.assert_array_equal(generator.paint(generator.latent(7), {}), same)


def test_every_control_can_be_seen(config: GeneratorConfig, generator: Generator) -> None:
    rest = {control.address: control.default for control in config.controls()}
    base = generator.paint(generator.latent(3), rest).astype(int)
    for control in config.controls():
        far = control.high if control.default < (control.low + control.high) / 2 else control.low
        moved = generator.paint(generator.latent(3), rest | {control.address: far})
        assert np.abs(moved - base).mean() > 0.5, f"{control.address} changes nothing"


def test_its_space_is_measured(generator: Generator) -> None:
    space = generator.space
    count, dim = space.basis.shape
    assert space.mean.shape == (dim,) == generator.latent(0).shape
    assert space.std.shape == space.gain.shape == (count,)
    np.testing.assert_allclose(space.basis @ space.basis.T, np.eye(count), atol=1e-3)
    assert (space.std > 0).all()
    assert space.gain[0] > 0.5
