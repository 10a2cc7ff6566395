"""Where the environment is, what it has, and how the program goes on in it."""

import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass(frozen=True, slots=True)
class Layer:
    """What an entry point needs: a file of pinned packages and, on Debian, the system packages that no wheel contains.
    ``megabytes`` is the approximate download by pip, with a torch without CUDA."""

    lock: str
    debian: tuple[str, ...]
    megabytes: int = 0


@dataclass(frozen=True, slots=True)
class Home:
    """The environment that belongs to the code in ``root``."""

    root: Path = ROOT

    @property
    def folder(self) -> Path:
        return self.root / ".venv"

    @property
    def python(self) -> Path:
        return self.folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def log(self) -> Path:
        return self.folder / "setup.log"

    def interpreter(self) -> str:
        """The Python behind the environment's own, or nothing where there is none (any more)."""
        behind = os.path.realpath(self.python)
        if os.name == "nt":  # on Windows python.exe is a launcher that may outlast the Python that it launches
            config = self.folder / "pyvenv.cfg"
            match = re.search(r"(?m)^executable = (.+)$", config.read_text("utf-8")) if config.is_file() else None
            behind = match[1] if match else ""
        return behind if os.path.isfile(behind) else ""

    def stamp(self, layer: Layer) -> Path:
        return self.folder / f"{layer.lock}.done"

    def mark(self, layer: Layer) -> str:
        """What the layer's stamp says when the environment has it: for which Python, and of what."""
        lock = (self.root / layer.lock).read_text("utf-8")
        return "\n".join((self.interpreter(), " ".join(layer.debian), lock))

    def lacks(self, layers: Sequence[Layer]) -> list[Layer]:
        """Those layers that the environment does not have yet, or not as their lock files stand now."""
        return [layer for layer in layers if not self._has(layer)]

    def _has(self, layer: Layer) -> bool:
        try:
            said = self.stamp(layer).read_text("utf-8")
        except OSError:
            return False
        return said == self.mark(layer) and bool(self.interpreter())

    def set_stamp(self, layer: Layer) -> None:
        """Writes the layer's stamp, atomically."""
        draft = self.stamp(layer).with_suffix(".draft")
        draft.write_text(self.mark(layer), "utf-8")
        draft.replace(self.stamp(layer))

    def hand_over(self, module: str, arguments: Sequence[str], told: Mapping[str, str] | None = None) -> int:
        """Runs ``python -m module`` in the environment, as this very process where the system can do that. ``told`` are
        additional environment variables.

        Returns its exit code elsewhere. The code is found through PYTHONPATH, so that any folder may be the current
        one; with PYTHONSAFEPATH, nothing in that folder is taken for a module.
        """
        command = [str(self.python), "-m", module, *arguments]
        environment = {**os.environ, **(told or {}), "PYTHONPATH": str(self.root), "PYTHONSAFEPATH": "1"}
        environment.pop("PYTHONHOME", None)
        sys.stdout.flush()
        if os.name == "posix":
            os.execve(command[0], command, environment)
        process = subprocess.Popen(command, env=environment)
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:  # the console sent it to both processes; the child ends by itself
                continue
