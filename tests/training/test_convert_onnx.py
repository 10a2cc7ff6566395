"""Generators in ONNX files: taken where they are plain and bounded, and painting what they say; all else is refused."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from installation.core.disk_cache import DiskCache
from installation.core.parts import config
from installation.networks.model_file import load_model, read_header
from installation.training.cli import main
from installation.training.latent.models import open_model
from tests import tiny_onnx
from tests.tiny_onnx import LENGTH, SIDE, generator, written


def answer(path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What convert says of a file that it refuses."""
    assert main(["convert", str(path), "--out", str(path.with_suffix(".safetensors"))]) == 2
    told = capsys.readouterr().err
    assert not path.with_suffix(".safetensors").exists()
    lines = told.strip().splitlines()
    assert len(lines) == 1
    return lines[0]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("onnx")
    source, out = written(folder / "mine.onnx"), folder / "mine.safetensors"
    assert main(["convert", str(source), "--out", str(out), "--licence", "CC0-1.0"]) == 0
    return out


def test_it_paints_what_the_graph_says(model: Path, tmp_path: Path) -> None:
    z = np.random.default_rng(0).standard_normal((3, LENGTH)).astype(np.float32)
    np.testing.assert_allclose(open_model(model).network.synthesis(z).numpy(), tiny_onnx.expected(z), atol=1e-4)
    painted = config("generator", "auto")(model=model, psi=1.0).open("cpu")
    latent = painted.latent(5)
    levels = np.clip(tiny_onnx.expected(latent[None])[0] * 127.5 + 128, 0, 255).transpose(1, 2, 0)
    assert np.abs(painted.paint(latent, {}).astype(float) - levels).max() <= 2
    assert painted.runtime == "onnxruntime fp32"
    assert painted.to_compile(DiskCache(tmp_path)) is None, "no other process is asked for a faster runtime"


def test_the_header_tells_of_it(model: Path) -> None:
    header = read_header(model)
    assert header["kind"] == "onnx"
    assert header["architecture"]["range"] == "-1..1"
    assert header["source"]["file"] == "mine.onnx"
    assert load_model(model)[1]["file"].dtype == np.uint8
    assert header["directions"]


@pytest.mark.parametrize(("last", "told"), [("Sigmoid", "0..1"), ("Abs", "0..255")])
def test_pictures_in_another_range(last: str, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "mine.onnx", generator(last=last))
    assert main(["convert", str(source), "--out", str(tmp_path / "m.safetensors")]) == 0
    assert f"were taken as {told}" in capsys.readouterr().out
    picture = open_model(tmp_path / "m.safetensors").network.synthesis(np.zeros((1, LENGTH), np.float32))
    assert float(picture.max()) == pytest.approx(0.0 if told == "0..1" else -1.0, abs=1e-5)


Change = Callable[[list[Any], list[Any]], Any]


def foreign(nodes: list[Any], held: list[Any]) -> None:
    nodes[-1].domain = "com.someone"


def loop(nodes: list[Any], held: list[Any]) -> None:
    inside = helper.make_graph([], "inside", [], [])
    nodes.append(helper.make_node("Loop", ["", ""], ["never"], body=inside))


def drawn(nodes: list[Any], held: list[Any]) -> None:
    nodes[-1] = helper.make_node("RandomNormalLike", ["painted"], ["picture"])


def huge(nodes: list[Any], held: list[Any]) -> None:
    held.append(numpy_helper.from_array(np.array([1 << 20, 1 << 20], np.int64), "size"))
    nodes.append(helper.make_node("ConstantOfShape", ["size"], ["ones"]))


def endless(nodes: list[Any], held: list[Any]) -> None:
    nodes.append(helper.make_node("Cast", ["flat"], ["counts"], to=TensorProto.INT64))
    nodes.append(helper.make_node("Tile", ["painted", "counts"], ["tiled"]))


def unknown(nodes: list[Any], held: list[Any]) -> None:
    nodes[-1].op_type = "Paint"


def flat(nodes: list[Any], held: list[Any]) -> None:
    nodes[0] = helper.make_node("MatMul", ["z", "nothing"], ["flat"])
    held.append(numpy_helper.from_array(np.zeros((LENGTH, 48), np.float32), "nothing"))


def sparse(nodes: list[Any], held: list[Any]) -> None:
    values, places = (numpy_helper.from_array(np.zeros(1, kind), "v") for kind in (np.float32, np.int64))
    values.ClearField("raw_data")
    values.data_location = TensorProto.EXTERNAL
    values.external_data.add(key="location", value="../../etc/passwd")
    made = onnx.SparseTensorProto(values=values, indices=places, dims=[4])
    nodes.append(helper.make_node("Constant", [], ["sparse"], sparse_value=made))


def together(nodes: list[Any], held: list[Any]) -> None:
    """Of forty gibibytes none is too large."""
    held.append(numpy_helper.from_array(np.array([1 << 14, 1 << 14], np.int64), "size"))
    nodes.extend(helper.make_node("ConstantOfShape", ["size"], [f"ones{number}"]) for number in range(40))
    nodes.append(helper.make_node("Sum", [f"ones{number}" for number in range(40)], ["sum"]))


def untold(nodes: list[Any], held: list[Any]) -> None:
    """Two shapes that depend on z."""
    nodes.append(helper.make_node("Cast", ["z"], ["counts"], to=TensorProto.INT64))
    nodes.append(helper.make_node("Squeeze", ["counts"], ["count"]))
    nodes.append(helper.make_node("Reshape", ["painted", "count"], ["odd"]))
    nodes.append(helper.make_node("Add", ["odd", "painted"], ["sum"]))


def endless_work(nodes: list[Any], held: list[Any]) -> None:
    held.append(numpy_helper.from_array(np.array([1 << 13, 1 << 13], np.int64), "size"))
    held.append(numpy_helper.from_array(np.zeros((LENGTH, 1), np.float32), "column"))
    nodes.append(helper.make_node("MatMul", ["z", "column"], ["one"]))
    nodes.append(helper.make_node("ConstantOfShape", ["size"], ["square"]))
    nodes.append(helper.make_node("Mul", ["one", "square"], ["power0"]))
    nodes.extend(
        helper.make_node("MatMul", [f"power{number}", "square"], [f"power{number + 1}"]) for number in range(20)
    )


def many(nodes: list[Any], held: list[Any]) -> None:
    nodes.extend(helper.make_node("Identity", ["z"], [f"same{number}"]) for number in range(20_001))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (foreign, "uses com.someone.Tanh, an operator outside of the standard"),
        (loop, "uses Loop, which runs a graph inside of the graph"),
        (drawn, "draws random numbers (RandomNormalLike), so that it would flicker"),
        (huge, "makes a tensor of 1048576 x 1048576, which is too large"),
        (endless, "has a Tile whose size cannot be told"),
        (unknown, "No Op registered for Paint"),
        (sparse, "has sparse tensors"),
        (together, "holds more than 4 GiB at once"),
        (untold, "has a Reshape whose size cannot be told"),
        (endless_work, "takes more than 4e+12 multiplications for a picture"),
        (flat, "paints the same picture for every z"),
        (many, "20006 nodes; 1 to 20,000 are supported"),
    ],
)
def test_a_graph_that_is_refused(change: Change, told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert told in answer(written(tmp_path / "mine.onnx", generator(change)), capsys)


def test_names_that_are_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    raw = generator().SerializeToString().replace(b"painted", b"paint\xff\xfe")
    (tmp_path / "mine.onnx").write_bytes(raw)
    assert "names that are no text" in answer(tmp_path / "mine.onnx", capsys)


def repeated(nodes: list[Any], held: list[Any]) -> None:
    """As torch writes ``kernel.repeat(...)``."""
    held.append(numpy_helper.from_array(np.array([4], np.int64), "axes"))
    held.append(numpy_helper.from_array(np.array([1, 1, 1, 1], np.int64), "times"))
    one = numpy_helper.from_array(np.array([1], np.int64))
    nodes[3].input[1] = "repeated"
    nodes[:0] = [
        helper.make_node("ConstantOfShape", ["axes"], ["ones"], value=one),
        helper.make_node("Expand", ["kernel", "ones"], ["expanded"]),
        helper.make_node("Tile", ["expanded", "times"], ["repeated"]),
    ]


def test_a_shape_that_the_graph_works_out_from_constants(tmp_path: Path) -> None:
    source, out = written(tmp_path / "mine.onnx", generator(repeated)), tmp_path / "mine.safetensors"
    assert main(["convert", str(source), "--out", str(out)]) == 0
    z = np.random.default_rng(0).standard_normal((2, LENGTH)).astype(np.float32)
    np.testing.assert_allclose(open_model(out).network.synthesis(z).numpy(), tiny_onnx.expected(z), atol=1e-4)


def test_a_file_that_keeps_tensors_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = written(tmp_path / "mine.onnx", tiny_onnx.torn(generator(), "matrix"))
    assert "keeps matrix in another file" in answer(source, capsys)


@pytest.mark.parametrize("raw", [b"", b"no onnx", generator().SerializeToString()[:700]])
def test_what_is_no_onnx_file(raw: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.onnx").write_bytes(raw)
    told = answer(tmp_path / "mine.onnx", capsys)
    assert "is no ONNX file" in told or "0 nodes" in told


def classifier() -> Any:
    take = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])
    give = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 192])
    return helper.make_graph([helper.make_node("Flatten", ["image"], ["scores"])], "none", [take], [give])


def conditional() -> Any:
    graph = generator().graph
    graph.input.append(helper.make_tensor_value_info("class", TensorProto.FLOAT, [1, 10]))
    return graph


@pytest.mark.parametrize(
    ("graph", "told"),
    [
        (classifier, "takes image (1 x 3 x 8 x 8) and gives scores (1 x 192); a generator takes one z"),
        (conditional, f"takes z (1 x {LENGTH}), class (1 x 10) and gives picture (1 x 3 x {SIDE} x {SIDE})"),
    ],
)
def test_what_is_no_generator(
    graph: Callable[[], Any], told: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = helper.make_model(graph(), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    assert told in answer(written(tmp_path / "mine.onnx", model), capsys)


def test_without_the_libraries(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: Any) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    assert 'install "vernissage[onnx]"' in answer(written(tmp_path / "mine.onnx"), capsys)


def test_nothing_can_be_encoded(model: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["encoder", str(model), "--minutes", "0.01"]) == 2
    assert "cannot be differentiated, so nothing encodes" in capsys.readouterr().err
