"""Folders, zips and names: what is found, in which order, and what is only listed."""

import os
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from installation.training.cli import main
from installation.training.dataset import sources
from installation.training.dataset.decoding import PicturesError
from installation.training.dataset.ledger import Ledger
from installation.training.dataset.pictures import load_prepared
from installation.training.dataset.preparing import CropOptions, prepare
from installation.training.dataset.sources import opened_sources
from tests.pictures_of_trouble import packed, raw_folder, scene

SMALL = CropOptions(16)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_folder(tmp_path / "raw")


def names(source: Path, **options: Any) -> dict[str, str]:
    """{name: kind, or why it is not read} of all that is found."""
    with opened_sources([source], **options) as files:
        return {file.name: file.why or file.kind for file in files}


# -- folders ----------------------------------------------------------------------------------------------------------


LINKS = pytest.mark.skipif(sys.platform == "win32", reason="links need a right there, and pipes are not files")


@LINKS
def test_links_neither_hang_nor_repeat(raw: Path) -> None:
    (raw / "circle").symlink_to(raw)
    (raw / "more" / "up").symlink_to(raw / "more")
    (raw / "a-copy.png").symlink_to(raw / "0.png")
    os.link(raw / "1.png", raw / "one.png")
    (raw / "nowhere.png").symlink_to(raw / "gone.png")
    (raw / "itself.png").symlink_to(raw / "itself.png")
    elsewhere = raw.parent / "elsewhere"
    elsewhere.mkdir()
    shutil.copy(raw / "2.png", elsewhere / "8.png")
    (raw / "outside").symlink_to(elsewhere)
    kinds = names(raw)
    assert [name for name, kind in kinds.items() if kind == "picture"] == [
        *(f"raw/{index}.png" for index in range(5)),
        "raw/more/9.jpg",
        "raw/outside/8.png",
    ]
    assert kinds["raw/circle"] == "the same as raw"
    assert kinds["raw/more/up"] == "the same as raw/more"
    assert kinds["raw/a-copy.png"] == "the same as raw/0.png"
    assert kinds["raw/one.png"] == "the same as raw/1.png"
    assert kinds["raw/nowhere.png"].startswith("cannot be read (No such file")
    assert kinds["raw/itself.png"].startswith("cannot be read (")


@LINKS
def test_neither_pipes_nor_hidden_folders_nor_prepared_ones_are_walked_into(raw: Path) -> None:
    out = raw / "ready"
    prepare([raw], out, SMALL)
    (raw / ".git").mkdir()
    (raw / ".git" / "x.png").write_bytes(b"")
    os.mkfifo(raw / "pipe.png")
    kinds = names(raw, out=out)
    assert kinds["raw/ready"] == "a folder of prepared pictures"
    assert kinds["raw/.git"] == "a hidden folder"
    assert kinds["raw/pipe.png"] == "neither a file nor a folder"
    assert prepare([raw], out, SMALL).pictures == 6
    with pytest.raises(PicturesError, match="prepared already"):
        prepare([out], raw / "again", SMALL)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems know only names that are text")
def test_a_name_that_is_no_text_is_written_as_one(raw: Path, tmp_path: Path) -> None:
    shutil.copy(raw / "0.png", os.fsencode(raw) + b"/caf\xe9\n\x1b[2J.png")
    assert main(["prepare", str(raw), "--out", str(tmp_path / "out"), "--size", "16"]) == 0
    name = "raw/caf\\xe9\\n\\x1b[2J.png"
    assert name in load_prepared(tmp_path / "out").facts["files"]
    assert name in Ledger.read(tmp_path / "out" / "ledger.csv").rows


def test_several_sources_have_names_of_their_own(raw: Path, tmp_path: Path) -> None:
    other = tmp_path / "b" / "raw"
    shutil.copytree(raw / "more", other)
    archive = tmp_path / "c.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(raw / "0.png", "in/0.png")
    done = prepare([raw, other, archive, raw / "more", archive], tmp_path / "out", SMALL)
    facts = load_prepared(tmp_path / "out").facts
    assert facts["files"] == [*(f"raw/{i}.png" for i in range(5)), "raw/more/9.jpg", "raw (2)/9.jpg", "c.zip/in/0.png"]
    assert facts["source"] == "raw + raw (2) + c.zip + more + c.zip (2)"
    assert done.skipped == {"more": "the same as raw/more", "c.zip (2)": "the same as c.zip"}


def test_a_picture_can_be_a_source(raw: Path, tmp_path: Path) -> None:
    files = [*sorted(raw.glob("*.png")), raw / "more" / "9.jpg"]
    assert prepare(files, tmp_path / "out", SMALL).pictures == 6
    facts = load_prepared(tmp_path / "out").facts
    assert facts["files"] == ["0.png", "1.png", "2.png", "3.png", "4.png", "9.jpg"]
    assert facts["source"] == "0.png + 1.png + 2.png + 3.png + 4.png + 1 more"


@pytest.mark.parametrize(("name", "text"), [("notes.txt", "by its name's ending"), ("none", "nothing by that name")])
def test_what_is_no_source_is_refused(name: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(PicturesError, match=f"{name}: not a folder of pictures.*{text}"):
        prepare([tmp_path / name], tmp_path / "out", SMALL)


# -- zip archives -----------------------------------------------------------------------------------------------------


def zipped(path: Path, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return path


def test_a_zip_is_read_in_place(tmp_path: Path) -> None:
    members = {f"{index}.png": packed(scene(seed=index), "PNG") for index in range(3)}
    odd = {
        "../../up.png": members["0.png"],
        "/etc/root.png": members["1.png"],
        "inner.zip": b"PK",
        "__MACOSX/._0.png": b"",
        "film.mp4": b"",
        "cut.png": members["2.png"][:99],
    }
    archive = zipped(tmp_path / "a.zip", {**members, **odd})
    before = {path for path in tmp_path.parent.rglob("*") if tmp_path not in path.parents}
    done = prepare([archive], tmp_path / "out", SMALL)
    assert done.pictures == 5
    assert {path for path in tmp_path.parent.rglob("*") if tmp_path not in path.parents} == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == [
        *("a.zip", "ledger.csv", "out", "pictures.npy", "prepared.json", "sheet.png")
    ]
    assert "a.zip/../../up.png" in load_prepared(tmp_path / "out").facts["files"]
    assert done.skipped.keys() == {f"a.zip/{name}" for name in ("inner.zip", "__MACOSX/._0.png", "film.mp4", "cut.png")}
    assert "an archive inside" in done.skipped["a.zip/inner.zip"]


def test_a_zip_gives_the_same_squares_as_its_folder(raw: Path, tmp_path: Path) -> None:
    archive = Path(shutil.make_archive(str(tmp_path / "raw"), "zip", raw))
    prepare([raw], tmp_path / "one", SMALL)
    prepare([archive], tmp_path / "two", SMALL)
    assert (tmp_path / "one/pictures.npy").read_bytes() == (tmp_path / "two/pictures.npy").read_bytes()


def bomb(path: Path) -> None:
    zipped(path, {"0.png": bytes(30_000_000)})


def overlapping(path: Path) -> None:
    """A thousand names for the same packed bytes: small in every member, a bomb in all."""
    zipped(path, {"0.png": os.urandom(2000) * 60})
    with zipfile.ZipFile(path, "a") as file:
        info = file.infolist()[0]
        for index in range(1000):
            twin = zipfile.ZipInfo(f"x{index}.png")
            for field in ("CRC", "compress_size", "file_size", "header_offset", "compress_type"):
                setattr(twin, field, getattr(info, field))
            file.filelist.append(twin)
        file._didModify = True  # so that the list is written again; zipfile offers no other way to lie


def torn(path: Path) -> None:
    bomb(path)
    path.write_bytes(path.read_bytes()[:-30])


def endless(path: Path) -> None:
    """Says that its list of members is a gigabyte long, and is a (sparse) gigabyte long."""
    zipped(path, {"0.png": b"x"})
    content = bytearray(path.read_bytes())
    end = content.rindex(b"PK\5\6")
    content[end + 12 : end + 20] = (1 << 30).to_bytes(4, "little") + (0).to_bytes(4, "little")
    with path.open("wb") as file:
        file.seek(1 << 30)
        file.write(content[end:])


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (bomb, "KB that unpack to 28 MB: a bomb"),
        (overlapping, "a bomb, not pictures"),
        (torn, "cannot be read as a zip"),
        (endless, "its list of files is too long to be true"),
    ],
)
def test_a_zip_that_is_a_trap_is_refused(make: Callable[[Path], None], text: str, tmp_path: Path) -> None:
    make(tmp_path / "a.zip")
    with pytest.raises(PicturesError, match=text):
        prepare([tmp_path / "a.zip"], tmp_path / "out", SMALL)
    assert not (tmp_path / "out").exists()


def test_a_zip_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_MEMBERS", 10)
    archive = zipped(tmp_path / "a.zip", {f"{index}.png": b"x" for index in range(11)})
    with pytest.raises(PicturesError, match="11 files in it, more than 10"):
        names(archive)


def test_what_a_zip_hides_from_reading_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_MEMBER", 20_000)
    good = packed(scene(), "PNG")
    archive = zipped(tmp_path / "a.zip", {"good.png": good, "huge.png": os.urandom(30_000), "wrong.png": good})
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_BZIP2) as file:
        file.writestr("rare.png", good)
    content = bytearray(archive.read_bytes())
    at = content.index(b"wrong.png") + 200
    content[at : at + 8] = bytes(8)  # within its packed bytes
    archive.write_bytes(content)
    with zipfile.ZipFile(archive, "a") as file, pytest.warns(UserWarning, match="Duplicate name"):
        file.writestr("good.png", packed(scene(seed=2), "PNG"))
    done = prepare([archive], tmp_path / "out", SMALL)
    assert load_prepared(tmp_path / "out").facts["files"] == ["a.zip/good.png", "a.zip/good.png (2)"]
    assert "more than 0 MB" in done.skipped["a.zip/huge.png"]
    assert "another method than deflate" in done.skipped["a.zip/rare.png"]
    assert "cannot be unpacked" in done.skipped["a.zip/wrong.png"]
    assert len(done.skipped) == 3


def test_an_encrypted_member_is_listed(tmp_path: Path) -> None:
    archive = zipped(tmp_path / "a.zip", {"a.png": packed(scene(), "PNG"), "b.png": packed(scene(seed=1), "PNG")})
    content = bytearray(archive.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    archive.write_bytes(content)
    assert names(archive) == {"a.zip/a.png": "encrypted", "a.zip/b.png": "picture"}
