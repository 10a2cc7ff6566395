"""Faults of a camera and a microphone: a process is killed or stands still, a connection goes and comes, a server dies.

The camera is a real one as far as the program is concerned: a film, or pictures over HTTP as network cameras give them.
The microphone is one of a private PulseAudio, without a sound card.
"""

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import psutil

from benchmarks.faults.rows import Fault, Row, wait_for
from benchmarks.faults.sound import SoundServer, missing
from benchmarks.faults.supervised import SETTLED, Place, free_port
from benchmarks.shows import film, picture
from installation.core import parts
from installation.core.signals import Board
from installation.process import child, reserve
from installation.process.sensors import run_sensors

AWAY = 3.0
"""Seconds that a camera or a sound server stays away."""


@dataclass
class Room:
    """A board, and the sensor's process that says signals to it."""

    board: Board = field(default_factory=Board)
    sensors: Any = None

    def open(self, kind: str, **options: str) -> None:
        child.HEALTHY, child.SPARE_AFTER, reserve.AGAIN = 0.0, 0.0, 0.0  # as in SHOW
        config = parts.config("sensor", kind).model_validate({"kind": kind, "name": "door", **options})
        signals = [signal for signal in config.signals() if not signal.pulse]
        self.board.declare(replace(signal, name=f"door.{signal.name}") for signal in signals)
        self.sensors = run_sensors([config], lambda name, value: self.board.emit(name, value, time.monotonic()))
        wait_for(self.fresh, "signals")

    def fresh(self) -> bool:
        """Whether all signals are of now."""
        return not self.board.snapshot(time.monotonic()).stale

    def stale(self) -> bool:
        return bool(self.board.snapshot(time.monotonic()).stale)

    def process(self) -> psutil.Process:
        """The sensor's, once there is another one that waits."""
        before = -1.0
        while before < (now := wait_for(self._spare_spent, "a spare process", 0.1)):
            before = now
            time.sleep(SETTLED)
        return psutil.Process(self._child.pid)

    @property
    def _child(self) -> Any:
        return self.sensors._runners["door"].child

    def _spare_spent(self) -> float:
        """Processor time of the process that waits (s); 0 where there is none."""
        mine = [one for one in psutil.Process().children() if "installation.process.sensors" in one.cmdline()]
        waiting = [one for one in mine if one.pid != self._child.pid]
        return sum(waiting[0].cpu_times()[:2]) if self._child.pid and waiting else 0.0


@contextmanager
def watching(kind: str, **options: str) -> Iterator[Room]:
    room = Room()
    try:
        room.open(kind, **options)
        yield room
    finally:
        room.sensors.stop()


# ---------------------------------------------------------------- its process


def hits(name: str, blow: str, place: Place, count: int) -> Iterator[Row]:
    """``kill`` or ``suspend`` the camera's process: until its signals count as old, until they are of now again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visitors.avi"
        film(path)
        with watching("camera", source=str(path)) as room:
            for _ in range(count):
                wait_for(room.fresh, "signals")
                process, began = room.process(), time.monotonic()
                getattr(process, blow)()
                yield from course(name, room, began)


def course(name: str, room: Room, began: float) -> Iterator[Row]:
    """From a fault at ``began`` on: old signals and the word about it, then the return."""
    noticed = stale = None
    while stale is None or noticed is None or not room.fresh():
        now = time.monotonic() - began
        stale = now if stale is None and room.stale() else stale
        noticed = now if noticed is None and room.sensors.trouble() else noticed
        if room.fresh() and now > 1.5 and noticed is not None:
            break  # back before anything was old
        if now > 60.0:
            raise TimeoutError(f"{name}: {room.sensors.trouble()}")
        time.sleep(0.005)
    yield Row(f"{name}: old", stale or 0.0)
    yield Row(f"{name}: noticed", noticed or 0.0)
    yield Row(f"{name}: back", time.monotonic() - began)


# ---------------------------------------------------------------- its connection


class Camera:
    """A network camera: 15 pictures a second to whoever asks; ``mute``: it says nothing and keeps the connection."""

    def __init__(self) -> None:
        self.port, self.mute, self.gone = free_port(), threading.Event(), threading.Event()
        self._server: ThreadingHTTPServer | None = None

    def plug(self) -> None:
        camera = self
        self.gone.clear()

        class Pictures(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
                self.end_headers()
                number = 0
                while not camera.gone.wait(1 / 15):
                    number += 1
                    if not camera.mute.is_set():
                        self.wfile.write(part(number / 60))

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Pictures)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def unplug(self) -> None:
        self.gone.set()
        assert self._server is not None
        self._server.shutdown()
        self._server.server_close()


def part(way: float) -> bytes:
    jpeg = cv2.imencode(".jpg", picture(way))[1].tobytes()
    return b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n" % (len(jpeg), jpeg)


def connections(name: str, place: Place, count: int) -> Iterator[Row]:
    """Unplugs the camera, or has it say nothing, for a while: until its signals are old, and from its return on until
    they are of now."""
    camera = Camera()
    camera.plug()
    with watching("camera", source=f"http://127.0.0.1:{camera.port}/") as room:
        for _ in range(count):
            if name == "camera mute":
                yield from away(name, room, camera.mute.set, camera.mute.clear)
            else:
                yield from away(name, room, camera.unplug, camera.plug)
    camera.unplug()


def away(name: str, room: Room, go: Callable[[], None], come: Callable[[], None]) -> Iterator[Row]:
    """What the signals come from goes, and comes again after a while."""
    wait_for(lambda: room.fresh() and not room.sensors.trouble(), "signals")
    time.sleep(0.5)
    began = time.monotonic()
    go()
    wait_for(room.stale, "old signals")
    yield Row(f"{name}: old", time.monotonic() - began)
    wait_for(room.sensors.trouble, "a word about it")
    yield Row(f"{name}: noticed", time.monotonic() - began)
    time.sleep(max(0.0, began + AWAY - time.monotonic()))
    come()
    back = time.monotonic()
    wait_for(room.fresh, "signals")
    yield Row(f"{name}: back", time.monotonic() - back)


# ---------------------------------------------------------------- the sound server


def servers(place: Place, count: int) -> Iterator[Row]:
    """The sound server dies, and is there again after a while."""
    if missing():
        return
    with SoundServer() as server, watching("microphone") as room:
        for _ in range(count):
            yield from away("sound server", room, server.kill, server.start)


INJECTIONS = {
    "camera killed": partial(hits, "camera killed", "kill"),
    "camera frozen": partial(hits, "camera frozen", "suspend"),
    "camera unplugged": partial(connections, "camera unplugged"),
    "camera mute": partial(connections, "camera mute"),
    "sound server": servers,
}

WORDS = {
    "camera killed": "the camera's process is killed",
    "camera frozen": "the camera's process stands still",
    "camera unplugged": "a network camera is unplugged",
    "camera mute": "a network camera says nothing",
    "sound server": "the sound server dies",
}

EACH = {"camera killed": 3.5, "camera frozen": 5.5, "camera unplugged": 4.5, "camera mute": 4.0, "sound server": 5.5}

OWED = {"old": ("its signals count as old", 2.0), "noticed": ("health says so", 3.0), "back": ("they are back", 10.0)}


def fault(name: str, part: str) -> Fault:
    """What is measured of one course."""
    what, promised = OWED[part]
    if part == "back" and name in ("camera killed", "camera frozen"):
        promised = 5.0
    return Fault(f"{WORDS[name]}: {what}", promised, INJECTIONS[name], EACH[name])


FAULTS = {f"{name}: {part}": fault(name, part) for name in INJECTIONS for part in OWED}
