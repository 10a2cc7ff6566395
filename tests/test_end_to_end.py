"""The real thing: the program started headless as a curator would, with a film for a camera, OSC from a client that we
did not write, a browser that votes, and the picture looked at."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from PIL import Image

from installation.core.parts import ROOT
from tests.timeout import TIMEOUT, until

pytestmark = [pytest.mark.gl, pytest.mark.slow]

SHOW = """
[show]
title = "Try-out"
order = "votes"
transition = {{ kind = "dissolve", duration = "0.5 s" }}

[web]
port = {web}

[operator]
port = {osc}
pin = "314159"

[[sensor]]
kind = "camera"
name = "door"
source = "visitors.avi"

[[piece]]
name = "first"
duration = "10 min"
generator = {{ kind = "plasma", palette = "umber" }}
walk = {{ kind = "wander", pace = 5 }}
hang = "bleed"
label = {{ title = "First", medium = "Test", date = "2026" }}

  [[piece.wire]]
  signal = "door.motion"
  control = "walk/speed"
  out = [0.2, 3.0]

[[piece]]
name = "second"
duration = "10 min"
generator = {{ kind = "plasma", palette = "ultramarine" }}
walk = {{ kind = "wander", pace = 5 }}
hang = "wall"
label = {{ title = "Second", medium = "Test", date = "2026" }}

[[piece]]
name = "third"
duration = "10 min"
generator = {{ kind = "plasma", palette = "verdigris" }}
walk = {{ kind = "loop", seeds = [1, 2] }}
hang = "wall"
label = {{ title = "Third", medium = "Test", date = "2026" }}
"""


def free_port(kind: int) -> int:
    with socket.socket(socket.AF_INET, kind) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def film(path: Path) -> None:
    """A bright square that goes from side to side: somebody walks past the door."""
    import cv2

    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 30.0, (320, 240))
    for number in range(90):
        picture = np.full((240, 320, 3), 40, np.uint8)
        left = int(120 + 110 * np.sin(number / 90 * 2 * np.pi))
        picture[60:180, left : left + 60] = 220
        writer.write(picture)
    writer.release()


class Running:
    """A show in its own process, and what can be asked of it from outside."""

    def __init__(self, folder: Path, *more: str) -> None:
        self.folder = folder
        self.web, self.osc_port = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
        film(folder / "visitors.avi")
        # The stem names the state folder: one of its own for each run.
        self.show = folder / f"tryout-{os.getpid()}-{self.web}.toml"
        self.show.write_text(SHOW.format(web=self.web, osc=self.osc_port))
        self.log = ROOT / "state" / self.show.stem / "vernissage.log"
        line = [sys.executable, "-m", "installation.app", str(self.show), "--headless", "--size", "640x360", *more]
        self.process = subprocess.Popen(line, cwd=ROOT, stderr=subprocess.PIPE, text=True)

    def get(self, path: str) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", timeout=5) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except (OSError, TimeoutError):
            return 0, b""

    def health(self) -> dict[str, Any]:
        status, body = self.get("/healthz")
        return json.loads(body)["show"] if status == 200 else {}

    def osc(self, address: str, kind: str, value: str) -> None:
        subprocess.run(["oscsend", "127.0.0.1", str(self.osc_port), address, kind, value], check=True, timeout=TIMEOUT)

    def picture(self) -> np.ndarray[Any, np.dtype[np.float32]]:
        """The newest picture of the preview, as a visitor of the page gets it."""
        import cv2

        status, jpeg = self.get("/preview.jpg")
        if status != 200:
            return np.zeros((0, 0, 3), np.float32)
        decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
        return decoded[:, :, ::-1].astype(np.float32)

    def children(self) -> dict[str, psutil.Process]:
        """The processes beside the show, by what they are."""
        processes = {}
        for child in psutil.Process(self.process.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # it may have died since
                words = " ".join(child.cmdline())
                processes["web" if "installation.web" in words else "camera"] = child
        return processes

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()
        shutil.rmtree(self.log.parent, ignore_errors=True)

    def leave(self) -> int:
        self.process.send_signal(signal.SIGINT)
        _, said = self.process.communicate(timeout=TIMEOUT)
        assert "Traceback" not in said
        return self.process.returncode


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Running]:
    running = Running(tmp_path, "--still", str(tmp_path / "wall.png"), "--report", str(tmp_path / "report.json"))
    try:
        until(lambda: running.health().get("painted", 0) > 5, "a painted picture")
        yield running
    finally:
        running.end()


def test_osc_moves_the_picture_and_leaving_is_clean(run: Running) -> None:
    until(lambda: run.picture().size, "a preview")
    before = run.picture()
    run.osc("/stage/brightness", "f", "0.2")
    until(lambda: run.picture().mean() < 0.4 * before.mean(), "the darker picture")
    run.osc("/stage/brightness", "f", "1.0")
    run.osc("/generator/detail", "f", "3.5")
    until(lambda: run.picture().mean() > 0.6 * before.mean(), "the lighter picture")
    for value, dark in (("1.0", True), ("0.0", False)):
        run.osc("/stage/blackout", "f", value)
        until(lambda dark=dark: run.health().get("dark") is dark, "health that knows of the dark")
    beside = list(run.children().values())
    assert run.leave() == 0
    assert psutil.wait_procs(beside, timeout=TIMEOUT)[1] == [], "a process was left behind"
    wall = np.asarray(Image.open(run.folder / "wall.png"))
    assert wall.shape == (360, 640, 3)
    assert wall.std() > 5
    report = json.loads((run.folder / "report.json").read_text())
    assert report["steer_to_frame_ms"]["p50"] > 0
    assert report["painter"]["frames"] > 5
    assert report["errors"] == []


def test_a_film_of_visitors_steers_the_walk(run: Running) -> None:
    until(lambda: run.children().get("camera"), "a camera process")
    until(lambda: run.health().get("signals", {}).get("door.motion", 0.0) > 0.05, "motion before the camera")
    until(lambda: run.health()["controls"]["/walk/speed"][0] > 0.3, "a faster walk")


@pytest.mark.parametrize("beside", ["web", "camera"])
def test_a_killed_process_comes_back_and_the_picture_goes_on(run: Running, beside: str) -> None:
    victim = until(lambda: run.children().get(beside), f"the {beside} process")
    painted = run.health()["painted"]
    victim.kill()
    again = until(lambda: (now := run.children().get(beside)) and now.pid != victim.pid and now, f"the {beside} again")
    assert again.is_running()
    until(lambda: run.health().get("painted", 0) > painted + 10, "more pictures")
    assert run.leave() == 0
    report = json.loads((run.folder / "report.json").read_text())
    assert report["display"]["interval_ms"]["max"] < 3000


@pytest.mark.browser
def test_a_visitor_votes_and_the_wall_follows(run: Running, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        quiet = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=chromium, args=quiet)
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{run.web}/")
        assert "Test, 2026" in page.inner_text("body")
        page.get_by_role("button", name="Third").click()
        until(lambda: run.health().get("votes", 0) == 1, "the vote in the show's own count")
        browser.close()
    run.osc("/show/next", "f", "1")
    until(lambda: run.health().get("piece") == "third", "the piece that was voted for")


@pytest.mark.browser
def test_an_operator_has_the_next_piece_come_and_moves_a_knob(run: Running, chromium: str) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        page.set_default_timeout(1000 * TIMEOUT)
        page.goto(f"http://127.0.0.1:{run.web}/console")
        page.fill("#pin", "314159")
        page.keyboard.press("Enter")
        page.wait_for_selector("#hangs:has-text('First')")
        page.click("[data-address='/show/next']")
        page.wait_for_selector("#hangs:has-text('Second')")
        assert run.health()["piece"] == "second"
        page.focus("#m-stage-brightness")
        page.keyboard.press("Home")
        page.wait_for_selector("#master .hand[data-hand=operator]")
        until(
            lambda: "The operator (console 127.0.0.1) moved it" in run.health()["controls"]["/stage/brightness"][1],
            "the hand",
        )
        assert run.health()["controls"]["/stage/brightness"][0] == 0.0
        page.click("#master button")
        page.wait_for_selector("#master .hand[data-hand=rest]")
        page.click("#tab-cues")
        page.fill("[aria-label='Name of the new cue']", "late")
        page.keyboard.press("Enter")
        page.fill("[aria-label='Fade of late in seconds']", "2.5")  # as soon as the show has taken the new cue over
        page.keyboard.press("Enter")
        kept = run.show.with_name(f"{run.show.stem}.cues.toml")
        until(lambda: 'fade = "2.5 s"' in kept.read_text(), "the changed cue file")
        browser.close()


def test_a_taken_port_is_told_and_the_show_goes_on(tmp_path: Path) -> None:
    """Ports that another program holds. A second copy of a show is another matter: see test_single.py."""
    web, osc = free_port(socket.SOCK_STREAM), free_port(socket.SOCK_DGRAM)
    show = tmp_path / "taken.toml"
    show.write_text(SHOW.format(web=web, osc=osc))
    film(tmp_path / "visitors.avi")
    words = [str(show), "--headless", "--size", "320x180", "--seconds", "4", "--state", str(tmp_path / "state")]
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as page,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
    ):
        page.bind(("127.0.0.1", web))
        page.listen()
        ear.bind(("127.0.0.1", osc))
        line = [sys.executable, "-m", "installation.app", *words]
        done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0
    assert f"port {osc} is in use" in done.stderr
    assert f"port {web} is in use" in done.stderr
    assert "Traceback" not in done.stderr
