"""The curator's door, tried with real environments, a pip that works offline and a package of ten lines."""

import base64
import hashlib
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from installation.bootstrap import RUN, debian, pip
from installation.bootstrap.home import Home, Layer
from installation.bootstrap.install import reason
from installation.bootstrap.progress import Progress
from tests.timeout import until

ROOT = Path(__file__).resolve().parent.parent
DEADLINE = 90.0
APP = """\
import os, sys, tiny
print("app", tiny.VERSION, os.getpid(), sys.argv[1:], os.getcwd())
sys.exit(int(os.environ.get("LEAVE_WITH", "0")))
"""


@dataclass(frozen=True)
class Checkout:
    """A copy of the code with a small lock file, as a fresh clone is, and a folder of wheels instead of an index."""

    root: Path

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        offline = {"PIP_CONFIG_FILE": os.devnull, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.root / "wheels")}
        return kept | offline | more

    def begin(self, *arguments: str, cwd: Path | None = None, **more: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(self.root / "run_show.py"), *arguments],
            cwd=cwd or self.root,
            env=self.environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments: str, cwd: Path | None = None, **more: str) -> "subprocess.CompletedProcess[str]":
        process = self.begin(*arguments, cwd=cwd, **more)
        out, err = process.communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    @property
    def home(self) -> Home:
        return Home(self.root)

    @property
    def site(self) -> Path:
        return next(self.home.folder.glob("[lL]ib/**/site-packages"))

    def pin(self, version: str) -> None:
        (self.root / RUN.lock).write_text(f"# pinned\ntiny=={version}\nunheard==1; sys_platform == 'plan9'\n")


def make_wheel(folder: Path, version: str) -> None:
    """A wheel of one module: what a zip needs to be one."""
    info = f"tiny-{version}.dist-info"
    files = {
        "tiny.py": f'VERSION = "{version}"\n' + "PADDING = 1\n" * 10,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: tiny\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        rows.append(f"{name},sha256={digest},{len(text)}\n")
    files[f"{info}/RECORD"] = "".join(rows) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"tiny-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)


def make_checkout(root: Path) -> Checkout:
    shutil.copytree(ROOT / "installation", root / "installation", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "run_show.py", root / "run_show.py")
    (root / "installation/program.py").write_text(APP)
    (root / "shows").mkdir()
    (root / "shows/next_rembrandt.toml").touch()
    (root / "wheels").mkdir()
    for version in ("1.0", "2.0"):
        make_wheel(root / "wheels", version)
    checkout = Checkout(root)
    checkout.pin("1.0")
    # Debian's packages are another matter, and no test installs any.
    init = root / "installation/bootstrap/__init__.py"
    init.write_text(re.sub(r'\("libegl1".*?\)', "()", init.read_text()))
    return checkout


@pytest.fixture(scope="module")
def first_start(tmp_path_factory: pytest.TempPathFactory) -> "tuple[Checkout, subprocess.CompletedProcess[str]]":
    checkout = make_checkout(tmp_path_factory.mktemp("first") / "checkout")
    return checkout, checkout.start("--seconds", "3")


@pytest.fixture
def installed(first_start: "tuple[Checkout, subprocess.CompletedProcess[str]]", tmp_path: Path) -> Checkout:
    """A checkout with its environment, to break."""
    checkout = Checkout(tmp_path / "checkout")
    shutil.copytree(first_start[0].root, checkout.root, symlinks=True)
    return checkout


@pytest.fixture
def bare(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path / "checkout")


class TestFirstStart:
    def test_it_ends_in_the_app(self, first_start: "tuple[Checkout, subprocess.CompletedProcess[str]]") -> None:
        _, done = first_start
        assert done.returncode == 0, done.stderr
        assert re.match(r"app 1\.0 \d+ \['--seconds', '3'\]", done.stdout)

    def test_it_tells_its_steps(self, first_start: "tuple[Checkout, subprocess.CompletedProcess[str]]") -> None:
        _, done = first_start
        for step in ("1/3  environment", "2/3  libraries", "3/3  packages", "2 in place"):
            assert step in done.stderr

    def test_it_keeps_a_log(self, first_start: "tuple[Checkout, subprocess.CompletedProcess[str]]") -> None:
        checkout, _ = first_start
        assert "Successfully installed tiny-1.0" in checkout.home.log.read_text()

    @pytest.mark.parametrize(
        ("arguments", "code"),
        [
            (["--help"], 0),
            (["--version"], 0),
            (["--headles"], 2),
            (["nothing.toml"], 2),
            (["train", "--help"], 0),
            (["train"], 2),
            (["trian"], 2),
        ],
    )
    def test_help_and_mistakes_install_nothing(self, bare: Checkout, arguments: list[str], code: int) -> None:
        done = bare.start(*arguments)
        assert done.returncode == code
        assert not bare.home.folder.exists()
        assert ('did you mean "train"?' in done.stderr) == (arguments == ["trian"])

    def test_the_artists_chain_is_the_same_program(self, installed: Checkout) -> None:
        done = installed.start("train", "pictures", "--out", "mine.safetensors")
        assert done.returncode == 0, done.stderr
        assert done.stdout.split("] ")[0].endswith("['train', 'pictures', '--out', 'mine.safetensors'")


class TestLaterStart:
    def test_it_is_silent_and_loads_nothing_of_the_set_up(self, installed: Checkout) -> None:
        done = installed.start(PYTHONPROFILEIMPORTTIME="1")
        mine = [line for line in done.stderr.splitlines() if "installation" in line]
        assert any("installation.bootstrap" in line for line in mine)
        assert not any("bootstrap.install" in line for line in mine)

    def test_it_is_the_same_process(self, installed: Checkout) -> None:
        process = installed.begin()
        out, _ = process.communicate(timeout=DEADLINE)
        if os.name == "posix":
            assert out.split()[2] == str(process.pid)

    def test_the_exit_code_is_passed_on(self, installed: Checkout) -> None:
        assert installed.start(LEAVE_WITH="7").returncode == 7

    def test_it_starts_from_any_folder(self, installed: Checkout, tmp_path: Path) -> None:
        (tmp_path / "tiny.py").write_text("raise SystemExit('taken from the current folder')")
        done = installed.start("--windowed", cwd=tmp_path)
        assert done.stdout.strip().endswith(f"['--windowed'] {tmp_path}")

    def test_the_folder_may_be_moved(self, installed: Checkout) -> None:
        moved = Checkout(installed.root.rename(installed.root.with_name("elsewhere")))
        assert moved.start().stderr == ""


class TestRepair:
    def test_a_changed_lock_file_is_followed(self, installed: Checkout) -> None:
        installed.pin("2.0")
        assert installed.start().stdout.startswith("app 2.0")

    def test_a_package_put_in_place_in_part_is_made_whole(self, installed: Checkout) -> None:
        installed.home.stamp(RUN).unlink()
        (installed.site / "tiny.py").write_text("VERSION = ")
        assert installed.start().stdout.startswith("app 1.0")

    def test_an_environment_without_its_python_is_made_anew(self, installed: Checkout) -> None:
        installed.home.python.unlink()
        done = installed.start()
        assert "making it" in done.stderr
        assert done.stdout.startswith("app 1.0")

    def test_a_pip_in_part_is_an_environment_in_part(self, installed: Checkout) -> None:
        installed.home.stamp(RUN).unlink()
        next(installed.site.glob("pip-*/RECORD")).unlink()
        assert "making it" in installed.start().stderr

    @pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
    @pytest.mark.parametrize(("blow", "code"), [("SIGINT", 130), ("SIGTERM", 130), ("SIGKILL", -9)])
    def test_what_was_cut_off_is_taken_up(self, bare: Checkout, blow: str, code: int) -> None:
        process = bare.begin()
        until(lambda: (bare.home.folder / "pyvenv.cfg").exists())
        process.send_signal(signal.Signals[blow])
        _, said = process.communicate(timeout=DEADLINE)
        assert process.returncode == code
        assert ("Stopped" in said) == (code == 130)
        assert bare.start().stdout.startswith("app 1.0")

    def test_two_starts_at_once_make_it_once(self, installed: Checkout) -> None:
        installed.pin("2.0")
        both = [installed.begin(), installed.begin()]
        said = [process.communicate(timeout=DEADLINE) for process in both]
        assert [out[:7] for out, _ in said] == ["app 2.0", "app 2.0"]
        assert sum("3/3" in err for _, err in said) == 1


class TestFailure:
    def test_without_a_network_it_says_so_and_can_go_on(self, installed: Checkout) -> None:
        installed.pin("2.0")
        nowhere = {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_RETRIES": "1", "PIP_TIMEOUT": "2"}
        done = installed.start(**nowhere, PIP_INDEX_URL="http://127.0.0.1:9/simple")
        assert done.returncode == 1
        assert "the package index is out of reach: is this machine online?" in done.stderr
        assert done.stdout == ""
        assert installed.start().stdout.startswith("app 2.0")

    def test_a_package_that_is_not_made_for_this_python(self, installed: Checkout) -> None:
        installed.pin("3.0")
        done = installed.start()
        assert done.returncode == 1
        assert f"there is no tiny==3.0 for Python 3.{sys.version_info.minor}" in done.stderr
        assert str(installed.home.log) in done.stderr

    @pytest.mark.parametrize("door", ["run_show.py", "tests/__main__.py"])
    def test_an_old_python_is_told(self, door: str) -> None:
        pretend = (
            f"import sys; sys.version_info = (3, 9, 18); sys.argv = [{door!r}]; import runpy; runpy.run_path({door!r})"
        )
        done = subprocess.run([sys.executable, "-c", pretend], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode == 1
        assert "needs Python 3.11 or newer" in done.stderr
        assert "is 3.9" in done.stderr

    @pytest.mark.parametrize(
        ("said", "meaning"),
        [
            ("OSError: [Errno 28] No space left on device", "the disk is full"),
            ("[Errno -3] Temporary failure in name resolution\nNo matching distribution found for x", "out of reach"),
            ("ERROR: Failed building wheel for glcontext", "no ready-made glcontext"),
            ("something else", "it says"),
        ],
    )
    def test_reasons(self, said: str, meaning: str) -> None:
        assert meaning in reason(said)


class TestDebian:
    def test_the_line_to_type(self) -> None:
        assert debian.line(["a", "b"]) == "sudo apt-get install -y --no-install-recommends a b"

    def test_one_that_cannot_be_had_does_not_keep_out_the_others(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ran, told = [], []
        monkeypatch.setattr(debian, "missing", lambda packages: list(packages))

        def run(command: tuple[str, ...], hear: object, extra: object) -> int:
            ran.append(" ".join(command))
            hear("Get:1 somewhere release/main amd64 liba amd64 1.0 [12 kB]")
            return 100

        debian.install(["liba", "libb"], run, told.append)
        assert ran[-2:] == [f"apt-get install -y --no-install-recommends {name}" for name in ("liba", "libb")]
        assert "apt-get: liba" in told

    @pytest.mark.skipif(not shutil.which("dpkg-query"), reason="not Debian")
    def test_what_is_missing(self) -> None:
        assert debian.missing(["dpkg", "no-such-package", "dpkg"]) == ["no-such-package"]


class TestProgress:
    def test_what_pip_prints(self, tmp_path: Path) -> None:
        output = pip.PipOutput(pip.pinned("torch==2.13.0\nnumpy==2\nPydantic_core==1\n"), tmp_path, tmp_path)
        output.hear("Processing /wheels/numpy-2-cp311-cp311-linux.whl (from -r lock (line 2))")
        assert str(output) == "1 of 3: numpy 2"
        output.hear("Collecting torch==2.13.0 (from -r lock (line 1))")
        output.hear("  Downloading torch-2.13.0%2Bcpu-cp311.whl (200.0 MB)")
        (tmp_path / "unpack").mkdir()
        (tmp_path / "unpack/torch-2.13.0+cpu-cp311.whl").write_bytes(bytes(3_000_000))
        assert str(output) == "2 of 3: torch 2.13.0, 3 of 200 MB"
        output.hear("Ignoring pydantic-core: markers 'x' don't match your environment")
        assert str(output) == "3 of 3: pydantic-core"
        output.hear("Installing collected packages: numpy, torch")
        assert str(output) == "putting in place 0 of 2"

    def test_it_tells_the_size_and_the_time_left(self, tmp_path: Path) -> None:
        now = [0.0]
        names = pip.pinned("torch==2\nnumpy==2\nav==1\n")
        output = pip.PipOutput(names, tmp_path, tmp_path, expected=350e6, clock=lambda: now[0])
        output.hear("Collecting av==1 (from -r lock (line 1))")
        output.hear("  Using cached av-1-cp311.whl (50.0 MB)")
        output.hear("Collecting numpy==2 (from -r lock (line 2))")
        output.hear("  Downloading numpy-2-cp311.whl (20.0 MB)")
        output.hear("Collecting torch==2 (from -r lock (line 3))")
        output.hear("  Downloading torch-2-cp311.whl (200.0 MB)")
        (tmp_path / "unpack").mkdir()
        (tmp_path / "unpack/torch-2-cp311.whl").write_bytes(bytes(30_000_000))
        now[0] = 20.0  # 50 MB in 20 s, 250 MB to come
        assert str(output) == "3 of 3: torch 2, 30 of 200 MB; 50 of about 300 MB in all, 2 min left"

    def test_a_torch_with_cuda_is_noticed(self, tmp_path: Path) -> None:
        noticed: list[bool] = []
        output = pip.PipOutput(frozenset({"torch"}), tmp_path, tmp_path, lambda: noticed.append(True))
        output.hear("Downloading torch-2.13.0-cp311-manylinux.whl (887.9 MB)")
        assert noticed == [True]

    def test_a_log_gets_a_line_now_and_then(self, capsys: pytest.CaptureFixture[str]) -> None:
        now = [0.0]
        progress = Progress(1, sys.stdout, clock=lambda: now[0])
        with progress.step("packages"):
            for second in range(6):
                now[0] = second + 2.0
                progress.now(f"{second} of 6")
        lines = capsys.readouterr().out.splitlines()
        assert [line.split("packages")[1].strip().partition("  ")[0] for line in lines] == [
            "0 of 6",
            "2 of 6",
            "4 of 6",
            "5 of 6",
        ]


class TestHome:
    def test_a_stamp_is_of_one_lock_file_and_one_python(self, tmp_path: Path) -> None:
        home, layer = Home(tmp_path), Layer("x.lock", ("libx",))
        (tmp_path / "x.lock").write_text("a==1")
        home.python.parent.mkdir(parents=True)
        home.python.write_text("")
        (home.folder / "pyvenv.cfg").write_text(f"executable = {home.python}\n")
        assert home.lacks([layer]) == [layer]
        home.set_stamp(layer)
        assert home.lacks([layer]) == []
        (tmp_path / "x.lock").write_text("a==2")
        assert home.lacks([layer]) == [layer]
