"""What a camera has measured of its room is found again after a restart, and holds no picture."""

import threading
from pathlib import Path

import cv2
import numpy as np
import pytest

from sensors import _calibration
from sensors._background import Background, shrink
from sensors._calibration import Calibration, Keeper, read, write
from sensors.camera import Config
from tests.sensors.drawn_visitors import FPS, HEIGHT, WIDTH, Clip, nuisance_clip

SHAPE = (120, 160)


def measured(clip: Clip, known: Calibration | None = None, pictures: int = 90) -> Background:
    background = Background(known)
    for _, picture in zip(range(pictures), clip.pictures(), strict=False):
        background.look(shrink(picture, 160, False), 1 / FPS, None)
    return background


def calibration(view: str = "a view") -> Calibration:
    chance = np.random.default_rng(3)
    maps = [chance.uniform(0.0, 250.0, SHAPE).astype(np.float32) for _ in range(2)]
    return Calibration(view, *maps, noise=3.5, shake=0.25, age=900.0)


def test_it_is_read_as_it_was_written(tmp_path: Path) -> None:
    path, kept = tmp_path / "sensors" / "door.calibration", calibration()
    write(path, kept)
    found = read(path, "a view")
    assert found is not None
    for name in ("moves", "spread"):
        assert np.allclose(getattr(found, name), getattr(kept, name), atol=0.01)
    assert (found.noise, found.shake, found.age) == (3.5, 0.25, 900.0)
    with np.load(path) as file:
        assert set(file) == {"view", "moves", "spread", "noise", "shake", "age"}, "no picture of the room"
    assert read(path, "another region") is None
    assert read(tmp_path / "none", "a view") is None


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 and no more", b"x" * 100])
def test_a_damaged_one_is_reported_and_ignored(damage: bytes, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "door.calibration"
    path.write_bytes(damage)
    assert read(path, "a view") is None
    assert "learns the room anew" in caplog.text


def test_a_folder_that_cannot_be_written_is_reported(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("")
    write(tmp_path / "file" / "door.calibration", calibration())
    assert "cannot be written" in caplog.text


def test_a_noisy_room_is_known_from_the_first_picture() -> None:
    """Without it the first seconds of a noisy, shaking room are full of motion."""
    clip = nuisance_clip("noise 25", 6.0)
    before = measured(clip)
    after = measured(clip, before.calibration("a view"), pictures=1)
    assert after.noise == pytest.approx(before.noise, rel=0.2)
    assert after.noise > 3.0
    assert before.calm > 0.0


def test_another_size_begins_anew() -> None:
    background = Background(calibration())
    background.look(np.zeros((60, 80, 3), np.uint8), 1 / FPS, None)
    assert background.noise < 2.0


def test_it_is_kept_after_a_calm_minute_and_then_now_and_then(tmp_path: Path) -> None:
    keeper, path = Keeper(tmp_path / "it"), tmp_path / "it"
    assert not keeper.due(10.0, 100.0)
    assert not keeper.due(75.0, 5.0), "somebody was there five seconds ago"
    assert keeper.due(80.0, 65.0)
    keeper.keep(calibration(), 80.0)
    keeper.close()
    assert read(path, "a view") is not None
    assert not keeper.due(200.0, 185.0)
    assert keeper.due(700.0, 600.0)
    assert not Keeper(None).due(1e6, 1e6)


def test_a_camera_keeps_its_room_and_finds_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_calibration, "FIRST", 0.3)
    monkeypatch.setattr(_calibration, "CALM", 0.3)
    film, kept = tmp_path / "room.avi", tmp_path / "door.calibration"
    writer = cv2.VideoWriter(str(film), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for picture in nuisance_clip("noise 14", 4.0).pictures():
        writer.write(picture)
    writer.release()
    config, stop = Config(source=film), threading.Event()
    camera = config.open()
    camera.calibrate(kept)
    ending = threading.Timer(60.0, stop.set)
    ending.start()

    def emit(signal: str, value: float) -> None:
        if kept.exists():
            stop.set()

    camera.run(emit, stop)
    ending.cancel()
    found = read(kept, config.view)
    assert found is not None
    assert found.noise > 1.1, "more than it begins with"
    assert read(kept, config.model_copy(update={"mirror": False}).view) is None
