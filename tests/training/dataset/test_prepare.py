"""From sources to a prepared folder: what is listed, what is made again and what is not, and what trouble leaves."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from installation.training.cli import main
from installation.training.dataset import decoding, preparing, reading
from installation.training.dataset.decoding import PicturesError
from installation.training.dataset.pictures import load_prepared
from installation.training.dataset.preparing import CropOptions, prepare
from installation.training.dataset.sources import SourceFile
from tests.pictures_of_trouble import chunk, packed, png, raw_folder, scene
from tests.timeout import TIMEOUT, until

SMALL = CropOptions(16)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_folder(tmp_path / "raw")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def skipped(source: Path, out: Path, wish: CropOptions = SMALL) -> dict[str, str]:
    """{name without its source: why}"""
    return {name.removeprefix(f"{source.name}/"): why for name, why in prepare([source], out, wish).skipped.items()}


JPEG = packed(scene(), "JPEG")
BROKEN: dict[str, tuple[bytes, str]] = {
    "zero.jpg": (b"", "an empty file"),
    "half.jpg": (JPEG[: len(JPEG) // 2], "Truncated"),
    "end.jpg": (JPEG[:-2], "truncated"),
    "last.jpg": (JPEG[:-20], "truncated"),
    "progressive.jpg": (packed(scene(), "JPEG", progressive=True)[:-5], "truncated"),
    "half.png": (packed(scene(), "PNG")[:200], "truncated"),
    "half.webp": (packed(scene(), "WEBP")[:-9], "cannot be read as a picture"),
    "half.gif": (packed(scene(), "GIF")[:-900], "truncated"),
    "half.tif": (packed(scene(), "TIFF", compression="tiff_lzw")[:-30], "cannot be read as a picture"),
    "drawing.jpg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "its content is of no known"),
    "notes.jpg": (b"To whom it may concern", "its content is of no known format"),
    "program.png": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 50 50\n", "its content is of no known format"),
    "bomb.png": (png(60_000, 60_000, 8, 2, b""), "announces far more than 64 million pixels"),
    "large.png": (png(9_000, 9_000, 8, 0, b""), "9000x9000 is more than 64 million pixels"),
    "hollow.png": (png(7_000, 7_000, 1, 0, b"\0" * 9), "cannot be read as a picture"),
    "float.tif": (packed(Image.new("F", (20, 20), 0.5), "TIFF"), "32-bit pixels"),
    "dot.png": (packed(scene(1, 1), "PNG"), "1x1 is too small for 16 px"),
    "line.png": (packed(scene(20_000, 10), "PNG"), "20000x10 is a strip"),
    "text.png": (png(20, 20, 8, 0, b"")[:33] + chunk(b"zTXt", b"k\0\0junk"), "cannot be read as a picture"),
    "note.txt": (b"", "not a picture (.txt)"),
    "README": (b"", "a name without an ending"),
    "phone.heic": (b"", "export it as JPEG"),
    "vector.svg": (b"<svg/>", "a drawing, not pixels"),
    "inner.zip": (b"PK", "an archive inside of a source"),
    "holiday.mp4": (b"", "a film; give --every"),
    "._0.png": (b"", "a hidden file"),
}


def test_whatever_cannot_be_used_is_listed_with_its_reason(raw: Path, tmp_path: Path) -> None:
    for name, (content, _) in BROKEN.items():
        (raw / name).write_bytes(content)
    reasons = skipped(raw, tmp_path / "out", CropOptions(16, max_upscale=4))
    assert reasons.keys() == BROKEN.keys()
    for name, (_, text) in BROKEN.items():
        assert text in reasons[name], name
    assert len(load_prepared(tmp_path / "out").pictures) == 6


def test_what_is_odd_is_noted_and_stays_noted(raw: Path, tmp_path: Path) -> None:
    (raw / "a.png").write_bytes(packed(scene(), "PNG", icc_profile=b"not a profile"))
    for _ in range(2):
        done = prepare([raw], tmp_path / "out", SMALL)
        assert done.notes == {"raw/a.png": "its colour profile is damaged: taken as sRGB"}


@pytest.mark.parametrize("size", [16, 100, 1024])
def test_any_square_size(size: int, raw: Path, tmp_path: Path) -> None:
    large = tmp_path / "large"
    large.mkdir()
    Image.fromarray(scene(700, 600)).save(large / "a.jpg")
    assert main(["prepare", str(large), "--out", str(tmp_path / "out"), "--size", str(size)]) == 0
    assert load_prepared(tmp_path / "out").pictures.shape == (1, size, size, 3)


def test_the_most_enlargement_can_be_chosen(raw: Path, tmp_path: Path) -> None:
    assert prepare([raw], tmp_path / "out", CropOptions(96)).pictures == 6
    with pytest.raises(PicturesError, match=r"64x48 is too small for 97 px \(at most 2 times enlarged"):
        prepare([raw], tmp_path / "out", CropOptions(97))
    assert load_prepared(tmp_path / "out").size == 96
    assert prepare([raw], tmp_path / "out", CropOptions(97, max_upscale=3)).pictures == 6


# -- the same again ---------------------------------------------------------------------------------------------------


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What has been decoded so far."""
    seen: list[bytes] = []

    def decode(content: bytes, least: int | None = None) -> decoding.Decoded:
        seen.append(content)
        return decoding.decode(content, least)

    monkeypatch.setattr(preparing, "decode", decode)
    return seen


def add(raw: Path, name: str, seed: int) -> None:
    Image.fromarray(scene(seed=seed)).save(raw / name)


def test_the_same_pictures_give_the_same_bytes(raw: Path, tmp_path: Path) -> None:
    for name in ("one", "two"):
        prepare([raw], tmp_path / name, SMALL)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert sorted(contents(tmp_path / "one")) == ["ledger.csv", "pictures.npy", "prepared.json", "sheet.png"]


def test_only_what_is_new_is_made_and_the_result_is_as_if_made_at_once(
    raw: Path, tmp_path: Path, decoded: list[bytes]
) -> None:
    out = tmp_path / "out"
    prepare([raw], out, SMALL)
    assert len(decoded) == 6
    add(raw, "0-new.png", 30)
    add(raw, "3.png", 31)
    (raw / "1.png").unlink()
    (raw / "2.png").rename(raw / "z.png")
    (raw / "bad.png").write_bytes(b"bad")
    done = prepare([raw], out, SMALL)
    assert (done.made, done.before, done.unchanged) == (3, 4, False)
    assert len(decoded) == 9
    prepare([raw], out, SMALL)
    assert len(decoded) == 9
    prepare([raw], tmp_path / "fresh", SMALL)
    fresh = contents(tmp_path / "fresh")
    assert {name: content for name, content in contents(out).items() if name != "ledger_before.csv"} == fresh


def test_nothing_new_leaves_the_files_alone(raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["prepare", str(raw), "--out", str(tmp_path / "out"), "--size", "16"]
    assert main(argv) == 0
    assert "6 pictures of 16 px (files: 6 new, 0 as before)" in capsys.readouterr().out
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    assert main(argv) == 0
    assert "6 pictures of 16 px (nothing new)" in capsys.readouterr().out
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before


def test_other_options_make_everything_again_and_say_so(
    raw: Path, tmp_path: Path, decoded: list[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    argv = ["prepare", str(raw), "--out", str(tmp_path / "out")]
    main([*argv, "--size", "16"])
    assert "other options" not in capsys.readouterr().err
    main([*argv, "--size", "24", "--crop", "tiles"])
    said = capsys.readouterr().err
    assert "other options than last time (size was 16, is 24; crop was centre, is tiles): everything" in said
    assert len(decoded) == 12
    assert load_prepared(tmp_path / "out").pictures.shape == (24, 24, 24, 3)


def test_a_result_that_was_damaged_is_made_again(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare([raw], out, SMALL)
    good = contents(out)
    with (out / "pictures.npy").open("r+b") as file:
        file.seek(128 + 16 * 16 * 3 * 2)
        file.write(bytes(99))
    done = prepare([raw], out, SMALL)
    assert (done.made, done.before) == (1, 5)
    assert contents(out) == good
    (out / "prepared.json").write_text('{"format": 2}')
    assert prepare([raw], out, SMALL).made == 6
    assert contents(out) == good


def interrupted(after: int) -> Any:
    """A progress bar during which somebody presses Ctrl-C."""

    def bar(files: list[SourceFile]) -> Iterator[SourceFile]:
        yield from files[:after]
        raise KeyboardInterrupt

    return bar


def test_an_interrupted_run_goes_on_where_it_was(raw: Path, tmp_path: Path, decoded: list[bytes]) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        prepare([raw], out, SMALL, progress=interrupted(4))
    assert sorted(contents(out)) == ["files.partial", "pictures.npy.partial"]
    with pytest.raises(PicturesError, match="not a prepared folder"):
        load_prepared(out)
    assert len(decoded) == 4
    done = prepare([raw], out, SMALL)
    assert (done.made, done.resumed) == (2, 4)
    assert len(decoded) == 6
    prepare([raw], tmp_path / "fresh", SMALL)
    assert contents(out) == contents(tmp_path / "fresh")


def test_an_interrupt_says_that_nothing_is_lost(
    raw: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reading, "show_reading", interrupted(3))
    assert main(["prepare", str(raw), "--out", str(tmp_path / "out"), "--size", "16"]) == 130
    assert "what is done is kept; the same command goes on from here" in capsys.readouterr().err
    monkeypatch.undo()
    assert main(["prepare", str(raw), "--out", str(tmp_path / "out"), "--size", "16"]) == 0
    assert "(files: 3 new, 3 from the run that was interrupted, 0 as before)" in capsys.readouterr().out


def cut_line(out: Path) -> None:
    journal = out / "files.partial"
    journal.write_bytes(journal.read_bytes()[:-7])


def zeros(out: Path) -> None:
    """What a power cut may leave: the journal is on the disk, the squares are not."""
    with (out / "pictures.npy.partial").open("r+b") as file:
        file.seek(128 + 16 * 16 * 3 * 3)
        file.write(bytes(16 * 16 * 3))


def half_a_square(out: Path) -> None:
    os.truncate(out / "pictures.npy.partial", 128 + 16 * 16 * 3 * 3 + 100)


def no_squares(out: Path) -> None:
    (out / "pictures.npy.partial").unlink()


def no_journal(out: Path) -> None:
    (out / "files.partial").write_bytes(b"[]\n{}\n")


@pytest.mark.parametrize(
    ("damage", "resumed"), [(cut_line, 3), (zeros, 3), (half_a_square, 3), (no_squares, 0), (no_journal, 0)]
)
def test_an_interrupted_run_that_was_damaged_is_taken_over_as_far_as_it_holds(
    damage: Any, resumed: int, raw: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        prepare([raw], out, SMALL, progress=interrupted(4))
    damage(out)
    done = prepare([raw], out, SMALL)
    assert (done.made, done.resumed) == (6 - resumed, resumed)
    prepare([raw], tmp_path / "fresh", SMALL)
    assert contents(out) == contents(tmp_path / "fresh")


def test_pictures_that_change_between_an_interrupt_and_the_next_run(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    add(raw, "00.png", 40)
    prepare([raw], out, SMALL)
    with pytest.raises(KeyboardInterrupt):
        prepare([raw], out, CropOptions(24), progress=interrupted(5))
    assert load_prepared(out).size == 16
    add(raw, "1.png", 41)
    (raw / "00.png").unlink()
    prepare([raw], out, CropOptions(24))
    prepare([raw], tmp_path / "fresh", CropOptions(24))
    old = (out / "ledger_before.csv").read_text()
    assert "raw/00.png" in old
    (out / "ledger_before.csv").unlink()
    assert contents(out) == contents(tmp_path / "fresh")


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    """The real thing: kill -9 in the middle, then the same command."""
    raw, out = tmp_path / "raw", tmp_path / "out"
    raw.mkdir()
    for index in range(24):
        Image.fromarray(scene(900, 700, seed=index)).save(raw / f"{index:02}.jpg")
    command = [sys.executable, "-m", "installation.training", "prepare", str(raw), "--out", str(out), "--size", "64"]
    run = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = out / "files.partial"
    until(lambda: run.poll() is not None or (journal.exists() and journal.stat().st_size > 900))
    run.kill()
    run.wait(TIMEOUT)
    again = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIMEOUT, check=True)
    assert "24 pictures of 64 px" in again.stdout
    if run.returncode:
        assert "from the run that was interrupted" in again.stdout
    prepare([raw], tmp_path / "fresh", CropOptions(64))
    assert contents(out) == contents(tmp_path / "fresh")


# -- a disk that does not take it -------------------------------------------------------------------------------------

FULL = """
import resource, sys
from installation.training.cli import main
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.exit(main(sys.argv[2:]))
"""


def more_squares(raw: Path) -> int:
    """Add what will not fit; returns the bytes that there are: as many as the pictures before took."""
    for index in range(10, 16):
        add(raw, f"{index}.png", index)
    return 128 + 6 * 16 * 16 * 3


def longer_list(raw: Path) -> int:
    """The squares will fit, the list of files not."""
    for index in range(60):
        (raw / f"{index}.txt").write_text("")
    return 128 + 6 * 16 * 16 * 3


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
@pytest.mark.parametrize("fill", [more_squares, longer_list])
def test_a_full_disk_loses_nothing(fill: Callable[[Path], int], raw: Path, tmp_path: Path) -> None:
    """A real failing write: the process may not write files larger than so many bytes."""
    out = tmp_path / "out"
    prepare([raw], out, SMALL)
    good = contents(out)
    argv = ["prepare", str(raw), "--out", str(out), "--size", "16"]
    command = [sys.executable, "-c", FULL, str(fill(raw)), *argv]
    run = subprocess.run(command, capture_output=True, text=True, timeout=2 * TIMEOUT)
    assert run.returncode == 2
    assert run.stderr.startswith(f"error: {out}")
    assert "cannot be written (File too large). Nothing that was there is lost" in run.stderr
    assert run.stderr.count("\n") == 1
    assert {name: content for name, content in contents(out).items() if name in good} == good
    assert len(load_prepared(out).pictures) == 6
    assert main(argv) == 0
    prepare([raw], tmp_path / "fresh", SMALL)
    assert contents(out) == contents(tmp_path / "fresh")


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a place of Linux")


@pytest.mark.parametrize(
    "where",
    ["file", "file/below", pytest.param("/proc/nowhere", marks=LINUX), pytest.param("/dev/full", marks=LINUX)],
)
def test_a_folder_that_cannot_be_made_is_told_in_a_line(
    where: str, raw: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("not a folder")
    assert main(["prepare", str(raw), "--out", str(tmp_path / where), "--size", "16"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert (tmp_path / "file").read_text() == "not a folder"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_without_the_right_to_write(raw: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir(mode=0o555)
    with pytest.raises(PicturesError, match=r"cannot be written \(Permission denied"):
        prepare([raw], tmp_path / "out", SMALL)


def test_none_that_can_be_used_replaces_nothing(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare([raw], out, SMALL)
    good = contents(out)
    with pytest.raises(PicturesError, match="none of 6 pictures can be used"):
        prepare([raw], out, CropOptions(512))
    assert contents(out) == good
