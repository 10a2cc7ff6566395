"""What all tests share: no window on anybody's screen, and a word where a machine cannot run some of them."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

from tests.timeout import TIMEOUT

if TYPE_CHECKING:
    from installation.training.loop.devices import Devices

os.environ.pop(
    "PYTHONSAFEPATH", None
)  # from the door that started us; tests start scripts that import their neighbours
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")
if sys.platform == "linux":
    os.environ.setdefault("SDL_VIDEODRIVER", "offscreen")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # a shell's background job: what the tests start would inherit it
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, lambda *_: None)  # nohup: we go on all the same, and what the tests start hears it

settings.register_profile(  # neither an example nor the making of one is slow because others work too
    "shared machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("ci", settings.get_profile("shared machine"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "shared machine")

CONTEXT = "import moderngl; moderngl.create_standalone_context(require=330, **({'backend': 'egl'} if %r else {}))"


@cache
def has_gl() -> bool:
    """Whether an OpenGL 3.3 context opens here, found out in a process of its own as drivers may abort."""
    script = CONTEXT % (sys.platform == "linux")
    return subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=TIMEOUT).returncode == 0


@cache
def chromium_path() -> str | None:
    """The Chromium or Chrome of this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    return next(filter(None, map(shutil.which, names)), mac if os.path.exists(mac) else None)


@pytest.fixture(scope="session", autouse=True)
def _own_ports(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Which show has which port is told apart from a show that hangs here meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        if sys.platform == "linux":
            usual = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
            patch.setenv("MESA_SHADER_CACHE_DIR", usual)
            patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for playwright's ``executable_path``."""
    path = chromium_path()
    assert path, "a test that asks for Chromium is marked browser"
    return path


@pytest.fixture
def devices() -> "Iterator[Devices]":
    """One processor thread in float32, to train on."""
    from installation.training.loop.devices import open_devices  # here: most tests do without

    with open_devices("cpu", 1, 1, "fp32") as opened:
        yield opened


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Pictures this small are not worth dividing, and threads that wait for one another hold up the files beside."""
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


def pytest_collection_modifyitems(items: Iterable[pytest.Item]) -> None:
    for item in items:
        if item.get_closest_marker("gl") and not has_gl():
            item.add_marker(pytest.mark.skip(reason="no OpenGL 3.3 here; Debian: libegl1 libgl1 libgl1-mesa-dri"))
        if item.get_closest_marker("browser") and not chromium_path():
            item.add_marker(pytest.mark.skip(reason="no Chromium here; Debian: chromium"))
