"""What names a camera, what it offers, and films, stills, frozen and vanished cameras through what reads them."""

import struct
import threading
import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from pydantic import ValidationError

from installation.core.errors import DeviceError, did_you_mean
from installation.process.sensors import run_sensors
from sensors import _capture
from sensors._camera_source import find_device, shown, trouble_with
from sensors._capture import Film, Live, Memory, in_words
from sensors._video_devices import ENUM_FMT, ENUM_FRAMEINTERVALS, ENUM_FRAMESIZES, Device, Mode, devices, modes
from sensors.camera import Config
from tests.timeout import until

BY_ID = "/dev/v4l/by-id/usb-046d_HD_Pro_Webcam-video-index0"
WEBCAM = Device(Path("/dev/video2"), "Logitech HD Pro Webcam C920")
DESK = Device(Path("/dev/video0"), "Integrated Camera: Integrated C")


def picture(shade: int = 90) -> Any:
    return np.full((60, 80, 3), shade, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    cv2.imwrite(str(tmp_path / "still.png"), picture())
    return tmp_path


def parsed(source: object, folder: Path) -> object:
    return Config.model_validate({"source": source}, context={"folder": folder}).source


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("source", "meant"),
    [
        (0, 0),
        (63, 63),
        ("0", 0),
        (" 12 ", 12),
        (BY_ID, BY_ID),
        ("/dev/video3", "/dev/video3"),
        ("/dev/null", "/dev/null"),
        ("Logitech", "Logitech"),
        ("HD Pro Webcam C920", "HD Pro Webcam C920"),
        ("rtsp://192.168.1.9/stream", "rtsp://192.168.1.9/stream"),
        ("https://camera.local/live.mjpg", "https://camera.local/live.mjpg"),
    ],
)
def test_a_camera_is_named_in_many_ways(source: object, meant: object, folder: Path) -> None:
    assert parsed(source, folder) == meant
    config = Config.model_validate({"source": source}, context={"folder": folder})
    assert Config.model_validate_json(config.model_dump_json()) == config


def test_a_file_is_looked_for_beside_the_show(folder: Path) -> None:
    assert parsed("still.png", folder) == folder / "still.png"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (-1, "camera's number"),
        (64, "camera's number"),
        ("64", "camera's number"),
        (True, "video file"),
        ("", "camera's number"),
        ("stil.png", 'did you mean "still.png"'),
        ("nowhere/film.mp4", "there is no folder"),
        ("C:\\films\\a.mp4", "a file"),
        ("rtps://192.168.1.9/stream", 'did you mean "rt'),
        ("file:///etc/passwd", "an address that begins with rtsp"),
    ],
)
def test_a_wrong_source_is_refused(source: object, message: str, folder: Path) -> None:
    with pytest.raises(ValidationError) as refused:
        parsed(source, folder)
    assert message in str(refused.value)


def test_what_was_perhaps_meant_is_never_what_was_found() -> None:
    assert did_you_mean("null", ["null"]) == ""
    assert did_you_mean("null", ["null", "nul"]) == 'did you mean "nul"?'
    assert did_you_mean("PSI", ["psi"]) == 'did you mean "psi"?'


def test_a_name_finds_the_first_camera_that_has_it() -> None:
    assert find_device("logitech", [DESK, WEBCAM], True) == "/dev/video2"
    assert find_device("C", [DESK, WEBCAM], True) == "/dev/video0"
    assert find_device(3, [], True) == 3
    assert find_device(BY_ID, [], True) == BY_ID
    with pytest.raises(DeviceError, match=r'found "Integrated.*expected one with "Logitec2h" in its name; plug it in'):
        find_device("Logitec2h", [DESK, WEBCAM], True)
    with pytest.raises(DeviceError, match=r'found no camera, expected one with "Logitech"'):
        find_device("Logitech", [], True)
    with pytest.raises(DeviceError, match=r"expected a number: names of cameras are read on Linux only"):
        find_device("Logitech", [WEBCAM], False)


def test_why_there_is_no_picture_is_told_for_each_kind() -> None:
    nodes = [Path("/dev/video2"), Path("/dev/video3")]
    assert trouble_with(0, [], True).startswith("found no /dev/video*, expected a camera at /dev/video0; plug it in")
    assert trouble_with(0, nodes, True).startswith("found /dev/video2, /dev/video3, expected a camera at /dev/video0")
    assert "usermod -aG video" in trouble_with(2, nodes, True)
    assert "/dev/null, which is no camera" in trouble_with("/dev/null", nodes, True)
    assert f"expected a camera at {BY_ID}" in trouble_with(BY_ID, nodes, True)
    assert "privacy settings" in trouble_with(0, [], False)


def test_a_password_in_an_address_is_never_told() -> None:
    address = "rtsp://visitor:secret@192.168.1.9/stream"
    assert shown(address) == "rtsp://...@192.168.1.9/stream"
    assert "secret" not in trouble_with(address, [], True)


# ---------------------------------------------------------------- what a machine has


def test_cameras_are_read_from_the_kernels_list(tmp_path: Path) -> None:
    for number, index, name in ((0, 0, "Integrated"), (1, 1, "Integrated"), (10, 0, "Logitech C920")):
        (tmp_path / f"video{number}").touch()
        entry = tmp_path / "sys" / f"video{number}"
        entry.mkdir(parents=True)
        (entry / "index").write_text(f"{index}\n")
        (entry / "name").write_text(f"{name}\n")
    stable = tmp_path / "v4l" / "by-id" / "usb-C920-index0"
    stable.parent.mkdir(parents=True)
    stable.symlink_to(tmp_path / "video10")
    assert devices(tmp_path / "sys", tmp_path) == (
        Device(tmp_path / "video0", "Integrated"),
        Device(tmp_path / "video10", "Logitech C920", (stable,)),
    )


def driver(request: int, buffer: bytearray) -> None:
    """Answers as linux/videodev2.h lays it down: MJPG in two sizes, then YUYV in any size up to 640x480."""
    number = struct.unpack_from("=I", buffer)[0]
    if request == ENUM_FMT and number < 2:
        buffer[44:48] = (b"MJPG", b"YUYV")[number]
    elif request == ENUM_FRAMESIZES and bytes(buffer[4:8]) == b"MJPG" and number < 2:
        struct.pack_into("=3I", buffer, 8, 1, *((1280, 720), (640, 480))[number])
    elif request == ENUM_FRAMESIZES and bytes(buffer[4:8]) == b"YUYV" and number < 1:
        struct.pack_into("=7I", buffer, 8, 3, 160, 640, 16, 120, 480, 16)
    elif request == ENUM_FRAMEINTERVALS and number < 2:
        assert struct.unpack_from("=II", buffer, 8) in ((1280, 720), (640, 480))
        struct.pack_into("=3I", buffer, 16, 1, 1, (30, 15)[number])
    else:
        raise OSError(22, "Invalid argument")


def test_what_a_camera_offers_is_told_in_a_line_each() -> None:
    rates = (30.0, 15.0)
    expected = (Mode("MJPG", (1280, 720), rates), Mode("MJPG", (640, 480), rates), Mode("YUYV", (640, 480), rates))
    assert modes(driver) == expected
    assert str(expected[0]) == "MJPG 1280x720 at 30, 15 fps"


@pytest.mark.parametrize("resolution", ["1280x720", [1280, 720]])
def test_what_is_asked_of_a_camera_is_an_option(resolution: object, monkeypatch: pytest.MonkeyPatch) -> None:
    config = Config.model_validate({"resolution": resolution, "fps": 60, "format": "MJPG"})
    asked: dict[int, float] = {}
    camera = Lens([picture()])
    monkeypatch.setattr(camera, "set", lambda what, value: asked.__setitem__(what, value))
    monkeypatch.setattr(cv2, "VideoCapture", lambda *_: camera)
    _capture.open_capture(0, config)
    assert asked[cv2.CAP_PROP_FRAME_WIDTH] == 1280
    assert asked[cv2.CAP_PROP_FRAME_HEIGHT] == 720
    assert asked[cv2.CAP_PROP_FPS] == 60
    assert asked[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    with pytest.raises(ValidationError, match="width x height"):
        Config.model_validate({"resolution": "big"})


# ---------------------------------------------------------------- films and stills


def varying(path: Path, moments: list[float]) -> Path:
    """A film whose pictures are due at these seconds, each brighter than the one before."""
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.codec_context.time_base = 80, 60, Fraction(1, 1000)
        for number, second in enumerate(moments):
            frame = av.VideoFrame.from_ndarray(picture(20 + 5 * number), format="bgr24")
            frame.pts, frame.time_base = round(second * 1000), Fraction(1, 1000)
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return path


def test_a_film_of_variable_rate_plays_at_its_own_times(tmp_path: Path) -> None:
    moments = [0.0, 0.1, 0.2, 0.6, 1.1, 1.15, 1.2]
    film, begun = Film(varying(tmp_path / "vfr.mkv", moments), Config()), time.monotonic()
    shots = []
    for shot in film.pictures(threading.Event()):
        shots.append(shot)
        if len(shots) == len(moments) + 1:
            break
    film.close()
    told = [shot.time - shots[0].time for shot in shots]
    assert told[:-1] == pytest.approx(moments, abs=0.002)
    assert told[-1] == pytest.approx(1.2 + film.interval, abs=0.01), "from the start when the last has had its time"
    assert [shot.seam for shot in shots] == [True, *[False] * (len(moments) - 1), True]
    assert time.monotonic() - begun > 1.2, "none is given before it is due"


def one_picture_film(path: Path) -> Path:
    return varying(path, [0.0])


def still(path: Path) -> Path:
    cv2.imwrite(str(path.with_suffix(".png")), picture())
    return path.with_suffix(".png")


@pytest.mark.parametrize("make", [one_picture_film, still])
def test_a_source_of_one_picture_is_an_empty_room(make: Callable[[Path], Path], tmp_path: Path) -> None:
    heard: dict[str, float] = {}
    sensors = run_sensors([Config(name="one", source=make(tmp_path / "one.mkv"))], heard.__setitem__)
    try:
        until(lambda: "one.presence" in heard)
        assert heard["one.motion"] == heard["one.presence"] == 0.0
        assert sensors.trouble() == {}
    finally:
        sensors.stop()


def test_a_file_without_pictures_is_refused_by_name(tmp_path: Path) -> None:
    text = tmp_path / "clip.mp4"
    text.write_text("no film")
    with pytest.raises(DeviceError, match=r"clip\.mp4: found no picture"):
        Config(source=text).open()


# ---------------------------------------------------------------- live cameras


class Lens:
    """As OpenCV's capture: gives these pictures, the last again and again if ``forever``, and then nothing."""

    def __init__(self, pictures: list[Any], forever: bool = False) -> None:
        self.pictures, self.forever, self.at = pictures, forever, -1

    def grab(self) -> bool:
        self.at += 1
        return self.forever or self.at < len(self.pictures)

    def retrieve(self) -> tuple[bool, Any]:
        return True, self.pictures[min(self.at, len(self.pictures) - 1)]

    def isOpened(self) -> bool:  # noqa: N802
        return True

    def get(self, what: int) -> float:
        return 30.0

    def set(self, what: int, value: float) -> bool:
        return True

    def release(self) -> None:
        pass


class Clock:
    """Each look at it is a third of a second later."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        self.now += 1 / 3
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_capture, "time", clock)
    return clock


def test_an_unplugged_camera_says_when_its_last_picture_was(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    monkeypatch.setattr(_capture, "open_capture", lambda *_: Lens([picture(), picture(91)]))
    memory = Memory()
    with pytest.raises(DeviceError, match=r"has stopped giving pictures.*last picture 0 s ago"):
        list(Live(0, Config(), memory).pictures(threading.Event()))

    def gone(*_: object) -> None:
        raise DeviceError("found no /dev/video*")

    monkeypatch.setattr(_capture, "open_capture", gone)
    clock.now += 40.0
    with pytest.raises(DeviceError, match=r"found no /dev/video\*; last picture 4[01] s ago"):
        Live(0, Config(), memory)
    with pytest.raises(DeviceError, match="no picture yet"):
        Live(0, Config(), Memory())


def test_a_frozen_camera_is_told_and_stays_told_when_it_is_opened_again(
    monkeypatch: pytest.MonkeyPatch, clock: Clock
) -> None:
    monkeypatch.setattr(_capture, "open_capture", lambda *_: Lens([picture(90), picture(91)], forever=True))
    memory = Memory()
    with pytest.raises(DeviceError, match=r"the very same picture for 10 s: it is frozen or covered"):
        list(Live(0, Config(), memory).pictures(threading.Event()))
    monkeypatch.setattr(_capture, "open_capture", lambda *_: Lens([picture(91)], forever=True))
    clock.now += 30.0
    with pytest.raises(DeviceError, match=r"the very same picture for 4\d s"):
        list(Live(0, Config(), memory).pictures(threading.Event()))
    monkeypatch.setattr(_capture, "open_capture", lambda *_: Lens([picture(30), picture(31)]))
    with pytest.raises(DeviceError, match="has stopped giving pictures"):
        list(Live(0, Config(), memory).pictures(threading.Event()))


def test_grey_pictures_are_looked_at_too(monkeypatch: pytest.MonkeyPatch) -> None:
    chance = np.random.default_rng(1)
    grey = [chance.integers(0, 255, shape, dtype=np.uint8) for shape in ((60, 80), (60, 80), (60, 80, 1), (60, 80, 1))]
    monkeypatch.setattr(_capture, "open_capture", lambda *_: Lens(grey))
    said: set[str] = set()
    monkeypatch.setattr(_capture, "FASTEST", 0.0)
    with pytest.raises(DeviceError, match="stopped giving"):
        Config().open().run(lambda signal, _: said.add(signal), threading.Event())
    assert "motion" in said


def test_words_for_how_long() -> None:
    assert [in_words(seconds) for seconds in (0.4, 40.0, 300.0, 10000.0)] == ["0 s", "40 s", "5 min", "3 h"]
