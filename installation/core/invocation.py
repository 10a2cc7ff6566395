"""How this program was called, as a command line: for usage, for advice in messages, for published records.

Standard library only.
"""

import os
import shlex
import signal
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

VARIABLE = "VERNISSAGE_COMMAND"
"""Environment variable by which run_show.py passes on how it was called to the next process."""

PYTHON = "python3" if os.name == "posix" else "py"


def program() -> str:
    """``python3 run_show.py``, ``vernissage`` or ``python -m installation.training``, ready for a shell."""
    called = Path(sys.argv[0] if sys.argv else "")
    if called.name == "run_show.py":
        return f"{PYTHON} {shlex.quote(str(called))}"
    if called.stem == "vernissage":
        return "vernissage"
    if called.parts[-3:] == ("installation", "training", "__main__.py"):
        return "python -m installation.training"
    return os.environ.get(VARIABLE, f"{PYTHON} run_show.py")


def pip_install(package: str) -> str:
    """What installs a package for this program, typed in the project's folder where the environment is there."""
    python = Path(sys.executable)
    beside = python.is_relative_to(ROOT)
    return f"{python.relative_to(ROOT) if beside else 'python'} -m pip install {package}"


def heed_interrupts() -> None:
    """From here on Ctrl-C raises KeyboardInterrupt, but where it was ignored, as in a background job of a shell."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
