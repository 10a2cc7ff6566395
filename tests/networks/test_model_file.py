"""Model files: what is written is read, and everything that is wrong is refused by name."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from installation.core.errors import ModelError
from installation.networks.model_file import FORMAT, KEY, load_model, read_header, save_model

HEADER: dict[str, Any] = {
    "kind": "stylegan2",
    "architecture": {"resolution": 8},
    "training": {"images": 3},
    "ledger_sha256": None,
    "licence": {"weights": "CC0-1.0", "data": "public domain"},
}


def tensors() -> dict[str, np.ndarray]:
    return {"a": np.arange(6, dtype=np.float16).reshape(2, 3), "b": np.ones(4, np.float32)}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    save_model(path, tensors(), HEADER)
    return path


def refuses(text: str):
    return pytest.raises(ModelError, match=re.escape(text))


def raw(path: Path, header: object) -> Path:
    """A safetensors file with this header, written past all checks."""
    text = header if isinstance(header, str) else json.dumps(header)
    save_file({"a": np.ones(2, np.float32)}, path, metadata={KEY: text})
    return path


def test_what_is_written_is_read(model: Path) -> None:
    header, read = load_model(model, kind="stylegan2", shapes=lambda header: {"a": (2, 3), "b": (4,)})
    assert header == {**HEADER, "format": FORMAT} == read_header(model)
    assert all(tensor.dtype == np.float32 for tensor in read.values())
    np.testing.assert_array_equal(read["a"], tensors()["a"])


def test_no_partial_file_is_left(model: Path) -> None:
    assert [path.name for path in model.parent.iterdir()] == [model.name]


def test_a_missing_file_names_the_nearest(model: Path) -> None:
    with refuses('there is no such model file; did you mean "model.safetensors"?'):
        load_model(model.with_name("modle.safetensors"))


@pytest.mark.parametrize("keep", [0, 5, 100, -3])
def test_a_truncated_file(model: Path, keep: int) -> None:
    model.write_bytes(model.read_bytes()[:keep])
    with refuses("not a safetensors file, or a truncated one"):
        load_model(model)


def test_a_pickle_is_never_opened(tmp_path: Path) -> None:
    path = tmp_path / "weights.pkl"
    path.write_bytes(b"\x80\x04cos\nsystem\n(S'touch " + str(tmp_path / "owned").encode() + b"'\ntR.")
    with refuses("another program's file, which a show never reads; convert it first: "):
        load_model(path)
    assert not (tmp_path / "owned").exists()


def test_no_header(tmp_path: Path) -> None:
    save_file({"a": np.ones(2, np.float32)}, tmp_path / "m.safetensors")
    with refuses('has no "vernissage" header'):
        read_header(tmp_path / "m.safetensors")


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("{", "its header is not JSON"),
        ([1], "its header is list; expected a table"),
        ({**HEADER, "format": 99}, "format 99; this program reads format 1"),
        ({"format": FORMAT, "kind": "x"}, "its header lacks architecture, training, ledger_sha256, licence"),
        ({**HEADER, "format": FORMAT, "architecture": "big"}, "header architecture is str; expected dict"),
        (
            {**HEADER, "format": FORMAT, "directions": [{"method": "pca"}]},
            "header directions is no list of tables",
        ),
        ({**HEADER, "format": FORMAT, "curation": ["Eve"]}, "header curation is list; expected dict"),
        (
            {**HEADER, "format": FORMAT, "curation": {"favourites": {"Eve": 1}}},
            "header favourites is no list",
        ),
    ],
)
def test_a_wrong_header(tmp_path: Path, header: object, text: str) -> None:
    with refuses(text):
        load_model(raw(tmp_path / "m.safetensors", header))


def test_another_kind(model: Path) -> None:
    with refuses('a model of kind "stylegan2"; expected "vae"'):
        load_model(model, kind="vae")
    with refuses('a model of kind "stylegan2"; expected "vae"'):
        read_header(model, kind="vae")


@pytest.mark.parametrize(
    ("shapes", "text"),
    [
        ({"a": (2, 3), "b": (4,), "c": (1,)}, "1 tensors are missing for its architecture: c"),
        ({"a": (2, 3)}, "1 tensors do not belong to its architecture: b"),
        ({"a": (3, 2), "b": (4,)}, "tensor a has shape (2, 3); expected (3, 2)"),
    ],
)
def test_tensors_that_do_not_fit(model: Path, shapes: dict[str, tuple[int, ...]], text: str) -> None:
    with refuses(text):
        load_model(model, shapes=lambda header: shapes)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_numbers_that_are_not_finite(tmp_path: Path, bad: float) -> None:
    path = tmp_path / "m.safetensors"
    with refuses("tensor a holds numbers that are not finite"):
        save_model(path, {"a": np.array([bad], np.float32)}, HEADER)
    assert not path.exists()
    save_file({"a": np.array([bad], np.float32)}, path, metadata={KEY: json.dumps({**HEADER, "format": FORMAT})})
    with refuses("tensor a holds numbers that are not finite"):
        load_model(path)


def test_only_floats_are_kept(tmp_path: Path) -> None:
    with refuses("tensor a is int64; expected float16, float32 or bytes"):
        save_model(tmp_path / "m.safetensors", {"a": np.array([1])}, HEADER)


def test_a_header_is_complete_before_it_is_written(tmp_path: Path) -> None:
    with refuses("its header lacks licence"):
        save_model(tmp_path / "m.safetensors", {}, {k: v for k, v in HEADER.items() if k != "licence"})


def test_importing_needs_no_torch() -> None:
    code = "import sys, installation.networks.model_file; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
