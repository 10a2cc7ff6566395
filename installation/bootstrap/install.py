"""The first start: makes an environment, installs Debian's libraries and the pinned packages, and shows how far it is.

A killed or failed set-up is taken up where it stopped: whatever is incomplete is found and made again.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

from installation.bootstrap import debian, pip
from installation.bootstrap.home import Home, Layer
from installation.bootstrap.progress import Progress
from installation.core.file_lock import locked

TAIL = 12
"""Lines of the log that are shown when something fails."""

OWN = ("installation", "generators", "sensors")
"""The folders of this program's own modules."""

NEEDS = "import venv, ensurepip; ensurepip.version()"
NO_NETWORK = (
    "Temporary failure in name resolution|Name or service not known|getaddrinfo failed|NewConnectionError|"
    "Network is unreachable|ConnectTimeoutError|ReadTimeoutError|ProxyError|Connection refused"
)
REASONS = {
    "No space left on device|not enough space on the disk": "the disk is full: about 3 GB are needed in all",
    NO_NETWORK: "the package index is out of reach: is this machine online?",
    r"No matching distribution found for ([^\s;]+)": "there is no {0} for Python {python} on this kind of machine: "
    "try another Python from 3.11 on",
    r"Failed (?:building wheel for|to build) (\S+)": "there is no ready-made {0} for Python {python} on this kind of "
    "machine, and building it failed: install a compiler, or try another Python from 3.11 on",
}
"""Text in a failure's output, and its explanation for the user."""

CUDA = """\
this PyTorch comes with CUDA, about 3 GB, and no NVIDIA GPU shows on this machine. It works all the same;
       for the small build, stop with Ctrl-C, set PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds, start again"""


def _ignore(_: str) -> None:
    pass


class SetupError(Exception):
    """The set-up cannot go on. The message is for a person."""


def install(home: Home, layers: Sequence[Layer], out: TextIO = sys.stderr) -> int:
    """Makes what ``layers`` lack. Returns the exit code: 0 done, 1 failed, 130 stopped; the next start goes on."""
    kept = signal.signal(signal.SIGTERM, signal.default_int_handler)  # both ways of stopping also end pip
    try:
        home.folder.mkdir(exist_ok=True)
        with _alone(home.folder / "setup.lock", out) as lock:
            lacking = home.lacks(layers)  # another start may have made them meanwhile
            if lacking:
                work = "Going on with" if home.interpreter() else "Once, for some minutes and about 2 GB: making"
                print(f"{work} the environment in {home.folder}", file=out)
                with home.log.open("wb") as log:
                    Setup(home, lacking, lock, log, Progress(3, out)).run()
    except KeyboardInterrupt:
        print("\nStopped. The next start goes on from here.", file=out)
        return 130
    except (SetupError, OSError) as error:
        print(f"\nThe set-up failed: {error}\nStart again to go on from here; {home.log} has it all.", file=out)
        return 1
    finally:
        signal.signal(signal.SIGTERM, kept)
    return 0


@dataclass(frozen=True, slots=True)
class Setup:
    """One set-up. ``lock`` is the held lock's file descriptor: children inherit it, so that a pip that outlives a
    killed parent still keeps a second start waiting."""

    home: Home
    layers: Sequence[Layer]
    lock: int
    log: IO[bytes]
    progress: Progress

    def run(self) -> None:
        """Raises SetupError where it cannot go on."""
        with self.progress.step("environment"):
            self.environment()
        with self.progress.step("libraries"):
            self.libraries()
        with self.progress.step("packages"):
            self.packages()
        for layer in self.layers:
            self.home.set_stamp(layer)

    def environment(self) -> None:
        """An environment with a pip that works; the one that is there, if it does."""
        if not self._works():
            self.progress.now("making it")
            self._clear()
            base = str(getattr(sys, "_base_executable", sys.executable))  # not an environment's: that would nest
            self._need_venv(base)
            if self._run((base, "-m", "venv", str(self.home.folder))) or not self._works():
                raise SetupError(self._why(f"{base} makes no environment in {self.home.folder}"))
        self.progress.now(f"{self.home.interpreter()}")

    def libraries(self) -> None:
        """Debian's packages that no wheel contains. A failure is not fatal: a show may start without them."""
        lacking = debian.missing(package for layer in self.layers for package in layer.debian)
        if lacking and debian.may_install():
            lacking = debian.install(lacking, self._run, self.progress.now)
        self.progress.now("all there" if not lacking else f"not there: {' '.join(lacking)}")
        if lacking:
            self.progress.note(f"going on without; to have them, type: {debian.line(lacking)}")

    def packages(self) -> None:
        """Installs the pinned packages completely."""
        site = self._site()
        for info in pip.incomplete(site):
            shutil.rmtree(info)
        locks = [self.home.root / layer.lock for layer in self.layers]
        names = frozenset[str]().union(*(pip.pinned(lock.read_text("utf-8")) for lock in locks))
        with _emptied(self.home.folder / "downloads") as downloads:
            note = self.progress.note if sys.platform.startswith("linux") and not _nvidia() else _ignore
            expected = 1e6 * sum(layer.megabytes for layer in self.layers)
            output = pip.PipOutput(names, downloads, site, on_cuda=lambda: note(CUDA), expected=expected)
            command = [str(self.home.python), "-m", "pip", "install", "--progress-bar", "off"]
            command += [word for lock in locks for word in ("-r", str(lock))]
            if self._run(command, output.hear, _pip_environment(downloads), lambda: self.progress.now(str(output))):
                raise SetupError(self._why("pip did not install the packages"))
        if half := next(pip.incomplete(site), None):
            raise SetupError(f"{half} is not whole; is the disk sound?")
        self._compile()
        self.progress.now(f"{len(names)} in place")

    def _compile(self) -> None:
        """Compiles this program's own modules, which saves the first start a third of a second. Where that fails, as in
        a folder that is read-only, Python compiles them at each start."""
        own = [name for name in OWN if (self.home.root / name).is_dir()]
        command = (str(self.home.python), "-m", "compileall", "-q", *(str(self.home.root / name) for name in own))
        if own and self._run(command):
            self.log.write(b"the program's own modules are not compiled\n")

    def _works(self) -> bool:
        ask = "import sys, pip._internal.cli.main; sys.exit(sys.version_info < (3, 11))"
        if not self.home.interpreter() or self._run((str(self.home.python), "-I", "-c", ask)):
            return False
        return not any(half.name.startswith("pip-") for half in pip.incomplete(self._site()))

    def _clear(self) -> None:
        """Empties the folder except for this set-up's own files."""
        for path in self.home.folder.iterdir():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            elif not path.name.startswith("setup."):
                path.unlink()

    def _need_venv(self, base: str) -> None:
        """Debian keeps the module that makes environments in a package of its own."""
        if self._run((base, "-c", NEEDS)) == 0:
            return
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        if debian.may_install():
            debian.install((package,), self._run, self.progress.now)
        if self._run((base, "-c", NEEDS)):
            raise SetupError(f"{base} comes without its venv module; type: {debian.line((package,))}")

    def _site(self) -> Path:
        return next(iter(self.home.folder.glob("[lL]ib/**/site-packages")), self.home.folder)

    def _run(
        self,
        command: Sequence[str],
        hear: Callable[[str], None] = _ignore,
        extra: Mapping[str, str] | None = None,
        tick: Callable[[], None] = lambda: None,
    ) -> int:
        """Runs it with its output in the log; ``hear`` is called with each line, ``tick`` repeatedly while it runs."""
        self.log.write(f"\n$ {' '.join(command)}\n".encode())
        self.log.flush()
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", **(extra or {})}
        with self.home.log.open(encoding="utf-8", errors="replace") as output:
            output.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=self.log,
                stderr=subprocess.STDOUT,
                env={name: value for name, value in environment.items() if name not in ("PYTHONPATH", "PYTHONHOME")},
                pass_fds=(self.lock,) if os.name == "posix" else (),
            )
            with _ended(process):
                return _follow(process, output, hear, tick)

    def _why(self, what: str) -> str:
        """The message for a failed ``what``: the cause as far as the output shows it, and the output's last lines."""
        text = self.home.log.read_text("utf-8", errors="replace")
        tail = "\n".join(f"    {line[:200]}" for line in text.splitlines()[-TAIL:])
        return f"{what}: {reason(text)}\n{tail}"


def reason(text: str) -> str:
    """What a failed command's output means to a person."""
    for pattern, meaning in REASONS.items():
        if match := re.search(pattern, text):
            return meaning.format(*match.groups(), python=f"{sys.version_info.major}.{sys.version_info.minor}")
    return "it says"


def _follow(
    process: "subprocess.Popen[bytes]", output: IO[str], hear: Callable[[str], None], tick: Callable[[], None]
) -> int:
    rest = ""
    while True:
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.2)
        ended = process.poll()
        *lines, rest = (rest + output.read()).split("\n")
        for line in lines:
            hear(line)
        tick()
        if ended is not None:
            return ended


@contextmanager
def _ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """Whatever happens meanwhile, Ctrl-C first of all, the process does not outlive the block."""
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """An empty folder, removed after the block; what a killed set-up left in it is removed first."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _pip_environment(downloads: Path) -> dict[str, str]:
    """pip keeps a person's own settings (index, proxy, certificates) but for those that would install elsewhere."""
    own = {"PIP_USER": "0", "PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    return own | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(downloads))


def _nvidia() -> bool:
    return any(map(os.path.exists, ("/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/nvhost-gpu", "/dev/dxg")))


@contextmanager
def _alone(path: Path, out: TextIO) -> Iterator[int]:
    """Waits until no other start sets up the same environment. The operating system releases the lock when its holder
    ends."""
    with path.open("a+b") as file:
        if not locked(file):
            print("Another start is setting this up; waiting for it. Ctrl-C leaves.", file=out, flush=True)
            while not locked(file):
                time.sleep(0.5)
        yield file.fileno()
