"""The models that ship: small enough, accepted by every check, with the facts of their training pictures."""

import hashlib
import json
from pathlib import Path

import pytest
from PIL import Image

from installation.core.parts import ROOT
from installation.networks.model_file import load_model, read_header
from installation.training.dataset.pictures import ledger_digest, read_ledger

MODELS = sorted((ROOT / "shows" / "models").glob("*.safetensors"))
LARGEST, ALL = 30e6, 100e6
DOCS = ROOT / "docs" / "models"


@pytest.fixture(params=MODELS, ids=lambda path: path.stem)
def model(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_it_is_small_and_whole(model: Path) -> None:
    assert model.stat().st_size <= LARGEST
    header, tensors = load_model(model)
    assert header["kind"]
    assert {"latent.mean", "latent.basis", "latent.std", "latent.gain"} <= tensors.keys()


def test_all_are_small_enough_to_be_carried_about() -> None:
    assert MODELS
    assert sum(path.stat().st_size for path in MODELS) <= ALL


def test_it_can_be_steered_and_a_curator_has_looked_at_it(model: Path) -> None:
    header = read_header(model)
    assert header["directions"]
    assert len(header["curation"]["favourites"]) >= 4


def test_its_report_card_and_sheet_are_of_this_very_model(model: Path) -> None:
    report = json.loads((DOCS / model.stem / "report.json").read_text("utf-8"))
    assert report["about"]["sha256"] == hashlib.sha256(model.read_bytes()).hexdigest()
    assert (DOCS / model.stem / "report.html").stat().st_size < 3e6
    assert (DOCS / model.stem / "card.md").read_text("utf-8").startswith("# ")
    with Image.open(DOCS / f"{model.stem}.jpg") as sheet:
        assert sheet.width >= 1024
    assert f"(models/{model.stem}.jpg)" in (DOCS.parent / "models.md").read_text("utf-8")


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
