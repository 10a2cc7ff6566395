"""The ledger: read from any spreadsheet, made from the files, kept through every later run, heeded by training."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from installation.training.cli import main
from installation.training.dataset.decoding import PicturesError
from installation.training.dataset.ledger import Ledger, is_kept, ledger_digest, read_ledger
from installation.training.dataset.pictures import load_prepared
from installation.training.dataset.preparing import CropOptions, Metadata, prepare
from tests.pictures_of_trouble import raw_folder, scene

SMALL = CropOptions(16)


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    return raw_folder(tmp_path / "raw")


def edit(path: Path, name: str, **values: str) -> None:
    """What a person does to a row in a spreadsheet."""
    ledger = Ledger.read(path)
    ledger.add_columns(values)
    ledger.rows[name].update(values)
    ledger.write(path)


def given(tmp_path: Path, text: str) -> Metadata:
    path = tmp_path / "given.csv"
    path.write_text(text)
    return Metadata(ledger=Ledger.read(path))


# -- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        "file,artist,year\nraw/a.png,Hals,1630\n",
        "\ufefffile;artist;year\r\nraw/a.png;Hals;1630\r\n",
        "file, artist ,year\n\nraw/a.png,Hals,1630\n\n",
    ],
    ids=["plain", "a spreadsheet's", "with gaps"],
)
def test_a_ledger_is_read_as_spreadsheets_write_it(content: str, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(content.encode())
    ledger = Ledger.read(tmp_path / "l.csv")
    assert ledger.columns == ["file", "artist", "year"]
    assert ledger.rows == {"raw/a.png": {"file": "raw/a.png", "artist": "Hals", "year": "1630"}}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"file,artist\nM\xfcnter.jpg,M\xfcnter\n", "It must be a CSV file in UTF-8"),
        (b"", "its first line must name the columns"),
        (b"file\na.png\n", "its first line must name the columns"),
        (b"file,artist,artist\n", "its first line must name the columns"),
        (b"file,\na.png,Hals\n", "its first line must name the columns"),
        (b"file,artist\na.png,Hals,1630\n", "row 2 has 3 values for 2 columns"),
        (b"file,artist\na.png,Hals\na.png,Steen\n", "row 3 names a.png again"),
        (b"file,artist\n" + b"x" * 200_000 + b",y\n", "field larger than field limit"),
    ],
    ids=["not UTF-8", "empty", "one column", "a column twice", "no name", "long row", "a picture twice", "huge"],
)
def test_what_is_no_ledger_is_refused(content: bytes, text: str, tmp_path: Path) -> None:
    (tmp_path / "l.csv").write_bytes(content)
    with pytest.raises(PicturesError, match=text):
        Ledger.read(tmp_path / "l.csv")


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    row = {"file": 'ünïcode, "quoted".png', "title": "two\nlines; and more"}
    Ledger(["file", "title"], {row["file"]: row}).write(tmp_path / "l.csv")
    assert Ledger.read(tmp_path / "l.csv").rows == {row["file"]: row}


def test_the_digest_covers_the_pictures_used_and_no_others(tmp_path: Path) -> None:
    path = tmp_path / "ledger.csv"
    path.write_text("file,artist\nraw/a.png,Hals\nraw/b.png,Steen\n")
    one = ledger_digest(read_ledger(path), "raw", ["a.png"])
    path.write_text("file,artist\nraw/b.png,Leyster\nraw/a.png,Hals\n")
    rows = read_ledger(path)
    assert one == ledger_digest(rows, "raw", ["a.png"]) == ledger_digest(rows, "raw", ["raw/a.png"])
    assert one != ledger_digest(rows, "raw", ["a.png", "b.png"])
    with pytest.raises(PicturesError, match="holds no row for any picture"):
        ledger_digest(rows, "raw", ["c.png"])


@pytest.mark.parametrize(("said", "kept"), [("no", False), (" No ", False), ("yes", True), ("", True), ("?", True)])
def test_no_means_no(said: str, kept: bool) -> None:
    assert is_kept({"keep": said}) is kept
    assert is_kept({})


# -- made and kept ----------------------------------------------------------------------------------------------------


def test_without_a_ledger_one_is_made_from_the_files(raw: Path, tmp_path: Path) -> None:
    prepare([raw], tmp_path / "out", SMALL)
    ledger = Ledger.read(tmp_path / "out" / "ledger.csv")
    assert ledger.columns == ["file", "sha256", "source", "artist", "title", "year", "licence", "native_px"]
    assert list(ledger.rows) == load_prepared(tmp_path / "out").facts["files"]
    row = ledger.rows["raw/more/9.jpg"]
    assert (row["source"], row["artist"], row["native_px"]) == ("raw", "", "48")
    assert len(row["sha256"]) == 64


def test_a_given_ledger_gives_its_rows(raw: Path, tmp_path: Path) -> None:
    metadata = given(tmp_path, "picture,artist,source\nraw/0.png,Hals,Haarlem\n1.png,Steen,\nraw/gone.png,X,Y\n")
    done = prepare([raw], tmp_path / "out", SMALL, metadata)
    ledger = Ledger.read(tmp_path / "out" / "ledger.csv")
    assert ledger.columns == ["picture", "artist", "source", "sha256", "title", "year", "licence", "native_px"]
    assert [ledger.rows[f"raw/{i}.png"]["artist"] for i in range(3)] == ["Hals", "Steen", ""]
    assert [ledger.rows[f"raw/{i}.png"]["source"] for i in range(3)] == ["Haarlem", "raw", "raw"]
    assert "raw/gone.png" not in ledger.rows
    assert done.pictures == len(ledger.rows) == 6


def test_a_complete_ledger_keeps_its_digest(raw: Path, tmp_path: Path) -> None:
    """The rows of a ledger that has every column are the model's rows, to the byte."""
    prepare([raw], tmp_path / "one", SMALL)
    path = tmp_path / "complete.csv"
    path.write_bytes((tmp_path / "one" / "ledger.csv").read_bytes())
    edit(path, "raw/0.png", artist="Hals", native_px="40", school="Haarlem")
    prepare([raw], tmp_path / "two", SMALL, Metadata(ledger=Ledger.read(path)))
    facts = load_prepared(tmp_path / "two").facts
    assert facts["ledger_sha256"] == ledger_digest(read_ledger(path), "raw", facts["files"])
    assert (tmp_path / "two" / "ledger.csv").read_bytes() == path.read_bytes()


def test_a_ledger_of_other_pictures_is_refused_and_of_other_content_noted(raw: Path, tmp_path: Path) -> None:
    other = "holds no row for any picture: it names landscapes/0.png, the first picture is raw/0.png"
    with pytest.raises(PicturesError, match=other):
        prepare([raw], tmp_path / "out", SMALL, given(tmp_path, "file,artist\nlandscapes/0.png,Hals\n"))
    assert not (tmp_path / "out").exists()
    done = prepare([raw], tmp_path / "out", SMALL, given(tmp_path, "file,sha256\nraw/0.png,abc\n"))
    assert done.notes == {"raw/0.png": "its content is not what the ledger's sha256 says"}


def test_what_people_write_stays_and_decisions_last_as_long_as_the_picture(raw: Path, tmp_path: Path) -> None:
    out, path = tmp_path / "out", tmp_path / "out" / "ledger.csv"
    prepare([raw], out, SMALL)
    for index in (0, 1):
        edit(path, f"raw/{index}.png", artist="Hals", keep="no", why="blurred", who="AB")
    Image.fromarray(scene(seed=50)).save(raw / "new.png")
    Image.fromarray(scene(seed=51)).save(raw / "1.png")
    prepare([raw], out, SMALL)
    rows = Ledger.read(path).rows
    assert len(rows) == 7
    assert (rows["raw/0.png"]["artist"], rows["raw/0.png"]["keep"], rows["raw/0.png"]["who"]) == ("Hals", "no", "AB")
    assert (rows["raw/1.png"]["artist"], rows["raw/1.png"]["keep"]) == ("Hals", "")
    (raw / "0.png").unlink()
    prepare([raw], out, SMALL)
    assert "blurred" in (out / "ledger_before.csv").read_text()
    prepare([raw], out, CropOptions(16, crop="tiles"))
    assert Ledger.read(path).rows["raw/1.png#xywh=0,0,16,16"]["artist"] == "Hals"


# -- heeded -----------------------------------------------------------------------------------------------------------


def test_pictures_that_the_ledger_withholds_are_not_trained_on(raw: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    prepare([raw], out, SMALL)
    whole = load_prepared(out)
    edit(out / "ledger.csv", "raw/2.png", keep="no", why="blurred")
    kept = load_prepared(out)
    assert kept.facts["files"] == [name for name in whole.facts["files"] if name != "raw/2.png"]
    assert (kept.facts["count"], kept.facts["dropped"]) == (5, 1)
    assert np.array_equal(kept.pictures, np.delete(whole.pictures, 2, 0))
    assert kept.facts["ledger_sha256"] != whole.facts["ledger_sha256"]
    assert np.array_equal(load_prepared(out, screened=False).pictures, whole.pictures)
    for name in kept.facts["files"]:
        edit(out / "ledger.csv", name, keep="no")
    with pytest.raises(PicturesError, match="keep is no for all 6 pictures"):
        load_prepared(out)


@pytest.mark.parametrize("keep", ["", "no"])
def test_pictures_stay_on_the_disk(keep: str, raw: Path, tmp_path: Path) -> None:
    """Mapped, whole or in part, as 50,000 pictures need not fit the memory; and what a user writes stays out of it."""
    out = tmp_path / "out"
    prepare([raw], out, SMALL)
    edit(out / "ledger.csv", "raw/2.png", keep=keep)
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    pictures = load_prepared(out).pictures
    assert isinstance(pictures, np.memmap)
    pictures[:] = 0
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_ledger_without_a_picture_is_refused(raw: Path, tmp_path: Path) -> None:
    prepare([raw], tmp_path / "out", SMALL)
    path = tmp_path / "out" / "ledger.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:-2]) + "\n")
    with pytest.raises(PicturesError, match=r"no row for raw/4.png \(2 missing\). To leave a picture out, write no"):
        load_prepared(tmp_path / "out")
    prepare([raw], tmp_path / "out", SMALL)
    assert len(load_prepared(tmp_path / "out").pictures) == 6


@pytest.mark.parametrize(("least", "kept"), [(0, 6), (30, 5), (40, 4), (48, 3)])
def test_pictures_of_too_little_real_detail_are_weighed_out(least: int, kept: int, raw: Path, tmp_path: Path) -> None:
    """By what the ledger says, or by their own pixels, whichever is less: the others are 48 px."""
    metadata = given(tmp_path, "file,native_px\nraw/0.png,20\nraw/1.png,30\nraw/2.png,40\nraw/3.png,900\nraw/4.png,?\n")
    done = prepare([raw], tmp_path / "out", CropOptions(16, min_detail=least), metadata)
    assert done.pictures == kept
    if kept < 6:
        assert done.skipped["raw/0.png"] == f"its real detail is 20 px, less than --min-detail {least}"


def test_the_detail_of_a_tile_is_its_share(raw: Path, tmp_path: Path) -> None:
    metadata = given(tmp_path, "file,native_px\n0.png,24\n")
    done = prepare([raw], tmp_path / "out", CropOptions(16, crop="tiles", min_detail=9), metadata)
    assert sum("its real detail is 8 px" in why for why in done.skipped.values()) == 12
    assert Ledger.read(tmp_path / "out" / "ledger.csv").rows["raw/1.png#xywh=0,0,16,16"]["native_px"] == "16"


def test_a_changed_ledger_is_heeded_without_new_pictures(raw: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "given.csv"
    argv = ["prepare", str(raw), "--out", str(tmp_path / "out"), "--size", "16", "--ledger", str(ledger)]
    for artist in ("Hals", "Frans Hals"):
        ledger.write_text(f"file,artist,title\n0.png,{artist},\n")
        assert main(argv) == 0
        edit(tmp_path / "out" / "ledger.csv", "raw/0.png", title="A laughing boy")
    assert main(argv) == 0
    row = Ledger.read(tmp_path / "out" / "ledger.csv").rows["raw/0.png"]
    assert (row["artist"], row["title"]) == ("Frans Hals", "A laughing boy")
