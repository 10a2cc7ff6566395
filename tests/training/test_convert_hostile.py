"""More than a hundred hostile files: each is refused in one line, and nothing else happens."""

import sys
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from installation.core.errors import ModelError
from installation.training.convert.containers import read
from installation.training.convert.run import recognised
from tests.training.hostile_files import FILES
from tests.training.hostile_pickles import HOSTILE

PICKLES = Path(__file__).resolve().parent / "pickles"
LARGEST = 100e6
"""Bytes of memory for any of them."""


class Watch:
    """What the interpreter itself reports while a file is read; hooks of this kind cannot be taken away again."""

    seen: list[str]
    on = False

    def __init__(self) -> None:
        self.seen = []

    def __call__(self, event: str, details: tuple[Any, ...]) -> None:
        if self.on and not (event == "open" and details[1] in ("r", "rb", None)):
            self.seen.append(f"{event} {str(details)[:80]}")


WATCH = Watch()


@pytest.fixture(scope="module", autouse=True)
def _watched() -> None:
    for encoding in ("cp437", "raw-unicode-escape"):  # Python loads these when they are first needed
        b"a".decode(encoding)
    sys.addaudithook(WATCH)


@contextmanager
def nothing_happens() -> Iterator[None]:
    WATCH.seen.clear()
    WATCH.on = True
    try:
        yield
    finally:
        WATCH.on = False
    assert not WATCH.seen


def refusal(path: Path) -> str:
    with nothing_happens(), pytest.raises(ModelError) as caught:
        recognised(read(path), str(path), None)
    return str(caught.value)


def test_there_are_more_than_a_hundred() -> None:
    assert len({raw for _, raw in HOSTILE}) > 100


ALL = [(what, raw, ".pkl") for what, raw in HOSTILE] + FILES


@pytest.mark.parametrize(("what", "raw", "suffix"), ALL, ids=[what for what, *_ in ALL])
def test_it_is_refused_in_one_line(
    what: str,
    raw: bytes,
    suffix: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / f"model{suffix}"
    path.write_bytes(raw)
    told = refusal(path)
    assert told.startswith(str(path))
    assert told.isprintable(), "one line, without control characters"
    assert len(told) < len(str(path)) + 500
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    assert capfd.readouterr() == ("", "")


HUNGRY = (
    "built again and again",
    "two to the sixtieth",
    "a state given again and again",
    "a state of modules given again and again",
    "layers that never end",
    "zip: two hundred files in one place",
    "zip: numbers under many names",
    "zip: numbers of two bytes under many names",
)


@pytest.mark.parametrize("what", HUNGRY)
def test_it_takes_little_memory(what: str, tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes({name: raw for name, raw, _ in ALL}[what])
    tracemalloc.start()
    refusal(path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < LARGEST


@pytest.mark.parametrize("share", [0.0001, 0.003, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.99999])
def test_a_file_that_is_cut_short(share: float, tmp_path: Path) -> None:
    whole = (PICKLES / "sg2-32-conditional.pkl").read_bytes()
    path = tmp_path / "cut.pkl"
    path.write_bytes(whole[: int(len(whole) * share)])
    assert "copy the file again" in refusal(path) or "line without an end" in refusal(path)


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    for suffix in (".pkl", ".safetensors", ".onnx"):
        path = tmp_path / f"zeros{suffix}"
        path.symlink_to("/dev/zero")
        assert "is no file" in refusal(path)


def test_a_network_of_tensorflow_is_told_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "old.pkl"
    path.write_bytes(b"\x80\x03cdnnlib.tflib.network\nNetwork\n)\x81.")
    assert "network of TensorFlow" in refusal(path)


def test_modules_are_read_as_what_they_hold_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "projected.pkl"
    path.write_bytes(b"\x80\x03}X\x05\x00\x00\x00G_emacpg_modules.networks_fastgan\nGenerator\n)\x81s.")
    assert "not supported" in refusal(path)
    itself = b"ctorch.nn.modules.module\nModule\n)\x81q\x00}" + b"X\x08\x00\x00\x00_modules}"
    itself += b"X\x01\x00\x00\x00ah\x00sX\x01\x00\x00\x00bh\x00s" + b"sb"
    path.write_bytes(b"\x80\x03}X\x05\x00\x00\x00G_ema" + itself + b"s.")
    assert "more than 5000 modules" in refusal(path)


def test_the_source_inside_of_a_model_is_not_looked_at() -> None:
    """The one in the fixtures raises where it is run."""
    with nothing_happens():
        root = read(PICKLES / "sg2-32-conditional.pkl")
    assert "module_src" not in root["G_ema"].state
