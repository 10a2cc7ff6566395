"""Faults of a camera: its process is killed or stands still, its connection goes and comes, it stops giving pictures.

The camera is a real one as far as the program is concerned: a film, or pictures over HTTP as network cameras give them.
"""

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import cv2
import psutil

from benchmarks.faults.rows import Fault, Row, wait_for
from benchmarks.faults.supervised import film, free_port, picture
from installation.core import parts
from installation.core.signals import Board
from installation.process.sensors import run_sensors

AWAY = 6.0
"""Seconds that a camera stays away."""


@dataclass
class Room:
    """A board, and the camera's process that says signals to it."""

    board: Board = field(default_factory=Board)
    sensors: Any = None

    def open(self, source: str) -> None:
        config = parts.config("sensor", "camera").model_validate({"kind": "camera", "name": "door", "source": source})
        signals = [signal for signal in config.signals() if not signal.pulse]
        self.board.declare(_named(signal) for signal in signals)
        self.sensors = run_sensors([config], lambda name, value: self.board.emit(name, value, time.monotonic()))
        wait_for(self.fresh, "signals")

    def fresh(self) -> bool:
        """Whether all signals are of now."""
        return not self.board.snapshot(time.monotonic()).stale

    def stale(self) -> bool:
        return bool(self.board.snapshot(time.monotonic()).stale)

    def process(self) -> psutil.Process:
        child = self.sensors._runners["door"].child
        return psutil.Process(wait_for(lambda: child.pid, "the camera's process"))


def _named(signal: Any) -> Any:
    from dataclasses import replace

    return replace(signal, name=f"door.{signal.name}")


@contextmanager
def watching(source: str) -> Iterator[Room]:
    room = Room()
    try:
        room.open(source)
        yield room
    finally:
        room.sensors.stop()


# ---------------------------------------------------------------- its process


def hits(name: str, blow: str, count: int) -> Iterator[Row]:
    """``kill`` or ``suspend`` the camera's process: until its signals count as old, until they are of now again."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "visitors.avi"
        film(path)
        with watching(str(path)) as room:
            for _ in range(count):
                time.sleep(1.0)
                began = time.monotonic()
                getattr(room.process(), blow)()
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


def connections(name: str, count: int) -> Iterator[Row]:
    """Unplugs the camera, or has it say nothing, for a while: until its signals are old, and from its return on until
    they are of now."""
    camera = Camera()
    camera.plug()
    with watching(f"http://127.0.0.1:{camera.port}/") as room:
        for _ in range(count):
            wait_for(room.fresh, "signals")
            time.sleep(1.0)
            began = time.monotonic()
            camera.mute.set() if name == "camera mute" else camera.unplug()
            wait_for(room.stale, "old signals")
            yield Row(f"{name}: old", time.monotonic() - began)
            wait_for(room.sensors.trouble, "a word about it")
            yield Row(f"{name}: noticed", time.monotonic() - began)
            time.sleep(max(0.0, began + AWAY - time.monotonic()))
            back = time.monotonic()
            camera.mute.clear() if name == "camera mute" else camera.plug()
            wait_for(room.fresh, "signals")
            yield Row(f"{name}: back", time.monotonic() - back)
    camera.unplug()


INJECTIONS = {
    "camera killed": partial(hits, "camera killed", "kill"),
    "camera frozen": partial(hits, "camera frozen", "suspend"),
    "camera unplugged": partial(connections, "camera unplugged"),
    "camera mute": partial(connections, "camera mute"),
}

WORDS = {
    "camera killed": "the camera's process is killed",
    "camera frozen": "the camera's process stands still",
    "camera unplugged": "a network camera is unplugged",
    "camera mute": "a network camera says nothing",
}

OWED = {"old": ("its signals count as old", 2.0), "noticed": ("health says so", 3.0), "back": ("they are back", 10.0)}


def fault(name: str, part: str) -> Fault:
    """What is measured of one course."""
    what, promised = OWED[part]
    if part == "back" and name in ("camera killed", "camera frozen"):
        promised = 5.0
    return Fault(f"{WORDS[name]}: {what}", promised, INJECTIONS[name])


FAULTS = {f"{name}: {part}": fault(name, part) for name in INJECTIONS for part in OWED}
