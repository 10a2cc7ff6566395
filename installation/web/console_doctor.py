"""What the program's own ``doctor`` finds on this machine, asked for by an operator: in a process of its own, as it
takes seconds of work that no page and no frame may wait for."""

import asyncio
import json
import sys
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

COMMAND = (sys.executable, "-m", "installation.program", "doctor", "--json")

LONGEST = 120.0
"""Seconds after which it is ended."""

AGAIN = 30.0
"""Seconds from one to the next, at least."""

LARGEST = 262_144
"""Bytes that are read of what it finds."""

KNOWN = ("group", "subject", "light", "found", "advice")


class Doctor:
    """``told`` is what consoles show: whether it is at work, when it ended (ISO 8601), what it found, or why nothing.
    ``state`` is the show's folder; ``headless``: it needs no screen."""

    def __init__(self, state: Path, headless: bool) -> None:
        self._command = (*COMMAND, "--state", str(state), *(["--headless"] if headless else []))
        self._task: asyncio.Task[None] | None = None
        self._ended = -AGAIN
        self.told: dict[str, Any] = {"works": False, "at": "", "findings": [], "fault": ""}

    def ask(self) -> str:
        """Begins. Returns why it does not; an empty text where it does."""
        if self._task is not None and not self._task.done():
            return "this machine is being looked at already"
        if (left := self._ended + AGAIN - time.monotonic()) > 0.0:
            return f"this machine has just been looked at; again in {left:.0f} s"
        self.told = self.told | {"works": True, "fault": ""}
        self._task = asyncio.ensure_future(self._examine())
        return ""

    async def close(self) -> None:
        """Ends it where it is at work."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def _examine(self) -> None:
        findings, fault = list[dict[str, str]](), ""
        try:
            async with asyncio.timeout(LONGEST):
                findings = read(await self._output())
        except TimeoutError:
            fault = f"it took longer than {LONGEST:.0f} s, and was ended"
        except (OSError, ValueError) as error:
            fault = str(error)
        self._ended = time.monotonic()
        at = datetime.now().astimezone().isoformat(timespec="seconds")
        self.told = {"works": False, "at": at, "findings": findings, "fault": fault}

    async def _output(self) -> bytes:
        pipe = asyncio.subprocess.PIPE
        nothing = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*self._command, stdin=nothing, stdout=pipe, stderr=nothing)
        try:
            _yield_to_others(process.pid)
            assert process.stdout is not None
            return await process.stdout.readexactly(LARGEST)
        except asyncio.IncompleteReadError as error:
            return error.partial
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def read(output: bytes) -> list[dict[str, str]]:
    """The findings of ``doctor --json``. Raises ValueError for anything else."""
    told = json.loads(output or b"{}")
    found = told.get("findings") if isinstance(told, dict) else None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError("doctor told nothing; run it in a terminal: it says why there")
    return [{key: str(one.get(key, ""))[:500] for key in KNOWN} for one in found[:200]]


def _yield_to_others(pid: int) -> None:
    """The show's frames come first."""
    with suppress(psutil.Error):
        psutil.Process(pid).nice(10 if sys.platform != "win32" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
