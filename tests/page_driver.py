"""A page of the training, served by its own command in its own process, as a person starts it."""

import json
import re
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.timeout import TIMEOUT

ROOT = Path(__file__).resolve().parent.parent


class Pages:
    """``with Pages("screen", folder, "--review") as page``: its ``url``; in the end Ctrl-C, whose exit code is 0."""

    def __init__(self, *arguments: str | Path) -> None:
        command = [sys.executable, "-W", "error", "-m", "installation.training", *map(str, arguments), "--no-browser"]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.deadline = threading.Timer(9 * TIMEOUT, self.process.kill)
        self.deadline.start()

    def __enter__(self) -> "Pages":
        assert self.process.stdout
        match = re.search(r"http://127\.0\.0\.1:\d+/\S+/$", self.process.stdout.readline().strip())
        assert match, self.process.communicate()
        self.url = match[0]
        return self

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGINT)
        told, complaints = self.process.communicate()
        self.deadline.cancel()
        assert self.process.returncode == 0, complaints
        assert "closed" in told
        assert complaints == ""

    def get(self, name: str, **headers: str) -> tuple[int, bytes]:
        return self._answer(urllib.request.Request(self.url + name, headers=headers))

    def post(self, name: str, body: Any, **headers: str) -> tuple[int, dict[str, Any]]:
        where = urlsplit(self.url)
        usual = {"Origin": f"{where.scheme}://{where.netloc}", "Content-Type": "application/json"}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        status, answer = self._answer(urllib.request.Request(self.url + name, content, usual | headers))
        return status, json.loads(answer)

    @staticmethod
    def _answer(request: urllib.request.Request) -> tuple[int, bytes]:
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()


@contextmanager
def looking(url: str, chromium: str) -> Iterator[tuple[Any, Any]]:
    """(the page in a browser, Playwright's expect with that timeout). In the end nothing may have complained."""
    sync_api = pytest.importorskip("playwright.sync_api")
    complaints: list[str] = []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        view = browser.new_page(viewport={"width": 1200, "height": 800})
        view.on("console", lambda said: complaints.append(said.text))
        view.on("pageerror", lambda error: complaints.append(str(error)))
        view.set_default_timeout(1000 * TIMEOUT)
        view.goto(url)
        yield view, patient(sync_api.expect)
        browser.close()
    assert complaints == []


def patient(expect: Any) -> Any:
    """Playwright's expect with that timeout."""
    return lambda locator: _Patient(expect(locator))


class _Patient:
    def __init__(self, expectation: Any) -> None:
        self.expectation = expectation

    def __getattr__(self, name: str) -> Any:
        return partial(getattr(self.expectation, name), timeout=1000 * TIMEOUT)
