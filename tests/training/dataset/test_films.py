"""Films: evenly spaced frames, and nothing but frames."""

from pathlib import Path

import numpy as np
import pytest

from installation.training.cli import main
from installation.training.dataset import films
from installation.training.dataset.crops import crop_centre
from installation.training.dataset.decoding import PicturesError
from installation.training.dataset.pictures import load_prepared
from installation.training.dataset.preparing import CropOptions, prepare
from tests.pictures_of_trouble import film, raw_folder, scene

SMALL = CropOptions(16)


def test_frames_are_evenly_spaced_and_those_alike_left_out(tmp_path: Path) -> None:
    film(tmp_path / "a.mp4", [scene(seed=min(index // 10, 2)) for index in range(50)])
    assert main(["prepare", str(tmp_path / "a.mp4"), "--every", "1", "--size", "16", "--out", str(tmp_path / "o")]) == 0
    prepared = load_prepared(tmp_path / "o")
    assert prepared.facts["files"] == ["a.mp4#t=0.00", "a.mp4#t=1.00", "a.mp4#t=2.00"]
    assert prepared.facts["skipped"] == dict.fromkeys(("a.mp4#t=3.00", "a.mp4#t=4.00"), "looks like the frame before")
    for index, picture in enumerate(prepared.pictures):
        assert np.abs(picture.astype(int) - crop_centre(scene(seed=index), 16)).mean() < 8


def test_films_in_a_folder_are_read_when_asked_for(tmp_path: Path) -> None:
    raw = raw_folder(tmp_path / "raw")
    film(raw / "a.mp4", [scene(seed=20 + index) for index in range(20)])
    assert prepare([raw], tmp_path / "out", SMALL).pictures == 6
    assert prepare([raw], tmp_path / "out", CropOptions(16, every=0.5)).pictures == 10


def turned(path: Path, degrees: int) -> None:
    """Write the angle into the display matrix of an MP4's track header (ISO 14496-12, 8.3.2)."""
    content = bytearray(path.read_bytes())
    matrix = {90: (0, 1, -1, 0), 270: (0, -1, 1, 0)}[degrees]
    at = content.index(b"tkhd") + 44
    a, b, c, d = (value * 65536 for value in matrix)
    content[at : at + 36] = b"".join(v.to_bytes(4, "big", signed=True) for v in (a, b, 0, c, d, 0, 0, 0, 1 << 30))
    path.write_bytes(content)


@pytest.mark.parametrize("degrees", [90, 270])
def test_a_film_is_turned_as_its_camera_says(degrees: int, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    film(path, [scene()] * 3)
    turned(path, degrees)
    [(at, picture)] = list(films.frames(path, 1.0))
    assert at == "t=0.00"
    assert picture.shape == (64, 48, 3)
    assert np.abs(picture.astype(int) - np.rot90(scene(), -degrees // 90)).mean() < 8


def test_a_film_damaged_halfway_gives_what_comes_before(tmp_path: Path) -> None:
    path = tmp_path / "a.avi"
    film(path, [scene(seed=index) for index in range(30)])
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    assert 1 <= prepare([path], tmp_path / "out", CropOptions(16, every=0.5)).pictures < 6


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no film",
        b"ffconcat version 1.0\nfile real.mp4\n",
        b"#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\nreal.mp4\n#EXT-X-ENDLIST\n",
    ],
    ids=["empty", "text", "list of files", "playlist"],
)
def test_no_film_and_no_list_of_other_files_is_read_as_a_film(content: bytes, tmp_path: Path) -> None:
    film(tmp_path / "real.mp4", [scene()] * 3)
    (tmp_path / "a.mp4").write_bytes(content)
    with pytest.raises(PicturesError, match=r"none of 1 pictures can be used.*a.mp4: cannot be read as a film"):
        prepare([tmp_path / "a.mp4"], tmp_path / "out", SMALL)


def test_a_film_without_pictures_or_with_too_many_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    film(tmp_path / "a.mp4", [scene()] * 40)
    monkeypatch.setattr(films, "MAX_FRAMES", 10)
    with pytest.raises(PicturesError, match=r"40 frames, more than 10\. Give --every 0\.4 or more"):
        list(films.frames(tmp_path / "a.mp4", 0.1))
    monkeypatch.setattr(films, "check_length", lambda *_: None)  # as of a film that does not tell
    frames = list(films.frames(tmp_path / "a.mp4", 0.1))
    assert len(frames) == 11
    assert "10 frames were taken before" in frames[-1][1].why
