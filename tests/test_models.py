"""The models that ship: small enough, refused by nobody, and honest about what they have seen."""

from pathlib import Path

import pytest

from installation.checkpoint import load_model, read_header
from installation.parts import HOUSE
from installation.training.pictures import ledger_digest, read_ledger

MODELS = sorted((HOUSE / "shows" / "models").glob("*.safetensors"))
LARGEST = 30e6


@pytest.fixture(params=MODELS, ids=lambda path: path.stem)
def model(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_it_is_small_and_whole(model: Path) -> None:
    assert model.stat().st_size <= LARGEST
    header, tensors = load_model(model)
    assert header["kind"]
    assert {"latent.mean", "latent.basis", "latent.std", "latent.gain"} <= tensors.keys()


def test_its_header_says_where_it_comes_from(model: Path) -> None:
    header = read_header(model)
    assert header["licence"]
    assert header["training"]["images"] > 0
    assert header["training"]["command"].startswith("python -m installation.training train")


def test_its_ledger_is_the_one_it_was_trained_with(model: Path) -> None:
    rows = read_ledger(model.with_suffix(".ledger.csv"))[1:]
    folder = rows[0][0].partition("/")[0]
    assert len(rows) == read_header(model)["training"]["pictures"]
    assert ledger_digest(rows, folder, [Path(row[0]).name for row in rows]) == read_header(model)["ledger_sha256"]
