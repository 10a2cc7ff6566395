"""What each step does where it cannot write, where the disk is full, and with pictures that are traps.

Nothing here depends on rights, which a superuser has all of: what is in the way is a file, a folder, or a real limit.
"""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from installation.training.cli import main
from installation.training.dataset.ledger import Ledger
from installation.training.evaluation import memory
from tests.pictures_of_trouble import packed, png, scene
from tests.tiny_gan import written

TRAIN = ("--width", "32", "--batch", "4", "--threads", "1", "--precision", "fp32", "--no-tensorboard")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a place of Linux")


@pytest.fixture(scope="module")
def workshop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small work of every step: pictures, prepared and screened; a run with its model; a model with an encoder."""
    folder = tmp_path_factory.mktemp("workshop")
    (folder / "raw").mkdir()
    for index in range(6):
        Image.fromarray(scene(64, 64, index)).save(folder / "raw" / f"{index}.png")
    run("prepare", folder / "raw", "--out", folder / "ready", "--size", "64")
    run("train", folder / "ready", "--out", folder / "run.safetensors", "--stages", "8:0.008", *TRAIN)
    model = written(folder / "mine.safetensors")
    run("directions", model, "--count", "2")
    run("encoder", model, "--minutes", "0.01", "--threads", "1")
    return folder


def run(*words: str | Path) -> None:
    assert main([str(word) for word in words]) == 0


@pytest.fixture
def folder(workshop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the workshop for each test, which is where it is run; what evaluations remember stays in it."""
    copy = tmp_path / "workshop"
    shutil.copytree(workshop, copy)
    (copy / "file").write_text("a file in the way")
    monkeypatch.chdir(copy)
    monkeypatch.setattr(memory, "FOLDER", copy / "memory")
    return copy


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(command: str, capsys: pytest.CaptureFixture[str]) -> str:
    """The one message of a command that cannot be done."""
    capsys.readouterr()
    assert main(command.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("error: ")
    return said


# -- a place where nothing can be written -----------------------------------------------------------------------------

WITH_OUT = {
    "prepare": "prepare raw --out {out} --size 16",
    "train": f"train ready --out {{out}}.safetensors --work runs --stages 8:0.008 {' '.join(TRAIN)}",
    "the work of train": f"train ready --out new.safetensors --work {{out}} --stages 8:0.008 {' '.join(TRAIN)}",
    "export": "export run.work --out {out}.safetensors",
    "sheet": "sheet mine.safetensors --out {out}.png",
    "directions": "directions mine.safetensors --sheet {out}.png",
    "encoder": "encoder mine.safetensors --minutes 1000 --out {out}.safetensors",
    "the work of encoder": "encoder mine.safetensors --minutes 1000 --work {out}",
    "encode": "encode mine.safetensors raw/0.png --refine 1000 --out {out}",
    "evaluate": "evaluate mine.safetensors --quick --out {out}",
    "curate": "curate mine.safetensors --keep 1 --out {out}.safetensors",
}


@pytest.mark.parametrize("out", ["file/below", pytest.param("/proc/nowhere", marks=LINUX)])
@pytest.mark.parametrize("step", WITH_OUT)
def test_a_place_that_cannot_be_written_is_told_before_the_work(
    step: str, out: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = contents(folder)
    assert out.partition("/")[0] in refused(WITH_OUT[step].format(out=out), capsys)
    assert contents(folder) == before


IN_PLACE = {
    "screen": ("screen ready", "ready/ledger.csv"),
    "directions": ("directions mine.safetensors --count 2 --fresh", "mine.safetensors"),
    "rename": ("rename mine.safetensors 1=light", "mine.safetensors"),
    "encoder": ("encoder mine.safetensors --minutes 1000", "mine.safetensors"),
    "encode": ("encode mine.safetensors raw/0.png --out places --favourite sitter", "mine.safetensors"),
    "curate": ("curate mine.safetensors --keep 1", "mine.safetensors"),
}


@pytest.mark.parametrize("step", IN_PLACE)
def test_a_file_that_cannot_be_replaced_stays_as_it_is(
    step: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, file = IN_PLACE[step]
    (folder / f"{file}.partial").mkdir()  # in the way of what is written first
    before = contents(folder)
    assert file in refused(command, capsys)
    assert {name: content for name, content in contents(folder).items() if name in before} == before


# -- a full disk ------------------------------------------------------------------------------------------------------


@contextmanager
def full_disk() -> Iterator[None]:
    """Real failing writes: this process may write no file larger than 160 bytes. What it has open may be longer."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (160, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


WRITING = {
    "screen": "screen ready",
    "train": f"train ready --out run.safetensors --stages 8:0.016 {' '.join(TRAIN)}",
    "train anew": f"train ready --out new.safetensors --stages 8:0.008 {' '.join(TRAIN)}",
    "export": "export run.work --out run.safetensors",
    "sheet": "sheet mine.safetensors --out look.png --count 4",
    "directions": "directions mine.safetensors --count 2 --fresh",
    "a sheet of directions": "directions mine.safetensors --count 2 --sheet look.png",
    "rename": "rename mine.safetensors 1=light",
    "encoder": "encoder mine.safetensors --minutes 0.02 --threads 1",
    "encode": "encode mine.safetensors raw/0.png --out places --favourite sitter",
    "evaluate": "evaluate mine.safetensors --quick --out report",
    "curate": "curate mine.safetensors --keep 1",
}


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("step", WRITING)
def test_a_full_disk_loses_nothing(step: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "look.png").write_bytes(packed(scene(), "PNG"))
    before = contents(folder)
    with full_disk():
        said = refused(WRITING[step], capsys)
    assert "File too large" in said
    assert "Make room" in said
    assert {name: content for name, content in contents(folder).items() if name in before} == before
    assert not list(folder.rglob("*.partial"))
    run(*WRITING[step].split())


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_full_disk_has_no_room_for_what_was_screened(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ledger = Ledger.read(folder / "ready" / "ledger.csv")
    ledger.add_columns(["keep"])
    next(iter(ledger.rows.values()))["keep"] = "no"
    ledger.write(folder / "ready" / "ledger.csv")
    with full_disk():
        assert "ready: no room for a copy of the pictures that are kept" in refused(WRITING["train"], capsys)
    run(*WRITING["train"].split())


# -- pictures that are traps ------------------------------------------------------------------------------------------


def sixteen_bit() -> bytes:
    rows = b"".join(b"\0" + bytes(range(256)) for _ in range(64))
    return png(128, 64, 16, 0, rows)


def animation() -> bytes:
    frames = [Image.fromarray(scene(64, 64, seed)) for seed in range(3)]
    return packed(frames[0], "GIF", save_all=True, append_images=frames[1:])


FINE = {
    "inks.jpg": lambda: packed(Image.fromarray(scene(64, 64)).convert("CMYK"), "JPEG"),
    "deep.png": sixteen_bit,
    "moving.gif": animation,
}
TRAPS = {
    "bomb.png": (lambda: png(60_000, 60_000, 8, 2, b""), "far more than 64 million pixels"),
    "half.jpg": (lambda: packed(scene(), "JPEG")[:400], "runcated"),
    "circle.png": (None, "circle.png: cannot be read"),
}


@pytest.mark.parametrize("name", FINE)
def test_unusual_pictures_are_encoded(name: str, folder: Path) -> None:
    (folder / name).write_bytes(FINE[name]())
    run("encode", "mine.safetensors", name, "--out", "places")
    assert np.isfinite(np.load(folder / "places" / f"{Path(name).stem}.npy")).all()


@pytest.mark.parametrize("name", TRAPS)
def test_a_trap_is_not_encoded(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make, why = TRAPS[name]
    if make:
        (folder / name).write_bytes(make())
    else:
        os.symlink(name, folder / name)
    assert why in refused(f"encode mine.safetensors {name} --out places", capsys)
    assert not (folder / "places").exists()
