"""The program as pip installs it: a wheel, in an environment that has never seen the checkout."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from installation import __version__
from installation.core.parts import ROOT
from tests.timeout import TIMEOUT

pytestmark = pytest.mark.slow


class Installed:
    """A wheel of this checkout in an environment of its own; what it needs is found where the tests find it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.home.mkdir()
        environment = folder / "environment"
        self.run([sys.executable, "-m", "venv", "--without-pip", str(environment)])
        self.scripts = environment / ("Scripts" if os.name == "nt" else "bin")
        site = next(environment.glob("[lL]ib/**/site-packages"))
        shared = [sysconfig.get_path("purelib"), *(path for path in sys.path if path.endswith("site-packages"))]
        (site / "shared.pth").write_text("\n".join(f"import site; site.addsitedir({path!r})" for path in shared))
        source = folder / "source"
        shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "state", "out", "tests", "docs", "build"))
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
        wheels = folder / "wheels"
        self.run([*pip, "wheel", str(source), "--no-deps", "--no-build-isolation", "--no-index", "-w", str(wheels)])
        self.wheel = next(wheels.glob("*.whl"))
        python = str(self.scripts / "python")
        self.run([*pip, "--python", python, "install", "--no-deps", "--no-index", str(self.wheel)])

    def run(self, line: list[str]) -> "subprocess.CompletedProcess[str]":
        """Away from the checkout, with a home and data of its own."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VERNISSAGE", "XDG"))
        }
        own = {"HOME": str(self.home), "LOCALAPPDATA": str(self.home)}
        done = subprocess.run(line, cwd=self.home, env=kept | own, capture_output=True, text=True, timeout=3 * TIMEOUT)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done

    def vernissage(self, *words: str) -> str:
        done = self.run([str(self.scripts / "vernissage"), *words])
        return done.stdout + done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    return Installed(tmp_path_factory.mktemp("wheel"))


def test_it_says_its_name_and_version(installed: Installed) -> None:
    assert installed.vernissage("--version").strip() == f"Vernissage {__version__}"
    assert installed.vernissage("--help").startswith("usage: vernissage [SHOW] [options]")
    assert installed.vernissage("train", "--help").startswith("usage: vernissage train ")


def test_the_bundled_show_travels_in_it(installed: Installed) -> None:
    said = installed.vernissage("--check")
    assert "next_rembrandt.toml: good: " in said
    assert str(ROOT) not in said


@pytest.mark.gl
def test_it_runs_and_keeps_its_state_in_the_home_of_its_user(installed: Installed) -> None:
    said = installed.vernissage("--seconds", "3", "--headless", "--size", "320x180")
    assert "Traceback" not in said
    assert next(installed.home.rglob("next_rembrandt/vernissage.log")).read_text("utf-8")
    packages = next(installed.scripts.parent.glob("[lL]ib/**/site-packages"))
    assert not (packages / "state").exists()
