"""Stills and films: whole files, true speed, and faults that are told before the show."""

import logging
import os
import threading
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from installation.core.errors import DeviceError
from installation.outputs.record import WAITING, Recorder
from installation.stage.stills import save_still


def picture(level: int, size: tuple[int, int] = (64, 48)) -> np.ndarray:
    return np.full((size[1], size[0], 3), level, np.uint8)


def test_a_still_is_what_was_shown(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    save_still(tmp_path / "wall.png", pixels)
    assert (np.asarray(Image.open(tmp_path / "wall.png")) == pixels).all()
    assert os.listdir(tmp_path) == ["wall.png"]


def test_a_still_replaces_the_last_one_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wall.png"
    save_still(path, picture(10))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Image.Image, "save", full)
    with pytest.raises(DeviceError, match=r"wall.png: cannot be written \(No space left on device\)"):
        save_still(path, picture(20))
    assert os.listdir(tmp_path) == ["wall.png"]
    assert np.asarray(Image.open(path)).max() == 10


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    where = tmp_path / "no" / "wall.png"
    for act in (lambda: save_still(where, picture(0)), lambda: Recorder(where.with_suffix(".mp4"), (64, 48), 30.0)):
        with pytest.raises(DeviceError, match=f"cannot be written .*; make the folder {where.parent} first"):
            act()


def test_a_film_plays_as_fast_as_the_show_did(tmp_path: Path) -> None:
    """A frame every 1/30 s, whatever came; what came late is where it was seen; an odd size loses a row."""
    path, times = tmp_path / "wall.mp4", [100.0, 100.04, 100.1, 100.101, 100.3]
    recorder = Recorder(path, (65, 49), 30.0)
    for number, t in enumerate(times):
        recorder.add(picture(40 * number, (65, 49)), t)
    recorder.close()
    recorder.close()
    assert recorder.fault is None
    assert (recorder.left_out, recorder.repeated) == (1, 6), "two frames in one interval; empty ones before the others"
    with av.open(str(path)) as film:
        stream = film.streams.video[0]
        assert stream.average_rate == 30
        frames = list(film.decode(video=0))
    assert [frame.time for frame in frames] == pytest.approx([number / 30 for number in range(10)], abs=1e-4)
    assert (frames[0].width, frames[0].height) == (64, 48)
    levels = [frame.to_ndarray(format="rgb24").mean() for frame in frames]
    assert levels == pytest.approx([0, 40, 40, 80, 80, 80, 80, 80, 80, 160], abs=3)


def test_a_rate_that_is_no_whole_number(tmp_path: Path) -> None:
    path = tmp_path / "wall.mp4"
    recorder = Recorder(path, (64, 48), 59.94)
    for number in range(5):
        recorder.add(picture(0), number / 59.94)
    recorder.close()
    assert (recorder.left_out, recorder.repeated) == (0, 0)
    with av.open(str(path)) as film:
        assert float(film.streams.video[0].average_rate) == pytest.approx(59.94, abs=0.01)


def test_the_show_never_waits_for_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An encoder that hangs costs frames, and no more memory than the queue; close says how many."""
    go = threading.Event()
    monkeypatch.setattr(Recorder, "_write", lambda self, pixels, t: go.wait(20))
    recorder = Recorder(tmp_path / "wall.mp4", (64, 48), 30.0)
    for number in range(100):
        recorder.add(picture(0), number / 30)
    assert recorder.left_out >= 100 - WAITING - 1
    go.set()
    with caplog.at_level(logging.WARNING):
        recorder.close()
    assert f"{recorder.left_out} of 100 frames were left out" in caplog.text


def test_a_full_disk_ends_the_recording_and_not_the_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(self: Recorder, pixels: np.ndarray, t: float) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Recorder, "_write", full)
    recorder = Recorder(tmp_path / "wall.mp4", (64, 48), 30.0)
    for number in range(40):
        recorder.add(picture(0), number / 30)
    recorder.close()
    assert isinstance(recorder.fault, OSError)
    assert caplog.text.count("the recording ends here") == 1
